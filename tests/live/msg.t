#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A System V queue between operations: what the last one left, a receive that cut its message among them.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch run_tool report slow);

# The last message is 97 bytes, of which its receiver takes 11 (MSG_NOERROR).
my $command = <<'COMMAND';
    my $queue = msgget(0, 0600) // die "msgget: $!";
    my $text;
    for my $size (7, 13, 97) {
        msgsnd($queue, pack('l! a*', 1, 'x' x $size), 0) or die "msgsnd: $!";
        msgrcv($queue, $text, 11, 0, 010000) or die "msgrcv: $!";
    }
    select(undef, undef, undef, shift);
    msgctl($queue, 0, 0) or die "msgctl: $!";
COMMAND

need_root();
for my $backend (need_backends()) {
    subtest join(' ', $backend, @$_) => sub { is_empty($backend, @$_) } for [], ['--brief'];
}
done_testing();

sub is_empty {
    my ($backend, @view) = @_;
    my $report = scratch('report');
    my $tool = run_tool([ 'msg', '-j', '-i', '0.5', @view, '--backend', $backend, '--output', $report, '--', $^X, '-e', $command, slow(3) ]);
    is($tool->{status}, 0, 'exit status') or diag($tool->{stderr});
    my ($queue) = map { @{ $_->{objects} } } grep { $_->{type} eq 'interval' } report(undef, $report);
    ok($queue, 'an interval has it') or return;
    is_deeply([ $queue->{send}{ops}, $queue->{recv}{ops}, $queue->{send}{bytes}, $queue->{recv}{bytes} ], [ 3, 3, 117, 29 ], 'what went in and came out');
    is_deeply([ @{ $queue->{internals} }{qw(messages bytes)} ], [ 0, 0 ], 'nothing is inside');
    is($queue->{depth}{slots}, 0, 'nor said to be');
    my ($pid) = map { $_->{pid} } @{ $queue->{endpoints} };
    is_deeply([ @{ $queue->{internals} }{qw(last_sender last_receiver)} ], [ $pid, $pid ], 'who did so last');
    return;
}
