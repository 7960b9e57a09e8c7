/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sends and receives whose object is known at once, and whose row is: as in any other, but nothing is asked for that
 * is known then. Included by inet.bpf.c.
 */

/* What operations change of an end of an established connection. */
struct inet_moving {
	__u32 charged;
	__u32 rcvbuf;
	__u32 queued;
	__u32 unacked;
};

static __always_inline void moving_at(struct tcp_sock *tp, struct inet_moving *m)
{
	struct sock *sk = (void *)tp;

	m->charged = sk->sk_backlog.rmem_alloc.counter;
	m->rcvbuf = sk->sk_rcvbuf;
	m->queued = tp->rcv_nxt - tp->copied_seq;
	asm volatile("" : "+r"(m->queued)); /* clang would keep both until they are stored, on the stack */
	m->unacked = tp->write_seq - tp->snd_una;
	asm volatile("" : "+r"(m->unacked));
}

static __always_inline void note_ends(struct inet_internals *s, const struct inet_moving *first, const struct inet_moving *second)
{
	s->first_charged = first->charged;
	s->first_rcvbuf = first->rcvbuf;
	s->first_queued = first->queued;
	s->first_unacked = first->unacked;
	s->second_charged = second->charged;
	s->second_rcvbuf = second->rcvbuf;
	s->second_queued = second->queued;
	s->second_unacked = second->unacked;
}

/*
 * The sockets of pairs as types, where the kernel has no better: what is read through one costs a tenth of what it does by
 * address. By a hash of the pair; each end puts itself there, and whoever reads compares addresses: a place may be another
 * pair's.
 */
struct inet_pair {
	struct tcp_sock *first;
	struct tcp_sock *second;
};

IPC_MAP(typed_pairs, BPF_MAP_TYPE_ARRAY, __u32, struct inet_pair, 1);

static __always_inline struct inet_pair *pair_place(__u64 id)
{
	__u32 at = id >> (cfg.known_shift + 1);

	return bpf_map_lookup_elem(&typed_pairs, &at);
}

/* This end puts itself there. Not inlined: for the stack. */
static __attribute__((noinline)) int pair_join(struct socket *socket, __u64 id, __u32 how)
{
	struct inet_pair *pair;
	struct tcp_sock *tp;
	struct sock *sk;

	if (!socket)
		return 0;
	pair = pair_place(id);
	sk = socket->sk;
	tp = pair && sk ? bpf_skc_to_tcp_sock(sk) : NULL;
	if (!tp)
		return 0;
	if (how & NEAR_FIRST) {
		asm volatile("" : "+r"(pair)); /* clang would make one store of both, at an offset that is computed */
		*(struct tcp_sock * volatile *)&pair->first = tp;
	} else {
		*(struct tcp_sock * volatile *)&pair->second = tp;
	}
	return 0;
}

/* The two sockets at these addresses, as far as that is known. */
static __always_inline bool typed_ends(__u32 way, __u64 id, __u64 first_at, __u64 second_at, struct tcp_sock **first,
				       struct tcp_sock **second)
{
	struct inet_pair *pair;

	if (way & WAY_AT) {
		*first = at_address(struct tcp_sock, first_at);
		*second = at_address(struct tcp_sock, second_at);
		return true;
	}
	if (!has_kept_pointers())
		return false;
	pair = pair_place(id);
	if (!pair)
		return false;
	*first = *(struct tcp_sock * volatile *)&pair->first;
	*second = *(struct tcp_sock * volatile *)&pair->second;
	return *first && *second && (__u64)*first == first_at && (__u64)*second == second_at;
}

/* Members that lie together are read at once: a read by address costs as much as ten typed ones. */
#define INET_TOGETHER 48

/* A word that lies `distance` behind the first of what was read from `address` on. */
static __always_inline bool together(__u32 *to, const __u32 *words, __u64 address, __u32 distance)
{
	if (distance < INET_TOGETHER) {
		*to = words[distance / 4];
		return true;
	}
	return probe_read(to, address + (__s32)distance);
}

#define TCP_AT(member) bpf_core_field_offset(struct tcp_sock, member)
#define SOCK_AT(member) bpf_core_field_offset(struct sock, member)

