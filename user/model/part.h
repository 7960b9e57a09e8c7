/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What went through an object, by a number that each message has: its priority, its type. */
#ifndef MODEL_PART_H
#define MODEL_PART_H

#include <stddef.h>
#include <stdint.h>

#include "ipctrace.h"
#include "model/span.h"

struct model;
struct object;
struct snapshot;

struct part {
	struct ipc_part_key key;
	struct object *object;
	struct part *next; /* of the same object */
	struct ipc_part now, before;
	uint32_t tick;
};

void parts_update(struct model *m, const struct snapshot *s);

/* Those of an object, by rising number, in an array that the caller frees. */
const struct part **parts_sorted(const struct object *o, size_t *cnt);
void part_counts(const struct model *m, const struct part *p, enum span span, struct ipc_part *counts);

void part_unlink(struct model *m, struct part *p); /* it can no longer be found */
void parts_free_of(struct object *o);		   /* all of them unlinked */

#endif
