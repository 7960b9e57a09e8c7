#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# why and chain: deadlocks that were there before, each by its processes, and nothing where there is none.
use strict;
use warnings;

use File::Basename qw(dirname);
use IO::Handle;
use POSIX ();
use Socket;
use Test::More;
use Time::HiRes ();

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch slurp run_tool json_lines wait_until scenario
    alive start stop finish have);

need_root();
need_backends();
my %started;

# Starts code in a process of its own, and says who it is.
sub child {
    my ($code) = @_;
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        %started = ();
        $code->();
        POSIX::_exit(0);
    }
    $started{$pid} = 1;
    return $pid;
}

sub end_all {
    kill('KILL', keys %started);
    waitpid($_, 0) for keys %started;
    %started = ();
    return;
}

END { my $status = $?; end_all(); $? = $status }

# How often a process left the CPU, '' unless it sleeps.
sub sleep_of {
    my ($pid) = @_;
    my $status = slurp("/proc/$pid/status");
    return $status =~ /^State:\s+[SD]/m ? join(' ', $status =~ /ctxt_switches:\s+(\d+)/g) : '';
}

# Until they all sleep for good: who has just begun sleeps, too, waiting for a page.
sub asleep {
    my (@pids) = @_;
    my %before;
    return wait_until(20, sub {
        my @moved = grep { my $now = sleep_of($_); my $was = $before{$_} // ''; $before{$_} = $now; !$now || $now ne $was } @pids;
        Time::HiRes::sleep(0.2);
        return !@moved;
    });
}

sub look {
    my ($run) = run_tool([ @_, '-j' ]);
    is($run->{status}, 0, 'exit status') or diag($run->{stderr});
    my ($line) = json_lines($run->{stdout});
    return $line // {};
}

# Others may be stuck on this machine: only ours count.
sub deadlocks_of {
    my ($chain, @pids) = @_;
    my %ours = map { $_ => 1 } @pids;
    return grep { grep { $ours{$_} } @$_ } @{ $chain->{deadlocks} };
}

sub children {
    my ($pid) = @_;
    return split ' ', slurp("/proc/$pid/task/$pid/children");
}

sub descendants {
    my ($pid) = @_;
    return ($pid, map { descendants($_) } children($pid));
}

sub circle { return join ' ', sort { $a <=> $b } @_ }

# A parent that waits for a child whose pipe to it is full; its own child keeps it company.
sub full_stderr {
    my ($told, $tell) = (scratch('child'));
    my $parent = child(sub {
        pipe(my $r, my $w) or die;
        my $child = fork() // die;
        if (!$child) { close($r); syswrite($w, 'x' x 200_003); POSIX::_exit(0) }
        close($w);
        open(my $f, '>', "$told.new"); print {$f} $child; close($f);
        rename("$told.new", $told);
        waitpid($child, 0);
    });
    wait_until(20, sub { -s $told });
    open(my $f, '<', $told) or return ($parent);
    my $child = <$f>;
    $started{$child} = 1;
    return ($parent, $child);
}

sub two_fifos {
    my @path = map { scratch($_) } qw(there back);
    POSIX::mkfifo($_, 0600) or die for @path;
    my $first = child(sub { open(my $in, '<', $path[0]); open(my $out, '>', $path[1]); sysread($in, my $x, 1) });
    my $second = child(sub { open(my $out, '>', $path[0]); open(my $in, '<', $path[1]); sysread($in, my $x, 1) });
    return ($first, $second);
}

sub unix_pair {
    socketpair(my $s, my $t, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die;
    my @pids = map {
        my ($mine, $other) = @$_;
        child(sub { close($other); syswrite($mine, 'x' x 10_000_019) })
    } [ $s, $t ], [ $t, $s ];
    return @pids;
}

my %knot = (
    'a child whose stderr is full' => [ \&full_stderr, qr/^pipe$/ ],
    'two FIFOs'                    => [ \&two_fifos,   qr/^fifo$/ ],
    'a pair of UNIX sockets'       => [ \&unix_pair,   qr/^unix$/ ],
);

for my $name (sort keys %knot) {
    my ($make, $mechanism) = @{ $knot{$name} };
    subtest $name => sub {
        my @pids = $make->();
        ok(asleep(@pids), 'they sleep');
        my $chain = look('chain');
        my @found = deadlocks_of($chain, @pids);
        is(scalar @found, 1, 'one deadlock');
        is(circle(@{ $found[0] // [] }), circle(@pids), 'of these two');
        my %process = map { $_->{pid} => $_ } @{ $chain->{processes} };
        my @mechanisms = grep { defined } map { map { $_->{mechanism} } @{ $process{$_}{waits} } } @pids;
        like($_, $mechanism, "a wait on a $_") for @mechanisms;
        ok($process{$_}{stuck}, "$_ is stuck") for @pids;
        my $why = run_tool([ 'why', $pids[0] ]);
        like($why->{stdout}, qr{/$pids[0]; it is stuck\n.*/$pids[1] could \w+; it is stuck\n.*/$pids[0] could \w+, and waits itself, see above}s,
            'why tells the way around');
        end_all();
    };
}

subtest 'who could be helped is in no deadlock' => sub {
    pipe(my $r1, my $w1) or die;
    pipe(my $r2, my $w2) or die;
    my $first = child(sub { close($_) for $w1, $r2, $w2; sysread($r1, my $x, 1) });
    my $second = child(sub { close($_) for $w2, $r1; sysread($r2, my $x, 1) });
    close($_) for $r1, $w1, $r2;
    ok(asleep($first, $second), 'they sleep');
    my $chain = look('chain');
    is(scalar deadlocks_of($chain, $first, $second), 0, 'no deadlock');
    my %process = map { $_->{pid} => $_ } @{ $chain->{processes} };
    is_deeply($process{$first}{waits}[0]{enders}, [$second], 'the first waits for the second');
    is_deeply($process{$second}{waits}[0]{enders}, [$$], 'the second for us');
    end_all();
};

# The kernel itself knows whose such a lock is.
subtest 'a lock that passes on priority leads to its owner' => sub {
    my $ready = scratch('ready');
    my $held = Ipctrace::start(argv => [ scenario(), 'held-futex-pi', '--truth', scratch('truth'), '--ready', $ready ]);
    ok(wait_until(60, sub { -e $ready || !alive($held) }) && -e $ready, 'the state is there');
    my ($state) = json_lines(slurp($ready));
    my ($owner) = map { $_->{pid} } grep { $_->{comm} eq 'held-pi-owner' } @{ $state->{objects}[0]{endpoints} };
    my ($waiter) = grep { $_->{comm} eq 'held-pi-waiter' } @{ look('chain')->{processes} };
    my ($wait) = grep { ($_->{mechanism} // '') eq 'futex' } @{ $waiter->{waits} };
    is_deeply($wait->{enders}, [$owner], 'who can end the wait');
    stop($held, 'TERM');
};

# Pairs that always answer each other: looked at one after the other, both of one often seem to wait.
subtest 'a conversation is no deadlock' => sub {
    my @pids;
    for my $pair (1 .. 5) {
        pipe(my $r1, my $w1) or die;
        pipe(my $r2, my $w2) or die;
        push @pids, child(sub { close($_) for $w2, $r1; while (1) { syswrite($w1, 'x'); sysread($r2, my $x, 1) or last } });
        push @pids, child(sub { close($_) for $w1, $r2; while (1) { sysread($r1, my $x, 1) or last; syswrite($w2, 'x') } });
    }
    for my $n (1 .. 2) {
        is(scalar deadlocks_of(look('chain'), @pids), 0, "look $n: no deadlock");
    }
    end_all();
};

# All that wait for a token of the jobserver hold both ends of its pipe, and could put one back.
subtest 'a parallel make is no deadlock' => sub {
    plan(skip_all => 'make is not installed') unless have('make');
    my $file = scratch('Makefile');
    open(my $f, '>', $file) or die "$file: $!";
    print $f join("\n", 'all: $(foreach i,$(shell seq 997),t$i)', 't%:', "\t\@sh -c 'echo \$\@ | cat >/dev/null; sleep 0.1'",
        'outer: inner1 inner2', 'inner%:', "\t+\@\$(MAKE) -f $file all", '');
    close($f);
    my $make = start(argv => [ 'make', '-j5', '-f', $file, 'outer' ], own_group => 1);
    wait_until(20, sub { my @of = children($make->{pid}); @of >= 2 });
    for my $n (1 .. 3) {
        my $chain = look('chain');
        ok(alive($make), "look $n: it runs");
        my %ours = map { $_ => 1 } descendants($make->{pid});
        my @waiting = grep { $ours{ $_->{pid} } } @{ $chain->{processes} };
        cmp_ok(scalar @waiting, '>', 0, "look $n: some of it waits");
        is(scalar deadlocks_of($chain, map { $_->{pid} } @waiting), 0, "look $n: no deadlock");
    }
    kill('KILL', -$make->{pid});
    finish($make);
};

subtest 'what cannot be' => sub {
    my $gone = child(sub { });
    waitpid($gone, 0);
    my $run = run_tool([ 'why', $gone ]);
    is($run->{status}, 1, 'a process that is gone: exit status');
    is($run->{stderr}, "ipctrace: no process $gone\n", 'what is said');
    is(run_tool([ 'why', 0 ])->{status}, 2, 'no PID at all');
    is(run_tool(['why'])->{status}, 2, 'none given');
};

done_testing();
