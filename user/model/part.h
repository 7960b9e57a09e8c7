/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What went through an object, by a number that each message has: its priority, its type. */
#ifndef MODEL_PART_H
#define MODEL_PART_H

#include <stddef.h>
#include <stdint.h>

#include "ipctrace.h"
#include "model/span.h"

struct mech_parts;
struct model;
struct object;
struct snapshot;

#define PART_LABEL_LEN 24

struct part {
	struct ipc_part_key key;
	struct object *object;
	struct part *next; /* of the same object */
	struct ipc_part now, before;
	uint32_t tick;
};

void parts_update(struct model *m, const struct snapshot *s);

/*
 * Those of one kind that there is something to say of in the span, by rising number, in an array
 * that the caller frees. NULL: they were not collected, cannot be seen, or are not known any more.
 */
const struct part **parts_of(const struct object *o, const struct mech_parts *kind, enum span span, size_t *cnt);
void part_counts(const struct model *m, const struct part *p, enum span span, struct ipc_part *counts);

void part_unlink(struct model *m, struct part *p); /* it can no longer be found */
void parts_free_of(struct object *o);		   /* all of them unlinked */

/* The number of one as it is shown: a label of its own, or counted from the kind's first. */
void part_label(const struct mech_parts *kind, const struct part *p, char label[PART_LABEL_LEN]);
/* What the value of its word is called; NULL: it has no name. */
const char *part_word_name(const struct mech_parts *kind, const struct part *p, unsigned word);

#endif
