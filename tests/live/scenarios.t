#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Every scenario under every backend: what it says against what ipctrace says.
#   prove tests/live/scenarios.t :: copy merge      only these
#
# Running them and comparing are two steps, which may be on two machines: an emulated one takes as
# long for the second as for the first (tests/vm/scenarios).
#   IPCTRACE_TEST_RUN=DIR      run only, in as few sessions as can be, and leave in DIR what was said
#   IPCTRACE_TEST_COMPARE=DIR  compare only what is in DIR
#   IPCTRACE_TEST_BRIEF=1      with --brief: what the default view collects, by the programs' way for that
use strict;
use warnings;

use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(slow need_root need_backends scratch slurp start_tool run_command stop finish alive
    wait_until started report json_lines summary_of object_of scenario);
use Hooks qw(refused);
use JsonLine qw(json_decode json_encode json_true json_false);
use Truth qw(as_seen_by differences lost missed_of unequal_sums);

# What no backend can see, and why; said in the manual page.
my %limit = ('held-fifo-open' => 'an open that waited before the start has no descriptor to find its FIFO by');

my $brief = $ENV{IPCTRACE_TEST_BRIEF};
my $only_compare = $ENV{IPCTRACE_TEST_COMPARE};
my $dir = $only_compare // $ENV{IPCTRACE_TEST_RUN} // scratch('ran');
my (%mechs, @ids, %read_so_far);

run_all() unless $only_compare;
exit 0 if $ENV{IPCTRACE_TEST_RUN};
compare_all();
done_testing();

# ---- run ----

# One line a session in DIR/sessions: {backend, report, stderr, ids in their order, ready}
sub run_all {
    need_root();
    my @backends = need_backends();
    # Two files with one inode number are one object: those of a scenario stay until the test ends. A short path, for sockets.
    local @ENV{qw(TMPDIR IPC_SCENARIO_KEEP)} = (tempdir('ipcs-XXXXXX', TMPDIR => 1, CLEANUP => 1), 1);
    my %wanted = map { $_ => 1 } @ARGV;
    my $list = run_command(argv => [ scenario(), '--list' ]);
    %mechs = map { (split)[ 0, 1 ] } split /\n/, $list->{stdout};    # id: what to trace
    # every and held-every, of ten mechanisms at once, are what profiles.t traces in its ways
    @ids = grep { %wanted ? $wanted{$_} : !/^(?:held-)?every$/ } map { (split)[0] } split /\n/, $list->{stdout};
    my @unknown = grep { !exists $mechs{$_} } sort keys %wanted;
    die "no such scenario: @unknown\n" if @unknown;
    mkdir $dir;
    for my $backend (@backends) {
        my @held = grep { /^held-/ && !$limit{$_} } @ids;
        my @batch = grep { !/^held-/ } @ids;
        @batch = ((grep { !/^crowd-/ } @batch), grep {/^crowd-/} @batch);    # their 300 pipes are in every report that follows
        my $together = $ENV{IPCTRACE_TEST_RUN} && @held;
        for my $mechs (distinct(@mechs{@batch})) {
            my @more = grep { $mechs{$_} eq $mechs } @batch;
            next if $together && grep { $mechs{$_} eq $mechs } @held;
            batch($backend, $mechs, @more);
        }
        for my $mechs (distinct(@mechs{@held})) {
            held($backend, $mechs, [ grep { $mechs{$_} eq $mechs } @held ], $together ? grep { $mechs{$_} eq $mechs } @batch : ());
        }
        note_session({ backend => $backend, limited => [ grep { $limit{$_} } @ids ] });
    }
    return;
}

sub distinct {
    my %seen;
    return grep { !$seen{$_}++ } @_;
}

sub note_session {
    my ($session) = @_;
    open(my $f, '>>', "$dir/sessions") or die "$dir/sessions: $!";
    print {$f} json_encode({ %$session, $brief ? (brief => json_true()) : () }), "\n";
    close($f);
    return;
}

# Where a session's files go.
sub begin {
    my ($backend, $name) = @_;
    my $at = ($brief ? 'brief-' : '') . "$backend-" . $name =~ tr/,/+/r;
    mkdir "$dir/$at" or die "$dir/$at: $!";
    return $at;
}

sub start_session {
    my ($at, $backend, $mechs, @more) = @_;
    # and with tables so small that some of many share a place; but of those that are a crowd what a process did would go
    # into the sum of those that have ended, once the table of processes, a quarter as long, is three eighths full
    my @brief = $brief ? ('--brief', '--max-edges', $mechs =~ /fifo/ ? 32768 : 8192) : ();
    return start_tool([ $mechs, '-j', @brief, '-i', 3600, '--backend', $backend, '--output', "$dir/$at/report", @more ]);
}

