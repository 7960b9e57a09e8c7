#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# make install and make static: what is put where, and that what reads it can read it.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Find ();
use File::Temp qw(tempdir);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(run_command run_tool json_lines slurp have tool);

my $root = abs_path(dirname(__FILE__) . '/../..');
my $dest = tempdir('ipctrace-install-XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod(0755, $dest);
my $usr = "$dest/usr";

sub make { return run_command(argv => [ 'make', '-C', $root, '--no-print-directory', @_ ], patience => 300) }

sub silent {
    my ($what, $program, @argv) = @_;
    return subtest($what => sub { plan(skip_all => "$program is not installed") }) unless have($program);
    my $run = run_command(argv => [ $program, @argv ]);
    return is($run->{status} . $run->{stdout} . $run->{stderr}, '0', $what);
}

sub installed {
    my @files;
    File::Find::find({ no_chdir => 1, wanted => sub { push @files, substr($_, length $dest) if -f } }, $dest);
    return [ sort @files ];
}

my $run = make('install', "DESTDIR=$dest", 'PREFIX=/usr');
is($run->{status}, 0, 'make install') or diag($run->{stderr});
is_deeply(installed(), [ qw(
    /usr/bin/ipctrace
    /usr/lib/systemd/system/ipctrace-export.service
    /usr/lib/systemd/system/ipctrace.service
    /usr/share/bash-completion/completions/ipctrace
    /usr/share/fish/vendor_completions.d/ipctrace.fish
    /usr/share/ipctrace/ipctrace-dashboard.json
    /usr/share/ipctrace/ipctrace.rules.yml
    /usr/share/man/man8/ipctrace.8
    /usr/share/zsh/site-functions/_ipctrace) ], 'the files, and no others');
is((stat "$usr/bin/ipctrace")[2] & 07777, 0755, 'the binary may be run');
is((stat "$usr/share/man/man8/ipctrace.8")[2] & 07777, 0644, 'the page may be read');
is(run_command(argv => [ "$usr/bin/ipctrace", '--version' ])->{status}, 0, 'it runs from there');

# ---- the manual page ----

my $page = "$usr/share/man/man8/ipctrace.8";
silent('mandoc has no complaint', qw(mandoc -T lint), $page);
subtest 'nor has groff' => sub {
    return plan(skip_all => 'groff is not installed') unless have('groff');
    is(run_command(argv => [ qw(groff -ww -man -Tutf8 -z), $page ])->{stderr}, '', 'no warning');
};
like(slurp($page), qr/^\.SH "?$_"?$/m, "section $_")
    for qw(NAME SYNOPSIS DESCRIPTION OPTIONS MECHANISMS COMPARISON OVERHEAD LIMITS CAPABILITIES);

# ---- completions ----

silent('bash reads its completion', 'bash', '-n', "$usr/share/bash-completion/completions/ipctrace");
silent('zsh reads its completion', 'zsh', '-n', "$usr/share/zsh/site-functions/_ipctrace");
silent('fish reads its completion', 'fish', '-n', "$usr/share/fish/vendor_completions.d/ipctrace.fish");

# ---- the services ----

# With what exposure at most, in tenths: one has no network, the other one has to answer.
my %units = ('ipctrace.service' => 20, 'ipctrace-export.service' => 25);
my ($granted) = slurp("$usr/lib/systemd/system/ipctrace.service") =~ /^AmbientCapabilities=(.*)$/m;

# The command line that a unit starts, its variables replaced as systemd does.
sub command_line {
    my ($text) = @_;
    my %value = map { /^(\w+)=(.*)$/s } $text =~ /^Environment="(.*)"$/mg;
    my ($line) = $text =~ /^ExecStart=(.*)$/m;
    $line =~ s/\$(\w+)/$value{$1}/g;
    $line =~ s{\$\{LOGS_DIRECTORY\}}{$dest};
    return split / /, $line;
}

for my $name (sort keys %units) {
    my $unit = "$usr/lib/systemd/system/$name";
    my $text = slurp($unit);
    my ($program, @args) = command_line($text);
    is($program, '/usr/bin/ipctrace', "$name starts what was installed");
    is(run_tool([ @args, '--help' ])->{status}, 0, 'with a command line of ours') or diag("@args");
    is_deeply([ $text =~ /^(?:AmbientCapabilities|CapabilityBoundingSet)=(.*)$/mg ], [ $granted, $granted ],
        'bound to the capabilities that are granted');
    subtest "systemd reads $name" => sub {
        return plan(skip_all => 'systemd-analyze is not installed') unless have('systemd-analyze');
        my $verify = run_command(argv => [ qw(systemd-analyze verify --man=no --recursive-errors=no), $unit ]);
        my @complaints = grep { !m{Command /usr/bin/ipctrace is not executable} } split /\n/, $verify->{stderr};
        is_deeply(\@complaints, [], 'no complaint');
        my $security = run_command(
            argv => [ qw(systemd-analyze security --offline=yes), "--threshold=$units{$name}", $unit ]);
        is($security->{status}, 0, 'little is exposed') or diag((split /\n/, $security->{stdout})[-1]);
    };
}

# With these capabilities and no others, as a user of no importance.
sub with_capabilities {
    my ($args, @caps) = @_;
    my $set = join(',', '-all', map { '+' . lc(s/^CAP_//r) } @caps);
    return run_command(argv => [
        qw(setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs),
        "--inh-caps=$set", "--ambient-caps=$set", "--bounding-set=$set", "$usr/bin/ipctrace", @$args ]);
}

subtest 'its capabilities are what it needs' => sub {
    return plan(skip_all => 'needs root and setpriv') if $> || !have('setpriv');
    my @caps = split / /, $granted;
    my @pipes = qw(pipe -j -d 0.1);
    my $run = with_capabilities(\@pipes, @caps);
    is($run->{status}, 0, 'they suffice') or diag($run->{stderr});
    $run = with_capabilities([ qw(export pipe --deadlocks --listen 127.0.0.1:0 -d 0.1) ], @caps);
    is($run->{status}, 0, 'and for metrics, too') or diag($run->{stderr});
    for my $needed (qw(CAP_BPF CAP_PERFMON)) {
        my $less = with_capabilities(\@pipes, grep { $_ ne $needed } @caps);
        is($less->{status}, 77, "not without $needed");
        like($less->{stderr}, qr/$needed is missing/, 'and it says so');
    }
};

# ---- the manifest ----

subtest 'the manifest' => sub {
    my $yaml = run_command(argv => [ 'python3', '-c',
        'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))',
        "$root/tools/install/daemonset.yaml" ]);
    return plan(skip_all => 'python3-yaml is not installed')
        if $yaml->{status} == 126 || $yaml->{stderr} =~ /No module named 'yaml'/;
    my ($set) = json_lines($yaml->{stdout});
    is($set->{kind}, 'DaemonSet', 'is a DaemonSet');
    is_deeply($set->{spec}{selector}{matchLabels}, $set->{spec}{template}{metadata}{labels}, 'selects its own pods');
    my $container = $set->{spec}{template}{spec}{containers}[0];
    is(join(' ', map {"CAP_$_"} @{ $container->{securityContext}{capabilities}{add} }), $granted,
        'has the capabilities of the unit');
    is_deeply($container->{securityContext}{capabilities}{drop}, ['ALL'], 'and no others');
    my $run = run_tool([ @{ $container->{args} }, '--help' ]);
    is($run->{status}, 0, 'its arguments are a command line of ours') or diag($run->{stderr});
};

# ---- and away ----

$run = make('uninstall', "DESTDIR=$dest", 'PREFIX=/usr');
is($run->{status}, 0, 'make uninstall') or diag($run->{stderr});
is_deeply(installed(), [], 'nothing is left');

# ---- the static binary ----

$run = make('static');
is($run->{status}, 0, 'make static') or diag($run->{stderr});
my $static = "$root/.output/ipctrace-static";
my $ldd = run_command(argv => [ 'ldd', $static ]);
like($ldd->{stdout} . $ldd->{stderr}, qr/not a dynamic executable/, 'it is linked to nothing');
my ($mine, $other) = map { run_command(argv => [ $_, '--man' ])->{stdout} } tool(), $static;
ok(length $mine && $mine eq $other, 'and is the same program');
subtest 'alone in an empty root, it traces' => sub {
    return plan(skip_all => 'needs root') if $>;
    my $empty = tempdir('ipctrace-root-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    mkdir "$empty/$_" for qw(proc sys dev);
    my $run = run_command(argv => [ qw(unshare -m sh -c), <<'EOF', $empty, $static ]);
        mount --bind /proc "$0/proc" && mount --bind /sys "$0/sys" && mount --bind /dev "$0/dev" || exit 125
        cp "$1" "$0/ipctrace" && exec chroot "$0" /ipctrace pipe -j -d 0.1
EOF
    return plan(skip_all => 'no mounts here') if $run->{status} == 125;
    is($run->{status}, 0, 'exit status') or diag($run->{stderr});
    my ($start) = json_lines($run->{stdout});
    ok($start->{mechanisms}[0]{backend}, 'with a backend');
};

done_testing();
