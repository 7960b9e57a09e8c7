/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The life of an operation: wanted? begin, (sleep, wake: core.bpf.c), end,
 * account, emit. A mechanism calls op_begin() from its entry hook and op_end()
 * from its exit hook; where no figure needs the entry (--counts) only the end.
 *
 * An operation in progress lives in the slot of its CPU: an array look-up and a
 * few stores, against 107 instructions (6.1) for task storage and 159 for a
 * hash. Only when its task leaves the CPU is it kept by TID. The figures of a
 * wait are added when the operation ends, so that an exit hook that was missed
 * (recursion) can leave a stale slot but never a wrong sum.
 */
#ifndef OP_BPF_H
#define OP_BPF_H

#include "task.bpf.h"

#define PROFILE(bits) (cfg.profile & (bits))

static __always_inline struct ipc_run *run_slot(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&running, &cpu);
}

#define MAY_SLEEP_MASK ((1u << IPC_CLASS_BITS) - 1)

static __always_inline __u32 *may_sleep_count(__u32 tid)
{
	__u32 slot = tid & MAY_SLEEP_MASK;

	return bpf_map_lookup_elem(&may_sleep, &slot);
}

/* The kept operation of a task that is off its CPU, or NULL. */
static __always_inline struct ipc_run *kept_run(__u32 tid)
{
	__u32 *count = may_sleep_count(tid);

	if (!count || !*count)
		return NULL;
	return bpf_map_lookup_elem(&sleepers, &tid);
}

static __always_inline void drop_run(__u32 tid)
{
	__u32 *count = may_sleep_count(tid);

	if (!bpf_map_delete_elem(&sleepers, &tid) && count)
		__sync_fetch_and_add(count, -1);
}

static __always_inline void ends_wait(struct ipc_run *run)
{
	__u64 now_ns = bpf_ktime_get_ns(), wake_ns = run->wake_ns;

	if (wake_ns < run->sleep_ns) /* not seen, or the clock of another CPU */
		wake_ns = now_ns;
	run->wait_ns += wake_ns - run->sleep_ns;
	run->sched_delay_ns += now_ns - wake_ns;
	run->flags &= ~RUN_SLEEPS;
}

/* What was kept of a task that runs again goes back into the slot of its CPU. */
static __always_inline void run_restore(struct ipc_run *slot, struct ipc_run *run, __u32 tid)
{
	__u64 switches = slot->switches;

	if (run->flags & RUN_SLEEPS)
		ends_wait(run);
	*slot = *run;
	slot->switches = switches;
	drop_run(tid);
}

static __attribute__((noinline)) int run_reclaim(struct ipc_run *slot)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct ipc_run *run = kept_run(tid);

	if (!slot || !run || run->task != current_task())
		return 0;
	run_restore(slot, run, tid);
	return 1;
}

/*
 * The operation that the current task is in, or NULL: it was not seen to begin.
 * Looks among the kept ones too: a kernel may hide its switches from some tasks,
 * or have skipped the program, and then nobody has put it back.
 */
static __always_inline struct ipc_run *run_mine(void)
{
	struct ipc_run *run = run_slot();

	if (!run || run->task == current_task())
		return run;
	return PROFILE(PROFILE_WAITS) && run_reclaim(run) ? run : NULL;
}

/* The current task's operation on this object, or NULL. */
static __always_inline struct ipc_run *run_of(const struct ipc_object_id *obj, __u8 op)
{
	struct ipc_run *run = run_mine();

	if (run && run->op == op && run->obj.id == obj->id && run->obj.domain == obj->domain &&
	    run->obj.mech == obj->mech)
		return run;
	return NULL;
}

static __always_inline bool has_entry(void)
{
	return PROFILE(PROFILE_WAITS | PROFILE_LATENCY | PROFILE_DETAIL | PROFILE_EVENTS);
}

/*
 * Writes the slot of this CPU. The task may be preempted while it does, and
 * another one use the slot meanwhile: the second pass repairs that. Returns the
 * slot, or NULL when an outer operation of the same task keeps it.
 */
