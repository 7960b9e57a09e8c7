/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System V objects that exist already: a pass over all tasks (iter/task) meets
 * every IPC namespace that somebody lives in, and walks the namespace's table once.
 * The mechanism defines sysv_found(), which is called for every object, before it
 * includes this.
 */
#ifndef SYSV_FOUND_BPF_H
#define SYSV_FOUND_BPF_H

#define SYSV_BLOCK 64
#define SYSV_BLOCKS 512 /* all of a namespace's 32768, if its limits were not extended */

/* Tables by namespace (inode number) and kind: the pass that was there last. Objects share maps by name, so also this. */
IPC_MAP(sysv_visited, BPF_MAP_TYPE_HASH, __u64, __u64, 1024);

/* Global, as the next one: the verifier looks at each once, and not once per object. Return 0. */
__attribute__((noinline)) int ipc_sysv_object(__u64 perm, __u32 domain)
{
	sysv_found(perm, domain);
	return 0;
}

__attribute__((noinline)) int ipc_sysv_block(__u64 root, __u32 first, __u32 domain)
{
	for (__u32 i = 0; i < SYSV_BLOCK; i++) {
		__u64 perm = ipc_sysv_at(root, first + i);

		if (perm)
			ipc_sysv_object(perm, domain);
	}
	return 0;
}

static __always_inline bool sysv_visit(__u32 domain, __u32 table)
{
	__u64 key = (__u64)table << 32 | domain, pass_ns = control_value(CONTROL_PASS_START_NS);
	__u64 *visited = bpf_map_lookup_elem(&sysv_visited, &key);

	if (visited && *visited == pass_ns)
		return false;
	if (bpf_map_update_elem(&sysv_visited, &key, &pass_ns, BPF_ANY)) {
		lose(LOSS_MAP_FULL);
		return false;
	}
	return true;
}

/* All objects of the task's namespace, unless this pass has been there. */
static __always_inline void sysv_walk(struct task_struct *task, __u32 table)
{
	__u32 domain = task->nsproxy->ipc_ns->ns.inum;
	__s32 max_index;
	__u64 root;

	if (cfg.no_probe_read || !domain || !sysv_visit(domain, table))
		return;
	root = sysv_root((__u64)BPF_CORE_READ(task, nsproxy, ipc_ns), table, &max_index);
	if (!root)
		return;
	for (__u32 block = 0; block < SYSV_BLOCKS; block++) {
		if ((__s32)(block * SYSV_BLOCK) > max_index)
			return;
		ipc_sysv_block(root, block * SYSV_BLOCK, domain);
	}
	if (max_index >= SYSV_BLOCKS * SYSV_BLOCK)
		lose(LOSS_UNRESOLVED);
}

#endif
