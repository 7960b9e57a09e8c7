/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An operation in progress, struct ipc_run: it begins, its task may leave the CPU
 * and come back, it ends.
 *
 * It lives in the slot of its CPU: an array look-up and a few stores, against 107
 * instructions (6.1) for task storage and 159 for a hash. Only when its task
 * leaves the CPU is it kept by TID, in a row of an array as long as that is free.
 */
#ifndef RUN_BPF_H
#define RUN_BPF_H

#define PROFILE(bits) (cfg.profile & (bits))

static __always_inline struct ipc_run *run_slot_of(__u32 cpu)
{
	struct ipc_run *run = &running[cpu & cfg.cpu_mask];

	asm volatile("" : "+r"(run)); /* once, and kept: clang would keep what it is made of, which takes more stack */
	return run;
}

static __always_inline struct ipc_run *run_slot(void)
{
	return run_slot_of(bpf_get_smp_processor_id());
}

/* How often this CPU has changed its task: tells a program that others ran in the middle of it. */
static __always_inline __u64 switches_here(void)
{
	struct ipc_run *run = run_slot();

	return run ? *(volatile __u64 *)&run->switches : 0;
}

/* An end that was missed left `run` behind: its task is in another call by now. */
static __always_inline bool is_stale(const struct ipc_run *run, struct task_struct *task)
{
	return run->call && run->call != call_id(task);
}

static __always_inline struct ipc_kept *kept_row(__u32 tid)
{
	__u32 at = tid & cfg.kept_mask;

	return bpf_map_lookup_elem(&kept, &at);
}

/* The same as kept_run(), with the row at hand. The idle task, of TID 0, has no operation. */
static __always_inline struct ipc_run *kept_run_at(struct ipc_kept *row, __u32 tid)
{
	if (!row || !tid)
		return NULL;
	if (*(volatile __u32 *)&row->tid == tid) {
		smp_rmb(); /* with keep_by_tid: what is there is tid's */
		return &row->run;
	}
	return row->others ? bpf_map_lookup_elem(&sleepers, &tid) : NULL;
}

/* The kept operation of a task that is off its CPU, or NULL. */
static __always_inline struct ipc_run *kept_run(__u32 tid)
{
	return kept_run_at(kept_row(tid), tid);
}

static __always_inline void forget_other(struct ipc_kept *row, __u32 tid)
{
	if (row->others && !bpf_map_delete_elem(&sleepers, &tid))
		__sync_fetch_and_add(&row->others, -1);
}

static __always_inline void drop_run_at(struct ipc_kept *row, __u32 tid)
{
	if (!row)
		return;
	if (row->tid == tid) {
		*(volatile __u32 *)&row->tid = 0;
		atomic_add_mb(&row->claims, -1); /* who claims it next writes tid after this */
	}
	forget_other(row, tid); /* what the iterator found while it went to sleep, too */
}

static __always_inline void drop_run(__u32 tid)
{
	drop_run_at(kept_row(tid), tid);
}

/* Of several that ask at once, at most one gets it; nobody does while another has it, who takes 1 off in the end. */
static __always_inline bool claim(__u32 *claims)
{
	atomic_add_mb(claims, 1); /* with who writes before that */
	if (*(volatile __u32 *)claims == 1)
		return true;
	__sync_fetch_and_add(claims, -1);
	return false;
}

/* All but what belongs to the CPU, and the name, which only who reads of sleepers asks for. */
static __always_inline void run_copy(struct ipc_run *to, const struct ipc_run *from)
{
	const __u32 begin = __builtin_offsetof(struct ipc_run, obj), end = __builtin_offsetof(struct ipc_run, comm);

	_Static_assert(__builtin_offsetof(struct ipc_run, comm) + IPC_COMM_LEN == sizeof(struct ipc_run) &&
			       __builtin_offsetof(struct ipc_run, obj) == 4 * sizeof(__u64),
		       "task, what is the CPU's, the rest, comm");
	to->task = from->task;
	__builtin_memcpy(&to->obj, &from->obj, end - begin);
}

/* Keeps the operation of a task that leaves its CPU, in place of what is left of an earlier one. */
static __always_inline void keep_by_tid(struct ipc_run *run, __u32 tid, const struct task_struct *task)
{
	struct ipc_kept *row = kept_row(tid);

	if (!row)
		return;
	forget_other(row, tid);
	if (row->tid == tid || claim(&row->claims)) {
		*(volatile __u32 *)&row->tid = 0;
		smp_wmb(); /* with take_kept of user space: half of it is nobody's */
		run_copy(&row->run, run);
		__builtin_memcpy(row->run.comm, task->comm, IPC_COMM_LEN);
		smp_wmb();
		*(volatile __u32 *)&row->tid = tid;
		return;
	}
	__builtin_memcpy(run->comm, task->comm, IPC_COMM_LEN);
	if (bpf_map_update_elem(&sleepers, &tid, run, BPF_ANY))
		lose(LOSS_MAP_FULL);
	else
		__sync_fetch_and_add(&row->others, 1);
}

