/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sends and receives whose object is known at once, and whose row is: as in any other, but nothing is asked for that
 * is known then. Included by unix.bpf.c.
 */

#define NEAR_WHERE ((__u64)MECH_UNIX << 32)

/* Does it go to an address? That is looked up later. */
static __always_inline bool is_addressed(__u8 op, struct msghdr *msg, bool datagrams)
{
	return datagrams && op == OP_SEND && msg && msg->msg_namelen > 0;
}

/* In any view: with what is known of it, if that is its object. */
static __attribute__((noinline)) int enter_slowly(struct socket *socket, __u32 op, __u32 cause, struct msghdr *msg, __u64 size)
{
	bool datagrams = socket->type == SOCKET_DGRAM, unresolved = is_addressed(op, msg, datagrams);
	__u64 sk = (__u64)BPF_CORE_READ(socket, sk);
	struct near near = {};
	struct ipc_object_id obj = {.mech = MECH_UNIX};
	struct ipc_run *run;
	__u32 at;

	if (!unresolved)
		near = near_of(socket, op, datagrams);
	if (near.id) {
		obj.id = near.id;
		run = op_wanted(&obj) ? enter_on(&obj, sk, op, cause) : NULL;
	} else {
		run = enter(sk, op, cause, unresolved);
	}
	if (!run)
		return 0;
	run->iter = msg ? (__u64)&msg->msg_iter : 0;
	run->size = is_plain() ? (__u64)socket + op : size;
	at = near.id ? row_search(near.id, NEAR_WHERE, op, actor_word(current_actor())) : 0;
	if (at)
		STORE_TWO(run, row, at | (__u64)near.how << 32);
	return 0;
}

/* Datagrams leave no handle, see socket_of_object(): whose they are is another question each time. */
static __always_inline bool datagram_left_out(struct socket *socket, __u8 op, struct msghdr *msg)
{
	struct ipc_object_id obj = {.mech = MECH_UNIX};

	if (!cfg.filtered || !task_is_out())
		return false;
	if (none_wanted())
		return true;
	if (is_addressed(op, msg, true))
		return false;
	obj.id = near_datagram(socket, op).id;
	return obj.id && !slot_wanted(object_hash(&obj));
}

static __always_inline int begin(struct socket *socket, __u8 op, struct msghdr *msg, __u64 size, bool datagrams)
{
	__u8 cause = op == OP_SEND ? CAUSE_FULL : CAUSE_EMPTY;
	bool unresolved = is_addressed(op, msg, datagrams);
	struct near near;

	if (!cfg.asked && !unresolved)
		return 0; /* --counts: its end tells what it was on */
	if (datagrams ? datagram_left_out(socket, op, msg) : handle_left_out(socket))
		return 0;
	if (is_plain() && !unresolved) {
		near = near_of(socket, op, datagrams);
		if (near.id && near_begins(socket, 0, op, cause, msg, near.id, NEAR_WHERE, near.how, 0, 0))
			return 0;
	}
	return enter_slowly(socket, op, cause, msg, size);
}

/* Each close, shutdown, connection and passing of descriptors: what operations do not read each time has changed then. */
static __u64 changes = 1; /* a new row has seen none */

static __always_inline void unix_changes(void)
{
	smp_wmb(); /* with note_near() */
	__sync_fetch_and_add(&changes, 1);
}

static __always_inline void note_ends(struct unix_internals *s, __u32 when, struct sock *first, struct sock *second)
{
	s->first_buffers = first->sk_receive_queue.qlen;
	s->first_charged = first->sk_wmem_alloc.refs.counter - 1;
	if (second) {
		s->second_buffers = second->sk_receive_queue.qlen;
		s->second_charged = second->sk_wmem_alloc.refs.counter - 1;
	}
	s->when = when;
}

