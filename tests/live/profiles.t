#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What every mechanism but pipes shows under each profile and filter: one scenario, watched by many
# at once, each of whom must see its part of one and the same truth.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Hooks qw(refused);
use Ipctrace qw(slow need_root need_backends scratch slurp start_tool finish alive stop wait_until started report
    json_lines summary_of object_of scenario short);

need_root();
my @backends = need_backends();
my @mechanisms = qw(eventfd mq msg sem shm futex unix inet mmap signal);    # in the order of the scenario's objects
my %no_data = map { $_ => 1 } qw(shm mmap);    # data passes without any operation
my $all = join ',', @mechanisms;
my $late_ns = 40e6;    # the last receive of each waits so long, where there are any

# What each watcher is asked for, and what its report must hold; a list, since no two are alike.
# sides: whose operations are whole; the others may be more than those that are asked for.
my @profiles = (
    { what => '--counts',    options => ['--counts'], check => \&counts },
    { what => '-e',          options => ['-e'],       check => \&events },
    { what => '-x -e',       options => [qw(-x -e)],  check => \&failures },
    { what => '--min-us -e', options => [ qw(-e --min-us), $late_ns / 2e3 ], check => \&long_events },
);
my @filters = (
    { what => '-p, the sender',      options => sub { ('-p', $_[0]) }, sides => ['send'] },
    { what => '--dst, the receiver', options => sub { ('--dst', 'comm=every-receiver') }, sides => ['recv'] },
    { what => '--src, the receiver', options => sub { ('--src', 'comm=every-receiver') }, absent => [qw(msg sem futex signal)] },
);

for my $backend (@backends) {
    subtest $backend => sub { run($backend) };
}
done_testing();

