/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One ring as it was at one moment, put together from what the iterator wrote. */
#ifndef VIEW_RING_STATE_H
#define VIEW_RING_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipctrace.h"
#include <ring.h> /* of bpf/, not the one beside this file */

#include "kernel.h"
#include "mech.h"

/* What TARGET turned out to be. */
struct ring_target {
	const struct mechanism *mech;
	struct ipc_object_id id;
	char label[64]; /* "pipe:[81234]" */
	char *name;	/* a FIFO's path, raw bytes; NULL: it has none */
};

struct ring_state {
	bool found;	/* some process holds it */
	bool truncated; /* more slots are in use than were read */
	bool readable;	/* slots and sleepers are known; not under lockdown=confidentiality */
	bool tells_polls; /* sleepers are told from pollers; not when kernel addresses are hidden */
	uint64_t now_ns;
	uint32_t words[IPC_STATE_WORDS];
	uint32_t head, tail, ring_size, max_usage;
	uint32_t used;	/* slots */
	uint64_t bytes; /* in the slots that were read */
	struct ipc_ring_slot *slots; /* from tail to head */
	struct ipc_ring_sleeper *sleepers;
	struct ipc_ring_holder *holders;
	size_t slot_cnt, sleeper_cnt, holder_cnt;
	uint32_t more_sleepers[2]; /* OP_SEND, OP_RECV: beyond those in `sleepers`; at most RING_MORE_MAX are counted */
};

/*
 * Reads the records in data[size]; what the state held before is freed. Returns
 * 0, or -EBADMSG when they are not what bpf/ring.h says.
 */
int ring_state__parse(struct ring_state *r, const struct ring_target *target, const struct kernel *k, const void *data,
		      size_t size);
void ring_state__free(struct ring_state *r);

/* PIPE_BUF_FLAG_* by name, for i from 0: "CAN_MERGE"; NULL when bit i has no name. */
const char *ring_flag_name(unsigned i);
#define RING_FLAG_CNT 32

/* O_* of a descriptor by name: the bit's name in *name; false when there are no more. */
bool ring_open_flag(uint32_t flags, unsigned *at, const char **name);

/* Whose page a slot refers to. */
struct ring_page {
	const char *word; /* for programs: "anonymous", "page_cache"; NULL: not known */
	const char *text; /* for people; NULL: not known */
	char symbol[64];  /* what word and text are when the kind has no name of ours */
};

void ring_page(const struct ipc_ring_slot *slot, struct ring_page *page);

/* "r", "w", "rw" */
const char *ring_mode(uint32_t mode);

#endif
