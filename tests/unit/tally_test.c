// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counters kept sparsely, and the index: both against the obvious implementation. */
#include "model/alloc.h"
#include "model/index.h"
#include "model/tally.h"
#include "tap.h"

#define WORDS 49

static void check_by_hand(void)
{
	__u64 total[4] = { 0 }, interval[4] = { 0 }, sum[4] = { 0 };
	struct tally t = { 0 };

	ok(!tally_update(&t, (const __u64[]){ 0, 0, 0, 0 }, 4, total, interval), "nothing, nothing changed");
	ok(!t.words, "zeros take no memory");
	ok(tally_update(&t, (const __u64[]){ 0, 7, 0, 5 }, 4, total, interval), "two words appear");
	is_int(tally_get(&t, 1, SPAN_INTERVAL), 7, "all of it is of this interval");
	ok(tally_update(&t, (const __u64[]){ 3, 7, 0, 9 }, 4, total, interval), "a third one, before them");
	is_int(tally_get(&t, 0, SPAN_TOTAL), 3, "word 0");
	is_int(tally_get(&t, 1, SPAN_TOTAL), 7, "word 1");
	is_int(tally_get(&t, 1, SPAN_INTERVAL), 0, "word 1 stood still");
	is_int(tally_get(&t, 2, SPAN_TOTAL), 0, "word 2 was never anything");
	is_int(tally_get(&t, 3, SPAN_INTERVAL), 4, "word 3 grew");
	is_int(total[3], 9, "the total grew by what was read");
	tally_update(&t, (const __u64[]){ 3, 6, 0, 9 }, 4, total, interval);
	is_int(tally_get(&t, 1, SPAN_INTERVAL), 0, "a word that falls counts nothing in the interval");
	is_int(tally_get(&t, 1, SPAN_TOTAL), 6, "and is what it is");
	is_int(total[1], 6, "the total falls with it");
	tally_sum(&t, SPAN_TOTAL, sum);
	tally_sum(&t, SPAN_TOTAL, sum);
	ok(sum[0] == 6 && sum[1] == 12 && !sum[2] && sum[3] == 18, "sums add");
	tally_free(&t);
}

static void check_fold(void)
{
	__u64 total[4] = { 0 }, interval[4] = { 0 };
	struct tally to = { 0 }, from = { 0 };

	tally_update(&to, (const __u64[]){ 0, 5, 0, 0 }, 4, total, interval);
	tally_update(&to, (const __u64[]){ 0, 8, 0, 0 }, 4, total, interval);
	tally_update(&from, (const __u64[]){ 2, 7, 0, 11 }, 4, total, interval);
	tally_fold(&to, &from);
	is_int(tally_get(&to, 0, SPAN_TOTAL), 2, "a word that only the other had");
	is_int(tally_get(&to, 1, SPAN_TOTAL), 15, "one that both had");
	is_int(tally_get(&to, 3, SPAN_TOTAL), 11, "one behind it");
	is_int(tally_get(&to, 1, SPAN_INTERVAL), 3, "the interval stays what it was");
	is_int(tally_get(&to, 3, SPAN_INTERVAL), 0, "and is nothing where there was none");
	is_int(total[1], 15, "in the totals it is already");
	tally_free(&to);
	tally_free(&from);
}

static void check_random(void)
{
	__u64 total[WORDS] = { 0 }, interval[WORDS], now[WORDS] = { 0 }, before[WORDS];
	struct tally t = { 0 };
	bool same = true;

	srand(23);
	for (unsigned round = 0; round < 1009; round++) {
		memcpy(before, now, sizeof(now));
		memset(interval, 0, sizeof(interval));
		for (unsigned i = 0; i < WORDS; i++)
			if (rand() % 8 == 0)
				now[i] += rand();
		tally_update(&t, now, WORDS, total, interval);
		for (unsigned i = 0; i < WORDS; i++)
			same &= tally_get(&t, i, SPAN_TOTAL) == now[i] && total[i] == now[i] &&
				tally_get(&t, i, SPAN_INTERVAL) == now[i] - before[i] && interval[i] == now[i] - before[i];
	}
	ok(same, "1009 random updates of %u words", WORDS);
	tally_free(&t);
}

static bool same_key(const void *item, const void *key)
{
	return *(const uint32_t *)item == *(const uint32_t *)key;
}

/* A hash as bad as this one makes long runs, with and without holes. */
static uint32_t bad_hash(uint32_t key)
{
	return key % 61;
}

static void check_index(void)
{
	static uint32_t keys[2003];
	static bool there[2003];
	struct index x = { 0 };
	bool right = true;
	size_t cnt = 0;

	for (uint32_t i = 0; i < 2003; i++)
		keys[i] = i;
	for (unsigned round = 0; round < 30011; round++) {
		uint32_t i = rand() % 2003;

		if (there[i])
			index_remove(&x, bad_hash(i), &keys[i]);
		else
			index_add(&x, bad_hash(i), &keys[i]);
		there[i] = !there[i];
		cnt += there[i] ? 1 : -1;
		i = rand() % 2003;
		right &= index_find(&x, bad_hash(i), same_key, &i) == (there[i] ? &keys[i] : NULL) && x.cnt == cnt;
	}
	for (uint32_t i = 0; i < 2003; i++)
		right &= index_find(&x, bad_hash(i), same_key, &i) == (there[i] ? &keys[i] : NULL);
	ok(right, "30011 random additions to and removals from the index");
	index_free(&x);
	ok(!index_find(&x, 1, same_key, &keys[0]), "nothing is found in an empty one");
	ok(index_hash("12345678", 8) != index_hash("12345679", 8), "hashes differ");
}

int main(void)
{
	check_by_hand();
	check_fold();
	check_random();
	check_index();
	return done_testing();
}
