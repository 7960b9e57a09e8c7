// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Locks that exist before ipctrace starts: who holds them, who waits behind whom. */
#include "lab/lock.h"
#include "lab/task.h"

#include <signal.h>
#include <stdio.h>
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

/* A row of a table of the internals: ranges that are held, requests that wait. */
static void row(const char *table, unsigned number, const char *key, uint64_t value)
{
	char *path; /* stays: a fact has no copy of its name */

	CHECK(asprintf(&path, "%s.%u.%s", table, number, key) > 0);
	fact(l.o, INTERNALS, path, value);
}

struct expected {
	uint64_t start, end, kind, type;
	pid_t pid; /* 0: an OFD lock has none */
};

static void facts_of_row(const char *table, unsigned number, struct expected e)
{
	row(table, number, "start", e.start);
	row(table, number, "end", e.end);
	row(table, number, "kind", e.kind);
	row(table, number, "type", e.type);
	if (e.pid)
		row(table, number, "pid", (uint64_t)e.pid);
}

static void facts_of_table(const struct task *const *writers, const struct task *const *readers)
{
	facts_of_row("ranges", 0, (struct expected){0, INT64_MAX, 1, F_WRLCK, getpid()});
	row("ranges", 0, "waiters", QUEUED);
	facts_of_row("ranges", 1, (struct expected){50, 149, 2, F_WRLCK, getpid()});
	row("ranges", 1, "waiters", 2);
	facts_of_row("requests", 0, (struct expected){0, INT64_MAX, 1, F_WRLCK, writers[0]->pid});
	for (unsigned i = 1; i < QUEUED; i++)
		row("requests", i, "pid", (uint64_t)writers[i]->pid);
	for (unsigned i = 0; i < 2; i++)
		facts_of_row("requests", QUEUED + i, (struct expected){100, 109, 2, F_RDLCK, readers[i]->pid});
	fact(l.o, INTERNALS, "ranges_untold", 0);
	fact(l.o, INTERNALS, "requests_untold", 0);
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
	facts_of_table((const struct task *const *)t, (const struct task *const *)reader);
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

#define BYTES_LOCKED 67u
#define ROWS 64u

static void held_shared(void *arg)
{
	int fd = locked_open(l);

	(void)arg;
	must_range(l.o, fd, F_SETLK, F_RDLCK, 3, 7);
	must_range(l.o, fd, F_SETLK, F_WRLCK, 997, WHOLE_FILE);
	advance();
	await_gate(1);
}

/* Every other byte, by one open file; what another process holds comes behind that, and finds no room. */
static void run_held_ranges(unsigned n)
{
	struct task *t;
	int fd;

	(void)n;
	l = locked_new("held-ranges");
	fd = locked_open(l);
	must_range(l.o, fd, F_SETLK, F_RDLCK, 3, 7);
	for (unsigned i = 1; i < BYTES_LOCKED; i++)
		must_range(l.o, fd, F_OFD_SETLK, F_RDLCK, 2 * i, 1);
	t = spawn("held-shared", held_shared, NULL);
	await_step(t, 1);
	facts_forget(l.o);
	fact(l.o, INTERNALS, "posix", 3);
	fact(l.o, INTERNALS, "ofd", BYTES_LOCKED - 1);
	facts_of_row("ranges", 0, (struct expected){3, 9, 2, F_RDLCK, getpid()});
	for (unsigned i = 1; i < ROWS; i += 31)
		facts_of_row("ranges", i, (struct expected){2ull * i, 2ull * i, 3, F_RDLCK, 0});
	fact(l.o, INTERNALS, "ranges_untold", BYTES_LOCKED + 2 - ROWS);
	fact(l.o, INTERNALS, "requests_untold", 0);
	if (!hold())
		return;
	begin_counting();
	count_as(l.o, CLOSE, OPS, 1, t);
	open_gate(1);
	join(t);
	must_range(l.o, fd, F_OFD_SETLK, F_UNLCK, 0, WHOLE_FILE);
	must_range(l.o, fd, F_SETLK, F_UNLCK, 0, WHOLE_FILE);
	fact(l.o, TOP, "preexisting", 1);
	fact(l.o, INTERNALS, "posix", 0);
	fact(l.o, INTERNALS, "ofd", 0);
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
	facts_of_row("ranges", 0, (struct expected){0, INT64_MAX, 4, F_WRLCK, getpid()});
	row("ranges", 0, "waiters", 1);
	facts_of_row("requests", 0, (struct expected){0, INT64_MAX, 4, F_WRLCK, t->pid});
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
	{"held-ranges", "more ranges than there is room for in a table", run_held_ranges, 0},
	{"held-lease", "an open behind a lease", run_held_lease, 0},
};
REGISTER_SCENARIOS(scenarios, "lock");
