#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The Debian package: it is built from a copy, lintian has nothing to say, what is inside runs.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(run_command have slurp tool);

my $root = abs_path(dirname(__FILE__) . '/../..');
for my $program (qw(dpkg-buildpackage dh lintian git)) {
    plan(skip_all => "$program is not installed") unless have($program);
}
plan(skip_all => 'no git tree') unless -e "$root/.git";

my $version = '1.2.3';
my $build = run_command(argv => [ "$root/tools/package", $version, '--reuse' ], patience => 900);
is($build->{status}, 0, 'it is built') or diag($build->{stderr});
my ($deb) = $build->{stdout} =~ m{^(\S+/ipctrace_\Q$version\E_\w+\.deb)$}m;
my ($changes) = glob("$root/.output/package/*.changes");
ok($deb, 'here it is') or BAIL_OUT('no package');

my $lint = run_command(argv => [ 'lintian', '--allow-root', '--fail-on', 'warning,error', $changes ], patience => 300);
is($lint->{stdout}, '', 'lintian has nothing to say');
is($lint->{status}, 0, 'and says so');

my $fields = run_command(argv => [ 'dpkg-deb', '-f', $deb ])->{stdout};
like($fields, qr/^Version: \Q$version\E$/m, 'its version');
like($fields, qr/^Depends: .*\blibbpf1\b.*\blibjson-c/m, 'its libraries');

my $dest = tempdir('ipctrace-package-XXXXXX', TMPDIR => 1, CLEANUP => 1);
is(run_command(argv => [ 'dpkg-deb', '-x', $deb, $dest ])->{status}, 0, 'it can be unpacked');
my ($mine, $packed) = map { run_command(argv => [ $_, '--man' ])->{stdout} } tool(), "$dest/usr/bin/ipctrace";
ok(length $mine && $mine eq $packed, 'the program runs, and is this one');
ok(-s "$dest/usr/share/man/man8/ipctrace.8.gz", 'a manual page');
like(slurp("$dest/lib/systemd/system/$_"), qr{^ExecStart=/usr/bin/ipctrace }m, "a unit: $_")
    for qw(ipctrace.service ipctrace-export.service);
ok(-s "$dest/usr/share/ipctrace/$_", "for Prometheus: $_") for qw(ipctrace.rules.yml ipctrace-dashboard.json);
ok(-s "$dest/$_", "completion: $_")
    for qw(usr/share/bash-completion/completions/ipctrace usr/share/zsh/vendor-completions/_ipctrace
    usr/share/fish/vendor_completions.d/ipctrace.fish);
unlike(slurp("$root/.output/package/build.log"), qr/warning:/, 'built without a warning');
is(run_command(argv => [ 'git', '-C', $root, 'status', '--porcelain', '--', 'debian' ])->{stdout}, '',
    'and nothing is left at the top of the tree');

done_testing();
