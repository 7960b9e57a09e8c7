/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Differences between kernels, as in compat.bpf.h, that only sockets of the network meet. Included by inet.bpf.h. */
#ifndef COMPAT_INET_BPF_H
#define COMPAT_INET_BPF_H

/* 6.5: what sendpage did is a flag of sendmsg */
struct proto_ops___6_4 {
	void *sendpage;
} __attribute__((preserve_access_index));

static __always_inline bool has_splice_pages(void)
{
	return !bpf_core_field_exists(((struct proto_ops___6_4 *)0)->sendpage);
}

/* Datagrams that a UDP socket threw away. 6.18 counts them apart for two halves of the processors. */
static __always_inline __u32 udp_drops(struct udp_sock *sk)
{
	__u32 drops = BPF_CORE_READ(sk, inet.sk.sk_drops.counter);

	if (bpf_core_field_exists(sk->drop_counters))
		drops += BPF_CORE_READ(sk, drop_counters.drops0.counter) + BPF_CORE_READ(sk, drop_counters.drops1.counter);
	return drops;
}

#endif
