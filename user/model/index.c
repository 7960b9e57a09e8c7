// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/index.h"
#include "model/alloc.h"

#define SMALLEST 64

uint32_t index_hash(const void *key, size_t size)
{
	const unsigned char *bytes = key;
	uint64_t hash = size;

	while (size >= 8) {
		uint64_t word;

		memcpy(&word, bytes, 8);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
		bytes += 8;
		size -= 8;
	}
	while (size--)
		hash = (hash ^ *bytes++) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29; /* not by 32: that would undo the last round */
}

void *index_find(const struct index *x, uint32_t hash, index_match_fn *match, const void *key)
{
	for (size_t at = hash; x->cap; at++) {
		void *item = x->items[at & (x->cap - 1)];

		if (!item)
			return NULL;
		if (x->hashes[at & (x->cap - 1)] == hash && match(item, key))
			return item;
	}
	return NULL;
}

static void put(struct index *x, uint32_t hash, void *item)
{
	size_t at = hash & (x->cap - 1);

	while (x->items[at])
		at = (at + 1) & (x->cap - 1);
	x->items[at] = item;
	x->hashes[at] = hash;
}

static void grow(struct index *x)
{
	struct index old = *x;

	x->cap = old.cap ? 2 * old.cap : SMALLEST;
	x->items = xcalloc(x->cap, sizeof(*x->items));
	x->hashes = xcalloc(x->cap, sizeof(*x->hashes));
	for (size_t i = 0; i < old.cap; i++)
		if (old.items[i])
			put(x, old.hashes[i], old.items[i]);
	free(old.items);
	free(old.hashes);
}

void index_add(struct index *x, uint32_t hash, void *item)
{
	if (4 * (x->cnt + 1) > 3 * x->cap)
		grow(x);
	put(x, hash, item);
	x->cnt++;
}

/* What follows without a gap moves up, unless it would pass its own place. */
void index_remove(struct index *x, uint32_t hash, const void *item)
{
	size_t mask = x->cap - 1, hole = hash & mask, at;

	while (x->items[hole] != item)
		hole = (hole + 1) & mask;
	for (at = (hole + 1) & mask; x->items[at]; at = (at + 1) & mask) {
		if (((at - x->hashes[at]) & mask) < ((at - hole) & mask))
			continue;
		x->items[hole] = x->items[at];
		x->hashes[hole] = x->hashes[at];
		hole = at;
	}
	x->items[hole] = NULL;
	x->cnt--;
}

void index_free(struct index *x)
{
	free(x->items);
	free(x->hashes);
	*x = (struct index){ 0 };
}
