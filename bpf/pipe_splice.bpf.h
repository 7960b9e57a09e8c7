/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Bytes that change hands without pipe_read or pipe_write: splice, tee, vmsplice
 * and (since 5.12) sendfile to a pipe. What moves is references to pages; only
 * vmsplice out of a pipe copies. Included by pipe.bpf.c.
 *
 * Slots added by a splice are the advance of head while it ran: with another
 * writer at the same time they are shared out wrongly between the two.
 */

static __always_inline void splice_begin(struct file *in, struct file *out)
{
	struct inode *from = in->f_inode, *to = out->f_inode;
	struct ipc_object_id obj, obj2;
	struct ipc_run *run;
	bool reads = is_pipe(from), writes = is_pipe(to);

	if (!reads && !writes)
		return;
	pipe_identify(reads ? from : to, &obj);
	pipe_identify(to, &obj2);
	if (!op_wanted(&obj) && !(writes && op_wanted(&obj2)))
		return;
	run = op_begin(&obj, reads ? OP_RECV : OP_SEND, reads ? CAUSE_EMPTY : CAUSE_FULL,
		       (__u64)(reads ? from->i_pipe : to->i_pipe));
	if (!run)
		return;
	run->flags |= RUN_OUTER;
	if (writes)
		run->aux[0] = to->i_pipe->head;
	if (reads && writes) {
		run->op2 = OP_SEND;
		run->kobj2 = (__u64)to->i_pipe;
		run->obj2 = obj2;
	}
}

static __always_inline void splice_side(struct inode *inode, __u8 op, struct ipc_run *run, bool waited,
					const struct op_result *res, __u32 slots)
{
	struct ipc_object_id obj;
	struct ipc_edge *edge;

	pipe_identify(inode, &obj);
	if (!op_wanted(&obj))
		return;
	edge = op_end(&obj, op, waited ? run : NULL, res);
	if (!edge)
		return;
	if (run && run->aux[1] && op == OP_RECV)
		add(&edge->counters[COUNTER_KEPT], run->aux[1]);
	if (op == OP_SEND && slots)
		add(&edge->counters[COUNTER_SPLICED_SLOTS], slots);
	note_ring(edge, inode->i_pipe);
	if (PROFILE(PROFILE_DETAIL) && res->payload)
		object_bytes(&obj, op, res->ret);
	if (PROFILE(PROFILE_RESIDENCY))
		residency_note(&obj, edge->state[0], edge->state[1]);
	if (PROFILE(PROFILE_EVENTS))
		op_emit(&obj, op, run, res, edge, ~0ull);
}

/* tee leaves its source as it was: there it is a control operation without payload. */
static __always_inline int splice_end(struct file *in, struct file *out, __s64 ret, bool tee)
{
	struct op_result res = {.ret = ret, .moved = ret > 0 ? ret : 0, .payload = true};
	struct op_result nothing = {.ret = ret < 0 ? ret : 0};
	struct inode *from = in->f_inode, *to = out->f_inode;
	bool reads = is_pipe(from), writes = is_pipe(to), second;
	struct ipc_run *run = NULL;
	__u32 slots = 0;

	if (!reads && !writes)
		return 0;
	if (has_entry()) {
		run = run_mine();
		if (run && !(run->flags & RUN_OUTER))
			run = NULL;
	}
	second = run && (run->flags & RUN_SECOND);
	if (writes && run)
		slots = to->i_pipe->head - run->aux[0];
	if (reads)
		splice_side(from, tee ? OP_CTL : OP_RECV, run, !second, tee ? &nothing : &res, 0);
	if (writes)
		splice_side(to, OP_SEND, run, second || !reads, &res, slots);
	op_done(run);
	return 0;
}

SEC("?fentry/do_splice")
int BPF_PROG(splice_entry, struct file *in, void *off_in, struct file *out)
{
	splice_begin(in, out);
	return 0;
}

SEC("?fexit/do_splice")
int BPF_PROG(splice_exit, struct file *in, void *off_in, struct file *out, void *off_out, __u64 len,
	     unsigned int flags, long ret)
{
	return splice_end(in, out, ret, false);
}

SEC("?fentry/do_tee")
int BPF_PROG(tee_entry, struct file *in, struct file *out)
{
	splice_begin(in, out);
	return 0;
}

