// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whole files, by flock(2): handed on, shared, refused, converted; who waits behind whom. */
#include "lab/lock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CROWD 7u

static struct locked l;

static void taker(void *arg)
{
	int fd = locked_open(l);

	for (unsigned i = 0; i < *(unsigned *)arg; i++) {
		await_gate(i + 1);
		must_flock(l.o, fd, LOCK_EX);
		must_flock(l.o, fd, LOCK_UN);
		advance();
	}
}

/* Wanted while another has it, let go while another waits. */
static void run_handoff(unsigned n)
{
	struct task *t;
	int fd;

	l = locked_new("handoff");
	fd = locked_open(l);
	t = spawn("taker", taker, &n);
	for (unsigned i = 0; i < n; i++) {
		must_flock(l.o, fd, LOCK_EX);
		open_gate(i + 1);
		await_blocked(t, 2 * i + 1, SYS_flock, l.o, RECV, HELD);
		must_flock(l.o, fd, LOCK_UN);
		count_wake(l.o, SEND, t);
		await_step(t, i + 1);
	}
	join(t);
	lock_facts(l.o, n, 0);
	fact(l.o, INTERNALS, "kind", 1);
	fact(l.o, INTERNALS, "type", 2);
	fact(l.o, INTERNALS, "flocks", 0);
	fact(l.o, DEPTH, "slots", 0);
	fact(l.o, DEPTH, "max_slots", 1);
	fact(l.o, RESIDENCY, "count", 2 * n);
}

