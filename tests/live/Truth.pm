# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What a scenario says against what ipctrace says, key by key: exactly the keys
# that the truth has. A null is right only where the scenario says that the backend cannot see.
package Truth;

use strict;
use warnings;

use Exporter qw(import);
use JsonLine qw(is_boolean);

our @EXPORT_OK = qw(as_seen_by differences lost);

# Numbers that a missed event makes too small.
my $counted = qr/(?:^|\.)(?:ops|bytes|copied_bytes|moved_bytes|waits|wakes|merged_writes|new_slots)$|\.(?:causes|errors)\./;

# The truth without what a backend cannot see, as the manual page says: an open that
# failed leaves no descriptor that tells what it was of, and neither does its wait; when
# the last close is not seen, what was left inside is not known. Returns a copy.
sub as_seen_by {
    my ($backend, $truth) = @_;
    my %seen = %$truth;
    my %internals = %{ $seen{internals} // {} };
    delete @internals{qw(new_slots merged_writes)} if $internals{resizes};    # a resize sets head back
    $seen{internals} = \%internals if $seen{internals};
    delete $seen{balance_bytes} if ref($seen{balance_bytes});    # packets were cut: what was dropped has no counter
    return \%seen if $backend ne 'syscall';
    if ($seen{open} && %{ $seen{open}{errors} // {} }) {
        my %open = %{ $seen{open} };
        $open{ops} -= $_ for values %{ $open{errors} };
        delete @open{qw(errors waits causes)};
        $seen{open} = \%open;
        delete $seen{wakers};
    }
    my $left = ($seen{send}{bytes} // 0) != ($seen{recv}{bytes} // 0);
    delete $seen{balance_bytes} if $left || $seen{mechanism} ne 'pipe';
    return \%seen;
}

sub lost {
    my ($loss) = @_;
    my $sum = 0;
    $sum += $_ for values %$loss;
    return $sum;
}

# Of one object: texts, empty when they agree.
# blind: [mechanism, backend, path] of all that may be null, from the scenario.
# missed: operations that the kernel kept from the tool, as it says itself.
sub differences {
    my ($truth, $got, $backend, $blind, $missed) = @_;
    my $c = { backend => $backend, missed => $missed // 0, texts => [] };
    $c->{blind} = [ map { blind_path($_->[2]) } grep { $_->[0] eq $truth->{mechanism} && $_->[1] eq $backend } @$blind ];
    if (!$got) {
        my $idle = !grep { ref($_) eq 'HASH' && ($_->{ops} || $_->{waits}) && !ref($_->{ops}) } values %$truth;
        return $idle ? () : "$truth->{key}: not in the report";    # nothing was done to it
    }
    $got = unhindered($got);
    for my $key (sort keys %$truth) {
        next if $key =~ /^(?:key|mechanism|largest_bytes)$/;
        if ($key eq 'endpoints') {
            endpoints($c, $truth->{$key}, $got->{$key});
        } elsif ($key eq 'wakers') {
            wakers($c, $truth->{$key}, $got->{$key});
        } else {
            compare($c, $key, $truth->{$key}, $got->{$key}, exists $got->{$key});
        }
    }
    return map {"$truth->{key}: $_"} @{ $c->{texts} };
}

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
        differs($c, "$path: null") unless grep { $path =~ $_ } @{ $c->{blind} };
    } elsif (is_range($truth)) {
        differs($c, "$path: $got, not between $truth->{min} and $truth->{max}")
            if $got < $truth->{min} || $got > $truth->{max};
    } elsif ($path =~ /\.(?:causes|errors)$/) {
        named_counts($c, $path, $truth, $got);
    } elsif (ref($truth) eq 'HASH') {
        return differs($c, "$path: not an object") unless ref($got) eq 'HASH';
        $got = own_waits($got) if defined $got->{waits} && ref($got->{causes}) eq 'HASH';
        compare($c, "$path.$_", $truth->{$_}, $got->{$_}, exists $got->{$_}) for sort keys %$truth;
    } else {
        number($c, $path, $truth, $got);
    }
    return;
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
    return if $c->{missed} && $path =~ $counted && $got < $truth && at_most_missed($c, $path, $truth - $got);
    return differs($c, "$path: $got, truth $truth");
}

# Bytes follow from the operations, whose deficit is bounded.
sub at_most_missed {
    my ($c, $path, $deficit) = @_;
    return $path =~ /bytes$/ || $deficit <= $c->{missed};
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
        my @rows = grep { $_->{pid} == $t->{pid} } @$got;
        @rows = grep { $_->{role} eq $t->{role} } @rows if defined $t->{role};
        my $path = "endpoints[$t->{pid}" . ($t->{role} ? " $t->{role}" : '') . ']';
        if (!@rows) {
            differs($c, "$path: missing") unless $c->{missed};
            next;
        }
        differs($c, "$path.comm: '$rows[0]{comm}', truth '$t->{comm}'") if $rows[0]{comm} ne $t->{comm};
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

# Exactly the truth's pairs among tasks; interrupts, timers and signals are no peers.
sub wakers {
    my ($c, $truth, $got) = @_;
    my (%truth, %got);
    $truth{"$_->{waker}>$_->{wakee}"} += $_->{wakes} for @$truth;
    for my $w (grep { $_->{waker}{pid} } @$got) {
        next if ($w->{waker}{kind} // 'task') ne 'task';
        $got{"$w->{waker}{pid}>$w->{wakee}{pid}"} += $w->{wakes};
    }
    my %pairs = map { $_ => 1 } keys %truth, keys %got;
    number($c, "wakers[$_].wakes", $truth{$_} // 0, $got{$_} // 0) for sort keys %pairs;
    return;
}

1;
