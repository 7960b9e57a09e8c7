#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# --counts of pipes and FIFOs: operations, bytes and errors of each object and each process, in one
# session without a filter and one with.
use strict;
use warnings;

use File::Basename qw(dirname);
use IPC::SysV qw(IPC_PRIVATE IPC_RMID);
use Test::More;

use lib dirname(__FILE__);
use Hooks qw(refused);
use Ipctrace qw(slow need_root need_backends scratch slurp start_tool finish stop started report json_lines summary_of
    object_of scenario run_command short);

need_root();
my @ids = qw(copy threads writers eagain wrong-end fifo-data);

for my $backend (need_backends()) {
    subtest "$backend, all" => sub { run($backend) };
    subtest "$backend, a command and what it starts" => sub { run($backend, 'filtered') } unless short();
    subtest "$backend, what is inside" => sub { inside($backend) };
}
done_testing();

sub run {
    my ($backend, $filtered) = @_;
    my %truth = map { $_ => scratch("truth-$_") } @ids;
    my $script = join ' && ', map { join ' ', scenario(), $_, '--truth', $truth{$_} } @ids;
    my $path = scratch('report');
    my @options = ('pipe,fifo', '--counts', '-j', '-i', 3600, '--backend', $backend, '--output', $path);
    my $tool = start_tool([ @options, $filtered ? ('--', 'sh', '-c', $script) : () ]);
    if ($filtered) {
        finish($tool);
    } else {
        ok(started($path, $tool), 'started') or diag(slurp($tool->{err}));
        my $ran = run_command(argv => [ 'sh', '-c', $script ]);
        is($ran->{status}, 0, 'exit status of the scenarios') or diag($ran->{stderr});
        stop($tool);
    }
    my @lines = report(undef, $path);
    my $summary = summary_of(@lines) or return fail('a summary') || diag($tool->{stderr});
    is_deeply([ refused($lines[0]) ], [], 'no program was refused');
    return note('some were missed') if $summary->{loss}{missed};
    for my $id (@ids) {
        my ($truth) = json_lines(slurp($truth{$id}));
        compare($id, $_, object_of($summary, $_->{key}, $_->{mechanism}) // only_fifo($_, $backend, $summary)) for @{ $truth->{objects} };
    }
    return;
}

# With function hooks no path is asked for, and a FIFO that is gone has none: then it is the only one there was.
sub only_fifo {
    my ($t, $backend, $summary) = @_;
    my @fifos = grep { $_->{mechanism} eq 'fifo' } @{ $summary->{objects} };
    return $backend eq 'function' && $t->{mechanism} eq 'fifo' && @fifos == 1 ? $fifos[0] : undef;
}

# Seven writes, a report in the middle, five reads. Who does not look into the object says so.
sub inside {
    my ($backend) = @_;
    my ($path, $set) = (scratch('report'), semget(IPC_PRIVATE, 3, 0600));
    my $script = <<'END';
        use Socket;
        my ($report, $set) = @ARGV;
        pipe(my $r, my $w) && socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) || die;
        for (1 .. 7) { syswrite($w, 'x' x 4096); syswrite($a, 'y' x 101); semop($set, pack('s3', 1, 1, 0)) }
        kill 'USR1', getppid();
        for (1 .. 600) { open(my $f, '<', $report); last if grep { /"interval"/ } <$f>; select(undef, undef, undef, 0.1) }
        for (1 .. 5) { sysread($r, my $x, 4096); sysread($b, my $y, 101); semop($set, pack('s3', 1, -1, 0)) }
END
    my $tool = start_tool([ 'pipe,unix,sem', '--counts', '-j', '-i', 3600, '--backend', $backend, '--output', $path, '--', 'perl', '-e', $script, $path, $set ]);
    finish($tool);
    semctl($set, 0, IPC_RMID, 0);
    my @lines = report(undef, $path);
    my ($middle) = grep { $_->{type} eq 'interval' } @lines or return fail('a report in the middle') || diag($tool->{stderr});
    return note('some were missed') if $middle->{loss}{missed};
    my $looks = $backend eq 'syscall';
    my %inside = (
        pipe => { depth => { slots => $looks ? 7 : undef, max_slots => $looks ? 7 : undef } },
        sem => { internals => { value_1 => $looks ? 7 : undef, semaphores => $looks ? 3 : undef } },
        unix => { depth => { slots => undef, max_slots => undef } },
    );
    for my $mechanism (sort keys %inside) {
        my ($o) = grep { $_->{mechanism} eq $mechanism && $_->{send}{ops} == 7 } @{ $middle->{objects} };
        ok($o, "$mechanism: seven") or next;
        for my $group (keys %{ $inside{$mechanism} }) {
            my %want = %{ $inside{$mechanism}{$group} };
            is($o->{$group}{$_}, $want{$_}, "$mechanism: $group, $_") for sort keys %want;
        }
    }
    return;
}

sub figures { return { ops => $_[0]{ops} // 0, bytes => $_[0]{bytes} // 0, errors => $_[0]{errors} // {} } }

sub known { my ($side) = @_; return $side && defined $side->{ops} && !ref $side->{ops} }

sub compare {
    my ($id, $t, $o) = @_;
    return fail("$id: $t->{key} is in the report") unless $o;
    for my $side (grep { known($t->{$_}) } qw(send recv)) {
        is_deeply(figures($o->{$side}), figures($t->{$side}), "$id: $side");
        my %sum = (ops => 0, bytes => 0);
        $sum{$_->[0]} += $_->[1] for map { my $s = $_->{$side} // {}; map { [ $_, $s->{$_} // 0 ] } keys %sum } @{ $o->{endpoints} };
        is_deeply(\%sum, { ops => $t->{$side}{ops}, bytes => $t->{$side}{bytes} // 0 }, "$id: $side, its processes together");
        is($o->{$side}{waits}, undef, "$id: $side, waits are not asked for");
    }
    return;
}
