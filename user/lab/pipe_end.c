/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Operations that end otherwise: refused, at the end of file, cut short by a signal, control calls. */
#include "lab/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct object *o;
static int fds[2];

static void lone_pipe(int flags)
{
	o = object_pipe(fds, flags);
	certain_waits(o);
}

static void run_eagain(unsigned n)
{
	lone_pipe(O_NONBLOCK);
	for (unsigned i = 0; i < n; i++)
		CHECK(op_read(o, fds[0], payload(89), 89) == -1 && errno == EAGAIN);
	must_write(o, fds[1], 65536);
	for (unsigned i = 0; i < 2 * n; i++)
		CHECK(op_write(o, fds[1], payload(97), 97) == -1 && errno == EAGAIN);
	must_read(o, fds[0], 4096, 4096);
	/* Room for one page of the two: what fits is written. */
	CHECK(op_write(o, fds[1], payload(8192), 8192) == 4096);
	must_read(o, fds[0], 65536, 65536);
}

static void run_eof(unsigned n)
{
	lone_pipe(0);
	must_write(o, fds[1], 331);
	close_fd(fds[1]);
	must_read(o, fds[0], 4096, 331);
	for (unsigned i = 0; i < n; i++)
		must_read(o, fds[0], 4096, 0);
}

static void run_epipe(unsigned n)
{
	lone_pipe(0);
	on_signal(SIGPIPE, SIG_IGN, 0);
	must_write(o, fds[1], 71); /* never read: it dies with the pipe */
	close_fd(fds[0]);
	for (unsigned i = 0; i < n; i++)
		CHECK(op_write(o, fds[1], payload(73), 73) == -1 && errno == EPIPE);
	fact(o, TOP, "balance_bytes", 0);
}

static void sigpipe_writer(void *arg)
{
	(void)arg;
	/* It cannot count after its death. */
	count(o, SEND, OPS, 1);
	count_error(o, SEND, EPIPE);
	if (write(fds[1], "x", 1) < 0)
		FAIL("a write to a pipe without readers returned");
}

static void run_sigpipe(unsigned n)
{
	lone_pipe(0);
	on_signal(SIGPIPE, SIG_DFL, 0);
	close_fd(fds[0]);
	for (unsigned i = 0; i < n; i++)
		join_signaled(spawn("sigpipe-writer", sigpipe_writer, NULL), SIGPIPE);
}

/*
 * The wrong end refuses before the pipe is asked: only who sees system calls sees
 * the attempts, so their number is a range.
 */
static void run_wrong_end(unsigned n)
{
	lone_pipe(0);
	must_write(o, fds[1], 67);
	for (unsigned i = 0; i < n; i++) {
		CHECK(write(fds[0], payload(1), 1) == -1 && errno == EBADF);
		CHECK(read(fds[1], payload(1), 1) == -1 && errno == EBADF);
	}
	must_read(o, fds[0], 67, 67);
	range(o, SEND, OPS, 1, 1 + n);
	range(o, RECV, OPS, 1, 1 + n);
	uncertain_errors(o, SEND);
	uncertain_errors(o, RECV);
	fact(o, INTERNALS, "new_slots", 1);
}

/* ---- signals ---- */

static void nothing(int signal)
{
	(void)signal;
}

/* The kernel begins the call anew: an attempt has ended, the next one begins. */
static void attempt_restarts(int signal)
{
	(void)signal;
	count(o, RECV, OPS, 1);
	count_error(o, RECV, EINTR);
	enter_call();
}

static void interrupted_reader(void *arg)
{
	unsigned n = *(unsigned *)arg;

	close_fd(fds[1]);
	on_signal(SIGUSR2, nothing, 0);
	for (unsigned i = 0; i < n; i++)
		CHECK(op_read(o, fds[0], payload(79), 79) == -1 && errno == EINTR);
	must_read(o, fds[0], 79, 79);
}

static void restarted_reader(void *arg)
{
	(void)arg;
	close_fd(fds[1]);
	on_signal(SIGUSR2, attempt_restarts, SA_RESTART);
	must_read(o, fds[0], 79, 79);
}

