/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Most of the time of an update is waiting for memory: what comes next is fetched meanwhile. */
#ifndef MODEL_CACHE_H
#define MODEL_CACHE_H

#include <stddef.h>

#define CACHE_LINE 64 /* bytes, of most machines; where it is another, only speed depends on it */

/* All lines of these bytes; at may be any address. */
static inline void fetch(const void *at, size_t bytes)
{
	const char *p = at;

	for (size_t i = 0; i < bytes; i += CACHE_LINE)
		__builtin_prefetch(p + i);
	__builtin_prefetch(p + bytes - 1);
}

#endif