/* What operations change of an end, by address. False: it cannot be read. */
static __attribute__((noinline)) int moving_there(__u64 end, struct inet_moving *m)
{
	__u32 words[INET_TOGETHER / 4], received, copied, written, acked;
	__u64 at = end + TCP_AT(rcv_nxt);

	if (!m || !probe_read((__u32(*)[INET_TOGETHER / 4])words, at))
		return false;
	received = words[0];
	if (!together(&copied, words, at, TCP_AT(copied_seq) - TCP_AT(rcv_nxt)) ||
	    !together(&acked, words, at, TCP_AT(snd_una) - TCP_AT(rcv_nxt)) || !probe_read(&written, end + TCP_AT(write_seq)))
		return false;
	m->queued = received - copied;
	m->unacked = written - acked;
	at = end + SOCK_AT(sk_backlog.rmem_alloc.counter);
	if (!probe_read((__u32(*)[INET_TOGETHER / 4])words, at))
		return false;
	m->charged = words[0];
	return together(&m->rcvbuf, words, at, SOCK_AT(sk_rcvbuf) - SOCK_AT(sk_backlog.rmem_alloc.counter));
}

/* As note_moving(), by address. */
static __attribute__((noinline)) int note_untyped(struct ipc_edge *edge, struct ipc_run *run, struct socket *socket, __u64 seen)
{
	struct inet_internals *s;
	struct inet_moving own, theirs;
	struct tcp_sock *tp;
	struct sock *sk;
	__u32 when;

	if (!edge || !run || !socket)
		return false;
	s = (void *)edge->state;
	sk = socket->sk;
	if (!sk || sk->__sk_common.skc_state != INET_ESTABLISHED)
		return false;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return false;
	when = state_moment(run->obj.id);
	moving_at(tp, &own);
	if (!moving_there(run->obj2.id, &theirs) || *(volatile __u64 *)&changes != seen)
		return false;
	if (run->aux[0] & NEAR_FIRST)
		note_ends(s, &own, &theirs);
	else
		note_ends(s, &theirs, &own);
	s->when = when;
	return true;
}

/*
 * What operations change of an established connection, whose ends were so when the state was read as a whole: an end leaves
 * that only by a release or a shutdown, which `changes` tells, or when the other one left it. False: not this way.
 */
static __always_inline bool note_moving(__u32 way, struct socket *socket, struct ipc_row *row, struct ipc_run *run, __u64 seen)
{
	struct inet_internals *s = (void *)row->edge.state;
	__u64 own = run->kobj, other = run->obj2.id;
	bool is_first = run->aux[0] & NEAR_FIRST;
	struct tcp_sock *first, *second;
	struct inet_moving a, b;
	struct sock *sk;

	if (!other || run->obj2.domain != (__u32)seen || s->first_state != INET_ESTABLISHED || s->second_state != INET_ESTABLISHED)
		return false;
	if (!typed_ends(way, run->obj.id, is_first ? own : other, is_first ? other : own, &first, &second))
		return note_untyped(&row->edge, run, socket, seen);
	sk = (void *)(is_first ? first : second);
	if (sk->__sk_common.skc_state != INET_ESTABLISHED)
		return false;
	s->when = moment(way, run->obj.id);
	moving_at(first, &a);
	moving_at(second, &b);
	if (*(volatile __u64 *)&changes != seen)
		return false; /* of what was released nothing was read that is told */
	note_ends(s, &a, &b);
	return true;
}

/* All words, by address; and, where that may have changed, who the other end is by now, which may be not known yet. */
static __attribute__((noinline)) int note_whole(struct ipc_edge *edge, struct ipc_run *run, struct socket *socket, __u64 seen,
						bool again)
{
	if (!edge || !run)
		return 0;
	inet_words(run->kobj, run->obj.id, edge->state);
	if (run->obj2.domain != (__u32)seen || (!run->obj2.id && again))
		known_remember(socket, &run->obj, run->kobj, seen);
	return 0;
}

/* Of a row that was read whole with these changes, but long ago: is the other end's connection what it was? */
static __attribute__((noinline)) int is_still(struct ipc_row *row, __u64 other, __u64 seen)
{
	__u8 state;

	if (!row || row->kobj >> 32 != (__u32)seen || !other || !probe_read(&state, other + SOCK_AT(__sk_common.skc_state)) ||
	    state != INET_ESTABLISHED)
		return false;
	row->kobj = seldom_at(seen);
	return true;
}

