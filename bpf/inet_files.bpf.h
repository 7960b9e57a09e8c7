/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is there without any operation: a pass over all open files, both ends of
 * connections made long ago, who holds them, what is queued, who sleeps. Nothing is
 * opened and nothing is locked. Included by inet.bpf.c.
 *
 * Senders and receivers of one stream sleep on one queue: while the kernel counts one
 * that waits for room there they are senders.
 */

/* Every task that sleeps on a socket's queue in an operation of its own, not in poll. Global, see found.bpf.h. */
__attribute__((noinline)) int inet_sleepers_of(__u64 queue, __u64 id, __u64 packed, __u64 kobj)
{
	__u64 first = queue + bpf_core_field_offset(struct wait_queue_head, head), at = 0;

	if (!probe_read(&at, first))
		return 0;
	for (int i = 0; i < WALK_WAITERS; i++) {
		struct wait_queue_entry *entry;
		__u64 func = 0, task = 0;

		if (!at || at == first)
			return 0;
		entry = (void *)at - bpf_core_field_offset(struct wait_queue_entry, entry);
		probe_read(&func, &entry->func);
		probe_read(&task, &entry->private);
		if (!cfg.wake_function)
			lose(LOSS_UNRESOLVED); /* kernel addresses are hidden: it could be a poll() */
		else if (task && (func == cfg.wake_function || func == cfg.datagram_wake_function || func == cfg.woken_wake_function))
			ipc_sleeper_found(task, id, packed, kobj);
		if (!probe_read(&at, at))
			return 0;
	}
	lose(LOSS_UNRESOLVED);
	return 0;
}

static __always_inline void sleepers_at(struct sock *sk, const struct ipc_object_id *obj)
{
	__u64 queue = (__u64)BPF_CORE_READ(sk, sk_wq) + bpf_core_field_offset(struct socket_wq, wait);
	__u32 state = BPF_CORE_READ(sk, __sk_common.skc_state);

	if (state == INET_LISTEN)
		inet_sleepers_of(queue, obj->id, PACK(obj, OP_OPEN, CAUSE_PARTNER), (__u64)sk);
	else if (BPF_CORE_READ(sk, sk_write_pending))
		inet_sleepers_of(queue, obj->id, PACK(obj, OP_SEND, CAUSE_FULL), (__u64)sk);
	else
		inet_sleepers_of(queue, obj->id, PACK(obj, OP_RECV, CAUSE_EMPTY), (__u64)sk);
}

/* Once per pass: the object as it is now, or as it was when we began. */
static __always_inline void sample(__u64 sk, const struct ipc_object_id *obj)
{
	bool first_pass = !control_value(CONTROL_PASS), is_new;
	__s64 inside = inet_inside(sk, obj->id);
	struct ipc_object *o;

	if (first_pass)
		sleepers_at((void *)sk, obj);
	/* the first of its two ends: wait for the other one */
	if (first_pass && inside < 0 && inet_is_pair(sk, obj->id))
		return;
	o = object_to_sample(obj, &is_new);
	if (!o)
		return;
	inet_words(sk, obj->id, o->state);
	object_sampled(o, inside, is_new);
}

SEC("?iter/task_file")
int inet_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task, *leader;
	struct file *file = ctx->file;
	struct ipc_object_id obj;
	struct socket *socket;
	__u32 tgid, start, family;
	__u64 sk;
	__u8 end = 0;

	if (!task || !file || (file->f_inode->i_mode & S_IFMT) != S_IFSOCK)
		return 0;
	socket = (void *)BPF_CORE_READ(file, private_data);
	sk = (__u64)BPF_CORE_READ(socket, sk);
	family = sk ? BPF_CORE_READ((struct sock *)sk, __sk_common.skc_family) : 0;
	if (family != AF_INET && family != AF_INET6)
		return 0;
	inet_register(sk);
	tgid = task->tgid;
	leader = task->group_leader;
	start = leader->start_time >> IPC_START_SHIFT;
	if (inet_identify(sk, OP_SEND, 0, 0, &obj) && BPF_CORE_READ((struct sock *)sk, __sk_common.skc_state) != INET_LISTEN &&
	    holder_counts(&obj, tgid)) {
		process_see_task(leader, tgid, start);
		if (inet_is_pair(sk, obj.id))
			end = inet_is_first_end(sk, obj.id) ? END_FIRST : END_SECOND;
		end_holder_found(ctx->meta->seq, &obj, OP_SEND, end, tgid, start);
	}
	if (!inet_identify(sk, OP_RECV, 0, 0, &obj))
		return 0;
	inet_note_name(obj.id, sk);
	if (!holder_counts(&obj, tgid))
		return 0;
	process_see_task(leader, tgid, start);
	end_holder_found(ctx->meta->seq, &obj, OP_RECV, end, tgid, start);
	sample(sk, &obj);
	return 0;
}
