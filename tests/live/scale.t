#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Many objects: what user space needs for them, that nothing is lost silently, and that it still listens.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;
use Time::HiRes qw(sleep time);

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends tool scratch slurp start_tool run_tool stop finish alive wait_until report summary_of);

need_root();
my ($backend) = need_backends();
my $objects = dirname(tool()) . '/bench/ipc-objects';
plan(skip_all => "$objects is not there: run make bench-tools first") unless -x $objects;

my $pipes = 10_007;

# Their traffic is older than ipctrace, and outlives it: 61 bytes a second on each.
my $crowd = Ipctrace::start(argv => [ $objects, $pipes, 1, 600 ]);
ok(wait_until(60, sub { slurp($crowd->{out}) =~ /ready/ || !alive($crowd) }), "$pipes pipes") or diag(slurp($crowd->{err}));

sub cpu_ns { return (split ' ', slurp("/proc/$_[0]/schedstat"))[0] // 0 }

# CPU time depends on what else runs, and is told; memory does not.
subtest 'memory' => sub {
    my $out = scratch('table');
    my $run = start_tool([ 'pipe', '--backend', $backend, '-i', 1, '--output', $out ]);
    ok(wait_until(60, sub { slurp($out) =~ /active/ }), 'the first figures');
    my ($from_ns, $from) = (cpu_ns($run->{pid}), time());
    sleep(6);
    note(sprintf('%.2f %% of a CPU', 100 * (cpu_ns($run->{pid}) - $from_ns) / 1e9 / (time() - $from)));
    my ($peak_kb) = slurp("/proc/$run->{pid}/status") =~ /VmHWM:\s+(\d+)/;
    cmp_ok($peak_kb, '<=', 32 * 1024, "$peak_kb KiB resident at most");
    like(slurp($out), qr/ (?:\d{5}) active/, 'all are seen');
    stop($run);
    is($run->{status}, 0, 'exit status') or diag($run->{stderr});
};

# A reading takes longer than the interval: signals must come in all the same.
subtest 'always late' => sub {
    my $out = scratch('table');
    my $run = start_tool([ 'pipe', '--backend', $backend, '-i', 0.001, '--output', $out ]);
    ok(wait_until(60, sub { slurp($out) =~ /active.*active/s }), 'figures');
    stop($run);
    ok(!$run->{hung}, 'ends when interrupted');
    is($run->{status}, 0, 'exit status');
};

kill('KILL', $crowd->{pid});
finish($crowd);

# The command tells how often it wrote.
sub counted {
    my ($n, @options) = @_;
    my $report = scratch('report');
    my $run = run_tool([ 'pipe', '-j', '--counts', '-i', 3600, '--backend', $backend, '--output', $report, @options,
        '--', $objects, $n, 1, 1 ], patience => 120);
    is($run->{status}, 0, 'exit status') or diag($run->{stderr});
    my ($truth) = $run->{stdout} =~ /^(\d+)$/m;
    return ($truth, summary_of(report($run, $report)));
}

subtest 'enough room: exact' => sub {
    my ($truth, $summary) = counted(5_003);
    is($truth, 2 * 5_003, 'what was written');
    is($summary->{totals}{pipe}{send}{ops}, $truth, 'sends');
    is($summary->{totals}{pipe}{send}{bytes}, 61 * $truth, 'bytes');
    is($summary->{loss}{map_full}, 0, 'no map is full');
};

# Three pairs of process and object a pipe: the one that opens, the writer, the reader.
subtest 'too little room: told' => sub {
    my ($truth, $summary) = counted(1_009, '--max-edges', 1_511);
    my $missing = $truth - $summary->{totals}{pipe}{send}{ops};
    cmp_ok($missing, '>', 0, "$missing of $truth sends found no room");
    cmp_ok($summary->{loss}{map_full}, '>=', $missing, 'every one is part of the loss');
};
done_testing();
