#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Locks as they stand, read off while they are held; one file by its path; what single operations say.
use strict;
use warnings;

use Fcntl qw(:flock :seek F_SETLK F_RDLCK F_WRLCK);
use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch run_tool report summary_of object_of scenario wait_until slurp);

need_root();
my $main = $$;
my @holders;
END { kill('KILL', @holders) if @holders && $$ == $main }
my ($path, $other) = (scratch('locked'), scratch('other'));
my %pid = (flock => holder($path, \&takes_flock), range => holder($path, \&takes_range), other => holder($other, \&takes_flock));
# Ranges of which one is to be changed by nobody else: in the kernel's list first, and behind one that may be read, too.
my ($write_first, $read_first) = (scratch('write-first'), scratch('read-first'));
my @writers = (
    holder($write_first, sub { takes($_[0], F_WRLCK, 3) }), (map { holder($read_first, sub { takes($_[0], F_RDLCK, 3) }) } 1, 2),
    holder($write_first, sub { takes($_[0], F_RDLCK, 11) }), holder($read_first, sub { takes($_[0], F_WRLCK, 11) }))[ 0, 4 ];
my $only_read = scratch('only-read');
my @readers = map { holder($only_read, sub { takes($_[0], F_RDLCK, 3) }) } 1, 2;
my @waiters = map { holder($path, sub { flock($_[0], LOCK_EX) }, 1) } 1 .. 3;
ok(wait_until(20, sub { 3 == grep { asleep($_) } @waiters }), 'all is held, and waited for');

for my $backend (need_backends()) {
    subtest "$backend: as it stands" => sub { stands($backend) };
    subtest "$backend: who holds" => sub { who_holds($backend) };
    subtest "$backend: by process" => sub { by_process($backend) };
    subtest "$backend: events" => sub { events($backend) };
    subtest "$backend: counts" => sub { counts($backend) };
}
done_testing();

# A process that has the file open by itself, and does that to it; returns its PID once that is done.
sub holder {
    my ($file, $takes, $waits) = @_;
    my $done = scratch('done');
    my $pid = fork() // die "fork: $!";
    push @holders, $pid;
    if (!$pid) {
        open(my $fh, '+>>', $file) or die "$file: $!";
        open(my $mark, '>', $done) if $waits;
        $takes->($fh);
        open($mark, '>', $done) if !$waits;
        sleep(1000);
    }
    wait_until(20, sub { -e $done }) or die "$file: not taken";
    return $pid;
}

sub takes_flock { return flock($_[0], LOCK_EX) || die "flock: $!" }

# struct flock of a 64-bit process: type, whence, start, length, PID
sub takes {
    my ($fh, $type, $start, $length) = @_;
    my $range = pack('s s x4 q q l x4', $type, SEEK_SET, $start, $length // 7, 0);
    return fcntl($fh, F_SETLK, $range) || die "fcntl: $!";
}

sub takes_range { return takes($_[0], F_WRLCK, 100, 37) }

sub asleep { return slurp("/proc/$_[0]/syscall") =~ /^(?:73|32) / && slurp("/proc/$_[0]/stat") =~ /[)] S/ }

sub stands {
    my ($backend) = @_;
    my $report = scratch('report');
    my $tool = run_tool([ 'lock', '-j', '-d', '0.3', '-O', $path, '--backend', $backend, '--output', $report ]);
    is($tool->{status}, 0, 'exit status') or diag($tool->{stderr});
    my $summary = summary_of(report(undef, $report));
    is(scalar @{ $summary->{objects} }, 1, 'that file only');
    my $o = object_of($summary, $path, 'lock') or return fail('the file, by its path');
    my $in = $o->{internals};
    is_deeply([ @$in{qw(flocks posix ofd leases)} ], [ 1, 1, 0, 0 ], 'what is held, by kind');
    is($in->{holder}, $pid{flock}, 'who holds it');
    is($in->{waiters}, 3, 'how many wait');
    is_deeply([ @$in{qw(kind type range_start range_bytes)} ], [ 2, 1, 100, 37 ], 'one of what was there');
    my @holders = sort { $a <=> $b } map { $_->{pid} } grep { $_->{descriptors} } @{ $o->{endpoints} };
    is_deeply(\@holders, [ sort { $a <=> $b } @pid{qw(flock range)} ], 'all who hold');
    is($in->{holders}, 2, 'how many these are');
    is_deeply([ sort map {"$_->{pid} $_->{op} $_->{cause}"} @{ $o->{waiting} } ], [ sort map {"$_ recv held"} @waiters ], 'all who wait');
    is(scalar(grep { $_->{preexisting} } @{ $o->{waiting} }), 3, 'and have waited from before the start');
    is_deeply([ @{ $o->{depth} }{qw(slots max_slots)} ], [ 2, 2 ], 'depth');
    ok($o->{preexisting} && $o->{exact}, 'older than the trace, and exact');
    return;
}

