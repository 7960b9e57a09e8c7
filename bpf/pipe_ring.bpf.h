/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The real ring of one pipe, slot by slot, for `ipctrace ring`: read where it
 * lies, through an iterator, so that nothing is opened and no end count changes.
 * Not locked: a busy ring may move between two slots. Included by pipe.bpf.c.
 */

static __always_inline void emit_slot(struct seq_file *seq, __u64 bufs, __u32 position, __u32 ring_size)
{
	struct ipc_ring_slot slot = {.any = {RING_SLOT, sizeof(slot)}};
	struct pipe_buffer *buf;
	struct page *page = NULL;
	struct address_space *mapping;

	slot.index = position & (ring_size - 1);
	buf = (void *)(bufs + slot.index * bpf_core_type_size(struct pipe_buffer));
	probe_read(&slot.offset, &buf->offset);
	probe_read(&slot.len, &buf->len);
	probe_read(&slot.flags, &buf->flags);
	probe_read(&slot.ops, &buf->ops);
	probe_read(&page, &buf->page);
	slot.page = (__u64)page;
	if (!cfg.no_probe_read && page) {
		page = page_head(page);
		slot.refs = BPF_CORE_READ(page, _refcount.counter);
		mapping = BPF_CORE_READ(page, mapping);
		if (mapping && !((__u64)mapping & 3)) { /* the low bits mark anonymous and special pages */
			slot.inode = BPF_CORE_READ(mapping, host, i_ino);
			slot.domain = BPF_CORE_READ(mapping, host, i_sb, s_dev);
		}
	}
	bpf_seq_write(seq, &slot, sizeof(slot));
}

static __always_inline void emit_sleeper(struct seq_file *seq, struct task_struct *task, __u32 op)
{
	struct ipc_ring_sleeper s = {.any = {RING_SLEEPER, sizeof(s)}};

	s.op = op;
	if (task) {
		s.tid = BPF_CORE_READ(task, pid);
		s.tgid = BPF_CORE_READ(task, tgid);
		s.since_ns = asleep_since_ns(task);
		BPF_CORE_READ_INTO(&s.comm, task, comm);
	} else {
		s.polls = 1;
	}
	bpf_seq_write(seq, &s, sizeof(s));
}

static __always_inline void emit_sleepers(struct seq_file *seq, struct wait_queue_head *queue, __u32 op)
{
	struct list_head *first = &queue->head, *at = NULL;

	if (!probe_read(&at, &first->next))
		return;
	for (int i = 0; i < PIPE_WALK_SLOTS; i++) {
		struct wait_queue_entry *entry;
		__u64 func = 0, task = 0;

		if (!at || at == first)
			return;
		entry = (void *)at - bpf_core_field_offset(struct wait_queue_entry, entry);
		probe_read(&func, &entry->func);
		probe_read(&task, &entry->private);
		emit_sleeper(seq, cfg.wake_function && func == cfg.wake_function ? (void *)task : NULL, op);
		if (!probe_read(&at, &at->next))
			return;
	}
}

static __always_inline void emit_ring(struct seq_file *seq, struct pipe_inode_info *pipe,
				      const struct ipc_object_id *obj)
{
	struct ipc_ring_head head = {.any = {RING_HEAD, sizeof(head)}};
	__u64 bufs = 0;
	__u32 used;

	head.now_ns = bpf_ktime_get_ns();
	head.obj = *obj;
	pipe_state(pipe, head.state);
	used = head.state[0] - head.state[1];
	probe_read(&bufs, &pipe->bufs);
	head.truncated = used > PIPE_WALK_SLOTS;
	head.slots = head.truncated ? PIPE_WALK_SLOTS : used;
	bpf_seq_write(seq, &head, sizeof(head));
	for (__u32 i = 0; i < PIPE_WALK_SLOTS; i++) {
		if (i >= head.slots)
			break;
		emit_slot(seq, bufs, head.state[1] + i, head.state[2]);
	}
	emit_sleepers(seq, &pipe->rd_wait, OP_RECV);
	emit_sleepers(seq, &pipe->wr_wait, OP_SEND);
}

SEC("?iter/task_file")
int pipe_ring(struct bpf_iter__task_file *ctx)
{
	struct ipc_ring_holder holder = {.any = {RING_HOLDER, sizeof(holder)}};
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct ipc_object_id obj;
	struct inode *inode;

	if (!task || !file)
		return 0;
	inode = file->f_inode;
	if (!is_pipe(inode) || !inode->i_pipe)
		return 0;
	pipe_identify(inode, &obj);
	if (obj.id != cfg.object.id || obj.domain != cfg.object.domain)
		return 0;
	holder.tgid = task->tgid;
	holder.fd = ctx->fd;
	holder.mode = file->f_mode & (FMODE_READ | FMODE_WRITE);
	holder.flags = file->f_flags;
	__builtin_memcpy(holder.comm, task->group_leader->comm, IPC_COMM_LEN);
	bpf_seq_write(ctx->meta->seq, &holder, sizeof(holder));
	emit_ring(ctx->meta->seq, inode->i_pipe, &obj);
	return 0;
}
