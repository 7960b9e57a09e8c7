/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a semaphore set is made of: its state words, and what the operations of
 * one call ask for. Follows ipc/sem.c.
 */
#ifndef SEM_BPF_H
#define SEM_BPF_H

#define SEM_VALUES 11 /* of a set's first semaphores are state words */
#define SEM_MAX_OPS 500 /* SEMOPM, the kernel's default */

/* The state words, in the order of the descriptor's table (user/mech/sem.c). */
struct sem_internals {
	__u32 nsems;
	__u32 key;
	__u32 live;	/* semaphores whose last operator lives; told by a pass only */
	__u32 value[SEM_VALUES];
};
_Static_assert(sizeof(struct sem_internals) <= 4 * IPC_STATE_FINE, "fits the state words");

/* ipc_edge.counters; 3 has a meaning for all mechanisms */
enum sem_counter {
	SEM_OPS = 0,	  /* operations: one call has one or many */
	SEM_RAISED = 1,	  /* units added, by calls that succeeded */
	SEM_LOWERED = 2,  /* units taken */
	SEM_UNDOS = 4,	  /* operations with SEM_UNDO */
	SEM_TIMEOUTS = 5, /* calls that slept and got EAGAIN */
};

/*
 * What the operations of a call ask for, in one number: it crosses a function
 * boundary, and lives in ipc_run.kobj2. Units saturate, sums of 500 do not.
 */
#define CALL_UNITS_BITS 24
#define CALL_UNITS_MASK ((1u << CALL_UNITS_BITS) - 1)
#define CALL_UNDOS_SHIFT (2 * CALL_UNITS_BITS)
#define CALL_UNDOS_MASK 0x3ffu
#define CALL_SEEN (1ull << 63)
#define CALL_TAKES (1ull << 62) /* an operation may wait for a value */
#define CALL_ZERO (1ull << 61)	/* an operation waits for zero */

static __always_inline __u32 call_raised(__u64 call)
{
	return call & CALL_UNITS_MASK;
}

static __always_inline __u32 call_lowered(__u64 call)
{
	return (call >> CALL_UNITS_BITS) & CALL_UNITS_MASK;
}

static __always_inline __u32 call_undos(__u64 call)
{
	return (call >> CALL_UNDOS_SHIFT) & CALL_UNDOS_MASK;
}

/* A call that may sleep receives, even when it also adds; one that only adds sends. */
static __always_inline __u8 call_op(__u64 call)
{
	return (call & CALL_SEEN) && !(call & (CALL_TAKES | CALL_ZERO)) ? OP_SEND : OP_RECV;
}

static __always_inline __u8 call_cause(__u64 call)
{
	return (call & (CALL_TAKES | CALL_ZERO)) == CALL_ZERO ? CAUSE_ZERO : CAUSE_VALUE;
}

static __always_inline void sem_identify(__u32 id, __u32 domain, struct ipc_object_id *obj)
{
	obj->id = id;
	obj->domain = domain;
	obj->mech = MECH_SEM;
	obj->pad = 0;
}

/* What one operation adds to a call: sums below, CALL_TAKES or CALL_ZERO above. */
static __always_inline __u64 op_asks(short op, short flags)
{
	__u64 asks = flags & 0x1000 /* SEM_UNDO */ ? 1ull << CALL_UNDOS_SHIFT : 0;

	if (!op)
		return asks | CALL_SEEN | CALL_ZERO;
	return asks | CALL_SEEN | (op > 0 ? (__u64)op : CALL_TAKES | (__u64)-op << CALL_UNITS_BITS);
}

/* Operation at `address`, as above; 0: it cannot be read. Global, so that the loop over them is short to verify. */
__attribute__((noinline)) __u64 sem_op_at(__u64 address, __u32 from_user)
{
	const struct sembuf *op = (void *)address;
	struct sembuf one = {};

	if (cfg.no_probe_read || (from_user ? bpf_probe_read_user(&one, sizeof(one), op) :
					      bpf_probe_read_kernel(&one, sizeof(one), op)))
		return 0;
	return op_asks(one.sem_op, one.sem_flg);
}

