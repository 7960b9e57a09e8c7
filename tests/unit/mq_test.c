// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Message queues and eventfds: names, which state is the newer, messages by priority, what reads took. */
#include <errno.h>

#include "reading.h"
#include "tap.h"

static struct model *m;
static struct snapshot s;

static const struct ipc_object_id queue = { .id = 4711, .domain = 19, .mech = MECH_MQ };
static const struct ipc_object_id counter = { .id = 7, .domain = 1234, .mech = MECH_EVENTFD };

static void begin_with(enum backend backend, uint32_t profile)
{
	struct model_config config = { .page_size = 4096 };

	config.can[MECH_MQ] = capability_of(mechanism_by_id(MECH_MQ), backend, profile);
	config.can[MECH_EVENTFD] = capability_of(mechanism_by_id(MECH_EVENTFD), backend, profile);
	model_free(m);
	m = model_new(&config);
}

static void begin(enum backend backend)
{
	begin_with(backend, PROFILE_WAITS | PROFILE_DETAIL);
}

/* A derived figure, or -1 when it is unknown. */
static double derived(struct ipc_object_id id, const char *name)
{
	const struct object *o = model_object(m, &id);
	double value;

	for (const struct mech_derived *d = o->mech->derived; d->name; d++)
		if (!strcmp(d->name, name))
			return d->get(o, SPAN_TOTAL, &value) ? value : -1;
	return -2;
}

static void check_name(const struct mechanism *mech, const char *text, struct ipc_object_id id)
{
	struct ipc_object_id parsed;
	char formatted[64];

	mech->format_id(&id, formatted, sizeof(formatted));
	is_str(formatted, text, "an id of %s", mech->name);
	is_int(mech->parse_id(text, &parsed), 0, "%s is read", text);
	ok(!memcmp(&parsed, &id, sizeof(id)), "and is the same");
}

static void check_names(void)
{
	const struct mechanism *mq = mechanism_by_name("mq"), *eventfd = mechanism_by_name("eventfd");
	struct ipc_object_id parsed;

	check_name(mq, "mq:[0:19:4711]", queue);
	check_name(eventfd, "eventfd:[1234:7]", counter);
	check_name(eventfd, "eventfd:[7]", (struct ipc_object_id){ .id = 7, .mech = MECH_EVENTFD });
	is_int(mq->parse_id("mq:[0:19]", &parsed), -EINVAL, "no queue");
	is_int(mq->parse_id("/a/b", &parsed), -EINVAL, "no queue's name");
	is_int(eventfd->parse_id("eventfd:[7", &parsed), -EINVAL, "no eventfd");
	is_int(eventfd->parse_id("eventfd:[1:2]x", &parsed), -EINVAL, "more than an eventfd");
}

/* Within a unit of the stamp the finer part decides; a state that was never read is older than any. */
static void check_newer(void)
{
	const struct mechanism *mech = mechanism_by_id(MECH_MQ);
	uint32_t a[IPC_STATE_WORDS] = { 3, 10 }, b[IPC_STATE_WORDS] = { 2, 10 }, never[IPC_STATE_WORDS] = { 0 };

	a[IPC_STATE_STAMP] = b[IPC_STATE_STAMP] = 5;
	a[IPC_STATE_FINE] = 100;
	b[IPC_STATE_FINE] = 101;
	ok(mech->newer(b, a) && !mech->newer(a, b), "the later one, by a little");
	a[IPC_STATE_STAMP] = 7;
	ok(mech->newer(a, b) && !mech->newer(b, a), "the later one");
	b[IPC_STATE_STAMP] = 0xfffffff1;
	ok(mech->newer(a, b) && !mech->newer(b, a), "the later one, around 2^32");
	ok(mech->newer(a, never) && !mech->newer(never, a), "one that was never read");
}

static struct ipc_part *add_part(uint64_t number)
{
	return APPEND(&s.parts, { .obj = queue, .part = number });
}

static void check_parts(void)
{
	const struct part **parts;
	struct ipc_part counts;
	size_t cnt;

	begin(BACKEND_FUNCTION);
	for (unsigned n = 1; n <= 2; n++) {
		reading_at(&s, n * 1000);
		APPEND(&s.objects, queue)->creations = 1;
		add_edge(&s, queue, OP_SEND, 3)->ops = 10 * n;
		*add_part(31) = (struct ipc_part){ .sends = 4 * n, .recvs = 3 * n };
		*add_part(2) = (struct ipc_part){ .sends = 6 * n };
		model_update(m, &s);
	}
	parts = parts_of(model_object(m, &queue), mechanism_by_id(MECH_MQ)->parts, SPAN_TOTAL, &cnt);
	is_int(cnt, 2, "two priorities");
	ok(parts[0]->key.part == 2 && parts[1]->key.part == 31, "the lower one first");
	part_counts(m, parts[1], SPAN_TOTAL, &counts);
	ok(counts.sends == 8 && counts.recvs == 6, "all of it");
	part_counts(m, parts[1], SPAN_INTERVAL, &counts);
	ok(counts.sends == 4 && counts.recvs == 3, "since the last reading");
	free(parts);
}

static void check_taken(enum backend backend)
{
	struct ipc_object *o;
	struct ipc_edge *e;

	begin(backend);
	reading_at(&s, 1000);
	o = APPEND(&s.objects, counter);
	o->creations = 1;
	o->counters[0] = 2; /* signals */
	o->counters[1] = 2; /* which added so much */
	o->counters[2] = 5; /* it was made with */
	e = add_edge(&s, counter, OP_SEND, 3);
	e->ops = 3;
	e->counters[5] = 100;
	e->state[0] = 40;
	e->state[IPC_STATE_STAMP] = 1;
	model_update(m, &s);
	is_int(derived(counter, "taken"), backend == BACKEND_FUNCTION ? 100 + 2 + 5 - 40 : -1, "what reads took");
	is_int(derived(counter, "signals"), backend == BACKEND_FUNCTION ? 2 : -1, "signals of the kernel");
	is_int(derived(counter, "semaphore"), 0, "no semaphore");
}

/* With --counts and function hooks: what was inside before the first operation is not told; what never changes is. */
static void check_lasting(void)
{
	const struct object *o;
	uint32_t value;

	begin_with(BACKEND_FUNCTION, 0);
	for (unsigned n = 1; n <= 2; n++) {
		struct ipc_object *row;

		reading_at(&s, n * 1000);
		row = APPEND(&s.objects, queue);
		row->flags = OBJECT_SAMPLED | OBJECT_PREEXISTING;
		row->last_ns = s.start_ns;
		row->state[0] = 2;
		row->state[1] = 11;
		row->state[IPC_STATE_STAMP] = 1;
		if (n == 2)
			add_edge(&s, queue, OP_SEND, 3)->ops = 1;
		model_update(m, &s);
		o = model_object(m, &queue);
		is_int(object_word(o, 0, &value), n == 1, "messages in the queue, reading %u", n);
		ok(object_word(o, 1, &value) && value == 11, "and how many it may hold");
	}
}

int main(void)
{
	check_names();
	check_newer();
	check_parts();
	check_lasting();
	check_taken(BACKEND_FUNCTION);
	check_taken(BACKEND_SYSCALL);
	model_free(m);
	snapshot_free(&s);
	return done_testing();
}
