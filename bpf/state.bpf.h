/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What an operation leaves behind in its object: how full it is, the state words
 * and when they were read, the bytes inside.
 */
#ifndef STATE_BPF_H
#define STATE_BPF_H

static __always_inline void depth_note(struct ipc_edge *edge, __u32 depth)
{
	edge->depth = depth;
	/* two processors may race for the maximum: it can be short by one operation's worth */
	if (depth > edge->max_depth)
		edge->max_depth = depth;
}

static __u32 ring_restarts;

/* What else tells the newer of two states: head and tail of a ring, a socket's own clock. */
#ifndef STATE_IN_JIFFIES
#define STATE_IN_JIFFIES false
#endif

/*
 * When state words were read, taken just before, in ns; their stamp is this in 2^16
 * ns. Where something else tells the newer state nearly always, in jiffies, which
 * cost nothing, unless the clock is read anyhow. One run uses one of them for all
 * states of an object. Every resize moves it on, for it sets head and tail back: what
 * was read after one is newer than what was read before. Never 0.
 */
static __always_inline __u64 state_clock(void)
{
	bool in_jiffies = STATE_IN_JIFFIES && !cfg.syscall_backend && !PROFILE(PROFILE_LATENCY);
	__u64 now = in_jiffies ? bpf_jiffies64() << 16 : bpf_ktime_get_ns();

	return now + ((__u64)*(volatile __u32 *)&ring_restarts << 16);
}

static __always_inline void stamp_state(__u32 *state)
{
	state[IPC_STATE_STAMP] = state_clock() >> 16 | 1;
}

/* The stamp of what is read next, where it is known that no clock is: the same in jiffies. */
static __always_inline __u32 stamp_in_jiffies(void)
{
	return ((__u32)bpf_jiffies64() + *(volatile __u32 *)&ring_restarts) | 1;
}

#define SELDOM_JIFFIES 256 /* how old it may be that nothing has changed unseen */

/*
 * When what few operations change was read: `changes` counts those who say that they did. The second half is for what
 * nobody says, a new size of a buffer or a connection that breaks, and for what two processors wrote at a time: all is
 * looked at again after so many jiffies, when the row is used next.
 */
static __always_inline __u64 seldom_at(__u64 changes)
{
	return changes << 32 | (__u32)bpf_jiffies64() / SELDOM_JIFFIES;
}

/* at: taken before the words were read, so that what came after them never seems the older */
static __always_inline void stamp_state_finely(__u32 *state, __u64 at)
{
	state[IPC_STATE_STAMP] = at >> 16 | 1;
	state[IPC_STATE_FINE] = at & 0x1ffff;
}

/* Are the states of an object ordered by state_order()? Then whoever reads them stamps them, before, and nothing else does. */
#ifndef STATE_IN_ORDER
#define STATE_IN_ORDER false
#endif

#define STATE_ORDERS 256
static __u64 state_orders[STATE_ORDERS]; /* of the objects that share each */

/*
 * What orders the state that is read next: a number that all count up who read states of this object, at a tenth of what a
 * clock costs. Of two that got the same one both had counted before either read: whatever changed it before one
 * of them the other has read, too. Not with system call hooks: some states are read by another object file.
 */
static __always_inline __u64 state_order(__u32 object)
{
	__u64 *order = &state_orders[object * 0x9E3779B1u >> 24];

	if (cfg.syscall_backend)
		return state_clock();
	atomic_add_mb(order, 1);
	return *(volatile __u64 *)order;
}

static __always_inline void stamp_in_order(__u32 *state, __u32 object)
{
	stamp_state_finely(state, state_order(object));
}

/* Is this state, of this object, the last that was stamped in order, of all that share a count? */
static __always_inline bool is_last_in_order(const __u32 *state, __u32 object)
{
	__u64 order = *(volatile __u64 *)&state_orders[object * 0x9E3779B1u >> 24];

	return !cfg.syscall_backend && state[IPC_STATE_STAMP] == (__u32)(order >> 16 | 1) &&
	       state[IPC_STATE_FINE] == (order & 0x1ffff);
}

