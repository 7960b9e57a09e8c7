/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The end of a system call: what happened to each object it worked on. Included
 * by syscall.bpf.c.
 */
#ifndef SYSCALL_SIDE_BPF_H
#define SYSCALL_SIDE_BPF_H

/*
 * The path that an object was opened by, when it is absolute; user space finds the
 * others. bare: a name that is shown with a slash before it.
 */
static __attribute__((noinline)) int note_path(const struct ipc_object_id *obj, __u64 address, bool bare)
{
	struct ipc_name *name;
	char first = 0;

	if (!obj || bpf_map_lookup_elem(&names, obj) || bpf_probe_read_user(&first, 1, (void *)address) ||
	    (!bare && first != '/'))
		return 0;
	map_create(&names, obj, &zero_name);
	name = bpf_map_lookup_elem(&names, obj);
	if (!name)
		return 0;
	/* where it stays: the stack of all calls together is short; the first byte last, it makes it a name */
	if (bpf_probe_read_user_str(name->path + 1, sizeof(name->path) - 1, (void *)address + !bare) > 0)
		name->path[0] = '/';
	return 0;
}

/* One object of a call that ended: what happened to it. */
struct side {
	struct ipc_object_id obj;
	__u64 kobj;
	__u64 before; /* head, where slots are added without a copy; ~0: they are not */
	__s64 ret;
	__u64 moved;
	__u32 class;
	__u16 note; /* enum socket_note */
	__u8 op;
	bool payload;
	bool waited; /* the waits of the call were on this object */
	bool packet;
	bool resized;
	bool created;
	bool destroyed;
	bool cut; /* some of it may have been thrown away, nobody knows how much */
	bool second; /* the target of a splice */
};

#define NO_SLOTS (~0ull)

static __always_inline void note_counters(struct ipc_edge *edge, const struct side *side)
{
	if (file_classes[side->class & (IPC_FILE_CLASSES - 1)].depth != DEPTH_RING)
		return; /* these counters mean something else there */
	if (side->op == OP_SEND && side->ret > 0 && !side->moved)
		add(&edge->counters[COUNTER_PAGE_CHUNKS], ((side->ret - 1) >> cfg.page_shift) + 1);
	if (side->before != NO_SLOTS)
		add(&edge->counters[COUNTER_SPLICED_SLOTS], edge->state[0] - (__u32)side->before);
	if (side->packet)
		add(&edge->counters[COUNTER_PACKETS], 1);
	if (side->resized)
		add(&edge->counters[COUNTER_RESIZES], 1);
}

static __always_inline void note_state(struct ipc_edge *edge, const struct side *side, const struct ipc_run *run)
{
	__u64 at = state_clock();
	__u32 class = side->class & (IPC_FILE_CLASSES - 1);
	const __u32 *words = read_words(SCRATCH_EXIT, side->class, side->kobj);

	if (!words)
		return;
	__builtin_memcpy(edge->state, words, sizeof(edge->state));
	edge->state[IPC_STATE_STAMP] = at >> 16 | 1;
	if (file_classes[class].depth == DEPTH_NONE)
		return;
	if (file_classes[class].depth != DEPTH_RING)
		stamp_state_finely(edge->state, at);
	if (file_classes[class].depth == DEPTH_SEMS)
		return;
	depth_note(edge, file_classes[class].depth == DEPTH_RING ? words[0] - words[1] : words[0]);
	if (file_classes[class].depth != DEPTH_COUNT && side->op == OP_SEND && side->waited && run->own_waits)
		depth_was_full(edge, words[file_classes[class].limit_word & (IPC_STATE_WORDS - 1)]);
	if (PROFILE(PROFILE_RESIDENCY) && side->payload && file_classes[class].depth == DEPTH_RING)
		residency_note(&side->obj, words[0], words[1]);
}

/*
 * What a ring's head lost in a resize. Known when the call found the ring unlocked and left in it what it found,
 * and no operation that moved something ended meanwhile; one that has begun before the resize ended and goes on
 * says so at its own end (ring_moved in state.bpf.h).
 */
static __always_inline void note_resize(const struct ipc_edge *edge, const struct side *side, const struct ipc_run *run)
{
	__u32 head = run->kobj2, used = head - (__u32)(run->kobj2 >> 32);
	struct ipc_object *o = bpf_map_lookup_elem(&objects, &side->obj);

	if (!o)
		return;
	atomic_add_mb(&o->counters[RING_RESIZES_ENDED], 1); /* with ring_moved */
	if (PROFILE(PROFILE_DETAIL) && run->aux[1] == RESIZES_RING && !run->waits && edge->state[0] == used && !edge->state[1] &&
	    *(volatile __u64 *)&o->counters[RING_MOVES] == run->progress)
		ring_resized(&side->obj, head - used);
}

static __always_inline void side_bytes(const struct side *side, const struct ipc_run *run)
{
	if (file_classes[side->class & (IPC_FILE_CLASSES - 1)].depth == DEPTH_RING)
		ring_bytes(&side->obj, side->op, side->ret, side->second ? run->resizes2 : run->resizes);
	else
		object_bytes(&side->obj, side->op, side->ret);
}

