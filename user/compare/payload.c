// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "compare/payload.h"

#include <string.h>

#define PLACE_BITS 24 /* words of the longest message */
#define SPREAD 0x9e3779b97f4a7c15ull	/* odd: a product has one origin */
#define UNSPREAD 0xf1de83e19937733dull	/* SPREAD * UNSPREAD = 1 modulo 2^64 */

_Static_assert(SPREAD * UNSPREAD == 1, "each undoes the other");
_Static_assert(PAYLOAD_MAX / 8 <= 1u << PLACE_BITS, "every word has a place");

static uint64_t first_word(uint64_t seq, size_t offset)
{
	return (seq << PLACE_BITS | offset / 8) * SPREAD;
}

void payload_make(char *buf, size_t size, uint64_t seq)
{
	uint64_t word = first_word(seq, 0);
	size_t i;

	for (i = 0; i + 8 <= size; i += 8, word += SPREAD)
		memcpy(buf + i, &word, 8);
	memcpy(buf + i, &word, size - i);
}

bool payload_part_right(const char *buf, size_t n, uint64_t seq, size_t offset)
{
	uint64_t word = first_word(seq, offset), wrong = 0, found;
	size_t i;

	for (i = 0; i + 8 <= n; i += 8, word += SPREAD) {
		memcpy(&found, buf + i, 8);
		wrong |= found ^ word;
	}
	return !wrong && memcmp(buf + i, &word, n - i) == 0;
}

bool payload_right(const char *buf, size_t size, uint64_t seq)
{
	return payload_part_right(buf, size, seq, 0);
}

void payload_where(const char *buf, uint64_t *seq, size_t *offset)
{
	uint64_t word;

	memcpy(&word, buf, 8);
	word *= UNSPREAD;
	*seq = word >> PLACE_BITS;
	*offset = (word & ((1u << PLACE_BITS) - 1)) * 8;
}
