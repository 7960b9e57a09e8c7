#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# One socket among others, by the inode number of either end as the fd directory of proc shows it; by who is at either
# end; and names in the lines of -e. One conversation, watched by many at once.
use strict;
use warnings;

use File::Basename qw(dirname);
use IO::Socket::INET;
use POSIX ();
use Socket qw(AF_UNIX SOCK_STREAM PF_UNSPEC);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch slurp start_tool finish stop wait_until started report summary_of short);

use constant { INET_SENDS => 7, INET_SIZE => 61, UNIX_SENDS => 5, UNIX_SIZE => 97 };

need_root();
my @talkers;
END { my $status = $?; kill('KILL', @talkers) if @talkers; $? = $status }

for my $backend (need_backends()) {
    subtest $backend => sub { run($backend) };
}
done_testing();

sub inode_of { return (stat($_[0]))[1] }

# A process without these sockets that does $talk once `go` is there.
sub talker {
    my ($name, $go, $without, $talk) = @_;
    my $pid = fork() // die "fork: $!";
    return $pid if $pid;
    @talkers = ();
    $0 = $name;
    close($_) for @$without;
    wait_until(60, sub { -e $go }) or POSIX::_exit(1);
    $talk->();
    POSIX::_exit(0);
}

sub sends {
    my ($fh, $cnt, $size) = @_;
    for (1 .. $cnt) { (syswrite($fh, 'x' x $size) // 0) == $size or POSIX::_exit(1) }
    return;
}

sub takes {
    my ($fh, $left) = @_;
    while ($left > 0) {
        my $got = sysread($fh, my $data, $left);
        POSIX::_exit(1) unless $got;
        $left -= $got;
    }
    return;
}

sub run {
    my ($backend) = @_;
    my $go = scratch('go');
    my $listener = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die "listen: $!";
    my $client   = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $listener->sockport) or die "connect: $!";
    my $server   = $listener->accept or die "accept: $!";
    socketpair(my $one, my $two, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die "socketpair: $!";
    my ($sender, $receiver);
    @talkers = ();
    push @talkers, $sender = talker('sock-sender', $go, [ $listener, $server, $two ], sub { sends($client, INET_SENDS, INET_SIZE); sends($one, UNIX_SENDS, UNIX_SIZE) });
    push @talkers, $receiver = talker('sock-receiver', $go, [ $listener, $client, $one ], sub { takes($server, INET_SENDS * INET_SIZE); takes($two, UNIX_SENDS * UNIX_SIZE) });
    my %inode = (client => inode_of($client), server => inode_of($server), listener => inode_of($listener), one => inode_of($one), two => inode_of($two));
    my ($low, $high) = sort { $a <=> $b } $client->sockport, $client->peerport;
    my $pair = "tcp:127.0.0.1:$low-127.0.0.1:$high";
    close($_) for $client, $server, $one, $two;

    my @watchers = (
        { mechs => 'inet',      options => [ '-O', "socket:[$inode{client}]" ], name => $pair, inet => 1 },
        { mechs => 'unix,inet', options => [ '-O', "socket:[$inode{server}]" ], name => $pair, inet => 1 },
        { mechs => 'inet',      options => [ '-O', "socket:[$inode{listener}]" ], name => 'tcp:127.0.0.1:' . $listener->sockport },
        { mechs => 'unix',      options => [ '-O', "unix:[$inode{one}]" ], id => "unix:[$inode{one}]", unix => 1 },
        { mechs => 'unix',      options => [ '-O', "unix:[$inode{two}]" ], id => "unix:[$inode{two}]", unix => 1 },
        { mechs => 'unix,inet', options => [ '-O', "socket:[$inode{two}]" ], id => "unix:[$inode{two}]", unix => 1 },
        { mechs => 'unix,inet', options => [ '-p', $sender ], inet => 1, unix => 1 },
        { mechs => 'unix,inet', options => [ '-p', $receiver ], inet => 1, unix => 1 },
    );
    @watchers = @watchers[ 1, 4 ] if short();
    for my $w (@watchers) {    # one after the other: loading takes memory
        $w->{report} = scratch('report');
        $w->{tool} = start_tool([ $w->{mechs}, '-j', '-i', 3600, '--backend', $backend, @{ $w->{options} }, '--output', $w->{report} ]);
        ok(started($w->{report}, $w->{tool}), "$w->{mechs} @{ $w->{options} }: started") or diag(slurp($w->{tool}{err}));
    }
    my $lines = scratch('lines');
    my $reader = start_tool([ 'inet', '-e', '--backend', $backend, '-O', $pair, '--output', $lines ]);
    ok(wait_until(60, sub { slurp($lines) =~ /SECONDS/ }), '-e: started');
    open(my $start, '>', $go) or die "$go: $!";
    waitpid($_, 0) && is($?, 0, 'the conversation took place') for @talkers;
    @talkers = ();
    for my $w (@watchers) {
        stop($w->{tool});
        subtest "$w->{mechs} @{ $w->{options} }" => sub { watched($w, $sender, $receiver) };
    }
    stop($reader);
    my @events = grep { /\Q$pair\E/ } split /\n/, slurp($lines);
    is(scalar(grep { / send / } @events), INET_SENDS, '-e: the sends, by address');
    ok(scalar(grep { / recv / } @events), '-e: the receives');
    return;
}

sub watched {
    my ($w, $sender, $receiver) = @_;
    my $summary = summary_of(report(undef, $w->{report})) or return fail('a summary') || diag($w->{tool}{stderr});
    my @want = grep { $w->{$_} } qw(inet unix);
    is(scalar @{ $summary->{objects} }, @want || 1, 'so many objects') or diag(explain([ map { $_->{name} // $_->{id} } @{ $summary->{objects} } ]));
    my $o = $summary->{objects}[0] or return;
    is($o->{name}, $w->{name}, 'its name') if $w->{name};
    is($o->{id}, $w->{id}, 'its id') if $w->{id};
    my %truth = (inet => [ INET_SENDS, INET_SENDS * INET_SIZE ], unix => [ UNIX_SENDS, UNIX_SENDS * UNIX_SIZE ]);
    for my $mech (@want) {
        my ($found) = grep { $_->{mechanism} eq $mech } @{ $summary->{objects} } or return fail("$mech: the object");
        is_deeply([ @{ $found->{send} }{qw(ops bytes)} ], $truth{$mech}, "$mech: what was sent");
        is($found->{recv}{bytes}, $truth{$mech}[1], "$mech: what was received");
        my %pids = map { $_->{pid} => 1 } grep { $_->{send}{ops} || $_->{recv}{ops} } @{ $found->{endpoints} };
        is_deeply([ sort keys %pids ], [ sort $sender, $receiver ], "$mech: both processes");
    }
    return;
}
