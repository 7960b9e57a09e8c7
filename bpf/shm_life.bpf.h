/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * shmget and shmctl, a segment's beginning and its two ends, and what is there
 * without any operation. Included by shm.bpf.c.
 */

SEC("?fexit/newseg")
int BPF_PROG(shm_created, struct ipc_namespace *ns, struct ipc_params *params, int ret)
{
	struct ipc_object_id obj;
	struct ipc_object *o;

	if (ret < 0)
		return 0;
	shm_identify(ret, ns->ns.inum, &obj);
	if (!op_wanted(&obj))
		return 0;
	if (!segment_note(&obj, sysv_namespace(), 0))
		return 0;
	o = bpf_map_lookup_elem(&objects, &obj);
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
	struct ipc_object_id obj;

	if (ret < 0 || !sysv_is_table(ns, ids, SYSV_SHM))
		return 0;
	shm_identify(ret, ns->ns.inum, &obj);
	if (!op_wanted(&obj))
		return 0;
	segment_op(&obj, OP_CTL, NULL, 0, sysv_namespace());
	sysv_name(&obj, params->key);
	return 0;
}

/* Its memory is given back: IPC_RMID without attachments, the last detachment of a marked one, its namespace's end. */
SEC("?fentry/shm_destroy")
int BPF_PROG(shm_destroyed, struct ipc_namespace *ns, struct shmid_kernel *shm)
{
	struct ipc_object_id obj;
	struct ipc_object *o;

	shm_identify(shm->shm_perm.id, ns->ns.inum, &obj);
	if (!bpf_map_lookup_elem(&objects, &obj))
		return 0;
	segment_note(&obj, 0, (__u64)shm);
	o = bpf_map_lookup_elem(&objects, &obj);
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
	struct ipc_object_id obj;
	struct ipc_run *run;

	shm_identify(id, ns->ns.inum, &obj);
	if (!op_wanted(&obj))
		return 0;
	run = run_of(&obj, OP_CTL);
	segment_op(&obj, OP_CTL, run, ret, sysv_namespace());
	op_done(run);
	return 0;
}

SEC("?fexit/shmctl_do_lock")
int BPF_PROG(shm_lock_exit, struct ipc_namespace *ns, int id, int cmd, int ret)
{
	struct ipc_object_id obj;

	shm_identify(id, ns->ns.inum, &obj);
	if (op_wanted(&obj))
		segment_op(&obj, OP_CTL, NULL, ret, sysv_namespace());
	return 0;
}

/* Not SHM_STAT, which is given an index and not an id. */
SEC("?fexit/shmctl_stat")
int BPF_PROG(shm_stat_exit, struct ipc_namespace *ns, int id, int cmd, struct shmid64_ds *to, int ret)
{
	struct ipc_object_id obj;

	shm_identify(id, ns->ns.inum, &obj);
	if (cmd == 2 /* IPC_STAT */ && op_wanted(&obj))
		segment_op(&obj, OP_CTL, NULL, ret, sysv_namespace());
	return 0;
}

/* ---- what exists already ---- */

static __always_inline void sysv_found(__u64 perm, __u32 domain)
{
	struct ipc_object_id obj;
	struct ipc_object *o;
	__s32 id = -1;
	bool is_new;

	if (!probe_read(&id, &((struct kern_ipc_perm *)perm)->id) || id < 0)
		return;
	shm_identify(id, domain, &obj);
	if (cfg.one_object && (obj.id != cfg.object.id || obj.domain != cfg.object.domain))
		return;
	o = object_to_sample(&obj, &is_new);
	if (!o || !segment_state(perm, (void *)o->state))
		return;
	sysv_name(&obj, ((struct shm_internals *)o->state)->key);
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
