/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef VIEW_FOLDED_H
#define VIEW_FOLDED_H

#include "view/report.h"

/* text as one frame into buf. */
void folded_frame(char *buf, size_t size, const char *text);

/* The model's stacks, a line for each pair of sleeper and waker that waited in the same functions. */
void folded_stacks(struct report *r);

/* The number behind a stack: microseconds, or how many waits. */
uint64_t folded_number(const struct report *r, uint64_t waits, uint64_t wait_ns);

#endif
