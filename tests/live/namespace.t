#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Processes in a PID namespace of their own: the host's PID and theirs, both shown.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch slurp run_tool report summary_of);

need_root();
for my $backend (need_backends()) {
    my ($report, $pids) = (scratch('report'), scratch('pids'));
    my $tool = run_tool([ 'pipe', '-j', '--backend', $backend, '--output', $report, '--',
            'unshare', '--pid', '--fork', 'sh', '-c', "exec >/dev/null; sh -c 'echo \$\$ >$pids; readlink /proc/self/ns/pid >>$pids; exec printf %17s x' | cat" ]);
    is($tool->{status}, 0, "$backend: the command ran") or diag($tool->{stderr});
    my ($inner, $namespace) = slurp($pids) =~ /^(\d+)\npid:\[(\d+)\]\n/;
    my ($object) = grep { ($_->{send}{bytes} // 0) == 17 } @{ summary_of(report(undef, $report))->{objects} };
    my ($writer) = grep { $_->{role} eq 'send' } @{ $object->{endpoints} // [] };
    ok($writer, "$backend: the pipe and its writer") or next;
    is($writer->{ns_pid}, $inner, "$backend: the PID that the writer has for itself");
    isnt($writer->{pid}, $inner, "$backend: the host's is another one");
    is($writer->{pid_ns}, $namespace, "$backend: the namespace");
}
done_testing();
