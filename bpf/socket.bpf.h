/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The life of an operation on a socket, for the function hooks of every family.
 * Whoever includes it has said before what a socket of its own is:
 *
 *   SOCKET_MECH                   its mechanism
 *   SOCKET_RUN_FLAGS              enum ipc_run_flags of all its operations
 *   socket_identify(sk, op, obj)  the object that an operation on this socket is on
 *   socket_words(sk, obj, words)  the state words of that object
 *   socket_words_at_hand(socket, obj, words)  the same of a socket that the call is given; false: not this way
 *   socket_is_first(sk, obj)      is this the first end of a pair?
 *   socket_depth(words)           what waits to be received, or accepted
 *   socket_limit(words)           how many of those find room; 0: that is no limit of theirs
 *   socket_met(sk, obj)           a process has ended its first operation on this object
 *   socket_moved(run, edge, obj, op)  what else a send or a receive that succeeded has moved
 */
#ifndef SOCKET_BPF_H
#define SOCKET_BPF_H

#include "socket_counter.h"
#include "left_out.bpf.h"

static __always_inline struct ipc_object *object_of(const struct ipc_object_id *obj)
{
	return bpf_map_lookup_elem(&objects, obj);
}

/* The current task's operation on some socket of this family, or NULL. */
static __always_inline struct ipc_run *socket_run(void)
{
	struct ipc_run *run = run_slot();

	return run && run->task == current_task() && run->obj.mech == SOCKET_MECH ? run : NULL;
}

/* The run of an operation that begins on an object. */
static __always_inline struct ipc_run *enter_on(const struct ipc_object_id *obj, __u64 sk, __u8 op, __u8 cause)
{
	struct ipc_run *run = op_begin(obj, op, cause, sk);

	if (!run)
		return NULL;
	run->kobj2 = 0;
	run->obj2.domain = 0; /* for the mechanism; it has no mechanism */
	run->flags |= SOCKET_RUN_FLAGS;
	return run;
}

/* Is its object the same until it is connected or closed? What a datagram belongs to is another question each time. */
static __always_inline void socket_of_object(struct socket *socket, const struct ipc_object_id *obj)
{
	if (cfg.filtered && obj->id && socket->type != SOCKET_DGRAM)
		handle_known(socket, obj);
}

/* Is it left out what the current task does there, as far as a handle tells? Who is at its address may be one of datagrams by now. */
static __always_inline bool socket_left_out(struct socket *socket)
{
	if (!cfg.filtered)
		return false;
	return socket->type == SOCKET_DGRAM ? all_left_out() : handle_left_out(socket);
}

/* The run of an operation that begins on this socket; an addressed one learns later of its object. */
static __always_inline struct ipc_run *enter(__u64 sk, __u8 op, __u8 cause, bool unresolved)
{
	struct ipc_object_id obj = {};
	struct ipc_run *run;

	if (!unresolved && (!socket_identify(sk, op, &obj) || !op_wanted(&obj)))
		return NULL;
	run = enter_on(&obj, sk, op, cause);
	if (run && unresolved)
		run->flags |= RUN_UNRESOLVED;
	return run;
}

/* The run that enter() made for this socket, when it was seen. */
static __always_inline struct ipc_run *entered(__u64 sk, __u8 op)
{
	struct ipc_run *run = run_mine();

	if (run && (run->kobj != sk || run->op != op || (run->flags & (RUN_OUTER | RUN_SYSCALL))))
		return NULL;
	return run;
}

/* The same, and the object, either way. */
static __always_inline struct ipc_run *find_run(__u64 sk, __u8 op, struct ipc_object_id *obj)
{
	struct ipc_run *run = entered(sk, op);

	if (run && run->obj.mech == SOCKET_MECH)
		*obj = run->obj;
	else if (run && (run->flags & RUN_UNRESOLVED))
		socket_identify(sk, OP_RECV, obj); /* it never got so far: the socket's own affair */
	else
		socket_identify(sk, op, obj);
	return run;
}

/* socket: that of sk, when the call is given it; else NULL */
static __always_inline void note_state(struct ipc_edge *edge, __u64 sk, const struct ipc_object_id *obj, struct socket *socket)
{
	if (!cfg.asked && edge->ops > 1)
		return; /* --counts: what kind of socket it is, and no more */
	if (!socket || !socket_words_at_hand(socket, obj, edge->state))
		socket_words(sk, obj, edge->state);
	stamp_state(edge->state);
	depth_note(edge, socket_depth(edge->state));
}

