#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# More objects and processes come and go than there is room for: room is given back, and nothing is lost.
use strict;
use warnings;

use File::Basename qw(dirname);
use List::Util qw(sum0);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch run_tool json_lines slurp summary_of slow);

need_root();

my ($pipes, $rate, $children) = (1511, 150, 101);

# N pipes, one after the other, 11 bytes through each; on one pipe that stays, 7 bytes at the start, 13 from each of
# the children that come and go meanwhile, and all is read at the end. What is still there is known by then.
my $come_and_go = <<'PERL';
use Time::HiRes qw(sleep time);
my ($pipes, $rate, $children, $quiet) = @ARGV;
pipe(my $last_out, my $last_in) or die;
syswrite($last_in, 'a' x 7) == 7 or die;
my ($start, $forked, $got) = (time(), 0, 0);
for my $n (1 .. $pipes) {
    pipe(my $out, my $in) or die;
    syswrite($in, 'b' x 11) == 11 or die;
    sysread($out, my $data, 64) == 11 or die;
    close($out);
    close($in);
    if ($forked < $children && $n * $children >= $forked * $pipes) {
        $forked++;
        my $pid = fork() // die;
        if (!$pid) { syswrite($last_in, 'c' x 13); exec('/bin/true') }
        waitpid($pid, 0);
    }
    my $early = $n / $rate - (time() - $start);
    sleep($early) if $early > 0;
}
sleep($quiet);
while ($got < 7 + 13 * $children) { $got += sysread($last_out, my $data, 1021) || die }
PERL

for my $backend (need_backends()) {
    subtest $backend => sub {
        my $report = scratch('report');
        my $run = run_tool([ 'pipe', '-j', '-i', 0.2, '--max-edges', 8192, '--backend', $backend, '--output', $report,
            '--', $^X, '-e', $come_and_go, $pipes, $rate, $children, slow(0.5) ], patience => 120);
        is($run->{status}, 0, 'exit status') or diag($run->{stderr});
        my $sum = summary_of(json_lines(slurp($report)));
        my $total = $sum->{totals}{pipe};
        is_deeply($sum->{loss}, { map { $_ => 0 } qw(missed map_full ring_full unresolved) }, 'nothing was lost');
        is($total->{objects}, $pipes + 1, 'every object');
        cmp_ok($total->{forgotten}, '>', 0, 'some had to go');
        is($total->{send}{ops}, $pipes + 1 + $children, 'every send');
        is($total->{send}{bytes}, 11 * $pipes + 7 + 13 * $children, 'every byte sent');
        is($total->{recv}{bytes}, $total->{send}{bytes}, 'every byte received');
        is($total->{balance_bytes}, 0, 'all of it came out');

        my ($stays) = grep { $_->{send}{bytes} == 7 + 13 * $children } @{ $sum->{objects} };
        ok($stays, 'what stayed is one object') or return;
        is($stays->{send}{ops}, 1 + $children, 'every send on it');
        my @senders = grep { $_->{role} eq 'send' } @{ $stays->{endpoints} };
        is(sum0(map { $_->{send}{ops} } @senders), 1 + $children, 'which are those of its endpoints');
        my ($exited) = grep { $_->{kind} eq 'exited' } @senders;
        ok($exited, 'what is gone is one endpoint') or return;
        is($exited->{send}{bytes}, 13 * $exited->{send}{ops}, 'of the children');
        ok(!defined $exited->{pid}, 'which has no PID');
    };
}
done_testing();
