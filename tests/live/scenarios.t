#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Every scenario under every backend: what it says against what ipctrace says.
#   prove tests/live/scenarios.t :: copy merge      only these
use strict;
use warnings;

use File::Basename qw(dirname);
use POSIX ();
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(slow need_root need_backends scratch slurp start_tool run_tool run_command stop finish
    wait_until started report json_lines summary_of object_of scenario);
use Truth qw(as_seen_by differences lost);

need_root();
my @backends = need_backends();
my %wanted = map { $_ => 1 } @ARGV;
my $list = run_command(argv => [ scenario(), '--list' ]);
my %mechs = map { (split)[ 0, 1 ] } split /\n/, $list->{stdout};    # id: what to trace
my @ids = grep { !%wanted || $wanted{$_} } map { (split)[0] } split /\n/, $list->{stdout};

# Misses are told per session: those of this one must not excuse another's.
my %alone = (hammer => 1);

# What no backend can see, and why; said in the manual page.
my %limit = ('held-fifo-open' => 'an open that waited before the start has no descriptor to find its FIFO by');

for my $backend (@backends) {
    my @held  = grep { /^held-/ } @ids;
    my @batch = grep { !/^held-/ && !$alone{$_} } @ids;
    for my $mechs (distinct(@mechs{@batch})) {
        batch($backend, $mechs, grep { $mechs{$_} eq $mechs } @batch);
    }
    batch($backend, $mechs{$_}, $_) for grep { $alone{$_} } @ids;
    for my $id (@held) {
        subtest "$backend: $id" => sub { $limit{$id} ? plan(skip_all => $limit{$id}) : held($backend, $id) };
    }
}
done_testing();

sub distinct {
    my %seen;
    return grep { !$seen{$_}++ } @_;
}

# The scenarios are ipctrace's COMMAND, one after the other in one session: starting it is the
# slow part, and no two of them share an object.
sub batch {
    my ($backend, $mechs, @run) = @_;
    my $report = scratch('report');
    my %truth  = map { $_ => scratch("truth-$_") } @run;
    my $script = join '', map { scenario() . " $_ --truth $truth{$_} 2>$truth{$_}.err; echo \$? >$truth{$_}.status\n" } @run;
    my $run = run_tool([ $mechs, '-j', '-i', 3600, '--backend', $backend, '--output', $report, '--', 'sh', '-c', $script ],
        patience => slow(20 + 5 * @run));
    for my $id (@run) {
        subtest "$backend: $id" => sub {
            my $status = slurp("$truth{$id}.status") || -1;
            my $said   = slurp("$truth{$id}.err") =~ s/\n.*//sr;
            plan(skip_all => $said) if $status == 77;
            is($status + 0, 0, 'exit status of the scenario') or diag($said, $run->{stderr});
            compare($backend, $id, $truth{$id}, $report);
        };
    }
    return;
}

# The state is there before ipctrace is.
sub held {
    my ($backend, $id) = @_;
    my ($truth, $ready, $report) = (scratch('truth'), scratch('ready'), scratch('report'));
    my $scenario = Ipctrace::start(argv => [ scenario(), $id, '--truth', $truth, '--ready', $ready ]);
    wait_until(60, sub { -e $ready || waitpid($scenario->{pid}, POSIX::WNOHANG()) });
    if (!-e $ready) {
        fail('the state could not be brought about');
        return diag(slurp($scenario->{err}));
    }
    my $tool = start_tool([ $mechs{$id}, '-j', '-i', 3600, '--backend', $backend, '--output', $report ]);
    ok(started($report), 'it has started') or diag(slurp($tool->{err}));
    kill('USR1', $scenario->{pid});
    finish($scenario);
    is($scenario->{status}, 0, 'exit status of the scenario') or diag($scenario->{stderr});
    stop($tool);
    is($tool->{status}, 0, 'exit status') or diag($tool->{stderr});
    compare($backend, $id, $truth, $report);
    return;
}

# A session of many scenarios is read once.
my %lines;

sub lines_of {
    my ($report) = @_;
    $lines{$report} //= [ report(undef, $report) ];
    return @{ $lines{$report} };
}

sub compare {
    my ($backend, $id, $truth_path, $report) = @_;
    my ($truth) = json_lines(slurp($truth_path));
    my @lines = lines_of($report);
    my $summary = summary_of(@lines);
    return fail('no summary, or no truth') unless $summary && $truth;
    is($lines[0]{type}, 'start', 'the first line is the start');
    is($lines[-1]{type}, 'summary', 'the last line is the summary');

    my $loss = $summary->{loss};
    my $missed = $loss->{missed} // 0;
    is(lost($loss) - $missed, 0, 'nothing lost') or diag(explain($loss));
    note("$missed missed by the kernel's recursion guard") if $missed;

    my @differences = map { differences(as_seen_by($backend, $_), object_of($summary, $_->{key}, $_->{mechanism}), $backend,
            $truth->{blind}, $missed) }
        @{ $truth->{objects} };
    is(scalar @differences, 0, 'as the scenario says');
    diag($_) for @differences > 12 ? (@differences[ 0 .. 11 ], '…') : @differences;

    my %said = map { $_->{key} => 1 } grep { exists $_->{balance_bytes} } @{ $truth->{objects} };
    my %ours = map { $_->{key} => 1 } @{ $truth->{objects} };
    my @unbalanced = grep { $_->{balance_bytes} && ($ours{ $_->{id} } || $ours{ $_->{name} // '' }) && !$said{ $_->{id} } &&
            !$said{ $_->{name} // '' } } @{ $summary->{objects} };
    is(scalar @unbalanced, 0, 'what went in came out, is inside, or was lost') unless $missed;
    diag("$_->{id}: balance $_->{balance_bytes}") for @unbalanced;
    return;
}
