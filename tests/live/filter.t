#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What a filter lets through, to the operation: what nobody does who is asked for is left out until somebody uses the
# object who is; from then on both ends count. Objects come and go, so that what is remembered of one that is left out
# would be taken for another's.
use strict;
use warnings;

use File::Basename qw(dirname);
use POSIX ();
use Socket;
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch start_tool stop slurp started report summary_of);

need_root();
my %eventfd = (x86_64 => 290, aarch64 => 19);
my ($rounds, $before, $asked, $after) = (7, 5, 3, 11);
my @counters;    # they stay: the number of one that is gone, and so what was asked of it, would be the next one's
my %pairs = (unix => 6, inet => 2, eventfd => 2);    # a round, that somebody asked for

for my $backend (need_backends()) {
    my $path = scratch('report');
    my $tool = start_tool([ 'unix,inet,eventfd', '-j', '-i', 3600, '--backend', $backend, '--comm', 'ipc-asked', '--output', $path ]);
    ok(started($path, $tool), "$backend: started") or diag(slurp($tool->{err}));
    is(in_child(sub { one_round() for 1 .. $rounds }), 0, 'the operations succeed');
    stop($tool);
    my $summary = summary_of(report(undef, $path));
    for my $mechanism (sort keys %pairs) {
        my @objects = grep { $_->{mechanism} eq $mechanism } @{ $summary->{objects} };
        is(scalar(@objects), $rounds * $pairs{$mechanism}, "$mechanism: objects");
        for my $side (qw(send recv)) {
            my $ops = 0;
            $ops += $_->{$side}{ops} // 0 for @objects;
            next if $summary->{loss}{missed} && note('some were missed');
            is($ops, $rounds * $pairs{$mechanism} * ($asked + $after), "$mechanism: $side");
        }
    }
}
done_testing();

sub in_child {
    my ($code) = @_;
    my $pid = fork() // die;
    return waitpid($pid, 0) == $pid ? $? : -1 if $pid;
    $code->();
    POSIX::_exit(0);
}

# Both ends of each object are one process's: only who that is matters. What comes where others were that nobody asked
# for is used first by who is asked for.
sub one_round {
    my @ends = ends();
    use_all($before, @ends);
    used_by_both(@ends);
    push @counters, $ends[1];
    undef @ends;
    use_all($before, ends());
    @ends = ends();
    used_by_both(@ends);
    push @counters, $ends[1];
    return;
}

sub used_by_both {
    my @ends = @_;
    die if in_child(sub { $0 = 'ipc-asked'; use_all($asked, @ends) });
    use_all($after, @ends);
    return;
}

sub ends { return (tcp(), counter(), map { pair($_) } SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET) }

sub use_all {
    my ($times, @ends) = @_;
    for my $e (@ends) {
        for (1 .. $times) {
            die "write: $!" unless (syswrite($e->[1], pack('Q', 1)) // 0) == 8;
            die "read: $!" unless (sysread($e->[0], my $got, 8) // 0) == 8;
        }
    }
    return;
}

sub pair {
    my ($type) = @_;
    socketpair(my $in, my $out, AF_UNIX, $type, 0) or die "socketpair: $!";
    return [ $in, $out ];
}

sub tcp {
    my ($listener, $out, $in);
    socket($listener, AF_INET, SOCK_STREAM, 0) && bind($listener, sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!";
    listen($listener, 1) && socket($out, AF_INET, SOCK_STREAM, 0) or die "listen: $!";
    connect($out, getsockname($listener)) && accept($in, $listener) or die "connect: $!";
    return [ $in, $out ];
}

sub counter {
    my $fd = syscall($eventfd{ (POSIX::uname())[4] }, 0, 0);
    open(my $file, '+<&=', $fd) or die "eventfd: $!";
    return [ $file, $file ];
}