static __always_inline struct ipc_run *op_begin(const struct ipc_object_id *obj, __u8 op, __u8 own_cause,
						__u64 kobj)
{
	struct ipc_run *run = run_slot();
	__u64 task = current_task(), pid_tgid = bpf_get_current_pid_tgid();

	if (!run || (run->task == task && (run->flags & RUN_OUTER)))
		return NULL;
	for (int i = 0; i < 2; i++) {
		__u64 switches = *(volatile __u64 *)&run->switches;

		run->obj = *obj;
		run->obj2.mech = 0;
		run->kobj = kobj;
		run->iter = 0;
		run->wait_ns = 0;
		run->sched_delay_ns = 0;
		run->wake_ns = 0;
		run->waits = 0;
		run->spurious = 0;
		run->wakes = 0;
		run->second_wakes = 0;
		run->other_wakes = 0;
		run->own_waits = 0;
		run->lock_waits = 0;
		run->io_waits = 0;
		run->flags = 0;
		run->aux[0] = 0;
		run->aux[1] = 0;
		run->aux[2] = 0;
		run->aux[3] = 0;
		run->size = ~0ull;
		run->tgid = pid_tgid >> 32;
		run->tid = pid_tgid;
		run->op = op;
		run->own_cause = own_cause;
		run->cause = 0;
		run->begin_ns = PROFILE(PROFILE_LATENCY | PROFILE_EVENTS) ? bpf_ktime_get_ns() : 0;
		barrier();
		run->task = task;
		barrier();
		if (*(volatile __u64 *)&run->switches == switches)
			break;
	}
	return run;
}

/* The current task's slot is free, unless a mechanism's own system call hooks have just taken it. */
static __always_inline void op_forget(void)
{
	struct ipc_run *run = run_slot();

	if (run && run->task == current_task() && !(run->flags & RUN_OWN))
		run->task = 0;
}

static struct ipc_edge zero_edge;
static struct ipc_object zero_object;
static struct ipc_name zero_name; /* names are written where they stay: the stack has no room */

/* The object's record, made when this is the first to be seen of it; NULL: no room. */
static __always_inline struct ipc_object *object_seen(const struct ipc_object_id *obj)
{
	struct ipc_object *o = bpf_map_lookup_elem(&objects, obj);

	if (o)
		return o;
	map_create(&objects, obj, &zero_object);
	o = bpf_map_lookup_elem(&objects, obj);
	if (o && !o->first_ns) {
		o->first_ns = bpf_ktime_get_ns();
		o->first_tgid = bpf_get_current_pid_tgid() >> 32;
	}
	return o;
}

/* First operation of a process on an object: the slow path. */
static __attribute__((noinline)) struct ipc_edge *edge_create(const struct ipc_edge_key *key)
{
	struct ipc_object_id obj;

	if (!key)
		return NULL;
	obj.id = key->id;
	obj.domain = key->domain;
	obj.mech = key->mech;
	obj.pad = 0;
	map_create(&edges, key, &zero_edge);
	if (!bpf_map_lookup_elem(&objects, &obj)) {
		struct ipc_object *o;

		map_create(&objects, &obj, &zero_object);
		o = bpf_map_lookup_elem(&objects, &obj);
		if (o && !o->first_ns) {
			o->first_ns = bpf_ktime_get_ns();
			o->first_tgid = key->tgid;
		}
	}
	/* not on behalf of another, or of nobody: the idle task has PID 0 */
	if (key->tgid && key->tgid == (__u32)(bpf_get_current_pid_tgid() >> 32))
		process_see(key->tgid, key->start);
	return bpf_map_lookup_elem(&edges, key);
}

/* Who acts: a process, or (tgid 0) what start says, enum ipc_endpoint_kind. */
struct actor {
	__u32 tgid;
	__u32 start;
};

static __always_inline struct actor current_actor(void)
{
	struct actor me = {.tgid = bpf_get_current_pid_tgid() >> 32, .start = current_start()};

	return me;
}

static __always_inline struct ipc_edge *edge_of(const struct ipc_object_id *obj, __u8 op, struct actor who,
						struct ipc_edge_key *key)
{
	struct ipc_edge *edge;

	key->id = obj->id;
	key->domain = obj->domain;
	key->mech = obj->mech;
	key->op = op;
	key->tgid = who.tgid;
	key->start = who.start;
	edge = bpf_map_lookup_elem(&edges, key);
	if (!edge)
		edge = edge_create(key);
	return edge;
}

static __always_inline void add(__u64 *counter, __u64 n)
{
	__sync_fetch_and_add(counter, n);
}

static __u64 zero_u64;

static __attribute__((noinline)) int error_count(const struct ipc_edge_key *edge, __u32 error)
{
	struct ipc_error_key key;
	__u64 *count;

	if (!edge)
		return 0;
	__builtin_memset(&key, 0, sizeof(key));
	key.edge = *edge;
	key.error = error;
	count = bpf_map_lookup_elem(&errors, &key);
	if (!count) {
		map_create(&errors, &key, &zero_u64);
		count = bpf_map_lookup_elem(&errors, &key);
	}
	if (count)
		add(count, 1);
	return 0;
}

