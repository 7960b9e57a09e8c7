/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which objects are shown, in which order: the first n of 10,000 without sorting
 * the rest.
 */
#ifndef VIEW_SELECT_H
#define VIEW_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "column.h"

struct candidate {
	const struct object *object;
	bool known;
	double number, other; /* what is sorted by; with no column: bytes, then time waited */
	char text[64];	      /* of columns of text, cut */
};

struct selection {
	const struct column *column; /* NULL: the usual order */
	int direction;		     /* 1 rising, -1 falling */
	struct candidate *best;
	const struct object **objects; /* the result, in order */
	size_t cnt, cap, max;
};

void selection_begin(struct selection *s, const struct column *column, int direction, size_t max);
void selection_offer(struct selection *s, const struct object *o, enum span span);
void selection_end(struct selection *s); /* fills objects[0..cnt) */
void selection_free(struct selection *s);

#endif
