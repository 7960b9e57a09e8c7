/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sends and receives of a queue that is known, by the address of its inode: what leads to it is all that is read.
 * Included by mq.bpf.c.
 */

static __always_inline bool enter_plainly(__u32 fd, __u8 op, __u8 cause)
{
	struct file *file = file_of(fd);
	__u64 switches, id, where, inode = 0;
	struct ipc_run *run;

	if (!file)
		return false;
	run = plain_slot(RUN_USED, &switches);
	if (!run)
		return true;
	if (is_at()) { /* what has a type is a number again when it has been in a map */
		*(volatile __u64 *)&run->kobj = (__u64)at_address(struct file, file)->f_inode;
		inode = *(volatile __u64 *)&run->kobj;
	} else {
		bpf_probe_read_kernel(&inode, sizeof(inode), &file->f_inode);
	}
	if (!object_known(inode, MECH_MQ, &id, &where))
		return not_plain(run);
	run->kobj = mq_info_of((void *)inode);
	return plain_begin(run, id, where, op, cause, 0, switches);
}

/* What the insertion leaves: here the lock is held, and members have types, which costs a fifth of reads by address. */
static __always_inline void note_inserted(struct ipc_run *run, struct msg_msg *msg, struct mqueue_inode_info *info)
{
	struct ipc_row *row = plain_row(run, MECH_MQ, run->op);
	__u32 priority = msg->m_type, top;
	struct mq_internals *s;

	if (!row)
		return;
	s = (void *)row->edge.state;
	typed_mqueues_keep(info, run->obj.id);
	stamp_in_order(row->edge.state, run->obj.id);
	s->curmsgs = info->attr.mq_curmsgs + 1;
	s->maxmsg = info->attr.mq_maxmsg;
	s->msgsize = info->attr.mq_msgsize;
	s->qsize = info->qsize + msg->m_ts;
	s->notify = !(run->aux[0] & MQ_WAY_NOTIFIED) && info->notify_owner;
	top = mq_priority(info->msg_tree_rightmost);
	s->top_priority = top == IPC_STATE_ABSENT || priority > top ? priority : top;
	run->aux[0] |= MQ_WAY_NOTED;
}

static __always_inline bool leave_plainly(__u8 op, __s64 ret)
{
	struct op_result res = {.ret = ret, .payload = true};
	struct ipc_run *run = run_slot();
	struct ipc_row *row = plain_row(run, MECH_MQ, op);
	struct mq_ref mq;

	if (!row)
		return false;
	edge_account(&row->edge, &row->key, &res);
	mq.obj = run->obj;
	mq.info = run->kobj;
	leave_queue(&row->edge, &mq, op, run, ret);
	plain_done_used(&row->edge, run, RUN_USED);
	return true;
}

/* --counts: its end is all that is seen, and nobody says when queues go. But inodes have numbers that no other had. */
static __always_inline bool leave_counted(__u32 fd, __u8 op, __s64 ret)
{
	struct op_result res = {.ret = ret, .payload = true};
	struct file *file = file_of(fd);
	struct ipc_row *row;
	struct inode *inode;
	__u64 id, where;
	__u32 at;

	if (!file || cfg.failed_only)
		return false;
	inode = BPF_CORE_READ(file, f_inode);
	if (!object_known((__u64)inode, MECH_MQ, &id, &where) || BPF_CORE_READ(inode, i_ino) != id)
		return false;
	row = row_at_hand(id, where, op, actor_word(current_actor()), &at);
	if (row)
		edge_account(&row->edge, &row->key, &res);
	return row;
}
