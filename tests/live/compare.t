#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# ipctrace compare: payloads arrive, the probes count what the transports themselves count, limits are what the
# kernel says, and the output has its shape.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends run_tool run_command json_lines slow tool have natively);
use JsonLine qw(is_number is_string is_boolean);

need_root();
my ($backend) = need_backends();
my $count = 23;
my @sizes = (24, 9001);

# Keys and types: n number, s string, b boolean, n0 and s0 may be null, a hash is an object.
my %flow = map { $_ => 'n' } qw(bytes_per_s messages_per_s sent received wrong lost refused calls context_switches
    cpu_ns_per_message);
my %shape = (
    compare_start => {
        type => 's', schema => 'n', version => 's', kernel => 's', machine => 's', cpus => 'n', limit_s => 'n',
        count => 'n0', elapsed_s => 'n', untraced => 's0', sizes => 'a',
    },
    compare => {
        type => 's', transport => 's', how => 's', mechanisms => 's', size_bytes => 'n', part_bytes => 'n0',
        part_limit => 's0', borders => 'b', error => 's0', corrupt => 'b', untraced => \%flow, traced => \%flow,
        least_messages_per_s => 'n', most_messages_per_s => 'n',
        latency_ns => { count => 'n', median => 'n0', p99 => 'n0' },
        probes => {
            backend => 's0', note => 's0',
            map { $_ => 'n0' } qw(sends receives sender_ops receiver_ops copied_bytes moved_bytes sender_waits
                receiver_waits wakes missed copies_per_byte cost_ns_per_message),
        },
        limits => {
            capacity_bytes => 'n0', capacity_sends => 'n0', drops_when_full => 'b', full => 's0',
            send_interrupted => 's0', receive_interrupted => 's0', receiver_died => 's0', sender_died => 's0',
        },
        limits_error => 's0',
    },
    compare_claim => { map { $_ => $_ eq 'size_bytes' ? 'n' : 's' } qw(type id claim size_bytes verdict evidence) },
);

sub shape_errors {
    my ($value, $shape, $path) = @_;
    if (ref $shape) {
        return () if !defined $value && $path =~ /\.(?:traced|untraced|limits)$/;
        return "$path is no object" unless ref $value eq 'HASH';
        my @errors = map {"$path.$_ is missing"} grep { !exists $value->{$_} } sort keys %$shape;
        push @errors, map {"$path.$_ is unknown"} grep { !exists $shape->{$_} } sort keys %$value;
        return (@errors, map { shape_errors($value->{$_}, $shape->{$_}, "$path.$_") }
            grep { exists $value->{$_} } sort keys %$shape);
    }
    return () if $shape =~ /0/ && !defined $value;
    return () if $shape =~ /^n/ && is_number($value) || $shape =~ /^s/ && is_string($value);
    return () if $shape eq 'b' && is_boolean($value) || $shape eq 'a' && ref $value eq 'ARRAY';
    return "$path has another type";
}

my $run = run_tool([ 'compare', '-j', '--size', join(',', @sizes), '--count', $count, '--limit', slow(10) ],
    patience => 600);
