# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What strace -f -yy says of the same run: its system calls and signals, and which of
# them are operations of a mechanism, as ipctrace counts them.
package Strace;

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT_OK = qw(strace_log strace_calls by_process descriptors_received sent_signals taken_signals);

# What is to be traced for all of this. Not every kernel and strace has each of them: "?".
my $calls = join ',', map {"?$_"} qw(read readv recvfrom recvmsg write writev sendto sendmsg accept accept4 connect
    mq_timedsend mq_timedreceive msgsnd msgrcv semop semtimedop shmget shmat shmdt shmctl futex
    kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo rt_sigtimedwait clone clone3 vfork fork);

# The command that runs another one under strace.
sub strace_calls {
    my ($log, @command) = @_;
    return ('strace', '-f', '-yy', '-q', '-o', $log, '-e', "trace=$calls", '--', @command);
}

# ({pid, call, args, ret, error, ended}, …), ({pid, signal, info}, …) in two lists. pid: of the process, where
# calls that make threads are traced too. Calls whose end was not seen, since their task was killed in them,
# have ended 0: strace cannot tell whether they began.
sub strace_log {
    my ($path) = @_;
    my (@calls, @signals, %open);
    open(my $in, '<', $path) or return ([], []);
    while (my $line = <$in>) {
        my ($pid, $text) = $line =~ /^(\d+)\s+(.*)/ or next;
        if ($text =~ /^(?:--- (SIG\w+) \{(.*)\} ---|\+\+\+ killed by (SIGKILL) )/) {
            push @signals, { pid => $pid, signal => $1 // $3, info => $2 // '' };
            next;
        }
        if ($text =~ /^(\w+)\((.*?),? <unfinished \.\.\.>$/) {
            push @calls, $open{$pid} = { pid => $pid, call => $1, args => $2, ended => 0 };
            next;
        }
        my $call;
        if ($text =~ s/^<\.\.\. (\w+) resumed>//) {
            $call = delete $open{$pid} or next;
        } elsif ($text =~ s/^(\w+)\(//) {
            $call = { pid => $pid, call => $1, args => '', ended => 0 };
            push @calls, $call;
        } else {
            next;
        }
        finish($call, $text);
    }
    name_processes(\@calls, \@signals);
    return (\@calls, \@signals);
}

# strace names tasks; a thread may appear before the call that made it returns.
sub name_processes {
    my @lists = @_;
    my %maker = map { defined $_->{ret} && $_->{call} =~ /^clone/ && $_->{args} =~ /CLONE_THREAD/ ? ($_->{ret} => $_->{pid}) : () }
        @{ $lists[0] };
    for my $row (map {@$_} @lists) {
        $row->{pid} = $maker{ $row->{pid} } while $maker{ $row->{pid} };
    }
    return;
}

# Its other arguments, and what it returned: a number, or -1 and an errno; "= ? ERESTARTSYS" of one that is made again.
sub finish {
    my ($call, $text) = @_;
    my ($args, $ret) = $text =~ /^(.*)\)\s+= (-?\d+|0x[0-9a-f]+|\?)/ or return;
    my ($error) = $text =~ /^.*\)\s+= (?:-1|\?) (E[A-Z0-9_]+)/;
    $call->{args} .= ($call->{args} ne '' && $args ne '' ? ', ' : '') . $args;
    return if $ret eq '?' && !$error;
    $call->{ended} = 1;
    $call->{error} = $error;
    $call->{ret}   = $error ? undef : $ret =~ /^0x/ ? hex($ret) : $ret;
    return;
}

# ---- which operation a call is: send, recv, ctl, or none (undef) ----

my %data = (
    (map { $_ => 'recv' } qw(read readv recvfrom recvmsg)),
    (map { $_ => 'send' } qw(write writev sendto sendmsg)),
);

sub on_descriptor {
    my ($c, $what) = @_;
    my $side = $data{ $c->{call} };
    return unless $side && $c->{args} =~ /^\d+<$what/;
    return $side;
}

sub on_pipe { return on_descriptor($_[0], 'pipe:\[') }
sub on_eventfd { return on_descriptor($_[0], 'anon_inode:\[eventfd\]') }

sub on_unix {
    my ($c) = @_;
    my $side = on_descriptor($c, 'UNIX(?:-\w+)?:\[');
    return $side && $c->{args} =~ /MSG_PEEK/ ? 'ctl' : $side;
}

# Calls on what is no queue (descriptor -1, /dev/null) are on no object.
sub on_mq {
    my ($c) = @_;
    return unless $c->{args} =~ m{^\d+</[^/]+>};
    return { mq_timedsend => 'send', mq_timedreceive => 'recv' }->{ $c->{call} };
}

# MSG_COPY leaves the message where it is.
sub on_msg {
    my ($c) = @_;
    return unless $c->{args} =~ /^\d+/;
    return 'send' if $c->{call} eq 'msgsnd';
    return $c->{call} ne 'msgrcv' ? undef : $c->{args} =~ /MSG_COPY/ ? 'ctl' : 'recv';
}

# A call that only adds sends. Of more than 32 operations strace shows the first 32.
sub on_sem {
    my ($c) = @_;
    return unless $c->{call} =~ /^sem(?:timed)?op$/ && $c->{args} =~ /^\d+/;
    return $c->{args} =~ /sem_op=(?:-|0[,}])/ || $c->{args} !~ /sem_op=/ ? 'recv' : 'send';
}

