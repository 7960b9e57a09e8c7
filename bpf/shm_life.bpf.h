/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * shmget and shmctl, a segment's beginning and its two ends, and what is there
 * without any operation. Included by shm.bpf.c.
 */

SEC("?fexit/newseg")
int BPF_PROG(shm_created, struct ipc_namespace *ns, struct ipc_params *params, int ret)
{
	struct attachment a;
	struct ipc_object *o;

	if (ret < 0)
		return 0;
	a = named_segment(ret, ns->ns.inum);
	segment_forget(&a.obj);
	if (!op_wanted(&a.obj))
		return 0;
	if (!segment_note(&a, 0))
		return 0;
	o = bpf_map_lookup_elem(&objects, &a.obj);
	if (!o)
		return 0;
	o->creations++;
	o->first_tgid = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

SEC("?fexit/ipcget")
int BPF_PROG(shm_get_exit, struct ipc_namespace *ns, struct ipc_ids *ids, const struct ipc_ops *ops,
	     struct ipc_params *params, int ret)
{
	struct attachment a;

	if (ret < 0 || !sysv_is_table(ns, ids, SYSV_SHM))
		return 0;
	a = named_segment(ret, ns->ns.inum);
	if (!op_wanted(&a.obj))
		return 0;
	segment_op(&a, OP_CTL, NULL, 0);
	sysv_name(&a.obj, params->key);
	return 0;
}

/* Its memory is given back: IPC_RMID without attachments, the last detachment of a marked one, its namespace's end. */
SEC("?fentry/shm_destroy")
int BPF_PROG(shm_destroyed, struct ipc_namespace *ns, struct shmid_kernel *shm)
{
	struct attachment a = named_segment(shm->shm_perm.id, ns->ns.inum);
	struct ipc_object *o;

	segment_forget(&a.obj);
	if (!bpf_map_lookup_elem(&objects, &a.obj))
		return 0;
	segment_note(&a, argument_address(ctx, 1));
	o = bpf_map_lookup_elem(&objects, &a.obj);
	if (!o)
		return 0;
	o->flags |= OBJECT_DESTROYED;
	o->destructions++;
	o->last_ns = bpf_ktime_get_ns();
	return 0;
}

SEC("?fentry/shmctl_down")
int BPF_PROG(shm_control_entry, struct ipc_namespace *ns, int id)
{
	struct ipc_object_id obj;

	shm_identify(id, ns->ns.inum, &obj);
	if (op_wanted(&obj))
		op_begin(&obj, OP_CTL, CAUSE_LOCK, 0);
	return 0;
}

SEC("?fexit/shmctl_down")
int BPF_PROG(shm_control_exit, struct ipc_namespace *ns, int id, int cmd, struct shmid64_ds *ds, int ret)
{
	struct attachment a = named_segment(id, ns->ns.inum);
	struct ipc_run *run;

	if (!op_wanted(&a.obj))
		return 0;
	run = run_of(&a.obj, OP_CTL);
	segment_op(&a, OP_CTL, run, ret);
	op_done(run);
	return 0;
}

SEC("?fexit/shmctl_do_lock")
int BPF_PROG(shm_lock_exit, struct ipc_namespace *ns, int id, int cmd, int ret)
{
	struct attachment a = named_segment(id, ns->ns.inum);

	if (op_wanted(&a.obj))
		segment_op(&a, OP_CTL, NULL, ret);
	return 0;
}

/* Not SHM_STAT, which is given an index and not an id. */
SEC("?fexit/shmctl_stat")
int BPF_PROG(shm_stat_exit, struct ipc_namespace *ns, int id, int cmd, struct shmid64_ds *to, int ret)
{
	struct attachment a = named_segment(id, ns->ns.inum);

	if (cmd == 2 /* IPC_STAT */ && op_wanted(&a.obj))
		segment_op(&a, OP_CTL, NULL, ret);
	return 0;
}

/* ---- what exists already ---- */

static __always_inline void sysv_found(__u64 perm, __u32 domain)
{
	struct attachment a;
	struct ipc_object *o;
	__s32 id = -1;
	bool is_new;

	if (!probe_read(&id, &((struct kern_ipc_perm *)perm)->id) || id < 0)
		return;
	a = named_segment(id, domain);
	if (cfg.one_object && (a.obj.id != cfg.object.id || a.obj.domain != cfg.object.domain))
		return;
	o = object_to_sample(&a.obj, &is_new);
	if (!o || !segment_state(o->state, &a, perm))
		return;
	sysv_name(&a.obj, ((struct shm_internals *)o->state)->key);
	object_sampled(o, 0, is_new);
}

#include "sysv_found.bpf.h"

SEC("?iter/task")
int shm_objects(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task)
		sysv_walk(task, SYSV_SHM);
	return 0;
}

/* Who has it attached, and how: a kernel since 5.12 shows the mappings of all tasks. */
SEC("?iter/task_vma")
int shm_mappings(struct bpf_iter__task_vma *ctx)
{
	struct task_struct *task = ctx->task, *leader;
	struct vm_area_struct *vma = ctx->vma;
	struct attachment a = {};
	struct file *file;
	__u32 tgid, start;

	if (!task || !vma)
		return 0;
	file = vma->vm_file;
	tgid = task->tgid;
	if (!file || (__u32)task->pid != tgid || !attachment_of(file, &a) || !holder_counts(&a.obj, tgid))
		return 0;
	leader = task->group_leader;
	start = leader->start_time >> IPC_START_SHIFT;
	process_see_task(leader, tgid, start);
	holder_found(ctx->meta->seq, &a.obj, OP_RECV, tgid, start);
	if (vma->vm_flags & 2 /* VM_WRITE */)
		holder_found(ctx->meta->seq, &a.obj, OP_SEND, tgid, start);
	return 0;
}
