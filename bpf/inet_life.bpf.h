/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets bound, connected, accepted, shut down and closed. A pair is made when its
 * connection is, and gone when both of its ends are; what an end had not received yet
 * goes with it. Included by inet.bpf.c.
 */

/* A connection begins, with addresses that an earlier one may have had. */
static __attribute__((noinline)) int inet_connected(const struct ipc_object_id *obj, __u64 sk)
{
	struct ipc_object *o;

	if (!obj)
		return 0;
	o = object_seen(obj);
	if (o && (o->flags & OBJECT_DESTROYED)) {
		o->flags &= ~OBJECT_DESTROYED;
		o->creations++;
	}
	socket_created(obj);
	inet_register(sk);
	inet_note_name(obj->id, sk);
	return 0;
}

#define WAS_CONNECTED 1 /* aux[3]: before the call */

static __always_inline int enter_connect(struct socket *sock, __u64 name, __u8 cause)
{
	__u64 sk = (__u64)BPF_CORE_READ(sock, sk);
	bool connected = BPF_CORE_READ((struct sock *)sk, __sk_common.skc_state) == INET_ESTABLISHED;
	struct ipc_object_id obj = {};
	struct ipc_run *run;

	if (connected)
		known_forget(sock);
	if (inet_identify(sk, OP_OPEN, name, 0, &obj)) {
		if (!op_wanted(&obj))
			return 0;
	} else {
		obj.mech = 0; /* an address of this machine, perhaps: connected to, it tells */
	}
	run = enter_on(&obj, sk, OP_OPEN, cause);
	if (run && connected)
		run->aux[3] = WAS_CONNECTED;
	if (run && !obj.mech)
		run->flags |= RUN_UNRESOLVED;
	return 0;
}

/* Of a stream, also what goes on in the background (EINPROGRESS) is done by now, but for a full backlog. */
static __always_inline int leave_connect(struct socket *sock, __u64 name, int ret)
{
	__u64 sk = (__u64)BPF_CORE_READ(sock, sk);
	struct ipc_object_id obj, pair;
	struct ipc_run *run = find_named(sk, OP_OPEN, name, &obj);
	bool again = sock->type == SOCKET_STREAM ? run && run->aux[3] == WAS_CONNECTED : ret;
	/* what accepted it may have closed it by now: then its state is another one already */
	bool fresh = !again && ((sock->type == SOCKET_STREAM && !ret) ||
				BPF_CORE_READ((struct sock *)sk, __sk_common.skc_state) == INET_ESTABLISHED);
	struct ipc_edge *edge;

	handle_forget(sock);
	inet_changes();
	if (obj.id && op_wanted(&obj)) {
		edge = leave_life(&obj, OP_OPEN, run, ret, inet_socket_at(obj.id));
		if (edge && fresh)
			add(&edge->counters[SOCKET_CONNECTS], 1);
		inet_note_target(obj.id, sk, name, 0);
	}
	if (fresh)
		inet_register(sk);
	/* of datagrams, when the other one is connected to this one */
	if (fresh && inet_identify(sk, OP_RECV, 0, 0, &pair) && inet_is_pair(sk, pair.id) && op_wanted(&pair))
		inet_connected(&pair, sk);
	op_done(run);
	return 0;
}

SEC("?fentry/inet_stream_connect")
int BPF_PROG(inet_connect_entry, struct socket *sock)
{
	return enter_connect(sock, argument_address(ctx, 1), CAUSE_BACKLOG);
}

SEC("?fexit/inet_stream_connect")
int BPF_PROG(inet_connect_exit, struct socket *sock, void *addr, int len, int flags, int ret)
{
	return leave_connect(sock, argument_address(ctx, 1), ret);
}

SEC("?fentry/inet_dgram_connect")
int BPF_PROG(inet_dgram_connect_entry, struct socket *sock)
{
	return enter_connect(sock, argument_address(ctx, 1), CAUSE_LOCK);
}

SEC("?fexit/inet_dgram_connect")
int BPF_PROG(inet_dgram_connect_exit, struct socket *sock, void *addr, int len, int flags, int ret)
{
	return leave_connect(sock, argument_address(ctx, 1), ret);
}

