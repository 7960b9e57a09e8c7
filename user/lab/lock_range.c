// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Ranges, by fcntl(2): POSIX locks of a process, OFD locks of an open file. */
#include "lab/lock.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static struct locked l;

static void facts_of_range(struct object *o, uint64_t kind, uint64_t type, uint64_t start, uint64_t bytes)
{
	fact(o, INTERNALS, "kind", kind);
	fact(o, INTERNALS, "type", type);
	fact(o, INTERNALS, "range_start", start);
	fact(o, INTERNALS, "range_bytes", bytes);
}

static void neighbour(void *arg)
{
	unsigned n = *(unsigned *)arg;
	int fd = locked_open(l);

	for (unsigned i = 0; i < n; i++) {
		/* byte 100 to 199 is another's */
		must_range(l.o, fd, F_SETLK, F_WRLCK, 0, 100);
		must_range(l.o, fd, F_SETLK, F_WRLCK, 200, WHOLE_FILE);
		CHECK(op_range(l.o, fd, F_SETLK, F_WRLCK, SEEK_SET, 99, 2) < 0 && errno == EAGAIN);
		CHECK(op_range(l.o, fd, F_SETLK, F_RDLCK, SEEK_SET, 199, 1) < 0 && errno == EAGAIN);
		CHECK(op_range(l.o, fd, F_GETLK, F_WRLCK, SEEK_SET, 0, WHOLE_FILE) == 0);
		must_range(l.o, fd, F_SETLK, F_UNLCK, 0, WHOLE_FILE);
	}
	/* 9 from the end of 1009 bytes; a negative length ends before the start */
	CHECK(op_range(l.o, fd, F_SETLK, F_WRLCK, SEEK_SET, 1007, -7) == 0);
	advance();
	await_gate(1);
	CHECK(op_range(l.o, fd, F_SETLK, F_UNLCK, SEEK_END, -9, 7) == 0);
}

/* Ranges that do not overlap do not conflict. */
static void run_ranges(unsigned n)
{
	struct task *t;
	int fd;

	l = locked_new("ranges");
	fd = locked_open(l);
	must_range(l.o, fd, F_SETLK, F_WRLCK, 100, 100);
	t = spawn("neighbour", neighbour, &n);
	await_step(t, 1);
	must_range(l.o, fd, F_SETLK, F_UNLCK, 100, 100);
	open_gate(1);
	join(t);
	lock_facts(l.o, 0, 0);
	facts_of_range(l.o, 2, F_UNLCK, 1000, 7);
	fact(l.o, INTERNALS, "posix", 0);
	fact(l.o, DEPTH, "max_slots", 3);
	fact(l.o, RESIDENCY, "count", n + 2);
}

static void overlapping(void *arg)
{
	int fd = locked_open(l);

	for (unsigned i = 0; i < *(unsigned *)arg; i++) {
		await_gate(i + 1);
		must_range(l.o, fd, F_SETLKW, i % 2 ? F_RDLCK : F_WRLCK, 150 + i, 100);
		must_range(l.o, fd, F_SETLK, F_UNLCK, 150 + i, 100);
		advance();
	}
}

/* An unlock of a part lets who waits for that part go on. */
static void run_range_wait(unsigned n)
{
	struct task *t;
	int fd;

	l = locked_new("range-wait");
	fd = locked_open(l);
	t = spawn("overlapping", overlapping, &n);
	for (unsigned i = 0; i < n; i++) {
		must_range(l.o, fd, F_SETLK, F_WRLCK, 100, 300);
		open_gate(i + 1);
		await_blocked(t, 2 * i + 1, SYS_fcntl, l.o, RECV, HELD);
		must_range(l.o, fd, F_SETLK, F_UNLCK, 140, 200);
		count_wake(l.o, SEND, t);
		await_step(t, i + 1);
	}
	join(t);
	must_range(l.o, fd, F_SETLK, F_UNLCK, 0, WHOLE_FILE);
	CHECK(op_range(l.o, fd, F_GETLK, F_WRLCK, SEEK_SET, 7, 11) == 0);
	lock_facts(l.o, n, 0);
	facts_of_range(l.o, 2, F_WRLCK, 7, 11);
}

static void second(void *arg)
{
	int fd = locked_open(l);

	(void)arg;
	must_range(l.o, fd, F_SETLK, F_WRLCK, 20, 10);
	advance();
	must_range(l.o, fd, F_SETLKW, F_WRLCK, 10, 10);
	must_range(l.o, fd, F_SETLK, F_UNLCK, 10, 20);
}

/* Each has what the other wants: the kernel refuses the one that would close the circle. */
static void run_deadlock(unsigned n)
{
	struct task *t;
	int fd;

	(void)n;
	l = locked_new("deadlock");
	fd = locked_open(l);
	must_range(l.o, fd, F_SETLK, F_WRLCK, 10, 10);
	t = spawn("second", second, NULL);
	await_step(t, 1);
	await_blocked(t, 2, SYS_fcntl, l.o, RECV, HELD);
	CHECK(op_range(l.o, fd, F_SETLKW, F_WRLCK, SEEK_SET, 20, 10) < 0 && errno == EDEADLK);
	must_range(l.o, fd, F_SETLK, F_UNLCK, 10, 10);
	count_wake(l.o, SEND, t);
	join(t);
	lock_facts(l.o, 1, 0);
	fact(l.o, INTERNALS, "posix", 0);
}

static void of_a_thread(void *arg)
{
	int fd = locked_open(l);

	for (unsigned i = 0; i < *(unsigned *)arg; i++) {
		await_gate(i + 1);
		must_range(l.o, fd, F_OFD_SETLKW, F_WRLCK, 0, 13);
		must_range(l.o, fd, F_OFD_SETLK, F_UNLCK, 0, 13);
		advance();
	}
}

/* OFD locks conflict between two threads of one process: they have the file open twice. */
static void run_ofd(unsigned n)
{
	struct task *t;
	int fd;

	l = locked_new("ofd");
	fd = locked_open(l);
	t = spawn_thread("of-a-thread", of_a_thread, &n);
	for (unsigned i = 0; i < n; i++) {
		must_range(l.o, fd, F_OFD_SETLK, F_WRLCK, 5, 5);
		open_gate(i + 1);
		await_blocked(t, 2 * i + 1, SYS_fcntl, l.o, RECV, HELD);
		must_range(l.o, fd, F_OFD_SETLK, F_UNLCK, 5, 5);
		count_wake(l.o, SEND, t);
		await_step(t, i + 1);
	}
	join(t);
	must_range(l.o, fd, F_OFD_SETLK, F_RDLCK, 3, 2);
	must_range(l.o, fd, F_OFD_SETLK, F_UNLCK, 0, WHOLE_FILE);
	CHECK(op_range(l.o, fd, F_OFD_GETLK, F_RDLCK, SEEK_SET, 1ll << 33, 1ll << 34) == 0);
	lock_facts(l.o, n, 0);
	facts_of_range(l.o, 3, F_RDLCK, 1ull << 33, 1ull << 34);
	fact(l.o, INTERNALS, "ofd", 0);
	fact(l.o, DEPTH, "max_slots", 1);
}

static const struct scenario scenarios[] = {
	{"lock-ranges", "ranges that meet and overlap, N times; from the end of the file", run_ranges, 31},
	{"lock-range-wait", "waits for a range that an unlock of a part ends", run_range_wait, 13},
	{"lock-deadlock", "a wait that would be for oneself (EDEADLK)", run_deadlock, 0},
	{"lock-ofd", "OFD locks of two threads", run_ofd, 13},
};
REGISTER_SCENARIOS(scenarios, "lock");