/*
 * What orders states with the same stamp: ns, modulo 2^32, or in the default view, where nobody is shown it, a number as
 * in stamp_in_order(). Taken before what it is of is read.
 */
static __always_inline __u32 moment(__u32 way, __u64 object)
{
	__u64 *order;

	if (way == WAY_ANY)
		return bpf_ktime_get_ns();
	order = &state_orders[(__u32)object * 0x9E3779B1u >> 24];
	atomic_add_mb(order, 1);
	return *(volatile __u64 *)order;
}

static __always_inline __u32 state_moment(__u64 object)
{
	return moment(cfg.way, object);
}

/* A resize is over: head lost `heads`, and nothing else moved it meanwhile. */
static __always_inline void ring_resized(const struct ipc_object_id *obj, __u32 heads)
{
	struct ipc_object *o = bpf_map_lookup_elem(&objects, obj);

	if (!o)
		return;
	add(&o->counters[RING_EARLIER_HEADS], heads);
	add(&o->counters[RING_RESIZES_FOLLOWED], 1);
}

static __always_inline void ring_restarted(void)
{
	__sync_fetch_and_add(&ring_restarts, 2);
}

/* A sender slept for room: between its beginning and its end, every slot was in use. */
static __always_inline void depth_was_full(struct ipc_edge *edge, __u32 limit)
{
	if (limit > edge->max_depth)
		edge->max_depth = limit;
}

#define BYTES_SENT (1ull << 63)
#define BYTES_OF_RING (1ull << 62) /* below it, from RESIZES_SHIFT on: RING_RESIZES_ENDED when the operation began */
#define RESIZES_SHIFT 48
#define RESIZES_MASK 0x3fffu

/* What it moved it may have moved in the middle of a resize, which then was not followed, whatever its end took it for. */
static __always_inline void ring_moved(struct ipc_object *o, __u32 resizes)
{
	atomic_add_mb(&o->counters[RING_MOVES], 1); /* with note_resize: one of the two sees the other's */
	if ((*(volatile __u64 *)&o->counters[RING_RESIZES_ENDED] & RESIZES_MASK) != resizes)
		add(&o->counters[RING_RESIZES_FOLLOWED], -1);
}

/*
 * PROFILE_DETAIL: the bytes inside, kept with the object. depth_bytes is a sum
 * that every side adds to; the maximum is what was read right after adding.
 * Global, and asked of what moved nothing, too: where callers made that condition
 * themselves, 5.10's verifier took the block behind it for dead code and left it out
 * (the exit of inet_sendmsg, without a filter); on 6.1 its figures lacked, too.
 */
__attribute__((noinline)) int ipc_object_bytes(__u64 id, __u64 where, __s64 ret)
{
	struct ipc_object_id obj = {.id = id, .domain = where, .mech = where >> 32 & 0xffff};
	struct ipc_object *o;
	__s64 now;

	if (ret <= 0)
		return 0;
	o = bpf_map_lookup_elem(&objects, &obj);
	if (!o)
		return 0;
	add(&o->depth_bytes, where & BYTES_SENT ? ret : -ret);
	now = *(volatile __s64 *)&o->depth_bytes;
	if (now > (__s64)o->max_bytes)
		o->max_bytes = now;
	if (where & BYTES_OF_RING)
		ring_moved(o, where >> RESIZES_SHIFT & RESIZES_MASK);
	return 0;
}

/* ret: what a send or a receive moved, or its errno. */
static __always_inline void object_bytes(const struct ipc_object_id *obj, __u8 op, __s64 ret)
{
	ipc_object_bytes(obj->id, obj->domain | (__u64)obj->mech << 32 | (op == OP_SEND ? BYTES_SENT : 0), ret);
}

/* The same of a ring, whose resizes are followed by nothing better than what operations find at their ends. */
static __always_inline void ring_bytes(const struct ipc_object_id *obj, __u8 op, __s64 ret, __u32 resizes)
{
	ipc_object_bytes(obj->id, obj->domain | (__u64)obj->mech << 32 | (__u64)(resizes & RESIZES_MASK) << RESIZES_SHIFT |
			 BYTES_OF_RING | (op == OP_SEND ? BYTES_SENT : 0), ret);
}

#endif
