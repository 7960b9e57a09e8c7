#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# chain -- COMMAND: the critical path of commands whose delays are known, live and of a recording.
use strict;
use warnings;

use File::Basename qw(dirname);
use List::Util qw(sum0);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch run_tool json_lines natively);

need_root();
my ($backend) = need_backends();

# The first sleep ends before the second: it is in nobody's way. The reader waits for the second, all for the third.
my @shell = ('sh', '-c', 'sleep 0.13 & (sleep 0.37; echo word) | (read word; sleep 0.23); wait; exit 3');

sub waits { return grep { ($_->{does} // '') eq 'waits' } @_ }

sub check {
    my ($name, $line) = @_;
    my @parts = @{ $line->{parts} // [] };
    cmp_ok(scalar @parts, '>', 4, "$name: parts") or return;
    is(sum0(map { $_->{time_ns} } @parts), int($line->{elapsed_s} * 1e9 + 0.5), "$name: they add up to the whole");
    my $at_ns = 0;
    my @gaps = grep { my $gap = abs($_->{at_s} * 1e9 - $at_ns) > 1; $at_ns += $_->{time_ns}; $gap } @parts;
    is(scalar @gaps, 0, "$name: and follow each other");
    my @sleeps = grep { $_->{who}{comm} eq 'sleep' && ($_->{call} // '') eq 'clock_nanosleep' } waits(@parts);
    my @times = map { $_->{time_ns} / 1e6 } @sleeps;
    is(scalar @times, 2, "$name: two of the three sleeps") or return diag(explain(\@parts));
    # the timer runs from a moment before it leaves its CPU: in a slow guest 0.9 ms
    cmp_ok($times[0], '>', 0.9 * 370, "$name: the second");
    cmp_ok($times[1], '>', 0.9 * 230, "$name: the third");
    cmp_ok(sum0(@times), '<', 1.6 * 600, "$name: no more of them than they slept");
    my ($pipe) = grep { ($_->{mechanism} // '') eq 'pipe' && $_->{does} eq 'runs' } @parts;
    is_deeply([ @{ $pipe // {} }{qw(then op cause)} ], [qw(wakes recv empty)], "$name: who wrote the word woke its reader");
    my @child = grep { ($_->{call} // '') =~ /^wait/ && $_->{then} eq 'wakes' } @parts;
    is($child[0]{next}{pid}, $pipe->{who}{pid}, "$name: the writer had waited for its child");
    is($parts[-1]{then}, 'ends', "$name: the last part is the end");
    return;
}

natively 'live' => sub {
    my $run = run_tool([ 'chain', '-j', '--backend', $backend, '--', @shell ]);
    is($run->{status}, 3, 'exit status') or diag($run->{stderr});
    my ($line) = json_lines($run->{stdout});
    check('live', $line // {});
};

subtest 'of a recording' => sub {
    my $file = scratch('recording');
    my $run = run_tool([ 'pipe,signal', '-w', $file, '-e', '--backend', $backend, '--', @shell ]);
    is($run->{status}, 3, 'exit status') or diag($run->{stderr});
    my $replay = run_tool([ 'chain', '-r', $file, '-j' ]);
    is($replay->{status}, 0, 'of the replay') or diag($replay->{stderr});
    check('recorded', (json_lines($replay->{stdout}))[0] // {});
    is(run_tool([ 'chain', '-r', $file, '-j' ])->{stdout}, $replay->{stdout}, 'twice the same bytes');
    my $text = run_tool([ 'chain', '-r', $file ])->{stdout};
    like($text, qr{\Acritical path of \d+\.\d+ s, in \d+ parts\n}, 'as text');
    # with more than 20 kinds of parts, as where a disk is slow, by command
    like($text, qr{ sleep(/\d+)? waits in clock_nanosleep$}m, 'a sleep');
    like($text, qr{ sh(/\d+)? runs, until it wakes sh(?(1)/\d+) in recv pipe(?(1):\[\d+\]), empty$}m, 'the pipe');
    like($text, qr{ sh(/\d+)? runs, and the command ends$}m, 'the end');
    unlike(run_tool([ '-r', $file, '-e' ])->{stdout}, qr/^\S+\s+none/m, 'steps are no operations');
};

natively 'what cannot be' => sub {
    my $run = run_tool([ 'chain', '--backend', $backend ]);
    is($run->{status}, 2, 'nothing is traced without a command: exit status');
    like($run->{stderr}, qr/'chain' traces only with COMMAND: no --backend/, 'what is said');
    is(run_tool([ 'chain', '--backend', $backend, '--', 'nosuchcommand' ])->{status}, 127, 'no such command');
};

done_testing();
