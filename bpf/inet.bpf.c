// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Loopback TCP and UDP through net/ipv4/af_inet.c: its send and receive functions,
 * which every way in ends at (read, sendmsg, io_uring, splice) and which IPv6 has of its
 * own, connect and accept, and the life of sockets.
 *
 * Connections that wait to be accepted are the listener's queue: connect and accept
 * are operations on the listener, the first waits for room in its backlog, the second
 * for a partner.
 *
 * Cannot see: what a call that was already inside when we attached did.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define STATE_IN_JIFFIES true
#include "ipctrace.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "op.bpf.h"
#include "found.bpf.h"
#include "plain.bpf.h"
#include "inet.bpf.h"

const volatile struct ipc_config cfg = {};

#define SOCKET_MECH MECH_INET
#define SOCKET_RUN_FLAGS RUN_DELIVERS
#define SOCKET_KEEPS true

static __always_inline bool socket_identify(__u64 sk, __u8 op, struct ipc_object_id *obj)
{
	return inet_identify(sk, op, 0, 0, obj);
}

static __always_inline void socket_words(__u64 sk, const struct ipc_object_id *obj, __u32 *words)
{
	inet_words(sk, obj->id, words);
}

static __always_inline bool socket_words_at_hand(struct socket *socket, const struct ipc_object_id *obj, __u32 *words)
{
	return false;
}

static __always_inline bool socket_is_first(__u64 sk, const struct ipc_object_id *obj)
{
	return inet_is_first_end(sk, obj->id);
}

static __always_inline __u32 socket_depth(const __u32 *words)
{
	return ((const struct inet_internals *)words)->waiting;
}

/* What a sender waits for is never a number of datagrams. */
static __always_inline __u32 socket_limit(const __u32 *words)
{
	return 0;
}

static __always_inline void socket_met(__u64 sk, const struct ipc_object_id *obj)
{
	inet_register(sk);
	inet_note_name(obj->id, sk);
}

static __always_inline void socket_moved(const struct ipc_run *run, struct ipc_edge *edge, const struct ipc_object_id *obj, __u8 op)
{
}

#include "socket.bpf.h"
#include "socket_near.bpf.h"

/* The run of a send, whose object a message may name, or the object alone. */
static __always_inline struct ipc_run *find_named(__u64 sk, __u8 op, __u64 name, struct ipc_object_id *obj)
{
	struct ipc_run *run = entered(sk, op);

	if (run && run->obj.mech == MECH_INET)
		*obj = run->obj;
	else
		inet_identify(sk, op, name, 0, obj);
	return run;
}

/* As a number: what 7.x loads from a void * through a typed pointer is a pointer to memory, and passed to no global function. */
static __always_inline __u64 name_of(struct msghdr *msg, __u8 op)
{
	return op == OP_SEND && msg && msg->msg_namelen > 0 ? (__u64)BPF_CORE_READ(msg, msg_name) : 0;
}

#include "inet_known.bpf.h"
#include "inet_near.bpf.h"

/* What a hook was called with: the arguments, and behind them the result. */
#define SOCKET(ctx) ((struct socket *)(ctx)[0])
#define MESSAGE(ctx) ((struct msghdr *)(ctx)[1])

/*
 * Without BPF_PROG, and once for each way that is most often taken, as in pipe.bpf.c.
 */
#define DATA_HOOKS(prefix, function, suffix, way)                                                               \
	SEC("?fentry/" #function "_sendmsg")                                                                    \
	int prefix##_send_entry##suffix(__u64 *ctx)                                                             \
	{                                                                                                       \
		return enter_data(way, SOCKET(ctx), OP_SEND, MESSAGE(ctx), ctx[2]);                             \
	}                                                                                                       \
	SEC("?fexit/" #function "_sendmsg")                                                                     \
	int prefix##_send_exit##suffix(__u64 *ctx)                                                              \
	{                                                                                                       \
		return leave(way, SOCKET(ctx), OP_SEND, (int)ctx[3], MESSAGE(ctx), send_leaves(MESSAGE(ctx)));   \
	}                                                                                                       \
	SEC("?fentry/" #function "_recvmsg")                                                                    \
	int prefix##_recv_entry##suffix(__u64 *ctx)                                                             \
	{                                                                                                       \
		return enter_data(way, SOCKET(ctx), OP_RECV, MESSAGE(ctx), ctx[2]);                             \
	}                                                                                                       \
	SEC("?fexit/" #function "_recvmsg")                                                                     \
	int prefix##_recv_exit##suffix(__u64 *ctx)                                                              \
	{                                                                                                       \
		return leave(way, SOCKET(ctx), OP_RECV, (int)ctx[4], MESSAGE(ctx), receive_leaves(ctx[3]));     \
	}

#define ALL_DATA_HOOKS(prefix, function)                \
	DATA_HOOKS(prefix, function, , cfg.way)         \
	DATA_HOOKS(prefix, function, _plain, WAY_PLAIN) \
	DATA_HOOKS(prefix, function, _at, WAY_AT)

ALL_DATA_HOOKS(inet, inet)
ALL_DATA_HOOKS(inet6, inet6)

SEC("?fentry/tcp_splice_read")
int BPF_PROG(inet_splice_entry, struct socket *sock, void *ppos, void *pipe, __u64 size)
{
	return enter_data(cfg.way, sock, OP_RECV, NULL, size);
}

SEC("?fexit/tcp_splice_read")
int BPF_PROG(inet_splice_exit, struct socket *sock, void *ppos, void *pipe, __u64 size, unsigned int flags, long ret)
{
	return leave(cfg.way, sock, OP_RECV, ret, NULL, LEAVES_MOVED);
}

/* Until 6.4; then splice and sendfile come through sendmsg, with MSG_SPLICE_PAGES */
SEC("?fentry/inet_sendpage")
int BPF_PROG(inet_sendpage_entry, struct socket *sock, void *page, int offset, __u64 size)
{
	return enter_data(cfg.way, sock, OP_SEND, NULL, size);
}

SEC("?fexit/inet_sendpage")
int BPF_PROG(inet_sendpage_exit, struct socket *sock, void *page, int offset, __u64 size, int flags, long ret)
{
	return leave(cfg.way, sock, OP_SEND, ret, NULL, LEAVES_MOVED);
}

/* A sender is about to sleep. What it wrote and was not sent, the peer's window had no room for. */
SEC("?fentry/sk_stream_wait_memory")
int BPF_PROG(inet_sender_waits)
{
	struct ipc_run *run = socket_run();
	struct tcp_sock *tp;

	if (!run || run->op != OP_SEND)
		return 0;
	tp = (void *)run->kobj;
	if (BPF_CORE_READ(tp, write_seq) != BPF_CORE_READ(tp, snd_nxt)) {
		run->aux[1]++;
		run->flags |= RUN_USED;
	}
	return 0;
}

/* Which way a datagram came in. There are four or five arguments. */
SEC("?fexit/__skb_recv_udp")
int BPF_PROG(inet_datagram_taken)
{
	struct sk_buff *skb = (void *)result_address(ctx, 5);
	struct ipc_run *run = socket_run();

	if (run && run->op == OP_RECV && skb && BPF_CORE_READ(skb, skb_iif) != INET_LOOPBACK_IFINDEX)
		run->aux[2] = CAME_FROM_ELSEWHERE;
	return 0;
}

#include "inet_life.bpf.h"
#include "inet_files.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
