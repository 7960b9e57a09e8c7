/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a loopback TCP or UDP socket is: its object and the other end. Follows net/ipv4
 * and net/ipv6. Everything goes by address, so that function hooks, iterators and the
 * syscall backend share it.
 *
 * The object of two sockets that are connected to each other is the pair, known by
 * its addresses and ports in its network namespace. Both are on this machine where
 * the way from one to the other is the loopback device: others are no objects. All
 * other sockets are objects of their own, by their address and port: listeners, and UDP
 * sockets, to which what is sent to them belongs, whoever sends.
 *
 * The kernel has no pointer from one end to the other. `aliases` has the socket of
 * every end, by its way, and of every listener and receiver, by its address.
 */
#ifndef INET_BPF_H
#define INET_BPF_H

#include "compat_inet.bpf.h"
#include "inet_key.h"
#include "socket_counter.h"

#define AF_INET 2
#define AF_INET6 10
#define INET_LOOPBACK_IFINDEX 1

/* struct sock.__sk_common.skc_state */
#define INET_ESTABLISHED 1
#define INET_SYN_SENT 2
#define INET_LISTEN 10

/* Both ends as this one knows them. Addresses as inet_fold() makes them, ports in host order. */
struct inet_ends {
	__u64 local;
	__u64 remote;
	__u32 net;
	__u16 protocol; /* 0: neither TCP nor UDP */
	__u16 lport;	/* 0: not bound */
	__u16 rport;	/* 0: not connected */
	__u16 state;
};

static __always_inline __u16 inet_host_order(__u16 port)
{
	return port >> 8 | port << 8;
}

static __always_inline __u32 inet_net(__u64 sk)
{
	return BPF_CORE_READ((struct sock *)sk, __sk_common.skc_net.net, ns.inum);
}

/* Where a socket of either family has its address, as it lies in memory. */
static __always_inline void inet_address(__u64 address, bool remote, __u32 *words)
{
	struct sock *sk = (void *)address;

	words[0] = 0;
	words[1] = 0;
	words[2] = 0xffff0000u;
	words[3] = 0;
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6)
		probe_read((__u32(*)[4])words, address + (remote ? bpf_core_field_offset(struct sock, __sk_common.skc_v6_daddr) :
								   bpf_core_field_offset(struct sock, __sk_common.skc_v6_rcv_saddr)));
	else
		words[3] = remote ? BPF_CORE_READ(sk, __sk_common.skc_daddr) : BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
}

/*
 * Functions that are called from others in a row are leaves of small frames, with numbers
 * for arguments and results: before 6.13 the stack of them all is 512 bytes, and 5.10 passes a
 * global function nothing else.
 */

/* An address of a socket, its own or the other end's, as inet_fold() makes it. */
__attribute__((noinline)) __u64 inet_side(__u64 sk, __u32 remote)
{
	__u32 words[4];

	inet_address(sk, remote, words);
	return inet_fold(words[0], words[1], words[2], words[3]);
}

/* Ports, protocol and state: 16 bits each, from the lowest: own port, the other one, protocol, state. */
__attribute__((noinline)) __u64 inet_numbers(__u64 address)
{
	struct sock *sk = (void *)address;
	__u64 protocol = BPF_CORE_READ(sk, sk_protocol);
	__u32 type = BPF_CORE_READ(sk, sk_type);

	if (!(protocol == INET_TCP && type == SOCKET_STREAM) && !(protocol == INET_UDP && type == SOCKET_DGRAM))
		protocol = 0;
	return (__u64)BPF_CORE_READ(sk, __sk_common.skc_state) << 48 | protocol << 32 |
	       (__u32)inet_host_order(BPF_CORE_READ(sk, __sk_common.skc_dport)) << 16 |
	       inet_host_order(BPF_CORE_READ((struct inet_sock *)sk, inet_sport)); /* skc_num is gone with the port */
}

