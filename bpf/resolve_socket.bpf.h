/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets under the syscall backend: which object a descriptor stands for, whom an
 * address names, what the result says. A name is found by its bytes and where they
 * are looked up: the root directory of a path, the network of an abstract name; an
 * address of the Internet's by itself. Included by syscall.bpf.c.
 */
#ifndef RESOLVE_SOCKET_BPF_H
#define RESOLVE_SOCKET_BPF_H

#include "unix.bpf.h"
#include "inet.bpf.h"

#define WANTS(mech) (cfg.mechs & (1u << (mech)))

static __always_inline bool is_socket_class(__u32 class)
{
	return (WANTS(MECH_UNIX) || WANTS(MECH_INET)) && file_classes[class & (IPC_FILE_CLASSES - 1)].mode == S_IFSOCK;
}

static __always_inline struct sock *sock_of(struct file *file)
{
	struct socket *socket = (void *)BPF_CORE_READ(file, private_data);

	return BPF_CORE_READ(socket, sk);
}

/* Classes of sockets have an address family in place of a magic number. IPC_FILE_CLASSES: none. Global. */
__attribute__((noinline)) __u32 ipc_socket_class(__u32 family)
{
	for (__u32 i = 0; i < IPC_FILE_CLASSES; i++) {
		if (i >= file_classes_cnt)
			break;
		if (file_classes[i].mode == S_IFSOCK && file_classes[i].magic == family)
			return i;
	}
	return IPC_FILE_CLASSES;
}

static __always_inline bool is_inet(__u64 sk)
{
	return WANTS(MECH_INET) && (!WANTS(MECH_UNIX) || BPF_CORE_READ((struct sock *)sk, __sk_common.skc_family) != AF_UNIX);
}

static __always_inline __u32 socket_run_flags(__u32 class)
{
	bool inet = WANTS(MECH_INET) && file_classes[class & (IPC_FILE_CLASSES - 1)].mode == S_IFSOCK &&
		    file_classes[class & (IPC_FILE_CLASSES - 1)].magic == AF_INET;

	return inet ? RUN_DELIVERS : 0;
}

/* Whom the call that begins here names besides its descriptor. Not with the target: the stack is short. */
static __always_inline void set_named(__u64 name)
{
	__u32 which = SCRATCH_ENTER;
	struct kobj_scratch *k = bpf_map_lookup_elem(&kobj_scratches, &which);

	if (k)
		k->name = name;
}

static __always_inline __u64 named(void)
{
	__u32 which = SCRATCH_ENTER;
	struct kobj_scratch *k = bpf_map_lookup_elem(&kobj_scratches, &which);

	return k ? k->name : 0;
}

/* The object that a socket's id is one of. */
static __always_inline void socket_object(__u64 sk, __u64 id, struct ipc_object_id *obj)
{
	bool inet = is_inet(sk);

	obj->id = id;
	obj->domain = inet ? inet_net(sk) : 0;
	obj->mech = inet ? MECH_INET : MECH_UNIX;
	obj->pad = 0;
}

/* What it is, but for its object. */
static __always_inline bool classify_socket_file(struct file *file, struct call_target *t)
{
	struct sock *sk = (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) == S_IFSOCK ? sock_of(file) : NULL;
	__u32 family;

	if (!sk)
		return false;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	t->class = ipc_socket_class(family == AF_INET6 ? AF_INET : family);
	t->kobj = (__u64)sk;
	return t->class < IPC_FILE_CLASSES;
}

/* Not inlined: the stack of all calls together is short. */
static __attribute__((noinline)) int classify_socket(struct file *file, struct call_target *t)
{
	if (!t || !classify_socket_file(file, t))
		return false;
	t->mode = BPF_CORE_READ(file, f_mode);
	t->flags = BPF_CORE_READ(file, f_flags);
	if (is_inet(t->kobj))
		return inet_identify(t->kobj, t->op, named(), INET_FROM_USER, &t->obj);
	return unix_identify(t->kobj, t->op, &t->obj);
}

/* The id of the object that a socket itself is, or is an end of. */
static __always_inline __u64 socket_own_id(__u64 sk)
{
	return is_inet(sk) ? inet_object_id(sk, OP_CTL, 0, 0) : unix_object_id(sk, 0);
}

