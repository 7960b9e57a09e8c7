// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What an object's endpoints add up to, and what follows from it. */
#include <string.h>

#include "model/hist.h"
#include "model/model.h"
#include "syscall.h"

void object_side(const struct object *o, enum ipc_op op, enum span span, struct side *side)
{
	memset(side, 0, sizeof(*side));
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		edge_side(e->edges[op], span, side);
}

bool object_descriptors(const struct object *o, uint32_t *cnt, uint64_t *since_ns)
{
	if (o->gone || !o->mech->descriptors || !o->mech->descriptors(o, cnt))
		return false;
	*since_ns = o->passing_ns ? o->model->now_ns - o->passing_ns : 0;
	return true;
}

void object_weight(const struct object *o, double *bytes, double *wait_ns)
{
	bool now = o->weighed_tick == o->model->tick;

	*bytes = now ? o->moved_bytes : 0;
	*wait_ns = now ? o->waited_ns : 0;
}

void object_errors(const struct object *o, enum ipc_op op, enum span span, struct error_sum *sum)
{
	sum->cnt = 0;
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		edge_errors(e->edges[op], span, sum);
}

bool object_hist(const struct object *o, enum ipc_op op, enum ipc_hist_kind kind, enum span span, struct ipc_hist *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		edge_hist(e->edges[op], kind, span, sum);
	return can_latency(o->can);
}

bool object_residency(const struct object *o, enum span span, struct ipc_hist *sum)
{
	memset(sum, 0, sizeof(*sum));
	if (o->residency && (span == SPAN_TOTAL || o->tick == o->model->tick))
		tally_sum(o->residency, span, (__u64 *)sum);
	return can_residency(o->can);
}

bool endpoint_counter(const struct endpoint *e, unsigned i, enum span span, uint64_t *value)
{
	const unsigned word = offsetof(struct side, counters) / sizeof(__u64) + i;
	const struct object *o = e->object;

	*value = 0;
	if (!can_see(o->can, UNSEEN_COUNTER(i)))
		return false;
	for (unsigned op = 0; op < OP_MAX; op++)
		if (e->edges[op] && (span == SPAN_TOTAL || e->edges[op]->tick == o->model->tick))
			*value += tally_get(&e->edges[op]->counts, word, span);
	return true;
}

bool object_counter(const struct object *o, unsigned i, enum span span, uint64_t *value)
{
	uint64_t own;

	*value = 0;
	if (!can_see(o->can, UNSEEN_COUNTER(i)))
		return false;
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		if (endpoint_counter(e, i, span, &own))
			*value += own;
	return true;
}

static const uint32_t *if_read(const struct object *o, const uint32_t *words)
{
	static const uint32_t never[IPC_STATE_WORDS];

	return o->mech->newer && can_see(o->can, UNSEEN_STATE) && o->mech->newer(words, never) ? words : NULL;
}

/* Else its state words are of its first operation, or of a pass. */
static bool is_followed(const struct object *o)
{
	uint32_t profile = o->can->profile;

	/* the programs of system calls follow waits in any case, and read the state then; those of sockets, which are hooks, do not */
	if (o->can->backend == BACKEND_SYSCALL && !o->mech->follows_calls)
		profile |= PROFILE_WAITS;
	return !o->mech->state_needs || (profile & o->mech->state_needs);
}

const uint32_t *object_state(const struct object *o)
{
	bool is_new = is_followed(o) || (o->raw.flags & OBJECT_DESTROYED) || object_sample_is_new(o);

	return is_new ? if_read(o, o->state) : NULL;
}

const uint32_t *object_nature(const struct object *o)
{
	return if_read(o, o->state);
}

bool object_word(const struct object *o, unsigned i, uint32_t *value)
{
	const uint32_t *words = o->mech->lasting & 1u << i ? object_nature(o) : object_state(o);
	bool is_read = !(o->mech->detailed & 1u << i) || (o->can->profile & (PROFILE_DETAIL | PROFILE_EVENTS));

	*value = words && is_read ? words[i] : IPC_STATE_ABSENT;
	return *value != IPC_STATE_ABSENT;
}

const uint32_t *object_state_before(const struct object *o)
{
	return is_followed(o) ? if_read(o, o->state_tick == o->model->tick ? o->state_before : o->state) : NULL;
}

static bool was_created(const struct object *o)
{
	return o->raw.creations && !(o->raw.flags & OBJECT_PREEXISTING);
}

const uint32_t *object_base_state(const struct object *o, enum span span)
{
	static const uint32_t new_object[IPC_STATE_WORDS];
	const uint32_t *words = span == SPAN_TOTAL ? if_read(o, o->raw.base_state) : object_state_before(o);

	if (span == SPAN_TOTAL)
		return was_created(o) ? new_object : words;
	if (!words && o->first_tick == o->model->tick)
		return object_base_state(o, SPAN_TOTAL);
	return words;
}

bool object_advance(const struct object *o, enum span span, uint64_t *value)
{
	uint64_t before = o->advance_tick == o->model->tick ? o->advance_before : o->advance;

	*value = span == SPAN_TOTAL ? o->advance : o->advance - before;
	return o->advance_known && (int64_t)*value >= 0;
}

void object_room(const struct object *o, struct mech_room *room)
{
	*room = (struct mech_room){ ROOM_UNKNOWN, ROOM_UNKNOWN, ROOM_UNKNOWN,
				    ROOM_UNKNOWN, ROOM_UNKNOWN, ROOM_UNKNOWN };
	if (o->mech->room)
		o->mech->room(o, room);
	if (!is_followed(o))
		room->max_slots = ROOM_UNKNOWN;
}

bool object_created(const struct object *o, bool *created)
{
	*created = was_created(o);
	return *created || can_see(o->can, UNSEEN_CREATION);
}

