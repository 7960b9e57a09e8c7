#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `ipctrace export`: its figures are the truth, Prometheus' own parser takes them, nobody can write,
# and a Prometheus server that scrapes two of them has our rules fire and answers all that our dashboard asks.
use strict;
use warnings;

use File::Basename qw(dirname);
use IO::Socket::INET;
use Test::More;

use lib dirname(__FILE__);
use Dashboard qw(dashboard_read dashboard_errors dashboard_queries);
use Ipctrace qw(need_root need_backends scratch slurp run_tool run_command start start_tool finish stop alive wait_until
    have natively tool);
use JsonLine qw(json_decode);

need_root();
my ($backend) = need_backends();
my $top = dirname(__FILE__) . '/../..';
my $openmetrics = 'Accept: application/openmetrics-text; version=1.0.0';

# Status, head and body of an answer.
sub request {
    my ($port, $method, $path, $head) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 10) or return (0, '', "$!");
    print $s "$method $path HTTP/1.0\r\n", $head ? "$head\r\n" : '', "\r\n";
    local $/;
    my $answer = <$s> // '';
    my ($top_lines, $body) = split(/\r\n\r\n/, $answer, 2);
    return ($answer =~ m{^HTTP/1\.\d (\d+)} ? $1 : 0, $top_lines, $body // '');
}

