// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "model/alloc.h"
#include "view/select.h"

/* Does a stand before b? Unknown values come last, equal ones in the order they were first seen. */
static int order(const struct selection *s, const struct candidate *a, const struct candidate *b)
{
	int cmp = 0;

	if (a->known != b->known)
		return a->known ? -1 : 1;
	if (a->number != b->number)
		cmp = a->number < b->number ? -1 : 1;
	else if (a->other != b->other)
		cmp = a->other < b->other ? -1 : 1;
	else if (s->column && s->column->unit == UNIT_NONE)
		cmp = strverscmp(a->text, b->text);
	if (cmp)
		return cmp * s->direction;
	if (a->object->first_tick != b->object->first_tick)
		return a->object->first_tick < b->object->first_tick ? -1 : 1;
	if (a->object->id.id != b->object->id.id)
		return a->object->id.id < b->object->id.id ? -1 : 1;
	return 0;
}

static void weigh(const struct selection *s, struct candidate *c, enum span span)
{
	struct value value;
	struct row row;

	c->number = c->other = 0;
	c->text[0] = '\0';
	c->known = true;
	if (!s->column && span == SPAN_INTERVAL) {
		object_weight(c->object, &c->number, &c->other);
		return;
	}
	row_init(&row, c->object, span);
	if (!s->column) {
		const struct side *send = row_side(&row, OP_SEND), *recv = row_side(&row, OP_RECV);

		c->number = send->bytes + recv->bytes;
		c->other = send->wait_ns + recv->wait_ns;
		return;
	}
	c->known = column_value(s->column, &row, &value);
	if (!c->known)
		return;
	if (value.type == VALUE_NUMBER)
		c->number = value.number;
	else if (value.type == VALUE_FRACTION)
		c->number = value.other ? value.number / value.other : 0;
	else
		snprintf(c->text, sizeof(c->text), "%s", value.text);
}

static int order_qsort(const void *a, const void *b, void *s)
{
	return order(s, a, b);
}

/* A heap with the last of those kept on top: what comes before it takes its place. */
static void sift_down(struct selection *s)
{
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;
		struct candidate tmp;

		if (child >= s->cnt)
			return;
		if (child + 1 < s->cnt && order(s, &s->best[child + 1], &s->best[child]) > 0)
			child++;
		if (order(s, &s->best[child], &s->best[at]) <= 0)
			return;
		tmp = s->best[at];
		s->best[at] = s->best[child];
		s->best[child] = tmp;
		at = child;
	}
}

static void sift_up(struct selection *s)
{
	size_t at = s->cnt - 1;

	while (at) {
		size_t parent = (at - 1) / 2;
		struct candidate tmp;

		if (order(s, &s->best[at], &s->best[parent]) <= 0)
			return;
		tmp = s->best[at];
		s->best[at] = s->best[parent];
		s->best[parent] = tmp;
		at = parent;
	}
}

void selection_begin(struct selection *s, const struct column *column, int direction, size_t max)
{
	s->column = column;
	s->direction = direction;
	if (!direction)
		s->direction = column && column->order == COLUMN_RISING ? 1 : -1;
	s->max = max;
	s->cnt = 0;
}

void selection_offer(struct selection *s, const struct object *o, enum span span)
{
	struct candidate c = { .object = o };

	if (!s->max)
		return;
	weigh(s, &c, span);
	if (s->cnt == s->max) {
		if (order(s, &c, &s->best[0]) >= 0)
			return;
		s->best[0] = c;
		sift_down(s);
		return;
	}
	if (s->cnt == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 64;
		s->best = xreallocarray(s->best, s->cap, sizeof(*s->best));
		s->objects = xreallocarray(s->objects, s->cap, sizeof(*s->objects));
	}
	s->best[s->cnt++] = c;
	sift_up(s);
}

void selection_end(struct selection *s)
{
	if (s->cnt > 1)
		qsort_r(s->best, s->cnt, sizeof(*s->best), order_qsort, s);
	for (size_t i = 0; i < s->cnt; i++)
		s->objects[i] = s->best[i].object;
}

void selection_free(struct selection *s)
{
	free(s->best);
	free(s->objects);
}
