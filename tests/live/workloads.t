#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Independent workloads: what they did is known from their own counts, or from strace in the same run.
use strict;
use warnings;

use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends have natively run_command short slurp);
use Strace qw(descriptors_received);
use Workload qw(session objects agrees signals_agree equal);

need_root();
my @backends = need_backends();

# ---- under strace, all mechanisms in one session ----

# In a guest strace's stops cost milliseconds each: less of everything there.
my $ops = short() ? 23 : 211;
my @strained = (
    [ 'stress-ng', 'mq,msg,sem-sysv,sockfd,eventfd,sigq,pipe' ],
    [ hackbench => "hackbench -p -g 1 -f 2 -l 7 -s 53", "hackbench -g 1 -f 2 -l 7 -s 53" ],
    short() ? () : [ perf => "perf bench sched messaging -p -g 1 -l 1", "perf bench sched messaging -g 1 -l 1" ],
);

# Those that are there; what is not is said.
sub script {
    my @lines;
    for my $row (@strained) {
        my ($program, @commands) = @$row;
        note("$program is not installed"), next unless have($program);
        @commands = map {"stress-ng --temp-path /tmp --$_ 1 --$_-ops $ops"} split /,/, $commands[0] if $program eq 'stress-ng';
        push @lines, @commands;
    }
    return join "\n", 'set -e', @lines;
}

sub under_strace {
    my ($backend) = @_;
    return plan(skip_all => 'strace is not installed') unless have('strace');
    my $s = session($backend, 'all', strace => 1, command => [ 'sh', '-c', script() ], patience => 120) or return;
    agrees($s, $_) for qw(pipe unix mq msg sem eventfd), short() ? () : 'futex';    # so little of it takes no futex
    signals_agree($s);
    own_counts($s) if have('stress-ng');
    return;
}

# A stressor's operations: messages sent, descriptors passed, signals queued.
sub own_counts {
    my ($s) = @_;
    my ($mq) = grep { $_->{send}{ops} } objects($s, 'mq');
    equal($s, 'mq', 'send', $mq->{send}{bytes} / 8, $ops, 'stress-ng mq: messages', 1);
    my ($fds) = grep { $_->{internals}{fds_sent} } objects($s, 'unix');
    equal($s, 'unix', 'send', $fds->{internals}{fds_sent}, $ops, 'stress-ng sockfd: descriptors passed');
    # Its receiver ends when the sender says that it is done, whatever is still in its queue.
    equal($s, 'unix', 'recv', $fds->{internals}{fds_received}, descriptors_received($s->{calls}), 'stress-ng sockfd: descriptors received');
    my ($usr1) = sort { $b->{send}{ops} <=> $a->{send}{ops} } grep { $_->{id} =~ /:SIGUSR1\]/ } objects($s, 'signal');
    my $queued = $usr1->{send}{ops} - ($usr1->{send}{errors}{EPERM} // 0);
    equal($s, 'signal', 'send', $queued, $ops + 1, 'stress-ng sigq: signals queued, and one to end');
    return;
}

# ---- G groups of F senders and F receivers: everyone sends L messages of S bytes to everyone ----

# Before that all 2GF tell that they are ready, a byte each, and are told to go by one byte, which nobody
# reads: they poll for it. So does perf's, whose groups have 20 of each and whose messages 100 bytes.
my @messaging = (
    # program, command, mechanism, G, F, L, S
    [ 'hackbench', 'hackbench -p -g 3 -f 5 -l 101 -s 53', 'pipe', 3, 5, 101, 53 ],
    [ 'hackbench', 'hackbench -g 3 -f 5 -l 101 -s 53', 'unix', 3, 5, 101, 53 ],
    [ 'perf', 'perf bench sched messaging -p -g 1 -l 11', 'pipe', 1, 20, 11, 100 ],
    [ 'perf', 'perf bench sched messaging -g 1 -l 11', 'unix', 1, 20, 11, 100 ],
);

