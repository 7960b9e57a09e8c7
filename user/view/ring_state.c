// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/ring_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/alloc.h"

/* Grows by doubling, at every power of two. */
#define APPEND(list, cnt, record)                                                          \
	do {                                                                               \
		if (!((cnt) & ((cnt) - 1)))                                                \
			(list) = xreallocarray((list), (cnt) ? 2 * (cnt) : 1, sizeof(*(list))); \
		memcpy(&(list)[(cnt)++], (record), sizeof(*(list)));                       \
	} while (0)

static size_t record_size(uint32_t kind)
{
	switch (kind) {
	case RING_HEAD:
		return sizeof(struct ipc_ring_head);
	case RING_SLOT:
		return sizeof(struct ipc_ring_slot);
	case RING_SLEEPER:
		return sizeof(struct ipc_ring_sleeper);
	case RING_HOLDER:
		return sizeof(struct ipc_ring_holder);
	case RING_MORE:
		return sizeof(struct ipc_ring_more);
	}
	return 0;
}

/* 0 when the mechanism has no such field */
static uint32_t field(const struct mechanism *mech, const uint32_t *words, const char *name)
{
	for (unsigned i = 0; i < IPC_STATE_WORDS && mech->fields[i].name; i++)
		if (strcmp(mech->fields[i].name, name) == 0)
			return words[i];
	return 0;
}

/* A ring that came along before is older: begin again. */
static void take_head(struct ring_state *r, const struct mechanism *mech, const void *record)
{
	struct ipc_ring_head head;

	memcpy(&head, record, sizeof(head));
	memcpy(r->words, head.state, sizeof(r->words));
	r->found = true;
	r->truncated = head.truncated;
	r->now_ns = head.now_ns;
	r->head = field(mech, r->words, "head");
	r->tail = field(mech, r->words, "tail");
	r->ring_size = field(mech, r->words, "ring_size");
	r->max_usage = field(mech, r->words, "max_usage");
	r->used = r->head - r->tail;
	r->slot_cnt = 0;
	r->sleeper_cnt = 0;
	memset(r->more_sleepers, 0, sizeof(r->more_sleepers));
}

static void take_more(struct ring_state *r, const void *record)
{
	struct ipc_ring_more more;

	memcpy(&more, record, sizeof(more));
	if (more.op <= OP_RECV)
		r->more_sleepers[more.op] = more.cnt;
}

static void take(struct ring_state *r, const struct mechanism *mech, uint32_t kind, const void *record)
{
	switch (kind) {
	case RING_HEAD:
		take_head(r, mech, record);
		break;
	case RING_SLOT:
		APPEND(r->slots, r->slot_cnt, record);
		break;
	case RING_SLEEPER:
		APPEND(r->sleepers, r->sleeper_cnt, record);
		break;
	case RING_HOLDER:
		APPEND(r->holders, r->holder_cnt, record);
		break;
	case RING_MORE:
		take_more(r, record);
		break;
	}
}

int ring_state__parse(struct ring_state *r, const struct ring_target *target, const struct kernel *k, const void *data,
		      size_t size)
{
	const char *at = data, *end = at + size;

	ring_state__free(r);
	while (at < end) {
		struct ipc_ring_any any;

		if ((size_t)(end - at) < sizeof(any))
			return -EBADMSG;
		memcpy(&any, at, sizeof(any));
		if (any.size > (size_t)(end - at) || !any.size || any.size != record_size(any.kind))
			return -EBADMSG;
		take(r, target->mech, any.kind, at);
		at += any.size;
	}
	r->tells_polls = k->wake_function;
	r->readable = k->lockdown != LOCKDOWN_CONFIDENTIALITY;
	for (size_t i = 0; i < r->slot_cnt; i++) {
		/* the tail of a large page has no count and no file of its own: what was read there is neither */
		if (!r->slots[i].refs)
			r->slots[i].inode = 0;
		/* a slot in use always has operations: none means that memory could not be read */
		r->readable &= r->slots[i].ops != 0;
		r->bytes += r->slots[i].len;
	}
	return 0;
}

void ring_state__free(struct ring_state *r)
{
	free(r->slots);
	free(r->sleepers);
	free(r->holders);
	*r = (struct ring_state){ 0 };
}
