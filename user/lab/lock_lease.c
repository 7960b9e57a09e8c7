// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Leases: opens that break them, holders that give them up, downgrade them, or do not answer. */
#include "lab/lock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct locked l;

static int inherited = -1; /* what is not to be kept open by who waits for its close */

/* The holder would be told by SIGIO; here it knows by itself, seeing the open asleep. */
static int leased(const char *name, int type)
{
	int fd;

	signal(SIGIO, SIG_IGN);
	l = locked_new(name);
	fd = open(l.path, O_RDONLY | O_CLOEXEC); /* a writer may have no read lease */
	CHECK(fd >= 0);
	if (op_lease(l.o, fd, type) && errno == EINVAL)
		give_up(OUTCOME_UNSUPPORTED, "no leases on this file system");
	CHECK(fcntl(fd, F_GETLEASE) == type);
	count(l.o, CTL, OPS, 1);
	return fd;
}

static void opener(void *arg)
{
	int fd;

	if (inherited >= 0)
		close_fd(inherited);
	fd = op_break(l, *(int *)arg);
	CHECK(fd >= 0);
	close_fd(fd);
}

static struct task *spawn_opener(int flags)
{
	struct task *t = spawn("opener", opener, &flags);

	await_blocked(t, 1, SYS_openat, l.o, OPEN, HELD);
	return t;
}

/* Given up while an open waits; and an open that does not wait. */
static void run_lease(unsigned n)
{
	struct task *t;
	int fd = leased("lease", F_WRLCK);

	CHECK(op_break(l, O_RDONLY | O_NONBLOCK) < 0 && errno == EWOULDBLOCK);
	for (unsigned i = 0; i < n; i++) {
		t = spawn_opener(O_RDWR);
		count_wake(l.o, SEND, t);
		must_lease(l.o, fd, F_UNLCK);
		join(t);
		must_lease(l.o, fd, i % 2 ? F_WRLCK : F_RDLCK);
	}
	must_lease(l.o, fd, F_UNLCK);
	fact(l.o, INTERNALS, "kind", 4);
	fact(l.o, INTERNALS, "type", F_UNLCK);
	fact(l.o, INTERNALS, "leases", 0);
	fact(l.o, INTERNALS, "break_timeouts", 0);
	fact(l.o, DEPTH, "max_slots", 1);
	fact(l.o, RESIDENCY, "count", n + 1);
	lock_facts(l.o, 0, 0);
}

/* An open to read leaves the holder a read lease. The kernel has it look at every tick: nobody knows how often it waits. */
static void run_downgrade(unsigned n)
{
	struct task *t;
	int fd;

	(void)n;
	fd = leased("lease-downgrade", F_WRLCK);
	uncertain_waits(l.o);
	t = spawn_opener(O_RDONLY);
	must_lease(l.o, fd, F_RDLCK);
	join(t);
	must_lease(l.o, fd, F_UNLCK);
	lock_facts(l.o, 0, 0);
	fact(l.o, RESIDENCY, "count", 1);
}

/* The holder closes the file, and says nothing. */
static void run_lease_close(unsigned n)
{
	struct task *t;

	(void)n;
	inherited = leased("lease-close", F_WRLCK);
	t = spawn_opener(O_RDWR);
	count_wake(l.o, CLOSE, t);
	about_to_release(l.o);
	close_fd(inherited);
	join(t);
	fact(l.o, INTERNALS, "leases", 0);
	lock_facts(l.o, 0, 0);
}

/* The holder does not answer: the kernel takes the lease away, and nobody wakes who waited. */
static void run_lease_timeout(unsigned n)
{
	struct task *t;
	int fd, before;

	(void)n;
	fd = leased("lease-timeout", F_WRLCK);
	before = lease_break_time(1);
	t = spawn_opener(O_RDWR); /* one to read would leave a read lease */
	lease_break_time(before);
	join(t);
	CHECK(op_lease(l.o, fd, F_UNLCK) < 0 && errno == EAGAIN); /* it has none any more */
	fact(l.o, INTERNALS, "break_timeouts", 1);
	fact(l.o, INTERNALS, "leases", 0);
	lock_facts(l.o, 0, 0);
}

static const struct scenario scenarios[] = {
	{"lock-lease", "leases that an open breaks, given up N times", run_lease, 7},
	{"lock-lease-downgrade", "a write lease that becomes a read lease", run_downgrade, 0},
	{"lock-lease-close", "a lease given up by a close", run_lease_close, 0},
	{"lock-lease-timeout", "a lease whose holder does not answer in time", run_lease_timeout, 0},
};
REGISTER_SCENARIOS(scenarios, "lock");
