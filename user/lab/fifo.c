/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* FIFOs: opening waits for the other side; the ring exists only between the first open and the last close. */
#include "lab/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct object *o;
static const char *path;

static void one_fifo(void)
{
	path = scratch_path("fifo");
	o = object_fifo(path);
	certain_waits(o);
}

static int must_open(int flags)
{
	int fd = op_open(o, path, flags);

	CHECK(fd >= 0);
	return fd;
}

struct opener {
	int flags;
	unsigned n;
};

static void use(int fd, bool reads)
{
	if (reads)
		must_read(o, fd, 200, 103);
	else
		must_write(o, fd, 103);
}

/* Two gates a round: after both are open, and after both have closed. */
static void waiting_opener(void *arg)
{
	const struct opener *opener = arg;

	for (unsigned i = 0; i < opener->n; i++) {
		int fd = must_open(opener->flags);

		advance();
		await_gate(2 * i + 1);
		use(fd, opener->flags == O_RDONLY);
		close_fd(fd);
		advance();
		await_gate(2 * i + 2);
	}
}

/* Every round: one side waits in open for the other, a message passes, and the ring is gone. */
static void open_rounds(int waiting, int coming, unsigned n)
{
	struct opener opener = {waiting, n};
	struct task *t;

	one_fifo();
	t = spawn("waiting-opener", waiting_opener, &opener);
	for (unsigned i = 0; i < n; i++) {
		int fd;

		await_blocked(t, 2 * i + 1, SYS_openat, o, OPEN, PARTNER);
		fd = must_open(coming);
		count_wake(o, OPEN, t);
		await_step(t, 2 * i + 1);
		if (coming == O_WRONLY)
			use(fd, false);
		open_gate(2 * i + 1);
		await_step(t, 2 * i + 2);
		if (coming == O_RDONLY)
			use(fd, true);
		close_fd(fd);
		open_gate(2 * i + 2);
	}
	join(t);
}

static void run_open_reader(unsigned n)
{
	open_rounds(O_RDONLY, O_WRONLY, n);
}

static void run_open_writer(unsigned n)
{
	open_rounds(O_WRONLY, O_RDONLY, n);
}

static void run_nonblock(unsigned n)
{
	int in, out;

	one_fifo();
	for (unsigned i = 0; i < n; i++)
		CHECK(op_open(o, path, O_WRONLY | O_NONBLOCK) == -1 && errno == ENXIO);
	in = must_open(O_RDONLY | O_NONBLOCK);
	must_read(o, in, 10, 0); /* no writer: the end of file, not EAGAIN */
	out = must_open(O_WRONLY | O_NONBLOCK);
	CHECK(op_read(o, in, payload(10), 10) == -1 && errno == EAGAIN);
	use(out, false);
	use(in, true);
	close_fd(out);
	close_fd(in);
}

/* Its own partner: it never waits. */
static void run_rdwr(unsigned n)
{
	int fd;

	one_fifo();
	fd = must_open(O_RDWR);
	for (unsigned i = 0; i < n; i++) {
		use(fd, false);
		use(fd, true);
	}
	close_fd(fd);
}

static void data_writer(void *arg)
{
	unsigned n = *(unsigned *)arg;
	int fd = must_open(O_WRONLY);

	for (unsigned i = 0; i < n; i++)
		must_write(o, fd, 4093);
}

static void data_reader(void *arg)
{
	(void)arg;
	drain(o, must_open(O_RDONLY), 8191);
}

/* Two that share nothing but the name. The data never reaches the file system. */
static void run_data(unsigned n)
{
	struct task *writer, *reader;
	struct stat st;

	path = scratch_path("fifo");
	o = object_fifo(path);
	writer = spawn("fifo-writer", data_writer, &n);
	reader = spawn("fifo-reader", data_reader, NULL);
	join(writer);
	join(reader);
	CHECK(stat(path, &st) == 0 && st.st_size == 0 && st.st_blocks == 0);
	fact(o, TOP, "balance_bytes", 0);
	fact(o, INTERNALS, "new_slots", n);
}

/* The same name and inode, a new ring each time; what was inside died with the old one. */
static void run_reopen(unsigned n)
{
	one_fifo();
	for (unsigned i = 0; i < n; i++) {
		int fd = must_open(O_RDWR);

		use(fd, false);
		use(fd, true);
		use(fd, false);
		close_fd(fd);
	}
	fact(o, TOP, "balance_bytes", 0);
	fact(o, DEPTH, "max_slots", 1);
}

static void nothing(int signal)
{
	(void)signal;
}

static void interrupted_opener(void *arg)
{
	unsigned n = *(unsigned *)arg;

	on_signal(SIGUSR2, nothing, 0);
	for (unsigned i = 0; i < n; i++)
		CHECK(op_open(o, path, O_RDONLY) == -1 && errno == EINTR);
	close_fd(must_open(O_RDONLY));
}

static void run_signal_open(unsigned n)
{
	struct task *t;
	int fd;

	one_fifo();
	t = spawn("signalled-open", interrupted_opener, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_openat, o, OPEN, PARTNER);
		send_signal(t, SIGUSR2);
	}
	await_blocked(t, n + 1, SYS_openat, o, OPEN, PARTNER);
	fd = must_open(O_WRONLY);
	count_wake(o, OPEN, t);
	join(t);
	close_fd(fd);
}

static void run_unlinked(unsigned n)
{
	int fd;

	one_fifo();
	fd = must_open(O_RDWR);
	CHECK(unlink(path) == 0);
	for (unsigned i = 0; i < n; i++) {
		use(fd, false);
		use(fd, true);
	}
	close_fd(fd);
}

static const struct scenario scenarios[] = {
	{"fifo-open-reader", "open for reading waits for a writer", run_open_reader, 31},
	{"fifo-open-writer", "open for writing waits for a reader", run_open_writer, 31},
	{"fifo-nonblock", "O_NONBLOCK: ENXIO for a writer, success for a reader", run_nonblock, 7},
	{"fifo-rdwr", "O_RDWR never waits", run_rdwr, 101},
	{"fifo-data", "two processes that share only the name", run_data, 211},
	{"fifo-reopen", "one name, N rings after each other", run_reopen, 7},
	{"fifo-signal-open", "a waiting open ended by a signal", run_signal_open, 7},
	{"fifo-unlinked", "the name goes, the ring stays", run_unlinked, 31},
};
REGISTER_SCENARIOS(scenarios, "pipe,fifo");
