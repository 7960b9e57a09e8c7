/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The shared maps, declared once. Every object file gets the same set: user
 * space creates them with the first object and hands their descriptors to the
 * others, by name. Sizes given here are the smallest; user space raises them.
 *
 * Hashes are preallocated: kernels before 6.1 warn about a tracing program that
 * allocates. Nothing is LRU: an evicted counter would be a silent loss.
 */
#ifndef MAPS_BPF_H
#define MAPS_BPF_H

#define IPC_MAP(map, map_type, key_type, value_type, entries) \
	struct {                                              \
		__uint(type, map_type);                       \
		__uint(max_entries, entries);                 \
		__type(key, key_type);                        \
		__type(value, value_type);                    \
	} map SEC(".maps")

/* An array that user space maps instead of copying it. */
#define IPC_TABLE(map, value_type)                 \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);  \
		__uint(map_flags, BPF_F_MMAPABLE); \
		__uint(max_entries, 1);            \
		__type(key, __u32);                \
		__type(value, value_type);         \
	} map SEC(".maps")

/*
 * An array that programs address directly, at half the cost of a look-up: shared as the maps are, and as long as user
 * space makes it; `most` entries are what may be. Its user sees to it that the index is below what there is.
 */
#define IPC_ARRAY(array, entry_type, most) entry_type array[most] SEC(".bss." #array)

/* figures, read by user space */
IPC_TABLE(rows, struct ipc_row); /* the figures of edges */
IPC_MAP(edges, BPF_MAP_TYPE_HASH, struct ipc_edge_key, __u32, 1); /* an edge's row */
IPC_ARRAY(hints, __u32, 1 << IPC_HINT_BITS_MAX); /* rows that were used last, by a hash of the edge's key */
IPC_MAP(objects, BPF_MAP_TYPE_HASH, struct ipc_object_id, struct ipc_object, 1);
IPC_MAP(processes, BPF_MAP_TYPE_HASH, struct ipc_process_key, struct ipc_process, 1);
IPC_MAP(errors, BPF_MAP_TYPE_HASH, struct ipc_error_key, __u64, 1);
IPC_MAP(wakes, BPF_MAP_TYPE_HASH, struct ipc_wake_key, __u64, 1);
IPC_TABLE(wake_rows, struct ipc_wake_row); /* the rest of most counts of `wakes` */
IPC_MAP(hists, BPF_MAP_TYPE_HASH, struct ipc_edge_key, struct ipc_edge_hists, 1);
IPC_MAP(residency, BPF_MAP_TYPE_HASH, struct ipc_object_id, struct ipc_residency, 1);
IPC_MAP(parts, BPF_MAP_TYPE_HASH, struct ipc_part_key, struct ipc_part, 1);
IPC_MAP(makers, BPF_MAP_TYPE_HASH, __u64, __u32, 1); /* who made the object that has this number now */
IPC_MAP(stamps, BPF_MAP_TYPE_HASH, __u64, __u64, 1); /* when a message came to be, by its address */
IPC_MAP(names, BPF_MAP_TYPE_HASH, struct ipc_object_id, struct ipc_name, 1);
IPC_MAP(aliases, BPF_MAP_TYPE_HASH, __u64, struct ipc_alias, 1);
IPC_MAP(losses, BPF_MAP_TYPE_ARRAY, __u32, __u64, LOSS_MAX);
IPC_MAP(control_values, BPF_MAP_TYPE_ARRAY, __u32, __u64, CONTROL_MAX);

/* which object it was that something in the kernel was told to belong to, by a hash of its address */
IPC_ARRAY(known_objects, struct ipc_known, 1 << IPC_KNOWN_BITS_MAX); /* known.bpf.h */
IPC_ARRAY(known_slots, __u64, 1 << IPC_KNOWN_BITS_MAX); /* left_out.bpf.h */
IPC_ARRAY(known_pairs, __u64, 1 << IPC_KNOWN_BITS_MAX); /* unix_pair.bpf.h: by inode */
IPC_ARRAY(known_ends, struct ipc_known_end, 1 << IPC_KNOWN_BITS_MAX); /* inet_known.bpf.h */
/* those whose place another one has; no loss when one goes, and some are of sockets that nobody saw go */
IPC_MAP(displaced_ends, BPF_MAP_TYPE_LRU_HASH, __u64, struct ipc_known_end, 1);

/* operations in progress: by CPU while they run, by TID while they do not, see struct ipc_kept */
IPC_ARRAY(running, struct ipc_run, IPC_CPUS_MAX);
IPC_MAP(sleepers, BPF_MAP_TYPE_HASH, __u32, struct ipc_run, 1);
IPC_TABLE(kept, struct ipc_kept);

/* PROFILE_STACKS, see stacks.bpf.h */
IPC_MAP(stacks, BPF_MAP_TYPE_STACK_TRACE, __u32, struct ipc_stack, 1);
IPC_MAP(stack_sleeps, BPF_MAP_TYPE_HASH, __u32, struct ipc_stack_sleep, 1); /* by TID */
IPC_MAP(stack_waits, BPF_MAP_TYPE_HASH, struct ipc_stack_key, struct ipc_stack_sum, 1);

/* byte tables that answer "certainly not" without a hash look-up */
IPC_MAP(wanted, BPF_MAP_TYPE_ARRAY, __u32, __u32, 1 << IPC_CLASS_BITS);
IPC_MAP(classes, BPF_MAP_TYPE_ARRAY, __u32, __u8, 1);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

/* rows that no edge has: user space fills it before anything is hooked */
struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 1);
	__type(value, __u32);
} free_rows SEC(".maps");

#endif