#define CALL_FLAGS (CALL_SEEN | CALL_TAKES | CALL_ZERO)

/* All operations of a call: the kernel's copy, or the caller's own. 0: they cannot be read. */
__attribute__((noinline)) __u64 sem_call(__u64 address, __u32 nsops, __u32 from_user)
{
	__u64 sums = 0, flags = 0;

	for (__u32 i = 0; i < SEM_MAX_OPS; i++) {
		__u64 asks;

		if (i >= nsops)
			break;
		asks = sem_op_at(address, from_user);
		if (!asks)
			return 0;
		flags |= asks & CALL_FLAGS;
		sums += asks & ~CALL_FLAGS;
		address += sizeof(struct sembuf);
	}
	return flags | sums;
}

static __always_inline void note_call(struct ipc_edge *edge, __u64 call, __u32 nsops, __s64 ret, bool slept)
{
	add(&edge->counters[SEM_OPS], nsops);
	if (call_undos(call))
		add(&edge->counters[SEM_UNDOS], call_undos(call));
	if (ret == -11 /* EAGAIN */ && slept)
		add(&edge->counters[SEM_TIMEOUTS], 1);
	if (ret)
		return;
	if (call_raised(call))
		add(&edge->counters[SEM_RAISED], call_raised(call));
	if (call_lowered(call))
		add(&edge->counters[SEM_LOWERED], call_lowered(call));
}

#define SEM_ANY_ID 0xffffffffu

/* What tells a set, as it lies in the kernel. */
struct sem_identity {
	__u8 deleted;
	__u8 pad[3];
	__u32 id;
	__u32 key;
};

static __always_inline bool identity_lies_together(void)
{
	struct kern_ipc_perm *perm = NULL;
	__u32 at = bpf_core_field_offset(perm->deleted);

	return bpf_core_field_offset(perm->id) - at == __builtin_offsetof(struct sem_identity, id) &&
	       bpf_core_field_offset(perm->key) - at == __builtin_offsetof(struct sem_identity, key);
}

static __always_inline bool sem_identity_at(__u64 address, struct sem_identity *is)
{
	struct kern_ipc_perm *perm = &((struct sem_array *)address)->sem_perm;

	if (is_at()) {
		perm = &at_address(struct sem_array, address)->sem_perm;
		is->deleted = perm->deleted;
		is->id = perm->id;
		is->key = perm->key;
		return true;
	}
	if (identity_lies_together()) /* at the price of one */
		return probe_read(is, &perm->deleted);
	return probe_read(&is->deleted, &perm->deleted) && probe_read(&is->id, &perm->id) && probe_read(&is->key, &perm->key);
}

static __always_inline __u32 sem_value(__u64 address, __u32 i)
{
	__u64 sem = address + bpf_core_field_offset(struct sem_array, sems) + i * bpf_core_type_size(struct sem);
	__u32 value = IPC_STATE_ABSENT;

	if (is_at())
		return at_address(struct sem, sem)->semval;
	probe_read(&value, sem + bpf_core_field_offset(struct sem, semval));
	return value;
}

/* State words of the set at `address`, if it still is there, and the one with this id. nsems: how many it has; 0: not known. */
static __attribute__((noinline)) int sem_state(__u32 *words, __u64 address, __u32 id, __u32 nsems)
{
	struct sem_internals *s = (void *)words;
	struct sem_array *sma = (void *)address;
	struct sem_identity is = {};

	if (!words || !address || !sem_identity_at(address, &is) || is.deleted || (id != SEM_ANY_ID && is.id != id) ||
	    (!nsems && !probe_read(&nsems, &sma->sem_nsems)))
		return -1;
	stamp_in_order(words, is.id);
	s->key = is.key;
	s->live = IPC_STATE_ABSENT;
	for (__u32 i = 0; i < SEM_VALUES; i++) {
		if (i >= nsems && s->nsems == nsems && !cfg.syscall_backend) /* there `words` may be of anything */
			break; /* the others are absent already */
		s->value[i] = i < nsems ? sem_value(address, i) : IPC_STATE_ABSENT;
	}
	s->nsems = nsems;
	return 0;
}

#endif
