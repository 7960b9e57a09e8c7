/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets made, named, connected, accepted, shut down and closed. A pair is made
 * by connect or socketpair and gone when both of its ends are; what an end had not
 * received yet goes with it. Included by unix.bpf.c.
 */

/* socketpair(2) gives its sockets files one after the other: with the second, both have an inode. */
SEC("?fexit/sock_alloc_file")
int BPF_PROG(unix_pair_exit, struct socket *sock)
{
	struct sock *sk = BPF_CORE_READ(sock, sk), *peer;
	struct ipc_object_id obj;

	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_family) != AF_UNIX)
		return 0;
	handle_forget(sock);
	pair_forget(sock);
	peer = unix_peer(sk);
	if (!peer || !BPF_CORE_READ(peer, sk_socket, file) || !unix_identify((__u64)sk, OP_OPEN, &obj) ||
	    !op_wanted(&obj))
		return 0;
	socket_created(&obj);
	unix_note_ends((__u64)sk, obj.id);
	leave_life(&obj, OP_OPEN, NULL, 0, (__u64)sk);
	return 0;
}

/* What kinds of files travel. Global: one walk of the loop by the verifier. Returns 0. */
__attribute__((noinline)) int unix_count_kinds(__u64 list, __u32 cnt, __u64 id)
{
	struct ipc_object_id obj = {.id = id, .mech = MECH_UNIX};
	struct ipc_object *o = object_seen(&obj);
	__u64 slots = list + bpf_core_field_offset(struct scm_fp_list, fp);

	if (!o)
		return 0;
	for (__u32 i = 0; i < SCM_MAX_FD; i++) {
		struct file *file = NULL;
		__u32 kind;

		if (i >= cnt || !probe_read(&file, slots + i * sizeof(file)))
			break;
		kind = unix_kind_of(file);
		if (kind < UNIX_ENDS_CLOSED)
			add(&o->counters[kind], 1);
	}
	return 0;
}

/* Whom an address stands for: the listener that is connected to, the receiver of a datagram. */
SEC("?fexit/unix_find_other")
int BPF_PROG(unix_found)
{
	struct ipc_run *run = run_slot();
	struct ipc_object_id obj;
	__u64 other = result_address(ctx, 6);

	if (!run || run->task != current_task() || !(run->flags & RUN_UNRESOLVED) || run->obj.mech || !other ||
	    other > -4096ull)
		return 0;
	/* the object of what comes in there */
	if (!unix_identify(other, OP_RECV, &obj))
		return 0;
	unix_note_name(obj.id, other);
	if (run->kobj2)
		unix_count_kinds(run->kobj2, run->aux[1], obj.id);
	run->obj = obj;
	run->kobj2 = other;
	run->flags &= ~RUN_UNRESOLVED;
	return 0;
}

static __always_inline int enter_connect(struct socket *sock, __u8 cause)
{
	enter((__u64)BPF_CORE_READ(sock, sk), OP_OPEN, cause, true);
	return 0;
}

static __always_inline int leave_connect(struct socket *sock, int ret, bool makes_pair)
{
	__u64 sk = (__u64)BPF_CORE_READ(sock, sk), other;
	struct ipc_object_id obj, pair;
	struct ipc_run *run = find_run(sk, OP_OPEN, &obj);
	struct ipc_edge *edge;

	handle_forget(sock);
	pair_forget(sock);
	unix_changes();
	other = run && run->kobj2 ? run->kobj2 : sk;
	if (obj.id && op_wanted(&obj)) {
		edge = leave_life(&obj, OP_OPEN, run, ret, 0);
		if (edge && !ret) {
			add(&edge->counters[SOCKET_CONNECTS], 1);
			note_state(edge, other, &obj, NULL);
		}
	}
	if (!ret && makes_pair && unix_identify(sk, OP_OPEN, &pair) && op_wanted(&pair)) {
		socket_created(&pair);
		unix_note_name(pair.id, sk);
		unix_note_ends(sk, pair.id);
	}
	op_done(run);
	return 0;
}

SEC("?fentry/unix_stream_connect")
int BPF_PROG(unix_connect_entry, struct socket *sock)
{
	return enter_connect(sock, CAUSE_BACKLOG);
}

SEC("?fexit/unix_stream_connect")
int BPF_PROG(unix_connect_exit, struct socket *sock, void *addr, int len, int flags, int ret)
{
	return leave_connect(sock, ret, true);
}

SEC("?fentry/unix_dgram_connect")
int BPF_PROG(unix_dgram_connect_entry, struct socket *sock)
{
	return enter_connect(sock, CAUSE_LOCK);
}

SEC("?fexit/unix_dgram_connect")
int BPF_PROG(unix_dgram_connect_exit, struct socket *sock, void *addr, int len, int flags, int ret)
{
	return leave_connect(sock, ret, false);
}