/* As note_state(), but see seldom_at(). */
static __always_inline void note_near(__u32 way, struct ipc_row *row, struct ipc_run *run, struct socket *socket, __u32 stamp, __s64 ret)
{
	__u64 seen = *(volatile __u64 *)&changes;
	__u32 *state = row->edge.state;

	state[IPC_STATE_STAMP] = stamp;
	if ((row->kobj == seldom_at(seen) || is_still(row, run->obj2.id, seen)) &&
	    note_moving(way, socket, row, run, seen))
		return;
	smp_rmb(); /* with inet_changes() */
	note_whole(&row->edge, run, socket, seen, row->kobj != seldom_at(seen));
	row->kobj = seldom_at(seen);
	if (has_kept_pointers() && !(way & WAY_AT))
		pair_join(socket, run->obj.id, run->aux[0]);
	depth_note(&row->edge, socket_depth(state));
}

/* In any view: with what is known of it. */
static __attribute__((noinline)) int enter_slowly(struct socket *socket, __u32 op, struct msghdr *msg, __u64 size)
{
	__u64 sk = (__u64)BPF_CORE_READ(socket, sk);
	struct near near = near_of(cfg.way, socket);
	struct ipc_object_id obj;
	struct ipc_run *run;
	__u32 at;

	if (!near.how && known_return(socket))
		near = near_of(cfg.way, socket);
	if (near.how & INET_FAR || (near.id && !cfg.asked))
		return 0;
	obj = (struct ipc_object_id){.id = near.id, .domain = near.where, .mech = MECH_INET};
	if ((!near.id && !inet_identify(sk, op, name_of(msg, op), 0, &obj)) || !op_wanted(&obj))
		return 0;
	run = enter_on(&obj, sk, op, op == OP_SEND ? CAUSE_FULL : CAUSE_EMPTY);
	if (!run)
		return 0;
	run->iter = msg ? (__u64)&msg->msg_iter : 0;
	run->size = is_plain() ? (__u64)socket + op : size;
	if (op == OP_SEND && socket->type == SOCKET_DGRAM)
		run->kobj2 = inet_socket_at(obj.id);
	at = near.id ? row_search(near.id, near.where, op, actor_word(current_actor())) : 0;
	if (!at)
		return 0;
	STORE_TWO(run, row, at | (__u64)near.how << 32);
	run->obj2.id = near.other;
	run->obj2.domain = near.seen;
	return 0;
}

/* Is nothing but the default view of everything what this program is for? */
static __always_inline bool is_straight(__u32 way)
{
	return way == WAY_PLAIN || way == WAY_AT;
}

static __always_inline int enter_data(__u32 way, struct socket *socket, __u8 op, struct msghdr *msg, __u64 size)
{
	struct near near;

	if (!is_straight(way) && socket_left_out(socket))
		return 0;
	near = near_of(way, socket);
	if (near.how & INET_FAR || (!is_straight(way) && near.id && !cfg.asked))
		return 0; /* --counts: its end tells what it was on */
	if (way != WAY_ANY && near.id &&
	    near_begins(socket, near.sk, op, op == OP_SEND ? CAUSE_FULL : CAUSE_EMPTY, msg, near.id, near.where, near.how, near.other, near.seen))
		return 0;
	return enter_slowly(socket, op, msg, size);
}

#define CAME_FROM_ELSEWHERE 1 /* aux[2] */

#define ECONNREFUSED 111

/* What was sent before went to nobody: how much of it, is not told. */
static __attribute__((noinline)) int inet_note_refused(const struct ipc_object_id *obj)
{
	struct ipc_object *o = obj ? bpf_map_lookup_elem(&objects, obj) : NULL;

	if (o)
		o->flags |= OBJECT_DISCARDED_UNKNOWN;
	return 0;
}

/* --counts: its end is all that is seen. False: not this way. Here and below, what leaves the machine is counted by nobody. */
static __always_inline bool row_counted(struct ipc_row *row, __u32 how, __u8 op, const struct op_result *res, struct msghdr *msg)
{
	struct ipc_edge *edge = row ? op_end_at(row, NULL, res) : NULL;

	if (edge)
		socket_figures(edge, NULL, NULL, how & NEAR_FIRST, op, res->ret, msg);
	return row;
}