/* The socket that listens or receives at a name of user space's; 0: nobody known. Global, verified once. */
__attribute__((noinline)) __u64 ipc_named_object(__u64 address, __u32 len, __u64 sk)
{
	struct ipc_alias *alias;
	__u64 key;

	if (len <= 2 || len > UNIX_NAME_LEN + 2)
		return 0;
	key = unix_name_key(address + 2, len - 2, sk, 1);
	alias = key ? bpf_map_lookup_elem(&aliases, &key) : NULL;
	return alias && unix_ino((void *)alias->other) == alias->id ? alias->other : 0;
}

/* Gives a run that began with an address the object that it names, when that is known; `progress` keeps its socket. */
static __always_inline void resolve_name(struct ipc_run *run, __u64 address, __u32 len)
{
	__u64 named = ipc_named_object(address, len, run->kobj);

	if (!named)
		return;
	run->obj.id = unix_ino((void *)named);
	run->progress = named;
}

/* aux[3]: of a connect, before it */
#define SOCKET_WAS_CONNECTED 1

/* What more is to be known of a call that begins on a socket. len: of the name */
static __always_inline void begin_on_socket(struct ipc_run *run, bool is_connect, __u64 name, __u32 len)
{
	struct sock *sk = (void *)run->kobj;
	bool datagrams = BPF_CORE_READ(sk, sk_type) == SOCKET_DGRAM;

	if (is_connect) {
		run->own_cause = datagrams ? CAUSE_LOCK : CAUSE_BACKLOG;
		run->aux[3] = BPF_CORE_READ(sk, __sk_common.skc_state) == INET_ESTABLISHED ? SOCKET_WAS_CONNECTED : 0;
	}
	if (!name || !(is_connect || datagrams))
		return;
	if (is_inet(run->kobj))
		inet_note_target(run->obj.id, run->kobj, name, INET_FROM_USER);
	else if (WANTS(MECH_UNIX))
		resolve_name(run, name, len);
}

#define MSG_NAME 0
#define MSG_NAMELEN 8
#define MSG_CONTROL 32
#define MSG_CONTROLLEN 40
#define MMSG_SIZE 64
#define MMSG_LEN 56

static __always_inline __u64 user_word(__u64 address)
{
	__u64 word = 0;

	bpf_probe_read_user(&word, sizeof(word), (void *)address);
	return word;
}

/* Bytes that sendmmsg or recvmmsg moved, all messages. Global: one walk of the loop by the verifier. */
__attribute__((noinline)) __u64 ipc_mmsg_bytes(__u64 vector, __u32 cnt)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < 1024; i++) {
		if (i >= cnt)
			break;
		sum += (__u32)user_word(vector + (__u64)i * MMSG_SIZE + MMSG_LEN);
	}
	return sum;
}

/* The kinds of the files behind an array of descriptors. Global: one walk of the loop by the verifier. Returns 0. */
__attribute__((noinline)) int ipc_count_fds(__u64 fds, __u32 cnt, __u64 id)
{
	struct ipc_object_id obj = {.id = id, .mech = MECH_UNIX};
	struct ipc_object *o = bpf_map_lookup_elem(&objects, &obj);

	for (__u32 i = 0; i < SCM_MAX_FD && o; i++) {
		__u32 fd = 0, kind;
		struct file *file;

		if (i >= cnt)
			break;
		bpf_probe_read_user(&fd, sizeof(fd), (void *)fds + i * 4);
		file = file_of(fd);
		kind = unix_kind_of(file);
		if (file && kind < UNIX_ENDS_CLOSED)
			add(&o->counters[kind], 1);
	}
	return 0;
}

#define CONTROL_CREDENTIALS (1u << 16) /* above the number of descriptors */
#define CONTROL_LEN_SHIFT 32	       /* above that, the length of the part; 0: there is no more */

