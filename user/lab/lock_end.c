// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Locks that go without an unlock: with a close, with a process. */
#include "lab/lock.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static struct locked l;
static int inherited = -1; /* what is not to be kept open by who waits for its close */

struct request {
	int cmd; /* 0: flock */
};

static void waiter(void *arg)
{
	int cmd = ((struct request *)arg)->cmd, fd;

	if (inherited >= 0)
		close_fd(inherited);
	fd = locked_open(l);
	if (cmd) {
		must_range(l.o, fd, cmd, F_WRLCK, 500, 10);
		must_range(l.o, fd, cmd, F_UNLCK, 500, 10);
	} else {
		must_flock(l.o, fd, LOCK_EX);
		must_flock(l.o, fd, LOCK_UN);
	}
}

static struct task *spawn_waiter(int cmd)
{
	struct request r = {cmd};
	struct task *t = spawn(cmd == 0 ? "flock-waiter" : cmd == F_SETLKW ? "posix-waiter" : "ofd-waiter", waiter, &r);

	await_blocked(t, 1, cmd ? SYS_fcntl : SYS_flock, l.o, RECV, HELD);
	return t;
}

/* A flock and an OFD lock go with the last descriptor of their file, POSIX locks with any of the process. */
static void run_close(unsigned n)
{
	struct task *t;
	int other;

	(void)n;
	l = locked_new("close");
	inherited = locked_open(l);
	must_flock(l.o, inherited, LOCK_EX);
	t = spawn_waiter(0);
	other = dup(inherited);
	close_fd(other);
	count_wake(l.o, CLOSE, t);
	about_to_release(l.o);
	close_fd(inherited);
	join(t);

	inherited = locked_open(l);
	must_range(l.o, inherited, F_OFD_SETLK, F_RDLCK, 0, WHOLE_FILE);
	t = spawn_waiter(F_OFD_SETLKW);
	count_wake(l.o, CLOSE, t);
	about_to_release(l.o);
	close_fd(inherited);
	join(t);

	inherited = locked_open(l);
	other = locked_open(l);
	must_range(l.o, inherited, F_SETLK, F_WRLCK, 500, 5);
	must_range(l.o, inherited, F_SETLK, F_WRLCK, 600, 5);
	t = spawn_waiter(F_SETLKW);
	count_wake(l.o, CLOSE, t);
	about_to_release(l.o);
	close_fd(other);
	join(t);
	must_range(l.o, inherited, F_SETLK, F_UNLCK, 0, WHOLE_FILE);
	lock_facts(l.o, 3, 0);
	fact(l.o, INTERNALS, "posix", 0);
	fact(l.o, RESIDENCY, "count", 6);
}

static void holder(void *arg)
{
	int fd = locked_open(l);

	must_flock(l.o, fd, LOCK_EX);
	must_range(l.o, fd, F_SETLK, F_WRLCK, 0, 501);
	advance();
	await_gate(1);
	if (*(int *)arg)
		raise(*(int *)arg);
}

static void ends(const char *name, int signal)
{
	struct task *t, *first, *second;

	l = locked_new(name);
	inherited = -1;
	t = spawn("holder", holder, &signal);
	await_step(t, 1);
	first = spawn_waiter(0);
	second = spawn_waiter(F_SETLKW);
	count_as(l.o, CLOSE, OPS, 2, t);
	count_wake_by(l.o, CLOSE, t, first);
	count_wake_by(l.o, CLOSE, t, second);
	open_gate(1);
	if (signal)
		join_signaled(t, signal);
	else
		join(t);
	join(first);
	join(second);
	lock_facts(l.o, 2, 0);
	fact(l.o, INTERNALS, "flocks", 0);
	fact(l.o, INTERNALS, "posix", 0);
}

/* The end of a process gives up all that it had. */
static void run_exit(unsigned n)
{
	(void)n;
	ends("exit", 0);
}

static void run_killed(unsigned n)
{
	(void)n;
	ends("killed", SIGKILL);
}

static const struct scenario scenarios[] = {
	{"lock-close", "locks given up by a close: flock, OFD, POSIX", run_close, 0},
	{"lock-exit", "locks given up by the end of a process", run_exit, 0},
	{"lock-killed", "the same by SIGKILL", run_killed, 0},
};
REGISTER_SCENARIOS(scenarios, "lock");