/* Counts a side on its edge, with what its object looks like now. 0: a filter drops it. */
static __attribute__((noinline)) int end_side(const struct side *side, struct ipc_run *run)
{
	struct op_result res;
	struct ipc_edge *edge;
	struct ipc_object *o;

	if (!side || !run)
		return 0;
	res.ret = side->ret;
	res.moved = side->moved;
	res.payload = side->payload;
	edge = op_end(&side->obj, side->op, side->waited ? run : NULL, &res);
	if (!edge)
		return 0;
	if ((run->flags & RUN_UNRESOLVED) && (run->flags & RUN_PEER_WOKE))
		count_wake(run, &side->obj); /* who ended the wait of an open: only now is it known of what */
	if (side->resized)
		ring_restarted();
	if (!is_socket_class(side->class)) {
		if (PROFILE(~0u) && !side->destroyed)
			note_state(edge, side, run);
		if (PROFILE(~0u) && side->resized)
			note_resize(edge, side, run);
		note_counters(edge, side);
	}
	if (side->created || side->destroyed || side->cut) {
		o = bpf_map_lookup_elem(&objects, &side->obj);
		if (o && side->created)
			o->creations++;
		if (o && side->destroyed)
			note_destroyed(o, side->class);
		if (o && side->cut)
			o->flags |= OBJECT_DISCARDED_UNKNOWN;
	}
	if (PROFILE(PROFILE_DETAIL) && side->payload)
		side_bytes(side, run);
	if (PROFILE(PROFILE_EVENTS))
		op_emit(&side->obj, side->op, run, &res, edge, run->size);
	return 1;
}

/* The System V object that a call made or found. 0: none, or it is gone again. */
static __attribute__((noinline)) int got_side(struct side *side, const struct ipc_run *run, const struct ipc_syscall *call,
					      __s64 ret)
{
	struct call_target t = {};

	if (ret < 0 || !side || !run || !call || !resolve_sysv(call, ret, &t) || !op_wanted(&t.obj))
		return 0;
	side->obj = t.obj;
	side->kobj = t.kobj;
	side->class = t.class;
	side->op = call->op;
	side->ret = 0;
	side->waited = true;
	side->created = sysv_was_made(&t, run->kobj2);
	name_sysv(&t);
	return 1;
}

/* The descriptor that a call made. 0: it is none of ours. Not inlined: the stack of all calls together is short. */
static __attribute__((noinline)) int opened_side(struct side *side, const struct ipc_run *run, const struct ipc_syscall *call,
						 __s64 ret)
{
	struct call_target t = {};
	__u32 fds[2] = {};

	if (ret < 0 || !side || !run || !call)
		return 0;
	if (call->kind == SYSCALL_PAIR && bpf_probe_read_user(fds, sizeof(fds), (void *)run->kobj2))
		return 0;
	if (!resolve_file(call->kind == SYSCALL_PAIR ? fds[0] : (__u32)ret, &t) || !t.kobj ||
	    !(call->mechs & (1u << (t.obj.mech & 31))))
		return 0;
	if (call->kind == SYSCALL_MAKE)
		t.obj.domain = note_maker(t.obj.mech, t.obj.id);
	if (!op_wanted(&t.obj))
		return 0;
	side->obj = t.obj;
	side->kobj = t.kobj;
	side->class = t.class;
	side->op = OP_OPEN;
	side->ret = 0;
	side->waited = true;
	side->created = call->kind == SYSCALL_PAIR || call->kind == SYSCALL_MAKE;
	if (!side->created)
		note_path(&t.obj, run->kobj2, call->kind == SYSCALL_OPEN_NAME);
	return 1;
}

/* The object that was known from the beginning. */
static __always_inline void first_side(struct side *side, const struct ipc_run *run, const struct ipc_syscall *call,
				       __s64 ret)
{
	__u32 kind = call->kind;
	bool spliced = kind == SYSCALL_SPLICE || kind == SYSCALL_TEE;
	bool moves = spliced || kind == SYSCALL_SENDFILE || (kind == SYSCALL_BY_MODE && run->op == OP_SEND);

	side->obj = run->obj;
	side->kobj = run->kobj;
	side->class = run->aux[0];
	side->op = run->op;
	side->ret = call->whole && !ret ? (__s64)run->size : ret;
	side->destroyed = HAS_KIND(SYSCALL_SYSV) && call->destroys && ret >= 0 && !sysv_find(sysv_namespace(), call->fd2_arg, run->obj.id);
	side->cut = call->cut_mask && run->op == OP_RECV && (ret == -14 /* EFAULT */ || (run->aux[1] && ret == (__s64)run->size));
	side->payload = (run->op == OP_SEND || run->op == OP_RECV) && kind != SYSCALL_SEMOP;
	side->waited = !(run->flags & RUN_SECOND);
	side->moved = moves && ret > 0 ? ret : 0;
	if (moves && run->op == OP_SEND && !(run->flags & RUN_PREEXISTING))
		side->before = run->aux[3];
	side->packet = !moves && run->op == OP_SEND && ret > 0 && (run->aux[3] & FILE_O_DIRECT);
	side->resized = run->op == OP_CTL && run->aux[1] && ret >= 0;
	if (kind == SYSCALL_TEE && run->op == OP_RECV) {
		/* it leaves its source as it was: no payload there */
		side->op = OP_CTL;
		side->payload = false;
		side->moved = 0;
		side->ret = ret < 0 ? ret : 0;
	}
}

