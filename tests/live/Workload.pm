# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# One session of ipctrace around a command, and what it counted, process by process.
package Workload;

use strict;
use warnings;

use Exporter qw(import);
use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(scratch run_tool report summary_of slow);
use Strace qw(strace_log strace_calls by_process sent_signals taken_signals);

our @EXPORT_OK = qw(session objects endpoints agrees signals_agree equal);

# {summary, backend, run}; and with strace => 1 {calls, signals}: the command and ipctrace's watch over it are seen by strace.
sub session {
    my ($backend, $mechanisms, %opt) = @_;
    my ($report, $log) = (scratch('report'), scratch('strace'));
    my @command = $opt{strace} ? strace_calls($log, @{ $opt{command} }) : @{ $opt{command} };
    my $run = run_tool([ $mechanisms, '-j', '--backend', $backend, '--output', $report, '--', @command ],
        patience => $opt{patience} // 60);
    is($run->{status}, 0, 'exit status') or diag($run->{stderr});
    my $s = { backend => $backend, run => $run, summary => summary_of(report($run, $report)) };
    return fail('a summary') && undef unless $s->{summary};
    @$s{qw(calls signals)} = strace_log($log) if $opt{strace};
    my $loss = $s->{summary}{loss};
    is($loss->{map_full} + $loss->{ring_full}, 0, 'every map is large enough');
    return $s;
}

sub objects {
    my ($s, $mechanism) = @_;
    return grep { $_->{mechanism} eq $mechanism } @{ $s->{summary}{objects} };
}

# ---- what was missed: told of the mechanism's side by function hooks, of all system calls by the other backend ----

sub missed {
    my ($s, $mechanism, $side) = @_;
    my $total = $s->{summary}{totals}{$mechanism};
    return $s->{summary}{loss}{missed} unless $s->{backend} eq 'function';
    return ($total->{$side}{missed} // 0) + ($total->{missed_either} // 0);
}

# Counted + missed = truth; `size`: of one operation's figure.
sub equal {
    my ($s, $mechanism, $side, $got, $truth, $what, $size) = @_;
    my $missed = missed($s, $mechanism, $side);
    return is($got, $truth, $what) unless $missed;
    return ok($got <= $truth && $got + $missed * ($size // 1) >= $truth, "$what, $missed operations missed")
        || diag("got $got, truth $truth");
}

# ---- process by process ----

sub add {
    my ($sum, $side) = @_;
    $sum->{ops} += $side->{ops} // 0;
    $sum->{bytes} += $side->{bytes} // 0;
    $sum->{errors}{$_} += $side->{errors}{$_} for keys %{ $side->{errors} // {} };
    return;
}

# PID => {send => {ops, bytes, errors}, recv => …}, without strace: what it does itself it does not show.
sub endpoints {
    my ($s, $mechanism) = @_;
    my %sums;
    for my $e (map { @{ $_->{endpoints} } } objects($s, $mechanism)) {
        next if !$e->{pid} || $e->{comm} eq 'strace';
        for my $side (grep { $e->{$_}{ops} } qw(send recv)) {
            add($sums{ $e->{pid} }{$side} //= { ops => 0, bytes => 0, errors => {} }, $e->{$side});
        }
    }
    return \%sums;
}

# Of a call in which its task was killed strace shows no end, and cannot tell whether it had begun: if so, it
# ended with a restart code, which is taken off.
sub without_killed {
    my ($got, $truth) = @_;
    my $left = $truth->{unseen};
    for my $code (grep {/^ERESTART/} sort keys %{ $got->{errors} }) {
        my $more = $got->{errors}{$code} - ($truth->{errors}{$code} // 0);
        next if $more <= 0 || $more > $left;
        $left -= $more;
        $got->{ops} -= $more;
        $got->{errors} = { %{ $got->{errors} }, $code => $got->{errors}{$code} - $more };
        delete $got->{errors}{$code} unless $got->{errors}{$code};
    }
    return;
}

my $nothing = { ops => 0, bytes => 0, errors => {}, unseen => 0 };

sub words {
    my ($side) = @_;
    return join ' ', "$side->{ops} ops, $side->{bytes} bytes", map {"$_=$side->{errors}{$_}"} sort keys %{ $side->{errors} };
}

# Every process that strace or ipctrace saw: the same operations, bytes and errors.
sub agrees {
    my ($s, $mechanism) = @_;
    my ($truth, $got) = (by_process($s->{calls}, $mechanism), endpoints($s, $mechanism));
    my ($processes, @differ, %sum) = (0);
    for my $side (qw(send recv)) {
        for my $pid (sort { $a <=> $b } keys %{ { %$truth, %$got } }) {
            my ($t, $g) = map { { %{ $_->{$pid}{$side} // $nothing } } } $truth, $got;
            without_killed($g, $t);
            $sum{$side}{truth} += $t->{ops};
            $sum{$side}{got} += $g->{ops};
            $processes++ if $t->{ops};
            push @differ, "$side of $pid: strace " . words($t) . '; ipctrace ' . words($g) if words($t) ne words($g);
        }
    }
    my $count = sprintf('%d sends and %d receives of %d processes', map { $_ // 0 } $sum{send}{truth}, $sum{recv}{truth}, $processes);
    cmp_ok($processes, '>', 0, "$mechanism: strace saw operations");
    if (missed($s, $mechanism, 'send') + missed($s, $mechanism, 'recv')) {
        equal($s, $mechanism, $_, $sum{$_}{got}, $sum{$_}{truth}, "$mechanism: $count: $_") for qw(send recv);
        return;
    }
    is(scalar @differ, 0, "$mechanism: $count: operations, bytes and errors");
    diag($_) for @differ > 8 ? (@differ[ 0 .. 7 ], '…') : @differ;
    return;
}

# ---- signals ----

sub count_sent {
    my ($s, $strace) = @_;
    my %sent;
    for my $o (objects($s, 'signal')) {
        my ($target, $signal) = $o->{id} =~ /\[(\d+):(\w+)\]/ or next;
        next if $strace->{$target} || $signal eq 'SIGCHLD' || $signal =~ /^SIG(?:STOP|CONT)$/;
        for my $e (grep { $_->{pid} && $_->{send}{ops} && !$strace->{ $_->{pid} } } @{ $o->{endpoints} }) {
            $sent{"$e->{pid} to $target: $signal"} += $e->{send}{ops};
        }
    }
    return \%sent;
}

# Failed receives are waits that ended without a signal.
sub count_taken {
    my ($s, $strace) = @_;
    my %taken;
    for my $o (objects($s, 'signal')) {
        next if $o->{id} =~ /:SIG(?:STOP|CONT)\]/;
        for my $e (grep { $_->{pid} && !$strace->{ $_->{pid} } } @{ $o->{endpoints} }) {
            my $n = $e->{recv}{ops} // 0;
            $n -= $_ for values %{ $e->{recv}{errors} // {} };
            $taken{ $e->{pid} } += $n if $n;
        }
    }
    return \%taken;
}

# Who signalled whom, and who took how many. Left out: strace's own signals (it stops and continues the child that it
# makes), and SIGCHLD as sent, which is no call; taken, it counts.
sub signals_agree {
    my ($s) = @_;
    my %strace = map { $_->{comm} eq 'strace' ? ($_->{pid} => 1) : () } map { @{ $_->{endpoints} } } objects($s, 'signal');
    my ($sent, $taken) = (sent_signals(@$s{qw(calls signals)}), taken_signals(@$s{qw(calls signals)}));
    if (missed($s, 'signal', 'send') + missed($s, 'signal', 'recv')) {
        note('signals: some were missed, and any may have been a bystander\'s');
        return;
    }
    is_deeply(count_sent($s, \%strace), $sent, 'signal: ' . keys(%$sent) . ' pairs of sender and target');
    is_deeply(count_taken($s, \%strace), $taken, 'signal: taken by ' . keys(%$taken) . ' processes');
    return;
}

1;