SEC("?fentry/inet_accept")
int BPF_PROG(inet_accept_entry, struct socket *sock)
{
	enter((__u64)BPF_CORE_READ(sock, sk), OP_OPEN, CAUSE_PARTNER, false);
	return 0;
}

/* The third argument is flags until 6.9, then a structure: there are three or four of them */
SEC("?fexit/inet_accept")
int BPF_PROG(inet_accept_exit, struct socket *sock, struct socket *made)
{
	__u64 sk = (__u64)BPF_CORE_READ(sock, sk), child;
	struct ipc_object_id obj, pair = {};
	struct ipc_run *run = find_run(sk, OP_OPEN, &obj);
	int ret = function_result(ctx, 4);

	handle_forget(made);
	inet_changes();
	child = ret ? 0 : (__u64)BPF_CORE_READ(made, sk);
	if (child && !inet_identify(child, OP_RECV, 0, 0, &pair)) {
		op_done(run); /* from another machine */
		return 0;
	}
	if (obj.id && op_wanted(&obj))
		leave_life(&obj, OP_OPEN, run, ret, sk);
	if (child && op_wanted(&pair))
		inet_connected(&pair, child);
	op_done(run);
	return 0;
}

/* bind makes a UDP socket an object of its own, listen one of TCP. */
static __always_inline int leave_named(struct socket *sock, int ret)
{
	__u64 sk = (__u64)BPF_CORE_READ(sock, sk);
	struct ipc_object_id obj;

	if (!inet_identify(sk, OP_CTL, 0, 0, &obj) || !op_wanted(&obj))
		return 0;
	if (!ret)
		inet_connected(&obj, sk);
	leave_life(&obj, OP_CTL, NULL, ret, sk);
	return 0;
}

SEC("?fexit/inet_bind")
int BPF_PROG(inet_bind_exit, struct socket *sock, void *addr, int len, int ret)
{
	return leave_named(sock, ret);
}

SEC("?fexit/inet6_bind")
int BPF_PROG(inet6_bind_exit, struct socket *sock, void *addr, int len, int ret)
{
	return leave_named(sock, ret);
}

SEC("?fexit/inet_listen")
int BPF_PROG(inet_listen_exit, struct socket *sock, int backlog, int ret)
{
	return leave_named(sock, ret);
}

SEC("?fentry/inet_shutdown")
int BPF_PROG(inet_shutdown_entry, struct socket *sock)
{
	enter((__u64)BPF_CORE_READ(sock, sk), OP_CTL, CAUSE_LOCK, false);
	inet_changes();
	return 0;
}

SEC("?fexit/inet_shutdown")
int BPF_PROG(inet_shutdown_exit, struct socket *sock, int mode, int ret)
{
	inet_changes();
	return leave_own(sock, OP_CTL, ret);
}

/* A datagram that found no room: it goes, and its sender does not hear of it. */
SEC("?fexit/__udp_enqueue_schedule_skb")
int BPF_PROG(inet_datagram_dropped, struct sock *receiver, struct sk_buff *skb, int ret)
{
	struct ipc_object_id obj;
	struct ipc_object *o;

	if (ret >= 0 || skb->skb_iif != INET_LOOPBACK_IFINDEX || !inet_identify(argument_address(ctx, 0), OP_RECV, 0, 0, &obj))
		return 0;
	o = object_of(&obj);
	if (!o)
		return 0;
	add(&o->discarded_bytes, skb->len);
	if (PROFILE(PROFILE_DETAIL))
		add(&o->depth_bytes, -(__u64)skb->len);
	return 0;
}

static __always_inline void object_goes(struct ipc_object *o)
{
	o->flags |= OBJECT_DESTROYED;
	o->last_ns = bpf_ktime_get_ns();
	o->inside_bytes = 0;
	o->destructions++;
}

