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
 * What a connected socket is an end of, see struct ipc_known_end. It is known by its address, its ports and the kernel's
 * hash of all that the object's id is made of: after a disconnect, and of the next socket at this address, these are
 * others. `check` joins all words, so that what two processors wrote at a time is nobody's.
 *
 *   id      0: none, for the way from this socket leaves the machine
 *   more    the object's domain, and `changes` in the upper half
 *   other   the other end's socket, as long as `changes` is so; 0: not known; in its lowest bits NEAR_* or INET_FAR
 *
 * Two ends at one place would take it from each other with each operation: the one that comes second is in
 * `displaced_ends`, too, from where its next operation takes it, at a fraction of what it costs to tell it again.
 */
#define INET_FAR (1u << 2)
#define INET_HOW (NEAR_FIRST | NEAR_PAIRED | INET_FAR)

struct near {
	__u64 id; /* 0: not known, or none */
	__u64 where;
	__u64 other;
	__u64 sk;
	__u32 seen; /* with `other` */
	__u32 how;  /* NEAR_*, INET_FAR; 0: not known */
};

#define COMMON_AT(member) bpf_core_field_offset(struct sock_common, member)

/* What a socket is known by, at which sk is; 0: it is none. */
static __always_inline __u64 known_key_of(__u32 way, struct socket *socket, struct sock *sk)
{
	__u64 ends;

	if (!sk)
		return 0;
	if (way & WAY_AT && COMMON_AT(skc_portpair) - COMMON_AT(skc_hash) == sizeof(__u32))
		ends = word_there((void *)sk + COMMON_AT(skc_hash));
	else
		ends = (__u64)sk->__sk_common.skc_portpair << 32 | sk->__sk_common.skc_hash;
	return number_from(known_ends, socket) + ends * 0x9E3779B97F4A7C15ull;
}

static __always_inline __u64 known_key(struct socket *socket)
{
	return known_key_of(cfg.way, socket, socket->sk);
}

static __always_inline volatile struct ipc_known_end *known_place(__u64 key)
{
	return &known_ends[key >> cfg.known_shift];
}

static __always_inline __u64 known_check(__u64 key, const struct ipc_known_end *k)
{
	return key ^ k->id ^ k->other ^ k->more * 0xD6E8FEB86659FD93ull;
}

static __always_inline bool is_known(__u64 key, const struct ipc_known_end *k)
{
	return k->check == known_check(key, k) && k->other & INET_HOW;
}

/* What is at a place, read once: others may write. */
static __always_inline struct ipc_known_end known_copy(const volatile struct ipc_known_end *place)
{
	struct ipc_known_end k = {.check = place->check, .id = place->id, .other = place->other, .more = place->more};

	return k;
}

static __always_inline void known_write(volatile struct ipc_known_end *place, const struct ipc_known_end *k)
{
	place->id = k->id;
	place->other = k->other;
	place->more = k->more;
	place->check = k->check;
}

/* It has its place again, if another one took that. Returns whether. */
static __attribute__((noinline)) int known_return(struct socket *socket)
{
	const struct ipc_known_end *displaced;
	__u64 key;

	if (!socket || socket->type != SOCKET_STREAM)
		return 0;
	key = known_key(socket);
	displaced = bpf_map_lookup_elem(&displaced_ends, &key);
	if (!displaced)
		return 0;
	known_write(known_place(key), displaced);
	return 1;
}

static __always_inline struct near near_of(__u32 way, struct socket *socket)
{
	struct sock *sk = socket->sk;
	__u64 key = known_key_of(way, socket, sk);
	struct ipc_known_end k = known_copy(known_place(key));
	struct near near = {.sk = (__u64)sk};

	if (!is_known(key, &k))
		return near;
	near.id = k.id;
	near.where = (__u32)k.more | (__u64)MECH_INET << 32;
	near.how = k.other & INET_HOW;
	if (k.more >> 32 == *(volatile __u32 *)&changes) {
		near.other = k.other & ~7ull;
		near.seen = k.more >> 32;
	}
	return near;
}

/* NEAR_*, INET_FAR; 0: not known. Not inlined: for the stack. */
static __attribute__((noinline)) int known_how(struct socket *socket)
{
	return socket ? near_of(cfg.way, socket).how : 0;
}

/* It was released, or is about to be connected to another one. */
static __attribute__((noinline)) int known_forget(struct socket *socket)
{
	volatile struct ipc_known_end *place;
	struct ipc_known_end k;
	__u64 key;

	if (!socket || socket->type != SOCKET_STREAM)
		return 0;
	key = known_key(socket);
	place = known_place(key);
	k = known_copy(place);
	if (is_known(key, &k))
		place->check = 0;
	bpf_map_delete_elem(&displaced_ends, &key);
	return 0;
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

/* Not in known_remember(): for the stack. */
static __attribute__((noinline)) int known_store(__u64 key, __u64 id, __u64 other, __u64 more)
{
	struct ipc_known_end k = {.id = id, .other = other, .more = more};
	volatile struct ipc_known_end *place = known_place(key);
	struct ipc_known_end before = known_copy(place);
	bool taken = before.check && before.check != known_check(key, &before);

	k.check = known_check(key, &k);
	bpf_map_update_elem(&displaced_ends, &key, &k, taken ? BPF_ANY : BPF_EXIST);
	known_write(place, &k);
	return 0;
}

/* For the next one that asks: what this socket is an end of, by what identified it. seen: of `changes`, before that. */
static __attribute__((noinline)) int known_remember(struct socket *socket, const struct ipc_object_id *obj, __u64 sk, __u64 seen)
{
	__u64 key, other = 0;

	if (!socket || !obj || socket->type != SOCKET_STREAM)
		return 0;
	key = known_key(socket);
	if (obj->id)
		other = inet_end_of(sk, obj->id);
	else if (inet_is_far(sk))
		other = INET_FAR;
	if (other && known_key(socket) == key) /* not disconnected meanwhile */
		known_store(key, obj->id, other, obj->domain | seen << 32);
	return 0;
}
