// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * System V shared memory through ipc/shm.c. Data passes without any operation;
 * what the kernel sees is who attaches (shmat, fork), who detaches (shmdt, exit,
 * exec), and the first touch of a page in each attachment, which is a fault.
 *
 * Cannot see: what is written or read; a page touched again; touches through
 * attachments that huge pages or an earlier fault have filled already.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define STATE_IN_ORDER true

#include "ipctrace.h"
#include "syscall.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "op.bpf.h"
#include "plain.bpf.h"
#include "found.bpf.h"
#include "resolve_sysv.bpf.h"
#include "sysv_file.bpf.h"
#include "shm.bpf.h"

const volatile struct ipc_config cfg = {};

/* The segment as it is now, where no operation tells it. address 0: looked up. NULL: no room, or it is gone. */
static __attribute__((noinline)) struct ipc_object *segment_note(const struct attachment *a, __u64 address)
{
	struct ipc_object *o;

	if (!a)
		return NULL;
	o = bpf_map_lookup_elem(&objects, &a->obj);
	if (!o) {
		map_create(&objects, &a->obj, &zero_object);
		o = bpf_map_lookup_elem(&objects, &a->obj);
		if (!o)
			return NULL;
		o->first_ns = bpf_ktime_get_ns();
	}
	if (!segment_state(o->state, a, address))
		return NULL;
	o->last_ns = bpf_ktime_get_ns();
	o->flags |= OBJECT_SAMPLED;
	return o;
}

static __always_inline bool segment_exists(const struct ipc_object_id *obj)
{
	struct ipc_object *o = bpf_map_lookup_elem(&objects, obj);

	return o ? !(o->flags & OBJECT_DESTROYED) : sysv_find(sysv_namespace(), SYSV_SHM, obj->id) != 0;
}

/* An operation ended: counted, with the segment as it is now. On no segment, nothing is. */
static __attribute__((noinline)) int segment_op(const struct attachment *a, __u32 op, struct ipc_run *run, __s64 ret)
{
	struct op_result res = {.ret = ret};
	struct ipc_edge *edge;

	if (!a || (ret < 0 && !segment_exists(&a->obj)))
		return 0;
	edge = op_end(&a->obj, op, run, &res);
	if (!edge || !PROFILE(~0u) || !segment_state(edge->state, a, 0))
		return 0;
	depth_note(edge, ((struct shm_internals *)edge->state)->nattch);
	if (PROFILE(PROFILE_EVENTS))
		op_emit(&a->obj, op, run, &res, edge, ~0ull);
	return 0;
}

/* ---- attachments ---- */

#include "shm_plain.bpf.h"

SEC("?fentry/do_shmat")
int BPF_PROG(shm_attach_entry, int id)
{
	struct ipc_object_id obj;

	shm_identify(id, sysv_domain(), &obj);
	if (!enter_plainly(&obj) && op_wanted(&obj))
		op_begin(&obj, OP_OPEN, CAUSE_LOCK, 0);
	return 0;
}

SEC("?fexit/do_shmat")
int BPF_PROG(shm_attach_exit, int id, char *at, int flags, unsigned long *address, unsigned long align, long ret)
{
	struct ipc_run *run = NULL;
	struct attachment a;

	if (leave_plainly(id, ret))
		return 0;
	a = named_segment(id, sysv_domain());
	if (!op_wanted(&a.obj))
		return 0;
	if (has_entry())
		run = run_of(&a.obj, OP_OPEN);
	segment_op(&a, OP_OPEN, run, ret);
	op_done(run);
	return 0;
}

static __always_inline void bump(const struct ipc_object_id *obj, __u8 op, __u32 counter)
{
	struct ipc_edge_key key;
	struct ipc_edge *edge = edge_of(obj, op, current_actor(), &key);

	if (edge)
		add(&edge->counters[counter], 1);
}

/* A fork's child has the attachment too, and so has the other half of a mapping that is split. */
SEC("?fexit/shm_open")
int BPF_PROG(shm_inherited, struct vm_area_struct *vma)
{
	struct attachment a = {};

	if (!attachment_of(vma->vm_file, &a) || !op_wanted(&a.obj))
		return 0;
	bump(&a.obj, OP_OPEN, SHM_INHERITED);
	segment_note(&a, 0);
	return 0;
}

/* shmdt, munmap, exec and exit: each attachment that goes. */
SEC("?fexit/shm_close")
int BPF_PROG(shm_detached, struct vm_area_struct *vma)
{
	struct attachment a = {};

	if (!attachment_of(vma->vm_file, &a) || !op_wanted(&a.obj))
		return 0;
	segment_op(&a, OP_CLOSE, NULL, 0);
	return 0;
}

/* The first touch of a page in an attachment. */
SEC("?fentry/shm_fault")
int BPF_PROG(shm_touched, struct vm_fault *vmf)
{
	struct attachment a = {};

	if (attachment_of(vmf->vma->vm_file, &a) && op_wanted(&a.obj))
		bump(&a.obj, OP_OPEN, SHM_TOUCHED);
	return 0;
}

#include "shm_life.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
