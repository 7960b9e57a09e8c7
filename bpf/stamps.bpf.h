/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long a message sat in its object: stamped by its kernel address when it
 * comes to be, read off when a receiver has it. Whoever frees it without a
 * receiver drops the stamp, so that the next message at this address has none.
 */
#ifndef STAMPS_BPF_H
#define STAMPS_BPF_H

static struct ipc_residency zero_message_residency;

static __always_inline void stamp_message(__u64 message)
{
	__u64 now_ns = bpf_ktime_get_ns();

	if (bpf_map_update_elem(&stamps, &message, &now_ns, BPF_ANY))
		lose(LOSS_MAP_FULL);
}

/* It enters its object only now: its sender slept with it until there was room. */
static __always_inline void restamp_message(__u64 message)
{
	__u64 *then_ns = bpf_map_lookup_elem(&stamps, &message);

	if (then_ns)
		*then_ns = bpf_ktime_get_ns();
}

static __always_inline void drop_stamp(__u64 message)
{
	bpf_map_delete_elem(&stamps, &message);
}

/* A receiver has it. A message from before the start has no stamp. */
static __always_inline void residency_of_message(const struct ipc_object_id *obj, __u64 message)
{
	__u64 *then_ns = bpf_map_lookup_elem(&stamps, &message), now_ns = bpf_ktime_get_ns();
	struct ipc_residency *r = bpf_map_lookup_elem(&residency, obj);

	if (!r) {
		map_create(&residency, obj, &zero_message_residency);
		r = bpf_map_lookup_elem(&residency, obj);
		if (!r)
			return;
	}
	if (then_ns)
		hist_add(&r->hist, now_ns > *then_ns ? now_ns - *then_ns : 0);
	else
		add(&r->unfollowed, 1);
	drop_stamp(message);
}

#endif
