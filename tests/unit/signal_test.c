// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Signals' ids on the command line and in reports. */
#include <string.h>

#include "mech/signal.h"
#include "reading.h"
#include "tap.h"

extern const struct mechanism mech_signal;

static bool formats(uint32_t pid, uint32_t sig, const char *expected)
{
	struct ipc_object_id id = { .id = 7ull << 32 | pid, .domain = sig, .mech = MECH_SIGNAL };
	char text[64];

	mech_signal.format_id(&id, text, sizeof(text));
	return !strcmp(text, expected);
}

static bool parses(const char *spec, uint32_t pid, uint32_t sig)
{
	struct ipc_object_id id = { 0 };

	return !mech_signal.parse_id(spec, &id) && id.id == pid && id.domain == sig && id.mech == MECH_SIGNAL;
}

static void test_ids(void)
{
	ok(formats(4711, 15, "signal:[4711:SIGTERM]"), "a name, without the process's start");
	ok(formats(4711, 34, "signal:[4711:SIGRTMIN]") && formats(4711, 37, "signal:[4711:SIGRTMIN+3]"), "real-time signals");
	ok(formats(4711, 33, "signal:[4711:33]"), "one that the C library keeps for itself");
	ok(formats(4711, 0, "signal:[4711:any]"), "a wait for several");
	ok(parses("signal:[4711:SIGTERM]", 4711, 15) && parses("signal:[4711:TERM]", 4711, 15) &&
		   parses("signal:[4711:15]", 4711, 15), "by name, short name or number");
	ok(parses("signal:[1:SIGRTMIN+3]", 1, 37), "a real-time signal");
}

static void test_no_ids(void)
{
	static const char *const specs[] = { "signal:[4711]", "signal:[4711:]", "signal:[4711:SIGNO]", "signal:[4711:65]",
					     "signal:[0:TERM]", "signal:[4711:TERM]x", "pipe:[4711]", "4711" };
	struct ipc_object_id id;

	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		ok(mech_signal.parse_id(specs[i], &id) < 0, "no signal: %s", specs[i]);
}

static void test_order(void)
{
	uint32_t never[IPC_STATE_WORDS] = { 0 }, old[IPC_STATE_WORDS] = { 0xfffffffe }, young[IPC_STATE_WORDS] = { 1 };

	ok(mech_signal.newer(old, never) && !mech_signal.newer(never, old), "what was never read is the oldest");
	ok(mech_signal.newer(young, old) && !mech_signal.newer(old, young), "the sequence wraps");
}

/* Whoever sends changes the words in the row of its target, which does nothing as long as it blocks the signal. */
static void check_reading(struct model *m, struct snapshot *s, unsigned n, uint32_t queued, uint32_t code)
{
	const struct ipc_object_id id = { .id = 7ull << 32 | 4711, .domain = 12, .mech = MECH_SIGNAL };
	const struct object *o;
	struct mech_room room;
	struct ipc_edge *e;
	double value = 0;

	reading_at(s, n * 1000);
	add_object(s, id);
	add_edge(s, id, OP_SEND, 3)->ops = n;
	e = add_edge(s, id, OP_RECV, 4711);
	e->state[SIGNAL_WORD_SEQ] = n;
	e->state[SIGNAL_WORD_QUEUED] = queued;
	e->state[SIGNAL_WORD_CODE] = code;
	model_update(m, s);
	o = model_object(m, &id);
	object_room(o, &room);
	is_int(room.used_slots, queued, "pending after %u", n);
	for (const struct mech_derived *d = o->mech->derived; d->name; d++)
		if (!strcmp(d->name, "last_code"))
			ok(d->get(o, SPAN_TOTAL, &value), "its code is known");
	is_int(value, (int32_t)code, "of the last one");
}

static void test_shared_words(void)
{
	struct model_config config = { .page_size = 4096 };
	struct snapshot s = { 0 };
	struct model *m;

	config.can[MECH_SIGNAL] = capability_of(mechanism_by_id(MECH_SIGNAL), BACKEND_FUNCTION, PROFILE_WAITS);
	m = model_new(&config);
	check_reading(m, &s, 1, 1, 0);
	check_reading(m, &s, 2, 2, (uint32_t)-1);
	check_reading(m, &s, 3, 0, (uint32_t)-1);
	model_free(m);
	snapshot_free(&s);
}

int main(void)
{
	test_ids();
	test_no_ids();
	test_order();
	test_shared_words();
	return done_testing();
}
