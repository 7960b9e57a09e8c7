#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# ipctrace lab: every experiment runs or says what it lacks; what its scenario counted is what the
# probes saw; the verdict is the one that is known of the claim; a figure that is spoilt changes it.
#
# Running and checking are two steps, which may be on two machines (tests/vm/part.sh, tools/lab-kernels):
#   IPCTRACE_TEST_RUN=DIR      run only, and leave in DIR what was said: lab-BACKEND.json, .err, .status
#   IPCTRACE_TEST_COMPARE=DIR  check only what is in DIR
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root backends run_tool json_lines natively scratch slurp);
use JsonLine qw(json_decode);

# What each claim comes to, wherever its evidence is seen: h holds, l with a limit, r does not hold here.
my %known = map { /^(\S+) (\S+)$/ ? ($1 => $2) : () } split /\n/, <<'END';
pipe-two-copies l
pipe-byte-stream l
pipe-ring h
pipe-merge h
pipe-tmp-page h
pipe-slot-release h
pipe-half-duplex h
pipe-kin-only r
pipe-lifetime h
pipe-4k r
pipe-64k l
pipe-readers-writers h
pipe-accounting h
pipe-watch-queue h
pipe-whole h
pipe-one-writer r
pipe-empty-blocks h
pipe-eof h
pipe-sigpipe h
pipe-full-blocks h
pipe-zero-write h
pipe-wake-rule hl
pipe-fasync h
pipe-eintr h
fifo-open-waits h
fifo-open-nonblock h
fifo-open-rdwr h
fifo-late-ring h
fifo-no-disk h
fifo-unrelated h
mq-args h
mq-copy h
mq-full h
mq-empty h
mq-handoff h
mq-handoff-prio h
mq-tree h
mq-recv-wakes h
mq-timeout h
mq-notify h
msg-types h
msg-border h
msg-persist h
msg-full h
msg-rmid h
msg-slowest hr
sem-p h
sem-v h
sem-zero h
sem-nowait h
sem-rmid h
sem-eintr h
sem-atomic h
sem-any-step h
sem-undo h
sem-no-data h
sem-setval l
sem-leak h
shm-no-copy h
shm-nattch h
shm-existing-size h
shm-posix-file h
shm-mmap-file h
shm-no-sync h
shm-fastest hlr
psem-name l
psem-mmap h
psem-no-syscall h
unix-duplex h
unix-bind-inode h
unix-listen-accept h
unix-copies h
unix-scm-rights h
unix-borders h
unix-full h
unix-peer-gone h
inet-same-api l
inet-loss h
sig-path h
sig-blocked h
sig-coalesce h
sig-source hl
sig-default h
sig-ignore h
sig-catch h
sig-uncatchable h
sig-table h
sig-no-data r
lock-blocks h
END
my %letter = (holds => 'h', limit => 'l', refuted => 'r');

my $only_compare = $ENV{IPCTRACE_TEST_COMPARE};
my $dir = $only_compare // $ENV{IPCTRACE_TEST_RUN} // scratch('lab');
my @backends;

if (!$only_compare) {
    need_root();
    @backends = backends('pipe');
    plan(skip_all => 'no backend works here') unless @backends;
    mkdir $dir;
    run_all($_) for @backends;
}
exit 0 if $ENV{IPCTRACE_TEST_RUN};
@backends = map { m{/lab-(\w+)\.json$} } sort glob("$dir/lab-*.json");

my $list = run_tool(['lab', '--list', '-j']);
my @claims = json_lines($list->{stdout});
is($list->{status}, 0, 'lab --list');
is_deeply([sort map { $_->{id} } @claims], [sort keys %known], 'every experiment has a verdict to expect, and is listed');
for my $claim (@claims) {
    cmp_ok(length($claim->{id}), '<=', 20, "$claim->{id}: the id fits");
}

sub run_all {
    my ($backend) = @_;
    my $run = run_tool(['lab', 'all', '-j', '--backend', $backend], out => "$dir/lab-$backend.json", patience => 300);
    for my $part (['err', $run->{stderr}], ['status', "$run->{status}\n"]) {
        open(my $out, '>:raw', "$dir/lab-$backend.$part->[0]") or die "$dir: $!";
        print {$out} $part->[1];
        close($out) or die "$dir: $!";
    }
    return;
}

sub check_experiment {
    my ($e, $backend) = @_;
    my ($settled, $steps) = ($letter{ $e->{verdict} }, scalar @{ $e->{steps} });
    if (!$settled) {
        like($e->{verdict}, qr/^(unseen|absent)$/, "$e->{id}: $e->{verdict}: $e->{why}");
        is($e->{verdict}, 'absent', "$e->{id}: the function backend sees it") if $backend eq 'function';
        isnt($e->{why}, '', "$e->{id}: says what it lacks");
        return;
    }
    like($settled, qr/[$known{$e->{id}}]/, "$e->{id}: $e->{verdict}: $e->{why}");
    ok($e->{agrees}, "$e->{id}: scenario and probes agree") or diag($e->{differs} // 'no comparison');
    cmp_ok($e->{compared}, '>', 0, "$e->{id}: something was compared");
    my @changed = grep { defined $_->{spoilt} && $_->{spoilt} ne $e->{verdict} } @{ $e->{evidence} };
    cmp_ok(scalar @changed, '>', 0, "$e->{id}: the verdict follows the evidence: " . join(' ', map { $_->{name} } @changed));
    return;
}

cmp_ok(scalar @backends, '>', 0, 'it ran');
for my $backend (@backends) {
    my @lines = eval { json_lines(slurp("$dir/lab-$backend.json")) };
    is($@, '', "$backend: JSON lines");
    is(slurp("$dir/lab-$backend.status"), "0\n", "$backend: exit status: all agree") or diag(slurp("$dir/lab-$backend.err"));
    my @experiments = grep { $_->{type} eq 'experiment' } @lines;
    is(scalar @experiments, scalar @claims, "$backend: every experiment was tried");
    check_experiment($_, $backend) for @experiments;
    is($lines[-1]{type}, 'lab', "$backend: a line that sums up");
    is($lines[-1]{disagree}, 0, "$backend: none disagrees");
}

done_testing(), exit 0 if $only_compare;
natively('as a program' => sub {
    my $run = run_tool(['lab', 'pipe-merge', '--ascii']);
    is($run->{status}, 0, 'an experiment as text');
    unlike($run->{stdout}, qr/[^\x00-\x7f]/, 'in ASCII');
    is((grep { length > 80 } split /\n/, $run->{stdout}), 0, 'at most 80 columns wide');
    like($run->{stdout}, qr/^verdict  holds$/m, 'with a verdict');
    unlike($run->{stdout}, qr/\e/, 'without colours, where it is no terminal');
    $run = run_tool(['lab', 'pipe-merge', '--ascii', '--break', 'merged']);
    like($run->{stdout}, qr/^verdict  does not hold here$/m, 'a spoilt figure changes the verdict');
    $run = run_tool(['lab', 'no-such']);
    is($run->{status}, 2, 'no such experiment');
    like($run->{stderr}, qr/no experiment and no family 'no-such'/, 'which is said');
    $run = run_tool(['lab', 'pipe-merge', '--break', 'nonsense']);
    is($run->{status}, 2, 'no such figure');
    $run = run_tool(['lab']);
    is($run->{status}, 2, 'no experiment at all');
    done_testing();
});

done_testing();
