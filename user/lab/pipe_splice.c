/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Data that enters or leaves a pipe by splice, tee, vmsplice and sendfile: pages
 * change hands, no byte is copied (but where it is, and the truth says so).
 */
#include "lab/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ODD 4093u

static struct object *a, *b;
static int afds[2], bfds[2];

static void lone_pipes(bool two)
{
	a = object_pipe(afds, 0);
	certain_waits(a);
	if (!two)
		return;
	b = object_pipe(bfds, 0);
	certain_waits(b);
}

static int memory_file(size_t size)
{
	int fd = memfd_create("scenario", MFD_CLOEXEC);

	CHECK(fd >= 0);
	for (size_t done = 0; done < size; done += PAYLOAD_SIZE / 2) {
		size_t left = size - done, now = left < PAYLOAD_SIZE / 2 ? left : PAYLOAD_SIZE / 2;

		CHECK(write(fd, payload(now), now) == (ssize_t)now);
	}
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static void run_splice_pipes(unsigned n)
{
	lone_pipes(true);
	for (unsigned i = 0; i < n; i++) {
		must_write(a, afds[1], 2 * ODD);
		/* A part of it, then the rest. */
		CHECK(op_splice(a, afds[0], b, bfds[1], ODD, 0) == ODD);
		CHECK(op_splice(a, afds[0], b, bfds[1], 65536, 0) == ODD);
		must_read(b, bfds[0], 65536, 2 * ODD);
	}
}

/* One splice may move less than asked: as many calls as it takes, each counted. */
static void run_splice_in(unsigned n)
{
	int file = memory_file(n * ODD);

	lone_pipes(false);
	for (size_t left = n * ODD; left;) {
		ssize_t moved = op_splice(NULL, file, a, afds[1], left, 0);

		CHECK(moved > 0);
		left -= (size_t)moved;
		for (ssize_t got; moved; moved -= got)
			CHECK((got = op_read(a, afds[0], payload(65536), (size_t)moved)) > 0);
	}
	/* The page belongs to the file: nothing may be appended to it. */
	CHECK(lseek(file, 0, SEEK_SET) == 0);
	CHECK(op_splice(NULL, file, a, afds[1], 100, 0) == 100);
	must_write(a, afds[1], 3);
	must_read(a, afds[0], 200, 103);
	fact(a, INTERNALS, "merged_writes", 0);
}

static void run_splice_out(unsigned n)
{
	int file = memory_file(0);

	lone_pipes(false);
	for (unsigned i = 0; i < n; i++) {
		must_write(a, afds[1], ODD);
		CHECK(op_splice(a, afds[0], NULL, file, 65536, 0) == ODD);
	}
	CHECK(op_splice(a, afds[0], NULL, file, 65536, SPLICE_F_NONBLOCK) == -1 &&
	      errno == EAGAIN);
	CHECK(lseek(file, 0, SEEK_CUR) == n * ODD);
}

/* What tee does to its source is no receive: everything is still inside. */
static void run_tee(unsigned n)
{
	lone_pipes(true);
	for (unsigned i = 0; i < n; i++) {
		must_write(a, afds[1], ODD);
		enter_call();
		CHECK(tee(afds[0], bfds[1], 65536, 0) == ODD);
		count(b, SEND, OPS, 1);
		count(b, SEND, BYTES, ODD);
		count(b, SEND, MOVED, ODD);
		must_read(a, afds[0], 65536, ODD);
		must_read(b, bfds[0], 65536, ODD);
	}
	/* Looking at the source is an attempt on its read side, or a control operation, or none. */
	range(a, RECV, OPS, n, 2 * n);
	uncertain(a, CTL, OPS);
	fact(a, TOP, "balance_bytes", 0);
	fact(b, TOP, "balance_bytes", 0);
}

static void run_vmsplice_in(unsigned n)
{
	size_t size = 3 * page_size() + 907;
	const struct iovec iov = {payload(size), size};

	lone_pipes(false);
	for (unsigned i = 0; i < n; i++) {
		CHECK(vmsplice(afds[1], &iov, 1, 0) == (ssize_t)size);
		count(a, SEND, OPS, 1);
		count(a, SEND, BYTES, size);
		count(a, SEND, MOVED, size);
		must_read(a, afds[0], 65536, size);
	}
}

/* The name promises a move; from the pipe into memory the kernel copies. */
static void run_vmsplice_out(unsigned n)
{
	const struct iovec iov = {payload(ODD), ODD};

	lone_pipes(false);
	for (unsigned i = 0; i < n; i++) {
		must_write(a, afds[1], ODD);
		CHECK(vmsplice(afds[0], &iov, 1, 0) == ODD);
		count(a, RECV, OPS, 1);
		count(a, RECV, BYTES, ODD);
		count(a, RECV, COPIED, ODD);
	}
}

/*
 * Until 5.11 sendfile to a pipe went through a hidden pipe and copied page by
 * page into this one; since then it moves. So the bytes are certain, and neither
 * how they came nor in how many steps.
 */
static void run_sendfile(unsigned n)
{
	unsigned calls = 0;
	int file = memory_file(n * ODD);

	lone_pipes(false);
	for (size_t left = n * ODD; left; calls++) {
		ssize_t sent = sendfile(afds[1], file, NULL, left < 9 * ODD ? left : 9 * ODD);

		CHECK(sent > 0);
		left -= (size_t)sent;
		count(a, SEND, OPS, 1);
		count(a, SEND, BYTES, (uint64_t)sent);
		for (ssize_t got; sent; sent -= got)
			CHECK((got = op_read(a, afds[0], payload(65536), (size_t)sent)) > 0);
	}
	range(a, SEND, OPS, calls, calls + n * ODD / page_size() + calls);
	range(a, SEND, COPIED, 0, n * ODD);
	range(a, SEND, COPIES, 0, calls + n * ODD / page_size() + calls);
	range(a, SEND, MOVED, 0, n * ODD);
}

static void splicing_reader(void *arg)
{
	unsigned n = *(unsigned *)arg;
	int file = memory_file(0);

	close_fd(afds[1]);
	for (unsigned i = 0; i < n; i++)
		CHECK(op_splice(a, afds[0], NULL, file, 65536, 0) == 89);
}

static void run_splice_empty(unsigned n)
{
	struct task *t;

	lone_pipes(false);
	t = spawn("splicing-reader", splicing_reader, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_splice, a, RECV, EMPTY);
		must_write(a, afds[1], 89);
		count_wake(a, SEND, t);
	}
	join(t);
}

