/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Objects as types, where the kernel has no better, see has_kept_pointers(): by a hash of their number. Whoever has one at
 * hand puts it there, and whoever reads compares addresses: a place may be another object's.
 */
#ifndef KEPT_POINTERS_BPF_H
#define KEPT_POINTERS_BPF_H

/*
 * The map NAME of pointers to this structure, which user space gives its size (programs_set.c), and
 *   NAME_keep(object, id)
 *   NAME_find(address, id)     the one with this address; NULL: it is not there
 */
#define KEPT_POINTERS(name, structure)                                                                      \
	struct name##_place {                                                                               \
		struct structure *object;                                                                   \
	};                                                                                                  \
	IPC_MAP(name, BPF_MAP_TYPE_ARRAY, __u32, struct name##_place, 1);                                   \
                                                                                                            \
	static __always_inline struct name##_place *name##_at(__u32 id)                                     \
	{                                                                                                   \
		__u32 at = id * 0x9E3779B1u >> (32 - IPC_KEPT_POINTERS_BITS);                               \
                                                                                                            \
		return bpf_map_lookup_elem(&name, &at);                                                     \
	}                                                                                                   \
                                                                                                            \
	static __always_inline void name##_keep(struct structure *object, __u32 id)                         \
	{                                                                                                   \
		struct name##_place *place = has_kept_pointers() ? name##_at(id) : NULL;                    \
                                                                                                            \
		if (place)                                                                                  \
			*(struct structure * volatile *)&place->object = object;                            \
	}                                                                                                   \
                                                                                                            \
	static __always_inline struct structure *name##_find(__u64 address, __u32 id)                       \
	{                                                                                                   \
		struct name##_place *place = has_kept_pointers() ? name##_at(id) : NULL;                    \
		struct structure *object = place ? *(struct structure * volatile *)&place->object : NULL;   \
                                                                                                            \
		return object && (__u64)object == address ? object : NULL;                                  \
	}

#endif
