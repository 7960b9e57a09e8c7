// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The ring of a pipe or FIFO: what its words mean, and what follows from how far
 * head got. A write takes ceil(bytes / page) slots unless its odd bytes fit into
 * the last page (a merge), which saves exactly one: so merges follow from sums,
 * without a look under the pipe's lock.
 *
 * head and tail wrap at 2^32.
 */
#include <string.h>

#include "mech/pipe.h"
#include "model/model.h"

const struct mech_field pipe_fields[] = {
	{ "head", "slots ever filled, modulo 2^32", "pipe_inode_info.head" },
	{ "tail", "slots ever emptied, modulo 2^32", "pipe_inode_info.tail" },
	{ "ring_size", "slots in the ring, a power of two", "pipe_inode_info.ring_size" },
	{ "max_usage", "slots that may be used", "pipe_inode_info.max_usage" },
	{ "readers", "open read ends", "pipe_inode_info.readers" },
	{ "writers", "open write ends", "pipe_inode_info.writers" },
	{ "files", "open files of either end", "pipe_inode_info.files" },
	{ "r_counter", "opens of the read end, ever", "pipe_inode_info.r_counter" },
	{ "w_counter", "opens of the write end, ever", "pipe_inode_info.w_counter" },
	{ "nr_accounted", "pages charged to the user", "pipe_inode_info.nr_accounted" },
	{ "poll_usage", "someone polls it: every write wakes", "pipe_inode_info.poll_usage" },
	{ "kept_pages", "emptied pages kept for the next write",
	  "pipe_inode_info.tmp_page|pipe_inode_info.prealloc.count" },
	{ NULL, NULL, NULL },
};

static bool counter(const struct object *o, unsigned i, enum span span, double *value)
{
	uint64_t count;
	bool known = object_counter(o, i, span, &count);

	*value = count;
	return known;
}

static bool new_slots(const struct object *o, enum span span, double *value)
{
	uint64_t advance;
	bool known = object_advance(o, span, &advance);

	*value = advance;
	return known;
}

static bool spliced_slots(const struct object *o, enum span span, double *value)
{
	return counter(o, COUNTER_SPLICED_SLOTS, span, value);
}

static bool merged_writes(const struct object *o, enum span span, double *value)
{
	double chunks, spliced, slots;

	if (!can_see(o->can, UNSEEN_SOME_OPS) || !counter(o, COUNTER_PAGE_CHUNKS, span, &chunks) ||
	    !spliced_slots(o, span, &spliced) || !new_slots(o, span, &slots))
		return false;
	*value = chunks + spliced - slots;
	return *value >= 0; /* else a write is missing: not seen, or counted after the ring was read */
}

static bool bytes_per_slot(const struct object *o, enum span span, double *value)
{
	struct side send;
	double slots;

	if (!can_see(o->can, UNSEEN_SOME_OPS) || !new_slots(o, span, &slots) || !slots)
		return false;
	object_side(o, OP_SEND, span, &send);
	*value = send.bytes / slots;
	return true;
}

/* Kept pages that are neither there any more nor were given back have been used again. */
static bool pages_reused(const struct object *o, enum span span, double *value)
{
	const uint32_t *then = object_base_state(o, span), *now = object_state(o);
	unsigned rings = o->raw.creations + object_preexisting(o);
	double kept, trimmed;

	if (!(o->can->profile & PROFILE_DETAIL) || !counter(o, COUNTER_KEPT, span, &kept) ||
	    !counter(o, PIPE_COUNTER_TRIMMED, span, &trimmed) || !then || !now || rings > 1)
		return false;
	*value = kept - trimmed + then[PIPE_KEPT_PAGES] - now[PIPE_KEPT_PAGES];
	return *value >= 0;
}

static bool pages_allocated(const struct object *o, enum span span, double *value)
{
	double slots, spliced, reused;

	if (!new_slots(o, span, &slots) || !spliced_slots(o, span, &spliced) || !pages_reused(o, span, &reused))
		return false;
	*value = slots - spliced - reused;
	return *value >= 0;
}

static bool packets(const struct object *o, enum span span, double *value)
{
	return counter(o, COUNTER_PACKETS, span, value);
}

static bool resizes(const struct object *o, enum span span, double *value)
{
	return can_see(o->can, UNSEEN_CTL) && counter(o, COUNTER_RESIZES, span, value);
}

const struct mech_derived pipe_derived[] = {
	{ "new_slots", "slots filled: how far head got", new_slots },
	{ "merged_writes", "writes appended to the last page", merged_writes },
	{ "spliced_slots", "slots filled without a copy", spliced_slots },
	{ "bytes_per_slot", "payload in a filled slot, on average", bytes_per_slot },
	{ "pages_reused", "kept pages that were filled again", pages_reused },
	{ "pages_allocated", "pages allocated for payload", pages_allocated },
	{ "packets", "writes with O_DIRECT", packets },
	{ "resizes", "F_SETPIPE_SZ that took effect", resizes },
	{ NULL, NULL, NULL },
};