/* One part of a message's control data: what it passes. Descriptors that are sent are told by kind. Global. */
__attribute__((noinline)) __u64 ipc_control_part(__u64 at, __u64 left, __u64 id, __u32 sent)
{
	struct ipc_object_id obj = {.id = id, .mech = MECH_UNIX};
	__u64 head[2] = {}, passed = 0;
	struct ucred cred = {};
	__u32 cnt;

	if (!at || left < sizeof(head) || bpf_probe_read_user(head, sizeof(head), (void *)at) || head[0] < sizeof(head) ||
	    head[0] > left)
		return 0;
	if (head[1] == ((__u64)SCM_RIGHTS << 32 | SOL_SOCKET)) {
		cnt = (head[0] - sizeof(head)) / 4;
		passed = cnt <= SCM_MAX_FD ? cnt : 0;
		if (sent)
			ipc_count_fds(at + sizeof(head), passed, id);
	} else if (head[1] == ((__u64)SCM_CREDENTIALS << 32 | SOL_SOCKET) &&
		   !bpf_probe_read_user(&cred, sizeof(cred), (void *)at + sizeof(head))) {
		unix_count_credentials(&obj, cred.pid, (__u64)cred.uid << 32 | cred.gid, sent);
		passed = CONTROL_CREDENTIALS;
	}
	return passed | ((head[0] + 7) & ~7ull) << CONTROL_LEN_SHIFT;
}

/* All of them: descriptors and CONTROL_CREDENTIALS. No loop: before 6.4 the verifier refuses one that closes with a call. */
static __always_inline __u32 ipc_control_parts(__u64 msg, __u64 id, __u32 sent)
{
	__u64 at = user_word(msg + MSG_CONTROL), left = user_word(msg + MSG_CONTROLLEN), one, two, three;

	one = ipc_control_part(at, left, id, sent);
	at += one >> CONTROL_LEN_SHIFT;
	left = one && left > one >> CONTROL_LEN_SHIFT ? left - (one >> CONTROL_LEN_SHIFT) : 0;
	two = ipc_control_part(at, left, id, sent);
	at += two >> CONTROL_LEN_SHIFT;
	left = two && left > two >> CONTROL_LEN_SHIFT ? left - (two >> CONTROL_LEN_SHIFT) : 0;
	three = ipc_control_part(at, left, id, sent);
	return (__u32)one + (__u32)two + (__u32)three;
}

/*
 * The state words of the object of an operation that ends, into the scratch. Not from within
 * the next but one: the stack of all calls together is short. Global. Returns 0.
 */
__attribute__((noinline)) int ipc_socket_words(__u64 sk, __u64 id, __u32 op)
{
	__u32 which = SCRATCH_EXIT;
	struct kobj_scratch *k = bpf_map_lookup_elem(&kobj_scratches, &which);
	struct ipc_run *run = run_slot();

	if (!k || !sk || !run || !PROFILE(~0u))
		return 0;
	if (!is_inet(sk)) {
		unix_state(run->progress ?: sk, id, k->words);
		return 0;
	}
	if (op == OP_OPEN || op == OP_SEND)
		sk = inet_socket_at(id) ?: sk;
	inet_words(sk, id, k->words);
	return 0;
}

/* A connection begins, with addresses that an earlier one may have had. Global. Returns 0. */
__attribute__((noinline)) int ipc_inet_named(__u64 sk, __u64 id)
{
	struct ipc_object_id obj;
	struct ipc_object *o;

	socket_object(sk, id, &obj);
	o = object_seen(&obj);
	if (o && !o->creations && !(o->flags & OBJECT_PREEXISTING))
		o->creations = 1;
	inet_register(sk);
	inet_note_name(id, sk);
	return 0;
}

/* bind, listen: an object of its own from now on, with a name. Global. Returns 0. */
__attribute__((noinline)) int ipc_socket_named(__u64 sk, __u64 id)
{
	struct ipc_object_id obj = {.id = id, .mech = MECH_UNIX};
	struct ipc_object *o = bpf_map_lookup_elem(&objects, &obj);

	if (WANTS(MECH_INET) && is_inet(sk))
		return ipc_inet_named(sk, id);
	if (!o || unix_ino((void *)sk) != id || unix_is_pair((void *)sk, unix_peer((void *)sk)))
		return 0;
	if (!o->creations && !(o->flags & OBJECT_PREEXISTING))
		o->creations = 1;
	unix_note_name(id, sk);
	unix_note_ends(sk, id);
	unix_register_name(sk, id);
	return 0;
}

