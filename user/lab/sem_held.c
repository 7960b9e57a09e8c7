// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Semaphore sets that exist before ipctrace starts: their values, who sleeps on them, who holds them. */
#include "lab/sem.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct set s;

static void held_taker(void *arg)
{
	(void)arg;
	must_semop(s, P(2, 3));
}

static void held_zero(void *arg)
{
	(void)arg;
	must_semop(s, Z(0));
}

static void held_undo(void *arg)
{
	(void)arg;
	must_semop(s, UNDO(P(0, 2)));
	advance();
	await_gate(1);
}

/* From here on; the sleepers' own calls are seen by some backends only. */
static void begin_counting(void)
{
	object_restart(s.o);
	facts_forget(s.o);
	endpoints_without_counts(s.o);
	for (int key = OPS; key <= COPIES; key++)
		uncertain(s.o, RECV, key);
	uncertain_errors(s.o, RECV);
}

/* One sleeps for a value, one for zero, one holds two units that its end gives back. */
static void run_held(unsigned n)
{
	struct task *taker, *zero, *undo;
	static char name[32];

	(void)n;
	s = set_new(0x1bc7a7, 3);
	set_value(s, 0, 7);
	undo = spawn("held-undo", held_undo, NULL);
	await_step(undo, 1);
	taker = spawn("held-taker", held_taker, NULL);
	await_asleep(taker, 1, SYS_semop);
	zero = spawn("held-zero", held_zero, NULL);
	await_asleep(zero, 1, SYS_semop);
	facts_forget(s.o); /* what calls added up before the start */
	fact(s.o, INTERNALS, "value_0", 5);
	fact(s.o, INTERNALS, "semncnt", 1);
	fact(s.o, INTERNALS, "semzcnt", 1);
	fact(s.o, INTERNALS, "holders", 1);
	fact(s.o, INTERNALS, "values.0.value", 5);
	fact(s.o, INTERNALS, "values.0.semncnt", 0);
	fact(s.o, INTERNALS, "values.0.semzcnt", 1);
	fact(s.o, INTERNALS, "values.0.pid", (uint64_t)task_pid(undo));
	fact(s.o, INTERNALS, "values.2.value", 0);
	fact(s.o, INTERNALS, "values.2.semncnt", 1);
	fact(s.o, INTERNALS, "values.2.semzcnt", 0);
	snprintf(name, sizeof(name), "undo.%d.raises", task_pid(undo));
	fact(s.o, INTERNALS, name, 2);
	if (!hold())
		return;
	begin_counting();
	count_wait(s.o, RECV, VALUE);
	count_wait(s.o, RECV, ZERO);
	must_semop(s, V(2, 3));
	count_wake(s.o, SEND, taker);
	join(taker);
	open_gate(1);
	join(undo);
	count(s.o, CLOSE, OPS, 1);
	set_value(s, 0, 0);
	count_wake(s.o, CTL, zero);
	join(zero);
	facts_forget(s.o); /* with them what the sleepers' own calls added up */
	fact(s.o, TOP, "created", 0);
	fact(s.o, INTERNALS, "raised", 3);
	fact(s.o, INTERNALS, "undo_raised", 2);
	fact(s.o, INTERNALS, "value_0", 0);
	fact(s.o, INTERNALS, "value_1", 0);
	fact(s.o, INTERNALS, "value_2", 0);
	set_remove(s);
}

static const struct scenario scenarios[] = {
	{"held-sem", "sleepers for a value and for zero, and one who holds", run_held, 0},
};
REGISTER_SCENARIOS(scenarios, "sem");
