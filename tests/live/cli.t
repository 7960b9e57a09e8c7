#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# How ipctrace behaves as a program: exit statuses, signals, time, options, refusals, output.
use strict;
use warnings;

use Fcntl ();
use File::Basename qw(dirname);
use POSIX ();
use Test::More;
use Time::HiRes qw(time sleep);

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch slurp slow tool scenario start_tool run_tool run_command stop
    finish wait_until started report json_lines summary_of object_of short natively);

need_root();
my ($backend) = need_backends();
my $dd_cat = 'dd bs=4096 count=1009 if=/dev/zero 2>/dev/null | cat >/dev/null';

sub one_line_of_complaint {
    my ($run, $pattern, $what) = @_;
    like($run->{stderr}, $pattern, "$what: says why");
    like($run->{stderr}, qr/\Aipctrace: [^\n]*\n(?:ipctrace: [^\n]*\n)?\z/, "$what: in a line or two");
    return;
}

# ---- COMMAND ----

# A file that may be executed; whether it can be, only exec finds out.
sub script {
    my ($text) = @_;
    my $path = scratch('script');
    open(my $out, '>', $path) or die "$path: $!";
    print $out "$text\n";
    close($out);
    chmod(0755, $path);
    return $path;
}

subtest 'exit status of the command' => sub {
    my @cases = ([ 7, 'its own', qw(sh -c), 'exit 7' ]);
    push @cases, (
        [ 0,   'success',     'true' ],
        [ 1,   'failure',     'false' ],
        [ 143, 'a signal',    qw(sh -c), 'kill -TERM $$' ],
        [ 127, 'not found',   'no-such-command-here' ],
        [ 126, 'not allowed', '/etc/passwd' ],
        [ 126, 'a directory', '/' ],
        [ 127, 'no interpreter', script('#!/no/such/interpreter') ],
    ) unless short();
    for my $case (@cases) {
        my ($status, $what, @command) = @$case;
        my $report = scratch('report');
        my $run = run_tool([ 'pipe', '-j', '--output', $report, '--', @command ]);
        is($run->{status}, $status, $what) or diag($run->{stderr});
        if ($status =~ /^12[67]$/) {
            one_line_of_complaint($run, qr/\Aipctrace: \Q$command[0]\E: /, $what);
            ok(!grep({ $_->{type} ne 'start' } json_lines(slurp($report))), "$what: nothing is summed up");
            next;
        }
        my @lines = report($run, $report);
        is($lines[0]{mechanisms}[0]{backend}, $backend, "$what: traced by the best backend") if @lines;
        ok(summary_of(@lines), "$what: a summary");
    }
};

subtest 'Ctrl-C reaches the command, then the summary follows' => sub {
    my $report = scratch('report');
    my $mark = scratch('mark');
    my $run = start_tool([ 'pipe', '-j', '--output', $report, '--', 'sh', '-c',
            "trap 'echo caught >>$mark; exit 9' INT; echo up >>$mark; while :; do sleep 0.05; done" ], own_group => 1);
    ok(wait_until(30, sub { slurp($mark) =~ /up/ }), 'the command runs');
    kill('INT', -$run->{pid});
    finish($run);
    like(slurp($mark), qr/caught/, 'it was told');
    is($run->{status}, 9, 'its status is ours') or diag($run->{stderr});
    ok(summary_of(report($run, $report)), 'a summary');
};

natively 'a signal ends the trace, with a summary' => sub {
    for my $signal (qw(INT TERM)) {
        my $report = scratch('report');
        my $run = start_tool([ 'pipe', '-j', '--output', $report ]);
        ok(started($report, $run), "$signal: started");
        stop($run, $signal);
        is($run->{status}, 0, "$signal: exit status") or diag($run->{stderr});
        ok(summary_of(report($run, $report)), "$signal: a summary");
    }
};

natively 'the output of the command is its own' => sub {
    my $report = scratch('report');
    my $run = run_tool([ 'pipe', '-j', '--output', $report, '--', qw(sh -c), 'echo out; echo err >&2' ]);
    is($run->{stdout}, "out\n", 'standard output');
    like($run->{stderr}, qr/^err$/m, 'standard error');
};

# ---- time ----

