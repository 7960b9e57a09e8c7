#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What is there before the start: shared memory, by whom it is mapped, and what is left behind; a pipe of which an end is closed. And what is
# told of a socket while it is open.
use strict;
use warnings;

use File::Basename qw(dirname);
use IPC::SysV qw(IPC_CREAT IPC_EXCL IPC_RMID);
use POSIX ();
use Socket qw(AF_UNIX SOCK_STREAM PF_UNSPEC);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch slurp start_tool run_tool stop finish started alive wait_until report summary_of json_lines scenario);

use constant KEY => 0x1c98ff01;

need_root();
my @segments;
END { shmctl($_, IPC_RMID, 0) for @segments }

# A process makes a segment and ends. Returns its id and its maker's PID.
sub left_segment {
    my ($key) = @_;
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        POSIX::_exit(defined(shmget($key, 12283, IPC_CREAT | IPC_EXCL | 0600)) ? 0 : 1);
    }
    waitpid($pid, 0);
    my $id = shmget($key, 0, 0);
    push @segments, $id if defined $id;
    return ($id, $pid);
}

# A scenario in the state that it holds.
sub hold {
    my ($id) = @_;
    my $ready = scratch('ready');
    my $held = Ipctrace::start(argv => [ scenario(), $id, '--truth', scratch('truth'), '--ready', $ready ]);
    wait_until(60, sub { -e $ready || !alive($held) });
    ok(-e $ready, "$id: the state is there");
    return $held;
}

# "role comm count", sorted.
sub holders { return [ sort map {"$_->{role} $_->{comm} $_->{descriptors}"} grep { $_->{descriptors} } @{ $_[0]{endpoints} } ] }

sub with_id { my ($summary, $id) = @_; return (grep { $_->{id} =~ $id } @{ $summary->{objects} })[0] }