SEC("?fentry/unix_accept")
int BPF_PROG(unix_accept_entry, struct socket *sock)
{
	enter((__u64)BPF_CORE_READ(sock, sk), OP_OPEN, CAUSE_PARTNER, false);
	return 0;
}

/* The third argument is flags until 6.9, then a structure: there are three or four of them */
SEC("?fexit/unix_accept")
int BPF_PROG(unix_accept_exit, struct socket *sock)
{
	unix_changes();
	return leave_own(sock, OP_OPEN, function_result(ctx, 4));
}

/* bind and listen make a socket an object of its own, with a name. */
static __always_inline int leave_named(struct socket *sock, int ret)
{
	__u64 sk = (__u64)BPF_CORE_READ(sock, sk);
	struct ipc_object_id obj;

	if (!unix_identify(sk, OP_CTL, &obj) || !op_wanted(&obj))
		return 0;
	if (!ret) {
		socket_created(&obj);
		unix_note_name(obj.id, sk);
		unix_note_ends(sk, obj.id);
	}
	leave_life(&obj, OP_CTL, NULL, ret, sk);
	return 0;
}

SEC("?fexit/unix_bind")
int BPF_PROG(unix_bind_exit, struct socket *sock, void *addr, int len, int ret)
{
	return leave_named(sock, ret);
}

SEC("?fexit/unix_listen")
int BPF_PROG(unix_listen_exit, struct socket *sock, int backlog, int ret)
{
	return leave_named(sock, ret);
}

SEC("?fentry/unix_shutdown")
int BPF_PROG(unix_shutdown_entry, struct socket *sock)
{
	enter((__u64)BPF_CORE_READ(sock, sk), OP_CTL, CAUSE_LOCK, false);
	unix_changes();
	return 0;
}

SEC("?fexit/unix_shutdown")
int BPF_PROG(unix_shutdown_exit, struct socket *sock, int mode, int ret)
{
	unix_changes();
	return leave_own(sock, OP_CTL, ret);
}

/* What goes with this end; the object itself goes with its last one. */
static __always_inline void end_goes(struct ipc_object *o, __u64 sk, const struct ipc_object_id *obj)
{
	struct unix_internals *s = (void *)o->state;
	struct sock *peer = unix_peer((void *)sk);
	__s64 inside = unix_queued(sk);
	__u32 second = s->second_inode;
	bool last = !unix_is_pair((void *)sk, peer) || unix_is_dead(peer);

	unix_state(sk, obj->id, o->state);
	if (!s->second_inode)
		s->second_inode = second; /* it went first */
	stamp_state(o->state);
	if (inside < 0) {
		o->flags |= OBJECT_INSIDE_UNKNOWN;
	} else if (inside) {
		add(&o->discarded_bytes, inside);
		if (PROFILE(PROFILE_DETAIL))
			add(&o->depth_bytes, -inside);
	}
	add(&o->counters[UNIX_ENDS_CLOSED], 1);
	/* both at a time, on two processors: each still sees the other alive */
	if (!last && *(volatile __u64 *)&o->counters[UNIX_ENDS_CLOSED] < 2)
		return;
	o->flags |= OBJECT_DESTROYED;
	o->last_ns = bpf_ktime_get_ns();
	o->inside_bytes = 0;
	o->destructions++;
}

/* embrion: a connection that was never accepted goes with its listener, by no operation of its own */
SEC("?fentry/unix_release_sock")
int BPF_PROG(unix_release_entry, struct sock *sock, int embrion)
{
	struct ipc_object_id obj;
	struct ipc_object *o;
	struct ipc_run *run;
	__u64 sk = argument_address(ctx, 0);

	handle_forget(sock->sk_socket);
	unix_changes();
	if (!sk || !unix_identify(sk, OP_RECV, &obj))
		return 0;
	bpf_map_delete_elem(&aliases, &sk);
	o = object_of(&obj);
	if (!o || !op_wanted(&obj))
		return 0; /* neither bound nor connected: it was none */
	end_goes(o, sk, &obj);
	if (embrion)
		return 0;
	run = op_begin(&obj, OP_CLOSE, CAUSE_LOCK, sk);
	if (run)
		run->aux[0] = unix_ino((void *)sk) == obj.id;
	return 0;
}

SEC("?fexit/unix_release_sock")
int BPF_PROG(unix_release_exit, struct sock *sock, int embrion)
{
	struct ipc_run *run = run_mine();
	struct ipc_edge *edge;

	unix_changes();
	if (embrion || !run || run->kobj != (__u64)sock || run->op != OP_CLOSE || run->obj.mech != MECH_UNIX)
		return 0;
	edge = leave_life(&run->obj, OP_CLOSE, run, 0, 0);
	if (edge && run->aux[0])
		add(&edge->counters[SOCKET_FIRST_OPS], 1);
	op_done(run);
	return 0;
}
