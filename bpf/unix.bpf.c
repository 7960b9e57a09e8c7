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

#include "ipctrace.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "op.bpf.h"
#include "found.bpf.h"
#include "stamps.bpf.h"
#include "unix.bpf.h"

const volatile struct ipc_config cfg = {};

static __always_inline struct ipc_object *object_of(const struct ipc_object_id *obj)
{
	return bpf_map_lookup_elem(&objects, obj);
}

/* The current task's operation on some UNIX socket, or NULL. */
static __always_inline struct ipc_run *unix_run(void)
{
	struct ipc_run *run = run_slot();

	return run && run->task == current_task() && run->obj.mech == MECH_UNIX ? run : NULL;
}

/* The run of an operation that begins on this socket; an addressed one learns later of its object. */
static __always_inline struct ipc_run *enter(__u64 sk, __u8 op, __u8 cause, bool unresolved)
{
	struct ipc_object_id obj = {};
	struct ipc_run *run;

	if (!unresolved && (!unix_identify(sk, op, &obj) || !op_wanted(&obj)))
		return NULL;
	run = op_begin(&obj, op, cause, sk);
	if (!run)
		return NULL;
	run->kobj2 = 0;
	run->obj2.domain = 0; /* whose credentials go with a message; it has no mechanism */
	if (unresolved)
		run->flags |= RUN_UNRESOLVED;
	return run;
}

/* The run that enter() made for this socket, when it was seen; and the object, either way. */
static __always_inline struct ipc_run *find_run(__u64 sk, __u8 op, struct ipc_object_id *obj)
{
	struct ipc_run *run = run_mine();

	if (run && (run->kobj != sk || run->op != op || (run->flags & (RUN_OUTER | RUN_SYSCALL))))
		run = NULL;
	if (run && run->obj.mech == MECH_UNIX)
		*obj = run->obj;
	else if (run && (run->flags & RUN_UNRESOLVED))
		unix_identify(sk, OP_RECV, obj); /* it never got so far: the socket's own affair */
	else
		unix_identify(sk, op, obj);
	return run;
}

static __always_inline void note_state(struct ipc_edge *edge, __u64 sk, const struct ipc_object_id *obj)
{
	struct unix_internals *s = (void *)edge->state;

	if (!PROFILE(~0u))
		return; /* --counts */
	unix_state(sk, obj->id, edge->state);
	stamp_state(edge->state);
	depth_note(edge, s->first_buffers + s->second_buffers);
}

static __always_inline bool is_datagrams(const struct ipc_edge *edge)
{
	return ((const struct unix_internals *)edge->state)->type == SOCKET_DGRAM;
}

/* What a send or a receive leaves behind. peeks: the data stays where it is. */
static __always_inline int leave(__u64 sk, __u8 op, __s64 ret, struct msghdr *msg, bool peeks, bool moves)
{
	struct op_result res = {.ret = ret, .payload = !peeks, .moved = moves && ret > 0 ? ret : 0};
	struct ipc_object_id obj;
	struct ipc_run *run;
	struct ipc_edge *edge;
	__u8 counted = peeks ? OP_CTL : op;

	run = find_run(sk, op, &obj);
	if (!obj.id || !op_wanted(&obj)) {
		op_done(run);
		return 0;
	}
	edge = op_end(&obj, counted, run, &res);
	if (edge) {
		if (unix_ino((void *)sk) == obj.id) {
			add(&edge->counters[UNIX_FIRST_OPS], 1);
			if (ret > 0 && !peeks)
				add(&edge->counters[UNIX_FIRST_BYTES], ret);
		}
		if (run && run->obj2.domain && ret >= 0 && !peeks) {
			add(&edge->counters[UNIX_CREDENTIALS], 1);
			unix_count_credentials(&obj, run->obj2.domain, run->obj2.id, op == OP_SEND);
		}
		if (run && run->aux[1] && ret >= 0)
			add(&edge->counters[UNIX_FDS], run->aux[1]);
		if (op == OP_RECV && msg && ret >= 0 && !peeks && (msg->msg_flags & MSG_TRUNC))
			add(&edge->counters[UNIX_TRUNCATED], 1);
		note_state(edge, run && op == OP_SEND && run->kobj2 ? run->kobj2 : sk, &obj);
		if (op == OP_SEND && run && run->own_waits && is_datagrams(edge))
			depth_was_full(edge, ((struct unix_internals *)edge->state)->queue_limit);
		if (PROFILE(PROFILE_DETAIL) && ret > 0 && !peeks)
			object_bytes(&obj, op == OP_SEND ? ret : -ret);
		if (PROFILE(PROFILE_EVENTS))
			op_emit(&obj, counted, run, &res, edge, run ? run->size : ~0ull);
	}
	op_done(run);
	return 0;
}

static __always_inline int enter_data(struct socket *sock, __u8 op, struct msghdr *msg, __u64 size, bool unresolved)
{
	__u8 cause = op == OP_SEND ? CAUSE_FULL : CAUSE_EMPTY;
	struct ipc_run *run = enter((__u64)BPF_CORE_READ(sock, sk), op, cause, unresolved);

	if (run) {
		run->iter = msg ? (__u64)&msg->msg_iter : 0;
		run->size = size;
	}
	return 0;
}

