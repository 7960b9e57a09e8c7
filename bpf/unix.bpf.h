/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a UNIX socket is made of: its object, its state words, the bytes inside.
 * Follows net/unix/af_unix.c. Everything goes by address, so that function hooks,
 * iterators and the syscall backend share it.
 *
 * The object of two sockets that are connected to each other is the pair, named by
 * the inode of its first end: the one that connected, or of socketpair(2) the smaller
 * one. A connection that waits to be accepted has no inode at its far end yet; one
 * that is accepted at once has a far end that may be older than the other: its inode
 * was made when accept began to wait. When an end is closed its inode goes: what the
 * pair was called is kept in `aliases`.
 * All other sockets are objects of their own: listeners, and datagram sockets,
 * to which the messages sent to them belong, whoever sends.
 */
#ifndef UNIX_BPF_H
#define UNIX_BPF_H

#include "part.bpf.h"
#define STATE_LISTEN 10
#define UNIX_WALK_BUFFERS 512
#define SCM_MAX_FD 253
#define SOL_SOCKET 1
#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2
#define UNIX_FIRST_CLOSED 16 /* of shutdown */
#define UNIX_SECOND_CLOSED 32

/* The state words, in the order of the descriptor's table (user/mech/unix.c). */
struct unix_internals {
	__u32 type;
	__u32 state;
	__u32 second_inode;
	__u32 first_buffers;
	__u32 second_buffers;
	__u32 first_charged;
	__u32 first_sndbuf;
	__u32 second_charged;
	__u32 second_sndbuf;
	__u32 shutdown;
	__u32 queue_limit;
	__u32 fds_in_flight;
	__u32 first_pid;
	__u32 second_pid;
	__u32 when; /* state_moment(): orders states with the same stamp */
};
_Static_assert(sizeof(struct unix_internals) <= 4 * (IPC_STATE_WORDS - 1), "fits the state words");

#include "socket_counter.h"

#define UNIX_CREDENTIALS SOCKET_CONNECTS /* of sends and receives: messages with SCM_CREDENTIALS */

/* ipc_object.counters: what kinds of files were passed */
enum unix_object_counter {
	UNIX_KIND_PIPE = 0,
	UNIX_KIND_SOCKET = 1,
	UNIX_KIND_REGULAR = 2,
	UNIX_KIND_DIRECTORY = 3,
	UNIX_KIND_OTHER = 4,
	UNIX_ENDS_CLOSED = 5,
};

/* The inode of a socket, or 0: closed, or not accepted yet. */
static __always_inline __u64 unix_ino(struct sock *sk)
{
	struct socket *socket = BPF_CORE_READ(sk, sk_socket);
	struct socket_alloc *both = (void *)socket;

	return socket ? BPF_CORE_READ(both, vfs_inode.i_ino) : 0;
}

static __always_inline struct sock *unix_peer(struct sock *sk)
{
	return BPF_CORE_READ((struct unix_sock *)sk, peer);
}

static __always_inline bool unix_is_dead(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_flags) & 1 /* SOCK_DEAD */;
}

/* Connected for good, or two datagram sockets each connected to the other. */
static __always_inline bool unix_is_pair(struct sock *sk, struct sock *peer)
{
	return peer && (BPF_CORE_READ(sk, sk_type) != SOCKET_DGRAM || unix_peer(peer) == sk);
}

static __always_inline void unix_alias(__u64 sk, __u64 id, __u64 ino, __u64 peer)
{
	struct ipc_alias alias = {.id = id, .ino = ino, .other = peer};

	if (bpf_map_update_elem(&aliases, &sk, &alias, BPF_ANY))
		lose(LOSS_MAP_FULL);
}

/* An alias is of this socket, not of an earlier one at the same address: inodes tell them apart. */
static __always_inline bool unix_alias_is(const struct ipc_alias *alias, __u64 ino, __u64 other)
{
	return alias && alias->other == other && alias->ino == ino && ino;
}

/*
 * The same of an end that had no inode yet when the pair was given its name: then
 * its peer, the one that connected, must be who it was.
 */
