// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/tally.h"
#include "model/alloc.h"

#define GROW 4 /* words are allocated by so many */

static unsigned kept_below(const struct tally *t, unsigned i)
{
	return __builtin_popcountll(t->mask & ((1ull << i) - 1));
}

static void keep(struct tally *t, unsigned i)
{
	unsigned at = kept_below(t, i), cnt = __builtin_popcountll(t->mask);

	if (cnt % GROW == 0)
		t->words = xreallocarray(t->words, cnt + GROW, sizeof(*t->words));
	memmove(&t->words[at + 1], &t->words[at], (cnt - at) * sizeof(*t->words));
	t->words[at] = (struct tally_word){ 0, 0 };
	t->mask |= 1ull << i;
}

int tally_update(struct tally *t, const __u64 *now, unsigned cnt, __u64 *total, __u64 *interval)
{
	unsigned at = 0;
	int changed = 0;

	for (unsigned i = 0; i < cnt; i++) {
		struct tally_word *w;

		if (!(t->mask >> i & 1)) {
			if (!now[i])
				continue;
			keep(t, i);
		}
		w = &t->words[at++];
		w->before = w->now;
		if (now[i] == w->now)
			continue;
		w->now = now[i];
		total[i] += w->now - w->before;
		interval[i] += w->now - w->before;
		changed = 1;
	}
	return changed;
}

static uint64_t value(const struct tally_word *w, enum span span)
{
	if (span == SPAN_TOTAL)
		return w->now;
	return w->now > w->before ? w->now - w->before : 0;
}

void tally_sum(const struct tally *t, enum span span, __u64 *sum)
{
	const struct tally_word *w = t->words;

	for (uint64_t left = t->mask; left; left &= left - 1)
		sum[__builtin_ctzll(left)] += value(w++, span);
}

uint64_t tally_get(const struct tally *t, unsigned i, enum span span)
{
	if (!(t->mask >> i & 1))
		return 0;
	return value(&t->words[kept_below(t, i)], span);
}

void tally_fold(struct tally *to, const struct tally *from)
{
	const struct tally_word *w = from->words;

	for (uint64_t left = from->mask; left; left &= left - 1, w++) {
		unsigned i = __builtin_ctzll(left);
		struct tally_word *sum;

		if (!(to->mask >> i & 1))
			keep(to, i);
		sum = &to->words[kept_below(to, i)];
		sum->now += w->now;
		sum->before += w->now;
	}
}

void tally_free(struct tally *t)
{
	free(t->words);
	*t = (struct tally){ 0, NULL };
}
