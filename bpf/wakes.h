/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where wakeups are counted: an entry of the hash `wakes` for each pair on an object, and, at a third of the cost, a
 * row of `wake_rows` for the first pair that found its row free. The count of a pair is the sum of both. Part of
 * ipctrace.h.
 */
#ifndef IPC_WAKES_H
#define IPC_WAKES_H

struct ipc_wake_key {
	__u64 id;
	__u32 domain;
	__u16 mech;
	__u16 waker_kind; /* enum ipc_waker */
	__u32 waker;	  /* tgid; 0 for an interrupt or a timer */
	__u32 waker_start;
	__u32 wakee;
	__u32 wakee_start;
};

struct ipc_wake_row {
	union {
		struct ipc_wake_key key; /* mech 0: of nobody, or about to be somebody's */
		__u64 words[4]; /* the same, for comparing */
	};
	__u64 count;
	__u32 claims; /* 1: it is somebody's. More: others look whether they may have it */
	__u32 pad;
};

/* The row of a key, by its words. mask: rows - 1 */
static inline __attribute__((always_inline)) __u32 ipc_wake_slot(const __u64 *words, __u32 mask)
{
	return ((words[0] + (words[2] << 20)) * 0x9E3779B97F4A7C15ull ^ (words[1] + words[3]) * 0xD6E8FEB86659FD93ull) >> 40 & mask;
}

#endif
