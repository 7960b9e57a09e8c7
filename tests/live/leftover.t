#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A scenario that does not come to its end leaves no System V object behind, however it ends.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(scratch slurp finish wait_until alive scenario);

# Of a held scenario, the file of proc that lists its kind of object.
my %lists = ('held-shm' => 'shm', 'held-msg-receivers' => 'msg', 'held-sem' => 'sem');
my %ends = (
    SIGTERM => sub { kill('TERM', $_[0]) },
    SIGINT  => sub { kill('INT', $_[0]) },
    # a child of it is killed: then it goes on, and fails
    'a failure' => sub { kill('KILL', children($_[0])); kill('USR1', $_[0]) },
);
for my $id (sort keys %lists) {
    for my $end (sort keys %ends) {
        subtest "$id: $end" => sub { left($id, $lists{$id}, $end) };
    }
}
done_testing();

sub children { return split ' ', join ' ', map { slurp($_) } glob "/proc/$_[0]/task/*/children" }

sub left {
    my ($id, $list, $end) = @_;
    my $ready = scratch('ready');
    my $run = Ipctrace::start(argv => [ scenario(), $id, '--truth', scratch('truth'), '--ready', $ready ]);
    ok(wait_until(60, sub { -e $ready || !alive($run) }) && -e $ready, 'the state is there') or return;
    my ($object) = slurp($ready) =~ /"key":"$list:\[\d+:(\d+)\]"/;
    ok(exists_now($list, $object), 'and the object');
    $ends{$end}->($run->{pid});
    finish($run);
    isnt($run->{status}, 0, 'it has failed') if $end =~ /failure/;
    # a segment goes with its last attachment: of a child that is killed by the end of its parent
    ok(wait_until(10, sub { !exists_now($list, $object) }), 'nothing is left') or diag("$list $object");
    return;
}

# key id …
sub exists_now { my ($list, $object) = @_; return scalar(grep { /^\s*-?\d+\s+$object\s/ } split /\n/, slurp("/proc/sysvipc/$list")) }
