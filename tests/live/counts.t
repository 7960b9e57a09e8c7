#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# --counts of pipes and FIFOs: operations, bytes and errors of each object and each process, in one
# session without a filter and one with.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Hooks qw(refused);
use Ipctrace qw(slow need_root need_backends scratch slurp start_tool finish stop started report json_lines summary_of
    object_of scenario run_command);

need_root();
my @ids = qw(copy threads writers eagain wrong-end fifo-data);

for my $backend (need_backends()) {
    subtest "$backend, all" => sub { run($backend) };
    subtest "$backend, a command and what it starts" => sub { run($backend, 'filtered') };
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
        ok(started($path), 'started') or diag(slurp($tool->{err}));
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
        compare($id, $_, object_of($summary, $_->{key}, $_->{mechanism})) for @{ $truth->{objects} };
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