/* A connection was made: the pair begins here. Global. Returns 0. */
__attribute__((noinline)) int ipc_socket_connected(__u64 sk)
{
	struct ipc_object_id pair;
	struct ipc_object *o;

	if (WANTS(MECH_INET) && is_inet(sk)) {
		inet_register(sk);
		if (inet_identify(sk, OP_RECV, 0, 0, &pair) && inet_is_pair(sk, pair.id) && op_wanted(&pair))
			ipc_inet_named(sk, pair.id);
		return 0;
	}
	if (!unix_is_pair((void *)sk, unix_peer((void *)sk)) || !unix_identify(sk, OP_OPEN, &pair) || !op_wanted(&pair))
		return 0;
	o = object_seen(&pair);
	if (o && !o->creations)
		o->creations = 1;
	unix_note_name(pair.id, sk);
	unix_note_ends(sk, pair.id);
	return 0;
}

/* What ipc_note_socket() is told of a call besides its result. */
enum socket_note {
	SOCKET_MESSAGES = 0x7ff,     /* how many it moved, when there were several */
	SOCKET_CONNECTED = 1 << 14,
	SOCKET_MESSAGE = 1 << 15,    /* run->kobj2 is one in user space, with descriptors perhaps */
};

/* The state words of the object, as an operation on it leaves them: ipc_socket_words() has read them. */
static __always_inline void note_socket_words(struct ipc_edge *edge, const struct ipc_run *run, bool inet, __u32 op)
{
	__u32 which = SCRATCH_EXIT;
	struct kobj_scratch *k = bpf_map_lookup_elem(&kobj_scratches, &which);

	if (!k)
		return;
	__builtin_memcpy(edge->state, k->words, sizeof(edge->state));
	stamp_state(edge->state);
	if (inet) {
		depth_note(edge, ((struct inet_internals *)edge->state)->waiting);
	} else {
		struct unix_internals *s = (void *)edge->state;

		depth_note(edge, s->first_buffers + s->second_buffers);
		if (op == OP_SEND && run->own_waits && s->type == SOCKET_DGRAM)
			depth_was_full(edge, s->queue_limit);
	}
}

/* Datagrams were cut, or thrown away: nobody knows how much of them. */
static __always_inline void note_socket_cut(const struct ipc_object_id *obj, const struct ipc_edge *edge, const struct ipc_run *run,
					    __u64 sk, __u32 op, __s64 ret)
{
	bool drops = obj->mech == MECH_INET && ((const struct inet_internals *)edge->state)->drops;
	bool cut = op == OP_RECV && ret >= 0 && (__u64)ret >= run->size && BPF_CORE_READ((struct sock *)sk, sk_type) != SOCKET_STREAM;
	struct ipc_object *o;

	if (!drops && !cut)
		return;
	o = bpf_map_lookup_elem(&objects, obj);
	if (o)
		o->flags |= drops ? OBJECT_DISCARDED_UNKNOWN : OBJECT_INSIDE_UNKNOWN;
}

/*
 * What a call on a socket left behind, beyond the common figures. Global, for the
 * verifier: so it finds run and edge again. Returns 1 when it was the first operation of
 * a process on its object.
 */
