#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# `ipctrace top` in a real terminal, that of tmux: the lists, an object in detail, the filter, the pause, another
# size, and a terminal that is left as it was, whatever ends it.
use strict;
use warnings;

use File::Basename qw(dirname);
use Test::More;

use lib dirname(__FILE__);
use Ipctrace qw(need_root need_backends scratch slurp start stop finish run_tool run_command wait_until have tool slow);

need_root();
my ($backend) = need_backends();
plan(skip_all => 'tmux is not installed') unless have('tmux');
my $session = "ipctrace$$";
my @tmux = ('tmux', '-L', $session, '-f', '/dev/null');

# A full pipe that nobody empties, and one that a word goes through now and then; comms tell them apart. A pipe that
# all would have from who runs the test would be on the screen, too.
my $work = <<'EOT';
    use POSIX (); POSIX::close($_) for 3 .. 255;
    sub name { open(my $f, '>', '/proc/self/comm'); print $f $_[0] }
    pipe(R, W); pipe(A, B);
    if (!fork()) { name('stuffer'); close R; close A; close B; syswrite W, 'x' x 65536 while 1 }
    if (!fork()) { name('teller'); close A; close R; close W; while (1) { syswrite B, 'word'; select(undef, undef, undef, 0.05) } }
    name('hearer'); close W; close B; 1 while sysread A, $x, 64;
EOT

sub tmux { return run_command(argv => [ @tmux, @_ ]) }
sub keys_to { tmux('send-keys', '-t', $session, @_); return }
sub screen { return tmux('capture-pane', '-p', '-t', $session)->{stdout} }

# What stands on the screen, once it matches.
sub shows {
    my ($what, $name, $seconds) = @_;
    my $text;
    wait_until($seconds // 10, sub { ($text = screen()) =~ $what });
    like($text, $what, $name);
    return $text;
}

# A shell runs top, and afterwards tells how it ended and what the terminal is like.
sub open_top {
    my (@options) = @_;
    my $shell = "before=\$(stty -g); @{[tool()]} top pipe --backend $backend -i 0.2 @options; "
        . 'echo "ended $? $(test $before = $(stty -g) && echo same terminal)"; sleep 1000';
    tmux('new-session', '-d', '-s', $session, '-x', 100, '-y', 24, "LC_ALL=C.UTF-8 TERM=screen sh -c '$shell'");
    return;
}

my $workers = start(argv => [ 'perl', '-e', $work ], own_group => 1);

subtest 'lists, details, filter, pause, size' => sub {
    open_top();
    shows(qr/^OBJECT.*WRITER.*VERDICT\s*$/m, 'a list of objects', 60);
    keys_to('/', 'stuffer');
    shows(qr/stuffer.*\b16\/16\b.*reader-bound/, 'the full pipe, as it is typed');
    shows(qr{\A(?!.*teller).*^/stuffer_}ms, 'and no other, once all of it is typed');
    keys_to('é', 'BSpace');
    shows(qr{^/stuffer_}m, 'a character is erased, not half of it');
    keys_to('Enter', 'Enter');
    my $text = shows(qr/\[#{40}\] 16 of 16 slots/, 'Enter: its ring');
    like($text, qr/task \d+ stuffer sleeps: full, for /, 'who waits and why');
    like($text, qr{stuffer/\d+ +sent}, 'its endpoints');
    keys_to('Escape');
    shows(qr/^objects by .* with stuffer/m, 'Escape: back in the list');
    keys_to('Escape');
    keys_to('w');
    shows(qr{^teller/\d+ +hearer/\d+ +pipe +[\d.]+ }m, 'who sends to whom');
    keys_to('p');
    shows(qr{^teller/\d+ .*\d+%}m, 'processes');
    keys_to('Space');
    my $paused = shows(qr/PAUSED/, 'a pause');
    select(undef, undef, undef, slow(0.7));
    my ($rows, $later) = map { s/\A.*\n//r } $paused, screen();
    is($later, $rows, 'what is shown stands still');
    keys_to('Space');
    tmux('resize-window', '-t', $session, '-x', 60, '-y', 10);
    shows(qr/\Aipctrace .*\nWHO .*\n(?:.*\n){7}processes by .*\n\z/, 'a smaller window: title, head and foot where they belong');
    keys_to('h');
    # The line is longer than the window: it is cut, with a mark, and does not go on in the next row.
    shows(qr/filter as you type, by name, PID, object, m[^e\n]+$/m, 'help');
    keys_to('q');
    shows(qr/^ended 0 same terminal$/m, 'q: the terminal is as it was', 20);
    tmux('kill-server');
};

for my $signal ('TERM', 'HUP', 'QUIT') {
    subtest "ended from outside by SIG$signal" => sub {
        open_top('--comm hearer');
        shows(qr/^OBJECT/m, 'it runs', 60);
        my ($pid) = split(/\n/, run_command(argv => [ 'pgrep', '-f', '^' . tool() . ' top.*--comm hearer' ])->{stdout});
        kill($signal, $pid) if $pid;
        shows(qr/^ended 0 same terminal$/m, 'the terminal is as it was', 20);
        tmux('kill-server');
    };
}

subtest 'what cannot be' => sub {
    my $run = run_tool([ 'top', 'pipe', '-d', '1' ]);
    is($run->{status}, 1, 'no terminal: exit status');
    like($run->{stderr}, qr/top needs a terminal/, 'is said');
    is(run_tool([ 'top', '-j' ])->{status}, 2, 'no JSON');
};

kill('KILL', -$workers->{pid});
finish($workers);
done_testing();