static __always_inline void inet_ends_of(__u64 sk, struct inet_ends *e)
{
	__u64 numbers = inet_numbers(sk);

	e->lport = numbers;
	e->rport = numbers >> 16;
	e->protocol = numbers >> 32;
	e->state = numbers >> 48;
	e->net = inet_net(sk);
	e->local = inet_side(sk, false);
	e->remote = inet_side(sk, true);
}

static __always_inline __u64 inet_own_key(const struct inet_ends *e)
{
	return inet_key(e->net, e->protocol, e->local, e->lport);
}

static __always_inline __u64 inet_way_there(const struct inet_ends *e)
{
	return inet_way_key(e->net, e->protocol, e->local, e->lport, e->remote, e->rport);
}

static __always_inline __u64 inet_way_back(const struct inet_ends *e)
{
	return inet_way_key(e->net, e->protocol, e->remote, e->rport, e->local, e->lport);
}

static __always_inline __u64 inet_own_pair(const struct inet_ends *e)
{
	return inet_pair_key(e->net, e->protocol, e->local, e->lport, e->remote, e->rport);
}

/* The inode of a socket; 0: closed, or not accepted yet. */
static __always_inline __u64 inet_ino(__u64 sk)
{
	struct socket *socket = BPF_CORE_READ((struct sock *)sk, sk_socket);
	struct socket_alloc *both = (void *)socket;

	return socket ? BPF_CORE_READ(both, vfs_inode.i_ino) : 0;
}

/*
 * The socket that is known by this key, when it still is the one that was: it listens or
 * receives at an address, or is an end of a pair, connected to the port that it was. Or 0. Global.
 */
__attribute__((noinline)) __u64 inet_socket_at(__u64 key)
{
	struct ipc_alias *alias = bpf_map_lookup_elem(&aliases, &key);
	__u64 sk;

	if (!alias || !alias->other || !alias->ino)
		return 0;
	sk = alias->other;
	if (inet_ino(sk) != alias->ino)
		return 0;
	if (alias->id && alias->id != inet_host_order(BPF_CORE_READ((struct sock *)sk, __sk_common.skc_dport)))
		return 0;
	return sk;
}

static __always_inline __u64 inet_other_end(const struct inet_ends *e)
{
	return e->rport ? inet_socket_at(inet_way_back(e)) : 0;
}

/*
 * Does a way lead here, of another UDP socket that is connected to this one? When that is
 * closed they stay a pair, but not when it was connected to another one. Global.
 */
__attribute__((noinline)) int inet_is_way(__u64 way)
{
	struct ipc_alias *alias = bpf_map_lookup_elem(&aliases, &way);
	struct sock *sk;

	if (!alias)
		return 0;
	sk = (void *)alias->other;
	return !sk || inet_ino((__u64)sk) != alias->ino || alias->id == inet_host_order(BPF_CORE_READ(sk, __sk_common.skc_dport));
}

static __always_inline bool inet_is_loopback(__u64 address)
{
	return address == 1ull << 56 /* ::1 */ || ((__u32)address == (__u32)INET_ANY4 && (address >> 32 & 0xff) == 127);
}

/* Whose object an address stands for: a socket that is bound to it or to any. */
static __always_inline __u64 inet_target(const struct inet_ends *e)
{
	__u64 key = inet_key(e->net, e->protocol, e->remote, e->rport), any, sk;
	bool is4 = (__u32)e->remote == (__u32)INET_ANY4;

	if (inet_socket_at(key))
		return key;
	any = inet_key(e->net, e->protocol, INET_ANY4, e->rport);
	if (is4 && inet_socket_at(any))
		return any;
	any = inet_key(e->net, e->protocol, INET_ANY6, e->rport);
	sk = inet_socket_at(any);
	if (sk && !(is4 && BPF_CORE_READ_BITFIELD_PROBED((struct sock *)sk, __sk_common.skc_ipv6only)))
		return any;
	return key;
}

#define INET_FROM_USER 1 /* the name's address is user space's */

