/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Messages of an object by a number that each has: a priority, a type. PROFILE_DETAIL. */
#ifndef PART_BPF_H
#define PART_BPF_H

static struct ipc_part zero_part;

static __attribute__((noinline)) int part_count(const struct ipc_object_id *obj, __u64 number, bool sent)
{
	struct ipc_part_key key = {};
	struct ipc_part *part;

	if (!obj)
		return 0;
	key.obj = *obj;
	key.part = number;
	part = bpf_map_lookup_elem(&parts, &key);
	if (!part) {
		map_create(&parts, &key, &zero_part);
		part = bpf_map_lookup_elem(&parts, &key);
	}
	if (part)
		add(sent ? &part->sends : &part->recvs, 1);
	return 0;
}

#endif
