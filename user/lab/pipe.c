/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Data through a pipe: sizes, slots, merges, pages. Most need one process only, so nothing waits. */
#include "lab/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct object *o;
static int fds[2];

/* A pipe that only this process uses, and never sleeps on. */
static void lone_pipe(int flags)
{
	o = object_pipe(fds, flags);
	certain_waits(o);
	fact(o, INTERNALS, "resizes", 0);
}

static void slots(unsigned merged, unsigned new)
{
	fact(o, INTERNALS, "merged_writes", merged);
	fact(o, INTERNALS, "new_slots", new);
}

static void copy_writer(void *arg)
{
	unsigned n = *(unsigned *)arg;

	close_fd(fds[0]);
	for (unsigned i = 0; i < n; i++)
		must_write(o, fds[1], 4093);
}

/* 4093 bytes leave no room for the next 4093: every write takes a slot, whoever runs first. */
static void run_copy(unsigned n)
{
	struct task *writer;

	o = object_pipe(fds, 0);
	writer = spawn("copy-writer", copy_writer, &n);
	close_fd(fds[1]);
	drain(o, fds[0], 8191);
	join(writer);
	slots(0, n);
	fact(o, TOP, "created", 1);
	fact(o, TOP, "destroyed", 1);
	fact(o, TOP, "balance_bytes", 0);
}

static void run_merge(unsigned n)
{
	unsigned per_slot = (unsigned)page_size() / 37;
	unsigned new = (n + per_slot - 1) / per_slot;

	CHECK(new <= 16);
	lone_pipe(0);
	for (unsigned i = 0; i < n; i++)
		must_write(o, fds[1], 37);
	must_read(o, fds[0], 65536, n * 37);
	slots(n - new, new);
	fact(o, DEPTH, "max_slots", new);
}

/*
 * What goes beside the last bytes of the ring is the odd rest of a write, and
 * only when it fits: the whole pages of the write then take slots of their own.
 */
static void run_merge_rule(unsigned n)
{
	size_t page = page_size();

	lone_pipe(0);
	for (unsigned i = 0; i < n; i++) {
		must_write(o, fds[1], 101);	   /* new */
		must_write(o, fds[1], page + 907); /* 907 merged, the page new */
		must_write(o, fds[1], page);	   /* new */
		must_write(o, fds[1], 1);	   /* new: the last slot is full */
		must_write(o, fds[1], page - 1);   /* merged, to the last byte */
		must_read(o, fds[0], 65536, 101 + 907 + 3 * page);
	}
	slots(2 * n, 4 * n);
}

static void run_pages(unsigned n)
{
	size_t page = page_size();

	lone_pipe(0);
	for (unsigned i = 0; i < n; i++) {
		must_write(o, fds[1], page);
		must_write(o, fds[1], 3 * page);
		must_read(o, fds[0], 5 * page, 4 * page);
	}
	slots(0, 4 * n);
}

/* A page that is emptied is kept, and the next write takes it. */
static void run_page_reuse(unsigned n)
{
	lone_pipe(0);
	for (unsigned i = 0; i < n; i++) {
		must_write(o, fds[1], page_size());
		must_read(o, fds[0], page_size(), page_size());
	}
	slots(0, n);
	fact(o, INTERNALS, "pages_reused", n - 1);
	fact(o, INTERNALS, "pages_allocated", 1);
}

static void run_vector(unsigned n)
{
	size_t page = page_size();
	char *buf = payload(2 * page);
	const struct iovec out[] = {{buf, 13}, {buf, page - 3}, {buf, 101}};
	const struct iovec in[] = {{buf, 4001}, {buf + page, 997}};
	ssize_t total = 13 + (ssize_t)page - 3 + 101;

	lone_pipe(0);
	for (unsigned i = 0; i < n; i++) {
		CHECK(op_writev(o, fds[1], out, 3) == total);
		CHECK(op_readv(o, fds[0], in, 2) == total);
	}
	slots(0, 2 * n);
}

static void run_partial_read(unsigned n)
{
	lone_pipe(O_NONBLOCK);
	for (unsigned i = 0; i < n; i++)
		must_write(o, fds[1], 4093);
	for (unsigned left = n * 4093, now; left; left -= now) {
		now = left < 7 ? left : 7;
		must_read(o, fds[0], 7, now);
	}
	slots(0, n);
	fact(o, DEPTH, "max_slots", n);
}

/* Full to the last byte, then one slot free and taken by a single byte. */
static void run_fill(unsigned n)
{
	unsigned ring;

	lone_pipe(O_NONBLOCK);
	ring = (unsigned)op_fcntl(o, fds[1], F_GETPIPE_SZ, 0) / (unsigned)page_size();
	for (unsigned i = 0; i < ring; i++)
		must_write(o, fds[1], page_size());
	CHECK(op_write(o, fds[1], payload(1), 1) == -1 && errno == EAGAIN);
	must_read(o, fds[0], page_size(), page_size());
	must_write(o, fds[1], 1);
	for (unsigned i = 0; i < n; i++)
		CHECK(op_write(o, fds[1], payload(page_size()), page_size()) == -1 &&
		      errno == EAGAIN);
	slots(0, ring + 1);
	fact(o, CAPACITY, "slots", ring);
	fact(o, CAPACITY, "bytes", ring * page_size());
	fact(o, DEPTH, "max_slots", ring);
	fact(o, DEPTH, "max_bytes", ring * page_size());
	fact(o, TOP, "balance_bytes", 0); /* 15 slots and a byte die with the pipe */
}