SEC("?fexit/do_tee")
int BPF_PROG(tee_exit, struct file *in, struct file *out, __u64 len, unsigned int flags, long ret)
{
	return splice_end(in, out, ret, true);
}

/* Which of the two pipes a splice sleeps on. */
static __always_inline int splice_waits(struct pipe_inode_info *pipe, __u8 cause)
{
	struct ipc_run *run = run_slot();

	if (!run || run->task != current_task() || !run->obj2.mech)
		return 0;
	run->own_cause = cause;
	if (run->kobj2 == (__u64)pipe)
		run->flags |= RUN_SECOND;
	else
		run->flags &= ~RUN_SECOND;
	return 0;
}

SEC("?fentry/pipe_wait_readable")
int BPF_PROG(splice_wait_readable, struct pipe_inode_info *pipe)
{
	return splice_waits(pipe, CAUSE_EMPTY);
}

SEC("?fentry/pipe_wait_writable")
int BPF_PROG(splice_wait_writable, struct pipe_inode_info *pipe)
{
	return splice_waits(pipe, CAUSE_FULL);
}

/*
 * vmsplice and sendfile know their pipe only by descriptor until they ask for it
 * (get_pipe_info). Until then the operation is unresolved; where it never asks,
 * as sendfile before 5.12, it moved its bytes through pipe_write.
 */
static __always_inline int by_descriptor_begin(void)
{
	struct ipc_object_id nothing = {};
	struct ipc_run *run = op_begin(&nothing, OP_CTL, CAUSE_NONE, 0);

	if (run)
		run->flags |= RUN_UNRESOLVED;
	return 0;
}

SEC("?fentry/__x64_sys_vmsplice")
int BPF_PROG(vmsplice_entry)
{
	return by_descriptor_begin();
}

SEC("?fentry/do_sendfile")
int BPF_PROG(sendfile_entry)
{
	return by_descriptor_begin();
}

SEC("?fexit/get_pipe_info")
int BPF_PROG(pipe_found, struct file *file, bool for_splice, struct pipe_inode_info *pipe)
{
	struct ipc_run *run = run_slot();
	struct inode *inode = file->f_inode;
	struct ipc_object_id obj;

	if (!run || run->task != current_task() || !(run->flags & RUN_UNRESOLVED) || !is_pipe(inode))
		return 0;
	pipe_identify(inode, &obj);
	if (!op_wanted(&obj))
		return 0;
	run->obj = obj;
	run->kobj = (__u64)inode->i_pipe;
	run->op = file->f_mode & FMODE_WRITE ? OP_SEND : OP_RECV;
	run->own_cause = run->op == OP_SEND ? CAUSE_FULL : CAUSE_EMPTY;
	run->aux[0] = inode->i_pipe->head;
	run->flags = RUN_OUTER;
	return 0;
}

/* No inode at hand any more: the slot knows the object. */
static __always_inline int by_descriptor_end(__s64 ret, bool copies_out)
{
	struct op_result res = {.ret = ret, .payload = true};
	struct ipc_run *run = run_mine();
	struct pipe_inode_info *pipe;
	struct ipc_edge *edge;
	__u32 head = 0;

	if (!run || !run->obj.mech || !(run->flags & RUN_OUTER)) {
		if (run && (run->flags & RUN_UNRESOLVED))
			op_done(run);
		return 0;
	}
	if (ret > 0 && !(copies_out && run->op == OP_RECV))
		res.moved = ret;
	edge = op_end(&run->obj, run->op, run, &res);
	pipe = (void *)run->kobj;
	if (edge && run->op == OP_SEND && ret > 0 && probe_read(&head, &pipe->head)) {
		add(&edge->counters[COUNTER_SPLICED_SLOTS], head - run->aux[0]);
		edge->state[0] = head;
	}
	if (edge && PROFILE(PROFILE_DETAIL))
		object_bytes(&run->obj, run->op, ret);
	if (edge && PROFILE(PROFILE_EVENTS))
		op_emit(&run->obj, run->op, run, &res, edge, ~0ull);
	op_done(run);
	return 0;
}

SEC("?fexit/__x64_sys_vmsplice")
int BPF_PROG(vmsplice_exit, void *regs, long ret)
{
	return by_descriptor_end(ret, true);
}

SEC("?fexit/do_sendfile")
int BPF_PROG(sendfile_exit, int out_fd, int in_fd, void *ppos, __u64 count, long long max, long ret)
{
	return by_descriptor_end(ret, false);
}
