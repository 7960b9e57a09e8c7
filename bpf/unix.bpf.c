// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * UNIX sockets through net/unix/af_unix.c: the send and receive functions of
 * streams, datagrams and sequenced packets, which every way in ends at (read,
 * sendmsg, io_uring, splice), connect and accept, and the life of sockets.
 *
 * Connections that wait to be accepted are the listener's queue: connect and
 * accept are operations on the listener, the first waits for room in its backlog,
 * the second for a partner.
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
#include "stamps.bpf.h"
#include "plain.bpf.h"
#include "unix.bpf.h"

const volatile struct ipc_config cfg = {};

#define SOCKET_MECH MECH_UNIX
#define SOCKET_RUN_FLAGS 0
#define SOCKET_KEEPS false

static __always_inline bool socket_identify(__u64 sk, __u8 op, struct ipc_object_id *obj)
{
	return unix_identify(sk, op, obj);
}

static __always_inline void socket_words(__u64 sk, const struct ipc_object_id *obj, __u32 *words)
{
	unix_state(sk, obj->id, words);
}

static __always_inline bool socket_words_at_hand(struct socket *socket, const struct ipc_object_id *obj, __u32 *words)
{
	return unix_state_at_hand(socket, obj->id, words);
}

static __always_inline bool socket_is_first(__u64 sk, const struct ipc_object_id *obj)
{
	return unix_ino((void *)sk) == obj->id;
}

static __always_inline __u32 socket_depth(const __u32 *words)
{
	const struct unix_internals *s = (const void *)words;

	return s->first_buffers + s->second_buffers;
}

static __always_inline __u32 socket_limit(const __u32 *words)
{
	const struct unix_internals *s = (const void *)words;

	return s->type == SOCKET_DGRAM ? s->queue_limit : 0;
}

static __always_inline void socket_met(__u64 sk, const struct ipc_object_id *obj)
{
}

static __always_inline void socket_moved(const struct ipc_run *run, struct ipc_edge *edge, const struct ipc_object_id *obj, __u8 op)
{
	if (!run->obj2.domain)
		return;
	add(&edge->counters[UNIX_CREDENTIALS], 1);
	unix_count_credentials(obj, run->obj2.domain, run->obj2.id, op == OP_SEND);
}

#include "socket.bpf.h"
#include "socket_near.bpf.h"

#include "unix_pair.bpf.h"
#include "unix_near.bpf.h"

/* unix_dgram_* are also what sequenced packets end at: those have entries of their own */
static __always_inline bool is_type(struct socket *sock, __u32 type)
{
	return sock->type == (short)type;
}

SEC("?fentry/unix_stream_sendmsg")
int BPF_PROG(unix_stream_send_entry, struct socket *sock, struct msghdr *msg, __u64 size)
{
	return begin(sock, OP_SEND, msg, size, false);
}

SEC("?fexit/unix_stream_sendmsg")
int BPF_PROG(unix_stream_send_exit, struct socket *sock, struct msghdr *msg, __u64 size, int ret)
{
	return end(sock, OP_SEND, ret, NULL, msg->msg_flags & MSG_SPLICE_PAGES ? LEAVES_MOVED : 0, false);
}

SEC("?fentry/unix_stream_recvmsg")
int BPF_PROG(unix_stream_recv_entry, struct socket *sock, struct msghdr *msg, __u64 size)
{
	return begin(sock, OP_RECV, msg, size, false);
}

SEC("?fexit/unix_stream_recvmsg")
int BPF_PROG(unix_stream_recv_exit, struct socket *sock, struct msghdr *msg, __u64 size, int flags, int ret)
{
	return end(sock, OP_RECV, ret, NULL, flags & MSG_PEEK ? LEAVES_PEEKED : 0, false);
}

SEC("?fentry/unix_dgram_sendmsg")
int BPF_PROG(unix_dgram_send_entry, struct socket *sock, struct msghdr *msg, __u64 size)
{
	if (!is_type(sock, SOCKET_DGRAM))
		return 0;
	return begin(sock, OP_SEND, msg, size, true);
}

SEC("?fexit/unix_dgram_sendmsg")
int BPF_PROG(unix_dgram_send_exit, struct socket *sock, struct msghdr *msg, __u64 size, int ret)
{
	if (!is_type(sock, SOCKET_DGRAM))
		return 0;
	return end(sock, OP_SEND, ret, msg, 0, true);
}

SEC("?fentry/unix_dgram_recvmsg")
int BPF_PROG(unix_dgram_recv_entry, struct socket *sock, struct msghdr *msg, __u64 size)
{
	if (!is_type(sock, SOCKET_DGRAM))
		return 0;
	return begin(sock, OP_RECV, msg, size, true);
}

SEC("?fexit/unix_dgram_recvmsg")
int BPF_PROG(unix_dgram_recv_exit, struct socket *sock, struct msghdr *msg, __u64 size, int flags, int ret)
{
	if (!is_type(sock, SOCKET_DGRAM))
		return 0;
	return end(sock, OP_RECV, ret, msg, flags & MSG_PEEK ? LEAVES_PEEKED : 0, true);
}

SEC("?fentry/unix_seqpacket_sendmsg")
int BPF_PROG(unix_packet_send_entry, struct socket *sock, struct msghdr *msg, __u64 size)
{
	return begin(sock, OP_SEND, msg, size, false);
}

SEC("?fexit/unix_seqpacket_sendmsg")
int BPF_PROG(unix_packet_send_exit, struct socket *sock, struct msghdr *msg, __u64 size, int ret)
{
	return end(sock, OP_SEND, ret, NULL, 0, false);
}

SEC("?fentry/unix_seqpacket_recvmsg")
int BPF_PROG(unix_packet_recv_entry, struct socket *sock, struct msghdr *msg, __u64 size)
{
	return begin(sock, OP_RECV, msg, size, false);
}

SEC("?fexit/unix_seqpacket_recvmsg")
int BPF_PROG(unix_packet_recv_exit, struct socket *sock, struct msghdr *msg, __u64 size, int flags, int ret)
{
	return end(sock, OP_RECV, ret, msg, flags & MSG_PEEK ? LEAVES_PEEKED : 0, false);
}

SEC("?fentry/unix_stream_splice_read")
int BPF_PROG(unix_splice_entry, struct socket *sock, void *ppos, void *pipe, __u64 size)
{
	return begin(sock, OP_RECV, NULL, size, false);
}

SEC("?fexit/unix_stream_splice_read")
int BPF_PROG(unix_splice_exit, struct socket *sock, void *ppos, void *pipe, __u64 size, unsigned int flags, long ret)
{
	return end(sock, OP_RECV, ret, NULL, LEAVES_MOVED, false);
}

/* Until 6.4; then splice and sendfile come through sendmsg, with MSG_SPLICE_PAGES */
SEC("?fentry/unix_stream_sendpage")
int BPF_PROG(unix_sendpage_entry, struct socket *sock, void *page, int offset, __u64 size)
{
	return begin(sock, OP_SEND, NULL, size, false);
}

SEC("?fexit/unix_stream_sendpage")
int BPF_PROG(unix_sendpage_exit, struct socket *sock, void *page, int offset, __u64 size, int flags, long ret)
{
	return end(sock, OP_SEND, ret, NULL, LEAVES_MOVED, false);
}

#include "unix_life.bpf.h"
#include "unix_parts.bpf.h"
#include "unix_files.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