static __always_inline bool unix_alias_is_embryo(const struct ipc_alias *alias, __u64 sk, __u64 peer, __u64 peer_ino)
{
	struct ipc_alias *theirs;

	if (!alias || alias->other != peer || alias->ino)
		return false;
	theirs = bpf_map_lookup_elem(&aliases, &peer);
	return !peer_ino || (unix_alias_is(theirs, peer_ino, sk) && theirs->id == alias->id);
}

/* An end that was accepted has its listener's address, one that connected seldom has any. */
static __always_inline bool unix_is_first(struct sock *sk, __u64 ino, struct sock *peer, __u64 peer_ino)
{
	bool named = BPF_CORE_READ((struct unix_sock *)sk, addr), peer_named = BPF_CORE_READ((struct unix_sock *)peer, addr);

	return named == peer_named ? ino < peer_ino : peer_named;
}

/* A pair that is traced alone is called by the end that it was asked for by. */
static __always_inline bool unix_is_asked_for(__u64 ino)
{
	return cfg.one_object && cfg.object.mech == MECH_UNIX && ino && ino == cfg.object.id;
}

/*
 * The id of the object that an operation on this socket is on. sends: a datagram
 * goes to the peer's object. Global, so that the verifier looks at it once; 5.10
 * passes it numbers only. 0: none.
 */
__attribute__((noinline)) __u64 unix_object_id(__u64 address, __u32 sends)
{
	struct sock *sk = (void *)address, *peer = unix_peer(sk);
	__u64 ino = unix_ino(sk), other = (__u64)peer, peer_ino, id;
	struct ipc_alias *alias;

	if (!unix_is_pair(sk, peer))
		return peer && sends ? unix_ino(peer) ?: ino : ino;
	alias = bpf_map_lookup_elem(&aliases, &address);
	if (unix_alias_is(alias, ino, other))
		return alias->id;
	peer_ino = unix_ino(peer);
	if (unix_alias_is_embryo(alias, address, other, peer_ino)) {
		alias->ino = ino;
		return alias->id;
	}
	alias = bpf_map_lookup_elem(&aliases, &other);
	if (unix_alias_is(alias, peer_ino, address))
		id = alias->id;
	else if (unix_is_asked_for(ino) || unix_is_asked_for(peer_ino))
		id = cfg.object.id;
	else
		id = !ino || (peer_ino && unix_is_first(peer, peer_ino, sk, ino)) ? peer_ino : ino;
	unix_alias(address, id, ino, other);
	unix_alias(other, id, peer_ino, address);
	return id;
}

static __always_inline bool unix_identify(__u64 sk, __u8 op, struct ipc_object_id *obj)
{
	obj->id = unix_object_id(sk, op == OP_SEND);
	obj->domain = 0;
	obj->mech = MECH_UNIX;
	obj->pad = 0;
	return obj->id;
}

#define UNIX_CHARGED(sk) (BPF_CORE_READ(sk, sk_wmem_alloc.refs.counter) - 1) /* one is the socket's own */

static __always_inline __u32 unix_credential(struct sock *sk)
{
	struct pid *pid = BPF_CORE_READ(sk, sk_peer_pid);

	return pid ? BPF_CORE_READ(pid, numbers[0].nr) : 0;
}

/* What there is of the first end; a second one is added when there is a pair. */
static __always_inline void unix_state(__u64 address, __u64 id, __u32 *words)
{
	struct sock *sk = (void *)address, *peer = unix_peer(sk), *first = sk, *second = NULL;
	struct unix_internals *s = (void *)words;

	s->when = state_moment(id);
	if (unix_is_pair(sk, peer)) {
		second = unix_ino(sk) == id ? peer : sk;
		first = second == sk ? peer : sk;
	} else if (unix_ino(sk) != id) {
		first = peer;
	}
	s->type = BPF_CORE_READ(first, sk_type);
	s->state = BPF_CORE_READ(first, __sk_common.skc_state);
	s->second_inode = 0;
	s->first_buffers = BPF_CORE_READ(first, sk_receive_queue.qlen);
	s->second_buffers = 0;
	s->first_charged = UNIX_CHARGED(first);
	s->first_sndbuf = BPF_CORE_READ(first, sk_sndbuf);
	s->second_charged = 0;
	s->second_sndbuf = 0;
	s->shutdown = BPF_CORE_READ(first, sk_shutdown) | (unix_is_dead(first) ? UNIX_FIRST_CLOSED : 0);
	s->queue_limit = BPF_CORE_READ(first, sk_max_ack_backlog) + 1;
	s->fds_in_flight = BPF_CORE_READ((struct unix_sock *)first, scm_stat.nr_fds.counter);
	s->first_pid = 0;
	s->second_pid = unix_credential(first);
	if (!second)
		return;
	s->second_inode = unix_ino(second);
	s->second_buffers = BPF_CORE_READ(second, sk_receive_queue.qlen);
	s->second_charged = UNIX_CHARGED(second);
	s->second_sndbuf = BPF_CORE_READ(second, sk_sndbuf);
	s->shutdown |= (__u32)BPF_CORE_READ(second, sk_shutdown) << 2 | (unix_is_dead(second) ? UNIX_SECOND_CLOSED : 0);
	s->fds_in_flight += BPF_CORE_READ((struct unix_sock *)second, scm_stat.nr_fds.counter);
	s->first_pid = unix_credential(second);
}

