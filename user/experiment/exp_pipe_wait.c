// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about who waits on a pipe, what ends the wait, and who is told of a change. */
#include "experiment/scene_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THIRD = READER + 1 };

static void fill(void)
{
	unsigned ring = (unsigned)op_fcntl(the_pipe, ends[1], F_GETPIPE_SZ, 0) / (unsigned)page_size();

	for (unsigned i = 0; i < ring; i++)
		must_write(the_pipe, ends[1], page_size());
}

static void write_97(void)
{
	must_write(the_pipe, ends[1], 97);
}

static void read_97(void)
{
	must_read(the_pipe, ends[0], 211, 97);
}

static void read_1(void)
{
	must_read(the_pipe, ends[0], 1, 1);
}

static void caught(int signal)
{
	(void)signal;
}

/* ---- pipe-empty-blocks ---- */

static void judge_empty_blocks(const struct evidence *e, struct verdict *v)
{
	if (num(e, "asleep") == 1 && num(e, "empty") == 1 && num(e, "waits") == 1 && num(e, "wakes") == 1)
		holds(v, e, "the read slept {wait_ns/1000} us for the cause 'empty', and the write woke it: {wakes} "
			    "wakeup");
	else
		refuted(v, e, "{asleep} asleep before the write, {waits} waits, {empty} for the cause 'empty', "
			      "{wakes} wakeups by writes");
}

/* ---- pipe-eof ---- */

static void read_eof(void)
{
	must_read(the_pipe, ends[0], 211, 0);
}

static void judge_eof(const struct evidence *e, struct verdict *v)
{
	if (!num(e, "writers") && num(e, "result") == 0 && num(e, "first") == 97)
		holds(v, e, "what was written is still read: {first} bytes; then, with writers at {writers}, a read "
			    "returned {result}");
	else
		refuted(v, e, "with {writers} writers the reads returned {first} and {result}");
}

/* ---- pipe-sigpipe ---- */

static void keep_write_ends(unsigned who)
{
	if (who != READER)
		close_fd(ends[0]);
	if (who == READER || who == DIRECTOR)
		close_fd(ends[1]);
	if (who == THIRD)
		signal(SIGPIPE, SIG_IGN);
	if (who == WRITER)
		watched("signal", "signal:[%d:SIGPIPE]", getpid());
}

static void write_to_nobody(void)
{
	CHECK(op_write(the_pipe, ends[1], payload(97), 97) == -1 && errno == EPIPE);
}

/* It dies of it: what it would have counted is counted before. */
static void write_and_die(void)
{
	count(the_pipe, SEND, OPS, 1);
	count_error(the_pipe, SEND, EPIPE);
	enter_call();
	(void)!write(ends[1], payload(97), 97);
	FAIL("the writer survived");
}

static void judge_sigpipe(const struct evidence *e, struct verdict *v)
{
	if (!num(e, "readers") && num(e, "epipe_1") == 1 && num(e, "epipe") == 2 && num(e, "killed") == 1 &&
	    strcmp(word(e, "sender"), "process"))
		holds(v, e, "with readers at 0 the process that ignores SIGPIPE got EPIPE and lived; the other got "
			    "EPIPE too, and a SIGPIPE from no process ('{sender}'), of which it died");
	else
		refuted(v, e, "readers {readers}, EPIPE {epipe} times, {killed} SIGPIPE, sent by '{sender}'");
}

/* ---- pipe-full-blocks ---- */

static void write_nonblock(void)
{
	CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
	CHECK(op_write(the_pipe, ends[1], payload(97), 97) == -1 && errno == EAGAIN);
	CHECK(fcntl(ends[1], F_SETFL, 0) == 0);
}

static void judge_full_blocks(const struct evidence *e, struct verdict *v)
{
	if (num(e, "used") == num(e, "room") && num(e, "eagain") == 1 && num(e, "full") == 1 && num(e, "wakes") == 1)
		holds(v, e, "with {used} of {room} slots in use a write with O_NONBLOCK got EAGAIN, one without slept "
			    "{wait_ns/1000} us for the cause 'full' until a read woke it");
	else
		refuted(v, e, "with {used} of {room} slots in use: EAGAIN {eagain} times, {full} waits for 'full', "
			      "{wakes} wakeups by reads");
}

/* ---- pipe-zero-write ---- */

static void write_0(void)
{
	must_write(the_pipe, ends[1], 0);
}

