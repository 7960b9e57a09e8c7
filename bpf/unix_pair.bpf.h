/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which object an operation on a socket at hand is on, where that is known at once: by what was told of the socket
 * before, and through typed pointers. As unix_object_id(), which goes by address. Included by unix.bpf.c.
 */

/*
 * What connected sockets are ends of, by the inode of an end, which no other socket has before 2^32 of them were made.
 * In one word, so that nobody reads half of it: the inode, then the object's id. Of a stream that holds as long as
 * there is the end: it is connected once, and what it is called then stays so (unix_object_id).
 */
static __always_inline volatile __u64 *pair_place(__u64 ino)
{
	return &known_pairs[ino & cfg.known_mask];
}

/* 0: not known */
static __always_inline __u64 pair_known(__u64 ino)
{
	__u64 known = *pair_place(ino);

	return known >> 32 == ino ? (__u32)known : 0;
}

static __always_inline __u64 own_ino(struct socket *socket)
{
	return socket->file->f_inode->i_ino;
}

/* What this socket is an end of, for the next one that asks. */
static __always_inline void pair_remember(struct socket *socket, const struct ipc_object_id *obj)
{
	__u64 ino = own_ino(socket);
	struct sock *sk = BPF_CORE_READ(socket, sk), *peer = unix_peer(sk);

	if (ino && unix_is_pair(sk, peer) && !((ino | obj->id) >> 32))
		*pair_place(ino) = ino << 32 | obj->id;
}

/* A socket comes, or is connected to another one: that of datagrams may be again. */
static __always_inline void pair_forget(struct socket *socket)
{
	__u64 ino = own_ino(socket);

	if (pair_known(ino))
		*pair_place(ino) = 0;
}

/* A UNIX socket as one, or NULL. */
static __always_inline struct unix_sock *unix_of(struct sock *sk)
{
	if (is_at())
		return at_address(struct unix_sock, sk);
	return bpf_skc_to_unix_sock(sk);
}

struct near {
	__u64 id; /* 0: not known */
	__u32 how;
};

static __always_inline struct near near_stream(struct socket *socket)
{
	__u64 ino = own_ino(socket);
	struct near near = {.id = pair_known(ino)};

	near.how = NEAR_PAIRED | (near.id == ino ? NEAR_FIRST : 0);
	return near;
}

/* Whose peer it is, is another question each time: see unix_object_id(). */
static __always_inline struct near near_datagram(struct socket *socket, __u8 op)
{
	struct near near = {};
	struct unix_sock *u, *theirs;
	struct sock *sk, *peer;
	__u64 ino, other;

	if (!has_unix_cast())
		return near;
	sk = socket->sk;
	u = unix_of(sk);
	if (!u)
		return near;
	ino = own_ino(socket);
	peer = u->peer;
	theirs = peer ? unix_of(peer) : NULL;
	if (theirs && theirs->peer == sk) {
		near.id = pair_known(ino);
		near.how = NEAR_PAIRED | (near.id == ino ? NEAR_FIRST : 0);
		if (near.id != ino && near.id != unix_ino_at_hand(peer))
			near.id = 0;
	} else if (op == OP_RECV) {
		near.id = ino;
		near.how = NEAR_FIRST;
	} else if (theirs) {
		other = unix_ino_at_hand(peer);
		near.id = other;
	}
	return near;
}

static __always_inline struct near near_of(struct socket *socket, __u8 op, bool datagrams)
{
	return datagrams ? near_datagram(socket, op) : near_stream(socket);
}