sub end_session {
    my ($at, $tool, $backend, $why, @run) = @_;
    my $found = $why eq 'signal' ? json_true() : json_false();    # its first report is of the held states
    my ($start) = grep { $_->{type} eq 'start' } eval { json_lines(slurp("$dir/$at/report")) };
    if (!$start) {
        note_session({ backend => $backend, at => $at, stderr => $tool->{stderr}, unstarted => json_true() });
        die $tool->{stderr} if $tool->{stderr} =~ /the scheduler's hooks/;    # which no other session does without
        return;
    }
    note_session({ found => $found, refused => [ refused($start) ], backend => $backend, at => $at, status => $tool->{status}, stderr => $tool->{stderr}, ids => \@run,
        stop => $why });
    return;
}

# After each scenario ipctrace reports what is new (SIGUSR1), so that what the kernel kept from it
# is told for each scenario by itself. False: it has ended.
sub report_now {
    my ($tool, $report) = @_;
    my $reports = reports($report);
    return 0 unless alive($tool);
    kill('USR1', $tool->{pid});
    return wait_until(60, sub { reports($report) > $reports || !alive($tool) });
}

# Lines so far, but for the first, which is the start; a line is written whole or not at all.
# What was read before is not read again: it grows to megabytes.
sub reports {
    my ($report) = @_;
    my $seen = $read_so_far{$report} //= { bytes => 0, lines => -1 };
    open(my $f, '<', $report) or return $seen->{lines};
    seek($f, $seen->{bytes}, 0);
    while (read($f, my $more, 1 << 20)) {
        $seen->{bytes} += length($more);
        $seen->{lines} += $more =~ tr/\n//;
    }
    close($f);
    return $seen->{lines};
}

# A shell would make a process for each look at what says that it may go on, which an emulated machine takes
# a tenth of a second for; system() would make a pipe.
my $one_by_one;
BEGIN {
    $one_by_one = <<'PERL';
my ($scenario, $files, @ids) = @ARGV;
for my $id (@ids) {
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        open(STDERR, '>', "$files/$id.err") or die "$files/$id.err: $!";
        exec($scenario, $id, '--truth', "$files/$id.truth") or die "$scenario: $!";
    }
    waitpid($pid, 0);
    open(my $f, '>', "$files/$id.status") or die "$files/$id.status: $!";
    print {$f} $? & 127 ? 128 + ($? & 127) : $? >> 8, "\n";
    close($f);
    select(undef, undef, undef, 0.01) until -e "$files/$id.go";
}
PERL
}

# The scenarios are ipctrace's COMMAND, one after the other in one session: starting it is the
# slow part, and no two of them share an object.
sub batch {
    my ($backend, $mechs, @run) = @_;
    my $at = begin($backend, $mechs);
    my $files = "$dir/$at";
    my $tool = start_session($at, $backend, $mechs, '--', $^X, '-e', $one_by_one, scenario(), $files, @run);
    for my $id (@run) {
        wait_until(60, sub { -s "$files/$id.status" || !alive($tool) }) && report_now($tool, "$files/report");
        open(my $go, '>', "$files/$id.go") or die "$files/$id.go: $!";
    }
    end_session($at, finish($tool), $backend, 'command', @run);
    return;
}

# The states are there before ipctrace is, all those of the same mechanisms. more: what runs after them in the same
# session, which follows no command. An emulated machine takes longer to start a session than for all that runs in it.
sub held {
    my ($backend, $mechs, $held, @more) = @_;
    my @run = @$held;
    my $at = begin($backend, "held-$mechs");
    my $files = "$dir/$at";
    my %scenario = map {
        $_ => Ipctrace::start(argv => [ scenario(), $_, '--truth', "$files/$_.truth", '--ready', "$files/$_.ready" ])
    } @run;
    for my $id (@run) {
        wait_until(60, sub { -e "$files/$id.ready" || !alive($scenario{$id}) });
    }
    my $tool = start_session($at, $backend, $mechs);
    my $started = started("$files/report", $tool) && report_now($tool, "$files/report");    # what it finds, before anything happens
    for my $id (@run) {
        kill('USR1', $scenario{$id}{pid}) if alive($scenario{$id});
        ended($scenario{$id}, "$files/$id");
        report_now($tool, "$files/report") if $started;
    }
    for my $id ($started ? @more : ()) {
        ended(Ipctrace::start(argv => [ scenario(), $id, '--truth', "$files/$id.truth" ]), "$files/$id");
        report_now($tool, "$files/report") if $started;
    }
    end_session($at, stop($tool), $backend, 'signal', @run, @more);
    return;
}

