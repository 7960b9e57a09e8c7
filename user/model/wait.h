/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Operations in progress. Their figures reach the edges only when they end, so
 * that a writer asleep for a minute would look idle: the model adds what is known
 * of them so far.
 */
#ifndef MODEL_WAIT_H
#define MODEL_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "ipctrace.h"

struct edge;
struct model;
struct snapshot;

struct wait {
	struct wait *next;   /* of the same edge */
	struct edge *edge;   /* NULL: its object is not known yet (an open by path) */
	uint32_t tgid, tid;
	uint16_t mech;
	uint8_t op;
	uint8_t cause;	     /* enum ipc_cause, of the wait that is open */
	bool open;	     /* asleep and not woken; else the operation runs or is about to */
	bool preexisting;    /* asleep before counting began */
	uint64_t since_ns;   /* CLOCK_MONOTONIC; may lie before the start of counting */
	uint64_t length_ns;  /* so far, all of it */
	char comm[IPC_COMM_LEN + 1]; /* raw bytes */

	/* of the whole operation so far, not yet on its edge */
	uint64_t wait_ns, sched_delay_ns;
	uint32_t waits, own_waits, lock_waits, io_waits;
	uint32_t wakes, other_wakes, spurious;
	uint8_t own_cause;
};

/* Makes the list of the last update `carried`; then nothing refers to edges that are older. */
void waits_turn(struct model *m);
/* Takes the snapshot's operations in progress. */
void waits_update(struct model *m, const struct snapshot *s);

/* Of the waits that were open at the last update the interval has a part, too. */
void waits_settle(struct model *m);

/* Adds to SIDE_WORDS words what the edge's operations in progress did so far. */
void waits_add(const struct edge *edge, __u64 *words);

#endif
