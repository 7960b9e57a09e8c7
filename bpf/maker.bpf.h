/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Objects whose kernel number is given to the next one as soon as it is free: the
 * process that made one tells it from the others that had its number before.
 */
#ifndef MAKER_BPF_H
#define MAKER_BPF_H

static __always_inline __u64 maker_key(__u16 mech, __u32 number)
{
	return (__u64)mech << 32 | number;
}

/* 0: it was there before us. */
static __always_inline __u32 maker_of(__u16 mech, __u32 number)
{
	__u64 key = maker_key(mech, number);
	__u32 *maker = bpf_map_lookup_elem(&makers, &key);

	return maker ? *maker : 0;
}

/* The current process makes it. */
static __always_inline __u32 note_maker(__u16 mech, __u32 number)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__u64 key = maker_key(mech, number);

	if (bpf_map_update_elem(&makers, &key, &tgid, BPF_ANY))
		lose(LOSS_MAP_FULL);
	return tgid;
}

static __always_inline void forget_maker(__u16 mech, __u32 number)
{
	__u64 key = maker_key(mech, number);

	bpf_map_delete_elem(&makers, &key);
}

#endif
