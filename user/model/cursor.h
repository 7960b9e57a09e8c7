/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finds the item of a row without hashing: a map is read in the same order every
 * time, save for what came and went, so a row's item is most likely the one that
 * followed the previous row's item last time.
 */
#ifndef MODEL_CURSOR_H
#define MODEL_CURSOR_H

#include <stddef.h>
#include <stdint.h>

#define CURSOR_NO_ROW UINT32_MAX

struct cursor {
	void **last, **now; /* items by row, of the last reading and of this one */
	size_t last_cnt, last_cap, cnt, cap, at;
};

/* Before a reading. */
void cursor_begin(struct cursor *c);

/* The item that this row is likely to be, NULL when there is none. The caller compares keys. */
static inline void *cursor_guess(const struct cursor *c)
{
	return c->at < c->last_cnt ? c->last[c->at] : NULL;
}

/* What is likely to follow in n rows, for fetching it ahead; NULL: nothing. */
static inline void *cursor_ahead(const struct cursor *c, size_t n)
{
	return c->at + n < c->last_cnt ? c->last[c->at + n] : NULL;
}

/* This row is `item`; *row is the item's own note of its row, CURSOR_NO_ROW when it is new. */
void cursor_take(struct cursor *c, void *item, uint32_t *row);

void cursor_free(struct cursor *c);

#endif
