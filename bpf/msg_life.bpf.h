/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * msgget and msgctl, a queue's beginning and its end, and what is there without
 * any operation. Included by msg.bpf.c.
 */

SEC("?fexit/newque")
int BPF_PROG(msg_created, struct ipc_namespace *ns, struct ipc_params *params, int ret)
{
	struct ipc_object_id obj;
	struct ipc_object *o;

	if (ret < 0)
		return 0;
	msg_identify(ret, ns->ns.inum, &obj);
	if (!op_wanted(&obj))
		return 0;
	o = queue_note(&obj, sysv_find(sysv_namespace(), SYSV_MSG, ret));
	if (!o)
		o = bpf_map_lookup_elem(&objects, &obj);
	if (!o)
		return 0;
	o->creations++;
	o->first_tgid = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

/* Of msgget, semget and shmget; ksys_msgget is what 32-bit calls come by, and others do not. */
SEC("?fexit/ipcget")
int BPF_PROG(msg_get_exit, struct ipc_namespace *ns, struct ipc_ids *ids, const struct ipc_ops *ops,
	     struct ipc_params *params, int ret)
{
	struct op_result res = {};
	struct ipc_object_id obj;
	struct ipc_edge *edge;

	if (ret < 0 || !sysv_is_table(ns, ids, SYSV_MSG))
		return 0;
	msg_identify(ret, ns->ns.inum, &obj);
	if (!op_wanted(&obj))
		return 0;
	edge = op_end(&obj, OP_OPEN, NULL, &res);
	sysv_name(&obj, params->key);
	if (edge && PROFILE(PROFILE_EVENTS))
		op_emit(&obj, OP_OPEN, NULL, &res, edge, ~0ull);
	return 0;
}

/* IPC_RMID, or the end of the namespace: then nobody asked for it. */
SEC("?fentry/freeque")
int BPF_PROG(msg_destroyed, struct ipc_namespace *ns, struct kern_ipc_perm *perm)
{
	struct ipc_object_id obj;
	struct ipc_object *o;

	msg_identify(perm->id, ns->ns.inum, &obj);
	if (!bpf_map_lookup_elem(&objects, &obj))
		return 0;
	o = queue_note(&obj, (__u64)perm);
	if (!o) {
		o = bpf_map_lookup_elem(&objects, &obj);
		if (!o)
			return 0;
		o->flags |= OBJECT_INSIDE_UNKNOWN;
	}
	o->flags |= OBJECT_DESTROYED;
	o->destructions++;
	o->last_ns = bpf_ktime_get_ns();
	add(&o->discarded_bytes, o->inside_bytes);
	o->inside_bytes = 0;
	return 0;
}

SEC("?fentry/msgctl_down")
int BPF_PROG(msg_control_entry, struct ipc_namespace *ns, int id)
{
	struct ipc_object_id obj;

	msg_identify(id, ns->ns.inum, &obj);
	if (op_wanted(&obj))
		op_begin(&obj, OP_CTL, CAUSE_LOCK, 0);
	return 0;
}

static __always_inline void control(const struct ipc_object_id *obj, struct ipc_run *run, __s64 ret)
{
	struct op_result res = {.ret = ret};
	struct ipc_edge *edge;

	if (!has_queue(obj, NULL, ret))
		return;
	edge = op_end(obj, OP_CTL, run, &res);
	if (edge && PROFILE(PROFILE_EVENTS))
		op_emit(obj, OP_CTL, run, &res, edge, ~0ull);
}

SEC("?fexit/msgctl_down")
int BPF_PROG(msg_control_exit, struct ipc_namespace *ns, int id, int cmd, struct ipc64_perm *perm, int limit, int ret)
{
	struct ipc_object_id obj;
	struct ipc_run *run;

	msg_identify(id, ns->ns.inum, &obj);
	if (!op_wanted(&obj))
		return 0;
	run = run_of(&obj, OP_CTL);
	control(&obj, run, ret);
	op_done(run);
	return 0;
}

/* Not MSG_STAT, which is given an index and not an id. */
SEC("?fexit/msgctl_stat")
int BPF_PROG(msg_stat_exit, struct ipc_namespace *ns, int id, int cmd, struct msqid64_ds *to, int ret)
{
	struct ipc_object_id obj;

	if (cmd != 2 /* IPC_STAT */)
		return 0;
	msg_identify(id, ns->ns.inum, &obj);
	if (op_wanted(&obj))
		control(&obj, NULL, ret);
	return 0;
}

/* ---- what exists already ---- */

/*
 * A waiter on the queue's lists: receivers, whose buffer says what a sender may
 * hand them, and senders. Both kinds of entries begin with their list_head.
 * Global: verified once. Returns 0.
 */
__attribute__((noinline)) int msg_waiter_found(__u64 entry, __u64 id, __u64 packed, __u64 queue)
{
	bool receives = ((packed >> 8) & 0xff) == OP_RECV;
	struct msg_receiver *receiver = (void *)entry;
	struct msg_sender *sender = (void *)entry;
	struct ipc_run *run;
	__u64 task = 0, size = 0;
	__u32 tid = 0;

	if (!probe_read(&task, receives ? &receiver->r_tsk : &sender->tsk) || !task)
		return 0;
	probe_read(&size, receives ? (void *)&receiver->r_maxsize : (void *)&sender->msgsz);
	ipc_sleeper_found(task, id, packed, queue);
	probe_read(&tid, &((struct task_struct *)task)->pid);
	run = kept_run(tid);
	if (run && (run->flags & RUN_PREEXISTING)) {
		run->size = size;
		run->flags |= RUN_WHOLE;
	}
	return 0;
}

/* Global: verified once. Returns 0. */
__attribute__((noinline)) int msg_waiters_of(__u64 head, __u64 id, __u64 packed, __u64 queue)
{
	__u64 at = 0;

	if (!probe_read(&at, &((struct list_head *)head)->next))
		return 0;
	for (int i = 0; i < WALK_WAITERS; i++) {
		if (!at || at == head)
			return 0;
		msg_waiter_found(at, id, packed, queue);
		if (!probe_read(&at, &((struct list_head *)at)->next))
			return 0;
	}
	lose(LOSS_UNRESOLVED);
	return 0;
}

static __always_inline void sysv_found(__u64 perm, __u32 domain)
{
	struct ipc_object_id obj;
	struct ipc_object *o;
	__s32 id = -1;
	bool is_new;

	if (!probe_read(&id, &((struct kern_ipc_perm *)perm)->id) || id < 0)
		return;
	msg_identify(id, domain, &obj);
	if (cfg.one_object && (obj.id != cfg.object.id || obj.domain != cfg.object.domain))
		return;
	o = object_to_sample(&obj, &is_new);
	if (!o || !queue_state(perm, o->state, obj.id))
		return;
	sysv_name(&obj, ((struct msg_internals *)o->state)->key);
	if (!object_sampled(o, o->state[1], is_new))
		return;
	msg_waiters_of(perm + bpf_core_field_offset(struct msg_queue, q_receivers), obj.id,
		       PACK(&obj, OP_RECV, CAUSE_EMPTY), perm);
	msg_waiters_of(perm + bpf_core_field_offset(struct msg_queue, q_senders), obj.id, PACK(&obj, OP_SEND, CAUSE_FULL),
		       perm);
}

#include "sysv_found.bpf.h"

SEC("?iter/task")
int msg_objects(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task)
		sysv_walk(task, SYSV_MSG);
	return 0;
}
