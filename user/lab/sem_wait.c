// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sleeping on a semaphore set: for a value, for zero; and who or what ends it. */
#include "lab/sem.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct set s;

static void end_set(void)
{
	certain(s.o, RECV, SPURIOUS);
	set_facts(s);
	set_remove(s);
}

static void taker(void *arg)
{
	for (unsigned i = 0; i < *(unsigned *)arg; i++)
		must_semop(s, P(0, 3));
}

/* The taker always finds too little, and every V ends a wait. */
static void run_wake(unsigned n)
{
	struct task *t;

	s = set_new(0, 1);
	t = spawn("taker", taker, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_semop, s.o, RECV, VALUE);
		must_semop(s, V(0, 1)); /* not enough: it sleeps on, unwoken */
		must_semop(s, V(0, 2));
		count_wake(s.o, SEND, t);
	}
	join(t);
	end_set();
}

static void zero_waiter(void *arg)
{
	for (unsigned i = 0; i < *(unsigned *)arg; i++)
		must_semop(s, Z(1), V(1, 2));
}

/* Waits for zero: whoever takes the last units ends them. */
static void run_zero(unsigned n)
{
	struct task *t;

	s = set_new(0, 2);
	set_value(s, 1, 2);
	t = spawn("zero-waiter", zero_waiter, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_semop, s.o, RECV, ZERO);
		must_semop(s, P(1, 2));
		count_wake(s.o, RECV, t);
	}
	join(t);
	end_set();
}

static void both_waiter(void *arg)
{
	(void)arg;
	must_semop(s, P(0, 1), Z(1)); /* there is a unit, but no zero */
	must_semop(s, P(0, 1), Z(1)); /* there is zero, but no unit */
}

/* Calls that could wait for either: the cause is the one that stops them. */
static void run_both(unsigned n)
{
	struct task *t;

	(void)n;
	s = set_new(0, 2);
	set_value(s, 0, 1);
	set_value(s, 1, 5);
	t = spawn("both-waiter", both_waiter, NULL);
	await_blocked(t, 1, SYS_semop, s.o, RECV, ZERO);
	set_value(s, 1, 0);
	count_wake(s.o, CTL, t);
	await_blocked(t, 2, SYS_semop, s.o, RECV, VALUE);
	must_semop(s, V(0, 1));
	count_wake(s.o, SEND, t);
	join(t);
	end_set();
}

#define CROWD 7u

/* One call lets many go on, each is woken once. */
static void run_crowd(unsigned n)
{
	struct task *t[CROWD];

	s = set_new(0, 1);
	for (unsigned i = 0; i < CROWD; i++)
		t[i] = spawn("crowd", taker, &n);
	for (unsigned round = 0; round < n; round++) {
		for (unsigned i = 0; i < CROWD; i++)
			await_blocked(t[i], round + 1, SYS_semop, s.o, RECV, VALUE);
		/* one call of 7 x 3 units: nobody is let go on before all are asleep */
		must_semop(s, V(0, 3 * CROWD));
		for (unsigned i = 0; i < CROWD; i++)
			count_wake(s.o, SEND, t[i]);
	}
	for (unsigned i = 0; i < CROWD; i++)
		join(t[i]);
	end_set();
}

static void all_waiter(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++)
		must_semop(s, P(0, 1));
}

/* SETVAL and SETALL wake like an operation. */
static void run_setval(unsigned n)
{
	unsigned short one = 1;
	struct task *t;

	s = set_new(0, 1);
	t = spawn("setval-waiter", all_waiter, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_semop, s.o, RECV, VALUE);
		if (i % 2)
			CHECK(op_semctl(s, 0, SETALL, &one) == 0);
		else
			set_value(s, 0, 1);
		count_wake(s.o, CTL, t);
	}
	join(t);
	end_set();
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void impatient(void *arg)
{
	on_signal(SIGUSR2, on_alarm, 0);
	for (unsigned i = 0; i < *(unsigned *)arg; i++) {
		struct sembuf one = P(0, 1);

		mark_sleeps();
		CHECK(op_semop(s, &one, 1, 20) < 0 && errno == EAGAIN);
		if (!sleeps_since_mark(self()))
			continue; /* it lost its CPU for so long on its way to sleep */
		count_wait(s.o, RECV, VALUE);
		fact_add(s.o, INTERNALS, "timeouts", 1);
	}
}

/* Waits that nobody ends: the timer does. */
static void run_timeout(unsigned n)
{
	s = set_new(0, 1);
	join(spawn("impatient", impatient, &n));
	end_set();
}

static void interrupted(void *arg)
{
	on_signal(SIGUSR2, on_alarm, SA_RESTART); /* semop is not restarted even so */
	for (unsigned i = 0; i < *(unsigned *)arg; i++) {
		struct sembuf one = P(0, 1);

		CHECK(op_semop(s, &one, 1, -1) < 0 && errno == EINTR);
	}
}

static void run_signal(unsigned n)
{
	struct task *t;

	s = set_new(0, 1);
	t = spawn("interrupted", interrupted, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_semop, s.o, RECV, VALUE);
		send_signal(t, SIGUSR2);
	}
	join(t);
	end_set();
}

static void orphan(void *arg)
{
	struct sembuf one = P(0, 1);

	(void)arg;
	CHECK(op_semop(s, &one, 1, -1) < 0 && errno == EIDRM);
}

/* The set is removed under those who sleep on it. */
static void run_removed(unsigned n)
{
	struct task *t[CROWD];

	(void)n;
	s = set_new(0, 1);
	certain(s.o, RECV, SPURIOUS);
	for (unsigned i = 0; i < CROWD; i++) {
		t[i] = spawn("orphan", orphan, NULL);
		await_blocked(t[i], 1, SYS_semop, s.o, RECV, VALUE);
	}
	set_facts(s);
	for (unsigned i = 0; i < CROWD; i++)
		count_wake(s.o, CTL, t[i]);
	set_remove(s);
	for (unsigned i = 0; i < CROWD; i++)
		join(t[i]);
}

static const struct scenario scenarios[] = {
	{"sem-wake", "every call finds too little, every second V ends its wait", run_wake, 101},
	{"sem-zero", "waits for zero, ended by who takes the last", run_zero, 101},
	{"sem-both", "calls that could wait for a value and for zero", run_both, 0},
	{"sem-crowd", "one V for 7 sleepers, N times", run_crowd, 13},
	{"sem-setval", "sleepers woken by SETVAL and SETALL", run_setval, 31},
	{"sem-timeout", "waits ended by their timeout", run_timeout, 7},
	{"sem-signal", "waits ended by a signal", run_signal, 31},
	{"sem-removed", "7 sleepers on a set that is removed", run_removed, 0},
};
REGISTER_SCENARIOS(scenarios, "sem");
