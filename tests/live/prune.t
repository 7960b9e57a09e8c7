#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# More objects and processes come and go than there is room for: room is given back, and nothing is lost.
use strict;
use warnings;

use File::Basename qw(dirname);
use List::Util qw(sum0);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch run_tool json_lines slurp summary_of);

need_root();

# A batch takes half of the room of its histograms and residencies: --max-edges 4096 has it for 1024 and 256.
my ($batches, $batch, $children) = (5, 127, 101);
my $pipes = $batches * $batch;

# Pipes, one after the other, 11 bytes through each; on one pipe that stays, 7 bytes at the start, 13 from each of the
# children that come and go meanwhile, and all is read at the end. After each batch it waits until what is gone has
# been so for a second and the report has some more lines.
my $come_and_go = <<'PERL';
use Time::HiRes qw(sleep);
my ($report, $batches, $batch, $children) = @ARGV;
sub lines { open(my $f, '<', $report) or die; my $n = 0; $n++ while <$f>; return $n }
pipe(my $last_out, my $last_in) or die;
syswrite($last_in, 'a' x 7) == 7 or die;
my ($forked, $made, $got) = (0, 0, 0);
for (1 .. $batches) {
    for (1 .. $batch) {
        pipe(my $out, my $in) or die;
        syswrite($in, 'b' x 11) == 11 or die;
        sysread($out, my $data, 64) == 11 or die;
        close($out);
        close($in);
        next if ++$made * $children < $forked * $batches * $batch || $forked == $children;
        $forked++;
        my $pid = fork() // die;
        if (!$pid) { syswrite($last_in, 'c' x 13); exec('/bin/true') }
        waitpid($pid, 0);
    }
    sleep(1.2);
    my $until = lines() + 9;
    sleep(0.1) until lines() >= $until;
}
while ($got < 7 + 13 * $children) { $got += sysread($last_out, my $data, 1021) || die }
PERL

sub counted {
    my ($got, $truth, $missed, $what) = @_;
    return ok($got <= $truth && $got + $missed >= $truth, "$what: $got of $truth, $missed missed at most");
}

for my $backend (need_backends()) {
    subtest $backend => sub {
        my $report = scratch('report');
        my $run = run_tool([ 'pipe', '-j', '-i', 0.2, '--max-edges', 4096, '--backend', $backend, '--output', $report,
            '--', $^X, '-e', $come_and_go, $report, $batches, $batch, $children ], patience => 120);
        is($run->{status}, 0, 'exit status') or diag($run->{stderr});
        my $sum = summary_of(json_lines(slurp($report)));
        my $total = $sum->{totals}{pipe};
        my $missed = delete $sum->{loss}{missed};    # of what the kernel skips, that much may lack
        is_deeply($sum->{loss}, { map { $_ => 0 } qw(map_full ring_full unresolved) }, 'nothing was lost for want of room');
        is($total->{objects}, $pipes + 1, 'every object');
        counted($total->{send}{ops}, $pipes + 1 + $children, $missed, 'every send');
        counted($total->{send}{bytes}, 11 * $pipes + 7 + 13 * $children, 13 * $missed, 'every byte sent');
        counted($total->{recv}{bytes}, 11 * $pipes + 7 + 13 * $children, 1021 * $missed, 'every byte received');
        is($total->{balance_bytes}, 0, 'all of it came out') unless $missed;

        my ($stays) = sort { $b->{send}{ops} <=> $a->{send}{ops} } @{ $sum->{objects} };
        ok($stays, 'what stayed is one object') or return;
        counted($stays->{send}{ops}, 1 + $children, $missed, 'every send on it');
        my @senders = grep { $_->{role} eq 'send' } @{ $stays->{endpoints} };
        is(sum0(map { $_->{send}{ops} } @senders), $stays->{send}{ops}, 'which are those of its endpoints');
        my ($exited) = grep { $_->{kind} eq 'exited' } @senders;
        ok($exited, 'what is gone is one endpoint') or return;
        is($exited->{send}{bytes}, 13 * $exited->{send}{ops}, 'of the children');
        ok(!defined $exited->{pid}, 'which has no PID');
    };
}
done_testing();
