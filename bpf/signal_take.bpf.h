/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A signal is taken: by a handler, by default, by sigwait() or a signalfd; always by the current task. */
#ifndef SIGNAL_TAKE_BPF_H
#define SIGNAL_TAKE_BPF_H

/* Between the entry and the exit of a system call of ours: ipc_run.aux */
enum {
	AUX_ROLE = 0,
	AUX_TAKEN = 1, /* signals generated or taken so far */
	AUX_CALL = 2, /* of one that waits */
};
enum {
	ROLE_SENDS = 1,
	ROLE_WAITS = 2,
};

static __always_inline bool is_own(const struct ipc_run *run, __u32 role)
{
	return run && run->task == current_task() && run->obj.mech == MECH_SIGNAL && run->aux[AUX_ROLE] == role;
}

static __always_inline bool is_sending(const struct ipc_run *run)
{
	return is_own(run, ROLE_SENDS);
}

static __always_inline bool is_waiting(const struct ipc_run *run)
{
	return is_own(run, ROLE_WAITS);
}

/* Of the current task and its group. */
struct self {
	__u64 pending; /* sets of the thread and of the process, together */
	__u32 group_exit;
	__u32 exit_code;
	bool known;
};

static __always_inline void self_read(struct self *s)
{
	if (has_current_task_btf()) {
		struct task_struct *task = bpf_get_current_task_btf();

		s->pending = task->pending.signal.sig[0] | task->signal->shared_pending.signal.sig[0];
		s->group_exit = task->signal->flags;
		s->exit_code = task->signal->group_exit_code;
	} else {
		struct task_struct *task = (void *)bpf_get_current_task();

		s->pending = BPF_CORE_READ(task, pending.signal.sig[0]) |
			     BPF_CORE_READ(task, signal, shared_pending.signal.sig[0]);
		s->group_exit = BPF_CORE_READ(task, signal, flags);
		s->exit_code = BPF_CORE_READ(task, signal, group_exit_code);
	}
	s->known = true;
}

/* By its action, as get_signal() goes on after the tracepoint. */
static __always_inline __u32 how_taken(__u32 sig, __u64 handler, __u32 group_flags)
{
	__u64 bit = SIG_BIT(sig);

	if (handler > 1)
		return TAKEN_HANDLED;
	if (handler == 1 || (bit & SIGNALS_IGNORED))
		return TAKEN_DISCARDED;
	if ((group_flags & SIGNAL_UNKILLABLE) && sig != NR_SIGKILL && sig != NR_SIGSTOP)
		return TAKEN_DISCARDED; /* an init */
	return bit & SIGNALS_STOP ? TAKEN_STOPPED : TAKEN_KILLED;
}

/* The wait that this signal ended: who sent it woke the waiter. */
static __always_inline void note_wait_end(struct ipc_run *run, const struct ipc_object_id *obj,
					  const struct signal_internals *s)
{
	struct ipc_edge_key key = {.id = obj->id, .domain = obj->domain, .mech = obj->mech, .op = OP_SEND};
	struct ipc_edge *edge;

	if (!run->own_waits || !(run->flags & RUN_WOKEN))
		return;
	if (!s->sender && s->sender_start) {
		run->waker_kind = s->sender_start == ENDPOINT_TIMER ? WAKER_TIMER : WAKER_KERNEL;
		run->waker = 0;
		run->waker_start = 0;
		key.start = s->sender_start;
	} else {
		run->waker_kind = WAKER_TASK;
		if (!run->waker) {
			run->waker = s->sender;
			run->waker_start = s->sender_start;
		}
		key.tgid = run->waker;
		key.start = run->waker_start;
	}
	count_wake(run, obj);
	edge = edge_find(&key);
	if (edge)
		add(&edge->wakes, 1);
}

static __always_inline void take_oldest(struct signal_internals *s, const struct ipc_object_id *obj, const struct self *self)
{
	if ((__s32)(s->queued - s->taken) > 0) {
		signal_age(obj, s->taken, s->queued);
		__sync_fetch_and_add(&s->taken, 1);
	}
	/* what else there was has been dropped: none is pending now. Known only under the lock */
	if (self->known && !(self->pending >> ((obj->domain - 1) & 63) & 1))
		s->taken = s->queued;
}

static __always_inline void current_words(__u32 sig, struct signal_internals *s)
{
	if (has_current_task_btf())
		signal_words_at_hand(bpf_get_current_task_btf(), sig, s);
	else
		signal_target_words((void *)bpf_get_current_task(), sig, s);
}

/* The process dies of it: of whose. */
static __attribute__((noinline)) int note_killer(const struct ipc_object_id *obj, __u32 sender, __u32 sender_start)
{
	struct ipc_object *o = obj ? bpf_map_lookup_elem(&objects, obj) : NULL;

	if (!o)
		return 0;
	o->ended_tgid = sender;
	o->ended_start = sender_start;
	return 0;
}

static __attribute__((noinline)) int take_object(const struct ipc_object_id *obj, __u32 how, const struct self *self,
						 struct ipc_run *run)
{
	struct actor me = current_actor();
	struct op_result res = {};
	struct signal_internals *s;
	struct ipc_edge *edge;

	if (!obj || !self || !op_wanted(obj))
		return 0;
	edge = op_end_by(me, obj, OP_RECV, run, &res);
	if (!edge)
		return 0;
	if (how < IPC_MECH_COUNTERS)
		add(&edge->counters[how], 1);
	if (((struct ipc_row *)edge)->kobj != TARGET_SEEN)
		target_begins((struct ipc_row *)edge, obj, &me);
	s = (void *)edge->state;
	if (run)
		note_wait_end(run, obj, s);
	take_oldest(s, obj, self);
	if (how == TAKEN_KILLED)
		note_killer(obj, s->sender, s->sender_start);
	if (PROFILE(~0u))
		current_words(obj->domain, s);
	signal_words(s);
	if (PROFILE(~0u))
		edge->depth = s->pending;
	if (PROFILE(PROFILE_EVENTS))
		op_emit(obj, OP_RECV, run, &res, edge, ~0ull);
	return 0;
}

static __always_inline void take(struct actor me, __u32 sig, __u32 how, const struct self *self, struct ipc_run *run)
{
	struct ipc_object_id obj;

	signal_identify(me, sig, &obj);
	take_object(&obj, how, self, run);
}

/*
 * Processes that die now: whoever puts one in was the first. Threads end on several
 * processors at a time, and 5.10 has no atomic that tells what was there before.
 * Nobody takes one out: two threads may both find themselves the last one
 * (sched_process_exit comes after signal->live has fallen), one long after the other.
 */
IPC_MAP(dying, BPF_MAP_TYPE_LRU_HASH, struct ipc_process_key, __u32, 4096);

static __always_inline bool dies_first(struct actor me)
{
	struct ipc_process_key key = {.tgid = me.tgid, .start = me.start};
	__u32 one = 1;

	return (int)bpf_map_update_elem(&dying, &key, &one, BPF_NOEXIST) != -17 /* EEXIST; a full map tells nothing */;
}

/* Told by every thread that ends; the process died of it once. */
static __always_inline void died(struct actor me, __u32 sig, const struct self *self, struct ipc_run *run)
{
	struct signal_target *target = target_of(me);

	if (!target || target->died_of || !dies_first(me))
		return;
	target->died_of = sig;
	target->signals |= 1ull << ((sig - 1) & 63);
	take(me, sig, TAKEN_KILLED, self, run);
}

#endif
