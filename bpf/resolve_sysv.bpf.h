/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System V objects by their ids: every IPC namespace has a table of queues, of
 * semaphore sets and of segments, each an IDR, which is a tree of xa_nodes. It is
 * walked by address, as a reader under RCU would: nothing is locked, so what is
 * found must say itself that it is the one. For the syscall backend, for function
 * hooks that have but an id, and for the pass over what exists already.
 */
#ifndef RESOLVE_SYSV_BPF_H
#define RESOLVE_SYSV_BPF_H

#define SYSV_LEVELS 5 /* of 64 slots: 2^24 objects and some */
#define SYSV_INDEX_BITS 15	    /* of an id; the others count how often the index was used again */
#define SYSV_INDEX_BITS_EXTENDED 24 /* with ipcmni_extend on the kernel's command line */

/* The IPC namespace of the current task, 0: it has left it. */
static __always_inline __u64 sysv_namespace(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return cfg.no_probe_read ? 0 : (__u64)BPF_CORE_READ(task, nsproxy, ipc_ns);
}

/* Its inode number: the domain of its objects. For function hooks: through typed pointers where it can. */
static __always_inline __u32 sysv_domain(void)
{
	if (has_current_task_btf()) {
		return bpf_get_current_task_btf()->nsproxy->ipc_ns->ns.inum;
	} else {
		struct task_struct *task = (void *)bpf_get_current_task();

		return BPF_CORE_READ(task, nsproxy, ipc_ns, ns.inum);
	}
}

/* The number that all know a process by, from the address of its struct pid; 0: there is none. */
static __always_inline __u32 pid_number(__u64 address)
{
	struct pid *pid = (void *)address;
	__u32 number = 0;

	if (is_at())
		return at_address(struct pid, address)->numbers[0].nr;
	if (address)
		probe_read(&number, &pid->numbers[0].nr);
	return number;
}

/* Is it the one of the current task? False, too, where that costs as much as to ask it for its number. */
static __always_inline bool sysv_own_namespace(__u64 ns)
{
	return has_current_task_btf() && ns == (__u64)bpf_get_current_task_btf()->nsproxy->ipc_ns;
}

static __always_inline __u32 sysv_namespace_inode(__u64 ns)
{
	return BPF_CORE_READ((struct ipc_namespace *)ns, ns.inum);
}

/* Root of the table's tree, and the highest index in use (-1: none). */
static __always_inline __u64 sysv_root(__u64 ns, __u32 table, __s32 *max_index)
{
	struct ipc_ids *ids = (void *)ns + bpf_core_field_offset(struct ipc_namespace, ids) +
			      table * bpf_core_type_size(struct ipc_ids);
	__u64 root = 0;

	*max_index = -1;
	if (!probe_read(max_index, &ids->max_idx) || *max_index < 0)
		return 0;
	return probe_read(&root, &ids->ipcs_idr.idr_rt.xa_head) ? root : 0;
}

/* ipcget() serves all tables: is it this one? */
static __always_inline bool sysv_is_table(struct ipc_namespace *ns, struct ipc_ids *ids, __u32 table)
{
	return (__u64)ids == (__u64)ns + bpf_core_field_offset(struct ipc_namespace, ids) +
				     table * bpf_core_type_size(struct ipc_ids);
}

/* What the tree has at index: the address of a kern_ipc_perm, or 0. Global: verified once. */
__attribute__((noinline)) __u64 ipc_sysv_at(__u64 root, __u32 index)
{
	const __u32 bits = bpf_core_field_size(((struct xa_node *)0)->slots) == 64 * sizeof(void *) ? 6 : 4;
	__u64 entry = root;

	for (int level = 0; level < SYSV_LEVELS; level++) {
		struct xa_node *node = (void *)(entry - 2);
		__u8 shift = 0;

		if ((entry & 3) != 2) /* no node */
			return (entry & 3) || (!level && index) ? 0 : entry;
		if (!probe_read(&shift, &node->shift))
			return 0;
		shift &= 31;
		if (!level && index >> shift >> bits)
			return 0;
		if (!probe_read(&entry, (void *)node + bpf_core_field_offset(struct xa_node, slots) +
						((index >> shift) & ((1u << bits) - 1)) * sizeof(void *)))
			return 0;
	}
	return entry & 3 ? 0 : entry;
}

/* The kern_ipc_perm of this id in the namespace, or 0: there is no such object (any more). */
static __always_inline __u64 sysv_find(__u64 ns, __u32 table, __s32 id)
{
	__s32 max_index, found = -1;
	__u64 root, perm;

	if (!ns || id < 0)
		return 0;
	root = sysv_root(ns, table, &max_index);
	if (!root)
		return 0;
	perm = ipc_sysv_at(root, id & ((1u << SYSV_INDEX_BITS) - 1));
	if (perm && probe_read(&found, &((struct kern_ipc_perm *)perm)->id) && found == id)
		return perm;
	perm = ipc_sysv_at(root, id & ((1u << SYSV_INDEX_BITS_EXTENDED) - 1));
	return perm && probe_read(&found, &((struct kern_ipc_perm *)perm)->id) && found == id ? perm : 0;
}

/* "0x0000cafe", the key that an object was made with, as ipcs shows it; IPC_PRIVATE (0) is no name. */
static __attribute__((noinline)) int sysv_name(const struct ipc_object_id *obj, __u32 key)
{
	struct ipc_name *name;

	if (!obj || !key || bpf_map_lookup_elem(&names, obj))
		return 0;
	map_create(&names, obj, &zero_name);
	name = bpf_map_lookup_elem(&names, obj);
	if (!name)
		return 0;
	name->path[1] = 'x';
	for (int i = 0; i < 8; i++) {
		__u32 digit = (key >> (28 - 4 * i)) & 15;

		name->path[2 + i] = digit < 10 ? '0' + digit : 'a' + digit - 10;
	}
	name->path[0] = '0'; /* last: it makes it a name */
	return 0;
}

#endif
