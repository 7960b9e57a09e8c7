#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `ipctrace graph`: a real pipeline as a graph whose figures are the truth, which Graphviz accepts,
# which a recording gives again. What is merged and how is in tests/unit/graph_test.c.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch slurp run_tool run_command json_lines have natively);

need_root();
my ($backend) = need_backends();
# head has read all when it ends, and does not sleep for an end of file: the wakeup that ends such a sleep is given by a
# close, which is no operation where closes are not seen.
my $shell = 'dd bs=4096 count=1009 if=/dev/zero 2>/dev/null | head -c 4132864 >/dev/null; exit 7';
my @command = ('--backend', $backend, '--', 'sh', '-c', $shell);

# The edge of the command of this name.
sub edge_of {
    my ($graph, $name, $way) = @_;
    my ($actor) = grep { ($_->{name} // '') eq $name } @{ $graph->{actors} };
    my ($edge) = grep { $_->{actor} eq $actor->{node} && $_->{way} eq $way } @{ $graph->{edges} } if $actor;
    return $edge;
}

my $dot = scratch('dot');
subtest 'a pipeline as JSON' => sub {
    my $run = run_tool([ 'graph', 'pipe', '-j', @command ]);
    is($run->{status}, 7, q(the command's own status)) or diag($run->{stderr});
    my @lines = json_lines($run->{stdout});
    is(scalar @lines, 1, 'one line');
    my ($graph) = @lines;
    is($graph->{type}, 'graph', 'a graph');
    my ($sent, $received) = (edge_of($graph, 'dd', 'send'), edge_of($graph, 'head', 'recv'));
    return fail('dd and head are in it') unless $sent && $received;
    is($sent->{object}, $received->{object}, 'dd and head meet in one object');
    if ($graph->{loss}{missed}) { note("missed $graph->{loss}{missed}") } else {
        is($sent->{ops}, 1009, 'sends');
        is($sent->{bytes}, 4_132_864, 'bytes in');
        is($received->{bytes}, 4_132_864, 'bytes out');
    }
    my %nodes = map { $_->{node} => 1 } @{ $graph->{actors} }, @{ $graph->{objects} };
    is(scalar(grep { !$nodes{ $_->{actor} } || !$nodes{ $_->{object} } } @{ $graph->{edges} }), 0, 'edges end at nodes');
    my $woken = 0;
    $woken += $_->{wakes} for grep { $_->{kind} eq 'task' } @{ $graph->{wakeups} };
    my $given = 0;
    $given += $_->{wakes} // 0 for @{ $graph->{edges} };
    is($woken, $given, 'wakeups by pairs are as many as were given') unless $graph->{loss}{missed};
};

natively 'Graphviz draws it' => sub {
    plan(skip_all => 'graphviz is not installed') unless have('dot');
    my $run = run_tool([ 'graph', 'pipe', '--output', $dot, @command ]);
    is($run->{status}, 7, 'exit status');
    my $drawn = run_command(argv => [ 'dot', '-Tplain', $dot ]);
    is($drawn->{status}, 0, 'dot accepts it') or diag($drawn->{stderr});
    is($drawn->{stderr}, '', 'without a word');
    like($drawn->{stdout}, qr/^node .*\bdd\b/m, 'dd is a node');
    my $svg = scratch('svg');
    $run = run_tool([ 'graph', 'pipe', '--format', 'svg', '--output', $svg, @command ]);
    is($run->{status}, 7, 'exit status of the SVG');
    like(slurp($svg), qr{<svg .*>dd<.*</svg>\s*\z}s, 'it is one, and whole');
};

natively 'a recording as a graph, twice the same' => sub {
    my $file = scratch('recording');
    run_tool([ 'pipe', '-w', $file, @command ]);
    my $run = run_tool([ 'graph', '-r', $file, '--by', 'command', '-j' ]);
    is($run->{status}, 0, 'exit status') or diag($run->{stderr});
    my ($graph) = json_lines($run->{stdout});
    my $sent = edge_of($graph, 'dd', 'send') or return fail('dd is in it');
    is($sent->{bytes}, 4_132_864, 'bytes in') unless $graph->{loss}{missed};
    is(run_tool([ 'graph', '-r', $file, '--by', 'command', '-j' ])->{stdout}, $run->{stdout}, 'the same bytes');
    like(run_tool([ 'graph', '-r', $file, '--weight', 'wakes' ])->{stdout}, qr/label="wakes \d+"/, 'arcs of wakeups');
};

natively 'what cannot be' => sub {
    my $run = run_tool([ 'graph', '--format', 'svg', '-d', '1' ], before => sub { $ENV{PATH} = '/nowhere' });
    is($run->{status}, 1, 'no Graphviz: exit status');
    like($run->{stderr}, qr/dot, of Graphviz.*install graphviz/, 'said before anything is traced');
    is(run_tool([ 'graph', '-e' ])->{status}, 2, 'no events of a graph');
    is(run_tool([ 'graph', '--by', 'colour' ])->{status}, 2, 'no such grouping');
};

done_testing();
