/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* shmat(2) in the default view, see plain.bpf.h. Included by shm.bpf.c. */

/* false: its row is not near, or the task was preempted. */
static __always_inline bool enter_plainly(const struct ipc_object_id *obj)
{
	struct ipc_run *run;
	__u64 switches;

	if (!is_plain() || cfg.filtered)
		return false;
	run = plain_slot(RUN_USED, &switches);
	if (!run)
		return true;
	run->kobj = 0;
	return plain_begin(run, obj->id, obj->domain | (__u64)MECH_SHM << 32, OP_OPEN, CAUSE_LOCK, 0, switches);
}

/* One that fails may be of no segment. */
static __always_inline bool leave_plainly(__s32 id, __s64 ret)
{
	struct attachment a = {.pages = PAGES_UNREAD};
	struct op_result res = {.ret = ret};
	struct ipc_run *run = run_slot();
	struct ipc_row *row;

	if (!is_plain() || ret < 0)
		return false;
	row = plain_row(run, MECH_SHM, OP_OPEN);
	if (!row || run->obj.id != (__u32)id)
		return false;
	a.obj = run->obj;
	edge_account(&row->edge, &row->key, &res);
	if (segment_state(row->edge.state, &a, 0))
		depth_note(&row->edge, ((struct shm_internals *)row->edge.state)->nattch);
	plain_done_used(&row->edge, run, RUN_USED);
	return true;
}