sub before_the_start {
    my ($backend) = @_;
    my ($left, $maker) = left_segment(KEY);
    my @held = map { hold($_) } qw(held-shm held-mmap);
    my $report = scratch('report');
    my $tool = start_tool([ 'shm,mmap', '-j', '-i', 3600, '--backend', $backend, '--output', $report ]);
    ok(started($report, $tool), 'it has started') or diag(slurp($tool->{err}));
    my $owner = fork() // die "fork: $!";
    POSIX::_exit(defined(shmget(KEY, 0, 0)) ? 0 : 1) if !$owner;    # an operation of somebody else
    waitpid($owner, 0);
    stop($tool);
    my $summary = summary_of(report(undef, $report));
    stop($_, 'TERM') for @held;

    my $segment = with_id($summary, qr/:\Q$left\E\]$/);
    ok($segment, 'the segment that was left behind') or return;
    is($segment->{name}, sprintf('0x%08x', KEY), 'its key');
    is($segment->{capacity}{bytes}, 12283, 'its size');
    ok($segment->{preexisting} && !$segment->{created} && !$segment->{destroyed}, 'there before, and still there');
    is($segment->{internals}{left_behind}, 1, 'nobody has it attached');
    is($segment->{internals}{nattch}, 0, 'no attachment');
    is($segment->{internals}{creator}, $maker, 'its maker, who is gone');
    is_deeply(holders($segment), [], 'no holder');

    my ($attached) = grep { $_->{mechanism} eq 'shm' && ($_->{name} // '') eq '0x1c980005' } @{ $summary->{objects} };
    my ($mapped) = grep { $_->{mechanism} eq 'mmap' && ($_->{name} // '') =~ /ipctrace-lab-held/ } @{ $summary->{objects} };
    is($attached->{internals}{left_behind}, 0, 'attached earlier: not left behind');
    is($attached->{depth}{slots}, 1, 'one attachment');
    is($mapped->{depth}{slots}, 3, 'three mappings');
    ok($mapped->{preexisting} && !$mapped->{created}, 'mapped before');
    is_deeply([ grep { !/^recv (?!held-)/ } @{ holders($mapped) } ], [ 'recv held-mmap 2', 'send held-mmap 1' ], 'who writes there, and reads');
    is_deeply([ map { s/ \S+ / /r } grep {/^recv (?!held-)/} @{ holders($mapped) } ], ['recv 1'], 'who only reads');
SKIP: {
        skip('this kernel has no iterator of mappings (task_vma, 5.12), only lists that shm does not walk', 1)
            unless `grep -cw bpf_iter_task_vma /proc/kallsyms` > 0;
        is_deeply(holders($attached), [ 'recv held-shm 1', 'send held-shm 1' ], 'who has it attached');
    }
    return;
}

sub left_by_a_command {
    my ($backend) = @_;
    my $report = scratch('report');
    my $tool = run_tool([ 'shm', '-j', '--backend', $backend, '--output', $report, '--', $^X, '-e', 'exit !defined shmget(shift, 4099, 01600)', KEY + 1 ]);
    my $id = shmget(KEY + 1, 0, 0);
    push @segments, $id if defined $id;
    is($tool->{status}, 0, 'the command ran') or diag($tool->{stderr});
    my $segment = with_id(summary_of(report(undef, $report)), qr/:\Q$id\E\]$/);
    ok($segment->{created} && !$segment->{preexisting}, 'made by the command');
    ok(defined $segment->{destroyed} && !$segment->{destroyed}, 'not removed');
    is($segment->{internals}{left_behind}, 1, 'and left behind');
    return;
}

# A pipe was read as it was at the start: what a close leaves of it is told by the next report, and not only by the last.
sub an_end_goes {
    my ($backend) = @_;
    pipe(my $in, my $out) or die "pipe: $!";
    open(my $again, '<', '/proc/self/fd/' . fileno($in)) or die "open: $!";
    my ($report, $id) = (scratch('report'), (stat $in)[1]);
    my $tool = start_tool([ 'pipe', '-p', $$, '-j', '-i', 3600, '--backend', $backend, '--output', $report ]);
    ok(started($report, $tool), 'it has started') or diag(slurp($tool->{err}));
    for my $readers (2, 1) {
        close($again) if $readers == 1;
        syswrite($out, 'x' x 61) == 61 && sysread($in, my $got, 97) == 61 or die "write, read: $!";
        my $lines = () = slurp($report) =~ /\n/g;
        kill('USR1', $tool->{pid});
        wait_until(60, sub { (() = slurp($report) =~ /\n/g) > $lines });
        my ($pipe) = grep { $_->{id} eq "pipe:[$id]" } @{ (json_lines(slurp($report)))[-1]{objects} };
        is($pipe->{internals}{readers}, $readers, "$readers open read ends");
        is($pipe->{internals}{head}, 3 - $readers, 'as far as head got');
    }
    stop($tool);
    return;
}

my %sendmsg = (x86_64 => 46, aarch64 => 211);

# One byte, and a descriptor with it (SCM_RIGHTS).
sub send_descriptor {
    my ($socket, $fd) = @_;
    my $byte = 'x';
    my $vector = pack('P Q', $byte, 1);
    my $control = pack('Q l l l x4', 20, 1, 1, $fd);
    my $message = pack('x8 l x4 P Q P Q l x4', 0, $vector, 1, $control, length $control, 0);
    return syscall($sendmsg{ (POSIX::uname())[4] }, fileno($socket), $message, 0);
}

# Who receives without room for descriptors closes them, and no hook of ours sees that.
sub none_in_flight {
    my ($backend) = @_;
    socketpair(my $out, my $in, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!";
    my ($report, $inode, $got) = (scratch('report'), (stat $out)[1]);
    my $tool = start_tool([ 'unix', '-p', $$, '-j', '--brief', '-i', 3600, '--backend', $backend, '--output', $report ]);
    ok(started($report, $tool), 'it has started') or diag(slurp($tool->{err}));
    for my $in_flight (1, 0) {
        for (1 .. 3) { # the first operation of a row is read whole in any case
            is(send_descriptor($out, 0), 1, 'sent') or return diag($!);
            is(sysread($in, $got, 7), 1, 'received') if !$in_flight || $_ < 3;
        }
        is(sysread($in, $got, 7), 1, 'received') unless $in_flight;
        syswrite($out, 'x' x 61) == 61 or die "write: $!" unless $in_flight;
        my $lines = () = slurp($report) =~ /\n/g;
        kill('USR1', $tool->{pid});
        ok(wait_until(60, sub { (() = slurp($report) =~ /\n/g) > $lines }), 'a report') or last;
        my ($o) = grep { $_->{id} =~ /\b$inode\b/ && $_->{send}{ops} } @{ (json_lines(slurp($report)))[-1]{objects} };
        is($o->{internals}{fds_in_flight}, $in_flight, "$in_flight in flight");
    }
    stop($tool);
    return;
}

for my $backend (need_backends()) {
    subtest "$backend: before the start" => sub { before_the_start($backend) };
    subtest "$backend: an end goes" => sub { an_end_goes($backend) };
    subtest "$backend: none in flight" => sub { none_in_flight($backend) };
    subtest "$backend: left by a command" => sub { left_by_a_command($backend) };
    shmctl($_, IPC_RMID, 0) for splice @segments;
}
done_testing();
