/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Up to 64 counters, each as it was read last and the time before. Only those
 * that were ever non-zero are kept: of the 30 words of an edge a writer needs
 * about 8, and 20,000 edges in 32 MiB leave no room for the zeros.
 */
#ifndef MODEL_TALLY_H
#define MODEL_TALLY_H

#include <linux/types.h>
#include <stdint.h>

#include "model/span.h"

struct tally_word {
	uint64_t now, before;
};

struct tally {
	uint64_t mask; /* bit i: word i is kept; words in the order of their bits */
	struct tally_word *words;
};

/*
 * Takes a new reading of cnt words. What each word grew by is added to total[i]
 * and interval[i] (modulo 2^64: a reading that fell subtracts). Returns whether
 * any word changed.
 */
int tally_update(struct tally *t, const __u64 *now, unsigned cnt, __u64 *total, __u64 *interval);

/* Adds every word's value over the span to sum[i]. A word that fell counts 0 in the interval. */
void tally_sum(const struct tally *t, enum span span, __u64 *sum);

uint64_t tally_get(const struct tally *t, unsigned i, enum span span);

/* Adds what `from` counted to `to`, as if `to` had always had it: its interval stays what it was. */
void tally_fold(struct tally *to, const struct tally *from);

void tally_free(struct tally *t);

#endif