# A write lock's holder, wherever it stands among the others; without one the first one's.
sub who_holds {
    my ($backend) = @_;
    my $report = scratch('report');
    my $tool = run_tool([ 'lock', '-j', '-d', '0.3', '--backend', $backend, '--output', $report ]);
    is($tool->{status}, 0, 'exit status') or diag($tool->{stderr});
    my $summary = summary_of(report(undef, $report));
    for my $case ([ $write_first, $writers[0] ], [ $read_first, $writers[1] ], [ $only_read, $readers[0] ]) {
        my $o = object_of($summary, $case->[0], 'lock') or return fail($case->[0]);
        is($o->{internals}{holder}, $case->[1], $case->[0] =~ s/.*-(\w+-\w+)$/$1/r);
    }
    return;
}

# Whoever holds it or waits for it is at one of its ends.
sub by_process {
    my ($backend) = @_;
    my @cases = (
        [ 'who holds it', $pid{flock}, $path ], [ 'who holds a range', $pid{range}, $path ],
        [ 'who waits for it', $waiters[1], $path ], [ 'who holds another', $pid{other}, $other ],
    );
    my @runs = map { my $report = scratch('report');
        [ $report, Ipctrace::start_tool([ 'lock', '-j', '-d', '0.3', '-p', $_->[1], '--backend', $backend, '--output', $report ]) ] } @cases;
    for my $i (0 .. $#cases) {
        my ($what, $process, $file) = @{ $cases[$i] };
        my ($report, $tool) = @{ $runs[$i] };
        Ipctrace::finish($tool);
        is($tool->{status}, 0, "$what: exit status") or diag($tool->{stderr});
        my @objects = @{ summary_of(report(undef, $report))->{objects} };
        is_deeply([ map { $_->{name} } @objects ], [$file], "$what: that file only") or next;
        ok(scalar(grep { $_->{pid} == $process } @{ $objects[0]{endpoints} }), "$what: it is there");
    }
    return;
}

sub events {
    my ($backend) = @_;
    my $report = scratch('report');
    my $tool = run_tool([ 'lock', '-j', '-e', '--backend', $backend, '--output', $report, '--', scenario(), 'lock-range-wait', 1, '--truth', '/dev/null' ]);
    is($tool->{status}, 0, 'exit status') or diag($tool->{stderr});
    my @events = grep { $_->{type} eq 'event' && $_->{mechanism} eq 'lock' } report(undef, $report);
    my @said = map {
        my $in = $_->{internals};
        join ' ', $_->{op}, $_->{result}, $_->{size_bytes} // '-', $_->{cause} // '-', @$in{qw(kind type start posix)}
    } grep { ($_->{internals}{kind} // 0) == 2 } @events;
    # Read when it has been given up: if the one that waited for it was woken by then, it may have its own. Its wait was over
    # when it had begun and waited, or later.
    my ($gives_up) = grep { $_->{op} eq 'send' && $_->{internals}{start} == 140 } @events;
    my ($waited) = grep { $_->{wait_ns} } @events;
    if ($gives_up && $waited && $waited->{time_ns} - $waited->{latency_ns} + $waited->{wait_ns} <= $gives_up->{time_ns}) {
        s/^(send 0 200 - 2 2 140) 3$/$1 2/ for @said;
    }
    is_deeply([ sort @said ], [ sort
        'recv 0 300 - 2 1 100 1',       # one takes 100 to 399
        'send 0 200 - 2 2 140 2',       # gives up 140 to 339, and has two
        'recv 0 100 held 2 1 150 3',    # the other, which waited, has 150 to 249
        'send 0 100 - 2 2 150 2',
        'send 0 - - 2 2 0 0',           # all the rest, to the end of the file
        'ctl 0 11 - 2 1 7 0' ], 'operation, result, size, cause, kind, type, start, and how many are held then')
        or diag(explain(\@said));
    return;
}

sub counts {
    my ($backend) = @_;
    my $report = scratch('report');
    my $tool = run_tool([ 'lock', '-j', '--counts', '--backend', $backend, '--output', $report, '--', scenario(), 'lock-close', '--truth', '/dev/null' ]);
    is($tool->{status}, 0, 'exit status') or diag($tool->{stderr});
    my ($o) = grep { ($_->{name} // '') =~ m{/close$} } @{ summary_of(report(undef, $report))->{objects} };
    ok($o, 'the file') or return;
    is_deeply([ map { $o->{$_}{ops} } qw(send recv open close ctl) ], [ 4, 7, undef, undef, 0 ], 'operations; closes and opens are not followed');
    is($o->{internals}{write_requests}, 6, 'for writing');
    return;
}
