#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What a filter leaves out, of every mechanism that has a way of its own for that: two programs do the same on objects
# of their own, in turn, and of one of them every operation is counted. And what who is left out does to its objects is, too.
use strict;
use warnings;

use Cwd qw(abs_path);
use Socket qw(SOCK_STREAM SOCK_DGRAM);
use File::Basename qw(basename dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends tool scratch slurp start_tool stop started report summary_of run_command);

need_root();
my $load = dirname(tool()) . '/bench/ipc-load';
plan(skip_all => "$load is not there: run make bench-tools first") unless -x $load;

my @loads = qw(pipe eventfd mq msg sem futex unix-stream unix-dgram inet-stream lock);
my %more = (wanted => 211, other => 307);    # operations beside the first 64 rounds
my %program = (wanted => scratch('w') . "-$$", other => scratch('o') . "-$$");    # 15 bytes are compared
symlink(abs_path($load), $_) or die "$_: $!" for values %program;

sub mechanism { return $_[0] =~ s/-.*//r }

# How many operations of a kind one run makes: two a round, one of each, but for a futex, which is woken only.
sub operations {
    my ($name, $who) = @_;
    return 64 + ($name eq 'futex' ? $more{$who} : int(($more{$who} + 1) / 2));
}

sub run_both {
    for my $who (qw(other wanted other wanted)) {
        my $ran = run_command(argv => [ $program{$who}, $_[0], $more{$who}, '/dev/null' ]);
        is($ran->{status}, 0, "$_[0]: $who") or diag($ran->{stderr});
    }
    return;
}

# Of each object of a mechanism, in order. Locks of both runs are on one file.
sub truth {
    my ($mech) = @_;
    my @each = map { (operations($_, 'wanted')) x 2 } grep { mechanism($_) eq $mech } @loads;
    return $mech eq 'lock' ? $each[0] + $each[1] : @each;
}

# The interpreter, by the name that is wanted.
mkdir(my $place = scratch('place')) or die "mkdir: $!";
my $perl = "$place/" . basename($program{wanted});
symlink($^X, $perl) or die "$perl: $!";

# One is wanted and writes, the other one is not and reads: of one and the same object.
my $pair = <<'EOT';
    use Socket;
    socketpair(my $out, my $in, AF_UNIX, $ARGV[0], PF_UNSPEC) or die $!;
    pipe(my $done, my $tell);
    my $child = fork;
    if (!$child) { open(my $f, '>', '/proc/self/comm'); print $f 'left-out'; close $f; for (1 .. 101) { sysread($in, my $got, 61) == 61 or die; syswrite $tell, '.' } exit }
    for (1 .. 101) { syswrite($out, 'x' x 61) == 61 or die; sysread $done, my $got, 1 }
    waitpid $child, 0;
    exit $?;
EOT

sub run_pair {
    my ($type) = @_;
    my $ran = run_command(argv => [ $perl, '-e', $pair, $type ]);
    is($ran->{status}, 0, "a pair of sockets, $type") or diag($ran->{stderr});
    return;
}

sub check {
    my ($mech, $summary, @want) = @_;
    my $missed = $summary->{loss}{missed};
    for my $side ('send', $mech eq 'futex' ? () : 'recv') {
        my @got = sort { $a <=> $b } grep { $_ } map { $_->{$side}{ops} } grep { $_->{mechanism} eq $mech } @{ $summary->{objects} };
        is(scalar @got, scalar @want, "$mech, $side: on so many objects") or next;
        is((grep { $got[$_] > $want[$_] || $got[$_] < $want[$_] - $missed } 0 .. $#want), 0, "$mech, $side: @got of @want, $missed missed");
    }
    return;
}

# What was told of a program that ran under its eyes.
sub watched {
    my ($backend, $how, $mechs, $work) = @_;
    my $path = scratch('report');
    my $tool = start_tool([ $mechs, '-j', $how, '-i', 3600, '--backend', $backend, '--comm', basename($program{wanted}), '--output', $path ]);
    ok(started($path, $tool), 'started') or diag(slurp($tool->{err}));
    $work->();
    stop($tool);
    is($tool->{status}, 0, 'exit status') or diag($tool->{stderr});
    return summary_of(report(undef, $path));
}

sub run {
    my ($backend, $how) = @_;
    my @mechs = do { my %seen; grep { !$seen{$_}++ } map { mechanism($_) } @loads };
    my $summary = watched($backend, $how, join(',', @mechs), sub { run_both($_) for @loads });
    check($_, $summary, truth($_)) for @mechs;
    check('unix', watched($backend, $how, 'unix', sub { run_pair($_) for SOCK_DGRAM, SOCK_STREAM }), 101, 101);
    return;
}

for my $backend (need_backends()) {
    subtest "$backend, $_" => sub { run($backend, $_) } for '--brief', '--counts';
}
unlink(values %program, map { '/tmp/' . basename($_) . '.lock' } values %program);
done_testing();