# Starts one on a free port; returns it and the port, once there is a report.
sub export {
    my ($args, @command) = @_;
    my $tool = start_tool([ 'export', @$args, '--listen', '127.0.0.1:0', '-i', '0.2', '--backend', $backend, @command ]);
    my $port = wait_until(60, sub { slurp($tool->{err}) =~ m{listening on http://127\.0\.0\.1:(\d+)/metrics} ? $1 : 0 });
    wait_until(30, sub { (request($port, 'GET', '/metrics'))[0] == 200 || !alive($tool) }) if $port;
    return ($tool, $port);
}

sub value {
    my ($text, $series) = @_;
    return $text =~ /^\Q$series\E (\S+)$/m ? $1 : undef;
}

my $text;
subtest 'the truth, as metrics' => sub {
    my $done = scratch('done');
    my $shell = "dd bs=4096 count=1009 if=/dev/zero 2>/dev/null | cat >/dev/null; : >$done; sleep 60";
    my ($tool, $port) = export([ 'pipe', '--host', 'a.example,metrics.example' ], '--', 'sh', '-c', $shell);
    return fail('it listens') unless $port;
    my $sent = 'ipctrace_transferred_bytes_total{mechanism="pipe",op="send"}';
    wait_until(30, sub { -e $done });
    wait_until(10, sub { ($text = (request($port, 'GET', '/metrics'))[2]) && (value($text, $sent) // 0) >= 4_132_864 });
    if ($text !~ /^ipctrace_losses_total\{reason="missed"\} 0$/m) { note('something was missed') } else {
        is(value($text, $sent), 4_132_864, 'bytes sent');
        is(value($text, 'ipctrace_operations_total{mechanism="pipe",op="send"}'), 1009, 'sends');
        is(value($text, 'ipctrace_transferred_bytes_total{mechanism="pipe",op="recv"}'), 4_132_864, 'bytes received');
    }
    my $by_object = 0;
    $by_object += $1 while $text =~ /^ipctrace_object_transferred_bytes_total\{.*op="send"\} (\d+)$/mg;
    is($by_object, value($text, $sent), 'objects and other make up the whole');
    cmp_ok(value($text, 'ipctrace_cpu_seconds_total') // 0, '>', 0, 'its own cost');
    my ($status, $head, $body) = request($port, 'GET', '/metrics', $openmetrics);
    like($head, qr{Content-Type: application/openmetrics-text; version=1\.0\.0}i, 'OpenMetrics to who accepts it');
    like($body, qr/\n# EOF\n\z/, 'with its end');
    is(json_decode((request($port, 'GET', '/json'))[2])->{type}, 'interval', 'JSON');
    my %host = ('127.0.0.1' => 200, '[::1]:9856' => 200, "localhost:$port" => 200, 'Metrics.example.:80' => 200,
        'example' => 403, 'rebound.example' => 403, '127.0.0.1.rebound.example' => 403);
    is((request($port, 'GET', '/metrics', "Host: $_"))[0], $host{$_}, "asked for as $_") for sort keys %host;
    is((request($port, 'POST', '/metrics'))[0], 405, 'nobody posts');
    is((request($port, 'DELETE', '/metrics'))[0], 405, 'or deletes');
    is((request($port, 'GET', '/../etc/passwd'))[0], 404, 'and there is nothing else');
    kill('TERM', $tool->{pid});
    is(finish($tool)->{status}, 143, 'it ends with its command');
};

natively 'Prometheus parses it' => sub {
    plan(skip_all => 'promtool is not installed') unless have('promtool');
    my $file = scratch('metrics');
    open(my $out, '>', $file) or die "$file: $!";
    print $out $text;
    close($out);
    my $run = run_command(argv => [ 'sh', '-c', "promtool check metrics <$file" ]);
    is($run->{status}, 0, 'promtool check metrics');
    is("$run->{stdout}$run->{stderr}", '', 'nothing to complain of');
    $run = run_command(argv => [ 'promtool', 'check', 'rules', "$top/tools/prometheus/ipctrace.rules.yml" ]);
    is($run->{status}, 0, 'promtool check rules') or diag($run->{stderr});
    $run = run_command(argv => [ 'promtool', 'test', 'rules', "$top/tools/prometheus/ipctrace.rules.test.yml" ]);
    is($run->{status}, 0, 'promtool test rules') or diag($run->{stdout}, $run->{stderr});
};

# A full pipe, two processes that each read what only the other one could send, and one that keeps a pipe
# in use: every second read of it finds it empty.
my $stuck = <<'EOT';
    pipe(R, W); exec 'yes' if !fork() && open(STDOUT, '>&', \*W); close W;
    pipe(A, B); pipe(C, D);
    if (!fork()) { close B; close C; close R; sysread A, $x, 1; exit }
    if (!fork()) { close D; close A; close R; sysread C, $x, 1; exit }
    close $_ for \*A, \*B, \*C, \*D;
    pipe(E, F); fcntl(E, 4, 2048);
    while (1) { syswrite F, 'x' x 1009; sysread E, $x, 4093; sysread E, $x, 1; select undef, undef, undef, 0.05 }
EOT

# Two descriptors that are sent and never received.
my $passes = <<'EOT';
import socket, time
a, b = socket.socketpair()
socket.send_fds(a, [b'x'], [0, 1])
time.sleep(1000)
EOT

# {alert => {instance => 1}} of those that fire.
sub firing {
    my ($port) = @_;
    my %alerts;
    my $answer = eval { json_decode((request($port, 'GET', '/api/v1/alerts'))[2]) } or return {};
    $alerts{ $_->{labels}{alertname} }{ $_->{labels}{instance} } = 1
        for grep { $_->{state} eq 'firing' } @{ $answer->{data}{alerts} };
    return \%alerts;
}

# What it says to a query at this moment: [labels and value, …]; undef and why: it has no answer.
sub query {
    my ($port, $query) = @_;
    my $in_url = $query =~ s/([^\w.~-])/sprintf('%%%02X', ord $1)/ger;
    my $answer = eval { json_decode((request($port, 'GET', "/api/v1/query?query=$in_url"))[2]) };
    return (undef, $answer ? $answer->{error} : 'no answer') if !$answer || $answer->{status} ne 'success';
    return $answer->{data}{result};
}

# All that the dashboard asks has an answer, and numbers in it.
sub ask_as_dashboard {
    my ($port) = @_;
    my $board = dashboard_read("$top/tools/prometheus/ipctrace-dashboard.json");
    is_deeply([ dashboard_errors($board) ], [], 'the dashboard is one');
    my @queries = dashboard_queries($board, '10s');
    cmp_ok(scalar @queries, '>', 20, 'it asks');
    my (%empty, %why);
    wait_until(30, sub {
        for my $asked (@queries) {
            my ($result, $error) = query($port, $asked->[1]);
            $empty{ $asked->[0] } = !grep { $_->{value}[1] =~ /^-?[\d.]+(e[-+]\d+)?$/ } @{ $result // [] };
            $why{ $asked->[0] } = $error // 'nothing';
        }
        return !grep {$_} values %empty;
    });
    for my $asked (@queries) {
        my ($what, $query) = @$asked;
        ok(!$empty{$what}, "dashboard: $what") or diag("$query\n$why{$what}");
    }
    return;
}

natively 'a Prometheus server: two instances, alerts fire' => sub {
    plan(skip_all => 'prometheus is not installed') unless have('prometheus');
    my $victims = start(argv => [ 'perl', '-e', $stuck ], own_group => 1);
    my $passing = start(argv => [ 'python3', '-c', $passes ]);
    my @exports = map { [ export([ 'pipe,unix', @$_ ]) ] } [qw(--deadlocks --self)], [];
    my @ports = map { $_->[1] } @exports;
    my $dir = scratch('prometheus');
    mkdir $dir or die "$dir: $!";
    my $rules = slurp("$top/tools/prometheus/ipctrace.rules.yml");
    is($rules =~ s/> 300$/> 3/mg, 2, 'five minutes become three seconds');
    my $free = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0);
    my $port = $free->sockport;
    close($free);
    my %files = ('rules.yml' => $rules, 'config.yml' => <<"EOT");
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs: [{job_name: ipctrace, static_configs: [{targets: ['127.0.0.1:$ports[0]', '127.0.0.1:$ports[1]']}]}]
EOT
    for my $name (keys %files) {
        open(my $out, '>', "$dir/$name") or die "$name: $!";
        print $out $files{$name};
    }
    my $server = start(argv => [ 'prometheus', "--config.file=$dir/config.yml", "--storage.tsdb.path=$dir/data",
        "--web.listen-address=127.0.0.1:$port", '--log.level=warn' ]);
    my %want = (IpcQueueFull => 2, IpcDeadlock => 1, IpcDescriptorsStuck => 1);
    my $got;
    wait_until(60, sub { $got = firing($port); !grep { keys %{ $got->{$_} // {} } < $want{$_} } keys %want });
    is(scalar keys %{ $got->{IpcQueueFull} // {} }, 2, 'a queue that is full, at both') or diag(slurp($server->{err}));
    is_deeply([ keys %{ $got->{IpcDeadlock} // {} } ], ["127.0.0.1:$ports[0]"], 'a deadlock, where it is looked for');
    ok($got->{IpcDescriptorsStuck}{"127.0.0.1:$ports[0]"}, 'descriptors that nobody receives');
    is(query($port, 'sum(up)')->[0]{value}[1], 2, 'both are up');
    my $rate;
    wait_until(20, sub { $rate = query($port, 'max(mechanism:ipctrace_wait_seconds:rate1m)')->[0]{value}[1] // 0 });
    cmp_ok($rate, '>', 0, 'recording rules have results');
    ask_as_dashboard($port);
    stop($server, 'TERM');
    stop($_->[0]) for @exports;
    kill('KILL', -$victims->{pid});
    finish($victims);
    stop($passing, 'KILL');
};

natively 'a port that only some may have' => sub {
    my $run = run_tool([ 'export', 'pipe', '-d', '0.1', '--listen', '127.0.0.1:997', '--backend', $backend ]);
    is($run->{status}, 0, 'exit status') or diag($run->{stderr});
    like($run->{stderr}, qr{listening on http://127\.0\.0\.1:997/metrics}, 'it listens there');
    my $first = slurp('/proc/sys/net/ipv4/ip_unprivileged_port_start');
    return note("setpriv is not installed, or any port is for all") if !have('setpriv') || $first <= 997;
    $run = run_command(argv => [ 'setpriv', '--bounding-set=-net_bind_service', '--inh-caps=-net_bind_service', tool(),
        qw(export pipe -d 0.1 --listen 127.0.0.1:997) ]);
    is($run->{status}, 1, 'without the capability: exit status');
    like($run->{stderr}, qr/cannot listen on 127\.0\.0\.1:997: a port below 1024 needs CAP_NET_BIND_SERVICE/, 'what is said');
};

natively 'what cannot be' => sub {
    my $kept = scratch('kept');
    run_command(argv => [ 'sh', '-c', "echo kept >$kept" ]);
    my %case = (
        'no port'     => [ [ '--listen', '127.0.0.1' ],     1, qr/cannot listen on 127\.0\.0\.1: not an address and a port/ ],
        'a high port' => [ [ '--listen', '127.0.0.1:75392' ], 1, qr/cannot listen on 127\.0\.0\.1:75392: not an address and a port/ ],
        'a name'      => [ [ '--listen', 'localhost:0' ],   1, qr/not an address and a port/ ],
        'not ours'    => [ [ '--listen', '192.0.2.1:9856' ], 1, qr/cannot listen on \S+: Cannot assign requested address/ ],
        'a recording' => [ [ '-r', '/dev/null' ],           2, qr/--read does not go with 'export'/ ],
        'into a file' => [ [ '--output', $kept ],           2, qr/'export' serves what it makes/ ],
        'as JSON'     => [ ['-j'],                          2, qr/'export' serves what it makes/ ],
    );
    for my $name (sort keys %case) {
        my ($args, $status, $said) = @{ $case{$name} };
        my $run = run_tool([ 'export', 'pipe', '-d', '1', @$args ]);
        is($run->{status}, $status, "$name: exit status");
        like($run->{stderr}, $said, "$name: what is said");
    }
    is(-s $kept, 5, 'what is not written to is not cut off');
    my $begun = scratch('begun');
    my $run = run_tool([ 'export', 'pipe', '-i', '0.1', '--listen', '192.0.2.1:9856', '--', 'sh', '-c', ": >$begun; sleep 0.5" ]);
    is($run->{status}, 1, 'not ours, with a command: exit status') or diag($run->{signal});
    ok(!-e $begun, 'the command is not started');
};

natively 'JSON lines into a socket' => sub {
    my $recording = scratch('recording');
    run_tool([ 'pipe', '-w', $recording, '-d', '0.5', '-i', '0.2', '--backend', $backend ]);
    for my $case ([ 'pipe', '-d', '0.5', '-i', '0.2', '--backend', $backend ], [ '-r', $recording ]) {
        my $path = scratch('socket');
        my $reader = start(argv => [ 'perl', '-MIO::Socket::UNIX', '-e',
            'print readline(IO::Socket::UNIX->new(Local => shift, Listen => 1)->accept)', $path ]);
        wait_until(10, sub { -S $path });
        my $run = run_tool([ @$case, '-j', '--output', $path ]);
        is($run->{status}, 0, "$case->[0]: exit status") or diag($run->{stderr});
        my @lines = split(/\n/, finish($reader)->{stdout});
        is(json_decode($lines[0])->{type}, 'start', 'from the start');
        is(json_decode($lines[-1])->{type}, 'summary', 'to the summary');
    }
};

done_testing();
