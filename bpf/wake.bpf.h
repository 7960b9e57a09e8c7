/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Wakeups, counted for each pair of processes on an object. A look-up in the hash costs 159 instructions (6.1); most
 * pairs have a row of an array, which is theirs until user space forgets the pair.
 */
#ifndef WAKE_BPF_H
#define WAKE_BPF_H

static __u64 no_wakes;

static __always_inline bool wake_row_is(const struct ipc_wake_row *row, const key_word *words)
{
	__u64 named = *(volatile __u64 *)&row->words[1]; /* with the mechanism, which is written last */

	row = pointer_after(named, row);
	return named == words[1] && row->words[0] == words[0] && row->words[2] == words[2] && row->words[3] == words[3];
}

/* Takes the row if it is free: of several that ask at once, at most one gets it. */
static __always_inline void wake_row_take(struct ipc_wake_row *row, const struct ipc_wake_key *key)
{
	if (row->claims)
		return;
	atomic_add_mb(&row->claims, 1);
	if (*(volatile __u32 *)&row->claims != 1) {
		__sync_fetch_and_add(&row->claims, -1);
		return;
	}
	row->key.id = key->id;
	row->words[2] = ((const key_word *)key)[2];
	row->words[3] = ((const key_word *)key)[3];
	smp_wmb(); /* with wake_row_is */
	*(volatile __u64 *)&row->words[1] = ((const key_word *)key)[1];
}

/* The pair has no row: it is counted in the hash, and gets one if it can. */
static __attribute__((noinline)) int wake_far(const struct ipc_wake_key *key, __u32 slot)
{
	struct ipc_wake_row *row;
	__u64 *count;

	if (!key)
		return 0;
	count = bpf_map_lookup_elem(&wakes, key);
	if (!count) {
		map_create(&wakes, key, &no_wakes);
		count = bpf_map_lookup_elem(&wakes, key);
		if (!count)
			return 0;
		if (key->waker && key->waker == (__u32)(bpf_get_current_pid_tgid() >> 32))
			ipc_process_see(key->waker, key->waker_start);
	}
	__sync_fetch_and_add(count, 1);
	row = bpf_map_lookup_elem(&wake_rows, &slot);
	if (!row)
		return 0;
	wake_row_take(row, key);
	if (!bpf_map_lookup_elem(&wakes, key)) /* what is in no entry is not looked for in a row */
		map_create(&wakes, key, &no_wakes);
	return 0;
}

/* One more wakeup of run's process by run->waker, on the object it waits on; an open's is not known yet. */
static __always_inline void count_wake(const struct ipc_run *run, const struct ipc_object_id *obj)
{
	struct ipc_wake_key key;
	key_word *words = (key_word *)&key;
	struct ipc_wake_row *row;
	__u32 slot;

	if (!obj->mech)
		return;
	words[0] = obj->id;
	words[1] = obj->domain | (__u64)obj->mech << 32 | (__u64)run->waker_kind << 48;
	words[2] = run->waker | (__u64)run->waker_start << 32;
	words[3] = run->tgid | (__u64)run->start << 32;
	slot = ipc_wake_slot(words, cfg.wake_mask);
	row = bpf_map_lookup_elem(&wake_rows, &slot);
	if (row && wake_row_is(row, words))
		__sync_fetch_and_add(&row->count, 1);
	else
		wake_far(&key, slot);
}

#endif
