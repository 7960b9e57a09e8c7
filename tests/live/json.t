#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The tests' own tools, held against lines written by hand. Needs no root.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use JsonLine qw(json_decode is_number is_string is_boolean);
use Schema qw(schema_errors);
use Truth qw(differences lost missed_of unequal_sums);

# ---- JsonLine is strict ----

is_deeply(json_decode('{"a":{"b":[{"c":"\u001b\"\\\\\n"}]}}'), { a => { b => [ { c => qq(\x1b"\\\n) } ] } }, 'objects and strings');
is(json_decode('"\ud83d\ude00\u00e9"'), "\x{1f600}\x{e9}", 'a surrogate pair');
is(json_decode(qq("caf\xc3\xa9")), "caf\x{e9}", 'UTF-8');
is(json_decode('18446744073709551615'), 18446744073709551615, 'all of 64 bits');
for my $text ('{', '{"a":1,}', '[1 2]', "\"\x1b\"", '{"a":1}x', '01', '"\x"', '{"a":1,"a":2}', "\"\xff\"", 'nul',
    '"\ud83d"', '') {
    (my $shown = $text) =~ s/([^\x20-\x7e])/sprintf '\\x%02x', ord $1/ge;
    ok(!eval { json_decode($text); 1 }, "refused: $shown");
}
my $types = json_decode('[1,"1",true,null,1.5]');
is_deeply([ map { is_number($_) ? 'n' : is_string($_) ? 's' : is_boolean($_) ? 'b' : '-' } @$types ],
    [qw(n s b - n)], 'types can be told');

# ---- Schema ----

my $hist = '{"count":3,"sum":12,"buckets":[[4,1],[8,2]]}';
my $side = '{"ops":1009,"bytes":4129837,"copies":1009,"copied_bytes":4129837,"moved_bytes":0,"waits":null,'
    . '"wait_ns":0,"causes":{"full":3},"sched_delay_ns":0,"wakes":0,"spurious_wakes":0,"errors":{},'
    . qq("latency_ns":$hist,"size_bytes":null});
my $sides = join ',', map {"\"$_\":$side"} qw(send recv open close ctl);
my $object = '{"mechanism":"pipe","id":"pipe:[81234]","name":null,"created":true,"destroyed":false,'
    . '"capacity":{"slots":16,"bytes":65536},"depth":{"slots":0,"bytes":0,"max_slots":16,"max_bytes":65536},'
    . qq($sides,"residency_ns":null,"internals":{"merged_writes":0},)
    . qq("endpoints":[{"pid":7,"comm":"w","kind":"process","cgroup":null,"container":null,"unit":null,"role":"send","send":$side,"recv":$side,"end":null,"internals":{}}],)
    . '"wakers":[{"waker":{"pid":7,"comm":"w"},"wakee":{"pid":8,"comm":"r"},"wakes":3}],'
    . '"balance_bytes":0,"verdict":null,"ended_by":null}';
my $summary = qq({"type":"summary","elapsed_s":1.5,"totals":{"pipe":{"objects":1,$sides}},"objects":[$object],)
    . '"loss":{"missed":0,"map_full":0,"ring_full":0,"unresolved":0},"self":null}';
my $line = json_decode($summary);

is_deeply([ schema_errors($line) ], [], 'a good summary');
is_deeply([ schema_errors(json_decode('{"type":"sumary"}')) ], [q(unknown type 'sumary')], 'an unknown type');

sub broken {
    my ($edit) = @_;
    my $copy = json_decode($summary);
    $edit->($copy, $copy->{objects}[0]);
    return [ schema_errors($copy) ];
}
is_deeply(broken(sub { delete $_[1]{verdict} }), ['summary.objects[0].verdict: missing'], 'a key is missing');
is_deeply(broken(sub { $_[1]{id} = undef }), ['summary.objects[0].id: null'], 'a null that may not be');
is_deeply(broken(sub { $_[1]{send}{ops} = '7' }), ['summary.objects[0].send.ops: not a count: 7'], 'a string for a count');
is_deeply(broken(sub { $_[0]{loss}{missed} = -1 }), ['summary.loss.missed: not a count: -1'], 'less than nothing');
is_deeply(broken(sub { $_[1]{send}{latency_ns}{count} = 4 }),
    ['summary.objects[0].send.latency_ns: buckets do not add up to count'], 'a histogram that does not add up');

# ---- Truth ----

my $truth = json_decode('{"key":"pipe:[81234]","mechanism":"pipe","largest_bytes":{"send":4093,"recv":4093},'
    . '"created":1,"balance_bytes":0,"capacity":{"slots":16},'
    . '"send":{"ops":1009,"bytes":4129837,"copies":1009,"causes":{"full":3},"errors":{}},"recv":{"ops":{"min":9,"max":2000},"waits":1},'
    . '"endpoints":[{"pid":7,"comm":"w","kind":"process","role":"send","send":{"ops":1009}}],'
    . '"wakers":[{"waker":7,"wakee":8,"wakes":3}],"internals":{"merged_writes":0}}');
my $blind = [ [ 'pipe', 'syscall', 'internals.merged_writes' ] ];

# Of hooks: of the end of sends, of their beginning, of no operation.
sub missed {
    my ($ended, $begun, $other, $either) = (@_, 0);
    my %op = map { $_ => { missed => 0, missed_entries => 0 } } qw(send recv open close ctl);
    $op{send} = { missed => $ended, missed_entries => $begun };
    $op{missed_either} = $either;
    return missed_of({ loss => { missed => $ended + $begun + $other + $either }, totals => { pipe => \%op } }, 'function');
}
my $none = missed(0, 0, 0);

sub seen {
    my ($edit) = @_;
    my $got = json_decode($object);
    @{ $got->{recv} }{qw(waits causes)} = (1, { empty => 1 });
    $edit->($got);
    return $got;
}

sub compared {
    my ($edit, $backend, $missed) = @_;
    return [ map { s/^pipe:\[81234\]: //r } differences($truth, seen($edit), $backend // 'function', $blind, $missed // $none) ];
}
is_deeply(compared(sub { }), [], 'they agree');
is_deeply([ differences($truth, undef, 'function', $blind, $none) ], ['pipe:[81234]: not in the report'],
    'an object that is not there');
is_deeply(compared(sub { $_[0]{send}{ops}-- }), ['send.ops: 1008, truth 1009'], 'one short');
is_deeply(compared(sub { $_[0]{send}{ops}-- }, 'function', missed(1, 0, 0)), [], 'one short, one missed');
is_deeply(compared(sub { $_[0]{send}{ops}-- }, 'function', missed(0, 9, 9)), ['send.ops: 1008, truth 1009'],
    'one short, only other hooks missed');
is_deeply(compared(sub { $_[0]{send}{ops} -= 2 }, 'function', missed(1, 0, 0)), ['send.ops: 1007, truth 1009'],
    'two short, one missed');
is_deeply(compared(sub { $_[0]{send}{ops}++ }, 'function', missed(9, 9, 9)), ['send.ops: 1010, truth 1009'], 'one too many');
is_deeply(compared(sub { $_[0]{send}{bytes} -= 4093 }, 'function', missed(1, 0, 0)), [], 'the bytes of one');
is_deeply(compared(sub { $_[0]{send}{bytes} -= 4094 }, 'function', missed(1, 0, 0)), ['send.bytes: 4125743, truth 4129837'],
    'more bytes than one can have');
is_deeply(compared(sub { $_[0]{send}{copies} = 1008 }, 'function', missed(0, 9, 9)), ['send.copies: 1008, truth 1009'],
    'a copy short');
is_deeply(compared(sub { $_[0]{balance_bytes} = 4093 }, 'function', missed(0, 9, 9)), ['balance_bytes: 4093, truth 0'],
    'out of balance');
is_deeply(compared(sub { $_[0]{balance_bytes} = undef }), ['balance_bytes: null'], 'no balance');
is_deeply(compared(sub { $_[0]{balance_bytes} = -4093 }, 'function', missed(1, 0, 0)), [], 'out of balance, one missed');
is_deeply(compared(sub { $_[0]{send}{causes}{full} = 2 }, 'function', missed(0, 1, 0)), [], 'a wait short, an entry missed');
is_deeply(compared(sub { $_[0]{recv}{ops} = 8 }, 'function', missed(9, 9, 9)), ['recv.ops: 8, not between 9 and 2000'],
    'out of range');
is_deeply(compared(sub { $_[0]{internals}{merged_writes} = undef }, 'syscall'), [], 'a null where it is blind');
is_deeply(compared(sub { $_[0]{internals}{merged_writes} = undef }), ['internals.merged_writes: null'], 'a null where it sees');
is_deeply(compared(sub { $_[0]{send}{causes}{empty} = 1 }), ['send.causes.empty: 1, truth 0'], 'a cause too many');
is_deeply(compared(sub { @{ $_[0]{recv} }{qw(waits causes)} = (2, { lock => 1, empty => 1 }) }), [], 'a sleep for a lock is nobody\'s truth');
is_deeply(compared(sub { $_[0]{send}{errors}{EAGAIN} = 2 }), ['send.errors.EAGAIN: 2, truth 0'], 'an error too many');
is_deeply(compared(sub { $_[0]{wakers}[0]{wakes} = 2 }), ['wakers[7>8].wakes: 2, truth 3'], 'a wakeup short');
is_deeply(compared(sub { $_[0]{endpoints}[0]{comm} = 'x' }), [q(endpoints[7 send].comm: 'x', truth 'w')], 'another name');
is_deeply(compared(sub { $_[0]{endpoints} = [] }), ['endpoints[7 send]: missing'], 'an endpoint is missing');
is_deeply(compared(sub { delete $_[0]{capacity} }), ['capacity: missing'], 'a key that is not there');
is(lost({ missed => 1, map_full => 2 }), 3, 'losses add up');

# ---- counted + missed = truth, over all objects ----

my $exact = json_decode('{"key":"pipe:[81234]","mechanism":"pipe","send":{"ops":1009},"recv":{"ops":1009}}');
sub sums {
    my ($edit, $missed) = @_;
    return [ unequal_sums([ [ $exact, seen($edit) ] ], $missed) ];
}
is_deeply(sums(sub { }, $none), [], 'equal');
is_deeply(sums(sub { $_[0]{send}{ops} -= 2 }, missed(2, 0, 0)), [], 'two short, two missed');
is_deeply(sums(sub { $_[0]{send}{ops}-- }, missed(2, 0, 0)), ['all objects, send: 1008 counted + 2 missed, truth 1009'],
    'one short, two missed');
is_deeply(sums(sub { $_[0]{recv}{ops}-- }, missed(1, 0, 0)),
    [ 'all objects, send: 1009 counted + 1 missed, truth 1009', 'all objects, recv: 1008 counted + 0 missed, truth 1009' ],
    'missed on the other side');
my $either = missed(1, 0, 0, 3);
is_deeply(sums(sub { $_[0]{send}{ops} -= 3; $_[0]{recv}{ops}-- }, $either), [], 'missed by a hook of both sides');
is_deeply(sums(sub { $_[0]{send}{ops}--; $_[0]{recv}{ops} -= 3 }, $either), [], 'or all of it on the other side');
is_deeply(sums(sub { $_[0]{send}{ops} -= 2; $_[0]{recv}{ops}-- }, $either),
    [ 'all objects, send: 1007 counted + 1 missed, truth 1009', 'all objects, recv: 1008 counted + 0 missed, truth 1009',
      'all objects: 3 missed that were a send or a receive' ], 'one short of it');
is_deeply(sums(sub { $_[0]{recv}{ops} -= 4 }, $either),
    [ 'all objects, send: 1009 counted + 1 missed, truth 1009', 'all objects, recv: 1005 counted + 0 missed, truth 1009',
      'all objects: 3 missed that were a send or a receive' ], 'a send that was missed and is counted');
is_deeply(compared(sub { $_[0]{send}{ops} -= 4 }, 'function', $either), [], 'an object that is short by all of it');
is_deeply(compared(sub { $_[0]{send}{ops} -= 5 }, 'function', $either), ['send.ops: 1004, truth 1009'], 'and by one more');

# ---- sums of what operations add: short by no more than the largest, of each that was missed ----

my $summed = json_decode('{"key":"pipe:[81234]","mechanism":"pipe","largest_internals":{"raised":5},"internals":{"raised":100}}');
sub raised {
    my ($n, $missed) = @_;
    my $got = seen(sub { $_[0]{internals} = { raised => $n } });
    return [ map { s/^pipe:\[81234\]: //r } differences($summed, $got, 'function', [], $missed) ];
}
is_deeply(raised(80, $either), [], 'four missed, of up to five each');
is_deeply(raised(79, $either), ['internals.raised: 79, truth 100'], 'more than they can have added');
is_deeply(raised(99, $none), ['internals.raised: 99, truth 100'], 'nothing missed');

done_testing();
