/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The state words of loopback sockets and the bytes inside. Included by inet.bpf.h. */
#ifndef INET_STATE_BPF_H
#define INET_STATE_BPF_H

#define INET_WALK_BUFFERS 512
#define INET_SOCK_DONE 2 /* skc_flags: FIN was received */
#define INET_FIN_SENT (1 << 4 | 1 << 5 | 1 << 9 | 1 << 11) /* FIN_WAIT1, FIN_WAIT2, LAST_ACK, CLOSING */
#define INET_FIN_WAITS (1 << 4 | 1 << 9 | 1 << 11) /* of those: not acknowledged yet */

#define INET_CLOSED (1ull << 63) /* ipc_alias.ino of an end that is closed: id has its last numbers */

/* Where a stream stands: at which byte its sender is, and its receiver; how it ends. */
struct inet_stand {
	__u32 write_seq;
	__u32 copied_seq;
	bool fin_sent;
	bool fin_received;
};

static __always_inline void inet_stand_of(__u64 sk, struct inet_stand *s)
{
	struct tcp_sock *tp = (void *)sk;
	struct sock *common = (void *)sk;

	s->write_seq = BPF_CORE_READ(tp, write_seq);
	s->copied_seq = BPF_CORE_READ(tp, copied_seq);
	s->fin_sent = 1u << BPF_CORE_READ(common, __sk_common.skc_state) & INET_FIN_SENT;
	s->fin_received = BPF_CORE_READ(common, __sk_common.skc_flags) & INET_SOCK_DONE;
}

/* Bytes on their way: sent, and not received by the process at the other end. FIN takes a number like a byte. */
static __always_inline __u32 inet_under_way(const struct inet_stand *from, const struct inet_stand *to)
{
	__s32 bytes = from->write_seq - to->copied_seq;

	if (bytes > 0 && (from->fin_sent || to->fin_received))
		bytes--;
	return bytes > 0 ? bytes : 0;
}

/* What was received by the kernel and not by a process. */
static __always_inline __u32 inet_tcp_queued(__u64 sk)
{
	struct tcp_sock *tp = (void *)sk;
	struct sock *common = (void *)sk;
	__u32 bytes = BPF_CORE_READ(tp, rcv_nxt) - BPF_CORE_READ(tp, copied_seq);

	if (bytes && (BPF_CORE_READ(common, __sk_common.skc_flags) & INET_SOCK_DONE))
		bytes--;
	return bytes;
}

static __always_inline __u32 inet_tcp_unacked(__u64 sk, __u32 state)
{
	struct tcp_sock *tp = (void *)sk;
	__u32 bytes = BPF_CORE_READ(tp, write_seq) - BPF_CORE_READ(tp, snd_una);

	return bytes && (1u << state & INET_FIN_WAITS) ? bytes - 1 : bytes;
}

/* Not inlined, as is the next one: for the stack. */
static __attribute__((noinline)) int inet_end_words(__u64 address, struct inet_internals *s, bool first)
{
	struct sock *sk = (void *)address;
	__u32 state, queued = IPC_STATE_ABSENT, unacked = IPC_STATE_ABSENT;

	if (!s)
		return 0;
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (s->protocol == INET_TCP && state != INET_LISTEN) {
		queued = inet_tcp_queued(address);
		unacked = inet_tcp_unacked(address, state);
	} else if (s->protocol == INET_UDP) {
		s->drops += udp_drops((void *)sk);
		s->waiting += BPF_CORE_READ(sk, sk_receive_queue.qlen) +
			      BPF_CORE_READ((struct udp_sock *)sk, reader_queue.qlen);
	} else {
		s->waiting = BPF_CORE_READ(sk, sk_ack_backlog);
		s->queue_limit = BPF_CORE_READ(sk, sk_max_ack_backlog) + 1;
	}
	if (first) {
		s->first_state = state;
		s->first_queued = queued;
		s->first_unacked = unacked;
		s->first_charged = BPF_CORE_READ(sk, sk_backlog.rmem_alloc.counter);
		s->first_rcvbuf = BPF_CORE_READ(sk, sk_rcvbuf);
	} else {
		s->second_state = state;
		s->second_queued = queued;
		s->second_unacked = unacked;
		s->second_charged = BPF_CORE_READ(sk, sk_backlog.rmem_alloc.counter);
		s->second_rcvbuf = BPF_CORE_READ(sk, sk_rcvbuf);
	}
	return 0;
}

