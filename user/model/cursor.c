// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/cursor.h"
#include "model/alloc.h"

void cursor_begin(struct cursor *c)
{
	void **items = c->last;
	size_t cap = c->last_cap;

	c->last = c->now;
	c->last_cnt = c->cnt;
	c->last_cap = c->cap;
	c->now = items;
	c->cap = cap;
	c->cnt = 0;
	c->at = 0;
}

void cursor_take(struct cursor *c, void *item, uint32_t *row)
{
	if (c->cnt == c->cap) {
		c->cap = c->cap ? c->cap + c->cap / 2 : 64;
		c->now = xreallocarray(c->now, c->cap, sizeof(*c->now));
	}
	if (*row != CURSOR_NO_ROW)
		c->at = *row + 1;
	*row = c->cnt;
	c->now[c->cnt++] = item;
}

void cursor_free(struct cursor *c)
{
	free(c->last);
	free(c->now);
	*c = (struct cursor){ 0 };
}
