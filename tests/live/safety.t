#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What ipctrace must not do: pass on escape sequences, leave things in the kernel, keep or need privileges.
use strict;
use warnings;

use File::Basename qw(dirname);
use File::Copy qw(copy);
use File::Temp qw(tempdir);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch slurp have tool scenario start_tool run_tool run_command stop
    started report wait_until summary_of short natively);

need_root();
my ($backend) = need_backends();
my $dd_cat = 'dd bs=4096 count=1009 if=/dev/zero 2>/dev/null | cat >/dev/null';

# ---- hostile names ----

natively 'names with escape sequences' => sub {
    for my $args ([], ['-e'], ['-H'], ['-j'], [ '-j', '-e' ]) {
        my $report = scratch('report');
        my $run = run_tool([ 'pipe', @$args, '--output', $report, '--', scenario(), 'hostile-name', '--truth', '/dev/null' ]);
        is($run->{status}, 0, "@$args: exit status") or diag($run->{stderr});
        my $text = slurp($report);
        unlike($text, qr/[\x00-\x08\x0b-\x1f\x7f]/, "@$args: no control character");
        ok(utf8::decode(my $copy = $text), "@$args: UTF-8");
        report($run, $report) if @$args && $args->[0] eq '-j';
    }
};

# ---- what stays ----

sub bpf_objects {
    my %objects;
    for my $kind (qw(prog map link)) {
        my $run = run_command(argv => [ 'bpftool', $kind, 'show' ]);
        $objects{"$kind $1"} = 1 while $run->{stdout} =~ /^(\d+): /mg;
    }
    return \%objects;
}

subtest 'kill -9 leaves nothing in the kernel' => sub {
    return plan(skip_all => 'bpftool is not installed') unless have('bpftool');
    my $before = bpf_objects();
    my $report = scratch('report');
    my $run = start_tool([ 'pipe,fifo', '-j', '--output', $report ]);
    ok(started($report, $run), 'started');
    my $during = bpf_objects();
    cmp_ok(scalar keys %$during, '>', scalar keys %$before, 'bpftool sees what it loaded');
    stop($run, 'KILL');
    is($run->{signal}, 9, 'killed');
    my @left;
    wait_until(10, sub { my $now = bpf_objects(); @left = grep { !$before->{$_} } keys %$now; !@left });
    is_deeply(\@left, [], 'no program, map or link remains');
};

natively 'only what is needed is kept' => sub {
    my $report = scratch('report');
    my $run = start_tool([ 'pipe', '-j', '--output', $report ]);
    ok(started($report, $run), 'started');
    my ($effective) = slurp("/proc/$run->{pid}/status") =~ /^CapEff:\s*([0-9a-f]+)/m;
    stop($run);
    ok(!(hex(substr($effective, -8)) & 1 << 21), 'CAP_SYS_ADMIN is dropped after attaching') or diag("CapEff $effective");
};

# ---- privileges ----

# A copy that somebody else may execute.
my $public = tempdir('ipctrace-public-XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod(0755, $public);
copy(tool(), "$public/ipctrace");
chmod(0755, "$public/ipctrace");

sub as_nobody {
    my ($caps, @args) = @_;
    my $list = join(',', '-all', map {"+$_"} @$caps);
    return run_command(argv => [ 'setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', "--inh-caps=$list",
            "--ambient-caps=$list", "--bounding-set=$list", "$public/ipctrace", @args ]);
}

subtest 'without privileges' => sub {
    return plan(skip_all => 'setpriv is not installed') unless have('setpriv');
    for my $case ([ 'none', [], qr/CAP_BPF/ ], [ 'one', ['bpf'], qr/CAP_PERFMON/ ], [ 'the other', ['perfmon'], qr/CAP_BPF/ ]) {
        my ($what, $caps, $missing) = @$case;
        my $run = as_nobody($caps, qw(pipe -d 0.1));
        is($run->{status}, 77, "$what: exit status") or diag($run->{stderr});
        like($run->{stderr}, $missing, "$what: names what is missing");
        is(() = $run->{stderr} =~ /\n/g, 1, "$what: in one line") or diag($run->{stderr});
    }
};

natively 'help without privileges' => sub {
    return plan(skip_all => 'setpriv is not installed') unless have('setpriv');
    for my $args ([qw(--help)], [qw(--version)], [qw(list)]) {
        my $run = as_nobody([], @$args);
        is($run->{status}, 0, "@$args") or diag($run->{stderr});
        isnt($run->{stdout}, '', "@$args: says something");
    }
};

subtest 'with CAP_BPF and CAP_PERFMON' => sub {
    return plan(skip_all => 'setpriv is not installed') unless have('setpriv');
    my $run = as_nobody([qw(bpf perfmon)], 'pipe', '-j', '--', 'sh', '-c', $dd_cat);
    is($run->{status}, 0, 'exit status') or return diag($run->{stderr});
    my @lines = report($run);
    is($lines[0]{mechanisms}[0]{backend}, $backend, 'the best backend');
    my $summary = summary_of(@lines);
    my $missed = $summary->{loss}{missed};
    my ($o) = grep { $_->{send}{ops} <= 1009 && $_->{send}{ops} + $missed >= 1009 } @{ $summary->{objects} };
    return fail('the pipe') unless $o;
    for my $case ([ 'send', 'bytes in' ], [ 'recv', 'bytes out' ]) {
        my ($side, $what) = @$case;
        my $short = 4_132_864 - $o->{$side}{bytes};
        ok($short >= 0 && $short <= 65536 * $missed, "$what, but for what was missed") or diag("$short short, $missed missed");
    }
};

done_testing();