/* Address and port of a name in user space or in the kernel. 0: it is none. Global. */
__attribute__((noinline)) __u64 inet_name_address(__u64 name, __u32 flags)
{
	__u32 words[6] = {};
	bool user = flags & INET_FROM_USER;

	if (user ? bpf_probe_read_user(words, 16, (void *)name) : bpf_probe_read_kernel(words, 16, (void *)name))
		return 0;
	if ((__u16)words[0] == AF_INET)
		return inet_fold4(words[1] ?: 0x0100007fu); /* 0.0.0.0 is 127.0.0.1 */
	if ((__u16)words[0] != AF_INET6 ||
	    (user ? bpf_probe_read_user(words, 24, (void *)name) : bpf_probe_read_kernel(words, 24, (void *)name)))
		return 0;
	return inet_fold(words[2], words[3], words[4], words[5]) ?: 1ull << 56; /* :: is ::1 */
}

/* In place of whom the socket is connected to. */
static __always_inline bool inet_read_name(struct inet_ends *e, __u64 name, __u32 flags)
{
	__u16 port = 0;

	e->remote = inet_name_address(name, flags);
	if (flags & INET_FROM_USER)
		bpf_probe_read_user(&port, sizeof(port), (void *)name + 2);
	else
		bpf_probe_read_kernel(&port, sizeof(port), (void *)name + 2);
	e->rport = inet_host_order(port);
	return e->remote;
}

/* Is what this socket is connected to, or what was put in its place, on this machine? */
static __always_inline bool inet_is_near(__u64 sk, const struct inet_ends *e, bool named)
{
	if (inet_is_loopback(e->remote) || e->remote == e->local)
		return true;
	if (named)
		return inet_socket_at(inet_key(e->net, e->protocol, e->remote, e->rport));
	return BPF_CORE_READ((struct sock *)sk, sk_dst_cache, dev, ifindex) == INET_LOOPBACK_IFINDEX;
}

/*
 * The id of the object that an operation on this socket is on. name: address of whom the
 * call says, 0: nobody. Global, so that the verifier looks at it once. 0: none, or it is
 * not all on this machine.
 */
__attribute__((noinline)) __u64 inet_object_id(__u64 sk, __u32 op, __u64 name, __u32 flags)
{
	bool addressed = false, named;
	struct inet_ends e;
	__u64 remote;
	__u16 rport;

	inet_ends_of(sk, &e);
	remote = e.remote;
	rport = e.rport;
	if (!e.protocol)
		return 0;
	if (e.protocol == INET_TCP && e.state == INET_LISTEN)
		return inet_own_key(&e);
	addressed = op == OP_OPEN || (op == OP_SEND && e.protocol == INET_UDP);
	if (addressed && name) {
		if (!inet_read_name(&e, name, flags))
			return 0;
	} else if (op == OP_OPEN && e.protocol == INET_TCP && !rport) {
		return 0;
	}
	named = e.remote != remote || e.rport != rport;
	if (e.protocol == INET_UDP) {
		if (e.rport && !named && inet_is_way(inet_way_back(&e)))
			return inet_own_pair(&e);
		if (!addressed)
			return e.lport ? inet_own_key(&e) : 0;
	}
	if (!e.rport || !inet_is_near(sk, &e, named))
		return 0;
	if (addressed)
		return inet_target(&e);
	return inet_own_pair(&e);
}

static __always_inline bool inet_identify(__u64 sk, __u8 op, __u64 name, __u32 flags, struct ipc_object_id *obj)
{
	obj->id = inet_object_id(sk, op, name, flags);
	obj->domain = inet_net(sk);
	obj->mech = MECH_INET;
	obj->pad = 0;
	return obj->id;
}

/* Is a sender's address, as user space got it, one of this machine's for all we know? Global. */
__attribute__((noinline)) int inet_came_near(__u64 sk, __u64 name)
{
	struct inet_ends e;

	inet_ends_of(sk, &e);
	if (!inet_read_name(&e, name, INET_FROM_USER))
		return 1; /* it was not asked for */
	return inet_is_near(sk, &e, true);
}

/* Is the object of this socket a pair? Global. */
__attribute__((noinline)) int inet_is_pair(__u64 sk, __u64 id)
{
	struct inet_ends e;

	inet_ends_of(sk, &e);
	return e.rport && inet_own_pair(&e) == id;
}

