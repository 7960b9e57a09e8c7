#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# -w and -r: what was recorded says the same as what was traced, also without privileges, after a
# kill and on a full disk. What the file format itself promises is in tests/golden/replay_test.c.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch slurp run_tool run_command start_tool stop finish alive wait_until
    started summary_of report json_lines object_of tool have natively);

need_root();
my ($backend) = need_backends();
my $recording = scratch('recording');
my $shell = 'dd bs=4096 count=1009 if=/dev/zero 2>/dev/null | cat >/dev/null; exit 7';

sub replayed {
    my ($file, @options) = @_;
    my $run = run_tool([ '-r', $file, '-j', @options ]);
    return ($run, json_lines($run->{stdout}));
}

sub pipe_of_dd {
    my ($summary) = @_;
    my ($o) = grep { my $o = $_; grep { $_->{comm} eq 'dd' } @{ $o->{endpoints} } } @{ $summary->{objects} };
    return $o;
}

subtest 'a command is recorded, its status is ours' => sub {
    my $run = run_tool([ 'pipe', '-w', $recording, '-e', '--backend', $backend, '--', 'sh', '-c', $shell ]);
    is($run->{status}, 7, 'exit status');
    is($run->{stdout}, '', 'nothing is reported');
    like($run->{stderr}, qr/recorded \d+ reports? and \d+ events? in \d+ bytes/, 'what was recorded is said');
};

subtest 'its replay has the truth' => sub {
    my ($run, @lines) = replayed($recording);
    is($run->{status}, 0, 'exit status') or diag($run->{stderr});
    my $o = pipe_of_dd(summary_of(@lines)) or return fail('the pipe of dd and cat');
    my $missed = summary_of(@lines)->{loss}{missed};
    if ($missed) { note("missed $missed") } else {
        is($o->{send}{ops}, 1009, 'sends');
        is($o->{send}{bytes}, 4_132_864, 'bytes in');
        is($o->{recv}{bytes}, 4_132_864, 'bytes out');
    }
    my ($again) = replayed($recording);
    is($again->{stdout}, $run->{stdout}, 'twice the same bytes');
    my ($events, @with) = replayed($recording, '-e');
    my $sends = grep { $_->{type} eq 'event' && $_->{op} eq 'send' && $_->{comm} eq 'dd' } @with;
    is($sends, $o->{send}{ops}, 'an event for each send');
    my ($one, @of_cat) = replayed($recording, '--dst', 'cat');
    is(scalar @{ summary_of(@of_cat)->{objects} }, 1, 'a filter chooses again');
    my ($named, @named) = replayed($recording, '-O', $o->{id});
    is_deeply([ map { $_->{id} } @{ summary_of(@named)->{objects} } ], [ $o->{id} ], 'an object by its name');
    my ($none, @none) = replayed($recording, '--comm', 'nobody');
    is(scalar @{ summary_of(@none)->{objects} }, 0, 'or nothing');
};

subtest 'every view of it, by somebody without privileges' => sub {
    plan(skip_all => 'setpriv is not installed') unless have('setpriv');
    my @nobody = (qw(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all));
    my $copy = scratch('readable');
    run_command(argv => [ 'install', '-m', '644', $recording, $copy ]);
    chmod 0755, dirname($copy);
    for my $view ([], ['-j'], ['-e'], ['-H'], [qw(-o +merged_writes)]) {
        my $run = run_command(argv => [ @nobody, tool(), '-r', $copy, @$view ]);
        is($run->{status}, 0, "@$view: exit status") or diag($run->{stderr});
        like($run->{stdout}, qr/\bdd\b|pipe/, "@$view: it says something");
    }
};

natively 'a kill leaves what was written' => sub {
    my $file = scratch('killed');
    my $tool = start_tool([ 'pipe', '-w', $file, '-i', '0.1', '--', 'sh', '-c',
        'while :; do echo word; sleep 0.01; done | cat >/dev/null' ]);
    # the file grows by a report each interval, wherever in one the kill falls
    my $size = 0;
    wait_until(30, sub { my $reports = -s $file; $size++ if $reports; $size > 40 || !alive($tool) });
    kill('KILL', $tool->{pid});
    finish($tool);
    run_command(argv => [ 'pkill', '-f', 'echo word' ]);
    my ($run, @lines) = replayed($file);
    is($run->{status}, 1, 'it is not whole');
    like($run->{stderr}, qr/cut off or damaged/, 'which is said');
    my @intervals = grep { $_->{type} eq 'interval' } @lines;
    cmp_ok(scalar @intervals, '>=', 2, 'intervals until there');
    is(summary_of(@lines)->{elapsed_s}, $intervals[-1]{elapsed_s}, 'and their sum');
};

natively 'a full disk' => sub {
    my $dir = scratch('small');
    mkdir $dir or die "$dir: $!";
    my $mounted = run_command(argv => [ qw(mount -t tmpfs -o size=8k tmpfs), $dir ]);
    plan(skip_all => 'no tmpfs can be mounted here') if $mounted->{status};
    my $run = run_tool([ 'pipe', '-w', "$dir/full", '-e', '--', 'sh', '-c', "$shell" ]);
    is($run->{status}, 7, q(the command's own status));
    my @said = $run->{stderr} =~ /recording into \S+ ends here: No space left on device/g;
    is(scalar @said, 1, 'said once');
    my ($replay, @lines) = replayed("$dir/full");
    is($replay->{status}, 1, 'its replay is not whole');
    is($lines[0]{type}, 'start', 'but begins');
    run_command(argv => [ 'umount', $dir ]);
};

natively 'what cannot be' => sub {
    my %case = (
        'no such file'      => [ [ '-r', scratch('nowhere') ],                 1, qr/cannot read \S+: No such file/ ],
        'no recording'      => [ [ '-r', '/etc/passwd' ],                      1, qr/no recording of ipctrace/ ],
        'no such mechanism' => [ [ 'signal', '-r', $recording ],               1, qr/it has no such mechanism/ ],
        'a command'         => [ [ '-r', $recording, '--', 'true' ],           2, qr/starts no command/ ],
        'read and write'    => [ [ '-r', $recording, '-w', scratch('other') ], 2, qr/exclude each other/ ],
        'no directory'      => [ [ 'pipe', '-w', '/nowhere/file', '-d', '1' ], 1, qr/cannot write \S+: No such file/ ],
    );
    for my $name (sort keys %case) {
        my ($args, $status, $said) = @{ $case{$name} };
        my $run = run_tool($args);
        is($run->{status}, $status, "$name: exit status");
        like($run->{stderr}, $said, "$name: what is said");
    }
};

done_testing();
