// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* SEM_UNDO: what the end of a process gives back, and whom that wakes. */
#include "lab/sem.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct set s, other;

static void undone(struct set set, uint64_t raised, uint64_t lowered)
{
	count(set.o, CLOSE, OPS, 1);
	fact_add(set.o, INTERNALS, "undo_raised", raised);
	fact_add(set.o, INTERNALS, "undo_lowered", lowered);
}

static void holder(void *arg)
{
	(void)arg;
	must_semop(s, UNDO(P(0, 3)));
	must_semop(s, UNDO(V(1, 2)), UNDO(P(0, 1)));
	must_semop(other, UNDO(P(0, 5)));
	advance();
	pause();
}

static void waiter(void *arg)
{
	(void)arg;
	must_semop(s, P(0, 7));
}

/* One that holds units of two sets is killed: what it held comes back and wakes who waits for it. */
static void run_undo(unsigned n)
{
	struct task *dies, *waits;

	(void)n;
	s = set_new(0, 2);
	other = set_new(0x1bc7a5, 1);
	set_value(s, 0, 7);
	set_value(other, 0, 11);
	dies = spawn("holder", holder, NULL);
	await_step(dies, 1);
	waits = spawn("waiter", waiter, NULL);
	await_blocked(waits, 1, SYS_semop, s.o, RECV, VALUE);
	send_signal(dies, SIGKILL);
	join_signaled(dies, SIGKILL);
	undone(s, 4, 2);
	undone(other, 5, 0);
	count_wake_by(s.o, CLOSE, dies, waits);
	join(waits);
	fact(s.o, INTERNALS, "holders", 0);
	set_facts(s);
	set_facts(other);
	set_remove(s);
	set_remove(other);
}

/* Taken and given back before the end: nothing is left to undo. */
static void even(void *arg)
{
	for (unsigned i = 0; i < *(unsigned *)arg; i++) {
		must_semop(s, UNDO(P(0, 1)));
		must_semop(s, UNDO(V(0, 1)));
	}
}

static void run_even(unsigned n)
{
	s = set_new(0, 1);
	set_value(s, 0, 1);
	join(spawn("even", even, &n));
	fact(s.o, INTERNALS, "undo_raised", 0);
	fact(s.o, INTERNALS, "undo_lowered", 0);
	set_facts(s);
	set_remove(s);
}

static void one_unit(void *arg)
{
	(void)arg;
	must_semop(s, UNDO(P(0, 1)));
}

/* N processes end one after the other, each with a unit in hand. */
static void run_ends(unsigned n)
{
	s = set_new(0, 1);
	set_value(s, 0, 1);
	for (unsigned i = 0; i < n; i++) {
		join(spawn("ends", one_unit, NULL));
		undone(s, 1, 0);
	}
	set_facts(s);
	set_remove(s);
}

static const struct scenario scenarios[] = {
	{"sem-undo", "a process that holds units of two sets is killed", run_undo, 0},
	{"sem-even", "SEM_UNDO with nothing left to undo", run_even, 31},
	{"sem-ends", "N processes end with a unit in hand", run_ends, 31},
};
REGISTER_SCENARIOS(scenarios, "sem");
