/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * "did you mean": the optimal string alignment distance (insert, delete, replace,
 * swap neighbours), case ignored.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "cli_table.h"

#define WORD_MAX 32

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Both are shorter than WORD_MAX. */
static unsigned distance_between(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1,
				      above[j - 1] + !same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				row[j] = min3(row[j], before[j - 2] + 1, row[j]);
		}

		unsigned *oldest = before;

		before = above;
		above = row;
		row = oldest;
	}
	return above[b_len];
}

void cli_guess__try(struct cli_guess *guess, const char *name)
{
	size_t word_len = strlen(guess->word), name_len = strlen(name);
	unsigned distance;

	if (word_len < 2 || word_len >= WORD_MAX || name_len >= WORD_MAX)
		return;
	if (strncasecmp(guess->word, name, word_len) == 0)
		distance = 1;
	else
		distance = distance_between(guess->word, word_len, name, name_len);

	/* further away, another word was meant */
	if (distance > 1 + word_len / 4 || distance >= word_len)
		return;
	if (!guess->best || distance < guess->distance) {
		guess->best = name;
		guess->distance = distance;
	}
}

int cli_refuse_unknown(const char *kind, const char *dashes, const struct cli_guess *guess)
{
	if (guess->best)
		return cli_refuse(NULL, "unknown %s '%s%s', did you mean '%s%s'?", kind, dashes, guess->word, dashes,
				  guess->best);
	return cli_refuse(NULL, "unknown %s '%s%s'", kind, dashes, guess->word);
}
