// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a file's lock words mean, and what follows from counters, errors, sleepers and holders. */
#include <errno.h>

#include "mech/lock.h"
#include "model/model.h"

#define TO_END_OF_FILE INT64_MAX

/* Found by walking the inode's lists, for both backends: bpf/lock.bpf.h reads them. */
const struct mech_field lock_fields[] = {
	{ "kind", "of the lock asked for last, or of one that was there at the start: 1 flock, 2 POSIX, 3 OFD, 4 lease", NULL },
	{ "type", "of that: 0 read (shared), 1 write (exclusive), 2 unlock", NULL },
	{ "start", "first byte of its range, low 32 bits", NULL },
	{ "start_high", "first byte of its range, high 32 bits", NULL },
	{ "end", "last byte of its range, low 32 bits; unknown where all are set, as to the end of the file", NULL },
	{ "end_high", "last byte of its range, high 32 bits; 2147483647: to the end of the file", NULL },
	{ "flocks", "flock locks held", NULL },
	{ "posix", "POSIX locks held; each is a range", NULL },
	{ "ofd", "OFD locks held; each is a range", NULL },
	{ "leases", "leases held", NULL },
	{ "holder", "PID that took a write lock which is held, or else a read lock; of OFD locks the kernel has none", NULL },
	{ NULL, NULL, NULL },
};

static bool side_counter(const struct object *o, enum ipc_op op, unsigned i, enum span span, double *value)
{
	struct side side;

	object_side(o, op, span, &side);
	*value = side.counters[i];
	return true;
}

#define COUNTER(name, op, i)                                                    \
	static bool name(const struct object *o, enum span span, double *value) \
	{                                                                       \
		return side_counter(o, op, i, span, value);                     \
	}

COUNTER(write_requests, OP_RECV, LOCK_WRITES)
COUNTER(flock_requests, OP_RECV, LOCK_FLOCK)
COUNTER(posix_requests, OP_RECV, LOCK_POSIX)
COUNTER(ofd_requests, OP_RECV, LOCK_OFD)
COUNTER(lease_requests, OP_RECV, LOCK_LEASE)

static bool read_requests(const struct object *o, enum span span, double *value)
{
	struct side side;

	object_side(o, OP_RECV, span, &side);
	*value = side.ops - side.counters[LOCK_WRITES];
	return true;
}

/* Requests that found it held and slept: one that was woken in vain slept more than once. */
static bool contended(const struct object *o, enum span span, double *value)
{
	struct side side;

	object_side(o, OP_RECV, span, &side);
	*value = side.causes[CAUSE_HELD] - side.spurious_wakes;
	return can_waits(o->can);
}

static bool failed_with(const struct object *o, enum ipc_op op, enum span span, uint32_t error, double *value)
{
	struct error_sum sum = { .cnt = 0 };

	object_errors(o, op, span, &sum);
	*value = 0;
	for (unsigned i = 0; i < sum.cnt; i++)
		if (sum.rows[i].error == error)
			*value += sum.rows[i].count;
	return true;
}

static bool deadlocks(const struct object *o, enum span span, double *value)
{
	return failed_with(o, OP_RECV, span, EDEADLK, value);
}

static bool refused(const struct object *o, enum span span, double *value)
{
	return failed_with(o, OP_RECV, span, EAGAIN, value);
}

static bool breaks(const struct object *o, enum span span, double *value)
{
	return side_counter(o, OP_OPEN, LOCK_LEASE, span, value) && can_op(o->can, OP_OPEN) && o->can->profile;
}

static bool break_timeouts(const struct object *o, enum span span, double *value)
{
	return side_counter(o, OP_OPEN, BREAK_TIMEOUTS, span, value) && can_waits(o->can);
}

static uint64_t wide(const uint32_t *words, unsigned low)
{
	return (uint64_t)words[low + 1] << 32 | words[low];
}

static bool range_start(const struct object *o, enum span span, double *value)
{
	const uint32_t *now = object_state(o);

	(void)span;
	*value = now ? wide(now, LOCK_WORD_START) : 0;
	return now && now[LOCK_WORD_KIND];
}

/* Not known for one that reaches to the end of the file, wherever that is. */
static bool range_bytes(const struct object *o, enum span span, double *value)
{
	const uint32_t *now = object_state(o);

	(void)span;
	if (!now || !now[LOCK_WORD_KIND] || wide(now, LOCK_WORD_END) == TO_END_OF_FILE)
		return false;
	*value = wide(now, LOCK_WORD_END) - wide(now, LOCK_WORD_START) + 1;
	return true;
}