/* The state words of an object, from one of its sockets; of another one's little is known. */
static __attribute__((noinline)) int inet_words(__u64 sk, __u64 id, __u32 *words)
{
	struct inet_internals *s = (void *)words;
	struct inet_ends e;
	bool pair, first;
	__u64 other;

	if (!s)
		return 0;
	inet_ends_of(sk, &e);
	pair = e.rport && inet_own_pair(&e) == id;
	s->protocol = e.protocol;
	s->first_state = IPC_STATE_ABSENT;
	s->second_state = IPC_STATE_ABSENT;
	s->first_queued = IPC_STATE_ABSENT;
	s->second_queued = IPC_STATE_ABSENT;
	s->first_charged = IPC_STATE_ABSENT;
	s->first_rcvbuf = IPC_STATE_ABSENT;
	s->second_charged = IPC_STATE_ABSENT;
	s->second_rcvbuf = IPC_STATE_ABSENT;
	s->first_unacked = IPC_STATE_ABSENT;
	s->second_unacked = IPC_STATE_ABSENT;
	s->drops = 0;
	s->waiting = 0;
	s->queue_limit = 0;
	s->when = state_moment(id);
	if (!pair && inet_own_key(&e) != id)
		return 0;
	first = !pair || inet_is_first(e.local, e.lport, e.remote, e.rport);
	inet_end_words(sk, s, first);
	other = pair ? inet_other_end(&e) : 0;
	if (other)
		inet_end_words(other, s, !first);
	return 0;
}

/* Is this socket the first end of its pair, or no end of one? Global. */
__attribute__((noinline)) int inet_is_first_end(__u64 sk, __u64 id)
{
	struct inet_ends e;

	inet_ends_of(sk, &e);
	if (e.rport && inet_own_pair(&e) == id)
		return inet_is_first(e.local, e.lport, e.remote, e.rport);
	return inet_own_key(&e) == id;
}

/* Bytes of the datagrams in a queue; -1: more than we walk. Not locked. Global, verified once. */
__attribute__((noinline)) __s64 inet_queue_bytes(__u64 queue)
{
	__u64 at = 0;
	__s64 bytes = 0;

	if (!probe_read(&at, queue)) /* next is the first member */
		return -1;
	for (int i = 0; i < INET_WALK_BUFFERS; i++) {
		struct sk_buff *skb = (void *)at;

		if (!at || at == queue)
			return bytes;
		bytes += BPF_CORE_READ(skb, len);
		at = (__u64)BPF_CORE_READ(skb, next);
	}
	return -1;
}

/* Bytes of the datagrams that wait at a socket, as above. */
static __always_inline __s64 inet_udp_queued(__u64 sk)
{
	__s64 one = inet_queue_bytes(sk + bpf_core_field_offset(struct sock, sk_receive_queue));
	__s64 two = inet_queue_bytes(sk + bpf_core_field_offset(struct udp_sock, reader_queue));

	return one < 0 || two < 0 ? -1 : one + two;
}

/* The bytes inside the object that a socket belongs to; -1: not known. Global. */
__attribute__((noinline)) __s64 inet_inside(__u64 sk, __u64 id)
{
	struct inet_stand own, theirs;
	struct inet_ends e;
	__s64 bytes, others;
	__u64 other;

	inet_ends_of(sk, &e);
	if (e.state == INET_LISTEN)
		return 0;
	if (!e.rport || inet_own_pair(&e) != id)
		return inet_udp_queued(sk);
	other = inet_other_end(&e);
	if (!other)
		return -1;
	if (e.protocol == INET_UDP) {
		bytes = inet_udp_queued(sk);
		others = inet_udp_queued(other);
		return bytes < 0 || others < 0 ? -1 : bytes + others;
	}
	inet_stand_of(sk, &own);
	inet_stand_of(other, &theirs);
	bytes = inet_under_way(&own, &theirs);
	others = inet_under_way(&theirs, &own);
	return bytes + others;
}

#endif