/* Without a wait: refused, or granted to several. */
static void run_nonblock(unsigned n)
{
	int mine, other;

	l = locked_new("nonblock");
	mine = locked_open(l);
	other = locked_open(l);
	for (unsigned i = 0; i < n; i++) {
		must_flock(l.o, mine, LOCK_EX);
		CHECK(op_flock(l.o, other, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK);
		CHECK(op_flock(l.o, other, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK);
		must_flock(l.o, mine, LOCK_UN);
	}
	CHECK(op_flock(l.o, mine, LOCK_EX | LOCK_SH) < 0 && errno == EINVAL);
	must_flock(l.o, mine, LOCK_SH);
	must_flock(l.o, other, LOCK_SH | LOCK_NB);
	must_flock(l.o, other, LOCK_SH); /* it has it already */
	must_flock(l.o, mine, LOCK_UN);
	must_flock(l.o, other, LOCK_UN);
	lock_facts(l.o, 0, 0);
	fact(l.o, INTERNALS, "flocks", 0);
	fact(l.o, DEPTH, "max_slots", 2);
	fact(l.o, RESIDENCY, "count", n + 2);
}

static void writer(void *arg)
{
	int fd = locked_open(l);

	(void)arg;
	mark_sleeps();
	must_flock(l.o, fd, LOCK_EX);
	must_flock(l.o, fd, LOCK_UN);
}

/* A writer waits for two readers, one after the other: the first of them wakes it in vain. */
static void run_shared(unsigned n)
{
	struct task *t;
	int first, second;

	(void)n;
	l = locked_new("shared");
	first = locked_open(l);
	second = locked_open(l);
	must_flock(l.o, first, LOCK_SH);
	must_flock(l.o, second, LOCK_SH);
	t = spawn("writer", writer, NULL);
	await_sleep(t, 1, SYS_flock);
	count_wait(l.o, RECV, HELD);
	must_flock(l.o, first, LOCK_UN);
	count_wake(l.o, SEND, t);
	await_sleep(t, 2, SYS_flock);
	count_wait(l.o, RECV, HELD);
	must_flock(l.o, second, LOCK_UN);
	count_wake(l.o, SEND, t);
	join(t);
	lock_facts(l.o, 1, 1);
}

static void member(void *arg)
{
	int fd = locked_open(l);

	must_flock(l.o, fd, *(int *)arg);
	advance();
	await_gate(1);
	must_flock(l.o, fd, LOCK_UN);
}

/* Many behind one: readers are let go together. */
static void run_crowd(unsigned n)
{
	struct task *t[CROWD];
	int fd, shared = LOCK_SH;

	(void)n;
	l = locked_new("crowd");
	fd = locked_open(l);
	must_flock(l.o, fd, LOCK_EX);
	for (unsigned i = 0; i < CROWD; i++) {
		t[i] = spawn("reader", member, &shared);
		await_blocked(t[i], 1, SYS_flock, l.o, RECV, HELD);
	}
	for (unsigned i = 0; i < CROWD; i++)
		count_wake(l.o, SEND, t[i]);
	must_flock(l.o, fd, LOCK_UN);
	for (unsigned i = 0; i < CROWD; i++)
		await_step(t[i], 1);
	open_gate(1);
	for (unsigned i = 0; i < CROWD; i++)
		join(t[i]);
	lock_facts(l.o, CROWD, 0);
	fact(l.o, DEPTH, "max_slots", CROWD);
}

static void queued(void *arg)
{
	int fd = locked_open(l);
	struct task **next = arg;

	must_flock(l.o, fd, LOCK_EX);
	if (*next)
		count_wake(l.o, SEND, *next);
	must_flock(l.o, fd, LOCK_UN);
}

/* Many behind one, and each behind the one before it: one is woken at a time. */
static void run_queue(unsigned n)
{
	struct task *t[CROWD], **next; /* whoever is behind: in memory that is shared with it */
	int fd;

	(void)n;
	l = locked_new("queue");
	fd = locked_open(l);
	next = mmap(NULL, sizeof(*next) * (CROWD + 1), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(next != MAP_FAILED);
	must_flock(l.o, fd, LOCK_EX);
	for (unsigned i = 0; i < CROWD; i++) {
		t[i] = spawn("queued", queued, &next[i + 1]);
		await_blocked(t[i], 1, SYS_flock, l.o, RECV, HELD);
		next[i] = t[i];
	}
	must_flock(l.o, fd, LOCK_UN);
	count_wake(l.o, SEND, t[0]);
	for (unsigned i = 0; i < CROWD; i++)
		join(t[i]);
	lock_facts(l.o, CROWD, 0);
	fact(l.o, INTERNALS, "flocks", 0);
	fact(l.o, DEPTH, "max_slots", 1);
}

static void upgrader(void *arg)
{
	int fd = locked_open(l);

	(void)arg;
	must_flock(l.o, fd, LOCK_SH);
	advance();
	must_flock(l.o, fd, LOCK_EX);
	advance();
	await_gate(1);
	must_flock(l.o, fd, LOCK_SH);
	advance();
	await_gate(2);
}

/* An upgrade waits for the other reader, a downgrade lets one in. */
static void run_convert(unsigned n)
{
	struct task *up, *reader;
	int fd, shared = LOCK_SH;

	(void)n;
	l = locked_new("convert");
	fd = locked_open(l);
	must_flock(l.o, fd, LOCK_SH);
	up = spawn("upgrader", upgrader, NULL);
	await_blocked(up, 2, SYS_flock, l.o, RECV, HELD);
	must_flock(l.o, fd, LOCK_UN);
	count_wake(l.o, SEND, up);
	await_step(up, 2);
	reader = spawn("reader", member, &shared);
	await_blocked(reader, 1, SYS_flock, l.o, RECV, HELD);
	count_wake_by(l.o, RECV, up, reader);
	open_gate(1);
	join(reader);
	await_step(up, 3);
	lock_facts(l.o, 2, 0);
	count_as(l.o, CLOSE, OPS, 1, up);
	open_gate(2);
	join(up);
	fact(l.o, INTERNALS, "flocks", 0);
}

static void on_nothing(int signal)
{
	(void)signal;
}

static void interrupted(void *arg)
{
	int fd = locked_open(l);

	on_signal(SIGUSR2, on_nothing, 0);
	for (unsigned i = 0; i < *(unsigned *)arg; i++)
		CHECK(op_flock(l.o, fd, i % 2 ? LOCK_SH : LOCK_EX) < 0 && errno == EINTR);
}

/* Waits that a signal ends. */
static void run_signal(unsigned n)
{
	struct task *t;
	int fd;

	l = locked_new("signal");
	fd = locked_open(l);
	must_flock(l.o, fd, LOCK_EX);
	t = spawn("interrupted", interrupted, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_flock, l.o, RECV, HELD);
		send_signal(t, SIGUSR2);
	}
	join(t);
	must_flock(l.o, fd, LOCK_UN);
	lock_facts(l.o, n, 0);
}

static const struct scenario scenarios[] = {
	{"lock-handoff", "wanted while it is held, N times", run_handoff, 31},
	{"lock-nonblock", "refused without a wait, N times; shared", run_nonblock, 101},
	{"lock-shared", "a writer behind two readers", run_shared, 0},
	{"lock-crowd", "7 readers behind a writer", run_crowd, 0},
	{"lock-queue", "7 writers, one behind the other", run_queue, 0},
	{"lock-convert", "an upgrade that waits, a downgrade that lets go on", run_convert, 0},
	{"lock-signal", "waits ended by a signal", run_signal, 13},
};
REGISTER_SCENARIOS(scenarios, "lock");

/* Without what only more than the default view asks for. */
static const struct blind blind[] = {
	{"lock", "brief", "residency_ns"},
	{"lock", "brief", "internals.ranges.*"},
	{"lock", "brief", "internals.requests.*"},
	{"lock", "brief", "internals.ranges_untold"},
	{"lock", "brief", "internals.requests_untold"},
};
REGISTER_BLIND(blind);