/* The figures of a send or a receive that takes or leaves data, beside those of any operation. msg: when it may have been cut. */
static __always_inline void socket_figures(struct ipc_edge *edge, const struct ipc_run *run, const struct ipc_object_id *obj,
					   bool is_first, __u8 op, __s64 ret, struct msghdr *msg)
{
	if (is_first) {
		add(&edge->counters[SOCKET_FIRST_OPS], 1);
		if (ret > 0)
			add(&edge->counters[SOCKET_FIRST_BYTES], ret);
	}
	if (run && ret >= 0) {
		socket_moved(run, edge, obj, op);
		if (run->aux[1])
			add(&edge->counters[SOCKET_NOTED], run->aux[1]);
	}
	if (op == OP_RECV && msg && ret >= 0 && (msg->msg_flags & MSG_TRUNC))
		add(&edge->counters[SOCKET_TRUNCATED], 1);
}

/* The same of one that took nothing. */
static __always_inline void socket_peeked(struct ipc_edge *edge, const struct ipc_run *run, bool is_first, __s64 ret)
{
	if (is_first)
		add(&edge->counters[SOCKET_FIRST_OPS], 1);
	if (run && run->aux[1] && ret >= 0)
		add(&edge->counters[SOCKET_NOTED], run->aux[1]);
}

/* A send that slept for room: there was none. */
static __always_inline void socket_was_full(struct ipc_edge *edge, const struct ipc_run *run, __u8 op)
{
	if (op == OP_SEND && run && run->own_waits && socket_limit(edge->state))
		depth_was_full(edge, socket_limit(edge->state));
}

/* What follows from its figures and from its object's state, both noted. counted: as what kind of operation. */
static __always_inline void socket_noted(struct ipc_edge *edge, const struct ipc_run *run, const struct ipc_object_id *obj,
					 __u8 op, __u8 counted, const struct op_result *res)
{
	socket_was_full(edge, run, op);
	if (PROFILE(PROFILE_DETAIL) && res->payload)
		object_bytes(obj, op, res->ret);
	if (PROFILE(PROFILE_EVENTS))
		op_emit(obj, counted, run, res, edge, run ? run->size : ~0ull);
}

/* What a send or a receive leaves behind on its object. peeks: the data stays where it is. socket: that of sk. */
static __always_inline int leave_data(struct ipc_run *run, const struct ipc_object_id *obj, __u64 sk, __u8 op, __s64 ret,
				      struct msghdr *msg, bool peeks, bool moves, struct socket *socket)
{
	struct op_result res = {.ret = ret, .payload = !peeks, .moved = moves && ret > 0 ? ret : 0};
	__u8 counted = peeks ? OP_CTL : op;
	struct ipc_edge *edge;

	if (!obj->id || !op_wanted(obj)) {
		socket_of_object(socket, obj);
		op_done(run);
		return 0;
	}
	edge = op_end(obj, counted, run, &res);
	if (edge) {
		if (edge->ops == 1)
			socket_met(sk, obj);
		if (peeks)
			socket_peeked(edge, run, socket_is_first(sk, obj), ret);
		else
			socket_figures(edge, run, obj, socket_is_first(sk, obj), op, ret, msg);
		if (run && op == OP_SEND && run->kobj2)
			note_state(edge, run->kobj2, obj, NULL);
		else
			note_state(edge, sk, obj, socket);
		socket_noted(edge, run, obj, op, counted, &res);
	}
	op_done(run);
	return 0;
}

/* The object is new; its figures begin at 0. */
static __attribute__((noinline)) int socket_created(const struct ipc_object_id *obj)
{
	struct ipc_object *o;

	if (!obj)
		return 0;
	o = object_seen(obj);
	if (!o)
		return 0;
	if (!o->creations && !(o->flags & OBJECT_PREEXISTING))
		o->creations = 1;
	return 0;
}

/* An operation without payload that ended on an object known by now. */
static __always_inline struct ipc_edge *leave_life(const struct ipc_object_id *obj, __u8 op, struct ipc_run *run,
						   __s64 ret, __u64 sk)
{
	struct op_result res = {.ret = ret};
	struct ipc_edge *edge = op_end(obj, op, run, &res);

	if (edge && sk)
		note_state(edge, sk, obj, NULL);
	if (edge && op != OP_OPEN && sk && socket_is_first(sk, obj))
		add(&edge->counters[SOCKET_FIRST_OPS], 1);
	if (edge && PROFILE(PROFILE_EVENTS))
		op_emit(obj, op, run, &res, edge, ~0ull);
	return edge;
}

/* The same on the object that the socket itself is, or is an end of. */
static __always_inline int leave_own(struct socket *sock, __u8 op, int ret)
{
	__u64 sk = (__u64)BPF_CORE_READ(sock, sk);
	struct ipc_object_id obj;
	struct ipc_run *run = find_run(sk, op, &obj);

	if (obj.id && op_wanted(&obj))
		leave_life(&obj, op, run, ret, sk);
	op_done(run);
	return 0;
}

#endif
