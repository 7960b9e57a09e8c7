/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Allocation that cannot fail: without memory there is nothing left to report. */
#ifndef MODEL_ALLOC_H
#define MODEL_ALLOC_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/cache.h"

static inline void *must_have(void *memory)
{
	if (!memory) {
		fputs("ipctrace: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

/* cnt zeroed elements; never NULL. */
static inline void *xcalloc(size_t cnt, size_t size)
{
	return must_have(calloc(cnt ? cnt : 1, size));
}

/* Zeroed, from the beginning of a cache line on; never NULL. */
static inline void *xlines(size_t size)
{
	size_t whole = (size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	void *memory = must_have(aligned_alloc(CACHE_LINE, whole));

	return memset(memory, 0, whole);
}

static inline void *xreallocarray(void *memory, size_t cnt, size_t size)
{
	return must_have(reallocarray(memory, cnt ? cnt : 1, size));
}

static inline char *xstrdup(const char *s)
{
	return must_have(strdup(s));
}

#endif