/* 5.16 brought bpf_skc_to_unix_sock(): from then on a socket at hand is read through typed pointers, at a fraction of the cost */
static __always_inline bool has_unix_cast(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_skc_to_unix_sock);
}

/* Of one end, as unix_state() reads it. */
struct unix_end {
	__u32 buffers;
	__u32 charged;
	__u32 sndbuf;
	__u32 shutdown;
	__u32 fds_in_flight;
	__u32 peer_pid;
	bool dead;
};

static __always_inline void unix_end_at_hand(struct sock *sk, struct unix_end *e)
{
	struct unix_sock *u = bpf_skc_to_unix_sock(sk);
	struct pid *pid = sk->sk_peer_pid;

	e->buffers = sk->sk_receive_queue.qlen;
	e->charged = sk->sk_wmem_alloc.refs.counter - 1;
	e->sndbuf = sk->sk_sndbuf;
	e->shutdown = sk->sk_shutdown;
	e->dead = sk->__sk_common.skc_flags & 1 /* SOCK_DEAD */;
	e->fds_in_flight = u ? u->scm_stat.nr_fds.counter : 0;
	e->peer_pid = pid ? pid->numbers[0].nr : 0;
}

static __always_inline __u64 unix_ino_at_hand(struct sock *sk)
{
	struct socket *socket = sk->sk_socket;

	return socket ? socket->file->f_inode->i_ino : 0;
}

/* What unix_state() tells, from the socket of a pair that a call is given. False: not this way. */
static __always_inline bool unix_state_at_hand(struct socket *socket, __u64 id, __u32 *words)
{
	struct unix_internals *s = (void *)words;
	struct unix_end own, other;
	struct unix_sock *u;
	struct sock *sk, *peer;
	__u64 ino;
	bool first;

	if (!has_unix_cast())
		return false;
	sk = socket->sk;
	u = bpf_skc_to_unix_sock(sk);
	peer = u ? u->peer : NULL;
	if (!peer || sk->sk_type == SOCKET_DGRAM)
		return false;
	s->when = state_moment(id);
	ino = unix_ino_at_hand(sk);
	first = ino == id;
	unix_end_at_hand(sk, &own);
	unix_end_at_hand(peer, &other);
	s->type = sk->sk_type;
	s->state = first ? sk->__sk_common.skc_state : peer->__sk_common.skc_state;
	s->second_inode = first ? unix_ino_at_hand(peer) : ino;
	s->first_buffers = first ? own.buffers : other.buffers;
	s->second_buffers = first ? other.buffers : own.buffers;
	s->first_charged = first ? own.charged : other.charged;
	s->first_sndbuf = first ? own.sndbuf : other.sndbuf;
	s->second_charged = first ? other.charged : own.charged;
	s->second_sndbuf = first ? other.sndbuf : own.sndbuf;
	s->shutdown = first ? own.shutdown | other.shutdown << 2 : other.shutdown | own.shutdown << 2;
	s->shutdown |= (own.dead ? first ? UNIX_FIRST_CLOSED : UNIX_SECOND_CLOSED : 0) |
		       (other.dead ? first ? UNIX_SECOND_CLOSED : UNIX_FIRST_CLOSED : 0);
	s->queue_limit = (first ? sk->sk_max_ack_backlog : peer->sk_max_ack_backlog) + 1;
	s->fds_in_flight = own.fds_in_flight + other.fds_in_flight;
	s->first_pid = first ? other.peer_pid : own.peer_pid;
	s->second_pid = first ? own.peer_pid : other.peer_pid;
	return true;
}