/* Found by the last pass over what exists. */
static bool is_there_at_end(const struct object *o)
{
	uint64_t stop_ns = o->model->stop_ns;

	return stop_ns && (o->raw.flags & OBJECT_SAMPLED) && o->raw.last_ns >= stop_ns;
}

bool object_destroyed(const struct object *o, bool *destroyed)
{
	*destroyed = o->raw.flags & OBJECT_DESTROYED;
	return *destroyed || can_see(o->can, UNSEEN_DESTRUCTION) || is_there_at_end(o);
}

bool object_preexisting(const struct object *o)
{
	return o->raw.flags & OBJECT_PREEXISTING;
}

bool object_base_bytes(const struct object *o, uint64_t *bytes)
{
	*bytes = o->raw.base_bytes;
	if (o->raw.flags & OBJECT_PREEXISTING)
		return (o->raw.flags & OBJECT_SAMPLED) && !(o->raw.flags & OBJECT_INSIDE_UNKNOWN);
	*bytes = 0;
	return o->raw.creations;
}

static bool sends_in_progress(const struct object *o)
{
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		if (e->edges[OP_SEND] && e->edges[OP_SEND]->waits)
			return true;
	return false;
}

bool object_inside_bytes(const struct object *o, uint64_t *bytes)
{
	const struct ipc_object *raw = &o->raw;
	uint64_t stop_ns = o->model->stop_ns;
	const uint32_t *state;

	*bytes = 0;
	if (raw->flags & OBJECT_INSIDE_UNKNOWN)
		return false;
	if (raw->flags & OBJECT_DESTROYED)
		return true;
	if ((raw->flags & OBJECT_SAMPLED) && ((stop_ns && raw->last_ns >= stop_ns) || raw->last_ns >= o->changed_ns)) {
		*bytes = raw->inside_bytes;
		return true;
	}
	/* not looked at since its last operation, which left it empty: whatever became of it, nothing was in it */
	state = object_state(o);
	return state && ((o->mech->depth == DEPTH_RING && state[0] == state[1]) ||
			 (o->mech->depth == DEPTH_LEVEL && !state[0]));
}

bool object_depth_bytes(const struct object *o, uint64_t *bytes)
{
	struct side send, recv;
	int64_t inside;
	uint64_t base;

	if (object_inside_bytes(o, bytes))
		return true;
	if (!object_exact(o) || (o->raw.flags & OBJECT_ENDED_UNSEEN) || !can_see(o->can, UNSEEN_SOME_OPS) ||
	    !object_base_bytes(o, &base))
		return false;
	object_side(o, OP_SEND, SPAN_TOTAL, &send);
	object_side(o, OP_RECV, SPAN_TOTAL, &recv);
	inside = base + send.bytes - recv.bytes - o->raw.discarded_bytes;
	*bytes = inside > 0 ? inside : 0; /* a reader counted before its writer was */
	return true;
}

bool object_balance(const struct object *o, int64_t *bytes)
{
	uint64_t base, inside, packets = 0;
	struct side send, recv;

	*bytes = 0;
	if (!can_see(o->can, UNSEEN_DATA) || o->raw.flags & (OBJECT_ENDED_UNSEEN | OBJECT_DISCARDED_UNKNOWN))
		return false;
	if (!can_see(o->can, UNSEEN_SOME_OPS) || !object_base_bytes(o, &base) || !object_inside_bytes(o, &inside) ||
	    sends_in_progress(o))
		return false; /* what a send in progress has put in already is not on its edge yet */
	object_side(o, OP_SEND, SPAN_TOTAL, &send);
	object_side(o, OP_RECV, SPAN_TOTAL, &recv);
	*bytes = base + send.bytes - recv.bytes - o->raw.discarded_bytes - inside;
	/* while operations go on, a reading is of many moments, and its rows need not fit together */
	if (*bytes && !o->model->stop_ns && o->changed_tick == o->model->tick)
		return false;
	object_counter(o, COUNTER_PACKETS, SPAN_TOTAL, &packets);
	return *bytes <= 0 || !packets; /* of a packet, what did not fit into the reader's buffer is gone */
}

bool object_sample_is_new(const struct object *o)
{
	return ((o->raw.flags & OBJECT_SAMPLED) && o->raw.last_ns >= o->changed_ns) ||
	       (o->model->stop_ns && o->raw.last_ns >= o->model->stop_ns);
}

uint64_t object_span_ns(const struct object *o, enum span span)
{
	const struct model *m = o->model;
	uint64_t from = span == SPAN_TOTAL ? m->start_ns : m->before_ns, to = m->now_ns;

	if (o->raw.first_ns > from)
		from = o->raw.first_ns;
	if ((o->raw.flags & OBJECT_DESTROYED) && o->raw.last_ns && o->raw.last_ns < to)
		to = o->raw.last_ns;
	return to > from ? to - from : 1;
}

bool object_wait_share(const struct object *o, enum ipc_op op, enum span span, double *share)
{
	uint64_t wait_ns = 0, users = 0;

	for (const struct endpoint *e = o->endpoints; e; e = e->next) {
		struct side side = { 0 };

		edge_side(e->edges[op], span, &side);
		wait_ns += side.wait_ns;
		users += side.ops || side.open_waits || side.waits;
	}
	*share = users ? (double)wait_ns / object_span_ns(o, span) / users : 0;
	if (*share > 1)
		*share = 1; /* several threads of one process */
	return can_waits(o->can);
}

bool object_active(const struct object *o, enum span span)
{
	uint32_t tick = o->model->tick;

	return span == SPAN_TOTAL || o->first_tick == tick || o->changed_tick == tick || o->waiting_tick == tick;
}

bool object_exact(const struct object *o)
{
	return total_exact(o->model, o->id.mech);
}