static __always_inline void ends_wait(struct ipc_run *run, __u64 now_ns)
{
	__u64 wake_ns = run->wake_ns;

	if (wake_ns < run->sleep_ns) /* not seen, or the clock of another CPU */
		wake_ns = now_ns;
	run->wait_ns += wake_ns - run->sleep_ns;
	run->sched_delay_ns += now_ns - wake_ns;
	run->flags &= ~RUN_SLEEPS;
}

/* What was kept of a task that runs again goes back into the slot of its CPU. */
static __always_inline void run_restore(struct ipc_run *slot, struct ipc_run *run, struct ipc_kept *row, __u32 tid)
{
	run_copy(slot, run);
	drop_run_at(row, tid);
}

static __attribute__((noinline)) int run_reclaim(struct ipc_run *slot)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct ipc_kept *row = kept_row(tid);
	struct ipc_run *run = kept_run_at(row, tid);

	if (!slot || !run || run->task != current_task())
		return 0;
	if (run->flags & RUN_SLEEPS)
		ends_wait(run, bpf_ktime_get_ns());
	run_restore(slot, run, row, tid);
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

/* Two fields that lie together, with one store. */
#define STORE_TWO(run, first, value)                                                                              \
	do {                                                                                                      \
		_Static_assert(__builtin_offsetof(struct ipc_run, first) % 8 == 0, "aligned");                    \
		*(__u64 __attribute__((may_alias)) *)&(run)->first = (value);                                     \
	} while (0)

/* What an operation gathers while it waits and whom it wakes, back to nothing. */
static __always_inline void run_forget_gathered(struct ipc_run *run)
{
	run->wait_ns = 0;
	run->sched_delay_ns = 0;
	STORE_TWO(run, waits, 0); /* and spurious */
	STORE_TWO(run, wakes, 0); /* and other_wakes */
	STORE_TWO(run, own_waits, 0); /* and lock_waits */
	STORE_TWO(run, io_waits, 0); /* and second_wakes */
}

/* The same, and what its hooks note; see RUN_USED. */
static __always_inline void run_clear(struct ipc_run *run, __u32 flags)
{
	run->obj2.mech = 0;
	run->begin_ns = 0;
	run->wake_ns = 0;
	run_forget_gathered(run);
	STORE_TWO(run, start, (__u64)flags << 32);
	STORE_TWO(run, aux[1], 0); /* and aux[2] */
	run->aux[3] = 0;
}

/* The current task, and which call it is in. */
struct caller {
	__u64 task;
	__u64 call;
};

static __always_inline struct caller caller_and_call(void)
{
	struct caller me = {};

	if (has_task_pt_regs()) { /* and then it has the other helper, too */
		struct task_struct *current = bpf_get_current_task_btf();

		me.task = (__u64)current;
		me.call = call_id(current);
	} else {
		me.task = current_task();
	}
	return me;
}

/* Its call for waits only. */
static __always_inline struct caller current_caller(void)
{
	return PROFILE(PROFILE_WAITS) ? caller_and_call() : (struct caller){.task = current_task()};
}

/* An outer operation of the same task keeps the slot. */
static __always_inline bool run_is_kept(const struct ipc_run *run, __u64 task)
{
	return run->task == task && (run->flags & RUN_OUTER);
}

/* Clears a slot out of the way of what most often is clear. 0: it is kept. */
static __attribute__((noinline, unused)) int run_clear_used(struct ipc_run *run, __u64 task)
{
	if (!run || run_is_kept(run, task))
		return 0;
	run_clear(run, 0);
	return 1;
}

/*
 * Writes the slot of this CPU. The task may be preempted while it does, and
 * another one use the slot meanwhile: the second pass repairs that. Returns the
 * slot, or NULL when an outer operation of the same task keeps it.
 */
static __always_inline struct ipc_run *op_begin(const struct ipc_object_id *obj, __u8 op, __u8 own_cause, __u64 kobj)
{
	struct ipc_run *run = run_slot();
	struct caller me = current_caller();

	if (!run || run_is_kept(run, me.task))
		return NULL;
	for (int i = 0; i < 2; i++) {
		__u64 switches = *(volatile __u64 *)&run->switches;

		run_clear(run, RUN_USED);
		barrier(); /* clang 14 leaves it out of the first pass otherwise */
		run->obj = *obj;
		run->kobj = kobj;
		run->iter = 0;
		STORE_TWO(run, op, op | (__u32)own_cause << 16); /* and op2, cause, waker */
		STORE_TWO(run, row, 0); /* and aux[0] */
		run->size = ~0ull;
		if (PROFILE(PROFILE_LATENCY | PROFILE_EVENTS))
			run->begin_ns = bpf_ktime_get_ns();
		run->call = me.call;
		barrier();
		run->task = me.task;
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

/* The slot is free again. Called last: the run is dead after it. */
static __always_inline void op_done(struct ipc_run *run)
{
	if (run)
		run->task = 0;
}

#endif
