/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sends and receives on sockets whose object and row are known at once, see plain.bpf.h: what of their beginning and
 * end is the same in every family. Included after socket.bpf.h, which says what its includer has said before, and:
 *
 *   SOCKET_KEEPS   does the mechanism keep a number in obj2.id of a run, and has it sk at hand?
 *
 * and says after it what note_near() does.
 */
#ifndef SOCKET_NEAR_BPF_H
#define SOCKET_NEAR_BPF_H

/* How an operation leaves its data */
#define LEAVES_PEEKED (1u << 0) /* where it is */
#define LEAVES_MOVED (1u << 1)	/* elsewhere, without a copy */

/* The state that an operation with this result leaves behind, with this stamp. */
static __always_inline void note_near(__u32 way, struct ipc_row *row, struct ipc_run *run, struct socket *socket, __u32 stamp, __s64 ret);

/* What an operation is on: of run.aux[0] */
#define NEAR_FIRST (1u << 0)  /* this socket is the object's first end */
#define NEAR_PAIRED (1u << 1) /* it has two */

/* As row_at_hand(), where another one has its place there: its number + 1, 0: it has no row yet. */
static __attribute__((noinline)) int row_search(__u64 id, __u64 where, __u32 op, __u64 who)
{
	struct ipc_edge_key key;
	key_word *words = (key_word *)&key;
	__u32 *row;

	words[0] = id;
	words[1] = where | (__u64)op << 48;
	words[2] = who;
	row = bpf_map_lookup_elem(&edges, &key);
	if (!row)
		return 0;
	hint_set(hint_slot(id, hint_kind(words[1]), who), *row);
	return *row + 1;
}

/*
 * The slot as op_begin() and enter_on() write it, see plain_begin(), for an operation on the object `id`, `where`, with
 * what the mechanism keeps in obj2 (id, domain), which has no mechanism. What has a row is wanted.
 */
static __always_inline bool near_begins(struct socket *socket, __u64 sk, __u8 op, __u8 cause, struct msghdr *msg, __u64 id, __u64 where,
					__u32 how, __u64 kept, __u32 kept_word)
{
	struct ipc_run *run = run_slot();
	__u64 switches = *(volatile __u64 *)&run->switches;
	__u32 at;

	if (*(volatile __u32 *)&run->flags & ~SOCKET_RUN_FLAGS && !run_clear_used(run, current_task()))
		return true;
	*(volatile __u64 *)&run->task = 0; /* from here on it is nobody's */
	barrier();
	if (SOCKET_RUN_FLAGS)
		run->flags = SOCKET_RUN_FLAGS;
	plain_enters(run);
	if (!row_at_hand(id, where, op, run->who, &at))
		return not_plain(run);
	run->obj.id = id;
	*(key_word *)&run->obj.domain = where;
	if (SOCKET_KEEPS)
		run->obj2.id = kept;
	*(key_word *)&run->obj2.domain = kept_word;
	run->kobj = SOCKET_KEEPS ? sk : (__u64)socket->sk;
	run->kobj2 = 0;
	run->size = (__u64)socket + op; /* which is not asked for in this view; for row_begun() */
	run->iter = msg ? (__u64)&msg->msg_iter : 0;
	STORE_TWO(run, op, op | (__u32)cause << 16); /* and op2, cause, waker */
	STORE_TWO(run, row, (at + 1) | (__u64)how << 32); /* and aux[0] */
	STORE_TWO(run, aux[1], 0); /* and aux[2] */
	return plain_taken(run, switches);
}

/* The row that the entry of this operation found, or NULL. */
static __always_inline struct ipc_row *row_begun(struct ipc_run *run, struct socket *socket, __u8 op, bool plain)
{
	__u32 at;

	if (run->task != current_task())
		return NULL;
	if (plain ? run->size != (__u64)socket + op : run->op != op || run->kobj != (__u64)socket->sk)
		return NULL;
	at = run->row - 1; /* beyond all rows, if it is not known */
	return bpf_map_lookup_elem(&rows, &at);
}

/* Counts an operation whose row is known. In the default view nothing is asked for that is known then. */
static __always_inline struct ipc_edge *near_counts(struct ipc_row *row, struct ipc_run *run, const struct op_result *res, bool plain)
{
	if (!plain)
		return op_end_at(row, run, res);
	edge_account(&row->edge, &row->key, res);
	if (run->flags != SOCKET_RUN_FLAGS)
		edge_account_waits(&row->edge, run);
	return &row->edge;
}

/* An operation whose beginning was seen, with its row. msg: when it may have been cut. False: it has none. */
static __always_inline bool leave_begun(struct socket *socket, __u8 op, const struct op_result *res, struct msghdr *msg, __u32 way)
{
	bool plain = way != WAY_ANY;
	struct ipc_run *run = run_slot();
	struct ipc_row *row = row_begun(run, socket, op, plain);
	struct ipc_edge *edge;

	if (!row)
		return false;
	edge = near_counts(row, run, res, plain);
	if (edge) {
		socket_figures(edge, run, &run->obj, run->aux[0] & NEAR_FIRST, op, res->ret, msg);
		note_near(way, row, run, socket, plain ? stamp_in_jiffies() : (__u32)(state_clock() >> 16 | 1), res->ret);
		if (!plain)
			socket_noted(edge, run, &run->obj, op, op, res);
		else if (run->flags != SOCKET_RUN_FLAGS)
			socket_was_full(edge, run, op);
	}
	op_done(run);
	return true;
}

#endif