static void judge_zero_write(const struct evidence *e, struct verdict *v)
{
	if (num(e, "writes") == 1 && num(e, "asleep") == 1 && !num(e, "wakes") && !num(e, "head") && !num(e, "waits"))
		holds(v, e, "the write took no slot (head {head}) and did not wait; the reader asleep on the empty "
			    "pipe slept on, with {wakes} wakeups");
	else
		refuted(v, e, "{writes} writes, head {head}, {waits} waits, {wakes} wakeups, {asleep} readers still "
			      "asleep");
}

/* ---- pipe-wake-rule ---- */

static int epoll = -1;

static void pipe_and_epoll(void)
{
	one_pipe();
	epoll = epoll_create1(EPOLL_CLOEXEC);
	CHECK(epoll >= 0);
}

static void watch_edges(void)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};

	CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
	enter_call();
	CHECK(syscall(SYS_epoll_pwait, epoll, &event, 1, -1, NULL, 8) == 1); /* the first edge is there already */
	enter_call();
	(void)!syscall(SYS_epoll_pwait, epoll, &event, 1, -1, NULL, 8);
}

static void fill_rest(void)
{
	CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
	while (op_write(the_pipe, ends[1], payload(page_size()), page_size()) > 0)
		;
	CHECK(errno == EAGAIN);
	CHECK(fcntl(ends[1], F_SETFL, 0) == 0);
}

static void read_to_page(void)
{
	must_read(the_pipe, ends[0], 193, 193);
}

static void judge_wake_rule(const struct evidence *e, struct verdict *v)
{
	int64_t poll = num(e, "polled"), part = num(e, "part"), slot = num(e, "slot");
	const char *partly = part ? "a read that freed no slot of the full pipe woke it, too, in vain" :
				    "a read that freed no slot of the full pipe did not wake it";
	const char *polled = poll ? "a user of epoll, though, was woken by a write to a pipe that was not empty" :
				    "a user of edge-triggered epoll was not woken by a write to a pipe that was not empty";

	if (num(e, "empty") != 1 || num(e, "not_empty") || slot != 1)
		refuted(v, e, "{empty} wakeups by the write to the empty pipe, {not_empty} by the one to a pipe that "
			      "was not, {slot} by the read that freed a slot");
	else if (part || poll)
		limited(v, e, "the write to the empty pipe gave {empty} wakeup, the next {not_empty}; the writer on "
			      "the full pipe was woken by the read that freed a slot: {slot}; %s; %s",
			      partly, polled);
	else
		holds(v, e, "the write to the empty pipe gave {empty} wakeup, the next {not_empty}; the writer on the "
			    "full pipe was woken by the read that freed a slot: {slot}; %s; %s",
			    partly, polled);
}

/* ---- pipe-fasync ---- */

static void want_sigio(unsigned who)
{
	own_end(who);
	if (who != READER)
		return;
	on_signal(SIGIO, caught, 0);
	CHECK(fcntl(ends[0], F_SETOWN, getpid()) == 0);
	CHECK(fcntl(ends[0], F_SETFL, O_ASYNC) == 0);
	watched("signal", "signal:[%d:SIGPOLL]", getpid()); /* which is the same */
}

static void see_sigio(void)
{
	CHECK(getppid() > 0); /* any system call: the signal is taken on the way back from it */
}

static void judge_fasync(const struct evidence *e, struct verdict *v)
{
	if (num(e, "sent") >= 1 && num(e, "taken") >= 1)
		holds(v, e, "a write to the empty pipe sent {sent} SIGIO to the reader, which took it");
	else
		refuted(v, e, "{sent} SIGIO were sent and {taken} taken");
}

/* ---- pipe-eintr ---- */

static void catch_usr2(unsigned who)
{
	own_end(who);
	if (who == WRITER)
		on_signal(SIGUSR2, caught, 0);
}

static void note_writer(unsigned who)
{
	catch_usr2(who);
	if (who == WRITER)
		watched("signal", "signal:[%d:SIGUSR2]", getpid());
}

static void write_interrupted(void)
{
	CHECK(op_write(the_pipe, ends[1], payload(97), 97) == -1 && errno == EINTR);
}

static void write_short(void)
{
	size_t size = 2 * page_size();

	CHECK(op_write(the_pipe, ends[1], payload(size), size) == (ssize_t)page_size());
}

static void signal_writer(void)
{
	CHECK(kill(cast_pid(WRITER), SIGUSR2) == 0);
}

static void judge_eintr(const struct evidence *e, struct verdict *v)
{
	if (num(e, "restart") + num(e, "eintr") != 1 || num(e, "signals") != 2)
		refuted(v, e, "%lld writes ended in EINTR, {short} short, {signals} signals",
			      (long long)(num(e, "restart") + num(e, "eintr")));
	else
		holds(v, e, "asleep with nothing written it ended in EINTR; asleep after a part, it returned that "
			    "part: {short} of {asked} bytes. {sender} sent the signals");
}