sub on_futex {
    my ($c) = @_;
    return unless $c->{call} eq 'futex';
    return $c->{args} =~ /, FUTEX_(?:WAIT|LOCK_PI|TRYLOCK_PI)/ ? 'recv' : 'send';
}

my %operation = (
    pipe => \&on_pipe, unix => \&on_unix, eventfd => \&on_eventfd, mq => \&on_mq, msg => \&on_msg, sem => \&on_sem,
    futex => \&on_futex,
);

# ---- signals ----

# "SENDER to TARGET: SIGNAL" => number, of calls that send one to a process, a thread, or a group, of which the
# leader stands for all: in what is run here it is alone in it. Refused ones are sends that failed, to none are none.
# Who sends to a queue signals who asked for it by mq_notify().
sub sent_signals {
    my ($calls, $signals) = @_;
    my %sent;
    for my $s (@$signals) {
        $sent{"$1 to $s->{pid}: $s->{signal}"}++ if $s->{info} =~ /si_code=SI_MESGQ, si_pid=(\d+)/;
    }
    for my $c (@$calls) {
        next unless $c->{call} =~ /^(?:kill|tkill|tgkill|rt_sigqueueinfo|rt_tgsigqueueinfo)$/;
        next if $c->{error} && $c->{error} ne 'EPERM';
        my ($target, $signal) = $c->{args} =~ /^(?:\d+, (?=\d+, SIG))?-?(\d+), (SIG\w+)/ or next;
        $sent{"$c->{pid} to $target: $signal"}++;
    }
    return \%sent;
}

# PID => number: handled or taken by default; taken by sigtimedwait; read from a signalfd.
sub taken_signals {
    my ($calls, $signals) = @_;
    my (%taken, %killed);
    # each thread of a process is killed by the one SIGKILL that the process took
    $taken{ $_->{pid} }++ for grep { $_->{signal} ne 'SIGKILL' || !$killed{ $_->{pid} }++ } @$signals;
    for my $c (@$calls) {
        $taken{ $c->{pid} }++ if $c->{call} eq 'rt_sigtimedwait' && ($c->{ret} // 0) > 0;
        $taken{ $c->{pid} } += $c->{ret} / 128 if $c->{call} eq 'read' && $c->{ret} && $c->{args} =~ /^\d+<anon_inode:\[signalfd\]>/;
    }
    return \%taken;
}

# ---- sums ----

# mq_timedsend and msgsnd return 0: then it is what they were asked for.
sub bytes_of {
    my ($c) = @_;
    return $c->{error} ? 0 : $c->{call} =~ /^(?:mq_timedsend|msgsnd)$/ ? ($c->{args} =~ /[}"](?:\.\.\.)?, (\d+), /)[0] : $c->{ret};
}

# Descriptors that came with a message: SCM_RIGHTS of what recvmsg() returned.
sub descriptors_received {
    my ($calls) = @_;
    my $n = 0;
    for my $c (grep { $_->{call} eq 'recvmsg' && $_->{ended} && !$_->{error} } @$calls) {
        for my $passed ($c->{args} =~ /cmsg_type=SCM_RIGHTS, cmsg_data=\[(.*?)\]\}/g) {
            $n += () = $passed =~ /(?:^|, )\d+/g;
        }
    }
    return $n;
}

# PID => {send => {ops, bytes, errors, unseen}, recv => …}
sub by_process {
    my ($calls, $mechanism) = @_;
    my $classify = $operation{$mechanism} or die $mechanism;
    my %sums;
    for my $c (@$calls) {
        my $side = $classify->($c) or next;
        my $s = $sums{ $c->{pid} }{$side} //= { ops => 0, bytes => 0, errors => {}, unseen => 0 };
        if (!$c->{ended}) {
            $s->{unseen}++;
            next;
        }
        $s->{ops}++;
        $s->{errors}{ $c->{error} }++ if $c->{error};
        $s->{bytes} += bytes_of($c) unless $mechanism =~ /^(?:futex|sem)$/;
    }
    return \%sums;
}

1;