/* Numbers of parts: whose credentials an end has (SO_PEERCRED of the other one), and those of messages, by PID. */
#define UNIX_PART_FIRST 0
#define UNIX_PART_SECOND 1
#define UNIX_PART_LISTENER 2
#define UNIX_PART_PASSED (1ull << 32)

/* at: of the socket that remembers the credentials. Global, for the verifier. */
__attribute__((noinline)) int unix_note_end(__u64 id, __u32 number, __u64 at)
{
	struct ipc_object_id obj = {.id = id, .mech = MECH_UNIX};
	struct sock *sk = (void *)at;
	const struct cred *cred = BPF_CORE_READ(sk, sk_peer_cred);
	struct ipc_part *part;

	if (!cred)
		return 0;
	part = part_of(&obj, number);
	if (!part)
		return 0;
	part->words[0] = unix_credential(sk);
	part->words[1] = BPF_CORE_READ(cred, uid.val);
	part->words[2] = BPF_CORE_READ(cred, gid.val);
	return 0;
}

/* Who made a connection and who took it, as they were then; or who listens. */
static __always_inline void unix_note_ends(__u64 address, __u64 id)
{
	struct sock *sk = (void *)address, *peer = unix_peer(sk);
	bool is_first = unix_ino(sk) == id;

	if (!PROFILE(PROFILE_DETAIL))
		return;
	if (unix_is_pair(sk, peer)) {
		unix_note_end(id, UNIX_PART_FIRST, is_first ? (__u64)peer : address);
		unix_note_end(id, UNIX_PART_SECOND, is_first ? address : (__u64)peer);
	} else if (is_first) {
		unix_note_end(id, UNIX_PART_LISTENER, address);
	}
}

/* A message with SCM_CREDENTIALS was sent or received. */
static __attribute__((noinline)) int unix_count_credentials(const struct ipc_object_id *obj, __u32 pid, __u64 ids, bool sent)
{
	struct ipc_part *part = obj && PROFILE(PROFILE_DETAIL) ? part_of(obj, UNIX_PART_PASSED | pid) : NULL;

	if (!part)
		return 0;
	part->words[0] = ids >> 32;
	part->words[1] = ids;
	add(sent ? &part->sends : &part->recvs, 1);
	return 0;
}

/* Bytes waiting to be received at a socket; -1: more buffers than we walk. Not locked. Global, verified once. */
__attribute__((noinline)) __s64 unix_queued(__u64 address)
{
	struct sock *sk = (void *)address;
	__u64 first = address + bpf_core_field_offset(struct sock, sk_receive_queue);
	__u64 at = (__u64)BPF_CORE_READ(sk, sk_receive_queue.next);
	__s64 bytes = 0;

	for (int i = 0; i < UNIX_WALK_BUFFERS; i++) {
		struct sk_buff *skb = (void *)at;
		struct unix_skb_parms *cb;

		if (!at || at == first)
			return bytes;
		cb = (void *)at + bpf_core_field_offset(struct sk_buff, cb);
		bytes += BPF_CORE_READ(skb, len) - BPF_CORE_READ(cb, consumed);
		at = (__u64)BPF_CORE_READ(skb, next);
	}
	return -1;
}

/* The same for the object that a socket belongs to. */
static __always_inline __s64 unix_inside(__u64 sk)
{
	struct sock *peer = unix_peer((void *)sk);
	__s64 own = unix_queued(sk), others = 0;

	if (unix_is_pair((void *)sk, peer))
		others = unix_queued((__u64)peer);
	return own < 0 || others < 0 ? -1 : own + others;
}

#define UNIX_NAME_LEN 108
#define UNIX_NAME_ROOM 128 /* what the verifier sees of a name's length */

/*
 * "/path" or "@abstract", up to a NUL inside it: a listener's or a receiver's own
 * name; a pair is known by that of the end that has one. Written where it stays, for
 * there is no room on the stack; the first byte last: until then it is no name. Global.
 */
