/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is there without any operation: a pass over all open files, both ends of
 * sockets connected long ago, who holds them, what is queued, who sleeps. Nothing
 * is opened and nothing is locked. Included by unix.bpf.c.
 *
 * Senders and receivers of one socket sleep on one queue: while its send buffer is
 * full and its receive queue is not empty they are senders.
 */

#define SENDERS_OR_RECEIVERS 0xffu

/* Every task that sleeps on a wait queue in an operation of its own, not in poll. Global, see found.bpf.h. */
__attribute__((noinline)) int unix_sleepers_of(__u64 queue, __u64 id, __u64 packed, __u64 kobj)
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
		else if (task && (func == cfg.wake_function || func == cfg.datagram_wake_function))
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
	__u64 partners = (__u64)sk + bpf_core_field_offset(struct unix_sock, peer_wq) +
			 bpf_core_field_offset(struct socket_wq, wait);
	bool full = (__s64)UNIX_CHARGED(sk) + 1 >= BPF_CORE_READ(sk, sk_sndbuf);

	if (BPF_CORE_READ(sk, __sk_common.skc_state) == STATE_LISTEN) {
		unix_sleepers_of(queue, obj->id, PACK(obj, OP_OPEN, CAUSE_PARTNER), (__u64)sk);
		unix_sleepers_of(partners, obj->id, PACK(obj, OP_OPEN, CAUSE_BACKLOG), (__u64)sk);
		return;
	}
	if (full && BPF_CORE_READ(sk, sk_type) != SOCKET_DGRAM)
		unix_sleepers_of(queue, obj->id, PACK(obj, OP_SEND, CAUSE_FULL), (__u64)sk);
	else
		unix_sleepers_of(queue, obj->id, PACK(obj, OP_RECV, CAUSE_EMPTY), (__u64)sk);
	unix_sleepers_of(partners, obj->id, PACK(obj, OP_SEND, CAUSE_FULL), (__u64)sk);
}

/* Once per pass: the object as it is now, or as it was when we began. */
static __always_inline void sample(__u64 sk, const struct ipc_object_id *obj)
{
	struct sock *peer;
	bool is_new;
	struct ipc_object *o = object_to_sample(obj, &is_new);

	if (!o)
		return;
	unix_state(sk, obj->id, o->state);
	unix_note_name(obj->id, sk);
	unix_note_ends(sk, obj->id);
	if (!object_sampled(o, unix_inside(sk), is_new))
		return;
	sleepers_at((void *)sk, obj);
	peer = unix_peer((void *)sk);
	if (unix_is_pair((void *)sk, peer))
		sleepers_at(peer, obj);
}

SEC("?iter/task_file")
int unix_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task, *leader;
	struct file *file = ctx->file;
	struct ipc_object_id obj;
	struct socket *socket;
	struct sock *sk, *peer;
	__u32 tgid, start;
	__u8 end = 0;
	bool pair;

	if (!task || !file || (file->f_inode->i_mode & S_IFMT) != S_IFSOCK)
		return 0;
	socket = (void *)BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_family) != AF_UNIX)
		return 0;
	peer = unix_peer(sk);
	pair = unix_is_pair(sk, peer);
	tgid = task->tgid;
	leader = task->group_leader;
	start = leader->start_time >> IPC_START_SHIFT;
	if (peer && unix_identify((__u64)sk, OP_SEND, &obj) && holder_counts(&obj, tgid)) {
		process_see_task(leader, tgid, start);
		if (pair)
			end = unix_ino(sk) == obj.id ? END_FIRST : END_SECOND;
		end_holder_found(ctx->meta->seq, &obj, OP_SEND, end, tgid, start);
	}
	/* a datagram socket without a name cannot be sent to */
	if (!pair && !BPF_CORE_READ((struct unix_sock *)sk, addr))
		return 0;
	if (!unix_identify((__u64)sk, OP_RECV, &obj))
		return 0;
	if (!pair && cfg.syscall_backend)
		unix_register_name((__u64)sk, obj.id);
	if (!holder_counts(&obj, tgid))
		return 0;
	process_see_task(leader, tgid, start);
	end_holder_found(ctx->meta->seq, &obj, OP_RECV, end, tgid, start);
	sample((__u64)sk, &obj);
	return 0;
}
