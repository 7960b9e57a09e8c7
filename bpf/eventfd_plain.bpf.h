/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads and writes of an eventfd that is known: no memory is read by address to tell which one it is. Included by
 * eventfd.bpf.c.
 */

/* A file, from its first operation to its end. */
static __always_inline bool eventfd_known(const struct file *file, __u64 *id, __u64 *where)
{
	return object_known(number_of(file), MECH_EVENTFD, id, where);
}

/* Where its address is a number nothing that has a type is subtracted from it. */
static __always_inline void eventfd_forget_at(__u64 address)
{
	if (has_current_task_btf())
		forget_known(address - bpf_get_current_task() + number_of((void *)bpf_get_current_task_btf()), MECH_EVENTFD);
}

/* Begins an operation whose row is near. false: it is not, or the task was preempted. */
static __always_inline bool enter_plainly(struct file *file, __u8 op, __u8 cause)
{
	__u64 switches, id, where;
	struct ipc_run *run;

	if (!eventfd_known(file, &id, &where))
		return false;
	run = plain_slot(RUN_WHOLE, &switches);
	if (!run)
		return true;
	run->kobj = (__u64)file->private_data;
	run->kobj2 = (__u64)file;
	return plain_begin(run, id, where, op, cause, 0, switches);
}

static __always_inline bool leave_plainly(struct file *file, __u8 op, __s64 ret, __u64 added)
{
	struct op_result res = {.ret = ret, .payload = true};
	struct ipc_run *run = run_slot();
	struct ipc_row *row;

	if (run->kobj2 != (__u64)file)
		return false;
	row = plain_row(run, MECH_EVENTFD, op);
	if (!row)
		return false;
	edge_account(&row->edge, &row->key, &res);
	if (added)
		add(&row->edge.counters[EVENTFD_ADDED], added);
	eventfd_state(run->kobj, row->key.id, row->edge.state);
	depth_note(&row->edge, row->edge.state[0]);
	plain_done(&row->edge, run, RUN_WHOLE);
	return true;
}

/* --counts: its end is all that is seen, and with a row that is near it is counted here. */
static __always_inline bool leave_counted(struct file *file, __u8 op, __s64 ret, __u64 added)
{
	struct op_result res = {.ret = ret, .payload = true};
	struct ipc_row *row;
	__u64 id, where;
	__u32 at;

	if (cfg.failed_only || !eventfd_known(file, &id, &where))
		return false;
	row = row_at_hand(id, where, op, actor_word(current_actor()), &at);
	if (!row)
		return false;
	edge_account(&row->edge, &row->key, &res);
	if (added)
		add(&row->edge.counters[EVENTFD_ADDED], added);
	return true;
}
