/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * semop(2) in the default view, see plain.bpf.h. Which role the call has is known only when its operations are: where
 * they are allowed its row is looked for, and what has one is wanted. Included by sem.bpf.c.
 */

/* false: the task was preempted. */
static __always_inline bool enter_plainly(const struct ipc_object_id *obj)
{
	__u64 switches;
	struct ipc_run *run = plain_slot(RUN_USED, &switches);

	if (!run)
		return true;
	run->obj = *obj;
	run->kobj2 = 0;
	return plain_begin_anywhere(run, OP_RECV, CAUSE_VALUE, switches);
}

/* Who it is the slot tells only as long as no other task has run here. */
static __always_inline void find_row(struct ipc_run *run, __u8 op)
{
	__u32 at;

	if (*(volatile __u64 *)&run->who_task == run->task &&
	    row_at_hand(run->obj.id, *(key_word *)&run->obj.domain, op, run->who, &at))
		run->row = at + 1;
}

/* ipc_run.aux[0]: what is known of its first try */
#define TRIED 1
#define TRIED_AND_NOTED 2 /* the state words are what it left */

/* The state words, but for the first time: here its lock is held, and members have types, which costs a fifth of reads by address. */
static __always_inline void note_tried(struct ipc_run *run, struct sem_array *sma, __u32 nsems)
{
	struct ipc_row *row = plain_row(run, MECH_SEM, run->op);
	struct sem_internals *s;

	if (!row || ((struct sem_internals *)row->edge.state)->nsems != nsems)
		return;
	s = (void *)row->edge.state;
	stamp_in_order(row->edge.state, run->obj.id);
	s->key = sma->sem_perm.key;
	for (__u32 i = 0; i < SEM_VALUES; i++) {
		if (i >= nsems)
			break;
		s->value[i] = sma->sems[i].semval;
	}
	run->aux[0] = TRIED_AND_NOTED;
}

static __always_inline bool leave_plainly(__s32 semid, __u32 nsops, __s64 ret)
{
	struct op_result res = {.ret = ret};
	struct ipc_run *run = run_slot();
	struct ipc_row *row = plain_row(run, MECH_SEM, run->op);

	if (!row || run->obj.id != (__u32)semid)
		return false;
	edge_account(&row->edge, &row->key, &res);
	note_call(&row->edge, run->kobj2, nsops, ret, run->own_waits);
	if (run->aux[0] != TRIED_AND_NOTED)
		note_state(&row->edge, &run->obj, run->kobj, run->aux[1]);
	plain_done_used(&row->edge, run, RUN_USED);
	return true;
}
