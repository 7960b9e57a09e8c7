/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who made whom runnable out of a wait on an object, and how often. */
#ifndef MODEL_WAKE_H
#define MODEL_WAKE_H

#include <stddef.h>
#include <stdint.h>

#include "ipctrace.h"
#include "model/span.h"

struct model;
struct object;
struct snapshot;

struct wake {
	struct ipc_wake_key key;
	struct object *object;
	struct wake *next; /* of the same object */
	uint64_t now, before;
	uint32_t tick, row;
};

void wakes_update(struct model *m, const struct snapshot *s);
uint64_t wake_count(const struct model *m, const struct wake *w, enum span span);

/* "task", "interrupt", "timer", "signal", "removal" */
const char *waker_name(enum ipc_waker kind);

/* The pairs with the most wakeups over the span, most first; returns how many, at most max. */
size_t wakes_top(const struct model *m, enum ipc_mech mech, enum span span, const struct wake **top, size_t max);

/* Adds cnt, of earlier updates, to the pair of this key on o. */
void wake_fold(struct model *m, struct object *o, const struct ipc_wake_key *key, uint64_t cnt);

void wake_unlink(struct model *m, struct wake *w); /* it can no longer be found */
void wakes_free_of(struct object *o);		   /* all of them unlinked */

#endif
