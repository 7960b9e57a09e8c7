/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The clock of every time in maps, events and snapshots: bpf_ktime_get_ns(). */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC, ns. */
static inline uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

#endif