/* A socket that bind or listen made an object; of one that is none yet, nothing is told. */
static __always_inline bool named_side(struct side *side, const struct ipc_run *run, const struct ipc_syscall *call, __s64 ret)
{
	socket_object(run->kobj, socket_own_id(run->kobj), &side->obj);
	if (!side->obj.id || !(call->mechs & (1u << (side->obj.mech & 31))) || !op_wanted(&side->obj))
		return false;
	side->kobj = run->kobj;
	side->class = run->aux[0];
	side->op = call->op;
	side->ret = ret;
	side->waited = true;
	return true;
}

/* What the result of a call on a socket means. 0: it is not counted. */
static __attribute__((noinline)) int socket_side(struct side *side, struct ipc_run *run, __u32 kind, __s64 ret)
{
	if (!side || !run)
		return 0;
	if (kind == SYSCALL_MMSG && ret > 0) {
		side->note = ret & SOCKET_MESSAGES;
		side->ret = ipc_mmsg_bytes(run->kobj2, ret);
	}
	if (kind == SYSCALL_MSG)
		side->note = SOCKET_MESSAGE;
	if (kind == SYSCALL_RECV_FROM && ret > 0 && (__u64)ret > run->size)
		side->ret = run->size; /* MSG_TRUNC: the result is how long it was */
	if (side->op == OP_RECV && run->aux[1]) {
		side->op = OP_CTL; /* a peek takes nothing */
		side->payload = false;
	}
	if (kind == SYSCALL_CONNECT && socket_was_connected(run, side->kobj, ret))
		side->note = SOCKET_CONNECTED;
	if (side->note == SOCKET_CONNECTED)
		socket_connect_object(run, side->kobj, &side->obj);
	return socket_is_counted(run, side->kobj, kind, ret);
}

/* The object is known only by what the call made. */
static __always_inline bool is_open(const struct ipc_syscall *call)
{
	return is_kind(call, SYSCALL_PAIR) || is_kind(call, SYSCALL_OPEN) || is_kind(call, SYSCALL_OPEN_NAME) ||
	       is_kind(call, SYSCALL_MAKE);
}

/* The target of a splice. */
static __always_inline void second_side(struct side *side, const struct ipc_run *run, __s64 ret)
{
	side->obj = run->obj2;
	side->kobj = run->kobj2;
	side->class = run->aux[1];
	side->op = OP_SEND;
	side->ret = ret;
	side->moved = ret > 0 ? ret : 0;
	side->payload = true;
	side->second = true;
	side->waited = run->flags & RUN_SECOND;
	side->before = run->aux[3];
}

static __always_inline void end_call(struct ipc_run *run, const struct ipc_syscall *call, __s64 ret)
{
	struct side side = {.before = NO_SLOTS};
	int counted;

	if (is_open(call)) {
		if (!opened_side(&side, run, call, ret))
			return;
	} else if (is_kind(call, SYSCALL_NAMES)) {
		if (!named_side(&side, run, call, ret))
			return;
	} else if (is_kind(call, SYSCALL_SYSV_GET)) {
		if (!got_side(&side, run, call, ret))
			return;
	} else {
		if (is_kind(call, SYSCALL_SEMOP))
			end_semop(run);
		first_side(&side, run, call, ret);
		if (is_socket_class(side.class) && !socket_side(&side, run, call->kind, ret))
			return;
	}
	/* no loop: before 6.4 the verifier refuses one that closes with a call */
	counted = end_side(&side, run);
	if (counted && is_kind(call, SYSCALL_SEMOP))
		sem_count(side.obj.id, side.obj.domain, run->kobj2, run->aux[1] | (run->own_waits ? SEM_SLEPT : 0), ret);
	/* not from within: the stack of all calls together is short */
	if (counted && is_socket_class(side.class))
		ipc_socket_words(side.kobj, side.obj.id, side.op);
	if (counted && is_socket_class(side.class))
		socket_known(side.kobj, side.obj.id, ipc_note_socket(side.kobj, side.obj.id, side.op, side.ret, side.note), side.note);
	if (side.op == OP_CTL && !side.ret && is_socket_class(side.class))
		ipc_socket_named(side.kobj, side.obj.id);
	if (!HAS_KIND(SYSCALL_SPLICE) || !run->obj2.mech)
		return;
	second_side(&side, run, ret);
	counted = end_side(&side, run);
	if (counted && is_socket_class(side.class))
		ipc_socket_words(side.kobj, side.obj.id, side.op);
	if (counted && is_socket_class(side.class))
		socket_known(side.kobj, side.obj.id, ipc_note_socket(side.kobj, side.obj.id, side.op, side.ret, side.note), side.note);
}

#endif