/* One more wakeup of run's process by run->waker, on the object it waits on; an open's is not known yet. */
static __always_inline void count_wake(const struct ipc_run *run, const struct ipc_object_id *obj)
{
	struct ipc_wake_key key = {};
	__u64 *count;

	if (!obj->mech)
		return;
	key.id = obj->id;
	key.domain = obj->domain;
	key.mech = obj->mech;
	key.waker_kind = run->waker_kind;
	key.waker = run->waker;
	key.waker_start = run->waker_start;
	key.wakee = run->tgid;
	key.wakee_start = run->start;
	count = bpf_map_lookup_elem(&wakes, &key);
	if (!count) {
		map_create(&wakes, &key, &zero_u64);
		count = bpf_map_lookup_elem(&wakes, &key);
	}
	if (count)
		add(count, 1);
}

/*
 * log2 bucket: 0 for 0, else 1 + floor(log2(n)), at most the last one. Global, so
 * that the verifier looks at its branches once and not once per step of a loop.
 */
__attribute__((noinline)) int ipc_hist_slot(__u64 n)
{
	__u32 slot = 0;

	if (n >> 32) {
		n >>= 32;
		slot += 32;
	}
	if (n >> 16) {
		n >>= 16;
		slot += 16;
	}
	if (n >> 8) {
		n >>= 8;
		slot += 8;
	}
	if (n >> 4) {
		n >>= 4;
		slot += 4;
	}
	if (n >> 2) {
		n >>= 2;
		slot += 2;
	}
	if (n >> 1) {
		n >>= 1;
		slot += 1;
	}
	slot += n;
	return slot < IPC_HIST_SLOTS ? slot : IPC_HIST_SLOTS - 1;
}

static __always_inline void hist_add(struct ipc_hist *hist, __u64 n)
{
	__u32 slot = ipc_hist_slot(n);

	add(&hist->sum, n);
	if (slot < IPC_HIST_SLOTS) /* again, for the verifier */
		add(&hist->slots[slot], 1);
}

static struct ipc_edge_hists zero_hists;

static __attribute__((noinline)) int hists_add(const struct ipc_edge_key *key, __u64 size, __u64 latency_ns,
					       __u64 wait_ns)
{
	struct ipc_edge_hists *h;

	if (!key)
		return 0;
	h = bpf_map_lookup_elem(&hists, key);
	if (!h) {
		map_create(&hists, key, &zero_hists);
		h = bpf_map_lookup_elem(&hists, key);
		if (!h)
			return 0;
	}
	if (size != ~0ull)
		hist_add(&h->hist[HIST_SIZE], size);
	if (latency_ns)
		hist_add(&h->hist[HIST_LATENCY], latency_ns);
	if (wait_ns)
		hist_add(&h->hist[HIST_WAIT], wait_ns);
	return 0;
}

/* What an operation did, as its exit hook saw it. */
struct op_result {
	__s64 ret;	/* bytes, 0, or -errno */
	__u64 moved;	/* of ret, without a copy */
	bool payload;	/* ret is a number of payload bytes */
};

static __always_inline void edge_account(struct ipc_edge *edge, const struct ipc_edge_key *key,
					 const struct op_result *res)
{
	add(&edge->ops, 1);
	if (res->ret < 0) {
		add(&edge->failed, 1);
		error_count(key, -res->ret);
	} else if (res->payload && res->ret > 0) {
		add(&edge->bytes, res->ret);
		if (res->moved)
			add(&edge->moved_bytes, res->moved);
		if ((__u64)res->ret > res->moved)
			add(&edge->copies, 1);
	}
}

static __always_inline void edge_account_waits(struct ipc_edge *edge, const struct ipc_run *run)
{
	__u32 own = run->own_cause;

	if (run->wakes)
		add(&edge->wakes, run->wakes);
	if (run->other_wakes)
		add(&edge->other_wakes, run->other_wakes);
	if (!run->waits)
		return;
	add(&edge->waits, run->waits);
	add(&edge->wait_ns, run->wait_ns);
	add(&edge->sched_delay_ns, run->sched_delay_ns);
	if (own < CAUSE_MAX && run->own_waits)
		add(&edge->causes[own], run->own_waits);
	if (run->lock_waits)
		add(&edge->causes[CAUSE_LOCK], run->lock_waits);
	if (run->io_waits)
		add(&edge->causes[CAUSE_IO], run->io_waits);
	if (run->spurious)
		add(&edge->spurious_wakes, run->spurious);
}

/*
 * Ends the operation: counts it on its edge, with the waits and the latency of
 * `run` when there is one. Returns the edge, for the mechanism's own counters,
 * or NULL: not counted (a filter) or no room (then a loss was counted).
 */
static __always_inline struct ipc_edge *op_end_by(struct actor who, const struct ipc_object_id *obj, __u8 op,
						  struct ipc_run *run, const struct op_result *res)
{
	struct ipc_edge_key key;
	struct ipc_edge *edge;
	__u64 latency_ns = 0;