/* Packets never share a slot, and a read that is too short drops the rest of its packet. */
static void run_packet(unsigned n)
{
	lone_pipe(O_DIRECT);
	for (unsigned i = 0; i < n; i++) {
		must_write(o, fds[1], 101);
		must_write(o, fds[1], 103);
		must_read(o, fds[0], 4096, 101);
		must_read(o, fds[0], 11, 11);
	}
	slots(0, 2 * n);
	fact(o, INTERNALS, "packets", 2 * n);
	/* What was dropped entered and never left. */
	fact_range(o, TOP, "balance_bytes", 0, n * (103 - 11));
}

/* Write and read of 0 bytes reach the pipe, and return at once. */
static void run_zero(unsigned n)
{
	lone_pipe(0);
	for (unsigned i = 0; i < n; i++) {
		must_write(o, fds[1], 0);
		must_read(o, fds[0], 0, 0);
	}
	slots(0, 0);
	fact(o, DEPTH, "max_slots", 0);
}

/* pipe2, and nothing more: an object without operations may be shown or not, never with any. */
static void run_unused(unsigned n)
{
	(void)n;
	lone_pipe(0);
	slots(0, 0);
}

/* The descriptor number is nothing: copies of an end are the same end. */
static void run_dup(unsigned n)
{
	int write_end, read_end;

	lone_pipe(0);
	write_end = dup(fds[1]);
	read_end = fcntl(fds[0], F_DUPFD_CLOEXEC, 100);
	CHECK(write_end >= 0 && read_end >= 100);
	for (unsigned i = 0; i < n; i++) {
		must_write(o, i % 2 ? write_end : fds[1], 53);
		must_read(o, i % 3 ? read_end : fds[0], 101, 53);
	}
	close_fd(fds[1]);
	must_write(o, write_end, 59);
	must_read(o, fds[0], 61, 59);
	slots(0, n + 1);
}

static const struct scenario scenarios[] = {
	{"copy", "writes of 4093 bytes to a reader in another process", run_copy, 1009},
	{"merge", "small writes share slots", run_merge, 1009},
	{"merge-rule", "which part of which write is merged", run_merge_rule, 31},
	{"pages", "writes of whole pages take whole slots", run_pages, 211},
	{"page-reuse", "a page emptied is a page reused", run_page_reuse, 211},
	{"vector", "writev of 3 parts, readv of 2", run_vector, 509},
	{"partial-read", "slots read 7 bytes at a time", run_partial_read, 13},
	{"fill", "a ring filled to its last slot, then EAGAIN", run_fill, 7},
	{"packet", "O_DIRECT: no merge, a short read cuts the packet", run_packet, 101},
	{"zero", "writes and reads of 0 bytes", run_zero, 17},
	{"unused", "a pipe that nobody uses", run_unused, 0},
	{"dup", "duplicated descriptors of both ends", run_dup, 101},
};
REGISTER_SCENARIOS(scenarios, "pipe,fifo");

static const struct blind blind[] = {
	{"pipe", "function", "internals.poll_usage"}, /* a kernel before 5.14, or 7.2 and later, has no such field */
	{"fifo", "function", "internals.poll_usage"},
	{"pipe", "syscall", "internals.poll_usage"},
	{"fifo", "syscall", "internals.poll_usage"},
	{"fifo", "syscall", "internals.merged_writes"},
	{"fifo", "syscall", "internals.new_slots"},
	{"pipe", "syscall", "internals.pages_reused"},
	{"pipe", "syscall", "internals.pages_allocated"},
	{"pipe", "syscall", "send.spurious_wakes"},
	{"pipe", "syscall", "recv.spurious_wakes"},
	{"fifo", "syscall", "send.spurious_wakes"},
	{"fifo", "syscall", "recv.spurious_wakes"},
	{"pipe", "syscall", "depth.max_bytes"}, /* the state is seen between operations, in slots */
	{"fifo", "syscall", "depth.max_bytes"},
	{"pipe", "syscall", "destroyed"},
	{"fifo", "syscall", "destroyed"},
	{"pipe", "syscall", "close.*"},
	{"fifo", "syscall", "close.*"},
	{"pipe", "brief", "depth.max_bytes"},
	{"pipe", "brief", "internals.pages_reused"},
	{"pipe", "brief", "internals.pages_allocated"},
	{"fifo", "brief", "depth.max_bytes"},
	{"fifo", "brief", "internals.pages_reused"},
	{"fifo", "brief", "internals.pages_allocated"},
};
REGISTER_BLIND(blind);
