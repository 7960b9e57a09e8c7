// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Semaphore sets: names, and what follows from counters, sleepers, holders and the life of processes. */
#include <errno.h>

#include "mech/sem.h"
#include "reading.h"
#include "tap.h"

static struct model *m;
static struct snapshot s;
static const struct ipc_object_id id = { .id = 4, .domain = 4026531839u, .mech = MECH_SEM };

static void begin(enum backend backend)
{
	struct model_config config = { .page_size = 4096 };

	model_free(m);
	config.can[MECH_SEM] = capability_of(mechanism_by_id(MECH_SEM), backend, PROFILE_ALL);
	m = model_new(&config);
}

/* A derived figure, or -1 when it is unknown. */
static double derived(const char *name, enum span span)
{
	const struct object *o = model_object(m, &id);
	double value;

	for (const struct mech_derived *d = o->mech->derived; d->name; d++)
		if (!strcmp(d->name, name))
			return d->get(o, span, &value) ? value : -1;
	return -2;
}

static struct ipc_edge *add_calls(enum ipc_op op, uint32_t tgid, uint64_t ops, uint64_t operations, uint64_t raised,
				  uint64_t lowered)
{
	struct ipc_edge *e = add_edge(&s, id, op, tgid);

	e->ops = ops;
	e->counters[SEM_OPS] = operations;
	e->counters[SEM_RAISED] = raised;
	e->counters[SEM_LOWERED] = lowered;
	return e;
}

static void check_names(void)
{
	const struct mechanism *mech = mechanism_by_name("sem");
	struct ipc_object_id parsed;
	char text[64];

	mech->format_id(&id, text, sizeof(text));
	is_str(text, "sem:[4026531839:4]", "a set's id");
	is_int(mech->parse_id(text, &parsed), 0, "is read");
	ok(!memcmp(&parsed, &id, sizeof(id)), "and is that set");
	is_int(mech->parse_id("msg:[1:4]", &parsed), -EINVAL, "a queue is no set");
}

static void check_calls(void)
{
	begin(BACKEND_FUNCTION);
	reading_at(&s, 1000);
	add_new_object(&s, id);
	add_calls(OP_SEND, 10, 3, 6, 9, 0);
	add_calls(OP_RECV, 11, 5, 5, 0, 7)->counters[SEM_TIMEOUTS] = 2;
	add_calls(OP_CLOSE, 11, 1, 0, 4, 1);
	model_update(m, &s);
	is_int(derived("operations", SPAN_TOTAL), 11, "operations of all calls");
	ok(derived("ops_per_call", SPAN_TOTAL) == 11 / 8.0, "operations in a call");
	is_int(derived("raised", SPAN_TOTAL), 9, "what calls added, without what ends gave back");
	is_int(derived("lowered", SPAN_TOTAL), 7, "what calls took");
	is_int(derived("undo_raised", SPAN_TOTAL), 4, "given back at an end");
	is_int(derived("undo_lowered", SPAN_TOTAL), 1, "taken back at an end");
	is_int(derived("timeouts", SPAN_TOTAL), 2, "timeouts");
}

static void check_waiting(void)
{
	begin(BACKEND_SYSCALL);
	reading_at(&s, 1000);
	add_new_object(&s, id);
	add_sleeper(&s, id, OP_RECV, 10, "one", CAUSE_VALUE, START_NS);
	add_sleeper(&s, id, OP_RECV, 11, "two", CAUSE_VALUE, START_NS);
	add_sleeper(&s, id, OP_RECV, 12, "three", CAUSE_ZERO, START_NS);
	model_update(m, &s);
	is_int(derived("semncnt", SPAN_TOTAL), 2, "two wait for a value");
	is_int(derived("semzcnt", SPAN_TOTAL), 1, "one waits for zero");
}

static void check_left_behind(void)
{
	struct ipc_object *o;

	begin(BACKEND_FUNCTION);
	reading_at(&s, 1000);
	add_new_object(&s, id);
	add_calls(OP_SEND, 10, 1, 1, 1, 0);
	add_process(&s, 10, "user");
	model_update(m, &s);
	is_int(derived("left_behind", SPAN_TOTAL), 0, "its user lives");
	reading_at(&s, 2000);
	add_new_object(&s, id);
	add_calls(OP_SEND, 10, 1, 1, 1, 0);
	add_process(&s, 10, "user")->exited = 1;
	model_update(m, &s);
	is_int(derived("left_behind", SPAN_TOTAL), 1, "its user has ended");
	reading_at(&s, 3000);
	o = add_new_object(&s, id);
	o->flags = OBJECT_DESTROYED;
	add_calls(OP_SEND, 10, 1, 1, 1, 0);
	add_process(&s, 10, "user")->exited = 1;
	model_update(m, &s);
	is_int(derived("left_behind", SPAN_TOTAL), 0, "it is gone");

	begin(BACKEND_FUNCTION);
	reading_at(&s, 1000);
	add_object(&s, id)->flags = OBJECT_PREEXISTING;
	model_update(m, &s);
	is_int(derived("left_behind", SPAN_TOTAL), -1, "nobody is known to have used it: not known");
}

static void check_newer(void)
{
	uint32_t a[IPC_STATE_WORDS] = { 1 }, b[IPC_STATE_WORDS] = { 1 }, never[IPC_STATE_WORDS] = { 0 };

	ok(sem_newer(a, never) && !sem_newer(never, a), "what was read is newer than what was not");
	a[IPC_STATE_STAMP] = 7;
	b[IPC_STATE_STAMP] = 5;
	b[IPC_STATE_FINE] = 9;
	ok(sem_newer(a, b) && !sem_newer(b, a), "the later stamp");
	b[IPC_STATE_STAMP] = 7;
	ok(!sem_newer(a, b) && sem_newer(b, a), "and its finer part");
}

int main(void)
{
	check_names();
	check_calls();
	check_waiting();
	check_left_behind();
	check_newer();
	model_free(m);
	snapshot_free(&s);
	return done_testing();
}
