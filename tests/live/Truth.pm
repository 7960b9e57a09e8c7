# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What a scenario says against what ipctrace says, key by key: exactly the keys
# that the truth has. A null is right only where the scenario says that the backend cannot see.
package Truth;

use strict;
use warnings;

use Exporter qw(import);
use JsonLine qw(is_boolean);

our @EXPORT_OK = qw(as_seen_by differences lost missed_of unequal_sums);

# What the kernel's recursion guard kept from the tool, by the kernel's own count. ended: operations
# that are not counted; begun: counted without their waits and wakeups; both by operation. either:
# ended, and was a send or a receive. other: of hooks that belong to no operation. The hooks of the
# syscall backend belong to every system call.
sub missed_of {
    my ($figures, $backend) = @_;
    my %missed = (all => $figures->{loss}{missed}, ended => {}, begun => {}, either => 0, moved => 0);
    $missed{other} = $missed{all};
    for my $total (values %{ $figures->{totals} }) {
        $missed{either} ||= $total->{missed_either} // 0 if $backend eq 'function';
        for my $op (qw(send recv open close ctl)) {
            my ($ended, $begun) = $backend eq 'function' ? @{ $total->{$op} }{qw(missed missed_entries)} : ($missed{all}) x 2;
            next if ($missed{ended}{$op} // 0) || ($missed{begun}{$op} // 0);    # told of every mechanism that shares the hook
            @{ $missed{ended} }{$op} = $ended // 0;
            @{ $missed{begun} }{$op} = $begun // 0;
            $missed{other} -= $ended + $begun if $backend eq 'function';
        }
    }
    $missed{other} -= $missed{either};
    return \%missed;
}

# Counted + missed = truth, for the data operations of all objects together; of what a hook missed
# that serves both sides, any part may be on either. A hook of splice counts on two objects and two
# sides, and whoever else takes a futex or gets a signal may be the one that was missed: then there
# is only the bound of each object.
sub unequal_sums {
    my ($pairs, $missed) = @_;
    my (@texts, %short);
    for my $side (qw(send recv)) {
        my ($truth, $counted) = (0, 0);
        for my $pair (@$pairs) {
            my ($t, $got) = @$pair;
            return () if grep { my $m = ($t->{$_} // {})->{moved_bytes}; ref($m) || $m } qw(send recv);
            return () if $missed->{all} && $t->{mechanism} =~ /^(?:futex|signal)$/;
            my $ops = ($t->{$side} // {})->{ops};
            return () if !defined $ops || ref($ops);
            $truth += $ops;
            $counted += $got->{$side}{ops} if $got;
        }
        $short{$side} = $truth - $counted - $missed->{ended}{$side};
        push @texts, "all objects, $side: $counted counted + $missed->{ended}{$side} missed, truth $truth" if $short{$side};
    }
    return @texts unless $missed->{either};
    return () if !(grep { $_ < 0 } values %short) && sum(values %short) == $missed->{either};
    return (@texts, "all objects: $missed->{either} missed that were a send or a receive");
}

# The truth without what a backend cannot see, as the manual page says: an open that
# failed leaves no descriptor that tells what it was of, and neither does its wait; when
# the last close is not seen, what was left inside is not known. Returns a copy.
sub as_seen_by {
    my ($backend, $truth) = @_;
    my %seen = %$truth;
    delete $seen{balance_bytes} if ref($seen{balance_bytes});    # packets were cut: what was dropped has no counter
    return \%seen if $backend ne 'syscall';
    # connect has a descriptor, shmat an id, an open that meets a lease a tracepoint
    if ($seen{mechanism} !~ /^(?:unix|inet|shm|mmap|lock)$/ && $seen{open} && %{ $seen{open}{errors} // {} }) {
        my %open = %{ $seen{open} };
        $open{ops} -= $_ for values %{ $open{errors} };
        delete @open{qw(errors waits causes)};
        $seen{open} = \%open;
        delete $seen{wakers};
    }
    return without_hidden(\%seen) if $seen{hidden_from_syscalls};
    my $left = ($seen{send}{bytes} // 0) != ($seen{recv}{bytes} // 0);
    delete $seen{balance_bytes} if $left || $seen{mechanism} ne 'pipe';
    return \%seen;
}

# What came through no system call is not counted, nor who did it and how it failed; what then lacks in
# the balance is told, where there is one.
sub without_hidden {
    my ($seen) = @_;
    my $hidden = $seen->{hidden_from_syscalls};
    for my $side (keys %$hidden) {
        my %left = %{ $seen->{$side} };
        $left{$_} -= $hidden->{$side}{$_} for grep { defined $left{$_} } keys %{ $hidden->{$side} };
        $left{errors} = {} if $side ne 'internals';
        $seen->{$side} = \%left;
    }
    delete $seen->{endpoints};
    $seen->{balance_bytes} = ($hidden->{recv}{bytes} // 0) - ($hidden->{send}{bytes} // 0);
    return $seen;
}

sub lost {
    my ($loss) = @_;
    return sum(values %$loss);
}

# Of one object: texts, empty when they agree.
# blind: [mechanism, backend, path] of all that may be null, from the scenario.
# missed: what the kernel kept from the tool, see missed_of().
sub differences {
    my ($truth, $got, $backend, $blind, $missed) = @_;
    my $c = { backend => $backend, missed => $missed, truth => $truth, texts => [] };
    $c->{blind} = [ map { blind_path($_->[2]) } grep { $_->[0] eq $truth->{mechanism} && $_->[1] eq $backend } @$blind ];
    if (!$got) {
        my $idle = !grep { ref($_) eq 'HASH' && ($_->{ops} || $_->{waits}) && !ref($_->{ops}) } values %$truth;
        return $idle ? () : "$truth->{key}: not in the report";    # nothing was done to it
    }
    $c->{inexact} = exists $got->{exact} && !$got->{exact};
    $c->{interrupts} = interrupts($got) if $truth->{by_softirq};
    $got = unhindered($got);
    for my $key (sort keys %$truth) {
        next if $key =~ /^(?:key|mechanism|largest_bytes|largest_internals|by_softirq|hidden_from_syscalls)$/;
        if ($key eq 'ended_by') {
            ended_by($c, $truth->{$key}, $got->{$key});
        } elsif ($key eq 'endpoints') {
            endpoints($c, $truth->{$key}, $got->{$key});
        } elsif ($key eq 'wakers') {
            wakers($c, $truth->{$key}, $got->{$key});
        } else {
            compare($c, $key, $truth->{$key}, $got->{$key}, exists $got->{$key});
        }
    }
    return map {"$truth->{key}: $_"} @{ $c->{texts} };
}

# Merges are the difference of what all writes asked for and what the ring shows.
sub may_be_null {
    my ($c, $path) = @_;
    $path =~ s/^endpoints\[[^]]*\][.]internals[.]/internals./;    # what is null of an object is null of its processes
    return 1 if grep { $path =~ $_ } @{ $c->{blind} };
    return 1 if $c->{inexact} && $path =~ /^(?:internals[.]|depth[.]bytes$)/;    # it says itself that something was lost
    return 1 if $path eq 'balance_bytes' && (end_unknown($c) || ($c->{backend} eq 'syscall' && $c->{truth}{hidden_from_syscalls}));
    return $path eq 'internals.merged_writes' && $c->{missed}{ended}{send};
}

# Bytes that were not seen to come or to go, or a close that may have been the last one.
sub end_unknown { return sum(@{ $_[0]{missed}{ended} }{qw(send recv close)}, $_[0]{missed}{either}) }

sub blind_path {
    my ($path) = @_;
    my ($all) = $path =~ /^(.*)\.\*$/;
    return defined $all ? qr/^\Q$all\E\./ : qr/^\Q$path\E$/;
}

# Waits for the pipe's lock or for a page are real, and no scenario can know of them:
# its truth counts those for data, room or a partner.
sub unhindered {
    my ($got) = @_;
    my %copy = %$got;
    for my $side (qw(send recv open)) {
        my $causes = $copy{$side} && $copy{$side}{causes} or next;
        my %causes = %$causes;
        my $hindered = (delete($causes{lock}) // 0) + (delete($causes{io}) // 0);
        $copy{$side} = { %{ $copy{$side} }, waits => $copy{$side}{waits} - $hindered, causes => \%causes } if $hindered;
    }
    return \%copy;
}

sub differs { push @{ $_[0]{texts} }, $_[1]; return }

sub is_range { return ref($_[0]) eq 'HASH' && exists $_[0]{min} && exists $_[0]{max} }

sub compare {
    my ($c, $path, $truth, $got, $there) = @_;
    return differs($c, "$path: missing") unless $there;
    if (!defined $got) {
        differs($c, "$path: null") unless may_be_null($c, $path);
    } elsif (is_range($truth)) {
        differs($c, "$path: $got, not between $truth->{min} and $truth->{max}")
            if $got < $truth->{min} || $got > $truth->{max};
    } elsif ($path =~ /\.(?:causes|errors)$/) {
        named_counts($c, $path, $truth, $got);
    } elsif (ref($truth) eq 'HASH') {
        return differs($c, "$path: not an object") unless ref($got) eq 'HASH';
        $got = own_waits($got) if defined $got->{waits} && ref($got->{causes}) eq 'HASH';
        compare($c, "$path.$_", $truth->{$_}, below($got, $_)) for sort keys %$truth;
    } else {
        number($c, $path, $truth, $got);
    }
    return;
}

# The value at a key, which may lead further down ("priorities.3.sends"), and whether it is there; below a null all is null.
sub below {
    my ($got, $path) = @_;
    for my $key (split /[.]/, $path) {
        return (undef, 1) if !defined $got;
        return (undef, 0) if ref($got) ne 'HASH' || !exists $got->{$key};
        $got = $got->{$key};
    }
    return ($got, 1);
}

# A side without its sleeps for the kernel's own lock or for memory: when two tasks meet
# in the pipe they are real, and no scenario can know them.
sub own_waits {
    my %side = %{ $_[0] };
    my %causes = %{ $side{causes} };
    $side{waits} -= $_ for grep { defined } delete @causes{qw(lock io)};
    $side{causes} = \%causes;
    return \%side;
}

sub number {
    my ($c, $path, $truth, $got) = @_;
    $got = $got ? 1 : 0 if is_boolean($got);
    return if $got == $truth;
    return if $path =~ /^(?:balance_bytes|destroyed)$/ && end_unknown($c);
    return if $got < $truth && may_be_short($c, $path, $truth - $got);
    return differs($c, "$path: $got, truth $truth");
}

# By so much, for what was missed? Operations by what did not end, bytes by so many of the largest;
# how many waits and wakeups an operation has, nobody knows, only whether one was missed.
sub may_be_short {
    my ($c, $path, $deficit) = @_;
    my $missed = $c->{missed};
    my ($op) = $path =~ /\b(send|recv|open|close|ctl)\./;
    my $moves = grep { my $m = ($c->{truth}{$_} // {})->{moved_bytes}; ref($m) || $m } qw(send recv);
    my $ended = sum($moves || !defined $op ? values %{ $missed->{ended} } : $missed->{ended}{$op});
    $ended += $missed->{either} if !defined $op || $op =~ /^(?:send|recv)$/;
    return $deficit * $c->{truth}{recv}{ops} <= $missed->{all} if $path eq 'internals.contended_share';    # made of waits
    return $deficit <= looks_missed($missed) if $path eq 'depth.max_slots';
    return $deficit <= $ended * ($c->{truth}{largest_internals}{$1} // 0) if $path =~ /\binternals[.](\w+)$/ && $1 ne 'merged_writes';
    return $deficit <= $ended if $path =~ /\.(?:ops|copies)$|\.errors\./;
    return $deficit <= $ended * $c->{truth}{largest_bytes}{$op} if $path =~ /\.(?:copied_|moved_)?bytes$/ && defined $op;
    return 1 if $path =~ /^(?:send|recv|open|close)\.wakes$/ && $deficit <= ($c->{interrupts}{all} // 0);
    return $missed->{all} > 0 if $path =~ /\.(?:waits|wakes)$|\.causes\./;
    return $missed->{ended}{send} > 0 if $path =~ /^internals\.merged_writes$/;
    return 0;
}

# The depth is looked at when an operation that changes it ends; with the syscall backend a miss may be any of them.
sub looks_missed {
    my ($missed) = @_;
    my $ended = sum(@{ $missed->{ended} }{qw(send recv open)}, $missed->{either});
    return $ended < $missed->{all} ? $ended : $missed->{all};
}

sub sum {
    my $sum = 0;
    $sum += $_ for @_;
    return $sum;
}

# A name with 0 is no name. The kernel itself says ERESTARTSYS where a system call
# that is not restarted says EINTR to its caller.
sub named_counts {
    my ($c, $path, $truth, $got) = @_;
    my (%truth, %got);
    $truth{ restartless($_) } += $truth->{$_} for keys %$truth;
    $got{ restartless($_) }   += $got->{$_}   for keys %$got;
    my %names = map { $_ => 1 } grep { ($truth{$_} // 0) || ($got{$_} // 0) } keys %truth, keys %got;
    number($c, "$path.$_", $truth{$_} // 0, $got{$_} // 0) for sort keys %names;
    return;
}

sub restartless { return $_[0] =~ /^ERESTART/ ? 'EINTR' : $_[0] }

# Those that the truth names must be there, with its counts; holders that did
# nothing may be there too.
sub endpoints {
    my ($c, $truth, $got) = @_;
    for my $t (@$truth) {
        my @rows = grep { ($_->{pid} // 0) == ($t->{pid} // 0) && $_->{kind} eq $t->{kind} } @$got;
        @rows = grep { $_->{role} eq $t->{role} } @rows if defined $t->{role};
        my $path = "endpoints[" . ($t->{pid} // $t->{kind}) . ($t->{role} ? " $t->{role}" : '') . ']';
        if (!@rows) {
            my $seen = grep({ $t->{$_} } qw(send recv)) || grep { !may_be_null($c, "internals.$_") } keys %{ $t->{internals} // {} };
            differs($c, "$path: missing") if $seen && !may_be_short($c, "$path.ops", 1);
            next;
        }
        differs($c, "$path.comm: '$rows[0]{comm}', truth '$t->{comm}'")
            if defined $t->{comm} && $rows[0]{comm} ne $t->{comm};
        differs($c, "$path.ns_pid: " . ($rows[0]{ns_pid} // 'null') . ", truth $t->{ns_pid}")
            if $t->{ns_pid} && ($rows[0]{ns_pid} // 0) != $t->{ns_pid};
        differs($c, "$path.end: " . ($rows[0]{end} // 'null') . ", truth $t->{end}") if $t->{end} && ($rows[0]{end} // '') ne $t->{end};
        for my $key (sort keys %{ $t->{internals} // {} }) {
            compare($c, "$path.internals.$key", $t->{internals}{$key}, $rows[0]{internals}{$key}, exists $rows[0]{internals}{$key});
        }
        for my $side (grep { $t->{$_} } qw(send recv)) {
            for my $key (sort keys %{ $t->{$side} }) {
                my ($sum, $seen) = (0, 0);
                for my $value (map { $_->{$side}{$key} } @rows) {
                    next unless defined $value;
                    $sum += $value;
                    $seen = 1;
                }
                compare($c, "$path.$side.$key", $t->{$side}{$key}, $seen ? $sum : undef, 1);
            }
        }
    }
    return;
}

sub ended_by {
    my ($c, $truth, $got) = @_;
    return differs($c, 'ended_by: null') unless $got;
    for my $key (sort keys %$truth) {
        my ($want, $is) = map { $_->{$key} // 'null' } $truth, $got;
        differs($c, "ended_by.$key: $is, truth $want") if $want ne $is;
    }
    return;
}

# Exactly the truth's pairs among tasks; interrupts, timers and signals are no peers.
# Wakeups by interrupts, by whom they woke, and all of them.
sub interrupts {
    my ($got) = @_;
    my %by = (all => 0);
    for my $w (grep { ($_->{waker}{kind} // '') eq 'interrupt' } @{ $got->{wakers} // [] }) {
        $by{ $w->{wakee}{pid} } += $w->{wakes};
        $by{all} += $w->{wakes};
    }
    return \%by;
}

sub wakers {
    my ($c, $truth, $got) = @_;
    my (%truth, %got);
    $truth{"$_->{waker}>$_->{wakee}"} += $_->{wakes} for @$truth;
    for my $w (grep { $_->{waker}{pid} } @$got) {
        next if ($w->{waker}{kind} // 'task') !~ /^(?:task|removal)$/;    # who removes an object is a task too
        $got{"$w->{waker}{pid}>$w->{wakee}{pid}"} += $w->{wakes};
    }
    for my $pair ($c->{interrupts} ? keys %truth : ()) {    # delivered by an interrupt in place of the sender
        my ($wakee) = $pair =~ />(\d+)/;
        my $instead = $truth{$pair} - ($got{$pair} // 0);
        my $left = \($c->{interrupts}{$wakee} //= 0);
        next if $instead <= 0 || $instead > $$left;
        $got{$pair} += $instead;
        $$left -= $instead;
    }
    my %pairs = map { $_ => 1 } keys %truth, keys %got;
    number($c, "wakers[$_].wakes", $truth{$_} // 0, $got{$_} // 0) for sort keys %pairs;
    return;
}

1;