/* n waits ended by a signal, the last one by a write. */
static void interrupt_reads(void (*body)(void *), unsigned n)
{
	struct task *t;

	lone_pipe(0);
	t = spawn("signalled-read", body, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_read, o, RECV, EMPTY);
		send_signal(t, SIGUSR2);
	}
	await_blocked(t, n + 1, SYS_read, o, RECV, EMPTY);
	must_write(o, fds[1], 79);
	count_wake(o, SEND, t);
	join(t);
}

static void run_signal_read(unsigned n)
{
	interrupt_reads(interrupted_reader, n);
}

static void run_signal_restart(unsigned n)
{
	interrupt_reads(restarted_reader, n);
}

static void interrupted_writer(void *arg)
{
	unsigned n = *(unsigned *)arg;

	close_fd(fds[0]);
	payload(100003);
	on_signal(SIGUSR2, nothing, 0);
	for (unsigned i = 0; i < n; i++) {
		/* The ring takes 65536 bytes, then it waits; then nothing at all fits. */
		CHECK(op_write(o, fds[1], payload(100003), 100003) == 65536);
		CHECK(op_write(o, fds[1], payload(1), 1) == -1 && errno == EINTR);
		advance();
		await_gate(i + 1);
	}
}

static void run_signal_write(unsigned n)
{
	struct task *t;

	lone_pipe(0);
	t = spawn("signalled-write", interrupted_writer, &n);
	for (unsigned i = 0; i < n; i++) {
		for (unsigned call = 1; call <= 2; call++) {
			await_blocked(t, 2 * i + call, SYS_write, o, SEND, FULL);
			send_signal(t, SIGUSR2);
		}
		await_step(t, i + 1);
		must_read(o, fds[0], 65536, 65536);
		open_gate(i + 1);
	}
	join(t);
}

/* ---- control ---- */

static unsigned pipe_max_size(void)
{
	FILE *f = fopen("/proc/sys/fs/pipe-max-size", "re");
	unsigned bytes = 0;

	CHECK(f && fscanf(f, "%u", &bytes) == 1);
	fclose(f);
	return bytes;
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	CHECK(syscall(SYS_capset, &header, none) == 0);
}

static void unprivileged_resizer(void *arg)
{
	unsigned beyond = 2 * pipe_max_size();

	(void)arg;
	drop_capabilities();
	CHECK(op_fcntl(o, fds[1], F_SETPIPE_SZ, (int)beyond) == -1 && errno == EPERM);
}

static void run_resize(unsigned n)
{
	int page = (int)page_size();

	(void)n;
	lone_pipe(0);
	CHECK(op_fcntl(o, fds[1], F_GETPIPE_SZ, 0) == 16 * page);
	CHECK(op_fcntl(o, fds[1], F_SETPIPE_SZ, 200 * page + 1) == 256 * page);
	must_write(o, fds[1], 37 * (size_t)page);
	CHECK(op_fcntl(o, fds[0], F_SETPIPE_SZ, 32 * page) == -1 && errno == EBUSY);
	join(spawn("unprivileged", unprivileged_resizer, NULL));
	must_read(o, fds[0], 36 * (size_t)page, 36 * (size_t)page);
	CHECK(op_fcntl(o, fds[0], F_SETPIPE_SZ, 2 * page) == 2 * page);
	CHECK(op_fcntl(o, fds[0], F_GETPIPE_SZ, 0) == 2 * page);
	must_read(o, fds[0], (size_t)page, (size_t)page);
	fact(o, INTERNALS, "resizes", 2);
	fact(o, CAPACITY, "slots", 2);
	fact(o, CAPACITY, "bytes", 2 * page_size());
	fact(o, DEPTH, "max_slots", 37);
	fact(o, INTERNALS, "new_slots", 37);
}

/* Each time something is inside, and the slot that was written to before goes on to be merged into. */
static void run_resize_often(unsigned n)
{
	int page = (int)page_size();

	lone_pipe(0);
	for (unsigned i = 0; i < n; i++) {
		int slots = i % 2 ? 16 : 32;

		must_write(o, fds[1], 1009);
		must_write(o, fds[1], 503);
		CHECK(op_fcntl(o, fds[i % 2], F_SETPIPE_SZ, slots * page) == slots * page);
		must_write(o, fds[1], 701);
		must_read(o, fds[0], 4096, 2213);
	}
	fact(o, INTERNALS, "resizes", n);
	fact(o, INTERNALS, "new_slots", n);
	fact(o, INTERNALS, "merged_writes", 2 * n);
}

