/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What messages are made of: every 8 bytes tell which message and which place in
 * it they are of, so that whatever is changed, lost, doubled or out of order is
 * seen, and a part that arrives alone is known.
 */
#ifndef COMPARE_PAYLOAD_H
#define COMPARE_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAYLOAD_MIN 8u		/* bytes of a message */
#define PAYLOAD_MAX (64u << 20)

/* Fills buf, 8-byte aligned, with message seq. */
void payload_make(char *buf, size_t size, uint64_t seq);

/* Is it message seq, every byte of it? */
bool payload_right(const char *buf, size_t size, uint64_t seq);

/* The same of n bytes that belong at `offset`, a multiple of 8. */
bool payload_part_right(const char *buf, size_t n, uint64_t seq, size_t offset);

/* Which message a part is of, and its offset there in bytes, by its first 8 bytes. */
void payload_where(const char *buf, uint64_t *seq, size_t *offset);

#endif
