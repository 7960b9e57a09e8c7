// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Waits and wakeups of all mechanisms, from the scheduler's tracepoints, and the
 * life of processes. A task that leaves its CPU inside an operation is kept by
 * TID; what it waits for follows from its state (an interruptible sleep is
 * the operation's own cause, an uninterruptible one a lock or I/O). A wait ends
 * when somebody wakes it; from there to running is scheduling delay.
 *
 * Cannot see: who was responsible for an interrupt, but for what is delivered to the
 * very object that the interrupted task sends to (RUN_DELIVERS); the cause of a sleep of an
 * operation whose entry was missed.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "ipctrace.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "op.bpf.h"
#include "stacks.bpf.h"

const volatile struct ipc_config cfg = {};

static __always_inline bool same_object(const struct ipc_object_id *a, const struct ipc_object_id *b)
{
	return a->id == b->id && a->domain == b->domain && a->mech == b->mech;
}

static __always_inline const struct ipc_object_id *waits_on(const struct ipc_run *run)
{
	return run->flags & RUN_SECOND ? &run->obj2 : &run->obj;
}

/* A wakeup of whose object is not known yet is counted at the operation's end. */
static __always_inline void note_wake(struct ipc_run *run)
{
	run->flags |= RUN_PEER_WOKE;
	if (!(run->flags & RUN_UNRESOLVED))
		count_wake(run, waits_on(run));
}

/*
 * Of a run in a slot, whose task is leaving its CPU: a waker on another one may add RUN_WOKEN_EARLY at any time.
 * None of the flags is set, all of the others are.
 */
static __always_inline void change_flags(struct ipc_run *run, __u32 set, __u32 clear)
{
	__sync_fetch_and_add(&run->flags, set - clear);
}

/* A woken writer that moved nothing before it slept again was woken in vain; so was any reader. */
static __always_inline void note_spurious(struct ipc_run *run)
{
	__u64 left = 0;

	if (run->iter) {
		struct iov_iter *iter = (void *)run->iter;

		if (!probe_read(&left, &iter->count))
			return;
		if ((run->flags & RUN_BLOCKED_TWICE) && left == run->progress && run->cause == run->own_cause)
			run->spurious++;
		run->progress = left;
		change_flags(run, RUN_BLOCKED_TWICE & ~run->flags, 0);
	} else if ((run->op == OP_RECV || (run->flags & RUN_WHOLE)) && run->own_waits > 1) {
		run->spurious++;
	}
}

/* Does a peer end the sleep? A lock's release or an I/O's end is no peer's doing. */
static __always_inline bool waits_for_peer(const struct ipc_run *run)
{
	return run->cause == run->own_cause && run->own_cause != CAUSE_LOCK;
}

/* When a switch happens: the clock is read once for both tasks, and not for a switch that asks for no time. */
static __always_inline __u64 switched_at(__u64 *now_ns)
{
	if (!*now_ns)
		*now_ns = bpf_ktime_get_ns();
	return *now_ns;
}

static __always_inline void goes_to_sleep(struct ipc_run *run, struct task_struct *task, __u32 state, __u64 *now_ns)
{
	if (state & TASK_INTERRUPTIBLE) {
		run->cause = run->own_cause;
		run->own_waits++;
		note_spurious(run);
	} else if (BPF_CORE_READ_BITFIELD(task, in_iowait)) {
		run->cause = CAUSE_IO;
		run->io_waits++;
	} else {
		run->cause = CAUSE_LOCK;
		run->lock_waits++;
	}
	run->waits++;
	run->start = task->group_leader->start_time >> IPC_START_SHIFT;
	if (*(volatile __u32 *)&run->flags & RUN_WOKEN_EARLY) {
		smp_rmb(); /* with waking(): by whom and when */
		run->sleep_ns = run->wake_ns;
		run->flags = (run->flags & ~RUN_WOKEN_EARLY) | RUN_SLEEPS | RUN_WOKEN | RUN_USED;
		if (waits_for_peer(run))
			note_wake(run);
		return;
	}
	run->sleep_ns = switched_at(now_ns);
	run->wake_ns = 0;
	change_flags(run, (RUN_SLEEPS | RUN_USED) & ~run->flags, RUN_WOKEN & run->flags);
}

/*
 * A waker wrote into the slot while it was being copied; its time may have been cleared after that. Keeper and
 * waker both look again after their last write, so one of them finds the other's.
 */
static __always_inline void adopt_early_wake(const struct ipc_run *slot, __u32 tid)
{
	struct ipc_run *run = kept_run(tid);

	if (!run || (run->flags & (RUN_WOKEN | RUN_SLEEPS)) != RUN_SLEEPS)
		return;
	run->flags = (run->flags & ~RUN_WOKEN_EARLY) | RUN_WOKEN;
	run->wake_ns = slot->wake_ns ?: bpf_ktime_get_ns();
	run->waker = slot->waker;
	run->waker_start = slot->waker_start;
	run->waker_kind = slot->waker_kind;
	if (waits_for_peer(run))
		note_wake(run);
}

/*
 * The task leaves its CPU inside an operation: out of the slot, kept by TID. With waking(): it is
 * always in one of them, and what is read after the addition was not read before the slot was given up.
 */
static __always_inline void keep_run(struct ipc_run *run, struct task_struct *task, bool sleeps, __u32 state, __u64 *now_ns)
{
	__u32 tid = task->pid;

	run->tgid = task->tgid;
	run->tid = tid;
	if (sleeps)
		goes_to_sleep(run, task, state, now_ns);
	keep_by_tid(run, tid, task);
	smp_wmb();
	*(volatile __u64 *)&run->task = 0;
	atomic_add_mb(&run->switches, 1);
	if (sleeps && (*(volatile __u32 *)&run->flags & RUN_WOKEN_EARLY)) {
		*(volatile __u32 *)&run->flags = RUN_USED; /* taken: the waker need not */
		smp_rmb();
		adopt_early_wake(run, tid);
	}
}

/* A wait that began before us has ended; its operation's end will not be seen. */
static __always_inline void account_preexisting(struct ipc_run *run)
{
	struct ipc_edge_key key = {};
	const struct ipc_object_id *obj = waits_on(run);
	struct ipc_object *o;
	struct ipc_edge *edge;

	key.id = obj->id;
	key.domain = obj->domain;
	key.mech = obj->mech;
	key.op = run->op;
	key.tgid = run->tgid;
	key.start = run->start;
	edge = edge_find(&key);
	if (!edge)
		edge = edge_create(&key);
	if (edge)
		edge_account_waits(edge, run);
	o = bpf_map_lookup_elem(&objects, obj);
	if (o)
		o->flags |= OBJECT_ENDED_UNSEEN;
	lose(LOSS_MISSED);
}

static __always_inline void sum_up_stacks(struct ipc_run *run, __u32 tid, __u64 now_ns)
{
	__u64 before_ns = run->wait_ns;

	ends_wait(run, now_ns);
	stack_sum_up(run, waits_on(run), tid, run->wait_ns - before_ns);
}

static __always_inline void resume_run(struct ipc_run *slot, __u32 tid, __u64 *now_ns)
{
	struct ipc_kept *row = kept_row(tid);
	struct ipc_run *run = kept_run_at(row, tid);

	if (!run)
		return;
	if (run->flags & RUN_SLEEPS) {
		if (PROFILE(PROFILE_STACKS))
			sum_up_stacks(run, tid, switched_at(now_ns));
		else
			ends_wait(run, switched_at(now_ns));
	}
	if ((run->flags & (RUN_PREEXISTING | RUN_SYSCALL | RUN_OWN)) == RUN_PREEXISTING) {
		account_preexisting(run);
		drop_run_at(row, tid);
	} else {
		run_restore(slot, run, row, tid);
	}
}

/* Has the operation ended unseen? The last one of a task that is dead has, where calls cannot be told apart, too. */
static __always_inline bool is_over(const struct ipc_run *run, struct task_struct *task, bool sleeps)
{
	if (((run->flags & RUN_DYING) || !run->call) && task->exit_state)
		return true;
	if (sleeps && (run->flags & RUN_ENDED))
		return true;
	return is_stale(run, task);
}

static __always_inline int on_switch(void *ctx, struct task_struct *prev, struct task_struct *next, bool sleeps, __u32 state)
{
	struct ipc_run *slot = run_slot();
	__u32 prev_tid = prev->pid;
	__u64 now_ns = 0;

	if (!slot)
		return 0;
	slot->switches++;
	if (slot->task == (__u64)prev && !is_over(slot, prev, sleeps)) {
		if (PROFILE(PROFILE_STACKS) && sleeps)
			stack_of_sleeper(ctx, prev_tid, slot->flags & RUN_WOKEN_EARLY);
		keep_run(slot, prev, sleeps, state, &now_ns);
	} else {
		slot->task = 0;
		if (kept_run(prev_tid))
			drop_run(prev_tid); /* it ran: what was kept of it is stale */
	}
	slot->who_task = 0;
	resume_run(slot, next->pid, &now_ns);
	return 0;
}

/* 5.18 added prev_state, which a waker on another CPU cannot change under us */
SEC("?tp_btf/sched_switch")
int BPF_PROG(switch_with_state, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	return on_switch(ctx, prev, next, !preempt && prev_state, prev_state);
}

/* Before: a waker may have set the state back already; that the task left the run queue says it slept */
SEC("?tp_btf/sched_switch")
int BPF_PROG(switch_without_state, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u32 state = task_state(prev);
	bool sleeps = !preempt && !task_on_rq(prev);

	return on_switch(ctx, prev, next, sleeps, state & 3 ? state : TASK_INTERRUPTIBLE);
}

/* Is it this operation's doing that `run` wakes up? A sleeper that was moved is one of the object it was moved to. */
static __always_inline bool wakes_by(struct ipc_run *run, struct ipc_run *by)
{
	const struct ipc_object_id *obj = waits_on(run);

	if (same_object(obj, &by->obj))
		return true;
	if (by->obj2.mech && same_object(obj, &by->obj2)) {
		by->second_wakes++;
		return true;
	}
	if (!(by->flags & RUN_TAKES_MOVED) || by->obj.mech != obj->mech)
		return false;
	run->obj2 = by->obj;
	run->flags |= RUN_SECOND;
	return true;
}

/* What a dying task wakes is counted at once: its last operation ends unseen; and what one does that has ended. */
static __attribute__((noinline)) int count_last_wake(const struct ipc_run *by, const struct ipc_object_id *obj)
{
	struct ipc_edge_key key = {};
	struct ipc_edge *edge;

	if (!by || !obj)
		return 0;
	edge = edge_of(obj, by->op, current_actor(), &key);
	if (edge)
		add(&edge->wakes, 1);
	return 0;
}

/* Who wakes `run`: an operation on the same object, else an interrupt, a signal, or just a task. */
static __always_inline void note_waker(struct ipc_run *run, struct task_struct *wakee, struct ipc_run *by,
				       bool interrupt)
{
	run->wake_ns = bpf_ktime_get_ns();
	run->waker_kind = WAKER_TASK;
	run->waker = bpf_get_current_pid_tgid() >> 32;
	run->waker_start = current_start();
	if (by && wakes_by(run, by)) {
		by->wakes++;
		by->flags |= RUN_USED;
		if (by->flags & RUN_REMOVES)
			run->waker_kind = WAKER_REMOVAL;
		if (by->flags & RUN_ENDED)
			count_last_wake(by, waits_on(run));
	} else if (by && !interrupt && (by->flags & RUN_DYING) && by->obj.mech == waits_on(run)->mech) {
		count_last_wake(by, waits_on(run));
	} else if (interrupt) {
		run->waker_kind = WAKER_INTERRUPT;
		run->waker = 0;
		run->waker_start = 0;
	} else if (task_signal_pending(wakee)) {
		run->waker_kind = WAKER_SIGNAL;
	}
}

/* Where nothing is counted now that would see the waker: a wakeup of whose object is not known, or is found by the sleeper. */
static __always_inline void see_waker(const struct ipc_run *run, const struct ipc_run *by)
{
	if (run->waker && (!by || !by->row)) /* whose edge has a row was seen when it got it */
		ipc_process_see(run->waker, run->waker_start);
}

/*
 * The wakee may already be off its run queue and still in the slot of its CPU: schedule() drops the lock to
 * look for work before it reports the switch. What is not there is looked for among the kept ones after this
 * and not before: it leaves the slot when it is kept, and the CPU after that. The kernel has its lock, so that
 * there is one waker at a time, and it does not run before that one is done.
 */
static __always_inline struct ipc_run *early_run(struct task_struct *wakee)
{
	bool leaves = task_on_cpu(wakee) && task_off_queue(wakee);
	struct ipc_run *run;
	__u32 cpu;

	smp_rmb(); /* with the kernel's, which are between the slot, the run queue, the switch and on_cpu */
	if (!leaves)
		return NULL;
	cpu = task_cpu(wakee);
	run = run_slot_of(cpu);
	if (*(volatile __u64 *)&run->task == (__u64)wakee && !is_stale(run, wakee))
		return run;
	smp_rmb(); /* with keep_run() */
	return NULL;
}

/* Its task is inside the system call that it began in: no interrupt of user mode, no thread of softirqs. */
static __always_inline bool is_of_syscall(const struct ipc_run *run)
{
	return (__u32)run->call; /* -1 + 1 is in none */
}

SEC("?tp_btf/sched_waking")
int BPF_PROG(waking, struct task_struct *wakee)
{
	struct ipc_run *early = early_run(wakee), *run = early ? NULL : kept_run(wakee->pid), *by = run_slot();
	bool interrupt;

	if (by && by->task != current_task())
		by = NULL;
	if (!run && !by && !early)
		return 0;
	if (by && has_task_pt_regs() && is_stale(by, bpf_get_current_task_btf()))
		by = NULL;
	interrupt = by && is_of_syscall(by) ? on_interrupt_stack(ctx) : in_interrupt(ctx);
	if (interrupt && !(by && (by->flags & RUN_DELIVERS)))
		by = NULL;
	if (run && (run->flags & RUN_SLEEPS)) {
		if (run->flags & RUN_WOKEN)
			return 0;
		smp_rmb(); /* with ipc_sleeper_found() */
		run->flags |= RUN_WOKEN;
		if (PROFILE(PROFILE_STACKS))
			stack_of_waker(ctx, wakee->pid, interrupt && !by);
		if (!waits_for_peer(run)) {
			run->wake_ns = bpf_ktime_get_ns();
			return 0;
		}
		note_waker(run, wakee, by, interrupt);
		if (run->flags & RUN_UNRESOLVED)
			see_waker(run, by);
		note_wake(run);
	} else if (early) {
		note_waker(early, wakee, by, interrupt);
		see_waker(early, by);
		if (PROFILE(PROFILE_STACKS))
			stack_of_waker(ctx, wakee->pid, interrupt && !by);
		atomic_add_mb(&early->flags, RUN_WOKEN_EARLY & ~early->flags); /* with keep_run() */
		if (*(volatile __u64 *)&early->task != (__u64)wakee &&
		    (*(volatile __u32 *)&early->flags & RUN_WOKEN_EARLY))
			adopt_early_wake(early, wakee->pid);
	} else if (by && by->task != (__u64)wakee && !interrupt) {
		by->other_wakes++;
		by->flags |= RUN_USED;
	}
	return 0;
}

SEC("?tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task)
{
	struct ipc_process_key key = {
		.tgid = task->tgid,
		.start = task->group_leader->start_time >> IPC_START_SHIFT,
	};
	struct ipc_process *p = bpf_map_lookup_elem(&processes, &key);
	__u32 tid = task->pid;
	__u8 *class;

	if (p)
		__builtin_memcpy(p->comm, task->comm, IPC_COMM_LEN);
	if (cfg.filtered) {
		class = bpf_map_lookup_elem(&classes, &tid);
		if (class && *class != CLASS_FOLLOWED)
			*class = CLASS_UNKNOWN; /* its name changed: decide again */
	}
	return 0;
}

SEC("?tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 parent_tid = parent->pid, child_tid = child->pid;
	__u8 *from = bpf_map_lookup_elem(&classes, &parent_tid), *to;

	to = bpf_map_lookup_elem(&classes, &child_tid);
	if (from && to) /* also clears what an earlier user of the TID left */
		*to = cfg.follow && class_counts(*from) ? CLASS_FOLLOWED : CLASS_UNKNOWN;
	return 0;
}

SEC("?tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	/* the last of its threads: the first may end before the others do */
	if (!task->signal->live.counter) {
		struct ipc_process_key key = {
			.tgid = task->tgid,
			.start = task->group_leader->start_time >> IPC_START_SHIFT,
		};
		struct ipc_process *p = bpf_map_lookup_elem(&processes, &key);

		if (p)
			p->exited = (bpf_ktime_get_ns() >> IPC_START_SHIFT) + 1;
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
