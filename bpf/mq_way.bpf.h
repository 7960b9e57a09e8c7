/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a message meets between the entry and the exit of its call. Included by mq.bpf.c. */

/* How many wait in a list, at most MQ_WALK_WAITERS. Global: verified once. Not locked against us: the caller holds it. */
__attribute__((noinline)) int mq_list_length(__u64 list)
{
	struct list_head *first = (void *)list, *at = NULL;
	int length = 0;

	if (bpf_probe_read_kernel(&at, sizeof(at), &first->next))
		return 0;
	for (int i = 0; i < MQ_WALK_WAITERS; i++) {
		if (!at || at == first)
			break;
		length++;
		if (bpf_probe_read_kernel(&at, sizeof(at), &at->next))
			break;
	}
	return length;
}

static __always_inline __u64 mq_waiters(__u64 info, int sends_0)
{
	return info + bpf_core_field_offset(struct mqueue_inode_info, e_wait_q) +
	       (sends_0 ? bpf_core_type_size(struct ext_wait_queue) : 0) +
	       bpf_core_field_offset(struct ext_wait_queue, list);
}

/* sr 0: a sender, 1: a receiver; info->lock is held, and this task is not in the list yet */
SEC("?fentry/wq_sleep")
int BPF_PROG(mq_sleep, struct mqueue_inode_info *info, int sr)
{
	struct ipc_run *run = mq_run();
	__u32 which = sr ? MQ_MAX_RECEIVERS : MQ_MAX_SENDERS;
	struct ipc_object *o;
	__u64 waiting;

	if (!run || run->op > OP_RECV)
		return 0;
	run->aux[0] |= MQ_WAY_SLEPT;
	if (!PROFILE(PROFILE_DETAIL))
		return 0;
	waiting = mq_list_length(mq_waiters(run->kobj, sr)) + 1;
	o = bpf_map_lookup_elem(&objects, &run->obj);
	if (o && waiting > o->counters[which])
		o->counters[which] = waiting;
	return 0;
}

/* Under the lock, before it is in: by its own sender, or by the receiver that made room for it */
SEC("?fentry/msg_insert")
int BPF_PROG(mq_insert, struct msg_msg *msg, struct mqueue_inode_info *info)
{
	struct ipc_run *run = mq_run();
	struct ipc_object *o;
	__u64 bytes, messages;

	if (PROFILE(PROFILE_RESIDENCY))
		restamp_message((__u64)msg);
	if (!run)
		return 0;
	messages = info->attr.mq_curmsgs;
	run->aux[0] |= MQ_WAY_INSERTED;
	if (run->op == OP_SEND && !messages && info->notify_owner) /* __do_notify() comes next */
		run->aux[0] |= MQ_WAY_NOTIFIED;
	run->aux[1] = messages + 1;
	if (is_plain() && run->op == OP_SEND) /* whose result tells whether there was memory for it */
		note_inserted(run, msg, info);
	if (!PROFILE(PROFILE_DETAIL))
		return 0;
	bytes = info->qsize + msg->m_ts;
	o = bpf_map_lookup_elem(&objects, &run->obj);
	if (o && bytes > o->max_bytes)
		o->max_bytes = bytes;
	return 0;
}

/* System V messages come this way too, outside of our operations */
SEC("?fexit/load_msg")
int BPF_PROG(mq_loaded, const void *src, size_t len, struct msg_msg *msg)
{
	__u64 address = (__u64)msg;

	if (address < -4095ull && mq_run()) /* else an error */
		stamp_message(address);
	return 0;
}

/* The last of a message: its receiver has it, or nobody ever will. */
SEC("?fentry/free_msg")
int BPF_PROG(mq_freed, struct msg_msg *msg)
{
	struct ipc_run *run = mq_run();

	if (run && run->op == OP_RECV) {
		run->aux[0] |= MQ_WAY_TAKEN;
		run->aux[2] = msg->m_ts;
		run->aux[3] = msg->m_type;
		if (PROFILE(PROFILE_RESIDENCY))
			residency_of_message(&run->obj, (__u64)msg);
	} else if (PROFILE(PROFILE_RESIDENCY)) {
		drop_stamp((__u64)msg);
	}
	return 0;
}
