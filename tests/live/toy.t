#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Adding a mechanism is what the README says: two files, one line, a scenario. A copy of the tree
# gets the toy of tests/toy by just these steps; then it builds, is listed, and agrees with its truth.
use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root scratch slurp);

need_root();
my $tree = abs_path(dirname(__FILE__) . '/../..');
my ($copy, $log) = (scratch('tree'), scratch('log'));

# Quietly, or with its last words.
sub runs {
    my ($name, $command) = @_;
    local @ENV{qw(IPCTRACE IPC_SCENARIO MAKEFLAGS)};
    delete @ENV{qw(IPCTRACE IPC_SCENARIO MAKEFLAGS)};
    my $status = system("cd '$copy' && { $command; } >'$log' 2>&1");
    is($status, 0, $name) or diag(join "\n", (split /\n/, slurp($log))[ -20 .. -1 ]);
    return $status == 0;
}

mkdir $copy or die "$copy: $!";
runs('a copy of the tree', "tar -C '$tree' -cf - --exclude=.git --exclude=.output/tests --exclude=.output/arm64 . | tar xf -") or done_testing(), exit;

runs('one line', q{sed -i '/^#define IPC_MECHANISMS(X)/a\\\\tX(31, TOY, toy) \\\\' bpf/ipctrace.h && grep -q TOY bpf/ipctrace.h});
runs('two files', 'cp tests/toy/toy.bpf.c bpf/ && cp tests/toy/toy.c user/mech/');
runs('a scenario', 'cp tests/toy/toy_lab.c user/lab/');

if (runs('it builds', 'make -j$(nproc)')) {
    unlike(slurp($log), qr/warning/, 'without a warning');
    runs('it is listed', '.output/ipctrace list | grep -w toy');
    runs('it is in the manual page', q{.output/ipctrace --man | grep 'written to /dev/null'});
    runs('it is one of all', q{.output/ipctrace all -j -d 0.1 | grep -q '"name":"toy"'});
    runs('it agrees with its truth', 'prove tests/live/scenarios.t :: toy');
    runs('the layers hold', 'tools/check-layers');
}
done_testing();