static void splicing_writer(void *arg)
{
	unsigned n = *(unsigned *)arg;
	int file = memory_file(n * page_size());

	close_fd(afds[0]);
	for (unsigned i = 0; i < n; i++)
		CHECK(op_splice(NULL, file, a, afds[1], page_size(), 0) == (ssize_t)page_size());
}

static void run_splice_full(unsigned n)
{
	struct task *t;

	lone_pipes(false);
	must_write(a, afds[1], 16 * page_size());
	t = spawn("splicing-writer", splicing_writer, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_splice, a, SEND, FULL);
		must_read(a, afds[0], page_size(), page_size());
		count_wake(a, RECV, t);
	}
	join(t);
}

static const struct scenario scenarios[] = {
	{"splice-pipes", "splice from pipe to pipe", run_splice_pipes, 101},
	{"splice-in", "splice from a file", run_splice_in, 101},
	{"splice-out", "splice to a file, then from an empty pipe", run_splice_out, 101},
	{"splice-empty", "splice from an empty pipe waits", run_splice_empty, 31},
	{"splice-full", "splice to a full pipe waits", run_splice_full, 31},
	{"tee", "tee from pipe to pipe", run_tee, 101},
	{"vmsplice-in", "pages of memory into a pipe", run_vmsplice_in, 101},
	{"vmsplice-out", "a pipe into memory", run_vmsplice_out, 101},
	{"sendfile", "a file to a pipe", run_sendfile, 101},
};
REGISTER_SCENARIOS(scenarios, "pipe,fifo");
