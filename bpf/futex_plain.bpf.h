/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Waits and wakes on one private word, whose row is near: the address and the process tell which word it is, and
 * nothing is read. Included by futex.bpf.c.
 */

/* Is it a word of one process's, and no lock of the kernel's? */
static __always_inline bool is_simple(const struct futex_call *c)
{
	return !c->shared && !(kind_of(c)->flags & ~(KIND_KNOWN | KIND_WAKES));
}

static __always_inline void count_empty(struct ipc_edge *edge, const struct futex_call *c, __s64 ret)
{
	if ((kind_of(c)->flags & KIND_WAKES) && !ret)
		add(&edge->counters[FUTEX_EMPTY_WAKES], 1);
}

/* Begins an operation whose row is near. false: it is not, or the task was preempted. */
static __always_inline bool enter_plainly(const struct futex_call *c)
{
	struct ipc_object_id obj;
	struct ipc_run *run;
	__u64 switches;

	if (!is_simple(c))
		return false;
	run = plain_slot(RUN_TAKES_MOVED, &switches);
	if (!run)
		return true;
	run->kobj = c->uaddr;
	run->kobj2 = 0;
	identify_word(&obj, 0, run->who, c->uaddr, false);
	return plain_begin(run, obj.id, obj.domain | (__u64)MECH_FUTEX << 32, kind_of(c)->op, CAUSE_VALUE, 0, switches);
}

/* A sleeper may have been moved to another word meanwhile: that is looked at as ever. */
static __always_inline bool leave_plainly(const struct futex_call *c, __s64 ret)
{
	struct op_result res = {.ret = ret};
	struct ipc_run *run = run_slot();
	struct ipc_row *row;

	if (!is_simple(c) || run->kobj != c->uaddr || (kind_of(c)->op == OP_RECV && run->flags != RUN_TAKES_MOVED))
		return false;
	row = plain_row(run, MECH_FUTEX, kind_of(c)->op);
	if (!row)
		return false;
	edge_account(&row->edge, &row->key, &res);
	count_empty(&row->edge, c, ret);
	plain_done(&row->edge, run, RUN_TAKES_MOVED);
	return true;
}

/* --counts: its end is all that is seen. */
static __always_inline bool leave_counted(const struct futex_call *c, __s64 ret)
{
	struct op_result res = {.ret = ret};
	struct ipc_object_id obj;
	struct ipc_row *row;
	__u64 who;
	__u32 at;

	if (cfg.failed_only || !is_simple(c))
		return false;
	who = actor_word(current_actor());
	identify_word(&obj, 0, who, c->uaddr, false);
	row = row_at_hand(obj.id, obj.domain | (__u64)MECH_FUTEX << 32, kind_of(c)->op, who, &at);
	if (!row)
		return false;
	edge_account(&row->edge, &row->key, &res);
	count_empty(&row->edge, c, ret);
	return true;
}