/* unix_dgram_* are also what sequenced packets end at: those have entries of their own */
static __always_inline bool is_type(struct socket *sock, __u32 type)
{
	return sock->type == (short)type;
}

SEC("?fentry/unix_stream_sendmsg")
int BPF_PROG(unix_stream_send_entry, struct socket *sock, struct msghdr *msg, __u64 size)
{
	return enter_data(sock, OP_SEND, msg, size, false);
}

SEC("?fexit/unix_stream_sendmsg")
int BPF_PROG(unix_stream_send_exit, struct socket *sock, struct msghdr *msg, __u64 size, int ret)
{
	return leave((__u64)BPF_CORE_READ(sock, sk), OP_SEND, ret, NULL, false, msg->msg_flags & MSG_SPLICE_PAGES);
}

SEC("?fentry/unix_stream_recvmsg")
int BPF_PROG(unix_stream_recv_entry, struct socket *sock, struct msghdr *msg, __u64 size)
{
	return enter_data(sock, OP_RECV, msg, size, false);
}

SEC("?fexit/unix_stream_recvmsg")
int BPF_PROG(unix_stream_recv_exit, struct socket *sock, struct msghdr *msg, __u64 size, int flags, int ret)
{
	return leave((__u64)BPF_CORE_READ(sock, sk), OP_RECV, ret, msg, flags & MSG_PEEK, false);
}

SEC("?fentry/unix_dgram_sendmsg")
int BPF_PROG(unix_dgram_send_entry, struct socket *sock, struct msghdr *msg, __u64 size)
{
	if (!is_type(sock, SOCKET_DGRAM))
		return 0;
	return enter_data(sock, OP_SEND, msg, size, msg->msg_namelen > 0);
}

SEC("?fexit/unix_dgram_sendmsg")
int BPF_PROG(unix_dgram_send_exit, struct socket *sock, struct msghdr *msg, __u64 size, int ret)
{
	if (!is_type(sock, SOCKET_DGRAM))
		return 0;
	return leave((__u64)BPF_CORE_READ(sock, sk), OP_SEND, ret, NULL, false, false);
}

SEC("?fentry/unix_dgram_recvmsg")
int BPF_PROG(unix_dgram_recv_entry, struct socket *sock, struct msghdr *msg, __u64 size)
{
	if (!is_type(sock, SOCKET_DGRAM))
		return 0;
	return enter_data(sock, OP_RECV, msg, size, false);
}

SEC("?fexit/unix_dgram_recvmsg")
int BPF_PROG(unix_dgram_recv_exit, struct socket *sock, struct msghdr *msg, __u64 size, int flags, int ret)
{
	if (!is_type(sock, SOCKET_DGRAM))
		return 0;
	return leave((__u64)BPF_CORE_READ(sock, sk), OP_RECV, ret, msg, flags & MSG_PEEK, false);
}

SEC("?fentry/unix_seqpacket_sendmsg")
int BPF_PROG(unix_packet_send_entry, struct socket *sock, struct msghdr *msg, __u64 size)
{
	return enter_data(sock, OP_SEND, msg, size, false);
}

SEC("?fexit/unix_seqpacket_sendmsg")
int BPF_PROG(unix_packet_send_exit, struct socket *sock, struct msghdr *msg, __u64 size, int ret)
{
	return leave((__u64)BPF_CORE_READ(sock, sk), OP_SEND, ret, NULL, false, false);
}

SEC("?fentry/unix_seqpacket_recvmsg")
int BPF_PROG(unix_packet_recv_entry, struct socket *sock, struct msghdr *msg, __u64 size)
{
	return enter_data(sock, OP_RECV, msg, size, false);
}

SEC("?fexit/unix_seqpacket_recvmsg")
int BPF_PROG(unix_packet_recv_exit, struct socket *sock, struct msghdr *msg, __u64 size, int flags, int ret)
{
	return leave((__u64)BPF_CORE_READ(sock, sk), OP_RECV, ret, msg, flags & MSG_PEEK, false);
}

SEC("?fentry/unix_stream_splice_read")
int BPF_PROG(unix_splice_entry, struct socket *sock, void *ppos, void *pipe, __u64 size)
{
	return enter_data(sock, OP_RECV, NULL, size, false);
}

SEC("?fexit/unix_stream_splice_read")
int BPF_PROG(unix_splice_exit, struct socket *sock, void *ppos, void *pipe, __u64 size, unsigned int flags, long ret)
{
	return leave((__u64)BPF_CORE_READ(sock, sk), OP_RECV, ret, NULL, false, true);
}

/* Until 6.4; then splice and sendfile come through sendmsg, with MSG_SPLICE_PAGES */
SEC("?fentry/unix_stream_sendpage")
int BPF_PROG(unix_sendpage_entry, struct socket *sock, void *page, int offset, __u64 size)
{
	return enter_data(sock, OP_SEND, NULL, size, false);
}

SEC("?fexit/unix_stream_sendpage")
int BPF_PROG(unix_sendpage_exit, struct socket *sock, void *page, int offset, __u64 size, int flags, long ret)
{
	return leave((__u64)BPF_CORE_READ(sock, sk), OP_SEND, ret, NULL, false, true);
}

#include "unix_life.bpf.h"
#include "unix_parts.bpf.h"
#include "unix_files.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