sub messaging {
    my ($backend, $program, $command, $mechanism, $g, $f, $l, $size) = @_;
    return plan(skip_all => "$program is not installed") unless have($program);
    my $s = session($backend, $mechanism, command => [ split / /, $command ]) or return;
    my ($messages, $ready) = ($g * $f * $f * $l, 2 * $g * $f);
    my $total = $s->{summary}{totals}{$mechanism};
    equal($s, $mechanism, 'send', $total->{send}{ops}, $messages + $ready + 1, 'sends');
    equal($s, $mechanism, 'recv', $total->{recv}{ops}, $messages + $ready, 'receives');
    equal($s, $mechanism, 'send', $total->{send}{bytes}, $size * $messages + $ready + 1, 'bytes sent', $size);
    equal($s, $mechanism, 'recv', $total->{recv}{bytes}, $size * $messages + $ready, 'bytes received', $size);
    return if $s->{summary}{loss}{missed};
    my @channels = grep { $_->{send}{ops} == $f * $l && $_->{recv}{ops} == $f * $l } objects($s, $mechanism);
    is(scalar @channels, $g * $f, 'a channel for every receiver');
    my @one_to_many = grep {
        my ($o, %role) = ($_);
        $role{ $_->{role} }++ for grep { $_->{send}{ops} || $_->{recv}{ops} } @{ $o->{endpoints} };
        ($role{send} // 0) == $f && ($role{recv} // 0) == 1;
    } @channels;
    is(scalar @one_to_many, $g * $f, "of $f senders and one receiver each");
    return;
}

# ---- redis: every request is answered, over a UNIX socket ----

my $redis = <<'SH';
cd "$1"
redis-server --port 0 --unixsocket "$1/sock" --save '' --appendonly no >server.log 2>&1 &
until redis-cli -s sock ping >ping.log 2>&1; do sleep 0.05; done
redis-benchmark -s sock -n 1009 -c 7 -d 53 -t set >benchmark.log
redis-cli -s sock info stats >stats.log
redis-cli -s sock shutdown nosave
wait
SH

# "*3\r\n$3\r\nSET\r\n$16\r\nkey:__rand_int__\r\n$53\r\n…\r\n", answered by "+OK\r\n". One more connection asks for
# the server's configuration: 77 bytes, which are two requests; what it answers is of any length.
sub redis {
    my ($backend) = @_;
    return plan(skip_all => 'redis is not installed') if grep { !have($_) } qw(redis-server redis-benchmark redis-cli);
    my $dir = tempdir('ipctrace-redis-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $s = session($backend, 'unix', command => [ 'sh', '-c', $redis, 'sh', $dir ]) or return;
    my ($done) = slurp("$dir/benchmark.log") =~ /(\d+) requests completed/;
    is($done, 1009, 'redis-benchmark: requests completed');
    my (%ask, %answer, @channels);
    for my $o (objects($s, 'unix')) {
        my @asks = grep { $_->{comm} eq 'redis-benchmark' } @{ $o->{endpoints} } or next;
        my @answers = grep { $_->{comm} eq 'redis-server' } @{ $o->{endpoints} };
        next if !grep { ($_->{send}{bytes} // 0) > 77 } @asks;
        push @channels, $o;
        for my $pair ([ \%ask, @asks ], [ \%answer, @answers ]) {
            my ($sum, @endpoints) = @$pair;
            for my $e (@endpoints) {
                $sum->{$_} += $e->{$_}{ops} // 0 for qw(send recv);
                $sum->{"$_ bytes"} += $e->{$_}{bytes} // 0 for qw(send recv);
            }
        }
    }
    is(scalar @channels, 7, 'a connected pair for each client');
    equal($s, 'unix', 'send', $ask{send}, $done, 'the benchmark sends a request each');
    equal($s, 'unix', 'send', $ask{'send bytes'}, 96 * $done, 'of 96 bytes', 96);
    equal($s, 'unix', 'recv', $answer{'recv bytes'}, 96 * $done, 'which the server receives', 16384);
    equal($s, 'unix', 'recv', $answer{recv}, $done + 7, 'each by a receive, and the end of each connection by one more');
    equal($s, 'unix', 'send', $answer{send}, $done, 'it answers each');
    equal($s, 'unix', 'send', $answer{'send bytes'}, 5 * $done, 'by 5 bytes', 5);
    equal($s, 'unix', 'recv', $ask{'recv bytes'}, 5 * $done, 'which the benchmark receives', 16384);
    my ($listener) = grep { ($_->{name} // '') eq "$dir/sock" && $_->{open}{ops} } objects($s, 'unix');
    my ($connections) = slurp("$dir/stats.log") =~ /total_connections_received:(\d+)/;
    my $refused = 0;
    $refused += $_ for values %{ $listener->{open}{errors} };
    equal($s, 'unix', 'open', $listener->{open}{ops} - $refused, 2 * ($connections + 1),
        'connects and accepts, of the last connection too');
    return;
}

# ---- PostgreSQL: start, pgbench, stop ----

my ($clients, $transactions) = (3, 53);
my $postgres = <<'SH';
cd "$1" && bin=$2
"$bin/pg_ctl" -D data -l log -w -o "-F -k $1 -c listen_addresses= -c log_connections=on" start >start.log || exit
"$bin/pgbench" -h "$1" -i -q -I dtGp -s 1 postgres >init.log 2>&1
"$bin/pgbench" -h "$1" -n -c $3 -t $4 postgres >bench.log 2>&1
"$bin/pg_ctl" -D data -w -m fast stop >stop.log
SH

sub postgres {
    my ($backend) = @_;
    my ($bin) = map { dirname($_) } sort glob('/usr/lib/postgresql/*/bin/initdb');
    my ($uid, $gid) = (getpwnam('postgres'))[ 2, 3 ];
    return plan(skip_all => 'PostgreSQL is not installed') unless $bin && $uid && have('pgbench');
    return plan(skip_all => 'strace is not installed') unless have('strace');
    my $dir = tempdir('ipctrace-postgres-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    chown($uid, $gid, $dir) or die "chown $dir: $!";
    my @as = ('setpriv', "--reuid=$uid", "--regid=$gid", '--clear-groups');
    my $made = run_command(argv => [ @as, "$bin/initdb", '-D', "$dir/data", '-A', 'trust', '-N' ], patience => 120);
    is($made->{status}, 0, 'initdb') or return diag($made->{stderr});
    my $s = session($backend, 'all', strace => 1, patience => 180,
        command => [ @as, 'sh', '-c', $postgres, 'sh', $dir, $bin, $clients, $transactions ]) or return;
    my ($log, $bench) = map { slurp("$dir/$_") } qw(log bench.log);
    like($bench, qr{actually processed: \Q@{[ $clients * $transactions ]}/}, 'pgbench: every transaction was processed');
    my ($postmaster) = $log =~ /\[(\d+)\] LOG:  starting PostgreSQL/ or return fail('a postmaster');
    agrees($s, $_) for qw(unix futex pipe);
    signals_agree($s);
    postgres_sockets($s, $log, "$dir/.s.PGSQL.5432", $postmaster);
    postgres_memory($s, $postmaster);
    return;
}

# pgbench's own connection and that of its initialization are two more than its clients. Each client sends a packet to
# start, one for each of the seven statements of a transaction, and one to end; its server answers all but the last.
sub postgres_sockets {
    my ($s, $log, $path, $postmaster) = @_;
    my @connected = $log =~ /\[(\d+)\] LOG:  connection received/g;
    is(scalar @connected, $clients + 2, 'connections that the server logs');
    my ($listener) = grep { ($_->{name} // '') eq $path && $_->{open}{ops} } objects($s, 'unix');
    my %opens = map { $_->{pid} => 1 } @{ $listener->{endpoints} };
    is($listener->{open}{ops}, 2 * @connected, 'the listener: a connect and an accept each');
    ok($opens{$postmaster}, 'the postmaster accepts');
    my $sent = $transactions * 7 + 1;
    my @channels = grep { grep { $_->{comm} eq 'pgbench' && $_->{send}{ops} == $sent + 1 } @{ $_->{endpoints} } } objects($s, 'unix');
    is(scalar @channels, $clients, "pairs on which pgbench sends $sent + 1 messages");
    my %server = map { $_->{pid} => $_->{send}{ops} } grep { $_->{comm} eq 'postgres' && $_->{send}{ops} } map { @{ $_->{endpoints} } } @channels;
    is_deeply(\%server, { map { $_ => $sent } @connected[ -$clients .. -1 ] }, 'answered by the processes that the server logs');
    return;
}

# The segment that keeps a second postmaster out of the directory; semaphores in memory that all share: what is not private.
sub postgres_memory {
    my ($s, $postmaster) = @_;
    my ($shmget) = grep { $_->{call} eq 'shmget' && $_->{ret} } @{ $s->{calls} };
    my ($key, $size) = $shmget->{args} =~ /^(0x[0-9a-f]+), (\d+)/;
    my ($segment) = objects($s, 'shm');
    is(scalar(objects($s, 'shm')), 1, 'one segment of shared memory');
    is(hex($segment->{name}), hex($key), 'its key');
    is($segment->{capacity}{bytes}, $size, 'its size');
    is($segment->{internals}{creator}, $postmaster, 'made by the postmaster');
    is($segment->{open}{ops}, scalar(grep { $_->{call} eq 'shmat' && $_->{ended} } @{ $s->{calls} }), 'attachments');
    my $shared = grep { $_->{call} eq 'futex' && $_->{ended} && $_->{args} !~ /_PRIVATE/ } @{ $s->{calls} };
    my $ops = 0;
    $ops += $_->{send}{ops} + $_->{recv}{ops} for grep { ($_->{name} // '') =~ m{^semaphore /dev/zero} } objects($s, 'futex');
    is($ops, $shared, 'operations of semaphores, named so');
    return;
}

for my $backend (@backends) {
    subtest "$backend: under strace, all mechanisms" => sub { under_strace($backend) };
    for my $row (@messaging) {
        subtest "$backend: $row->[1]" => sub { messaging($backend, @$row) };
    }
    natively "$backend: redis-benchmark" => sub { redis($backend) };
    natively "$backend: PostgreSQL"      => sub { postgres($backend) };
}
done_testing();
