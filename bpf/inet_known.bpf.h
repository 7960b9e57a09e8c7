/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which object an operation on a stream is on, where that was told of the socket before. As inet_object_id(), which goes
 * by address and costs some thousand instructions. Included by inet.bpf.c.
 */

/* Each release, shutdown and connection: what operations do not read each time has changed then, and who the other end is. */
static __u64 changes = 1;

static __always_inline void inet_changes(void)
{
	smp_wmb(); /* with note_near() */
	__sync_fetch_and_add(&changes, 1);
}

/*
 * What a connected socket is an end of. It is known by its address, its ports and the kernel's hash of all that the
 * object's id is made of: after a disconnect, and of the next socket at this address, these are others. `check` joins all
 * words, so that what two processors wrote at a time is nobody's.
 */
struct inet_known {
	__u64 check;
	__u64 id;    /* 0: none, for the way from this socket leaves the machine */
	__u64 where; /* as keys have domain and mechanism; from INET_HOW_SHIFT on NEAR_* or INET_FAR */
	__u64 other; /* the other end's socket, as long as `changes` is `seen`; 0: not known */
	__u64 seen;
};

#define INET_KNOWN_BITS 12
#define INET_HOW_SHIFT 48
#define INET_FAR (1u << 2)
static struct inet_known known_ends[1 << INET_KNOWN_BITS];

struct near {
	__u64 id; /* 0: not known, or none */
	__u64 where; /* 0: not known */
	__u64 other;
	__u32 seen; /* with `other` */
	__u32 how;  /* NEAR_*, INET_FAR */
};

/* What a socket is known by; 0: it is none. As a number, see handle_of(). */
static __always_inline __u64 known_key(struct socket *socket)
{
	struct sock *sk = socket->sk;
	__u64 ends, address;

	if (!sk)
		return 0;
	ends = (__u64)sk->__sk_common.skc_hash << 32 | sk->__sk_common.skc_portpair;
	asm volatile("%0 -= %1" : "=r"(address) : "r"(known_ends), "0"(socket));
	return address + ends * 0x9E3779B97F4A7C15ull;
}

static __always_inline struct inet_known *known_place(__u64 key)
{
	return &known_ends[key >> (64 - INET_KNOWN_BITS)];
}

static __always_inline __u64 known_check(__u64 key, const struct inet_known *k)
{
	return key ^ k->id ^ k->where ^ (k->other + k->seen * 0xD6E8FEB86659FD93ull);
}

static __always_inline struct near near_of(struct socket *socket)
{
	__u64 key = known_key(socket);
	const volatile struct inet_known *place = known_place(key);
	struct inet_known k = {.id = place->id, .where = place->where, .other = place->other, .seen = place->seen};
	struct near near = {};

	if (place->check != known_check(key, &k) || !k.where)
		return near;
	near.id = k.id;
	near.where = k.where & ((1ull << INET_HOW_SHIFT) - 1);
	near.how = k.where >> INET_HOW_SHIFT;
	if (k.seen == *(volatile __u64 *)&changes) {
		near.other = k.other;
		near.seen = k.seen;
	}
	return near;
}

/* Does the way from this socket, which is connected, leave the machine for all its life? Global. */
__attribute__((noinline)) int inet_is_far(__u64 sk)
{
	struct net_device *device = BPF_CORE_READ((struct sock *)sk, sk_dst_cache, dev);

	return device && BPF_CORE_READ(device, ifindex) != INET_LOOPBACK_IFINDEX &&
	       BPF_CORE_READ((struct sock *)sk, __sk_common.skc_state) == INET_ESTABLISHED;
}

/*
 * Of a socket that is an end of this pair: the socket at the other end, if that is known, and in the lowest bits, which are
 * none of an address, NEAR_*. 0: it is no end of it. Global.
 */
__attribute__((noinline)) __u64 inet_end_of(__u64 sk, __u64 id)
{
	struct inet_ends e;

	inet_ends_of(sk, &e);
	if (!e.rport || inet_own_pair(&e) != id)
		return 0;
	return inet_other_end(&e) | NEAR_PAIRED | (inet_is_first(e.local, e.lport, e.remote, e.rport) ? NEAR_FIRST : 0);
}

/* For the next one that asks: what this socket is an end of, by what identified it. seen: of `changes`, before that. */
static __attribute__((noinline)) int known_remember(struct socket *socket, const struct ipc_object_id *obj, __u64 sk, __u64 seen)
{
	struct inet_known k = {.seen = seen}, *place;
	__u64 key, end;

	if (!socket || !obj || socket->type != SOCKET_STREAM)
		return 0;
	key = known_key(socket);
	end = obj->id ? inet_end_of(sk, obj->id) : 0;
	if (end) {
		k.id = obj->id;
		k.where = obj->domain | (__u64)MECH_INET << 32 | (end & (NEAR_FIRST | NEAR_PAIRED)) << INET_HOW_SHIFT;
		k.other = end & ~7ull;
	} else if (!obj->id && inet_is_far(sk)) {
		k.where = (__u64)MECH_INET << 32 | (__u64)INET_FAR << INET_HOW_SHIFT;
	} else {
		return 0;
	}
	if (known_key(socket) != key)
		return 0; /* disconnected meanwhile */
	place = known_place(key);
	place->id = k.id;
	place->where = k.where;
	place->other = k.other;
	place->seen = k.seen;
	place->check = known_check(key, &k);
	return 0;
}
