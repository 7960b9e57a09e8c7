// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One word from many figures. The thresholds stand in user/model/verdict.h. */
#include "model/verdict.h"
#include "reading.h"
#include "tap.h"

struct figures {
	const char *verdict; /* of the interval */
	unsigned send_ms, recv_ms; /* waited, of 1000 */
	unsigned bytes;
	enum ipc_cause send_cause, recv_cause;
	unsigned writers, readers; /* open ends */
	unsigned senders;	   /* processes that send */
	bool destroyed;
	const char *since_start; /* NULL: the same */
};

static const struct figures figures[] = {
	{ "idle", 0, 0, 0, 0, 0, 1, 1, 1, false, NULL },
	{ "balanced", 0, 0, 100, 0, 0, 1, 1, 1, false, NULL },
	{ "balanced", 99, 99, 100, CAUSE_FULL, CAUSE_EMPTY, 1, 1, 1, false, NULL },
	{ "reader-bound", 101, 10, 100, CAUSE_FULL, CAUSE_EMPTY, 1, 1, 1, false, NULL },
	{ "reader-bound", 900, 400, 100, CAUSE_FULL, CAUSE_EMPTY, 1, 1, 1, false, NULL },
	{ "reader-bound", 1000, 0, 0, CAUSE_FULL, 0, 1, 1, 1, false, NULL },
	{ "writer-bound", 10, 101, 100, CAUSE_FULL, CAUSE_EMPTY, 1, 1, 1, false, NULL },
	{ "lockstep", 500, 450, 100, CAUSE_FULL, CAUSE_EMPTY, 1, 1, 1, false, NULL },
	{ "balanced", 900, 0, 100, CAUSE_LOCK, 0, 1, 1, 1, false, NULL }, /* not for want of room */
	{ "balanced", 400, 0, 100, CAUSE_FULL, 0, 1, 1, 5, false, NULL }, /* 8 % each */
	{ "reader-bound", 600, 0, 100, CAUSE_FULL, 0, 1, 1, 5, false, NULL },
	{ "no-reader", 900, 0, 100, CAUSE_FULL, 0, 1, 0, 1, false, "reader-bound" },
	{ "no-writer", 0, 900, 100, 0, CAUSE_EMPTY, 0, 1, 1, false, "writer-bound" },
	{ "no-writer", 0, 0, 0, 0, 0, 0, 1, 1, false, NULL },
	{ "writer-bound", 0, 900, 100, 0, CAUSE_EMPTY, 0, 1, 1, true, NULL }, /* what it was while it was there */
};

static void add_waits(struct ipc_edge *e, unsigned ms, enum ipc_cause cause)
{
	e->wait_ns = ms * MS;
	e->waits = e->causes[cause] = ms ? 7 : 0;
}

static enum verdict verdict_of(const struct figures *f, uint32_t profile, enum span span)
{
	struct ipc_object_id id = pipe_id(5);
	struct model *m = reading_model(profile);
	struct snapshot s = { 0 };
	enum verdict verdict;

	reading_at(&s, 1000);
	if (f->destroyed) {
		struct ipc_object *o = add_new_object(&s, id);

		o->flags = OBJECT_DESTROYED;
		o->last_ns = s.now_ns;
	} else {
		add_new_object(&s, id);
	}
	for (unsigned i = 0; i < f->senders; i++)
		add_waits(add_transfer(&s, id, OP_SEND, 10 + i, 1, f->bytes, 1, 1), f->send_ms / f->senders,
			  f->send_cause);
	add_waits(add_transfer(&s, id, OP_RECV, 4, 1, f->bytes, 1, 1), f->recv_ms, f->recv_cause);
	for (size_t i = 0; i < s.edges.cnt; i++) {
		s.edges.values[i].state[PIPE_WRITERS] = f->writers;
		s.edges.values[i].state[PIPE_READERS] = f->readers;
	}
	model_update(m, &s);
	verdict = object_verdict(m->first, span);
	snapshot_free(&s);
	model_free(m);
	return verdict;
}

static void check_partner(void)
{
	struct model *m = reading_model(PROFILE_WAITS);
	struct snapshot s = { 0 };

	reading_at(&s, 1000);
	add_sleeper(&s, fifo_id(5), OP_OPEN, 3, "client", CAUSE_PARTNER, START_NS);
	model_update(m, &s);
	is_str(verdict_name(object_verdict(m->first, SPAN_INTERVAL)), "waits-partner", "an open in progress");
	snapshot_free(&s);
	model_free(m);
}

/* A pipe that lived for a tenth of the trace waited all of its life, not a tenth. */
static void check_lifetime(void)
{
	struct model *m = reading_model(PROFILE_WAITS);
	struct snapshot s = { 0 };
	struct ipc_object *o;
	double share;

	reading_at(&s, 10000);
	o = add_new_object(&s, pipe_id(5));
	o->first_ns = START_NS + 2 * SECOND;
	o->last_ns = START_NS + 3 * SECOND;
	o->flags = OBJECT_DESTROYED;
	add_waits(add_transfer(&s, pipe_id(5), OP_RECV, 3, 5, 500, 1, 1), 950, CAUSE_EMPTY);
	model_update(m, &s);
	is_int(object_span_ns(m->first, SPAN_TOTAL), SECOND, "a life of one second");
	ok(object_wait_share(m->first, OP_RECV, SPAN_TOTAL, &share) && share > 0.94 && share < 0.96, "95 %% of it");
	snapshot_free(&s);
	model_free(m);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		const struct figures *f = &figures[i];

		is_str(verdict_name(verdict_of(f, PROFILE_WAITS, SPAN_INTERVAL)), f->verdict,
		       "%u of 1000 ms sending, %u receiving: %s", f->send_ms, f->recv_ms, f->verdict);
		is_str(verdict_name(verdict_of(f, PROFILE_WAITS, SPAN_TOTAL)), f->since_start ?: f->verdict,
		       "and since the start");
	}
	is_str(verdict_name(verdict_of(&figures[4], 0, SPAN_TOTAL)), NULL, "unknown where waits are not collected");
	is_str(verdict_name(verdict_of(&figures[11], 0, SPAN_INTERVAL)), NULL, "and who holds it was not looked at since");
	check_partner();
	check_lifetime();
	return done_testing();
}
