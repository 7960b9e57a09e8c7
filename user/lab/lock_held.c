// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Locks that exist before ipctrace starts: who holds them, who waits behind whom. */
#include "lab/lock.h"

#include <signal.h>
#include <unistd.h>

#define QUEUED 5u

static struct locked l;

static void held_flock(void *arg)
{
	int fd = locked_open(l);

	(void)arg;
	must_flock(l.o, fd, LOCK_EX);
	must_flock(l.o, fd, LOCK_UN);
}

static void held_range(void *arg)
{
	int fd = locked_open(l);

	(void)arg;
	must_range(l.o, fd, F_SETLKW, F_RDLCK, 100, 10);
	must_range(l.o, fd, F_SETLK, F_UNLCK, 100, 10);
}

/* From here on; the sleepers' own calls are seen by some backends only. */
static void begin_counting(void)
{
	object_restart(l.o);
	facts_forget(l.o);
	endpoints_without_counts(l.o);
	for (int side = RECV; side <= OPEN; side++) {
		uncertain(l.o, side, OPS);
		uncertain_errors(l.o, side);
	}
}

/* A chain of writers behind a writer, two readers behind a range. */
static void run_held(unsigned n)
{
	struct task *t[QUEUED], *reader[2];
	int fd;

	(void)n;
	l = locked_new("held-lock");
	fd = locked_open(l);
	must_flock(l.o, fd, LOCK_EX);
	must_range(l.o, fd, F_SETLK, F_WRLCK, 50, 100);
	for (unsigned i = 0; i < QUEUED; i++) {
		t[i] = spawn("held-flock", held_flock, NULL);
		await_asleep(t[i], 1, SYS_flock);
	}
	for (unsigned i = 0; i < 2; i++) {
		reader[i] = spawn("held-range", held_range, NULL);
		await_asleep(reader[i], 1, SYS_fcntl);
	}
	facts_forget(l.o); /* what was asked for before */
	fact(l.o, INTERNALS, "flocks", 1);
	fact(l.o, INTERNALS, "posix", 1);
	fact(l.o, INTERNALS, "holder", (uint64_t)getpid());
	fact(l.o, INTERNALS, "waiters", QUEUED + 2);
	if (!hold())
		return;
	begin_counting();
	for (unsigned i = 0; i < QUEUED; i++) {
		count_wait(l.o, RECV, HELD);
		count_wake_by(l.o, SEND, i ? t[i - 1] : self(), t[i]);
	}
	for (unsigned i = 0; i < 2; i++) {
		count_wait(l.o, RECV, HELD);
		count_wake(l.o, SEND, reader[i]);
	}
	must_flock(l.o, fd, LOCK_UN);
	must_range(l.o, fd, F_SETLK, F_UNLCK, 0, WHOLE_FILE);
	for (unsigned i = 0; i < QUEUED; i++)
		join(t[i]);
	for (unsigned i = 0; i < 2; i++)
		join(reader[i]);
	fact(l.o, TOP, "preexisting", 1);
	fact(l.o, INTERNALS, "flocks", 0);
	fact(l.o, INTERNALS, "posix", 0);
	fact(l.o, INTERNALS, "waiters", 0);
}

static void held_open(void *arg)
{
	(void)arg;
	close_fd(op_break(l, O_RDWR));
}

/* An open that waits for a lease to be given up. */
static void run_held_lease(unsigned n)
{
	struct task *t;
	int fd, before;

	(void)n;
	signal(SIGIO, SIG_IGN);
	l = locked_new("held-lease");
	fd = open(l.path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	if (op_lease(l.o, fd, F_WRLCK))
		give_up(OUTCOME_UNSUPPORTED, "no leases on this file system");
	before = lease_break_time(3600); /* ipctrace may take long to start */
	t = spawn("held-open", held_open, NULL);
	await_asleep(t, 1, SYS_openat);
	lease_break_time(before);
	facts_forget(l.o);
	fact(l.o, INTERNALS, "leases", 1);
	fact(l.o, INTERNALS, "waiters", 1);
	if (!hold())
		return;
	begin_counting();
	count_wait(l.o, OPEN, HELD);
	count_wake(l.o, SEND, t);
	must_lease(l.o, fd, F_UNLCK);
	join(t);
	fact(l.o, TOP, "preexisting", 1);
	fact(l.o, INTERNALS, "leases", 0);
}

static const struct scenario scenarios[] = {
	{"held-lock", "writers behind a writer, readers behind a range", run_held, 0},
	{"held-lease", "an open behind a lease", run_held_lease, 0},
};
REGISTER_SCENARIOS(scenarios, "lock");
