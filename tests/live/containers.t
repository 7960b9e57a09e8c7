#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Containers and units: a process in a cgroup of Docker's form is found by the container's id, shown
# with it, and taken together with others of it. Which paths mean what is in tests/unit/place_test.c.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch slurp run_tool run_command start_tool stop started wait_until alive
    json_lines report summary_of natively);

need_root();
my ($backend) = need_backends();
my ($mount) = map { (split)[1] } grep { (split)[2] eq 'cgroup2' } split(/\n/, slurp('/proc/self/mounts'));
plan(skip_all => 'no cgroup2 file system is mounted') unless $mount;
my $id = '5c0ffee' . '0123456789abcdef' x 3 . 'abcdef012';
my $slice = "$mount/ipctrace$$.slice";
my $scope = "$slice/docker-$id.scope";
plan(skip_all => 'no cgroup can be made here') unless mkdir($slice) && mkdir($scope);

END {
    my $status = $?;
    wait_until(5, sub { rmdir($scope) || !-d $scope }) if $scope;
    rmdir($slice) if $slice;
    $? = $status;
}

# Both ends are put into the cgroup before they move anything; the ones outside do the same.
my $work = 'for i in 1 2 3 4 5 6 7 8 9 10 11; do echo word; done | cat >/dev/null';
my $both = "sh -c 'echo \$\$ >$scope/cgroup.procs; exec sh -c \"$work\"'; sh -c '$work'";

# The pipes that words went through, with their endpoints.
sub pipes {
    my ($summary) = @_;
    return grep { ($_->{send}{bytes} // 0) == 55 } @{ $summary->{objects} };
}

sub traced {
    my ($script, @options) = @_;
    my $file = scratch('report');
    my $tool = start_tool([ 'pipe', '-j', '--backend', $backend, '--output', $file, @options ]);
    started($file, $tool) or diag('did not start');
    run_command(argv => [ 'sh', '-c', $script ]);
    my $run = stop($tool);
    is($run->{status}, 0, "@options: exit status") or diag($run->{stderr});
    return summary_of(report($run, $file));
}

subtest 'a container as a filter, live' => sub {
    my @seen = pipes(traced($both, '--container', '5c0ffee'));
    is(scalar @seen, 1, 'one of the two pipes');
    my ($sender) = grep { $_->{role} eq 'send' && $_->{send}{bytes} } @{ $seen[0]{endpoints} };
    is($sender->{container}, $id, 'its sender is in the container');
    is($sender->{unit}, "docker-$id.scope", 'in its unit');
    is($sender->{cgroup}, "/ipctrace$$.slice/docker-$id.scope", 'and cgroup');
    is(scalar(pipes(traced($both, '--unit', "docker-$id.scope"))), 1, 'the unit finds the same');
};

# It waits for what comes from outside.
natively 'one side, live' => sub {
    my $into = "(sleep 0.3; for i in 1 2 3 4 5 6 7 8 9 10 11; do echo word; done) | "
        . "sh -c 'echo \$\$ >$scope/cgroup.procs; exec cat >/dev/null'";
    for my $case ([ '--dst', 1, 'who receives is in the container' ], [ '--src', 0, 'who sends is not' ]) {
        my @seen = grep { ($_->{recv}{bytes} // 0) == 55 } @{ traced($into, $case->[0], 'container=5c0ffee')->{objects} };
        is(scalar @seen, $case->[1], "$case->[0]: $case->[2]");
    }
};

natively 'of a recording: filter, column, group' => sub {
    my $file = scratch('recording');
    my $run = run_tool([ 'pipe', '-w', $file, '--backend', $backend, '--', 'sh', '-c', $both ]);
    is($run->{status}, 0, 'recorded') or diag($run->{stderr});
    is(scalar(pipes(summary_of(json_lines(run_tool([ '-r', $file, '-j' ])->{stdout})))), 2, 'both pipes are in it');
    my @of_it = map { summary_of(json_lines(run_tool([ '-r', $file, '-j', @$_ ])->{stdout})) }
        [ '--container', '5c0ffee' ], [ '--dst', "container=$id" ], [ '--unit', "docker-$id.scope" ],
        [ '--cgroup', "ipctrace$$.slice" ], [ '--container', '6' ];
    is(join(' ', map { scalar pipes($_) } @of_it), '1 1 1 1 0', 'filters by container, unit and cgroup; of another none');
    my $table = run_tool([ '-r', $file, '-o', 'object,container-w,unit-r' ])->{stdout};
    like($table, qr/pipe:\[\d+\] +$id +docker-$id\.scope/, 'columns');
    my ($graph) = json_lines(run_tool([ 'graph', '-r', $file, '--by', 'container', '-j' ])->{stdout});
    my ($actor) = grep { ($_->{name} // '') eq $id } @{ $graph->{actors} };
    my @sent = grep { $_->{actor} eq $actor->{node} && $_->{way} eq 'send' } @{ $graph->{edges} };
    my $bytes = 0;
    $bytes += $_->{bytes} for @sent;
    is($bytes, 55, 'a group in the graph');
};

natively 'what is not there' => sub {
    my $run = run_tool([ 'pipe', '--container', 'ffff', '-d', '1' ]);
    is($run->{status}, 1, 'no such container: exit status');
    like($run->{stderr}, qr/container ffff: not found/, 'is said');
    my $other = $id;
    $other =~ s/2\z/3/;
    my $twin = "$slice/docker-$other.scope";
    mkdir $twin or return fail("$twin: $!");
    like(run_tool([ 'pipe', '--container', '5c0f', '-d', '1' ])->{stderr}, qr/several begin so/, 'two of one beginning');
    rmdir $twin;
    like(run_tool([ 'pipe', '--container', 'x', '-c', '/', '-d', '1' ])->{stderr}, qr/only one of them/, 'nor two places');
};

done_testing();
