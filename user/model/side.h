/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What operations of one kind did: of a process on an object, of an object, of a
 * mechanism. Made of 64-bit words only, so that sides can be summed as arrays: __u64, as in
 * the structures that they come from, which uint64_t may not alias.
 */
#ifndef MODEL_SIDE_H
#define MODEL_SIDE_H

#include <stddef.h>
#include <stdint.h>

#include "ipctrace.h"

struct side {
	__u64 ops;
	__u64 failed;
	__u64 bytes;
	__u64 copies;	/* operations that copied payload */
	__u64 moved_bytes;
	__u64 waits;		/* under way at any time in the span, ended or not */
	__u64 wait_ns;	/* inside the span */
	__u64 sched_delay_ns;
	__u64 causes[CAUSE_MAX]; /* of `waits` */
	__u64 wakes;
	__u64 spurious_wakes;
	__u64 other_wakes;
	__u64 latency_ns;
	__u64 counters[IPC_MECH_COUNTERS];
	/* up to here word for word a struct ipc_edge */
	__u64 open_waits;	/* not ended yet */
};

#define SIDE_WORDS (offsetof(struct side, open_waits) / sizeof(__u64))

_Static_assert(SIDE_WORDS <= 64, "fits a tally");
_Static_assert(offsetof(struct side, open_waits) == offsetof(struct ipc_edge, state) &&
	       offsetof(struct side, causes) == offsetof(struct ipc_edge, causes) &&
	       offsetof(struct side, wakes) == offsetof(struct ipc_edge, wakes) &&
	       offsetof(struct side, counters) == offsetof(struct ipc_edge, counters), "the same words");

static inline uint64_t side_copied_bytes(const struct side *s)
{
	return s->bytes - s->moved_bytes;
}

#endif