static __always_inline void discard(struct ipc_object *o, __s64 bytes)
{
	if (bytes < 0) {
		o->flags |= OBJECT_INSIDE_UNKNOWN;
	} else if (bytes) {
		add(&o->discarded_bytes, bytes);
		if (PROFILE(PROFILE_DETAIL))
			add(&o->depth_bytes, -bytes);
	}
}

/*
 * One end of a pair is closed: its way keeps what it had sent and received, so that it
 * is known, when the other one is closed too, what has got lost between them.
 */
static __always_inline void end_goes(struct ipc_object *o, __u64 sk, const struct inet_ends *e)
{
	__u64 there = inet_way_there(e), back = inet_way_back(e);
	struct ipc_alias closed = {.ino = INET_CLOSED}, *other;
	struct inet_stand own = {}, theirs = {};

	if (e->protocol == INET_TCP) {
		inet_stand_of(sk, &own);
		closed.id = (__u64)own.write_seq << 32 | own.copied_seq;
		closed.ino |= own.fin_sent | (__u32)own.fin_received << 1;
	} else {
		discard(o, inet_udp_queued(sk));
	}
	bpf_map_update_elem(&aliases, &there, &closed, BPF_ANY);
	/* both at a time, on two processors: the later one finds the other's; at worst both do */
	other = bpf_map_lookup_elem(&aliases, &back);
	if (!other || !(other->ino & INET_CLOSED) || (o->flags & OBJECT_DESTROYED))
		return;
	if (e->protocol == INET_TCP) {
		theirs.write_seq = other->id >> 32;
		theirs.copied_seq = other->id;
		theirs.fin_sent = other->ino & 1;
		theirs.fin_received = other->ino & 2;
		discard(o, (__u64)inet_under_way(&own, &theirs) + inet_under_way(&theirs, &own));
	}
	object_goes(o);
	bpf_map_delete_elem(&aliases, &there);
	bpf_map_delete_elem(&aliases, &back);
}

/* What a close does to the object, before the kernel does it. Global, for the verifier. Returns 1 when it is one of ours. */
__attribute__((noinline)) int inet_goes(__u64 sk, __u64 id)
{
	struct ipc_object_id obj = {.id = id, .domain = inet_net(sk), .mech = MECH_INET};
	struct ipc_object *o = object_of(&obj);
	struct ipc_alias *alias;
	struct inet_ends e;
	__u64 key;

	inet_ends_of(sk, &e);
	key = inet_own_key(&e);
	alias = bpf_map_lookup_elem(&aliases, &key);
	if (alias && alias->other == sk)
		bpf_map_delete_elem(&aliases, &key);
	if (!o) {
		key = inet_way_there(&e);
		bpf_map_delete_elem(&aliases, &key);
		return 0;
	}
	inet_words(sk, id, o->state);
	stamp_state(o->state);
	if (e.rport && inet_own_pair(&e) == id) {
		end_goes(o, sk, &e);
		return 1;
	}
	if (e.protocol == INET_UDP)
		discard(o, inet_udp_queued(sk));
	object_goes(o);
	return 1;
}

SEC("?fentry/inet_release")
int BPF_PROG(inet_release_entry, struct socket *sock)
{
	__u64 sk = (__u64)BPF_CORE_READ(sock, sk);
	struct ipc_object_id obj;
	struct ipc_run *run;

	handle_forget(sock);
	known_forget(sock);
	inet_changes();
	/* neither bound nor connected, it was none */
	if (!sk || !inet_identify(sk, OP_RECV, 0, 0, &obj) || !inet_goes(sk, obj.id) || !op_wanted(&obj))
		return 0;
	run = op_begin(&obj, OP_CLOSE, CAUSE_PARTNER, sk);
	if (run)
		run->flags |= SOCKET_RUN_FLAGS;
	return 0;
}

SEC("?fexit/inet_release")
int BPF_PROG(inet_release_exit)
{
	struct ipc_run *run = run_mine();

	inet_changes();
	if (!run || run->op != OP_CLOSE || run->obj.mech != MECH_INET)
		return 0;
	leave_life(&run->obj, OP_CLOSE, run, 0, 0);
	op_done(run);
	return 0;
}