natively 'durations, intervals, counts' => sub {
    my $begin = time();
    my $run = run_tool([ 'pipe', '-j', '-d', 0.5 ]);
    my ($summary) = summary_of(report($run));
    is($run->{status}, 0, '-d: exit status');
    cmp_ok(time() - $begin, '>=', 0.5, '-d: not too early');
    cmp_ok($summary->{elapsed_s}, '>=', 0.5, '-d: elapsed');
    cmp_ok($summary->{elapsed_s}, '<', slow(2), '-d: and stopped');

    $run = run_tool([ 'pipe', '-j', '0.2', '3' ]);
    my @lines = report($run);
    is(scalar(grep { $_->{type} eq 'interval' } @lines), 3, 'interval and count: three reports');
    is($lines[-1]{type}, 'summary', 'interval and count: then the summary');

    $run = run_tool([ 'pipe', '-j', '-i', 0.2, '-d', 1.1 ]);
    my $cnt = grep { $_->{type} eq 'interval' } report($run);
    cmp_ok($cnt, '>=', 3, '-i: reports');
    cmp_ok($cnt, '<=', 6, '-i: not more than fit');
};

# ---- what is shown ----

sub scenario_report {
    my ($id, @options) = @_;
    my ($report, $truth) = (scratch('report'), scratch('truth'));
    my $run = run_tool([ 'pipe', '-j', @options, '--output', $report, '--', scenario(), $id, '--truth', $truth ]);
    is($run->{status}, 0, "@options: exit status") or diag($run->{stderr});
    my ($t) = json_lines(slurp($truth));
    return ([ report($run, $report) ], $t->{objects}[0]);
}

natively '-e: a line an operation' => sub {
    my ($lines, $truth) = scenario_report('eagain', '-e');
    my @events = grep { $_->{type} eq 'event' && $_->{object} eq $truth->{key} } @$lines;
    my $summary = summary_of(@$lines);
    return note('some were missed') if $summary->{loss}{missed} || $summary->{loss}{ring_full};
    for my $side (qw(send recv)) {
        my @side = grep { $_->{op} eq $side } @events;
        my @good = grep { $_->{result} > 0 } @side;
        my ($bytes, $last) = (0, 0);
        $bytes += $_->{result} for @good;
        is(scalar @side, $truth->{$side}{ops}, "$side: operations");
        is($bytes, $truth->{$side}{bytes}, "$side: bytes");
        is(scalar(grep { $_->{result} == -11 } @side), $truth->{$side}{errors}{EAGAIN}, "$side: EAGAIN");
    }
    my @times = map { $_->{time_ns} } @events;
    is_deeply(\@times, [ sort { $a <=> $b } @times ], 'in the order of time');
};

