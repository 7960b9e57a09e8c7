#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Every scenario under every backend: what it says against what ipctrace says.
#   prove tests/live/scenarios.t :: copy merge      only these
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(slow need_root need_backends scratch slurp start_tool run_command stop finish alive
    wait_until started report json_lines summary_of object_of scenario);
use Truth qw(as_seen_by differences lost missed_of unequal_sums);

need_root();
my @backends = need_backends();
my %wanted = map { $_ => 1 } @ARGV;
my $list = run_command(argv => [ scenario(), '--list' ]);
my %mechs = map { (split)[ 0, 1 ] } split /\n/, $list->{stdout};    # id: what to trace
my @ids = grep { !%wanted || $wanted{$_} } map { (split)[0] } split /\n/, $list->{stdout};

# What no backend can see, and why; said in the manual page.
my %limit = ('held-fifo-open' => 'an open that waited before the start has no descriptor to find its FIFO by');

for my $backend (@backends) {
    my @held  = grep { /^held-/ } @ids;
    my @batch = grep { !/^held-/ } @ids;
    for my $mechs (distinct(@mechs{@batch})) {
        batch($backend, $mechs, grep { $mechs{$_} eq $mechs } @batch);
    }
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
# slow part, and no two of them share an object. After each one ipctrace reports what is new
# (SIGUSR1), so that what the kernel kept from it is told for each scenario by itself.
sub batch {
    my ($backend, $mechs, @run) = @_;
    my ($report, $dir) = (scratch('report'), scratch('batch'));
    mkdir $dir or die "$dir: $!";
    my $script = join '', map {
        my $scenario = scenario();
        "$scenario $_ --truth $dir/$_.truth 2>$dir/$_.err; echo \$? >$dir/$_.status; until [ -e $dir/$_.go ]; do sleep 0.02; done\n"
    } @run;
    my $tool = start_tool([ $mechs, '-j', '-i', 3600, '--backend', $backend, '--output', $report, '--', 'sh', '-c', $script ]);
    my $reports = 0;
    for my $id (@run) {
        my $there = wait_until(60, sub { -s "$dir/$id.status" || !alive($tool) }) && alive($tool);
        kill('USR1', $tool->{pid}) if $there;
        $reports++ if $there && wait_until(20, sub { reports($report) > $reports || !alive($tool) });
        open(my $go, '>', "$dir/$id.go") or die "$dir/$id.go: $!";
    }
    finish($tool);
    my @lines = report(undef, $report);
    my @intervals = grep { $_->{type} eq 'interval' } @lines;
    for my $i (0 .. $#run) {
        my $id = $run[$i];
        subtest "$backend: $id" => sub {
            my $status = slurp("$dir/$id.status");
            my $said   = slurp("$dir/$id.err") =~ s/\n.*//sr;
            plan(skip_all => $said) if $status =~ /^77$/;
            is($status =~ s/\n//r, '0', 'exit status of the scenario') or diag($said, $tool->{stderr});
            compare($backend, "$dir/$id.truth", $intervals[$i], @lines);
        };
    }
    return;
}

# Lines so far, but for the first, which is the start; a line is written whole or not at all.
sub reports {
    my ($report) = @_;
    my $n = () = slurp($report) =~ /\n/g;
    return $n - 1;
}

# The state is there before ipctrace is.
sub held {
    my ($backend, $id) = @_;
    my ($truth, $ready, $report) = (scratch('truth'), scratch('ready'), scratch('report'));
    my $scenario = Ipctrace::start(argv => [ scenario(), $id, '--truth', $truth, '--ready', $ready ]);
    wait_until(60, sub { -e $ready || !alive($scenario) });
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
    my @lines = report(undef, $report);
    compare($backend, $truth, summary_of(@lines), @lines);
    return;
}

# figures: the interval of this scenario, or the summary when it had the session to itself. What
# an object did is read off the summary: its state at the end is known only there.
sub compare {
    my ($backend, $truth_path, $figures, @lines) = @_;
    my ($truth) = json_lines(slurp($truth_path));
    my $summary = summary_of(@lines);
    return fail('no report, no summary, or no truth') unless $figures && $summary && $truth;
    is($lines[0]{type}, 'start', 'the first line is the start');
    is($lines[-1]{type}, 'summary', 'the last line is the summary');

    my %loss = %{ $figures->{loss} };
    my $missed = missed_of($figures, $backend);
    delete $loss{missed};
    is(lost(\%loss), 0, 'nothing lost') or diag(explain(\%loss));
    note("missed: $missed->{all}, by operation " . join(' ', %{ $missed->{ended} }) . " either $missed->{either}, entries " . join(' ', %{ $missed->{begun} }))
        if $missed->{all};

    my @pairs = map { [ as_seen_by($backend, $_), object_of($summary, $_->{key}, $_->{mechanism}) ] } @{ $truth->{objects} };
    my @differences = map { differences(@$_, $backend, $truth->{blind}, $missed) } @pairs;
    push @differences, unequal_sums(\@pairs, $missed) if $backend eq 'function';
    is(scalar @differences, 0, 'as the scenario says');
    diag($_) for @differences > 12 ? (@differences[ 0 .. 11 ], '…') : @differences;

    # Whatever was not seen to end leaves its bytes out of the balance.
    my @unbalanced = grep { $_->[1] && $_->[1]{balance_bytes} && !exists $_->[0]{balance_bytes} } @pairs;
    my $short = grep { $_ } values %{ $missed->{ended} }, $missed->{either};
    is(scalar @unbalanced, 0, 'what went in came out, is inside, or was lost') unless $short;
    return;
}
