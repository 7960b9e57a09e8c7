# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# What the live tests share: running ipctrace and ipc-scenario without a pipe
# between us and them, reading JSON lines, asking which backends work here.
package Ipctrace;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter qw(import);
use Fcntl qw(:DEFAULT);
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use POSIX qw(:sys_wait_h);
use Test::More ();
use Time::HiRes qw(sleep time);

use lib dirname(__FILE__);
use JsonLine qw(json_decode);
use Schema qw(schema_errors);

our @EXPORT_OK = qw(
    need_root need_backends backends scratch slurp slow
    start start_tool run_tool run_command stop finish alive wait_until
    json_lines report started summary_of object_of have tool scenario
    short natively
);

my $root = abs_path(dirname(__FILE__) . '/../..');
my $dir  = tempdir('ipctrace-live-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $files = 0;
my %running;

sub tool { return $ENV{IPCTRACE} // "$root/.output/ipctrace" }
sub scenario { return $ENV{IPC_SCENARIO} // dirname(tool()) . '/ipc-scenario' }

# Everything here is bounded in time; an emulated machine needs more of it.
sub slow { return ($ENV{IPCTRACE_TEST_PATIENCE} // 1) * $_[0] }

# In a guest starting ipctrace takes seconds: once each, and only what depends on the kernel and
# the backend. What does not is tested natively.
sub short { return $ENV{IPCTRACE_TEST_SHORT} // 0 }

sub natively {
    my ($what, $code) = @_;
    return Test::More::subtest($what => $code) unless short();
    return;
}

sub scratch { return "$dir/" . ++$files . '-' . ($_[0] // 'file') }

sub slurp {
    my ($path) = @_;
    open(my $in, '<:raw', $path) or return '';
    local $/;
    return scalar(<$in>) // '';
}

sub have {
    my ($program) = @_;
    return scalar grep { -x "$_/$program" } split(/:/, $ENV{PATH}), '/usr/sbin', '/sbin';
}

sub need_root {
    Test::More::plan(skip_all => 'needs root: tracing needs CAP_BPF and CAP_PERFMON') if $> != 0;
    for my $program (tool(), scenario()) {
        Test::More::plan(skip_all => "$program is not there: run make first") unless -x $program;
    }
    return;
}

# ---- processes: output goes to files, so that no pipe of ours is traced ----

sub start {
    my (%opt) = @_;
    my $run = {
        out  => $opt{out} // scratch('out'),
        err  => scratch('err'),
        argv => $opt{argv},
    };
    my $pid = fork() // die "fork: $!";
    if (!$pid) {
        POSIX::setpgid(0, 0) if $opt{own_group};
        $SIG{INT} = 'DEFAULT';
        open(STDIN,  '<', '/dev/null') or POSIX::_exit(125);
        open(STDOUT, '>', $run->{out}) or POSIX::_exit(125);
        open(STDERR, '>', $run->{err}) or POSIX::_exit(125);
        $opt{before}->() if $opt{before};
        exec { $opt{argv}[0] } @{ $opt{argv} } or POSIX::_exit(126);
    }
    $run->{pid} = $pid;
    $running{$pid} = 1;
    return $run;
}

sub run_command {
    my (%opt) = @_;
    return finish(start(%opt), $opt{patience});
}

sub start_tool {
    my ($args, %opt) = @_;
    return start(%opt, argv => [tool(), @$args]);
}

sub run_tool {
    my ($args, %opt) = @_;
    return finish(start_tool($args, %opt), $opt{patience});
}

sub stop {
    my ($run, $signal) = @_;
    kill($signal // 'INT', $run->{pid});
    return finish($run);
}

# Has it not ended? Notes how, when it has.
sub alive {
    my ($run) = @_;
    return 0 if defined $run->{status};
    return 1 if waitpid($run->{pid}, WNOHANG) != $run->{pid};
    ($run->{status}, $run->{signal}) = ($? >> 8, $? & 127);
    return 0;
}

# Fills in status (or signal), stdout, stderr; kills what does not end.
sub finish {
    my ($run, $patience) = @_;
    if (!wait_until($patience // 60, sub { !alive($run) })) {
        kill('KILL', $run->{pid});
        waitpid($run->{pid}, 0);
        ($run->{status}, $run->{signal}, $run->{hung}) = (-1, 9, 1);
    }
    delete $running{ $run->{pid} };
    $run->{stdout} = -f $run->{out} ? slurp($run->{out}) : '';    # not from /dev/full: it has no end
    $run->{stderr} = slurp($run->{err});
    return $run;
}

END {
    my $status = $?;
    for my $pid (keys %running) {
        kill('KILL', $pid);
        waitpid($pid, 0);
    }
    $? = $status;
}

# True as soon as the condition holds; false when time is over.
sub wait_until {
    my ($seconds, $condition) = @_;
    my $end = time() + slow($seconds);
    my $pause = 0.001;
    while (1) {
        my $result = $condition->();
        return $result if $result;
        return 0 if time() > $end;
        sleep($pause);
        $pause *= 2 if $pause < 0.05;
    }
}

# ---- JSON lines ----

# A list of decoded lines; dies, with the line's number, on what is no JSON.
sub json_lines {
    my ($text) = @_;
    my ($nr, @lines) = (0);
    for my $line (split(/\n/, $text)) {
        $nr++;
        my $value = eval { json_decode($line) };
        die "line $nr: $@" if $@;
        push @lines, $value;
    }
    return @lines;
}

# The lines of a run, each checked for its shape: of a report file, or of standard output.
sub report {
    my ($run, $path) = @_;
    my @lines = eval { json_lines($path ? slurp($path) : $run->{stdout}) };
    Test::More::is($@, '', 'JSON lines');
    my @errors = map { schema_errors($_) } @lines;
    Test::More::is(scalar @errors, 0, 'every line has its shape');
    Test::More::diag($_) for @errors > 8 ? (@errors[ 0 .. 7 ], '…') : @errors;
    return @lines;
}

# Whoever runs with this report has attached. False: it ended before that, or takes too long.
sub started {
    my ($path, $run) = @_;
    my $says = sub { slurp($path) =~ /"type":\s*"start"/ };
    return wait_until(60, sub { $says->() || !alive($run) }) && $says->();
}

sub summary_of {
    my (@lines) = @_;
    my ($summary) = grep { $_->{type} eq 'summary' } @lines;
    return $summary;
}

# By id, or by name for what has a path (the name of an unlinked file says so). A mapped file's begins where its file
# system does: in a guest / may lie below a directory of the host's (IPCTRACE_TEST_ROOT).
sub object_of {
    my ($summary, $key, $mechanism) = @_;
    my $deeper = ($ENV{IPCTRACE_TEST_ROOT} // '') . $key;
    for my $o (@{ $summary->{objects} }) {
        next if defined $mechanism && $o->{mechanism} ne $mechanism;
        my $name = $o->{name} // '';
        $name =~ s/ \(deleted\)$//;
        return $o if ($o->{id} // '') eq $key || $name eq $key || $name eq $deeper;
    }
    return undef;    # not an empty list: it is passed on among other arguments
}

# ---- backends ----

my %backend_error;
my @backends;

# Those that work here. Asked once; a refusal's words are kept for the skip. Who names them
# knows that they do: what does not attach then fails, and is not skipped.
sub backends {
    return @backends if %backend_error || @backends;
    return @backends = split(/,/, $ENV{IPCTRACE_BACKENDS}) if $ENV{IPCTRACE_BACKENDS};
    for my $backend (qw(function syscall)) {
        my $run = run_tool(['pipe', '-j', '--backend', $backend, '-d', '0.1']);
        if (!$run->{signal} && $run->{status} == 0) {
            push @backends, $backend;
        } else {
            my $why = (split /\n/, $run->{stderr})[0] // 'no reason given';
            $backend_error{$backend} = $run->{status} == 77 ? $why : "exit status $run->{status}: $why";
            Test::More::fail("--backend $backend ends with 0 or 77")
                or Test::More::diag($backend_error{$backend})
                unless $run->{status} == 77;
        }
    }
    return @backends;
}

# Says which backends are left out and why; skips the file when none is left.
sub need_backends {
    my @usable = backends();
    Test::More::note("backend $_ not tested: $backend_error{$_}") for sort keys %backend_error;
    Test::More::plan(skip_all => join('; ', map {"$_: $backend_error{$_}"} sort keys %backend_error))
        unless @usable;
    return @usable;
}

1;
