// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a semaphore set's words mean, and what follows from its counters, sleepers and holders. */
#include "mech/sem.h"
#include "model/model.h"

#define VALUE(n) {"value_" #n, "value of semaphore " #n, NULL}

/* Where the set lies is found by its id, not by a path: bpf/sem.bpf.h reads them for both backends. */
const struct mech_field sem_fields[] = {
	{ "semaphores", "in the set", NULL },
	{ "key", "that it was made with; 0: private", NULL },
	{ "live_pids", "semaphores whose last operator lives", NULL },
	VALUE(0), VALUE(1), VALUE(2), VALUE(3), VALUE(4), VALUE(5),
	VALUE(6), VALUE(7), VALUE(8), VALUE(9), VALUE(10),
	{ NULL, NULL, NULL },
};

/* Of the calls (P and V), or of what was adjusted when processes ended. */
static uint64_t calls(const struct object *o, enum span span, unsigned counter)
{
	struct side send, recv;

	object_side(o, OP_SEND, span, &send);
	object_side(o, OP_RECV, span, &recv);
	return send.counters[counter] + recv.counters[counter];
}

static bool ops_per_call(const struct object *o, enum span span, double *value)
{
	struct side send, recv;

	object_side(o, OP_SEND, span, &send);
	object_side(o, OP_RECV, span, &recv);
	*value = calls(o, span, SEM_OPS) / (double)(send.ops + recv.ops);
	return send.ops + recv.ops;
}

static bool operations(const struct object *o, enum span span, double *value)
{
	*value = calls(o, span, SEM_OPS);
	return true;
}

static bool raised(const struct object *o, enum span span, double *value)
{
	*value = calls(o, span, SEM_RAISED);
	return true;
}

static bool lowered(const struct object *o, enum span span, double *value)
{
	*value = calls(o, span, SEM_LOWERED);
	return true;
}

static bool undo_operations(const struct object *o, enum span span, double *value)
{
	*value = calls(o, span, SEM_UNDOS);
	return true;
}

static bool timeouts(const struct object *o, enum span span, double *value)
{
	*value = calls(o, span, SEM_TIMEOUTS);
	return can_waits(o->can);
}

static bool undone(const struct object *o, enum span span, unsigned counter, double *value)
{
	struct side close;

	object_side(o, OP_CLOSE, span, &close);
	*value = close.counters[counter];
	return can_op(o->can, OP_CLOSE) && o->can->profile;
}

static bool undo_raised(const struct object *o, enum span span, double *value)
{
	return undone(o, span, SEM_RAISED, value);
}

static bool undo_lowered(const struct object *o, enum span span, double *value)
{
	return undone(o, span, SEM_LOWERED, value);
}

/* Who sleeps now, as the kernel's own semncnt and semzcnt count, over all semaphores of the set. */
static bool waiting(const struct object *o, enum ipc_cause cause, double *value)
{
	*value = 0;
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		for (unsigned op = 0; op < OP_MAX; op++)
			for (const struct wait *w = e->edges[op] ? e->edges[op]->waits : NULL; w; w = w->next)
				*value += w->open && w->cause == cause;
	return can_waits(o->can);
}

static bool semncnt(const struct object *o, enum span span, double *value)
{
	(void)span;
	return waiting(o, CAUSE_VALUE, value);
}

static bool semzcnt(const struct object *o, enum span span, double *value)
{
	(void)span;
	return waiting(o, CAUSE_ZERO, value);
}

static bool is_destroyed(const struct object *o)
{
	return o->raw.flags & OBJECT_DESTROYED;
}

/* Holders are those of the last pass: known as long as nothing happened since. */
static bool holders(const struct object *o, enum span span, double *value)
{
	(void)span;
	*value = 0;
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		*value += e->hold_tick == o->model->tick && e->holds_now && e->holds[OP_RECV] && !is_destroyed(o);
	return is_destroyed(o) || object_sample_is_new(o);
}

/* It is there, and nobody who is known to have used it is. */
static bool left_behind(const struct object *o, enum span span, double *value)
{
	const uint32_t *now = object_state(o);
	bool known = now && now[SEM_LIVE] != IPC_STATE_ABSENT, alive = known && now[SEM_LIVE];

	(void)span;
	*value = 0;
	if (is_destroyed(o))
		return true;
	for (const struct endpoint *e = o->endpoints; e; e = e->next) {
		known = true;
		alive |= !e->process->exited;
	}
	*value = !alive;
	return known;
}

const struct mech_derived sem_derived[] = {
	{ "operations", "in all calls", operations },
	{ "ops_per_call", "operations in a call, on average", ops_per_call },
	{ "raised", "units added by calls that succeeded", raised },
	{ "lowered", "units taken by calls that succeeded", lowered },
	{ "undo_operations", "operations with SEM_UNDO", undo_operations },
	{ "undo_raised", "units given back when a process ended", undo_raised },
	{ "undo_lowered", "units taken back when a process ended", undo_lowered },
	{ "timeouts", "calls that slept until their time was over", timeouts },
	{ "semncnt", "calls that wait for a value now", semncnt },
	{ "semzcnt", "calls that wait for zero now", semzcnt },
	{ "holders", "processes that would give units back at their end", holders },
	{ "left_behind", "1: it exists, and nobody who used it does", left_behind },
	{ NULL, NULL, NULL },
};

#define ANY_BACKEND (SEEN_BY(BACKEND_FUNCTION) | SEEN_BY(BACKEND_SYSCALL))

/* numbers and words as in bpf/sem_files.bpf.h */
const struct mech_parts sem_parts[] = {
	{ "values", "of the first 256 semaphores: value, how many calls wait for it to rise and to be zero, who operated last",
	  .last = 255, .backends = ANY_BACKEND, .of_pass = true, .words = { "value", "semncnt", "semzcnt", "pid" } },
	{ "undo", "by PID: what a process would add, and take, at its end (SEM_UNDO)",
	  .first = 1ull << 32, .last = ~0ull, .backends = ANY_BACKEND, .of_pass = true, .words = { "raises", "lowers" } },
	{ .name = NULL },
};

bool sem_newer(const uint32_t *a, const uint32_t *b)
{
	if (!a[SEM_NSEMS] || !b[SEM_NSEMS])
		return a[SEM_NSEMS] > b[SEM_NSEMS]; /* 0: never read */
	return mech_stamped_later(a, b);
}
