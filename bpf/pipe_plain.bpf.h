/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads and writes in the default view: as in any other, but nothing is asked for
 * that is known then, nor read or written that is so already. Included by pipe.bpf.c.
 */

static __always_inline bool knows_address(__u32 way)
{
	return way & WAY_AT;
}

/*
 * Begins an operation whose row is near: what has one is wanted. Whatever is found out goes into the slot at once,
 * where it is needed and no register is. false: it is not near, or the task was preempted.
 */
static __always_inline bool enter_plainly(__u64 *ctx, __u32 way, __u8 op, __u8 cause)
{
	struct ipc_run *run = run_slot();
	__u64 switches = *(volatile __u64 *)&run->switches, iter, packet = 0;
	struct inode *inode;
	struct file *file;
	struct ipc_row *row;
	__u32 at;

	if (*(volatile __u32 *)&run->flags && !run_clear_used(run, current_task()))
		return true;
	*(volatile __u64 *)&run->task = 0; /* from here on it is nobody's */
	barrier();
	plain_enters(run);
	iter = (__u64)ITER(ctx);
	run->kobj2 = iter + op; /* both in one word, for row_entered() */
	run->iter = op == OP_SEND ? iter : 0; /* as in enter() */
	file = IOCB(ctx)->ki_filp;
	if (op == OP_SEND) /* its end would have to read the file, too */
		packet = file->f_flags & FILE_O_DIRECT;
	inode = file->f_inode;
	run->obj.id = inode->i_ino;
	run->kobj = knows_address(way) ? (__u64)inode->i_pipe : (__u64)inode;
	row = row_near(inode, run->obj.id, run->who, op, &at);
	if (!row)
		return not_plain(run);
	*(key_word *)&run->obj.domain = row->words[1] ^ (__u64)op << 48; /* and mech, pad */
	STORE_TWO(run, op, op | (__u32)cause << 16); /* and op2, cause, waker */
	STORE_TWO(run, row, (__u64)(at + 1) | packet << 32); /* and aux[0] */
	return plain_taken(run, switches);
}

/*
 * As note_ring(), at less than half the cost: of operations' doing are head and tail. What opens, closes and resizes
 * change is read now and then; they read it, too, when they have changed it, so that some edge of the pipe always
 * has it as it is (pipe_join() in user/mech/pipe_ring.c). The mark of a poll and the pages that are kept are read
 * once for each stamp: they may be older than head and tail by its unit.
 */
static __always_inline void note_ring_plainly(struct ipc_edge *edge, struct pipe_inode_info *pipe)
{
	struct pipe_internals *s = (void *)edge->state;
	__u32 stamp = stamp_in_jiffies();

	if (edge->state[IPC_STATE_STAMP] != stamp) {
		edge->state[IPC_STATE_STAMP] = stamp;
		pipe_aside(pipe, s);
		if (stamp - s->set_up >= SELDOM_JIFFIES)
			pipe_set_up(pipe, s);
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

/*
 * The row that the entry of the operation found, and its pipe; NULL: it found none, or was missed. The iterator, which
 * lies on the task's stack, and the operation tell it from another call whose end was missed. Where the pipe itself is
 * what the entry noted that is all: of two calls, one after the other without a switch, whose end and whose entry were
 * missed, the second's end counts for the first, and both misses are told. Before 6.2 the inode is compared, too.
 */
static __always_inline struct ipc_row *row_entered(__u64 *ctx, __u32 way, __u8 op, const struct ipc_run *run,
						 struct pipe_inode_info **pipe)
{
	struct ipc_row *row;
	struct inode *inode;
	__u32 at;

	if (!run->task || run->kobj2 != (__u64)ITER(ctx) + op)
		return NULL;
	at = run->row - 1; /* beyond all rows, if it is not known */
	row = bpf_map_lookup_elem(&rows, &at);
	if (!row)
		return NULL;
	if (knows_address(way)) {
		*pipe = at_address(struct pipe_inode_info, run->kobj);
		return row;
	}
	inode = IOCB(ctx)->ki_filp->f_inode;
	*pipe = inode->i_pipe;
	return run->kobj == (__u64)inode ? row : NULL;
}

static __always_inline bool leave_plainly(__u64 *ctx, __u32 way, __u8 op)
{
	struct op_result res = {.ret = RESULT(ctx), .payload = true};
	struct ipc_run *run = run_slot();
	struct pipe_inode_info *pipe;
	struct ipc_row *row = row_entered(ctx, way, op, run, &pipe);

	if (!row)
		return false;
	edge_account(&row->edge, &row->key, &res);
	if (run->flags)
		account_run(&row->edge, run, pipe, op);
	if (op == OP_SEND && count_chunks(&row->edge, res.ret) && run->aux[0])
		count_packet(&row->edge);
	note_ring_plainly(&row->edge, pipe);
	op_done(run);
	return true;
}