static __always_inline bool leave_counted(struct socket *socket, __u8 op, const struct op_result *res)
{
	struct near near = near_of(cfg.way, socket);
	__u32 at;

	if (!near.id)
		return near.how;
	return row_counted(row_at_hand(near.id, near.where, op, actor_word(current_actor()), &at), near.how, op, res, NULL);
}

/* The same where another one has its place, or its row's hint. */
static __attribute__((noinline)) int leave_displaced(struct socket *socket, __u32 op, __s64 ret, struct msghdr *msg, __u32 leaves)
{
	struct op_result res = {.ret = ret, .payload = true, .moved = (leaves & LEAVES_MOVED) && ret > 0 ? ret : 0};
	struct near near = near_of(cfg.way, socket);
	__u32 at;

	if (!near.how && known_return(socket))
		near = near_of(cfg.way, socket);
	if (!near.id)
		return near.how;
	at = row_search(near.id, near.where, op, actor_word(current_actor())) - 1; /* beyond all rows, if there is none */
	return row_counted(bpf_map_lookup_elem(&rows, &at), near.how, op, &res, msg);
}

/* Of one that was not seen to begin, or whose object or row was not known then. */
static __attribute__((noinline)) int leave_slowly(struct socket *socket, __u32 op, __s64 ret, struct msghdr *msg, __u32 leaves)
{
	__u32 how = known_how(socket);
	__u64 seen, sk, name;
	struct ipc_object_id obj;
	struct ipc_run *run;

	if (how & INET_FAR || (!cfg.asked && !(leaves & LEAVES_PEEKED) && leave_displaced(socket, op, ret, msg, leaves)))
		return 0;
	seen = *(volatile __u64 *)&changes;
	sk = (__u64)BPF_CORE_READ(socket, sk);
	name = name_of(msg, op);
	smp_rmb(); /* with inet_changes() */
	run = find_named(sk, op, name, &obj);
	if (run && run->aux[2] == CAME_FROM_ELSEWHERE) {
		op_done(run);
		return 0;
	}
	if (!how)
		known_remember(socket, &obj, sk, seen);
	leave_data(run, &obj, sk, op, ret, msg, leaves & LEAVES_PEEKED, leaves & LEAVES_MOVED, socket);
	if (ret == -ECONNREFUSED && obj.id)
		inet_note_refused(&obj);
	if (name && ret > 0 && obj.id)
		inet_note_target(obj.id, sk, name, 0);
	return 0;
}

#define MSG_OOB 1
#define MSG_ERRQUEUE 0x2000
#define LEAVES_ASIDE (1u << 2) /* received from beside the stream */

static __always_inline __u32 send_leaves(struct msghdr *msg)
{
	return has_splice_pages() && msg->msg_flags & MSG_SPLICE_PAGES ? LEAVES_MOVED : 0;
}

/* Of a stream only what is beside it can be cut; of the others every receive asks the message. */
static __always_inline __u32 receive_leaves(__u32 flags)
{
	if (!(flags & (MSG_PEEK | MSG_OOB | MSG_ERRQUEUE)))
		return 0;
	return flags & MSG_PEEK ? LEAVES_PEEKED : LEAVES_ASIDE;
}

static __always_inline bool leave_near(__u32 way, struct socket *socket, __u8 op, const struct op_result *res)
{
	if (is_straight(way))
		return leave_begun(socket, op, res, NULL, way);
	if (way == WAY_ANY)
		return leave_begun(socket, op, res, NULL, WAY_ANY);
	return way & WAY_AT ? leave_begun(socket, op, res, NULL, WAY_AT) : leave_begun(socket, op, res, NULL, WAY_PLAIN);
}

/* What a send or a receive leaves behind. */
static __always_inline int leave(__u32 way, struct socket *socket, __u8 op, __s64 ret, struct msghdr *msg, __u32 leaves)
{
	struct op_result res = {.ret = ret, .payload = true, .moved = (leaves & LEAVES_MOVED) && ret > 0 ? ret : 0};
	bool done;

	if (!is_straight(way) && socket_left_out(socket))
		return 0;
	if (leaves & (LEAVES_PEEKED | LEAVES_ASIDE))
		done = false;
	else if (!is_straight(way) && !cfg.asked)
		done = leave_counted(socket, op, &res);
	else
		done = leave_near(way, socket, op, &res);
	return done ? 0 : leave_slowly(socket, op, ret, msg, leaves);
}
