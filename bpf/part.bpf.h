/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an object consists of, or what went through it, by number: a priority, a semaphore. PROFILE_DETAIL. */
#ifndef PART_BPF_H
#define PART_BPF_H

static struct ipc_part zero_part;

static __always_inline struct ipc_part *part_of(const struct ipc_object_id *obj, __u64 number)
{
	struct ipc_part_key key = {};
	struct ipc_part *part;

	key.obj = *obj;
	key.part = number;
	part = bpf_map_lookup_elem(&parts, &key);
	if (part)
		return part;
	map_create(&parts, &key, &zero_part);
	return bpf_map_lookup_elem(&parts, &key);
}

static __attribute__((noinline, unused)) int part_count(const struct ipc_object_id *obj, __u64 number, bool sent)
{
	struct ipc_part *part = obj ? part_of(obj, number) : NULL;

	if (part)
		add(sent ? &part->sends : &part->recvs, 1);
	return 0;
}

#endif
