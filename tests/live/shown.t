#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The main job on ordinary programs: what they did is known without asking them.
use strict;
use warnings;

use File::Basename qw(dirname);
use POSIX ();
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch slurp have tool scenario start_tool run_tool run_command stop finish
    wait_until started report json_lines summary_of object_of short natively slow);
use Schema qw(schema_errors);
use Truth qw(lost);

need_root();
my @backends = need_backends();
my ($summary, $by_operation);

# Runs ipctrace on a command, leaves its summary in $summary.
sub trace {
    my ($backend, $options, @command) = @_;
    my $report = scratch('report');
    my $run = run_tool([ @$options, '-j', '--backend', $backend, '--output', $report, '--', @command ]);
    is($run->{status}, 0, 'exit status') or diag($run->{stderr});
    $summary = summary_of(report($run, $report)) // {};
    $by_operation = $backend eq 'function';
    return $run;
}

# Operations that ended unseen, as the kernel counts them; the hooks of the syscall backend are those of all.
sub missed {
    my ($side) = @_;
    return ($by_operation ? $summary->{totals}{pipe}{$side}{missed} : $summary->{loss}{missed}) // 0;
}

# Equal, or short by no more than what was missed: so many operations, of so many bytes each.
sub counted {
    my ($got, $truth, $what, $side, $size) = @_;
    my $missed = missed($side) * ($size // 1);
    return is($got, $truth, $what) unless $missed;
    return ok($got <= $truth && $got + $missed >= $truth, "$what, of which up to $missed missed")
        || diag("got $got, truth $truth");
}

sub balanced {
    my ($o, $what) = @_;
    return is($o->{balance_bytes}, 0, $what) unless missed('send') || missed('recv') || missed('close');
    return note("$what: some were missed");
}

sub by_sends {
    my ($n) = @_;
    my $missed = missed('send');
    return grep { $_->{send}{ops} <= $n && $_->{send}{ops} + $missed >= $n } @{ $summary->{objects} };
}

# ---- 1: exact counts of other people's programs ----

sub perf_bench {
    my ($backend) = @_;
    return plan(skip_all => 'perf is not installed') unless have('perf');
    trace($backend, ['pipe'], qw(perf bench sched pipe -l 5003));
    my @pipes = by_sends(5003);
    is(scalar @pipes, 2, 'two pipes of 5003 sends');
    for my $o (@pipes) {
        counted($o->{send}{ops}, 5003, "$o->{id}: sends", 'send');
        counted($o->{recv}{ops}, 5003, "$o->{id}: receives", 'recv');
        counted($o->{send}{bytes}, 4 * 5003, "$o->{id}: bytes in", 'send', 4);
        counted($o->{recv}{bytes}, 4 * 5003, "$o->{id}: bytes out", 'recv', 4);
        is_deeply($o->{send}{errors}, {}, "$o->{id}: no errors");
        balanced($o, "$o->{id}: balance");
    }
    for my $side ($by_operation ? qw(send recv) : ()) {
        is($pipes[0]{$side}{ops} + $pipes[1]{$side}{ops} + missed($side), 2 * 5003, "$side: counted + missed");
    }
    is(lost($summary->{loss}) - $summary->{loss}{missed}, 0, 'nothing lost');
    return;
}

# 20 senders, 20 receivers, a pipe each receiver, 11 messages of 100 bytes from everyone to everyone.
sub perf_messaging {
    my ($backend) = @_;
    return plan(skip_all => 'perf is not installed') unless have('perf');
    trace($backend, ['pipe'], qw(perf bench sched messaging -p -g 1 -l 11));
    my @pipes = grep { scalar @{ $_->{endpoints} } >= 21 } by_sends(220);
    is(scalar @pipes, 20, 'twenty pipes of 220 sends and 21 users');
    my %sum;
    for my $o (@pipes) {
        $sum{$_} += $o->{send}{$_} for qw(ops bytes);
        $sum{"recv_$_"} += $o->{recv}{$_} for qw(ops bytes);
    }
    counted($sum{ops}, 4400, 'sends', 'send');
    counted($sum{recv_ops}, 4400, 'receives', 'recv');
    return if $summary->{loss}{missed};
    is($sum{bytes}, 440_000, 'bytes in');
    is($sum{recv_bytes}, 440_000, 'bytes out');
    is(scalar(grep { $_->{balance_bytes} } @pipes), 0, 'every balance');
    return;
}

sub dd_cat {
    my ($backend) = @_;
    trace($backend, ['pipe'], qw(sh -c), 'dd bs=4096 count=1009 if=/dev/zero 2>/dev/null | cat >/dev/null');
    my ($o) = by_sends(1009);
    return fail('a pipe of 1009 sends') unless $o;
    counted($o->{send}{ops}, 1009, 'sends', 'send');
    is($o->{send}{ops} + missed('send'), 1009, 'sends: counted + missed') if $by_operation;
    counted($o->{send}{bytes}, 4_132_864, 'bytes in', 'send', 4096);
    counted($o->{recv}{bytes}, 4_132_864, 'bytes out', 'recv', 131_072);
    balanced($o, 'balance');
    my %role = map { $_->{comm} => $_->{role} } @{ $o->{endpoints} };
    is_deeply([ @role{qw(dd cat)} ], [qw(send recv)], 'who sends and who receives');
    ok($o->{created} && $o->{destroyed} // 1, 'seen from beginning to end');
    is(lost($summary->{loss}) - $summary->{loss}{missed}, 0, 'nothing lost');
    return;
}

# Another witness: strace counts the calls on each pipe, we count them again.
sub strace_agrees {
    my ($backend) = @_;
    return plan(skip_all => 'strace is not installed') unless have('strace');
    my $log = scratch('strace');
    trace($backend, ['pipe'], 'strace', '-f', '-qq', '-y', '-s', '0', '-e', 'trace=read,write', '-o', $log,
        qw(sh -c), 'dd bs=4093 count=211 if=/dev/zero 2>/dev/null | cat | tail -c 11 >/dev/null');
    my (%calls, %unfinished);
    for (split /\n/, slurp($log)) {
        my ($pid, $text) = /^(\d+)\s+(.*)/ or next;
        if ($text =~ /^(.*) <unfinished \.\.\.>/) {
            $unfinished{$pid} = $1;
            next;
        }
        $text = delete($unfinished{$pid}) . $1 if $text =~ /^<\.\.\. \w+ resumed>(.*)/ && $unfinished{$pid};
        my ($call, $pipe, $ret) = $text =~ /^(read|write)\(\d+<(pipe:\[\d+\])>.*= (-?\d+)/ or next;
        my $side = $call eq 'read' ? 'recv' : 'send';
        $calls{$pipe}{$side}{ops}++;
        $calls{$pipe}{$side}{bytes} += $ret if $ret > 0;
    }
    is(scalar keys %calls, 2, 'strace saw two pipes');
    for my $pipe (sort keys %calls) {
        my $o = object_of($summary, $pipe) or fail("$pipe is in the report"), next;
        for my $side (qw(send recv)) {
            counted($o->{$side}{$_}, $calls{$pipe}{$side}{$_}, "$pipe: $side.$_ as strace says", $side, $_ eq 'bytes' ? 131_072 : 1) for qw(ops bytes);
        }
    }
    return;
}

# ---- 3: a full pipe that is older than ipctrace ----

# A pipeline in the background, its writer asleep; the shell's own pipe ends are closed by then.
sub full_pipe {
    my $shell = Ipctrace::start(argv => [ qw(sh -c), 'yes | sleep ' . slow(600) ]);
    my ($yes, $sleep, $ino);
    my $ok = wait_until(20, sub {
        my %child = map { Ipctrace::slurp("/proc/$_/comm") =~ /(\w+)/ ? ($1 => $_) : () }
            split ' ', Ipctrace::slurp("/proc/$shell->{pid}/task/$shell->{pid}/children");
        ($yes, $sleep) = @child{qw(yes sleep)};
        return 0 unless $yes && $sleep && Ipctrace::slurp("/proc/$yes/syscall") =~ /^(?:1|64) /;
        ($ino) = (readlink("/proc/$yes/fd/1") // '') =~ /^pipe:\[(\d+)\]$/;
        return $ino;
    });
    return { shell => $shell, yes => $yes, sleep => $sleep, id => "pipe:[$ino]" } if $ok;
    end_pipe({ shell => $shell, yes => $yes, sleep => $sleep });
    return;
}

sub end_pipe {
    my ($p) = @_;
    kill('KILL', grep { $_ } $p->{yes}, $p->{sleep});
    finish($p->{shell});
    return;
}

sub watch {
    my ($backend, @options) = @_;
    my $report = scratch('report');
    my $run = run_tool([ 'pipe', '-j', '-d', 1, '-i', 0.5, '--backend', $backend, '--output', $report, @options ]);
    is($run->{status}, 0, 'exit status') or diag($run->{stderr});
    $summary = summary_of(report($run, $report)) // {};
    return;
}

sub older_than_us {
    my ($backend) = @_;
    my $p = full_pipe() or return fail('yes is asleep before a full pipe');
    watch($backend);
    my $o = object_of($summary, $p->{id});
    if ($o) {
        ok(!$o->{created}, 'it was there before');
        is($o->{capacity}{slots}, 16, 'capacity');
        is($o->{depth}{slots}, 16, 'depth: 16 of 16');
        is($o->{depth}{bytes}, 65536, 'bytes inside');
        is($o->{send}{waits}, 1, 'the wait in progress');
        is_deeply($o->{send}{causes}, { full => 1 }, 'its cause');
        cmp_ok($o->{send}{wait_ns}, '>=', 0.5e9, 'its length');
        is($o->{verdict}, 'reader-bound', 'the verdict');
        my %pid = map { $_->{role} => $_->{pid} } @{ $o->{endpoints} };
        is_deeply(\%pid, { send => $p->{yes}, recv => $p->{sleep} }, 'who holds which end');
    } else {
        fail("$p->{id} is in the report");
    }
    ring_shows($backend, $p);
    filters_find($backend, $p);
    end_pipe($p);
    return;
}

sub ring_shows {
    my ($backend, $p) = @_;
    my @before = holders($p);
    for my $target (short() ? $p->{id} : ($p->{id}, "$p->{yes}:1", "$p->{sleep}:0")) {
        my $report = scratch('ring');
        my $run = run_tool([ 'ring', $target, '-1', '-j', '--backend', $backend, '--output', $report ]);
        is($run->{status}, 0, "ring $target: exit status") or diag($run->{stderr});
        my ($ring) = grep { $_->{type} eq 'ring' } json_lines(slurp($report));
        next unless ok($ring, "ring $target: a line of type ring");
        is_deeply([ schema_errors($ring) ], [], "ring $target: its shape");
        is(scalar @{ $ring->{slots} }, 16, "ring $target: 16 slots");
        is(scalar(grep { $_->{len} == 4096 } @{ $ring->{slots} }), 16, "ring $target: of 4096 bytes");
        is(scalar(grep { $_->{offset} == 0 } @{ $ring->{slots} }), 16, "ring $target: from their beginning");
    }
    is_deeply([ holders($p) ], \@before, 'the ring was not opened');
    return;
}

# More sleepers than a look can tell one by one: it says so, and how many.
sub crowd {
    my ($backend) = @_;
    my $n = 701;
    pipe(my $read, my $write) or die;
    my $id = readlink('/proc/self/fd/' . fileno($read));
    my @children = map { my $pid = fork() // die; $pid or do { close($write); sysread($read, my $byte, 1); POSIX::_exit(0) } } 1 .. $n;
    my $asleep = sub { !grep { slurp("/proc/$_/stat") !~ /\) S / } @children };
    ok(wait_until(slow(20), $asleep), "$n readers are asleep");
    my $report = scratch('crowd');
    my $run = run_tool([ 'ring', $id, '-1', '-j', '--backend', $backend, '--output', $report ]);
    is($run->{status}, 0, 'exit status') or diag($run->{stderr});
    my ($ring) = json_lines(slurp($report));
    my $told = @{ $ring->{sleepers} };
    cmp_ok($told, '>=', 256, 'many are told one by one');
    is($told + $ring->{more_sleepers}{recv}, $n, 'and how many more there are');
    is($ring->{more_sleepers}{send}, 0, 'nobody waits for room');
    close($write);
    waitpid($_, 0) for @children;
    return;
}

sub holders {
    my ($p) = @_;
    return map { scalar(grep { (readlink($_) // '') eq $p->{id} } glob("/proc/$_/fd/*")) } @$p{qw(yes sleep)};
}

# ---- 5: filters ----

sub filters_find {
    my ($backend, $p) = @_;
    my @cases = (
        [ 1, 'either end: the writer',      '-p', $p->{yes} ],
        [ 1, 'either end: the reader',      '-p', $p->{sleep} ],
        [ 0, 'the reader as source',        '--src', $p->{sleep} ],
        [ 0, 'the writer as destination',   '--dst', $p->{yes} ],
        [ 1, 'both',                        '--src', $p->{yes}, '--dst', $p->{sleep} ],
    );
    push @cases, (
        [ 1, 'the writer as source',        '--src', $p->{yes} ],
        [ 1, 'the reader as destination',   '--dst', $p->{sleep} ],
        [ 1, 'a name',                      '--comm', 'yes' ],
        [ 1, 'an object',                   '-O', $p->{id} ],
        [ 0, 'somebody else',               '-p', $$ ],
    ) unless short();
    for my $case (@cases) {
        my ($found, $what, @options) = @$case;
        watch($backend, @options, '-d', 0.3);
        my $o = object_of($summary, $p->{id});
        is($o ? 1 : 0, $found, "filter: $what");
    }
    return;
}

# Traffic, not only presence: one side asked for, the object's own figures still whole.
sub filters_count {
    my ($backend) = @_;
    for my $case ([ 'either', '--comm', 'dd' ], [ 'source', '--src', 'dd' ], [ 'destination', '--dst', 'cat' ]) {
        my ($what, @options) = @$case;
        trace($backend, [ 'pipe', @options ],
            qw(sh -c), 'dd bs=4096 count=101 if=/dev/zero 2>/dev/null | cat >/dev/null');
        my ($o) = grep { ($_->{send}{bytes} // 0) || ($_->{recv}{bytes} // 0) } @{ $summary->{objects} };
        next unless ok($o, "$what @options: the pipe is found");
        counted($o->{send}{ops}, 101, "$what @options: sends", 'send') unless $what eq 'destination';
        counted($o->{recv}{bytes}, 101 * 4096, "$what @options: bytes out", 'recv', 131_072) unless $what eq 'source';
    }
    return by_user($backend) if have('setpriv');
    return;
}

sub by_user {
    my ($backend) = @_;
    my $dd = 'setpriv --reuid=65534 --clear-groups dd bs=4096 count=101 if=/dev/zero 2>/dev/null';
    for my $case ([ 65534, 1 ], [ 65533, 0 ]) {
        my ($uid, $found) = @$case;
        my $report = scratch('report');
        my $run = start_tool([ 'pipe', '-j', '-u', $uid, '--backend', $backend, '--output', $report ]);
        ok(started($report, $run), "-u $uid: started");
        run_command(argv => [ qw(sh -c), "$dd | cat >/dev/null" ]);
        stop($run);
        my @moved = grep { $_->{send}{bytes} } @{ summary_of(report($run, $report))->{objects} };
        is(scalar @moved, $found, "-u $uid: pipes");
        is($moved[0]{send}{ops}, 101, "-u $uid: sends") if $found && @moved && !missed('send');
    }
    return;
}

sub filters_exclude {
    my ($backend) = @_;
    for my $case ([ '--src', 'cat' ], [ '--dst', 'dd' ]) {
        trace($backend, [ 'pipe', @$case ],
            qw(sh -c), 'dd bs=4096 count=101 if=/dev/zero 2>/dev/null | cat >/dev/null');
        my @moved = grep { ($_->{send}{bytes} // 0) || ($_->{recv}{bytes} // 0) } @{ $summary->{objects} };
        is(scalar @moved, 0, "@$case: not that side");
    }
    return;
}

for my $backend (@backends) {
    subtest "$backend: perf bench sched pipe"        => sub { perf_bench($backend) };
    natively "$backend: perf bench sched messaging"  => sub { perf_messaging($backend) };
    subtest "$backend: dd | cat"                     => sub { dd_cat($backend) };
    natively "$backend: strace agrees"               => sub { strace_agrees($backend) };
    subtest "$backend: a pipe older than ipctrace"   => sub { older_than_us($backend) };
    subtest "$backend: a crowd of sleepers"          => sub { crowd($backend) };
    natively "$backend: filters on traffic"          => sub { filters_count($backend); filters_exclude($backend) };
}
done_testing();
