/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The real ring of one pipe, slot by slot, for `ipctrace ring`: read where it
 * lies, through an iterator, so that nothing is opened and no end count changes.
 * Not locked: a busy ring may move between two slots. Included by pipe.bpf.c.
 */

#define RING_WALK_WAITERS 340 /* of a side, told one by one */

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

/* How long a list is from `at` on, up to RING_MORE_MAX. Global: verified once. */
__attribute__((noinline)) int ring_waiters_from(__u64 at, __u64 first)
{
	for (int i = 0; i < RING_MORE_MAX; i++) {
		if (!at || at == first)
			return i;
		if (!probe_read(&at, (__u64 *)at)) /* list_head.next comes first */
			return i;
	}
	return RING_MORE_MAX;
}

/*
 * So many sleepers of a side can be told one by one: what does not fit into the
 * buffer fails the whole look, and after the slots the two sides share the room
 * that is left. In memory, where the verifier does not follow it through the loops.
 */
static volatile __u32 ring_room;

static __always_inline void make_room(struct seq_file *seq, __u32 slots)
{
	__u32 size = seq->size, other = sizeof(struct ipc_ring_holder) + sizeof(struct ipc_ring_head) +
					2 * sizeof(struct ipc_ring_more) + slots * sizeof(struct ipc_ring_slot);

	ring_room = size > other ? (size - other) / 2 / sizeof(struct ipc_ring_sleeper) : 0;
}

static __always_inline void emit_sleepers(struct seq_file *seq, __u64 queue, __u32 op)
{
	struct list_head *first = &((struct wait_queue_head *)queue)->head, *at = NULL;
	struct ipc_ring_more more = {.any = {RING_MORE, sizeof(more)}, .op = op};

	if (!probe_read(&at, &first->next))
		return;
	for (__u32 i = 0; i < RING_WALK_WAITERS; i++) {
		struct wait_queue_entry *entry;
		__u64 func = 0, task = 0;

		if (!at || at == first)
			return;
		if (i >= ring_room)
			break;
		entry = (void *)at - bpf_core_field_offset(struct wait_queue_entry, entry);
		probe_read(&func, &entry->func);
		probe_read(&task, &entry->private);
		emit_sleeper(seq, cfg.wake_function && func == cfg.wake_function ? (void *)task : NULL, op);
		if (!probe_read(&at, &at->next))
			return;
	}
	more.cnt = ring_waiters_from((__u64)at, (__u64)first);
	if (more.cnt)
		bpf_seq_write(seq, &more, sizeof(more));
}

static __always_inline void emit_ring(struct seq_file *seq, struct inode *inode, const struct ipc_object_id *obj)
{
	struct pipe_inode_info *pipe = inode->i_pipe;
	struct ipc_ring_head head = {.any = {RING_HEAD, sizeof(head)}};
	__u64 bufs = 0, address = 0;
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
	make_room(seq, head.slots);
	if (!probe_read(&address, &inode->i_pipe)) /* as a number: that is what a global function takes */
		return;
	emit_sleepers(seq, address + bpf_core_field_offset(struct pipe_inode_info, rd_wait), OP_RECV);
	emit_sleepers(seq, address + bpf_core_field_offset(struct pipe_inode_info, wr_wait), OP_SEND);
}

/* One object for good, or a new one from pass to pass. */
static __always_inline bool is_ring_asked_for(const struct ipc_object_id *obj)
{
	if (cfg.one_object)
		return obj->id == cfg.object.id && obj->domain == cfg.object.domain;
	return obj->id == control_value(CONTROL_RING_ID) && obj->domain == control_value(CONTROL_RING_DOMAIN);
}

static __u64 ring_told; /* the pass that has the ring already: many may hold it */

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
	if (!is_ring_asked_for(&obj))
		return 0;
	holder.tgid = task->tgid;
	holder.fd = ctx->fd;
	holder.mode = file->f_mode & (FMODE_READ | FMODE_WRITE);
	holder.flags = file->f_flags;
	__builtin_memcpy(holder.comm, task->group_leader->comm, IPC_COMM_LEN);
	bpf_seq_write(ctx->meta->seq, &holder, sizeof(holder));
	if (ring_told == ctx->meta->session_id)
		return 0;
	emit_ring(ctx->meta->seq, inode, &obj);
	if (ctx->meta->seq->count < ctx->meta->seq->size) /* else it is asked for again, with a buffer of its own */
		ring_told = ctx->meta->session_id;
	return 0;
}
