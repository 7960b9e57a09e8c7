/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signals that were pending, and waits for some that had begun, before ipctrace did. */
#include "lab/signal.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static void waiter(void *arg)
{
	struct object *o;
	sigset_t set;

	(void)arg;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	block_signal(SIGUSR2);
	await_gate(1);
	o = object_nth(0);
	enter_call();
	CHECK(sigwaitinfo(&set, NULL) == SIGUSR2);
	count(o, RECV, OPS, 1);
}

/* A wait that is in progress at the start is ended by the first signal of the trace. */
static void run_waiter(unsigned n)
{
	struct task *t = spawn("held-waiter", waiter, NULL);
	struct object *o = signal_object(task_pid(t), SIGUSR2);

	(void)n;
	certain_waits(o);
	open_gate(1);
	await_blocked(t, 1, SYS_rt_sigtimedwait, o, RECV, EMPTY);
	if (!hold())
		return;
	must_kill(o, task_pid(t), SIGUSR2);
	count_wake(o, SEND, t);
	join(t);
	fact(o, INTERNALS, "sigwait", 1);
	fact(o, RESIDENCY, "count", 1);
}

static void nothing(int sig)
{
	(void)sig;
}

static void paused(void *arg)
{
	struct object *o;

	(void)arg;
	on_signal(SIGUSR2, nothing, 0);
	await_gate(1);
	o = object_nth(0);
	enter_call();
	signal_pause();
	count(o, RECV, OPS, 1);
}

static void run_paused(unsigned n)
{
	struct task *t = spawn("held-paused", paused, NULL);
	struct object *o = signal_object(task_pid(t), SIGUSR2);

	(void)n;
	certain_waits(o);
	open_gate(1);
	await_blocked(t, 1, SYS_SIGNAL_PAUSE, o, RECV, EMPTY);
	if (!hold())
		return;
	must_kill(o, task_pid(t), SIGUSR2);
	count_wake(o, SEND, t);
	join(t);
	fact(o, INTERNALS, "handled", 1);
}

static void blocker(void *arg)
{
	unsigned n = *(unsigned *)arg;
	struct object *o;

	on_signal(SIGRTMIN + 2, nothing, 0);
	block_signal(SIGRTMIN + 2);
	await_gate(1);
	o = object_nth(0);
	advance();
	await_gate(2);
	unblock_signal(SIGRTMIN + 2);
	count(o, RECV, OPS, 2 * n);
}

/* N instances pending at the start, as many again, then all taken. */
static void run_pending(unsigned n)
{
	struct task *t = spawn("held-blocker", blocker, &n);
	struct object *o = signal_object(task_pid(t), SIGRTMIN + 2);

	open_gate(1);
	await_step(t, 1);
	for (unsigned i = 0; i < n; i++)
		CHECK(kill(task_pid(t), SIGRTMIN + 2) == 0);
	if (!hold())
		return;
	for (unsigned i = 0; i < n; i++)
		must_kill(o, task_pid(t), SIGRTMIN + 2);
	open_gate(2);
	join(t);
	fact(o, INTERNALS, "handled", 2 * n);
	fact(o, INTERNALS, "generated", n);
	fact(o, DEPTH, "max_slots", 2 * n);
	fact(o, DEPTH, "slots", 0);
	fact(o, RESIDENCY, "count", n);
}

static const struct scenario scenarios[] = {
	{"held-sig-waiter", "a task asleep in sigwaitinfo()", run_waiter, 0},
	{"held-sig-paused", "a task asleep in pause()", run_paused, 0},
	{"held-sig-pending", "real-time signals pending", run_pending, 7},
};
REGISTER_SCENARIOS(scenarios, "signal");