bool pipe_advance(const struct object *o, uint32_t *count)
{
	const uint32_t *base = object_base_state(o, SPAN_TOTAL), *now = object_state(o);
	bool destroyed = o->raw.flags & OBJECT_DESTROYED; /* its last head is among the earlier ones */

	if (!base || (!now && !destroyed))
		return false;
	if (o->resizes != o->raw.counters[RING_RESIZES_FOLLOWED])
		return false;
	*count = (uint32_t)o->raw.counters[RING_EARLIER_HEADS] + (destroyed ? 0 : now[PIPE_HEAD]) - base[PIPE_HEAD];
	return true;
}

void pipe_room(const struct object *o, struct mech_room *room)
{
	const uint32_t *now = object_state(o), *base = object_base_state(o, SPAN_TOTAL);
	uint64_t bytes;
	double resized;

	if (object_depth_bytes(o, &bytes))
		room->used_bytes = bytes;
	if ((o->can->profile & PROFILE_DETAIL) && object_base_bytes(o, &bytes))
		room->max_bytes = o->raw.max_bytes;
	if (room->max_bytes != ROOM_UNKNOWN && room->used_bytes != ROOM_UNKNOWN && room->max_bytes < room->used_bytes)
		room->max_bytes = room->used_bytes;
	if (!now)
		return;
	room->slots = now[PIPE_MAX_USAGE];
	room->bytes = room->slots * o->model->config.page_size;
	/* ends are seen in another order than the ring moved in: the sum may pass what fits, the ring never does */
	if (room->max_bytes != ROOM_UNKNOWN && room->max_bytes > room->bytes && counter(o, COUNTER_RESIZES, SPAN_TOTAL, &resized) &&
	    !resized)
		room->max_bytes = room->bytes;
	room->used_slots = o->raw.flags & OBJECT_DESTROYED ? 0 : now[PIPE_HEAD] - now[PIPE_TAIL];
	room->max_slots = o->max_depth > room->used_slots ? o->max_depth : room->used_slots;
	if (base && base[PIPE_HEAD] - base[PIPE_TAIL] > room->max_slots)
		room->max_slots = base[PIPE_HEAD] - base[PIPE_TAIL];
}

/*
 * The later stamp, where both have one. Within its unit: along the life of one
 * ring neither head + tail, nor the opens, nor the closes ever fall, so the first
 * of them that differs decides.
 */
static int32_t opens_since(const uint32_t *a, const uint32_t *b)
{
	return a[PIPE_R_COUNTER] + a[PIPE_W_COUNTER] - b[PIPE_R_COUNTER] - b[PIPE_W_COUNTER];
}

bool pipe_newer(const uint32_t *a, const uint32_t *b)
{
	int32_t later, moved, opened;

	if (!a[PIPE_RING_SIZE] || !b[PIPE_RING_SIZE])
		return a[PIPE_RING_SIZE] > b[PIPE_RING_SIZE]; /* 0: never read, or only in part */
	later = a[IPC_STATE_STAMP] - b[IPC_STATE_STAMP];
	if (later && a[IPC_STATE_STAMP] && b[IPC_STATE_STAMP])
		return later > 0;
	moved = a[PIPE_HEAD] + a[PIPE_TAIL] - b[PIPE_HEAD] - b[PIPE_TAIL];
	if (moved)
		return moved > 0;
	opened = opens_since(a, b);
	if (opened)
		return opened > 0;
	return a[PIPE_FILES] < b[PIPE_FILES];
}

/* The stamp when what opens, closes and resizes change was read: with the rest, where nobody says otherwise (syscall backend). */
static uint32_t set_up_at(const uint32_t *state)
{
	bool said = state[PIPE_SET_UP] && state[PIPE_SET_UP] != IPC_STATE_ABSENT;

	return state[said ? PIPE_SET_UP : IPC_STATE_STAMP];
}

/*
 * Operations read what opens, closes and resizes change now and then only (bpf/pipe_plain.bpf.h): of two
 * states the one has it that read it last or, within the unit of a stamp, that knows of more opens and closes.
 */
void pipe_join(uint32_t *state, const uint32_t *other)
{
	int32_t later = set_up_at(other) - set_up_at(state), opened = opens_since(other, state);

	if (!other[PIPE_RING_SIZE] || later < 0)
		return;
	if (!later && (opened < 0 || (!opened && other[PIPE_FILES] >= state[PIPE_FILES])))
		return;
	memcpy(&state[PIPE_RING_SIZE], &other[PIPE_RING_SIZE], (PIPE_NR_ACCOUNTED + 1 - PIPE_RING_SIZE) * sizeof(*state));
	state[PIPE_SET_UP] = set_up_at(other);
}

bool pipe_ends(const struct object *o, uint32_t *senders, uint32_t *receivers)
{
	const uint32_t *now = object_state(o);

	if (!now)
		return false;
	*senders = now[PIPE_WRITERS];
	*receivers = now[PIPE_READERS];
	return true;
}