/* port: that it is connected to, when the key is of its way */
static __always_inline void inet_alias(__u64 key, __u64 sk, __u64 ino, __u32 port)
{
	struct ipc_alias *old = bpf_map_lookup_elem(&aliases, &key), alias = {.id = port, .ino = ino, .other = sk};

	if (old && old->other == sk && old->ino == ino)
		return;
	if (bpf_map_update_elem(&aliases, &key, &alias, BPF_ANY))
		lose(LOSS_MAP_FULL);
}

/* From now on it is found by its address, and as an end of its pair. Global. Returns 0. */
__attribute__((noinline)) int inet_register(__u64 sk)
{
	__u64 ino = inet_ino(sk);
	struct inet_ends e;

	inet_ends_of(sk, &e);
	if (!e.protocol || !e.lport || !ino)
		return 0;
	if (e.protocol == INET_UDP || e.state == INET_LISTEN)
		inet_alias(inet_own_key(&e), sk, ino, 0);
	if (e.rport && e.state != INET_SYN_SENT)
		inet_alias(inet_way_there(&e), sk, ino, e.rport);
	return 0;
}

static __always_inline void inet_name_end(struct inet_name *name, __u32 which, __u64 sk, bool remote, __u16 port)
{
	__u32 words[4];

	inet_address(sk, remote, words);
	name->port[which & 1] = port;
	name->address[which & 1][0] = words[0];
	name->address[which & 1][1] = words[1];
	name->address[which & 1][2] = words[2];
	name->address[which & 1][3] = words[3];
}

/* Addresses and ports of an object, from a socket of it. Written where it stays; the protocol last. Global. */
__attribute__((noinline)) int inet_note_name(__u64 id, __u64 sk)
{
	struct ipc_object_id obj = {.id = id, .domain = inet_net(sk), .mech = MECH_INET};
	struct inet_name *name;
	struct inet_ends e;
	bool pair, first;

	inet_ends_of(sk, &e);
	pair = e.rport && inet_own_pair(&e) == id;
	if ((!pair && inet_own_key(&e) != id) || bpf_map_lookup_elem(&names, &obj))
		return 0;
	map_create(&names, &obj, &zero_name);
	name = bpf_map_lookup_elem(&names, &obj);
	if (!name)
		return 0;
	first = !pair || inet_is_first(e.local, e.lport, e.remote, e.rport);
	inet_name_end(name, !first, sk, false, e.lport);
	if (pair)
		inet_name_end(name, first, sk, true, e.rport);
	name->ends = pair ? 2 : 1;
	name->protocol = e.protocol;
	return 0;
}

/* The same of an address where nobody is, as a call gave it. Global. */
__attribute__((noinline)) int inet_note_target(__u64 id, __u64 sk, __u64 address, __u32 flags)
{
	struct ipc_object_id obj = {.id = id, .domain = inet_net(sk), .mech = MECH_INET};
	struct inet_ends e = {};
	struct inet_name *name;
	__u32 words[7] = {};

	if (bpf_map_lookup_elem(&names, &obj) || !inet_read_name(&e, address, flags) || !inet_is_loopback(e.remote))
		return 0;
	if (flags & INET_FROM_USER)
		bpf_probe_read_user(words, 24, (void *)address);
	else
		bpf_probe_read_kernel(words, 24, (void *)address);
	map_create(&names, &obj, &zero_name);
	name = bpf_map_lookup_elem(&names, &obj);
	if (!name)
		return 0;
	name->port[0] = e.rport;
	if ((__u16)words[0] == AF_INET) {
		name->address[0][2] = 0xffff0000u;
		name->address[0][3] = words[1] ?: 0x0100007fu;
	} else {
		name->address[0][0] = words[2];
		name->address[0][1] = words[3];
		name->address[0][2] = words[4];
		name->address[0][3] = words[5];
	}
	name->ends = 1;
	name->protocol = BPF_CORE_READ((struct sock *)sk, sk_protocol);
	return 0;
}

#include "inet_state.bpf.h"

#endif
