/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Operations in the default view whose row is near: what has one is wanted, and its row tells all of it. Nothing
 * is asked for that is known then, nor cleared that is clear. What a mechanism's hooks note goes into the slot at once,
 * where it is needed and no register is.
 */
#ifndef PLAIN_BPF_H
#define PLAIN_BPF_H

/* Is nothing asked for but waits, and left out what the filters leave out? */
static __always_inline bool is_plain(void)
{
	return cfg.way != WAY_ANY;
}

/*
 * Who enters, in keys, and which call of it this is, into the slot. Who it is the last operation on this CPU may have
 * found out, and no other task has run here since: a switch clears who_task.
 */
static __always_inline void plain_enters(struct ipc_run *run)
{
	struct caller me = caller_and_call();

	run->call = me.call;
	if (*(volatile __u64 *)&run->who_task == me.task)
		return;
	run->who = actor_word(current_actor());
	barrier();
	*(volatile __u64 *)&run->who_task = me.task;
}

/* Its row is not near, or a switch came between: another task may have changed the slot. */
static __always_inline bool not_plain(struct ipc_run *run)
{
	*(volatile __u64 *)&run->who_task = 0;
	return false;
}

/*
 * The slot, for what begins now, with the flags that it begins with; NULL: an outer operation of the same task keeps
 * it. From here on it is nobody's.
 */
static __always_inline struct ipc_run *plain_slot(__u32 flags, __u64 *switches)
{
	struct ipc_run *run = run_slot();
	__u32 left = *(volatile __u32 *)&run->flags;

	*switches = *(volatile __u64 *)&run->switches;
	if (left & ~(RUN_WHOLE | RUN_TAKES_MOVED) && !run_clear_used(run, current_task()))
		return NULL;
	*(volatile __u64 *)&run->task = 0;
	barrier();
	run->flags = flags;
	plain_enters(run);
	return run;
}

/* The row of what `who` (as in keys) does, when it is known at once, and its number. `where` as keys have domain and mechanism. */
static __always_inline struct ipc_row *row_at_hand(__u64 id, __u64 where, __u8 op, __u64 who, __u32 *at)
{
	key_word words[3] = {id, where | (__u64)op << 48, who};
	__u64 slot = hint_slot(id, hint_kind(words[1]), who);
	struct ipc_row *row;

	*at = hints[slot];
	row = bpf_map_lookup_elem(&rows, at);
	if (row_is(row, words))
		return row;
	*at = row_beside(id, words[1], who, slot);
	return bpf_map_lookup_elem(&rows, at);
}

/* All is noted of it: the slot is the current task's. Returns whether that was not preempted meanwhile. */
static __always_inline bool plain_taken(struct ipc_run *run, __u64 switches)
{
	barrier();
	run->task = *(volatile __u64 *)&run->who_task;
	barrier();
	return *(volatile __u64 *)&run->switches == switches || not_plain(run);
}

/* Begins one whose row is told later. The object is noted. */
static __always_inline bool plain_begin_anywhere(struct ipc_run *run, __u8 op, __u8 cause, __u64 switches)
{
	run->kobj = 0;
	run->iter = 0;
	STORE_TWO(run, op, op | (__u32)cause << 16); /* and op2, cause, waker */
	STORE_TWO(run, row, 0); /* and aux[0] */
	return plain_taken(run, switches);
}

/*
 * Begins it, on the object `id`, `where`, with aux[0]; the mechanism has noted kobj and kobj2. Returns whether its row is near
 * and the task was not preempted.
 */
static __always_inline bool plain_begin(struct ipc_run *run, __u64 id, __u64 where, __u8 op, __u8 cause, __u32 aux, __u64 switches)
{
	__u32 at;

	if (!row_at_hand(id, where, op, run->who, &at))
		return not_plain(run);
	run->obj.id = id;
	*(key_word *)&run->obj.domain = where; /* and mech, pad */
	run->iter = 0;
	STORE_TWO(run, op, op | (__u32)cause << 16); /* and op2, cause, waker */
	STORE_TWO(run, row, at + 1 + ((__u64)aux << 32)); /* and aux[0] */
	return plain_taken(run, switches);
}

/* The row that the entry of the current task's operation found, or NULL. On which object it is the mechanism tells. */
static __always_inline struct ipc_row *plain_row(const struct ipc_run *run, __u16 mech, __u8 op)
{
	__u32 at = run->row - 1; /* beyond all rows, if it is not known */
	struct ipc_row *row;

	if (run->task != current_task())
		return NULL;
	row = bpf_map_lookup_elem(&rows, &at);
	return row && *(volatile __u32 *)&row->key.mech == (mech | (__u32)op << 16) ? row : NULL; /* and op */
}

/* Adds what it gathered while it waited, and whom it woke; the slot is free. `began`: the flags that it began with. */
static __always_inline void plain_done(struct ipc_edge *edge, struct ipc_run *run, __u32 began)
{
	if (run->flags != began)
		edge_account_waits(edge, run);
	run->task = 0;
}

/* The same of a run that began with RUN_USED, because hooks on the way note something in aux: that it is clear then. */
static __always_inline void plain_done_used(struct ipc_edge *edge, struct ipc_run *run, __u32 began)
{
	edge_account_waits(edge, run);
	if (run->flags == began && !run->waits && !run->wakes && !run->other_wakes) {
		STORE_TWO(run, aux[1], 0); /* and aux[2] */
		run->aux[3] = 0;
		run->flags = 0;
	}
	run->task = 0;
}

#endif
