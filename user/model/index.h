/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Items by key, 24 bytes each: for the tens of thousands of objects, endpoints
 * and wakeups. (uthash, used for the few, takes 56 in every item.)
 */
#ifndef MODEL_INDEX_H
#define MODEL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index {
	void **items; /* open addressing; NULL: free */
	uint32_t *hashes;
	size_t cap; /* a power of two, or 0 */
	size_t cnt;
};

typedef bool index_match_fn(const void *item, const void *key);

uint32_t index_hash(const void *key, size_t size);

/* NULL: not there. */
void *index_find(const struct index *x, uint32_t hash, index_match_fn *match, const void *key);

/* The item must not be there yet, or be there, respectively. */
void index_add(struct index *x, uint32_t hash, void *item);
void index_remove(struct index *x, uint32_t hash, const void *item);

void index_free(struct index *x);

#endif