/* What every operation changes. False: not this way. */
static __always_inline bool note_moving(struct socket *socket, const struct ipc_run *run, struct unix_internals *s)
{
	__u32 how = run->aux[0], when;
	struct sock *sk, *peer;
	struct unix_sock *u;

	if (!has_unix_cast() || (s->fds_in_flight && s->fds_in_flight != IPC_STATE_ABSENT))
		return false; /* who receives without room for them takes them out, and nobody says so */
	when = state_moment(run->obj.id);
	sk = socket->sk;
	if (how == NEAR_FIRST) {
		note_ends(s, when, sk, NULL);
		return true;
	}
	u = unix_of(sk);
	peer = u ? u->peer : NULL;
	if (!peer)
		return false;
	if (how & NEAR_FIRST)
		note_ends(s, when, sk, peer);
	else
		note_ends(s, when, peer, how & NEAR_PAIRED ? sk : NULL);
	return true;
}

/* All words, where a socket is at hand or by address. */
static __attribute__((noinline)) int note_whole(struct ipc_edge *edge, struct ipc_run *run, struct socket *socket)
{
	if (!edge || !run)
		return 0;
	if (!unix_state_at_hand(socket, run->obj.id, edge->state))
		unix_state(run->kobj, run->obj.id, edge->state);
	return 0;
}

/*
 * As note_state(), at less than half the cost, see seldom_at(). A result may tell of a change before: what a close ends,
 * ends before the close does. SO_SNDBUF has no hook.
 */
static __always_inline void note_near(__u32 way, struct ipc_row *row, struct ipc_run *run, struct socket *socket, __u32 stamp, __s64 ret)
{
	__u32 *state = row->edge.state;
	__u64 seen;

	if (run->aux[1])
		unix_changes();
	state[IPC_STATE_STAMP] = stamp;
	seen = seldom_at(*(volatile __u64 *)&changes);
	if (row->kobj != seen || ret <= 0 || !note_moving(socket, run, (void *)state)) {
		smp_rmb(); /* with unix_changes() */
		note_whole(&row->edge, run, socket);
		row->kobj = seen;
	}
	depth_note(&row->edge, socket_depth(state));
}

/* Of one that was not seen to begin, or whose object or row was not known then. */
static __attribute__((noinline)) int leave_slowly(struct socket *socket, __u32 op, __s64 ret, struct msghdr *msg, __u32 leaves)
{
	struct ipc_object_id obj;
	struct ipc_run *run;
	__u64 sk = (__u64)BPF_CORE_READ(socket, sk);

	run = find_run(sk, op, &obj);
	if (obj.id && !(run && run->kobj2)) /* what is sent to an address is another's */
		pair_remember(socket, &obj);
	if (run && run->aux[1])
		unix_changes();
	return leave_data(run, &obj, sk, op, ret, msg, leaves & LEAVES_PEEKED, leaves & LEAVES_MOVED, socket);
}

/* --counts: its end is all that is seen. */
static __always_inline bool leave_counted(struct socket *socket, __u8 op, const struct op_result *res, struct msghdr *msg,
					  bool datagrams)
{
	struct near near = near_of(socket, op, datagrams);
	struct ipc_row *row;
	struct ipc_edge *edge;
	__u32 at;

	if (!near.id)
		return false;
	row = row_at_hand(near.id, NEAR_WHERE, op, actor_word(current_actor()), &at);
	if (!row)
		return false;
	edge = op_end_at(row, NULL, res);
	if (edge)
		socket_figures(edge, NULL, NULL, near.how & NEAR_FIRST, op, res->ret, msg);
	return true;
}

/* What a send or a receive leaves behind. msg: of those whose flags may tell that it was cut, or where it went. */
static __always_inline int end(struct socket *socket, __u8 op, __s64 ret, struct msghdr *msg, __u32 leaves, bool datagrams)
{
	struct op_result res = {.ret = ret, .payload = true, .moved = (leaves & LEAVES_MOVED) && ret > 0 ? ret : 0};
	bool done = false;

	/* of a datagram what was begun is ended, whoever its peer is by now */
	if (datagrams ? datagram_left_out(socket, op, msg) && (none_wanted() || !run_mine()) : handle_left_out(socket))
		return 0;
	if (leaves & LEAVES_PEEKED)
		;
	else if (cfg.asked)
		done = is_plain() ? leave_begun(socket, op, &res, msg, WAY_PLAIN) : leave_begun(socket, op, &res, msg, WAY_ANY);
	else if (!is_addressed(op, msg, datagrams))
		done = leave_counted(socket, op, &res, msg, datagrams);
	return done ? 0 : leave_slowly(socket, op, ret, msg, leaves);
}
