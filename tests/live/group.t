#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# One call that sends many signals: whom each wakes is counted once, and with that signal.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch run_tool report summary_of);

my $members = 7;
my $command = <<'COMMAND';
    my ($members, $marks) = @ARGV;
    for my $i (1 .. $members) {
        next if my $pid = fork();
        local $SIG{USR1} = sub { exit };
        open(my $mark, '>', "$marks-$i");
        close($mark);
        sleep(1000);
        exit;
    }
    for my $i (1 .. $members) { select(undef, undef, undef, 0.01) until -e "$marks-$i" }
    select(undef, undef, undef, 0.3);
    local $SIG{USR1} = 'IGNORE';
    kill('USR1', -getpgrp()) or die "kill: $!";
    1 while wait() >= 0;
COMMAND

need_root();
for my $backend (need_backends()) {
    for my $view ([], ['--brief']) {
        subtest join(' ', $backend, @$view) => sub { counts_once($backend, @$view) };
    }
}
done_testing();

sub counts_once {
    my ($backend, @view) = @_;
    my $report = scratch('report');
    my $tool = run_tool([ 'signal', '-j', @view, '--backend', $backend, '--output', $report, '--',
        'setsid', $^X, '-e', $command, $members, scratch('mark') ]);
    is($tool->{status}, 0, 'exit status') or diag($tool->{stderr});
    my @objects = grep { $_->{id} =~ /:SIGUSR1\]$/ } @{ summary_of(report(undef, $report))->{objects} };
    my $sent = sub { my $sum = 0; $sum += $_->{send}{ $_[0] } for @objects; return $sum };
    is(scalar @objects, $members + 1, 'a signal for each, the sender among them');
    is($sent->('ops'), $members + 1, 'sent to each once');
    is($sent->('wakes') + $sent->('other_wakes'), $members, 'each sleeper woken once');
    return;
}
