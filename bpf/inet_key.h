/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What loopback TCP and UDP sockets are called, for both sides. An object is known
 * by its addresses and ports, and by the network namespace that these are of: its id
 * is a hash of them all, its domain the inode number of the namespace.
 */
#ifndef IPC_INET_H
#define IPC_INET_H

#define INET_TCP 6
#define INET_UDP 17

/* Addresses as numbers of 64 bits: equal ones have equal numbers. IPv4 has the form that IPv6 has for it. */
#define INET_ANY6 0ull
#define INET_ANY4 0xffff0000ull

/* Of an address as it lies in memory: four words in network order. */
static inline __u64 inet_fold(__u32 a, __u32 b, __u32 c, __u32 d)
{
	__u64 high = (__u64)b << 32 | a, low = (__u64)d << 32 | c;

	return low ^ high * 0x9E3779B97F4A7C15ull;
}

static inline __u64 inet_fold4(__u32 address)
{
	return inet_fold(0, 0, 0xffff0000u, address);
}

static inline __u64 inet_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9E3779B97F4A7C15ull;
	return hash ^ hash >> 29;
}

/* An address of a protocol in a namespace; port in host order. Never 0. */
static inline __u64 inet_key(__u32 net, __u32 protocol, __u64 address, __u32 port)
{
	__u64 hash = inet_mix((__u64)net << 32 | protocol << 16 | port, 1);

	return inet_mix(hash, address) | 1;
}

/* The way from one address to another: what an end is called. Never 0. */
static inline __u64 inet_way_key(__u32 net, __u32 protocol, __u64 from, __u32 from_port, __u64 to, __u32 to_port)
{
	__u64 hash = inet_mix((__u64)net << 32 | protocol, (__u64)from_port << 16 | to_port | 1ull << 32);

	return inet_mix(inet_mix(hash, from), to) | 1;
}

/* The first end of a pair is the one with the lower port, or address. */
static inline int inet_is_first(__u64 address, __u32 port, __u64 other, __u32 other_port)
{
	return port < other_port || (port == other_port && address <= other);
}

static inline __u64 inet_pair_key(__u32 net, __u32 protocol, __u64 a, __u32 a_port, __u64 b, __u32 b_port)
{
	__u64 first = inet_is_first(a, a_port, b, b_port) ? inet_way_key(net, protocol, a, a_port, b, b_port) :
							    inet_way_key(net, protocol, b, b_port, a, a_port);

	return inet_mix(first, 2) | 1;
}

/* ipc_name.path of an object: read by the descriptor. Addresses as they lie in memory, ports in host order. */
struct inet_name {
	__u8 protocol; /* not 0: it is a name */
	__u8 ends;     /* 2: a pair */
	__u16 port[2];
	__u16 pad;
	__u32 address[2][4];
};

/* The state words, in the order of the descriptor's table (user/mech/inet.c). */
struct inet_internals {
	__u32 protocol;
	__u32 first_state;
	__u32 second_state;
	__u32 first_queued;
	__u32 second_queued;
	__u32 first_charged;
	__u32 first_rcvbuf;
	__u32 second_charged;
	__u32 second_rcvbuf;
	__u32 first_unacked;
	__u32 second_unacked;
	__u32 drops;
	__u32 waiting;
	__u32 queue_limit;
	__u32 when; /* state_moment(): orders states with the same stamp */
};

#endif