# Waits for a scenario; how it ended, and what it complained of, stays in FILES.status and FILES.err.
sub ended {
    my ($scenario, $files) = @_;
    finish($scenario);
    spew("$files.status", "$scenario->{status}\n");
    spew("$files.err", $scenario->{stderr});
    return;
}

sub spew {
    my ($path, $text) = @_;
    open(my $f, '>', $path) or die "$path: $!";
    print {$f} $text;
    close($f);
    return;
}

# ---- compare ----

sub compare_all {
    my @sessions = map { json_decode($_) } split /\n/, slurp("$dir/sessions");
    ok(scalar @sessions, 'there were sessions');
    for my $session (@sessions) {
        compare_session($session) if $session->{at};
        for my $id (@{ $session->{limited} // [] }) {
            subtest "$session->{backend}: $id" => sub { plan(skip_all => $limit{$id}) };
        }
    }
    return;
}

sub compare_session {
    my ($session) = @_;
    my ($backend, $files) = ($session->{backend}, "$dir/$session->{at}");
    return fail("$session->{at}: ipctrace starts") || diag($session->{stderr}) if $session->{unstarted};
    my @lines = report(undef, "$files/report");
    my @intervals = grep { $_->{type} eq 'interval' } @lines;
    # an optional program that the kernel refuses costs figures, and no scenario need notice
    is_deeply($session->{refused}, [], "$session->{at}: no program was refused");
    my $found = $session->{found} ? shift @intervals : undef;
    my $i = 0;
    for my $id (@{ $session->{ids} }) {
        my $interval = $intervals[$i++];
        subtest(($session->{brief} ? 'brief, ' : '') . "$backend: $id" => sub {
            my $status = slurp("$files/$id.status");
            my $said   = slurp("$files/$id.err") =~ s/\n.*//sr;
            plan(skip_all => $said) if $status =~ /^77$/;
            is($status =~ s/\n//r, '0', 'exit status of the scenario') or diag($said, $session->{stderr});
            is($session->{status}, 0, 'exit status') if $session->{stop} eq 'signal';
            as_held($session, "$files/$id.ready", $found) if $found && $id =~ /^held-/;
            compare($session, "$files/$id.truth", $interval, @lines);
        });
    }
    return;
}

# [mechanism, backend, path] of what may be null: with --brief also what only more than that asks for.
sub blind_of {
    my ($session, $truth) = @_;
    return map { $session->{brief} && $_->[1] eq 'brief' ? [ $_->[0], $session->{backend}, $_->[2] ] : $_ } @{ $truth->{blind} };
}

# What is found there, before anything happens to it: its internals, where the scenario says them.
sub as_held {
    my ($session, $ready, $found) = @_;
    my ($truth) = json_lines(slurp($ready));
    my $backend = $session->{backend};
    my @blind = blind_of($session, $truth);
    my @differences = map {
        my %state = (key => $_->{key}, mechanism => $_->{mechanism}, internals => $_->{internals});
        differences(\%state, object_of($found, $_->{key}, $_->{mechanism}), $backend, \@blind, missed_of($found, $backend));
    } grep { $_->{internals} } @{ $truth->{objects} };
    is(scalar @differences, 0, 'found as the scenario holds it');
    diag($_) for @differences > 12 ? @differences[ 0 .. 11 ] : @differences;
    return;
}

# figures: the interval of this scenario. What an object did is read off the summary: its state at
# the end is known only there.
sub compare {
    my ($session, $truth_path, $figures, @lines) = @_;
    my ($truth) = json_lines(slurp($truth_path));
    my $backend = $session->{backend};
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
    my @blind = blind_of($session, $truth);
    my @differences = map { differences(@$_, $backend, \@blind, $missed) } @pairs;
    push @differences, unequal_sums(\@pairs, $missed) if $backend eq 'function';
    is(scalar @differences, 0, 'as the scenario says');
    diag($_) for @differences > 12 ? (@differences[ 0 .. 11 ], '…') : @differences;

    # Whatever was not seen to end leaves its bytes out of the balance.
    my @unbalanced = grep { $_->[1] && $_->[1]{balance_bytes} && !exists $_->[0]{balance_bytes} } @pairs;
    my $short = grep { $_ } values %{ $missed->{ended} }, $missed->{either};
    is(scalar @unbalanced, 0, 'what went in came out, is inside, or was lost') unless $short;
    return;
}