is($run->{status}, 0, 'exit status') or diag($run->{stderr});
is($run->{stderr}, '', 'no complaint');
my @lines = json_lines($run->{stdout});
my @errors = map { $shape{ $_->{type} } ? shape_errors($_, $shape{ $_->{type} }, $_->{type}) : "type $_->{type}" } @lines;
is(scalar @errors, 0, 'every line has its shape') or diag(join("\n", @errors[ 0 .. ($#errors > 8 ? 8 : $#errors) ]));
is($lines[0]{untraced}, undef, 'it was traced');

my (%of, %cannot);
for my $line (grep { $_->{type} eq 'compare' } @lines) {
    $of{ $line->{transport} }{ $line->{size_bytes} } = $line;
    $cannot{ $line->{transport} } = $line->{error} if defined $line->{error};
}
is(scalar keys %of, 14, 'fourteen transports');
is_deeply([ sort { $a <=> $b } keys %{ $of{pipe} } ], \@sizes, 'of each size');
is_deeply(\%cannot, {}, 'all of them work here');

# Bytes copied and moved of each message, and system calls, as they follow from how each one works.
sub parts { return int(($_[0] + $_[1] - 1) / $_[1]) }
my %truth = (
    pipe => sub { return (copied => 2 * $_[0], sends => 1) },
    'pipe-vmsplice' => sub { return (copied => $_[0], moved => $_[0], sends => $_[0] < 4096 ? 1 : undef) }, # a full ring takes some pages
    fifo => sub { return (copied => 2 * $_[0], sends => 1) },
    mq => sub { return (copied => 2 * $_[0], sends => parts($_[0], 8192), part => 8192) },
    msg => sub { return (copied => 2 * $_[0], sends => parts($_[0], 8192), part => 8192) },
    'shm+sem' => sub { return (copied => 0, calls => 4) },
    'shm+futex' => sub { return (copied => 0) },
    'unix-stream' => sub { return (copied => 2 * $_[0], sends => 1) },
    'unix-dgram' => sub { return (copied => 2 * $_[0], sends => 1) },
    'unix-seqpacket' => sub { return (copied => 2 * $_[0], sends => 1) },
    tcp => sub { return () },
    udp => sub { return () },
    signal => sub { return (sends => parts($_[0], 8), part => 8) },
    eventfd => sub { return (copied => 16 * parts($_[0], 7), sends => parts($_[0], 7), part => 7) },
);

sub check_payload {
    my ($line, $name) = @_;
    for my $turn (grep { defined $line->{$_} } qw(untraced traced)) {
        is($line->{$turn}{wrong}, 0, "$name, $turn: all that came is right");
        is($line->{$turn}{sent}, $count, "$name, $turn: sent as many as were asked for");
        is($line->{$turn}{received} + $line->{$turn}{lost}, $count, "$name, $turn: received, or lost");
        is($line->{$turn}{lost}, 0, "$name, $turn: nothing lost") unless $line->{transport} eq 'udp';
        cmp_ok($line->{$turn}{bytes_per_s}, '>', 0, "$name, $turn: a rate");
    }
    cmp_ok($line->{least_messages_per_s}, '<=', $line->{untraced}{messages_per_s}, "$name: the median is no less");
    cmp_ok($line->{most_messages_per_s}, '>=', $line->{untraced}{messages_per_s}, "$name: and no more");
    cmp_ok($line->{latency_ns}{count}, '<=', $count, "$name: a latency a message");
    cmp_ok($line->{latency_ns}{median}, '<=', $line->{latency_ns}{p99}, "$name: the 99th is above the median");
    return;
}

# Misses of the system call backend are those of the whole machine: with some, the truth is a bound.
sub at_most_missed {
    my ($got, $wanted, $missed, $what) = @_;
    return is($got, $wanted, $what) unless $missed;
    return ok($got <= $wanted && $got + $missed >= $wanted, "$what, but for what was missed")
        || diag("got $got, wanted $wanted, missed $missed");
}

sub check_probes {
    my ($line, $name, %t) = @_;
    my ($p, $on) = ($line->{probes}, $line->{traced});
    at_most_missed($p->{sender_ops} + $p->{receiver_ops}, $on->{calls}, $p->{missed}, "$name: as many calls as were made")
        unless $on->{refused};
    at_most_missed($p->{sends}, $count * $t{sends}, $p->{missed}, "$name: sends") if $t{sends};
    is($on->{calls}, $count * $t{calls}, "$name: calls a message") if $t{calls};
    if (defined $t{copied}) {
        return if $p->{missed};
        is($p->{copied_bytes}, $count * $t{copied}, "$name: bytes copied");
        # what is spliced in is moved; reading it is a copy
        is($p->{moved_bytes}, $count * ($t{moved} // 0), "$name: bytes moved");
    }
    cmp_ok($p->{sender_waits} + $p->{receiver_waits}, '<=', $on->{context_switches}, "$name: a wait is a switch");
    cmp_ok($p->{wakes}, '<=', $p->{sender_waits} + $p->{receiver_waits}, "$name: a wakeup ends a wait");
    return;
}

my $traced = 0;
for my $transport (sort keys %of) {
    for my $size (@sizes) {
        my $line = $of{$transport}{$size};
        my %t = $truth{$transport} ? $truth{$transport}->($size) : fail("$transport is known here");
        check_payload($line, "$transport $size");
        is($line->{part_bytes}, ($t{part} // $size) < $size ? $t{part} : undef, "$transport $size: parts");
        next unless $line->{traced};
        $traced++;
        is($line->{probes}{backend}, $backend, "$transport $size: the best backend");
        check_probes($line, "$transport $size", %t);
    }
}
cmp_ok($traced, '>=', 24, 'all but loopback, at least, were traced');

# What becomes of who is full, interrupted, alone: as pipe(7), mq_overview(7), unix(7)… have it.
my %limits = ( # a pipe's messages are not split between pages
    pipe => [ int(4096 / $sizes[0]) * 16, 'sleeps (full)', 'EINTR', 'EPIPE, SIGPIPE', 'end' ],
    fifo => [ undef, 'sleeps (full)', 'EINTR', 'EPIPE, SIGPIPE', 'end' ],
    'pipe-vmsplice' => [ 16, 'sleeps (full)', 'EINTR', 'EPIPE, SIGPIPE', 'end' ],
    mq => [ 10, 'sleeps (full)', 'EINTR', 'sleeps on', 'sleeps on' ],
    msg => [ undef, 'sleeps (full)', 'EINTR', 'sleeps on', 'sleeps on' ],
    'shm+sem' => [ 1024, 'sleeps (value)', 'EINTR', 'sleeps on', 'sleeps on' ],
    'shm+futex' => [ 1024, 'sleeps (value)', 'EINTR', 'sleeps on', 'sleeps on' ],
    'unix-stream' => [ undef, 'sleeps (full)', 'EINTR', 'ECONNRESET', 'end' ],
    'unix-seqpacket' => [ undef, 'sleeps (full)', 'EINTR', 'ECONNRESET', 'end' ],
    'unix-dgram' => [ undef, 'sleeps (full)', 'EINTR', 'ECONNREFUSED', 'sleeps on' ],
    tcp => [ undef, undef, 'EINTR', 'ECONNRESET', 'end' ],
    signal => [ undef, 'EAGAIN', undef, 'ESRCH', 'sleeps on' ],
    eventfd => [ 1, 'sleeps (full)', 'EINTR', 'sleeps on', 'sleeps on' ],
);
for my $transport (sort keys %limits) {
    my $l = $of{$transport}{ $sizes[0] }{limits};
    my ($sends, $full, $interrupted, $alone, $orphan) = @{ $limits{$transport} };
    ok($l, "$transport: limits") or diag($of{$transport}{ $sizes[0] }{limits_error}) or next;
    is($l->{capacity_sends}, $sends, "$transport: room") if defined $sends;
    is($l->{full}, $full, "$transport: when it is full") if defined $full;
    is($l->{send_interrupted}, $interrupted, "$transport: an interrupted send");
    is($l->{receive_interrupted}, 'EINTR', "$transport: an interrupted receive");
    is($l->{receiver_died}, $alone, "$transport: without a receiver");
    is($l->{sender_died}, $orphan, "$transport: without a sender");
}
ok($of{udp}{ $sizes[0] }{limits}{drops_when_full}, 'udp: drops when it is full');

my %verdict = map { $_->{id} => $_->{verdict} } grep { $_->{type} eq 'compare_claim' && $_->{size_bytes} == $sizes[0] } @lines;
is(scalar(grep { $_->{type} eq 'compare_claim' } @lines), 7 * @sizes, 'seven claims, for each size');
is($verdict{$_}, 'holds', "$_ holds") for qw(shm-no-copy pipe-two-copies mq-copy unix-copies);

natively 'as text' => sub {
    my $text = run_tool([ 'compare', 'pipe,eventfd,signal,udp', qw(--ascii --count 7 --limit 1) ], patience => 600);
    is($text->{status}, 0, 'exit status') or diag($text->{stderr});
    unlike($text->{stdout}, qr/[^\n -~]/, 'only ASCII, no colour');
    is(scalar(grep { length > 80 } split /\n/, $text->{stdout}), 0, 'no line is too long');
    like($text->{stdout}, qr/^eventfd: in parts of 7 bytes: the limit is a counter$/m, 'parts are told');
    like($text->{stdout}, qr/^pipe +\S+ #+$/m, 'a bar');
};

natively 'nothing can be traced' => sub {
    return plan(skip_all => 'setpriv is not installed') unless have('setpriv');
    my $bare = run_command(argv => [ qw(setpriv --bounding-set=-all --inh-caps=-all), tool(),
            'compare', 'pipe,msg', qw(-j --count 7 --limit 1) ]);
    is($bare->{status}, 0, 'exit status') or diag($bare->{stderr});
    my @bare = json_lines($bare->{stdout});
    like($bare[0]{untraced}, qr/\w/, 'says why');
    is($bare[1]{traced}, undef, 'nothing is traced');
    is($bare[1]{probes}{$_}, undef, "probes: $_ is null") for qw(sends copied_bytes wakes missed);
    is($bare[1]{untraced}{received}, 7, 'but compared');
    is($bare[1]{limits}{full}, 'sleeps', 'a sleep without its cause');
};

natively 'interrupted, it leaves nothing behind' => sub {
    return plan(skip_all => 'unshare is not installed') unless have('unshare');
    my $stopped = run_command(patience => 300, argv => [ qw(unshare -i sh -c), <<'EOF', tool() ]);
        for what in msg:msg shm+sem:sem; do
            "$0" compare ${what%:*} --limit 60 &
            until grep -q '[0-9]' /proc/sysvipc/${what#*:}; do sleep 0.05; done
            kill -INT $!
            wait $! || echo "status $?"
        done
        grep '[0-9]' /proc/sysvipc/msg /proc/sysvipc/sem /proc/sysvipc/shm
EOF
    is($stopped->{stdout}, "status 1\nstatus 1\n", 'exit status, and no queue, set or segment is left');
    is($stopped->{stderr}, "ipctrace: interrupted: nothing was compared\n" x 2, 'says so');
};

done_testing();