__attribute__((noinline)) int ipc_note_socket(__u64 sk, __u64 id, __u32 op, __s64 ret, __u32 note)
{
	__u32 messages = note & SOCKET_MESSAGES;
	struct ipc_run *run = run_slot();
	struct ipc_object_id obj;
	struct ipc_edge_key key;
	struct ipc_edge *edge;
	__u32 passed;

	socket_object(sk, id, &obj);
	edge = edge_of(&obj, op, current_actor(), &key);
	if (!run || !edge)
		return 0;
	if (PROFILE(~0u))
		note_socket_words(edge, run, obj.mech == MECH_INET, op);
	if (messages > 1) {
		add(&edge->ops, messages - 1);
		if (ret)
			add(&edge->copies, messages - 1);
	}
	if (op != OP_OPEN && (obj.mech == MECH_INET ? inet_is_first_end(sk, id) : unix_ino((void *)sk) == id)) {
		add(&edge->counters[SOCKET_FIRST_OPS], messages > 1 ? messages : 1);
		if ((op == OP_SEND || op == OP_RECV) && ret > 0)
			add(&edge->counters[SOCKET_FIRST_BYTES], ret);
	}
	note_socket_cut(&obj, edge, run, sk, op, ret);
	if (WANTS(MECH_UNIX) && obj.mech == MECH_UNIX && (note & SOCKET_MESSAGE) && ret >= 0 && op != OP_CTL) {
		passed = ipc_control_parts(run->kobj2, id, op == OP_SEND);
		add(&edge->counters[SOCKET_NOTED], passed & (CONTROL_CREDENTIALS - 1));
		add(&edge->counters[UNIX_CREDENTIALS], passed / CONTROL_CREDENTIALS);
	}
	if (WANTS(MECH_UNIX) && obj.mech == MECH_UNIX && op == OP_OPEN && PROFILE(PROFILE_DETAIL))
		unix_note_ends(sk, id); /* of socketpair */
	if (note & SOCKET_CONNECTED)
		add(&edge->counters[SOCKET_CONNECTS], 1);
	return edge->ops == 1;
}

/* The listener of a connection that was just made, from the address that both share; 0: it is not known. */
static __always_inline __u64 listener_of(__u64 sk)
{
	struct sock *peer = unix_peer((void *)sk);
	__u64 addr = peer ? (__u64)BPF_CORE_READ((struct unix_sock *)peer, addr) : 0;
	struct ipc_alias *alias = addr ? bpf_map_lookup_elem(&aliases, &addr) : NULL;

	return alias && unix_ino((void *)alias->other) == alias->id ? alias->other : 0;
}

/* What is known from now on. Not from within the former: the stack of all calls together is short. */
static __always_inline void socket_known(__u64 sk, __u64 id, int met, __u32 note)
{
	if (note & SOCKET_CONNECTED)
		ipc_socket_connected(sk);
	if (!met || !is_inet(sk))
		return;
	inet_register(sk);
	inet_note_name(id, sk);
}

/* Has this connect made a connection? Of the Internet's also one that goes on in the background. */
static __always_inline bool socket_was_connected(const struct ipc_run *run, __u64 sk, __s64 ret)
{
	if (!is_inet(sk) || BPF_CORE_READ((struct sock *)sk, sk_type) != SOCKET_STREAM)
		return !ret;
	return run->aux[3] != SOCKET_WAS_CONNECTED &&
	       BPF_CORE_READ((struct sock *)sk, __sk_common.skc_state) == INET_ESTABLISHED;
}

/* The object of a connect that succeeded, where what it was given did not tell. */
static __always_inline void socket_connect_object(struct ipc_run *run, __u64 sk, struct ipc_object_id *obj)
{
	__u64 listener;

	if (is_inet(sk))
		return;
	listener = listener_of(sk);
	if (!listener)
		return;
	obj->id = unix_ino((void *)listener);
	run->progress = listener;
}

/* What a call had to do with another machine is not counted: a connection accepted, a datagram received. */
static __always_inline bool socket_is_counted(const struct ipc_run *run, __u64 sk, __u32 kind, __s64 ret)
{
	struct ipc_object_id pair;
	__u64 name = 0;

	if (!is_inet(sk) || ret < 0)
		return true;
	if (run->op == OP_OPEN && kind == SYSCALL_FD) {
		struct file *file = file_of(ret);
		__u64 child = file ? (__u64)sock_of(file) : 0;

		if (!child || !inet_identify(child, OP_RECV, 0, 0, &pair))
			return false;
		if (op_wanted(&pair))
			ipc_inet_named(child, pair.id);
		return true;
	}
	if (run->op == OP_RECV && BPF_CORE_READ((struct sock *)sk, sk_type) == SOCKET_DGRAM) {
		if (kind == SYSCALL_RECV_FROM)
			name = run->kobj2;
		else if (kind == SYSCALL_MSG)
			name = user_word(run->kobj2 + MSG_NAME);
		return !name || inet_came_near(sk, name);
	}
	return true;
}

#endif
