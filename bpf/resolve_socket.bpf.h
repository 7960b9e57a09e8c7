/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets under the syscall backend: which object a descriptor stands for, whom an
 * address names, what the result says. A name is found by its bytes and where they
 * are looked up: the root directory of a path, the network of an abstract name.
 * Included by syscall.bpf.c.
 */
#ifndef RESOLVE_SOCKET_BPF_H
#define RESOLVE_SOCKET_BPF_H

#include "unix.bpf.h"

static __always_inline bool is_socket_class(__u32 class)
{
	return (cfg.mechs & (1u << MECH_UNIX)) && file_classes[class & (IPC_FILE_CLASSES - 1)].mode == S_IFSOCK;
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

/* Not inlined: the stack of all calls together is short. */
static __attribute__((noinline)) int classify_socket(struct file *file, struct target *t)
{
	struct sock *sk = sock_of(file);

	if (!sk || !t)
		return false;
	t->class = ipc_socket_class(BPF_CORE_READ(sk, __sk_common.skc_family));
	if (t->class >= IPC_FILE_CLASSES)
		return false;
	t->kobj = (__u64)sk;
	t->mode = BPF_CORE_READ(file, f_mode);
	t->flags = BPF_CORE_READ(file, f_flags);
	return unix_identify((__u64)sk, t->op, &t->obj);
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

/* The state words of a socket's object, into the scratch. Global. 0, or -1. */
__attribute__((noinline)) int ipc_socket_words(__u32 which, __u64 sk, __u64 id)
{
	struct kobj_scratch *k = bpf_map_lookup_elem(&kobj_scratches, &which);

	if (!k || !sk)
		return -1;
	unix_state(sk, id, k->words);
	return 0;
}

/* bind, listen: an object of its own from now on, with a name. Global. Returns 0. */
__attribute__((noinline)) int ipc_socket_named(__u64 sk, __u64 id)
{
	struct ipc_object_id obj = {.id = id, .mech = MECH_UNIX};
	struct ipc_object *o = bpf_map_lookup_elem(&objects, &obj);

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

/*
 * What a call on a socket left behind, beyond the common figures. Global, for the
 * verifier: so it finds run and edge again. Returns 0.
 */
__attribute__((noinline)) int ipc_note_socket(__u64 sk, __u64 id, __u32 op, __s64 ret, __u32 note)
{
	struct ipc_object_id obj = {.id = id, .mech = MECH_UNIX};
	__u32 which = SCRATCH_EXIT, messages = note & SOCKET_MESSAGES;
	struct kobj_scratch *k = bpf_map_lookup_elem(&kobj_scratches, &which);
	struct ipc_run *run = run_slot();
	struct ipc_edge_key key;
	struct ipc_edge *edge = edge_of(&obj, op, current_actor(), &key);
	struct ipc_object *o;
	__u32 passed;

	if (!run || !edge || !k)
		return 0;
	if (PROFILE(~0u) && !ipc_socket_words(which, run->progress ?: sk, id)) {
		struct unix_internals *s = (void *)edge->state;

		__builtin_memcpy(edge->state, k->words, sizeof(edge->state));
		stamp_state(edge->state);
		depth_note(edge, s->first_buffers + s->second_buffers);
		if (op == OP_SEND && run->own_waits && s->type == SOCKET_DGRAM)
			depth_was_full(edge, s->queue_limit);
	}
	if (messages > 1) {
		add(&edge->ops, messages - 1);
		if (ret)
			add(&edge->copies, messages - 1);
	}
	if (op != OP_OPEN && unix_ino((void *)sk) == id) {
		add(&edge->counters[SOCKET_FIRST_OPS], messages > 1 ? messages : 1);
		if ((op == OP_SEND || op == OP_RECV) && ret > 0)
			add(&edge->counters[SOCKET_FIRST_BYTES], ret);
	}
	if (op == OP_RECV && ret >= 0 && (__u64)ret >= run->size &&
	    BPF_CORE_READ((struct sock *)sk, sk_type) != SOCKET_STREAM) {
		o = bpf_map_lookup_elem(&objects, &obj);
		if (o)
			o->flags |= OBJECT_INSIDE_UNKNOWN; /* it may have been cut */
	}
	if ((note & SOCKET_MESSAGE) && ret >= 0 && op != OP_CTL) {
		passed = ipc_control_parts(run->kobj2, id, op == OP_SEND);
		add(&edge->counters[SOCKET_NOTED], passed & (CONTROL_CREDENTIALS - 1));
		add(&edge->counters[UNIX_CREDENTIALS], passed / CONTROL_CREDENTIALS);
	}
	if (op == OP_OPEN && PROFILE(PROFILE_DETAIL))
		unix_note_ends(sk, id); /* of socketpair */
	if (note & SOCKET_CONNECTED) {
		add(&edge->counters[SOCKET_CONNECTS], 1);
		ipc_socket_connected(sk);
	}
	return 0;
}

/* The listener of a connection that was just made, from the address that both share; 0: it is not known. */
static __always_inline __u64 listener_of(__u64 sk)
{
	struct sock *peer = unix_peer((void *)sk);
	__u64 addr = peer ? (__u64)BPF_CORE_READ((struct unix_sock *)peer, addr) : 0;
	struct ipc_alias *alias = addr ? bpf_map_lookup_elem(&aliases, &addr) : NULL;

	return alias && unix_ino((void *)alias->other) == alias->id ? alias->other : 0;
}

#endif