/* Who sleeps now, for a lock or for a lease to be given up. */
static bool waiters(const struct object *o, enum span span, double *value)
{
	(void)span;
	*value = 0;
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		for (unsigned op = 0; op < OP_MAX; op++)
			for (const struct wait *w = e->edges[op] ? e->edges[op]->waits : NULL; w; w = w->next)
				*value += w->open && w->cause == CAUSE_HELD;
	return can_waits(o->can);
}

/* Those of the last pass: known as long as nothing happened since. */
static bool holders(const struct object *o, enum span span, double *value)
{
	(void)span;
	*value = 0;
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		*value += !!e->holds[OP_RECV];
	return object_sample_is_new(o);
}

static bool known(const uint32_t *state, unsigned word)
{
	return state[word] != IPC_STATE_ABSENT;
}

/* What the last pass found no room for in its tables. */
static bool untold(const struct object *o, unsigned counter, double *value)
{
	const uint32_t *now = object_state(o);

	*value = o->raw.counters[counter];
	return (o->can->profile & PROFILE_DETAIL) && object_sample_is_new(o) && now && known(now, LOCK_WORD_FLOCKS) &&
	       known(now, LOCK_WORD_POSIX) && known(now, LOCK_WORD_LEASES);
}

static bool ranges_untold(const struct object *o, enum span span, double *value)
{
	(void)span;
	return untold(o, LOCKS_UNTOLD, value);
}

static bool requests_untold(const struct object *o, enum span span, double *value)
{
	(void)span;
	return untold(o, REQUESTS_UNTOLD, value);
}

const struct mech_derived lock_derived[] = {
	{ "range_start", "first byte of the range asked for last", range_start },
	{ "range_bytes", "its length; unknown when it reaches to the end of the file", range_bytes },
	{ "read_requests", "requests for a read (shared) lock", read_requests },
	{ "write_requests", "requests for a write (exclusive) lock", write_requests },
	{ "flock_requests", "requests by flock(2)", flock_requests },
	{ "posix_requests", "requests for POSIX locks", posix_requests },
	{ "ofd_requests", "requests for OFD locks", ofd_requests },
	{ "lease_requests", "requests for leases", lease_requests },
	{ "contended", "requests that had to wait", contended },
	{ "refused", "requests that would have had to wait", refused },
	{ "deadlocks", "requests that would have waited for themselves", deadlocks },
	{ "breaks", "opens that met a lease", breaks },
	{ "break_timeouts", "of these, those that the holder did not answer in time", break_timeouts },
	{ "waiters", "tasks that wait now", waiters },
	{ "holders", "processes that hold a lock, or the file that does", holders },
	{ "ranges_untold", "locks held that are not among the ranges told one by one: there are too many", ranges_untold },
	{ "requests_untold", "waiting requests that are not among those told one by one", requests_untold },
	{ NULL, NULL, NULL },
};

#define ANY_BACKEND (SEEN_BY(BACKEND_FUNCTION) | SEEN_BY(BACKEND_SYSCALL))
#define TABLE_ROWS 64

static const char *const kinds[] = { "none", "flock", "posix", "ofd", "lease", NULL };
static const char *const types[] = { "read", "write", "unlock", NULL };

/* numbers and words as in bpf/lock_ranges.bpf.h */
const struct mech_parts lock_parts[] = {
	{ "ranges", "of the first 64 locks held: first and last byte (9223372036854775807: to the end of the file), kind and type "
	  "(as above), who took it (null: of OFD locks the kernel has nobody), and how many requests wait behind it",
	  .last = TABLE_ROWS - 1, .backends = ANY_BACKEND, .of_pass = true, .words = { "kind", "type", "pid", "waiters" },
	  .numbers = { "start", "end" }, .names = { kinds, types } },
	{ "requests", "of the first 64 requests that wait: the same of what each asked for, and who did",
	  .first = 1ull << 32, .last = (1ull << 32) + TABLE_ROWS - 1, .backends = ANY_BACKEND, .of_pass = true,
	  .words = { "kind", "type", "pid" }, .numbers = { "start", "end" }, .names = { kinds, types } },
	{ .name = NULL },
};

void lock_room(const struct object *o, struct mech_room *room)
{
	const uint32_t *now = object_state(o);

	if (!now || !known(now, LOCK_WORD_FLOCKS) || !known(now, LOCK_WORD_POSIX) || !known(now, LOCK_WORD_LEASES))
		return;
	room->used_slots = now[LOCK_WORD_FLOCKS] + now[LOCK_WORD_POSIX] + now[LOCK_WORD_OFD] + now[LOCK_WORD_LEASES];
	room->max_slots = o->max_depth > room->used_slots ? o->max_depth : room->used_slots;
}