	if (cfg.failed_only && res->ret >= 0)
		return NULL;
	if (PROFILE(PROFILE_LATENCY | PROFILE_EVENTS) && run && run->begin_ns)
		latency_ns = bpf_ktime_get_ns() - run->begin_ns;
	if (cfg.min_ns && latency_ns < cfg.min_ns)
		return NULL;
	edge = edge_of(obj, op, who, &key);
	if (!edge)
		return NULL;
	edge_account(edge, &key, res);
	if (run && PROFILE(PROFILE_WAITS))
		edge_account_waits(edge, run);
	if (PROFILE(PROFILE_LATENCY)) {
		if (latency_ns)
			add(&edge->latency_ns, latency_ns);
		hists_add(&key, res->payload && res->ret >= 0 ? (__u64)res->ret : ~0ull, latency_ns, run ? run->wait_ns : 0);
	}
	return edge;
}

static __always_inline struct ipc_edge *op_end(const struct ipc_object_id *obj, __u8 op, struct ipc_run *run,
					       const struct op_result *res)
{
	return op_end_by(current_actor(), obj, op, run, res);
}

static __always_inline void depth_note(struct ipc_edge *edge, __u32 depth)
{
	edge->depth = depth;
	/* two processors may race for the maximum: it can be short by one operation's worth */
	if (depth > edge->max_depth)
		edge->max_depth = depth;
}

static __u32 ring_restarts;

/*
 * When state words were read, taken just before: a resize sets head and tail back,
 * so that they alone do not tell the newer of two states. In jiffies, which cost
 * nothing, or in 2^16 ns where the clock is read anyhow; one run uses one of them.
 * Every resize moves it on, so that what was read after one is newer than what was
 * read before. Never 0.
 */
static __always_inline __u64 state_clock(void)
{
	__u64 now = PROFILE(PROFILE_LATENCY) ? bpf_ktime_get_ns() : bpf_jiffies64() << 16;

	return now + ((__u64)*(volatile __u32 *)&ring_restarts << 16);
}

static __always_inline void stamp_state(__u32 *state)
{
	state[IPC_STATE_STAMP] = state_clock() >> 16 | 1;
}

/* at: taken before the words were read, so that what came after them never seems the older */
static __always_inline void stamp_state_finely(__u32 *state, __u64 at)
{
	state[IPC_STATE_STAMP] = at >> 16 | 1;
	state[IPC_STATE_FINE] = at & 0x1ffff;
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

/*
 * PROFILE_DETAIL: the bytes inside, kept with the object. depth_bytes is a sum
 * that every side adds to; the maximum is what was read right after adding.
 */
static __always_inline void object_bytes(const struct ipc_object_id *obj, __s64 delta)
{
	struct ipc_object *o = bpf_map_lookup_elem(&objects, obj);
	__s64 now;

	if (!o)
		return;
	add(&o->depth_bytes, delta);
	now = *(volatile __s64 *)&o->depth_bytes;
	if (now > (__s64)o->max_bytes)
		o->max_bytes = now;
}

/* One ring buffer record for the operation that ended; `edge` gives the state words. */
static __always_inline void op_emit_by(struct actor who, const struct ipc_object_id *obj, __u8 op,
				       const struct ipc_run *run, const struct op_result *res,
				       const struct ipc_edge *edge, __u64 size)
{
	struct ipc_event *e;
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		lose(LOSS_RING_FULL);
		return;
	}
	e->time_ns = bpf_ktime_get_ns();
	e->obj = *obj;
	e->latency_ns = run && run->begin_ns ? e->time_ns - run->begin_ns : 0;
	e->wait_ns = run ? run->wait_ns : 0;
	e->result = res->ret;
	e->size = size;
	e->moved = res->moved;
	e->tgid = who.tgid;
	e->tid = who.tgid ? pid_tgid : 0;
	e->op = op;
	e->cause = run && run->waits ? run->cause : CAUSE_NONE;
	e->known = (run ? EVENT_LATENCY | EVENT_WAIT : 0) | EVENT_STATE | (size == ~0ull ? 0 : EVENT_SIZE);
	e->kind = who.tgid ? ENDPOINT_PROCESS : who.start;
	e->depth = edge->depth;
	if (who.tgid)
		bpf_get_current_comm(e->comm, sizeof(e->comm));
	else
		e->comm[0] = 0;
	__builtin_memcpy(e->state, edge->state, sizeof(e->state));
	bpf_ringbuf_submit(e, 0);
}

static __always_inline void op_emit(const struct ipc_object_id *obj, __u8 op, const struct ipc_run *run,
				    const struct op_result *res, const struct ipc_edge *edge, __u64 size)
{
	op_emit_by(current_actor(), obj, op, run, res, edge, size);
}

/* The slot is free again. Called last: the run is dead after it. */
static __always_inline void op_done(struct ipc_run *run)
{
	if (run)
		run->task = 0;
}

#endif
