/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads and writes in the default view: as in any other, but nothing is asked for
 * that is known then, nor read or written that is so already. Included by pipe.bpf.c.
 */

/* Who enters, with one look at the current task. */
static __always_inline struct actor enters(struct caller *me)
{
	if (has_task_pt_regs()) {
		struct task_struct *task = bpf_get_current_task_btf();

		me->task = (__u64)task;
		me->call = call_id(task);
		return actor_of(task);
	}
	me->task = current_task();
	me->call = 0;
	return current_actor();
}

/* Begins an operation whose row is near. What has one is wanted. */
static __always_inline bool enter_plainly(struct kiocb *iocb, struct iov_iter *iter, __u8 op, __u8 cause)
{
	struct caller me;
	struct actor who = enters(&me);
	struct inode *inode = iocb->ki_filp->f_inode;
	key_word words[3] = {inode->i_ino, pipe_where(inode) | (__u64)op << 48, who.tgid | (__u64)who.start << 32};
	__u32 at = hint_of(words);
	struct ipc_row *row = bpf_map_lookup_elem(&rows, &at);
	struct ipc_run *run;

	if (!row_is(row, words))
		return false;
	run = run_slot();
	if (!run || run_is_kept(run, me.task))
		return true;
	for (int i = 0; i < 2; i++) { /* as in op_begin() */
		__u64 switches = *(volatile __u64 *)&run->switches;

		if (*(volatile __u32 *)&run->flags)
			run_clear_used(run);
		run->obj.id = words[0];
		*(key_word *)&run->obj.domain = words[1] ^ (__u64)op << 48; /* and mech, pad */
		run->kobj = (__u64)inode;
		run->kobj2 = (__u64)iter;
		run->iter = op == OP_SEND ? (__u64)iter : 0; /* as in enter() */
		STORE_TWO(run, op, op | (__u32)cause << 16); /* and op2, cause, waker */
		STORE_TWO(run, row, at + 1); /* and aux[0] */
		run->size = ~0ull;
		run->call = me.call;
		barrier();
		run->task = me.task;
		barrier();
		if (*(volatile __u64 *)&run->switches == switches)
			break;
	}
	return true;
}

/*
 * As note_ring(), at less than half the cost: what opens, closes and resizes change is read once for each stamp.
 * They read it, too, when they have changed it, so that some edge of the pipe always has it as it is (pipe_join()
 * in user/mech/pipe_ring.c).
 */
static __always_inline void note_ring_plainly(struct ipc_edge *edge, struct pipe_inode_info *pipe)
{
	struct pipe_internals *s = (void *)edge->state;
	__u32 stamp = stamp_in_jiffies();

	if (edge->state[IPC_STATE_STAMP] != stamp) {
		pipe_set_up(pipe, s);
		edge->state[IPC_STATE_STAMP] = stamp;
	}
	pipe_position(pipe, s);
	depth_note(edge, s->head - s->tail);
}

static __always_inline void account_run(struct ipc_edge *edge, const struct ipc_run *run, struct pipe_inode_info *pipe, __u8 op)
{
	edge_account_waits(edge, run);
	if (op == OP_SEND && run->own_waits)
		depth_was_full(edge, pipe->max_usage);
}

static __always_inline bool leave_plainly(struct kiocb *iocb, struct iov_iter *iter, __u8 op, __s64 ret)
{
	struct op_result res = {.ret = ret, .payload = true};
	struct file *file = iocb->ki_filp;
	struct inode *inode = file->f_inode;
	struct pipe_inode_info *pipe = inode->i_pipe;
	struct ipc_run *run = run_slot();
	struct ipc_row *row = row_begun(run, (__u64)inode, op, iter);

	if (!row)
		return false;
	edge_account(&row->edge, &row->key, &res);
	if (run->flags)
		account_run(&row->edge, run, pipe, op);
	if (op == OP_SEND)
		count_write(&row->edge, file, ret);
	note_ring_plainly(&row->edge, pipe);
	op_done(run);
	return true;
}
