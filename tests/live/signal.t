#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# One call that sends many signals: whom each wakes is counted once, and with that signal. What a blocked one looks like
# while it is pending, and when nobody takes it.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch run_tool report summary_of slow);

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
        subtest join(' ', $backend, @$view, 'a group') => sub { counts_once($backend, @$view) };
        subtest join(' ', $backend, @$view, 'a blocked one') => sub { is_pending($backend, @$view) };
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

# Two of one kind, of which the second is lost in the first, while it goes on for several intervals.
sub is_pending {
    my ($backend, @view) = @_;
    my $report = scratch('report');
    my $blocked = 'use POSIX; sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGUSR2)); kill("USR2", $$) for 1, 2; select(undef, undef, undef, shift)';
    my $tool = run_tool([ 'signal', '-j', '-i', '0.5', @view, '--backend', $backend, '--output', $report, '--',
        $^X, '-e', $blocked, slow(3) ]);
    is($tool->{status}, 0, 'exit status') or diag($tool->{stderr});
    my @said = map { my $line = $_; map { [ $line->{type}, $_ ] } grep { $_->{id} =~ /:SIGUSR2\]$/ } @{ $line->{objects} } }
        grep { $_->{objects} } report(undef, $report);
    my ($first) = map { $_->[1] } grep { $_->[0] eq 'interval' } @said;
    ok($first, 'an interval has it') or return;
    is_deeply([ $first->{depth}{slots}, @{ $first->{internals} }{qw(pending blocked coalesced found_blocked last_code)} ],
        [ 1, 1, 1, 1, 2, 0 ], 'one is pending, blocked, and another one lost in it');
    is($first->{internals}{seen_pid}, $first->{endpoints}[0]{pid}, 'who sent it');
    return;
}
