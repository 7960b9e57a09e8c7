// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/verdict.h"
#include "model/model.h"

static bool waits_partner(const struct object *o)
{
	for (const struct endpoint *e = o->endpoints; e; e = e->next) {
		const struct edge *edge = e->edges[OP_OPEN];

		for (const struct wait *w = edge ? edge->waits : NULL; w; w = w->next)
			if (w->open && w->cause == CAUSE_PARTNER)
				return true;
	}
	return false;
}

static enum verdict missing_end(const struct object *o)
{
	uint32_t senders, receivers;
	bool destroyed;

	object_destroyed(o, &destroyed);
	if (destroyed || o->gone || !o->mech->ends || !o->mech->ends(o, &senders, &receivers))
		return VERDICT_UNKNOWN;
	if (senders && !receivers)
		return VERDICT_NO_READER;
	if (receivers && !senders)
		return VERDICT_NO_WRITER;
	return VERDICT_UNKNOWN;
}

/* Nobody is the bottleneck of a word, a semaphore or a lock. */
static bool passes_data(const struct mechanism *m)
{
	return m->causes[OP_SEND] == CAUSE_FULL || m->causes[OP_RECV] == CAUSE_EMPTY;
}

/* The part of the operation's wait share that has this cause; waits are timed together, counted apart. */
static double share_of(const struct object *o, enum ipc_op op, enum span span, enum ipc_cause cause,
		       const struct side *side)
{
	double share;

	object_wait_share(o, op, span, &share);
	return side->waits ? share * side->causes[cause] / side->waits : 0;
}

enum verdict object_verdict(const struct object *o, enum span span)
{
	struct side send, recv;
	enum verdict verdict;
	double w, r;

	if (waits_partner(o))
		return VERDICT_WAITS_PARTNER;
	object_side(o, OP_SEND, span, &send);
	object_side(o, OP_RECV, span, &recv);
	/* of the whole time, that an end has gone by now says least where bytes went through */
	verdict = span == SPAN_TOTAL && send.bytes && recv.bytes ? VERDICT_UNKNOWN : missing_end(o);
	if (verdict)
		return verdict;
	if (!can_waits(o->can) || !passes_data(o->mech))
		return VERDICT_UNKNOWN;
	if (!send.bytes && !recv.bytes && !send.waits && !recv.waits)
		return VERDICT_IDLE;
	w = share_of(o, OP_SEND, span, CAUSE_FULL, &send);
	r = share_of(o, OP_RECV, span, CAUSE_EMPTY, &recv);
	if (w >= VERDICT_WAIT_SHARE && w >= VERDICT_DOMINANCE * r)
		return VERDICT_READER_BOUND;
	if (r >= VERDICT_WAIT_SHARE && r >= VERDICT_DOMINANCE * w)
		return VERDICT_WRITER_BOUND;
	if (w >= VERDICT_WAIT_SHARE && r >= VERDICT_WAIT_SHARE)
		return VERDICT_LOCKSTEP;
	return VERDICT_BALANCED;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_IDLE] = "idle",
		[VERDICT_BALANCED] = "balanced",
		[VERDICT_READER_BOUND] = "reader-bound",
		[VERDICT_WRITER_BOUND] = "writer-bound",
		[VERDICT_LOCKSTEP] = "lockstep",
		[VERDICT_NO_READER] = "no-reader",
		[VERDICT_NO_WRITER] = "no-writer",
		[VERDICT_WAITS_PARTNER] = "waits-partner",
	};

	return names[verdict];
}
