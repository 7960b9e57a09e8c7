/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One pipe, queue, segment…: what its endpoints did with it, and what follows.
 * Sums over endpoints are made when they are asked for: most objects are never
 * shown, and 10,000 of them must fit.
 */
#ifndef MODEL_OBJECT_H
#define MODEL_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/cache.h"
#include "model/capability.h"
#include "model/endpoint.h"
#include "model/error.h"
#include "model/part.h"
#include "model/side.h"
#include "model/span.h"
#include "model/tally.h"
#include "model/wake.h"

struct model;
struct snapshot;

/* Members stand by who looks at them: of 10,000 objects every cache line that need not be touched counts. */
struct object {
	/* line 0 and 1: what every update and every view looks at */
	struct ipc_object_id id;
	struct object *next; /* all objects, in the order they were first seen */
	uint32_t tick;		       /* update that last saw any row of it */
	uint32_t changed_tick;	       /* update that last saw it do something */
	uint32_t weighed_tick;
	uint32_t fresh_tick, state_tick; /* updates that last changed `fresh` and `state` */
	uint32_t max_depth;	       /* slots, most seen */
	bool gone;		       /* no longer in the snapshots */
	bool replaced;		       /* another object has its id now */
	bool queued;		       /* in the list of those that are gone */
	bool unsettled;		       /* `state` may be of an earlier epoch */
	bool advance_known;
	uint64_t changed_ns;	       /* now_ns of the last update that saw operations end; 0: none did */

	const struct mechanism *mech;
	struct endpoint *endpoints;
	uint64_t moved_bytes, waited_ns; /* by sends and receives, in the update `weighed_tick` */
	const struct capability *can;
	const struct model *model;
	uint32_t first_tick;
	uint32_t waiting_tick;	       /* update that last saw a wait open */
	uint32_t row;
	uint32_t epochs;	       /* creations, destructions, resizes: a ring's indices start again */

	uint32_t fresh[IPC_STATE_WORDS];	/* the newest that this update brought */
	struct ipc_object raw;	       /* as read last; all 0: only operations told of it */
	uint32_t state[IPC_STATE_WORDS];	/* the newest, as it is now and was at the update before */
	uint32_t state_before[IPC_STATE_WORDS];

	uint64_t advance, advance_before;
	uint32_t advance_tick;	       /* update that last changed it */
	uint32_t resizes;	       /* COUNTER_RESIZES of its control operations */
	uint64_t passing_ns;	       /* now_ns of the update since which descriptors are inside and none was received; 0: none are */
	struct wake *wakes;
	struct part *parts;
	struct tally *residency;       /* HIST_WORDS; NULL: not read */
	uint64_t unfollowed;	       /* slots whose residency could not be taken */
	char *name;		       /* a path, raw bytes; NULL: none */
	struct object *prev;
	struct object *gone_next;
};
_Static_assert(offsetof(struct object, mech) == CACHE_LINE && offsetof(struct object, fresh) == 2 * CACHE_LINE &&
	       offsetof(struct object, raw) == 3 * CACHE_LINE, "begin with a line each");

/* Takes the rows of objects, names and residencies. */
void objects_update(struct model *m, const struct snapshot *s);

/* After all rows: picks states, finds out who is gone. */
void objects_settle(struct model *m);

/* Forgets the objects that have been gone for longest, down to gone_max of them. */
void objects_forget(struct model *m, uint32_t gone_max);

/* Of objects that many processes have used: what those did that are gone becomes one endpoint's. */
void objects_fold(struct model *m);

void objects_free(struct model *m);

/* An operation that this update brought left these state words. */
void object_note_state(struct object *o, const uint32_t *words);

/* ---- figures (figures.c); those that can be unknown return whether they are known ---- */

/* Sets side to what all endpoints did. */
void object_side(const struct object *o, enum ipc_op op, enum span span, struct side *side);
/* Of the interval: bytes sent and received, ns waited in both. Costs little, unlike object_side(). */
void object_weight(const struct object *o, double *bytes, double *wait_ns);
void object_errors(const struct object *o, enum ipc_op op, enum span span, struct error_sum *sum);
bool object_hist(const struct object *o, enum ipc_op op, enum ipc_hist_kind kind, enum span span,
		 struct ipc_hist *sum);
bool object_residency(const struct object *o, enum span span, struct ipc_hist *sum);

/* ipc_edge.counters[i], all endpoints and operations. */
bool object_counter(const struct object *o, unsigned i, enum span span, uint64_t *value);

/* The same of one endpoint. */
bool endpoint_counter(const struct endpoint *e, unsigned i, enum span span, uint64_t *value);

/* Words as in the mechanism's fields, now and at the update before; NULL: not known. */
const uint32_t *object_state(const struct object *o);
const uint32_t *object_state_before(const struct object *o);

/* As they were read last, whenever: for words that never change. NULL: never read. */
const uint32_t *object_nature(const struct object *o);

/* One of these words now; of a mechanism's `lasting` ones, as it was read last. false: not known. */
bool object_word(const struct object *o, unsigned i, uint32_t *value);

/* What state words are compared with: at the start of the span; NULL: not known. A new object's are all 0. */
const uint32_t *object_base_state(const struct object *o, enum span span);

/* mechanism.advance, at 64 bits. */
bool object_advance(const struct object *o, enum span span, uint64_t *value);

void object_room(const struct object *o, struct mech_room *room);

bool object_created(const struct object *o, bool *created);	/* while we watched */
bool object_destroyed(const struct object *o, bool *destroyed);
bool object_preexisting(const struct object *o);

/* Bytes inside when counting began: 0 for an object that was created since. */
bool object_base_bytes(const struct object *o, uint64_t *bytes);
/* Bytes inside now, as read from the object itself after its last operation. */
bool object_inside_bytes(const struct object *o, uint64_t *bytes);
/* Bytes inside now: as read, or else base + in - out, when nothing of that was missed. */
bool object_depth_bytes(const struct object *o, uint64_t *bytes);
/* base + in - out - discarded - inside: 0, or some operation was not seen. */
bool object_balance(const struct object *o, int64_t *bytes);

/* Has nothing happened to it since the last pass sampled it? What only a pass finds is right then. */
bool object_sample_is_new(const struct object *o);

/* File descriptors inside, and for how long at least some have been while nothing at all was received, ns. */
bool object_descriptors(const struct object *o, uint32_t *cnt, uint64_t *since_ns);

/* Nanoseconds of the span in which the object existed; at least 1. */
uint64_t object_span_ns(const struct object *o, enum span span);

/* Senders' or receivers' part of the span spent waiting, 0 to 1: per endpoint that did or does something. */
bool object_wait_share(const struct object *o, enum ipc_op op, enum span span, double *share);

/* New, used, waited on, created or destroyed in the span. */
bool object_active(const struct object *o, enum span span);

/* Did losses leave its figures short? */
bool object_exact(const struct object *o);

#endif
