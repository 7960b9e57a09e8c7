# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The shape of every JSON line: all keys always there, right types, units kept.
# What a backend cannot see may be null where the type ends in '?'. More keys than
# these are welcome; an unknown kind of line is not.
package Schema;

use strict;
use warnings;

use Exporter qw(import);
use lib '.';
use JsonLine qw(is_number is_string is_boolean);

our @EXPORT_OK = qw(schema_errors);

my @sides = qw(send recv open close ctl);

my %kinds = (
    count   => sub { is_number($_[0]) && $_[0] >= 0 && $_[0] == int($_[0]) },
    integer => sub { is_number($_[0]) && $_[0] == int($_[0]) },
    number  => sub { is_number($_[0]) && $_[0] >= 0 },
    string  => sub { is_string($_[0]) },
    boolean => sub { is_boolean($_[0]) },
    time    => sub { is_string($_[0]) && $_[0] =~ /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)$/ },
    any     => sub { 1 },
    mech    => sub { is_string($_[0]) && $_[0] =~ /^[a-z]+$/ },
    op      => sub { is_string($_[0]) && grep { $_ eq $_[0] } @sides },
    role    => sub { is_string($_[0]) && length $_[0] },
    map     => sub { ref($_[0]) eq 'HASH' },
    counts  => sub { ref($_[0]) eq 'HASH' && !grep { !is_number($_) || $_ < 0 } values %{ $_[0] } },
    strings => sub { ref($_[0]) eq 'ARRAY' && !grep { !is_string($_) } @{ $_[0] } },
);

my %side = (
    ops => 'count?', bytes => 'count?', copies => 'count?', copied_bytes => 'count?', moved_bytes => 'count?',
    waits => 'count?', wait_ns => 'count?', causes => 'counts?', sched_delay_ns => 'count?', wakes => 'count?',
    spurious_wakes => 'count?', errors => 'counts?', latency_ns => 'hist?', size_bytes => 'hist?',
);

my %shapes = (
    side  => \%side,
    hist  => { count => 'count', sum => 'count', buckets => 'buckets' },
    loss  => { missed => 'count', map_full => 'count', ring_full => 'count', unresolved => 'count' },
    self  => { runs => 'count?', run_ns => 'count?', cpu_ns => 'count', resident_bytes => 'count', map_bytes => 'count' },
    total => { objects => 'count', map { $_ => 'side' } @sides },
    capacity => { slots => 'count?', bytes => 'count?' },
    depth    => { slots => 'count?', bytes => 'count?', max_slots => 'count?', max_bytes => 'count?' },
    person   => { pid => 'count?', comm => 'string?' },
    object   => {
        mechanism => 'mech', id => 'string', name => 'string?', created => 'boolean?', destroyed => 'boolean?',
        capacity => 'capacity', depth => 'depth', (map { $_ => 'side' } @sides), residency_ns => 'hist?',
        internals => 'map', endpoints => [ 'endpoint' ], wakers => [ 'waker' ], balance_bytes => 'integer?',
        verdict => 'string?', ended_by => 'person?',
    },
    endpoint => {
        pid => 'count?', comm => 'string', kind => 'string', cgroup => 'string?', container => 'string?', unit => 'string?', role => 'role', send => 'side', recv => 'side', end => 'string?',
        internals => 'map',
    },
    waker     => { waker => 'person', wakee => 'person', wakes => 'count' },
    mechanism => {
        name => 'mech', backend => 'string', hooks => 'strings', unhooked => 'any', note => 'string?',
    },
    start => {
        type => 'string', schema => 'count', version => 'string', kernel => 'string', machine => 'string',
        time => 'time', mechanisms => [ 'mechanism' ], filters => 'map', interval_s => 'number',
    },
    interval => {
        type => 'string', elapsed_s => 'number', totals => { '*' => 'total' }, objects => [ 'object' ],
        loss => 'loss', self => 'self?',
    },
    event => {
        type => 'string', time_ns => 'count', mechanism => 'mech', op => 'op', object => 'string',
        pid => 'count?', tid => 'count?', comm => 'string', kind => 'string', size_bytes => 'count?', result => 'integer',
        latency_ns => 'count?', wait_ns => 'count?', cause => 'string?', internals => 'map?',
    },
    ring => { type => 'string', slots => [ 'slot' ] },
    slot => { index => 'count', offset => 'count?', len => 'count?', flags => 'strings?', page => 'any' },
);
$shapes{summary} = $shapes{interval};

# Where it is wrong, one text each; empty when all is well.
sub schema_errors {
    my ($line) = @_;
    return 'a line is not an object' unless ref($line) eq 'HASH';
    my $type = $line->{type} // '(none)';
    return "unknown type '$type'" unless grep { $_ eq $type } qw(start interval event summary ring);
    my @errors;
    check($line, $type, $type, \@errors);
    return @errors;
}

sub check {
    my ($value, $kind, $path, $errors) = @_;
    if (ref($kind) eq 'ARRAY') {
        return push @$errors, "$path: not a list" unless ref($value) eq 'ARRAY';
        check($value->[$_], $kind->[0], "$path\[$_]", $errors) for 0 .. $#$value;
        return;
    }
    if (ref($kind) eq 'HASH') {
        return push @$errors, "$path: not an object" unless ref($value) eq 'HASH';
        check($value->{$_}, $kind->{'*'}, "$path.$_", $errors) for sort keys %$value;
        return;
    }
    my $may_be_null = $kind =~ s/\?$//;
    if (!defined $value) {
        push @$errors, "$path: null" unless $may_be_null;
    } elsif ($kind eq 'buckets') {
        push @$errors, "$path: not pairs of rising bounds and counts" unless buckets_ok($value);
    } elsif (my $shape = $shapes{$kind}) {
        check_shape($value, $shape, $path, $errors);
        push @$errors, "$path: buckets do not add up to count"
            if $kind eq 'hist' && ref($value) eq 'HASH' && buckets_ok($value->{buckets}) && !adds_up($value);
    } else {
        push @$errors, "$path: not a $kind: $value" unless $kinds{$kind}->($value);
    }
    return;
}

sub check_shape {
    my ($value, $shape, $path, $errors) = @_;
    return push @$errors, "$path: not an object" unless ref($value) eq 'HASH';
    for my $key (sort keys %$shape) {
        if (exists $value->{$key}) {
            check($value->{$key}, $shape->{$key}, "$path.$key", $errors);
        } else {
            push @$errors, "$path.$key: missing";
        }
    }
    return;
}

# The last bucket may have no upper bound.
sub buckets_ok {
    my ($buckets) = @_;
    return 0 unless ref($buckets) eq 'ARRAY';
    my $last = -1;
    for my $i (0 .. $#$buckets) {
        my $pair = $buckets->[$i];
        return 0 unless ref($pair) eq 'ARRAY' && @$pair == 2 && is_number($pair->[1]);
        return 0 unless defined $pair->[0] || $i == $#$buckets;
        next unless defined $pair->[0];
        return 0 unless is_number($pair->[0]) && $pair->[0] > $last;
        $last = $pair->[0];
    }
    return 1;
}

sub adds_up {
    my ($hist) = @_;
    my $sum = 0;
    $sum += $_->[1] for @{ $hist->{buckets} };
    return $sum == ($hist->{count} // -1);
}

1;
