/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bounded series: of objects, and of groups of processes, the busiest few by
 * themselves and all others together. Who is shown counts from then on, and what it
 * does while it is not shown goes to the others: so that rates always add up to the
 * whole, though levels need not. It makes way when it has been quiet for long, or
 * when another is much busier.
 */
#ifndef EXPORT_TOP_H
#define EXPORT_TOP_H

#include "graph/actor.h"
#include "model/model.h"

#define TOP_NAME_LEN 256
#define TOP_OTHER "other" /* the name of all others; a group of this name is one of them */

struct top_sums {
	uint64_t ops, bytes, wait_ns;
};

/* By mechanism and operation. */
struct top_counts {
	struct top_sums of[MECH_MAX][OP_MAX];
};

struct top_slot {
	bool used;
	char name[TOP_NAME_LEN]; /* raw bytes: of a group, or an object's id */
	struct ipc_object_id id; /* of an object */
	double score;		 /* what it did of late */
	struct top_counts counts; /* while it was shown */
};

struct top {
	struct top_slot *slots;
	unsigned cnt; /* slots that there are */
	struct top_counts others;
};

void top_init(struct top *t, unsigned cnt);
void top_free(struct top *t);

/* After each model_update(): what the interval brought. */
void top_objects(struct top *t, const struct model *m);
void top_groups(struct top *t, const struct model *m, enum actor_kind by);

#endif