sub run {
    my ($backend) = @_;
    my ($truth_path, $ready) = (scratch('truth'), scratch('ready'));
    my $scenario = Ipctrace::start(argv => [ scenario(), 'held-every', '--truth', $truth_path, '--ready', $ready ]);
    return fail('the state could not be brought about') || diag(slurp($scenario->{err}))
        unless wait_until(60, sub { -e $ready || !alive($scenario) }) && -e $ready;
    my ($held) = json_lines(slurp($ready));
    my ($sender) = $scenario->{pid};
    my ($receiver) = $held->{objects}[-1]{key} =~ /^signal:\[(\d+):/;
    my @watchers = short() ? @profiles[ 0 .. 1 ] : @profiles;
    push @watchers, map { { %$_, options => [ $_->{options}->($sender, $receiver) ], check => \&filtered } } @filters unless short();
    push @watchers, map { one_object($_) } @{ $held->{objects} } unless short();
    for my $w (@watchers) {
        $w->{report} = scratch('report');
        $w->{tool} = start_tool([ $w->{mechanisms} // $all, '-j', '-i', 3600, '--backend', $backend, @{ $w->{options} }, '--output', $w->{report} ]);
        ok(started($w->{report}, $w->{tool}), "$w->{what}: started") or diag(slurp($w->{tool}{err}));
    }
    kill('USR1', $scenario->{pid});
    finish($scenario);
    is($scenario->{status}, 0, 'exit status of the scenario') or diag($scenario->{stderr});
    my ($truth) = json_lines(slurp($truth_path));
    for my $w (@watchers) {
        stop($w->{tool});
        subtest $w->{what} => sub {
            my @lines = report(undef, $w->{report});
            my $summary = summary_of(@lines) or return fail('a summary') || diag($w->{tool}{stderr});
            is_deeply([ refused($lines[0]) ], [], 'no program was refused');
            return note('some were missed') if $summary->{loss}{missed} || $summary->{loss}{ring_full};
            $w->{check}->($w, $truth, \@lines, $summary);
        };
    }
    return;
}

sub one_object {
    my ($o) = @_;
    return { what => "-O $o->{key}", mechanisms => $o->{mechanism}, options => [ '-O', $o->{key} ], check => \&alone, object => $o->{key} };
}

# The sides of which the truth knows all operations; opens are others' too: a watcher that looks a queue's name up opens it.
sub known_sides { return grep { my $s = $_[0]{$_}; $s && defined $s->{ops} && !ref($s->{ops}) } qw(send recv) }

# Three figures that every profile has. The kernel's own name for an interruption is not among these errors.
sub figures { return { ops => $_[0]{ops} // 0, bytes => $_[0]{bytes} // 0, errors => $_[0]{errors} // {} } }

sub same_side {
    my ($truth, $o, $side) = @_;
    return is_deeply(figures($o->{$side}), figures($truth->{$side}), "$truth->{mechanism}: $side");
}

# What was made before the start has no open to be seen.
sub each_object {
    my ($truth, $summary, $code) = @_;
    for my $t (@{ $truth->{objects} }) {
        my $o = object_of($summary, $t->{key}, $t->{mechanism});
        $code->($t, $o);
    }
    return;
}

sub counts {
    my ($w, $truth, $lines, $summary) = @_;
    each_object($truth, $summary, sub {
        my ($t, $o) = @_;
        return fail("$t->{mechanism} is in the report") unless $o;
        same_side($t, $o, $_) for known_sides($t);
    });
    return;
}

sub whole {
    my ($w, $truth, $lines, $summary) = @_;
    counts(@_);
    each_object($truth, $summary, sub {
        my ($t, $o) = @_;
        return unless $o && defined $t->{recv}{waits};
        is($o->{recv}{waits}, $t->{recv}{waits}, "$t->{mechanism}: the late receive has waited");
        cmp_ok($o->{recv}{wait_ns}, '>=', 0.9 * $late_ns, "$t->{mechanism}: and how long");
    });
    return;
}

sub events_of {
    my ($lines, $t, $op) = @_;
    return grep { $_->{type} eq 'event' && $_->{object} eq $t->{id} && $_->{op} eq $op } @$lines;
}

sub sum_of {
    my ($sum, @values) = (0, @_);
    $sum += $_ for @values;
    return $sum;
}

# Each operation a line, with its bytes or its error.
sub events {
    my ($w, $truth, $lines, $summary) = @_;
    whole(@_);
    each_object($truth, $summary, sub {
        my ($t, $o) = @_;
        return unless $o;
        for my $side (known_sides($t)) {
            my @events = events_of($lines, $o, $side);
            is(scalar @events, $t->{$side}{ops}, "$t->{mechanism}: $side, events");
            is(scalar(grep { $_->{result} < 0 } @events), sum_of(values %{ $t->{$side}{errors} }), "$t->{mechanism}: $side, failed");
            is(sum_of(map { $_->{result} } grep { $_->{result} > 0 } @events), $t->{$side}{bytes}, "$t->{mechanism}: $side, bytes")
                if $t->{$side}{bytes};
            is(scalar(grep { ($_->{wait_ns} // 0) >= 0.9 * $late_ns } @events), 1, "$t->{mechanism}: one has waited long")
                if $side eq 'recv' && !$no_data{ $t->{mechanism} };
        }
    });
    my @times = map { $_->{time_ns} } grep { $_->{type} eq 'event' } @$lines;
    ok(!(grep { $times[$_] < $times[ $_ - 1 ] - 1e6 } 1 .. $#times), 'in the order of time, but for what runs at the same');
    return;
}

# Nothing but what failed: operations and errors are one number.
sub failures {
    my ($w, $truth, $lines, $summary) = @_;
    is(scalar(grep { $_->{type} eq 'event' && $_->{result} >= 0 } @$lines), 0, 'no success among the events');
    each_object($truth, $summary, sub {
        my ($t, $o) = @_;
        for my $side (known_sides($t)) {
            my $failed = sum_of(values %{ $t->{$side}{errors} });
            my $got = $o ? $o->{$side} : { ops => 0, bytes => 0, errors => {} };
            is_deeply(figures($got), { ops => $failed, bytes => 0, errors => $t->{$side}{errors} }, "$t->{mechanism}: $side");
            is(scalar(events_of($lines, $o, $side)), $failed, "$t->{mechanism}: $side, events") if $o;
        }
    });
    return;
}

# On a busy machine others take long, too: what is told has taken so long, and the late one is told.
sub long_events {
    my ($w, $truth, $lines, $summary) = @_;
    my @events = grep { $_->{type} eq 'event' } @$lines;
    is(scalar(grep { $_->{latency_ns} < $late_ns / 2 } @events), 0, 'nothing short');
    each_object($truth, $summary, sub {
        my ($t, $o) = @_;
        return if $no_data{ $t->{mechanism} };
        return fail("$t->{mechanism} is in the report") unless $o;
        my @late = grep { ($_->{wait_ns} // 0) >= 0.9 * $late_ns } events_of($lines, $o, 'recv');
        is(scalar @late, 1, "$t->{mechanism}: the late receive");
        is($late[0]{result} < 0 ? 0 : 1, 1, "$t->{mechanism}: which did not fail") if @late;
        is($o->{recv}{ops}, scalar(events_of($lines, $o, 'recv')), "$t->{mechanism}: the summary has no others");
    });
    return;
}

# The side that is asked for, whole; or, where nobody on that side is asked for, no object at all.
sub filtered {
    my ($w, $truth, $lines, $summary) = @_;
    my %absent = map { $_ => 1 } @{ $w->{absent} // [] };
    each_object($truth, $summary, sub {
        my ($t, $o) = @_;
        return is($o, undef, "$t->{mechanism}: not that side") if $absent{ $t->{mechanism} };
        return if $w->{absent} || $no_data{ $t->{mechanism} };
        return fail("$t->{mechanism} is in the report") unless $o;
        same_side($t, $o, $_) for @{ $w->{sides} };
    });
    return;
}

sub alone {
    my ($w, $truth, $lines, $summary) = @_;
    my ($t) = grep { $_->{key} eq $w->{object} } @{ $truth->{objects} };
    my $o = object_of($summary, $t->{key});
    return fail('it is in the report') unless $o;
    is(scalar @{ $summary->{objects} }, 1, 'and nothing else');
    same_side($t, $o, $_) for known_sides($t);
    return;
}