__attribute__((noinline)) int unix_note_name(__u64 id, __u64 sk)
{
	struct unix_address *addr = BPF_CORE_READ((struct unix_sock *)sk, addr);
	struct ipc_object_id obj = {.id = id, .mech = MECH_UNIX};
	struct sock *peer = unix_peer((void *)sk);
	struct ipc_name *name;
	__u64 path;
	__u32 len;
	char first = 0;

	if (!addr && peer)
		addr = BPF_CORE_READ((struct unix_sock *)peer, addr);
	len = addr ? BPF_CORE_READ(addr, len) : 0;
	if (len <= 2 || len > UNIX_NAME_LEN + 2 || bpf_map_lookup_elem(&names, &obj))
		return 0;
	map_create(&names, &obj, &zero_name);
	name = bpf_map_lookup_elem(&names, &obj);
	path = (__u64)addr + bpf_core_field_offset(struct unix_address, name) + 2;
	if (!name || !probe_read(&first, path))
		return 0;
	len -= 3;
	barrier_var(len);
	bpf_probe_read_kernel(name->path + 1, len & (UNIX_NAME_ROOM - 1), (void *)path + 1);
	name->path[0] = first ?: '@';
	return 0;
}

static __always_inline __u32 unix_kind_of(struct file *file)
{
	switch (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) {
	case S_IFIFO:
		return UNIX_KIND_PIPE;
	case S_IFSOCK:
		return UNIX_KIND_SOCKET;
	case 0100000:
		return UNIX_KIND_REGULAR;
	case 0040000:
		return UNIX_KIND_DIRECTORY;
	}
	return UNIX_KIND_OTHER;
}

#define NUL_IN(word) (((word) - 0x0101010101010101ull) & ~(word) & 0x8080808080808080ull)

/*
 * Where a name is looked up and its bytes: what connect and sendto are given before
 * the kernel has found anything. address: of its len bytes, in user space or in the
 * kernel. 0: a path relative to a directory, which tells nothing. sk: a socket of the
 * same type in the same network. Global.
 */
__attribute__((noinline)) __u64 unix_name_key(__u64 address, __u32 len, __u64 sk, __u32 from_user)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 hash = BPF_CORE_READ((struct sock *)sk, sk_type) + 1;
	bool abstract = false;

	for (__u32 i = 0; i < UNIX_NAME_LEN; i += 8) {
		__u64 word = 0, nul;
		__u32 size = 8;

		if (i >= len)
			break;
		if (len - i < 8)
			size = (len - i) & 7;
		if (from_user ? bpf_probe_read_user(&word, size, (void *)address + i) :
				bpf_probe_read_kernel(&word, size, (void *)address + i))
			return 0;
		if (!i) {
			abstract = !(word & 0xff);
			if (!abstract && (word & 0xff) != '/')
				return 0;
			if (abstract)
				hash ^= (__u64)BPF_CORE_READ((struct sock *)sk, __sk_common.skc_net.net);
			else
				hash ^= (__u64)BPF_CORE_READ(task, fs, root.mnt) ^
					((__u64)BPF_CORE_READ(task, fs, root.dentry) << 1);
		}
		nul = abstract ? 0 : NUL_IN(word);
		if (nul)
			word &= ((nul & -nul) >> 7) - 1; /* a path ends there */
		hash = (hash ^ word) * 0x9E3779B97F4A7C15ull;
		hash ^= hash >> 29;
		if (nul)
			break;
	}
	return hash | 1; /* no address of a kernel object */
}

/* A socket with a name: found by it from now on, and by the address that its connections share with it. */
__attribute__((noinline)) int unix_register_name(__u64 sk, __u64 id)
{
	struct unix_address *addr = BPF_CORE_READ((struct unix_sock *)sk, addr);
	__u64 key = (__u64)addr;
	__u32 len;

	if (!addr)
		return 0;
	unix_alias(key, id, 0, sk);
	len = BPF_CORE_READ(addr, len);
	if (len <= 2 || len > UNIX_NAME_LEN + 2)
		return 0;
	key = unix_name_key(key + bpf_core_field_offset(struct unix_address, name) + 2, len - 2, sk, 0);
	if (key)
		unix_alias(key, id, 0, sk);
	return 0;
}

#endif