static void page_writer(void *arg)
{
	for (unsigned i = 0; i < *(unsigned *)arg; i++)
		must_write(o, fds[1], page_size());
}

static void page_reader(void *arg)
{
	close_fd(fds[1]);
	(void)arg;
	drain(o, fds[0], page_size());
}

/* While others write and read; smaller than what is inside it cannot get. */
static void run_resize_busy(unsigned n)
{
	int page = (int)page_size();
	struct task *writer, *reader;
	unsigned done = 0;

	o = object_pipe(fds, 0);
	reader = spawn("busy-reader", page_reader, NULL);
	writer = spawn("busy-writer", page_writer, &n);
	for (unsigned i = 0; i < n; i++)
		done += op_fcntl(o, fds[1], F_SETPIPE_SZ, (i % 2 ? 16 : 64) * page) > 0;
	join(writer);
	close_fd(fds[1]);
	join(reader);
	fact(o, INTERNALS, "resizes", done);
	fact(o, INTERNALS, "new_slots", n);
	fact(o, INTERNALS, "merged_writes", 0);
}

static void run_fionread(unsigned n)
{
	lone_pipe(0);
	for (unsigned i = 0; i < n; i++) {
		must_write(o, fds[1], 113);
		CHECK(op_fionread(o, fds[0]) == 113);
		CHECK(op_fionread(o, fds[1]) == 113);
		must_read(o, fds[0], 127, 113);
	}
}

/* ---- the end of it ---- */

static unsigned rounds;

static void last_holder(void *arg)
{
	const int *fd = arg;

	keep_only(*fd);
	advance();
	await_gate(rounds);
	close_fd(*fd);
}

/* Either may be the last one, and see the other's end still open when it begins. */
static void run_close_together(unsigned n)
{
	for (rounds = 1; rounds <= n; rounds++) {
		struct task *reader, *writer;

		lone_pipe(0);
		must_write(o, fds[1], 79);
		reader = spawn("last-reader", last_holder, &fds[0]);
		writer = spawn("last-writer", last_holder, &fds[1]);
		await_step(reader, 1);
		await_step(writer, 1);
		close_fd(fds[0]);
		close_fd(fds[1]);
		open_gate(rounds);
		join(reader);
		join(writer);
		fact(o, TOP, "destroyed", 1);
		fact(o, TOP, "balance_bytes", 0);
	}
}

static const struct scenario scenarios[] = {
	{"eagain", "O_NONBLOCK on both ends: refused, and cut short", run_eagain, 101},
	{"eof", "reads after the last writer's close", run_eof, 7},
	{"epipe", "writes without readers, SIGPIPE ignored", run_epipe, 7},
	{"sigpipe", "writers killed by SIGPIPE", run_sigpipe, 3},
	{"wrong-end", "a write to the read end and the reverse", run_wrong_end, 7},
	{"signal-read", "blocked reads ended by a signal", run_signal_read, 13},
	{"signal-restart", "one read, restarted after every signal", run_signal_restart, 13},
	{"signal-write", "blocked writes ended by a signal, in the middle and before", run_signal_write,
	 5},
	{"resize", "F_SETPIPE_SZ up, down, too small, too large", run_resize, 0},
	{"resize-often", "F_SETPIPE_SZ between writes that share a slot", run_resize_often, 101},
	{"resize-busy", "F_SETPIPE_SZ while others write and read", run_resize_busy, 1009},
	{"fionread", "FIONREAD on both ends", run_fionread, 101},
	{"close-together", "both ends closed at once, with data inside", run_close_together, 31},
};
REGISTER_SCENARIOS(scenarios, "pipe,fifo");

/* What head lost is seen under the lock, or not at all. */
static const struct blind blind[] = {
	{"pipe", "syscall", "internals.new_slots"},
	{"pipe", "syscall", "internals.merged_writes"},
};
REGISTER_BLIND_IN(blind, "resize-busy");