static const struct experiment experiments[] = {
	{
		.id = "pipe-empty-blocks",
		.claim = "reading an empty pipe sleeps while a writer exists",
		.said_by = "D1 D2 D3", .mechs = "pipe", .cast = {"writer", "reader"}, .set = one_pipe, .enter = own_end,
		.steps = {
			{"reads the empty pipe, and sleeps", read_97, READER, .sleeps_in = ASLEEP_IN(SYS_read)},
			{"writes 97 bytes", write_97, WRITER, .ends = ACTOR(READER)},
		},
		.figures = {
			{"asleep", "asleep on it before the write", "waiting.op=recv.#", 1},
			{"waits", "waits of reads", "recv.waits"},
			{"empty", "of them for the cause 'empty'", "recv.causes.empty"},
			{"wait_ns", "nanoseconds asleep", "recv.wait_ns"},
			{"wakes", "wakeups given by writes", "send.wakes"},
		},
		.judge = judge_empty_blocks,
	},
	{
		.id = "pipe-eof",
		.claim = "with all writers gone a read returns 0",
		.said_by = "D1 D2", .mechs = "pipe", .cast = {"writer", "reader"}, .set = one_pipe, .enter = own_end,
		.steps = {
			{"writes 97 bytes", write_97, WRITER},
			{"closes the last write end", close_write_end, WRITER},
			{"reads what is left", read_97, READER},
			{"reads again", read_eof, READER},
		},
		.figures = {
			{"writers", "open write ends", "internals.writers", 2},
			{"first", "result of the first read", "events.op=recv.0.result"},
			{"result", "result of the second read", "events.op=recv.1.result"},
		},
		.judge = judge_eof,
	},
	{
		.id = "pipe-sigpipe",
		.claim = "with all readers gone a write kills the writer (SIGPIPE), or fails with EPIPE",
		.said_by = "D2 D5", .mechs = "pipe,signal", .cast = {"writer", "reader", "ignorer"}, .set = one_pipe,
		.enter = keep_write_ends,
		.steps = {
			{"closes the last read end", close_read_end, READER},
			{"ignores SIGPIPE and writes 97 bytes", write_to_nobody, THIRD},
			{"does not, and writes 97 bytes", write_and_die, WRITER, .kills = true},
		},
		.figures = {
			{"readers", "open read ends", "internals.readers", 1},
			{"epipe_1", "EPIPE, of who ignores the signal", "send.errors.EPIPE", 2},
			{"epipe", "EPIPE, of both", "send.errors.EPIPE"},
			{"killed", "SIGPIPE sent to the writer", "send.ops", .object = 1},
			{"sender", "what sent it", "endpoints.role=send.0.kind", .object = 1},
		},
		.judge = judge_sigpipe,
	},
	{
		.id = "pipe-full-blocks",
		.claim = "writing to a full pipe sleeps; with O_NONBLOCK it fails",
		.said_by = "D1 D2 D5", .mechs = "pipe", .cast = {"writer", "reader"}, .set = one_pipe, .enter = own_end,
		.steps = {
			{"fills every slot with a page", fill, WRITER},
			{"writes 97 bytes with O_NONBLOCK", write_nonblock, WRITER},
			{"writes a page without it, and sleeps", write_page, WRITER, .sleeps_in = ASLEEP_IN(SYS_write)},
			{"reads a page", read_page, READER, .ends = ACTOR(WRITER)},
		},
		.figures = {
			{"used", "slots in use", "depth.slots", 1},
			{"room", "slots that may be used", "capacity.slots", 1},
			{"eagain", "writes that ended in EAGAIN", "send.errors.EAGAIN", 2},
			{"full", "waits of writes for the cause 'full'", "send.causes.full"},
			{"wait_ns", "nanoseconds asleep", "send.wait_ns"},
			{"wakes", "wakeups given by reads", "recv.wakes"},
		},
		.judge = judge_full_blocks,
	},
	{
		.id = "pipe-zero-write",
		.claim = "a write of 0 bytes returns at once",
		.said_by = "D5", .mechs = "pipe", .cast = {"writer", "reader"}, .set = one_pipe, .enter = own_end,
		.steps = {
			{"reads the empty pipe, and sleeps", read_97, READER, .sleeps_in = ASLEEP_IN(SYS_read)},
			{"writes 0 bytes", write_0, WRITER},
			{"writes 97 bytes", write_97, WRITER, .ends = ACTOR(READER)},
		},
		.figures = {
			{"writes", "writes", "send.ops", 2},
			{"waits", "of them that waited", "send.waits", 2},
			{"head", "slots filled", "internals.head", 2},
			{"wakes", "wakeups given", "send.wakes", 2},
			{"asleep", "readers asleep", "waiting.op=recv.#", 2},
		},
		.judge = judge_zero_write,
	},
	{
		.id = "pipe-wake-rule",
		.claim = "a writer wakes readers only when the pipe was empty; a reader wakes writers only when it was full",
		.said_by = "D5", .mechs = "pipe", .cast = {"writer", "reader", "watcher"}, .set = pipe_and_epoll,
		.steps = {
			{"reads the empty pipe, and sleeps", read_97, READER, .sleeps_in = ASLEEP_IN(SYS_read)},
			{"writes 97 bytes to the empty pipe", write_97, WRITER, .ends = ACTOR(READER)},
			{"writes 97 bytes", write_97, WRITER},
			{"sees the edge in epoll and waits for the next", watch_edges, THIRD, .sleeps_in = ASLEEP_IN(SYS_epoll_pwait)},
			{"writes 97 bytes to the pipe that is not empty", write_97, WRITER},
			{"fills the ring", fill_rest, WRITER},
			{"writes a page to the full pipe, and sleeps", write_page, WRITER, .sleeps_in = ASLEEP_IN(SYS_write)},
			{"reads 1 byte, which frees no slot", read_1, READER},
			{"reads the other 193 of the first slot", read_to_page, READER, .ends = ACTOR(WRITER)},
		},
		.figures = {
			{"empty", "wakeups by the write to the empty pipe", "send.wakes", 2},
			{"not_empty", "by that to the pipe that was not", "send.wakes", 5, 2},
			{"polled", "wakeups of the epoll user by it", "send.other_wakes", 5, 4},
			{"part", "by the read that freed no slot", "recv.wakes", 8, 7},
			{"slot", "by the read that freed a slot", "recv.wakes", 9, 8},
			{"poll_usage", "the kernel remembers the epoll user", "internals.poll_usage", .optional = true},
		},
		.judge = judge_wake_rule,
	},
	{
		.id = "pipe-fasync",
		.claim = "O_ASYNC ends get a signal when the state changes",
		.said_by = "D5", .mechs = "pipe,signal", .cast = {"writer", "reader"}, .set = one_pipe, .enter = want_sigio,
		.steps = {
			{"writes 97 bytes", write_97, WRITER},
			{"comes back from its next system call", see_sigio, READER},
		},
		.figures = {
			{"sent", "SIGIO sent to the reader", "send.ops", .object = 1},
			{"taken", "SIGIO taken by it", "recv.ops", .object = 1},
			{"sender", "by", "endpoints.role=send.0.comm", .object = 1, .optional = true},
		},
		.judge = judge_fasync,
	},
	{
		.id = "pipe-eintr",
		.claim = "a blocked write can be interrupted and must be retried",
		.said_by = "D1", .mechs = "pipe,signal", .cast = {"writer", "reader"}, .set = one_pipe, .enter = note_writer,
		.steps = {
			{"fills every slot with a page", fill, WRITER},
			{"writes 97 bytes, and sleeps", write_interrupted, WRITER, .sleeps_in = ASLEEP_IN(SYS_write)},
			{"sends SIGUSR2, which the writer catches", signal_writer, READER, .ends = ACTOR(WRITER)},
			{"reads a page", read_page, READER},
			{"writes 2 pages: one fits, and it sleeps", write_short, WRITER, .sleeps_in = ASLEEP_IN(SYS_write)},
			{"sends SIGUSR2 again", signal_writer, READER, .ends = ACTOR(WRITER)},
		},
		.figures = {
			{"eintr", "writes that ended in EINTR", "send.errors.EINTR"},
			{"restart", "or in the kernel's word for it", "send.errors.ERESTARTSYS"},
			{"asked", "bytes of the last write", "events.op=send.-1.size_bytes", 6},
			{"short", "of which it wrote", "events.op=send.-1.result", 6},
			{"signals", "signals sent to the writer", "send.ops", .object = 1},
			{"sender", "by", "endpoints.role=send.0.comm", .object = 1},
		},
		.judge = judge_eintr,
	},
};

const struct family family_pipe_wait = {"pipe", "pipes", experiments, sizeof(experiments) / sizeof(experiments[0])};