natively '-e: who waited, why and how long' => sub {
    my ($lines, $truth) = scenario_report('delayed', '-e');
    my $summary = summary_of(@$lines);
    return note('some were missed') if $summary->{loss}{missed} || $summary->{loss}{ring_full};
    my $o = object_of($summary, $truth->{key}) or return fail('the object');
    my @events = grep { $_->{type} eq 'event' && $_->{object} eq $truth->{key} } @$lines;
    my %of = map { my $op = $_; ($op => [ grep { $_->{op} eq $op } @events ]) } qw(send recv);
    is(scalar @{ $of{recv} }, 7, 'seven receives');
    is(scalar(grep { ($_->{cause} // '') eq 'empty' } @{ $of{recv} }), 7, 'their cause');
    is(scalar(grep { defined $_->{cause} || $_->{wait_ns} } @{ $of{send} }), 0, 'no send waited');
    my $wait_ns = 0;
    $wait_ns += $_->{wait_ns} for @{ $of{recv} };
    is($wait_ns, $o->{recv}{wait_ns}, 'waits add up');
    is(scalar(grep { $_->{latency_ns} < $_->{wait_ns} + 20e6 } @{ $of{recv} }), 0, 'the delay is in the latency');
    is(scalar(grep { $_->{pid} != $o->{endpoints}[0]{pid} } @events), 0, 'one process');
    is(scalar(grep { $_->{tid} != $_->{pid} } @{ $of{send} }), 0, 'its first thread sends');
    is(scalar(grep { $_->{tid} == $_->{pid} } @{ $of{recv} }), 0, 'another one receives');
};

natively '--min-us: what took so long, only' => sub {
    my ($lines, $truth) = scenario_report('delayed', '-e', '--min-us', 20_000);
    my @events = grep { $_->{type} eq 'event' && $_->{object} eq $truth->{key} } @$lines;
    is(scalar(grep { $_->{op} ne 'recv' || $_->{latency_ns} < 20e6 } @events), 0, 'nothing short');
    is(scalar @events, 7, 'every delayed receive') unless summary_of(@$lines)->{loss}{missed};
};

natively '-x: what failed, only' => sub {
    my ($lines, $truth) = scenario_report('eagain', '-e', '-x');
    my @events = grep { $_->{type} eq 'event' && $_->{object} eq $truth->{key} } @$lines;
    is(scalar(grep { $_->{result} >= 0 } @events), 0, 'no success among the events');
    my $failed = $truth->{send}{errors}{EAGAIN} + $truth->{recv}{errors}{EAGAIN};
    is(scalar @events, $failed, 'every failure') unless summary_of(@$lines)->{loss}{missed};
    my $o = object_of(summary_of(@$lines), $truth->{key});
    is($o->{send}{errors}{EAGAIN}, $truth->{send}{errors}{EAGAIN}, 'in the summary, too') if ok($o, 'the object');
};

natively '--counts: operations, bytes, errors' => sub {
    my ($lines, $truth) = scenario_report('eagain', '--counts');
    my $o = object_of(summary_of(@$lines), $truth->{key}) or return fail('the object');
    return note('some were missed') if summary_of(@$lines)->{loss}{missed};
    for my $side (qw(send recv)) {
        is_deeply({ map { $_ => $o->{$side}{$_} } qw(ops bytes errors) },
            { map { $_ => $truth->{$side}{$_} } qw(ops bytes errors) }, $side);
    }
};

natively '-H: distributions' => sub {
    my ($lines, $truth) = scenario_report('wake-reader', '-H');
    my $o = object_of(summary_of(@$lines), $truth->{key}) or return fail('the object');
    return note('some were missed') if summary_of(@$lines)->{loss}{missed};
    for my $side (qw(send recv)) {
        is($o->{$side}{latency_ns}{count}, $truth->{$side}{ops}, "$side: a latency each");
        is($o->{$side}{size_bytes}{count}, $truth->{$side}{ops}, "$side: a size each");
        is($o->{$side}{size_bytes}{sum}, $truth->{$side}{bytes}, "$side: sizes add up to the bytes");
    }
    is_deeply($o->{$_}{size_bytes}{buckets}, [ [ 127, $truth->{$_}{ops} ] ], "$_: 97 bytes each") for qw(send recv);
    is($o->{recv}{wait_hist_ns}{count}, $truth->{recv}{waits}, 'a wait each');
    is($o->{recv}{wait_hist_ns}{sum}, $o->{recv}{wait_ns}, 'waits add up');
    cmp_ok($o->{recv}{latency_ns}{sum}, '>=', $o->{recv}{wait_ns}, 'what waited took at least as long');
    my $run = run_tool([ 'pipe', '-H', '--', scenario(), 'wake-reader', '--truth', '/dev/null' ]);
    like($run->{stdout}, qr/latency/i, 'text: latency');
    like($run->{stdout}, qr/size/i,    'text: size');
};

natively 'columns, order, rows' => sub {
    my $command = "$dd_cat; dd bs=512 count=11 if=/dev/zero 2>/dev/null | cat >/dev/null";
    my $report = scratch('report');
    run_tool([ 'pipe', '-j', '-n', 1, '--output', $report, '--', qw(sh -c), $command ]);
    my $summary = summary_of(json_lines(slurp($report)));
    is(scalar @{ $summary->{objects} }, 1, '-n 1: one object');
    is($summary->{totals}{pipe}{objects}, 2, '-n 1: two in the totals');
    for my $case ([ '-sends', 1009 ], [ '+sends', 11 ]) {
        my ($order, $first) = @$case;
        run_tool([ 'pipe', '-j', '-S', $order, '--output', $report, '--', qw(sh -c), $command ]);
        $summary = summary_of(json_lines(slurp($report)));
        is($summary->{objects}[0]{send}{ops}, $first, "-S $order: the first object") unless $summary->{loss}{missed};
    }
    my $table = run_tool([ 'pipe', '-o', 'object,sends,recvs', '--', qw(sh -c), $command ]);
    like($table->{stdout}, qr/^OBJECT +SENDS +RECVS$/m, '-o: these columns and no other');
    $table = run_tool([ 'pipe', '-o', 'object,merged_writes,pages_reused', '-S', 'new_slots', '-n', 1, '--', qw(sh -c), $command ]);
    like($table->{stdout}, qr/^OBJECT +merged_writes +pages_reused\n\S+ +0 +\S+$/m, "-o: a mechanism's internals");
    my $list = run_tool(['list']);
    is($list->{status}, 0, 'list');
    like($list->{stdout}, qr/\bpipe\b.*\bfifo\b/s, 'list: mechanisms');
    for my $option ('-o', '-S') {
        my $run = run_tool([ 'pipe', $option, 'no-such-column', '-d', 0.1 ]);
        is($run->{status}, 2, "$option no-such-column: usage");
        like($run->{stderr}, qr/no-such-column/, "$option no-such-column: named");
    }
};

# stat(2) tells the device of a layer there, the kernel's inode has that of the overlay.
subtest 'a FIFO on an overlay of two file systems, by its path' => sub {
    my ($dir, $report) = (scratch('overlay'), scratch('report'));
    my $job = 'cat <all/fifo >/dev/null & dd bs=512 count=11 if=/dev/zero of=all/fifo 2>/dev/null; wait';
    my $script = <<"END";
        mkdir $dir && mount -t tmpfs none $dir && cd $dir && mkdir low up all && mount -t tmpfs none low &&
        mkfifo low/fifo && mount -t tmpfs none up && mkdir up/up up/work &&
        mount -t overlay none -o lowerdir=low,upperdir=up/up,workdir=up/work all || exit 99
        stat -c %Hd:%Ld all/fifo; grep -E ' $dir/all ' /proc/self/mountinfo | cut -d' ' -f3
        exec "\$0" fifo -O $dir/all/fifo -j --output $report -- sh -c '$job'
END
    my $run = run_command(argv => [ qw(unshare -m sh -c), $script, tool() ], patience => slow(20));
    plan(skip_all => "no overlay here: $run->{stderr}") if $run->{status} == 99;
    my ($stat, $mount) = split /\n/, $run->{stdout};
    isnt($stat, $mount, 'stat(2) tells another device than the mount has');
    is($run->{status}, 0, 'exit status') or diag($run->{stderr});
    my $summary = summary_of(json_lines(slurp($report)));
    is(scalar @{ $summary->{objects} }, 1, 'it is found');
    is($summary->{objects}[0]{send}{bytes}, 11 * 512, 'and what went through it');
};

subtest 'the path of a FIFO that was open before' => sub {
    my ($fifo, $report) = (scratch('fifo'), scratch('report'));
    POSIX::mkfifo($fifo, 0600) or die;
    sysopen(my $both, $fifo, Fcntl::O_RDWR()) or die;
    run_tool([ 'fifo', '-j', '-d', 0.2, '--include-self', '-O', $fifo, '--output', $report ]);
    my $summary = summary_of(json_lines(slurp($report)));
    is(scalar @{ $summary->{objects} }, 1, 'it is found');
    is($summary->{objects}[0]{name}, $fifo, 'by its path');
};

# ---- refusals ----

natively 'usage errors' => sub {
    for my $args (
        ['--no-such-option'], ['no-such-mechanism'], [qw(pipe -i 0)], [qw(pipe -i -1)], [qw(pipe -i nan)],
        [qw(pipe 0)], [qw(pipe -d x)], [qw(pipe -p 0)], [qw(pipe -p abc)], [qw(pipe -p 99999999)],
        [qw(pipe -n 0)], [qw(pipe --backend none)], [qw(pipe --)],
    ) {
        my $run = run_tool($args, patience => 5);
        is($run->{status}, 2, "@$args") or diag($run->{stderr});
        like($run->{stderr}, qr/\Aipctrace: /, "@$args: says why");
        is($run->{stdout}, '', "@$args: nothing on standard output");
    }
};

natively 'a process that is not there' => sub {
    my $run = run_tool([ qw(pipe -p 4194301 -d 0.1) ]);
    ok($run->{status} == 1 || $run->{status} == 2, 'refused');
    one_line_of_complaint($run, qr/4194301/, 'it');
};

natively 'objects that are not there' => sub {
    for my $case ([ pipe => 'pipe:[1]' ], [ msg => 'msg:2147483' ], [ unix => 'unix:[1]' ]) {
        my ($mechanism, $object) = @$case;
        my $run = run_tool([ $mechanism, '-O', $object, '-d', 0.1 ]);
        is($run->{status}, 0, "$object: it may come");
        is($run->{stderr}, "ipctrace: $object: no such object now; waiting for it\n", "$object: says so");
    }
    pipe(my $read, my $write) or die;
    my $id = readlink('/proc/self/fd/' . fileno($read));
    my $run = run_tool([ 'pipe', '-O', $id, '-d', 0.1 ]);
    is($run->{stderr}, '', 'not of one that is there');
    close($write);
};

natively 'rings that are not there' => sub {
    for my $target ('pipe:[4294967290]', '4194301:0', "$$:9999", '/etc/passwd', '/no/such/fifo', 'nonsense') {
        my $run = run_tool([ 'ring', $target, '-1' ]);
        ok($run->{status} == 1 || $run->{status} == 2, "$target: refused") or diag($run->{status});
        like($run->{stderr}, qr/\Aipctrace: [^\n]+\n/, "$target: says why");
        is($run->{signal}, 0, "$target: no crash");
    }
};

natively 'what needs no tracing' => sub {
    for my $args ([qw(--help)], [qw(--version)], [qw(list)], [qw(--man)], [qw(--completion bash)], [qw(doctor)]) {
        my $run = run_tool($args);
        is($run->{status}, 0, "@$args") or diag($run->{stderr});
        isnt($run->{stdout}, '', "@$args: says something");
    }
};

# ---- output that cannot be written ----

subtest 'what ipctrace itself costs' => sub {
    my $file = scratch('self');
    my $run = run_command(argv => [ tool(), qw(pipe --self -j --output), $file, '--', 'sh', '-c', 'seq 20011 | cat >/dev/null' ]);
    is($run->{status}, 0, 'with --self');
    my ($summary) = grep { $_->{type} eq 'summary' } json_lines(slurp($file));
    my $self = $summary->{self};
    my $ops = $summary->{totals}{pipe}{send}{ops} + $summary->{totals}{pipe}{recv}{ops};
    cmp_ok($ops, '>', 0, 'operations were seen');
    cmp_ok($self->{runs}, '>=', $ops, 'each of them ran a program');
    cmp_ok($self->{run_ns}, '>', 0, 'that took time');
    cmp_ok($self->{cpu_ns}, '>', 0, 'the process did, too');
    cmp_ok($self->{map_bytes}, '>', 1 << 20, 'maps take memory');
};

subtest 'closed pipe' => sub {
    my $begin = time();
    my $err = scratch('err');
    my $run = run_command(argv => [ qw(sh -c), tool() . " pipe -j -i 0.1 2>$err | head -n 1" ]);
    ok(!$run->{hung}, 'ends');
    like($run->{stdout}, qr/\A\{"type":/, 'the first line came through');
    is(slurp($err), '', 'quietly');
};

natively 'closed from the beginning' => sub {
    for my $case ([ 0, 0, 'standard input' ], [ 1, 1, 'standard output' ], [ 2, 0, 'standard error' ]) {
        my ($fd, $status, $what) = @$case;
        my $run = run_tool([ qw(pipe -j -d 0.1) ], before => sub { POSIX::close($fd) });
        is($run->{status}, $status, "$what: exit status") or diag($run->{stderr});
        one_line_of_complaint($run, qr/bad file descriptor/i, $what) if $fd == 1;
        ok(summary_of(report($run)), "$what: a summary") if $fd != 1;
    }
};

subtest 'full disk' => sub {
    my @cases = ([ 'standard output', [], '/dev/full' ]);
    push @cases, [ '--output', [ '--output', '/dev/full' ], undef ] unless short();
    for my $case (@cases) {
        my ($what, $args, $out) = @$case;
        my $run = run_tool([ 'pipe', '-j', '-i', 0.1, '-d', 20, @$args ], out => $out);
        ok(!$run->{hung}, "$what: ends");
        is($run->{status}, 1, "$what: exit status");
        one_line_of_complaint($run, qr/no space/i, $what);
    }
};

natively 'no such directory' => sub {
    my $run = run_tool([ qw(pipe -j -d 0.1 --output /no/such/directory/file) ]);
    is($run->{status}, 1, 'exit status');
    one_line_of_complaint($run, qr/no such/i, 'it');
};

done_testing();
