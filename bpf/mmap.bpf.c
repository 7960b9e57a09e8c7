// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Shared mappings: mmap(2) with MAP_SHARED of a file, of a POSIX shared memory
 * object, of a memfd or of nothing, which the kernel gives a file of its own. Data
 * passes without any operation; what the kernel sees is who maps it (mmap, fork),
 * whose mappings go (munmap, exec, exit, mremap), and the faults of first touches.
 *
 * A mapping is a vm_area_struct. All of a file are in a tree, which they enter and
 * leave through a function each (mm/interval_tree.c, in 7.3 mm/rmap's), so that
 * splits, merges and forks are seen for what they are. An object is a file that
 * is or was mapped shared: what is done to it before its first mapping is not ours.
 *
 * Cannot see: what is written or read; a page touched again; device memory.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "ipctrace.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "op.bpf.h"
#include "found.bpf.h"
#include "vma.bpf.h"
#include "path.bpf.h"
#include "fd.bpf.h"
#include "sysv_file.bpf.h"
#include "mmap.bpf.h"

const volatile struct ipc_config cfg = {};

/* An operation ended: counted, with the file as it is now. */
static __attribute__((noinline)) int mmap_op(const struct ipc_object_id *obj, __u32 op, struct ipc_run *run, __s64 ret,
					     __u64 inode)
{
	struct op_result res = {.ret = ret};
	struct ipc_object *o;
	struct ipc_edge *edge;

	if (!obj)
		return 0;
	edge = op_end(obj, op, run, &res);
	if (!edge || !PROFILE(~0u))
		return 0;
	o = bpf_map_lookup_elem(&objects, obj);
	if (!o)
		return 0;
	if (cfg.syscall_backend) {
		__u64 mappings = ipc_mmap_census(inode);

		o->counters[MMAP_NOW] = mappings == TOO_MANY ? 0 : mappings;
	}
	if (mmap_words(edge->state, inode, o))
		depth_note(edge, edge->state[0]);
	if (PROFILE(PROFILE_EVENTS))
		op_emit(obj, op, run, &res, edge, run ? run->size : ~0ull);
	return 0;
}

static __always_inline void bump(const struct ipc_object_id *obj, __u8 op, __u32 counter)
{
	struct ipc_edge_key key;
	struct ipc_edge *edge = edge_of(obj, op, current_actor(), &key);

	if (edge)
		add(&edge->counters[counter], 1);
}

/* ---- mmap(2), of both backends ---- */

#define MAPS_SOMETHING 1ull /* kobj2 of a run that is an mmap */

struct mmap_target {
	struct ipc_object_id obj;
	__u64 inode;
	__u64 file;
};

/* Of what, is known at the end: of no file, of /dev/zero, of a file of overlayfs, which another one stands for. */
static __always_inline void mmap_begin(__u64 len)
{
	struct ipc_object_id none = {};
	struct ipc_run *run = op_begin(&none, OP_OPEN, CAUSE_LOCK, 0);

	if (!run)
		return;
	run->size = len;
	run->kobj2 = MAPS_SOMETHING;
	run->flags |= RUN_UNRESOLVED;
}

static __always_inline __u64 current_mm(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 mm = 0;

	probe_read(&mm, &task->mm);
	return mm;
}

/* What is mapped shared at an address of the current process. */
static __attribute__((noinline)) int target_at(__u64 address, struct mmap_target *t)
{
	struct mapping m = {};

	if (!t || !mapping_at(current_mm(), address, &m) || !(m.flags & VM_MAYSHARE) ||
	    !object_of_address(m.file, &t->obj, &t->inode))
		return 0;
	t->file = m.file;
	return 1;
}

/* known: t is the file that was to be mapped, which tells where nothing was, or no address may be looked at. */
static __always_inline void mmap_end(struct mmap_target *t, bool known, bool writes, __s64 ret)
{
	struct ipc_run *run = has_entry() ? run_mine() : NULL;

	if (run && (run->op != OP_OPEN || run->kobj2 != MAPS_SOMETHING))
		run = NULL;
	if (!is_failure(ret) && !cfg.no_probe_read)
		known = target_at(ret, t);
	if (known && op_wanted(&t->obj)) {
		mmap_seen(&t->obj, t->inode, t->file, !is_failure(ret));
		mmap_op(&t->obj, OP_OPEN, run, is_failure(ret) ? ret : 0, t->inode);
		if (writes && !is_failure(ret))
			bump(&t->obj, OP_OPEN, MMAP_WRITES);
	}
	op_done(run);
}

SEC("?fentry/vm_mmap_pgoff")
int BPF_PROG(mmap_entry, struct file *file, unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags)
{
	if (flags & MAP_SHARED_BIT)
		mmap_begin(len);
	return 0;
}

SEC("?fexit/vm_mmap_pgoff")
int BPF_PROG(mmap_exit, struct file *file, unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags,
	     unsigned long pgoff, long ret)
{
	struct mmap_target t = {};
	bool known;

	if (!(flags & MAP_SHARED_BIT))
		return 0;
	known = object_of_file(file, &t.obj, &t.inode);
	if (known)
		t.file = as_number(file);
	mmap_end(&t, known, prot & PROT_WRITE, ret);
	return 0;
}

#include "mmap_life.bpf.h"
#include "mmap_calls.bpf.h"
#include "mmap_files.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
