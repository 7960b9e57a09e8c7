#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `ipctrace convert`: a recording of seven words, each of which wakes a reader, as a timeline with seven
# waits and an arrow for each, and as stacks whose sum is the time waited.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch slurp run_tool json_lines summary_of natively);
use JsonLine qw(json_decode);

need_root();
my ($backend) = need_backends();
my $words = 7;
my $file = scratch('recording');
# The reader sleeps before each word, and once more until there is no writer: who writes looks whether it does.
my $work = <<'EOT' =~ s/WORDS/$words/r;
    pipe(R, W);
    if (!fork()) {
        close R; $0 = 'w';
        sub await_sleep {
            while (1) {
                select(undef, undef, undef, 0.05);
                open(my $stat, '<', '/proc/' . getppid . '/stat') or exit;
                return if <$stat> =~ / S /;
            }
        }
        for (1 .. WORDS) { await_sleep(); syswrite W, 'word' }
        await_sleep();
        exit;
    }
    close W;
    1 while sysread R, $x, 64;
    wait;
EOT
my $run = run_tool([ 'pipe', '-w', $file, '-e', '--backend', $backend, '--', 'perl', '-e', $work ]);
is($run->{status}, 0, 'recorded') or diag($run->{stderr});
my $summary = summary_of(json_lines(run_tool([ '-r', $file, '-j' ])->{stdout}));
my ($pipe) = grep { ($_->{send}{bytes} // 0) == 4 * $words } @{ $summary->{objects} };
my $exact = !$summary->{loss}{missed};
note('something was missed') unless $exact;

subtest 'a timeline' => sub {
    return fail('the pipe') unless $pipe;
    my $run = run_tool([ 'convert', '-r', $file ]);
    is($run->{status}, 0, 'exit status') or diag($run->{stderr});
    my $trace = eval { json_decode($run->{stdout}) };
    is($@, '', 'it is JSON');
    my @all = @{ $trace->{traceEvents} };
    my @ours = grep { ($_->{args}{object} // '') eq $pipe->{id} } @all;
    my @sends = grep { $_->{name} =~ /^send / } @ours;
    my @recvs = grep { $_->{name} =~ /^recv / } @ours;
    is(scalar @sends, $words, 'a slice for each send') if $exact;
    is(scalar @recvs, $words + 1, 'and receive') if $exact;
    my ($reader, $writer) = ($recvs[0]{tid}, $sends[0]{tid});
    my @waits = grep { ($_->{cat} // '') eq 'wait' && $_->{tid} == $reader && $_->{args}{ended_by} eq 'task' } @all;
    is(scalar @waits, $words + 1, 'a wait in each receive') if $exact;
    my $sum = 0;
    $sum += $_->{dur} for @waits;
    cmp_ok(abs($sum * 1000 - $pipe->{recv}{wait_ns}), '<', 1000, 'as long as was waited') if $exact;
    for my $wait (@waits) {
        my ($around) = grep { $_->{ts} <= $wait->{ts} && $wait->{ts} + $wait->{dur} <= $_->{ts} + $_->{dur} + 0.002 } @recvs;
        ok($around, 'it lies within its operation');
    }
    my %from = map { $_->{id} => $_ } grep { $_->{ph} eq 's' && $_->{tid} == $writer } @all;
    my @to = grep { $_->{ph} eq 'f' && $_->{tid} == $reader && $from{ $_->{id} } } @all;
    is(scalar @to, $words, 'an arrow for each word') if $exact;
    is(scalar(grep { my $f = $_; !grep { $_->{ts} <= $f->{ts} && $f->{ts} <= $_->{ts} + $_->{dur} + 0.002 } @sends } values %from),
        0, 'each from within a send');
    my %names = map { $_->{tid} => $_->{args}{name} } grep { $_->{ph} eq 'M' && $_->{name} eq 'thread_name' } @all;
    is($names{$reader}, 'perl', 'a track has the name of its task');
};

subtest 'stacks' => sub {
    return fail('the pipe') unless $pipe;
    my $run = run_tool([ 'convert', '-r', $file, '--to', 'folded', '-O', $pipe->{id} ]);
    is($run->{status}, 0, 'exit status') or diag($run->{stderr});
    my @lines = split(/\n/, $run->{stdout});
    is(scalar(grep { !/^[^;]+(;[^;]+)+ \d+$/ } @lines), 0, 'every line is a stack and a number');
    my ($us) = map { /^perl;pipe recv;empty;pipe:\[\d+\];woken by \S+ (\d+)$/ ? $1 : () } @lines;
    cmp_ok(abs(($us // 0) * 1000 - $pipe->{recv}{wait_ns}), '<', 1000, 'the time waited') if $exact;
    $run = run_tool([ 'convert', '-r', $file, '--to', 'folded-waits', '-O', $pipe->{id} ]);
    my ($waited) = map { /^perl;pipe recv;empty;pipe:\[\d+\];woken by \S+ (\d+)$/ ? $1 : () } split(/\n/, $run->{stdout});
    is($waited, $words + 1, 'how often') if $exact;
};

# Functions that are known, of a program that keeps frame pointers: one lets the other wait.
my $deep = <<'EOT';
#include <stdlib.h>
#include <unistd.h>
#include <sys/wait.h>
#define LEVEL(type, name, call) \
    __attribute__((noinline)) static type name(void) { type n = call; __asm__ volatile("" ::: "memory"); return n; }
static int fds[2];
static char word[8];
LEVEL(int, take, read(fds[0], word, sizeof(word)))
LEVEL(int, wait_for_word, take())
LEVEL(int, put, write(fds[1], word, sizeof(word)))
LEVEL(int, send_word, put())
int main(int argc, char **argv)
{
    int words = atoi(argv[argc - 1]);
    pipe(fds);
    if (!fork()) {
        close(fds[0]);
        while (words--) { usleep(100000); send_word(); }
        usleep(100000);
        _exit(0);
    }
    close(fds[1]);
    while (wait_for_word() > 0) ;
    wait(0);
}
EOT

natively 'places' => sub {
    my ($recording, $program) = (scratch('stacks'), scratch('deep'));
    open(my $cc, '|-', 'cc', qw(-O1 -w -fno-omit-frame-pointer -fno-optimize-sibling-calls -x c -o), $program, '-') or die;
    print $cc $deep;
    close($cc) or return fail('compiled');
    my $run = run_tool([ 'pipe', '-w', $recording, '--stacks', '-i', 0.1, '--backend', $backend, '--', $program, 17 ]);
    is($run->{status}, 0, 'recorded') or diag($run->{stderr});
    my $summary = summary_of(json_lines(run_tool([ '-r', $recording, '-j' ])->{stdout}));
    my ($pipe) = grep { ($_->{send}{bytes} // 0) == 8 * 17 } @{ $summary->{objects} } or return fail('the pipe');
    $run = run_tool([ 'convert', '-r', $recording, '--to', 'folded', '-O', $pipe->{id} ]);
    is($run->{status}, 0, 'exit status') or diag($run->{stderr});
    my @lines = split(/\n/, $run->{stdout});
    my $sleeps = qr/^\d+-deep;.*\bwait_for_word;read;.*pipe_read_\[k\];.*schedule_\[k\];pipe recv;empty;\Q$pipe->{id}\E;--/;
    is(scalar(grep { !/$sleeps/ } @lines), 0, 'where it waited') or diag($run->{stdout});
    my @woken = grep { /;--;(?:\w+_\[k\];)*\w*pipe_write_\[k\];.*write;send_word;main;.*woken by \S+ \d+$/ } @lines;
    is(scalar @woken, 1, 'who wrote, and where') or diag($run->{stdout});
    is(scalar(grep { /;--;(?:\w+_\[k\];)*pipe_release_\[k\];.*do_exit_\[k\]/ } @lines), 1, 'and who closed it with its end');
    my ($sum, $exact) = (0, !$summary->{loss}{missed});
    $sum += /(\d+)$/ ? $1 : 0 for @lines;
    cmp_ok(abs($sum * 1000 - $pipe->{recv}{wait_ns}), '<', 1000 * @lines, 'the time waited, all of it') if $exact;
    my $waits = 0;
    $waits += /(\d+)$/ ? $1 : 0 for split(/\n/, run_tool([ 'convert', '-r', $recording, '--to', 'folded-waits', '-O', $pipe->{id} ])->{stdout});
    is($waits, $pipe->{recv}{waits}, 'all waits') if $exact;
};

natively 'names, of what a single interval had' => sub {
    my $recording = scratch('named');
    my $work = 'use IO::Socket::INET; my $l = IO::Socket::INET->new(Listen => 1, LocalAddr => q(127.0.0.1)) or die; '
        . 'my $c = IO::Socket::INET->new(PeerAddr => q(127.0.0.1), PeerPort => $l->sockport) or die; '
        . 'my $s = $l->accept; syswrite $c, q(word); sysread $s, my $x, 64';
    my $run = run_tool([ 'inet', '-w', $recording, '-e', '-i', '3600', '--backend', $backend, '--', 'perl', '-e', $work ]);
    is($run->{status}, 0, 'recorded') or diag($run->{stderr});
    my $trace = eval { json_decode(run_tool([ 'convert', '-r', $recording ])->{stdout}) };
    my @sends = grep { $_->{name} =~ /^send inet tcp:127\.0\.0\.1:\d+-127\.0\.0\.1:\d+$/ } @{ $trace->{traceEvents} };
    is(scalar @sends, 1, 'a connection by its addresses');
};

natively 'what cannot be' => sub {
    is(run_tool(['convert'])->{status}, 2, 'no recording');
    my $plain = scratch('plain');
    run_tool([ 'pipe', '-w', $plain, '--backend', $backend, '--', 'true' ]);
    my $run = run_tool([ 'convert', '-r', $plain ]);
    like($run->{stderr}, qr/it has no events/, 'without events: is said');
    ok(eval { json_decode($run->{stdout}) }, 'and still JSON');
    is(run_tool([ 'pipe', '--stacks', '-d', 1 ])->{status}, 2, 'stacks that go nowhere');
};

done_testing();
