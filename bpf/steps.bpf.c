// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What tasks do to each other, for the critical path of a COMMAND: of each task that is
 * followed when it was woken out of which sleep and by whom, who made it, when it
 * exited. Loaded for that view and for recordings with events only; one ring buffer
 * record a step, in struct ipc_event with MECH_NONE.
 *
 * Cannot see: a wakeup of a task that has not left its run queue yet, which has not
 * slept; for whom an interrupt came.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "ipctrace.h"
#include "steps.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "op.bpf.h"

const volatile struct ipc_config cfg = {};

/* Since when a task sleeps, by TID. */
IPC_MAP(asleep, BPF_MAP_TYPE_HASH, __u32, __u64, 1 << 16);

static __always_inline bool is_followed(__u32 tid)
{
	__u8 *class = bpf_map_lookup_elem(&classes, &tid);

	return class && class_counts(*class);
}

/* A record of a step of `task`; all but the times, the waker and the call are filled. NULL: no room, a loss. */
static __always_inline struct ipc_event *step_begin(struct task_struct *task, __u8 step)
{
	struct ipc_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		lose(LOSS_RING_FULL);
		return NULL;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->time_ns = bpf_ktime_get_ns();
	e->wake_ns = e->time_ns;
	e->result = -1;
	e->tgid = task->tgid;
	e->tid = task->pid;
	e->op = step;
	__builtin_memcpy(e->comm, task->comm, IPC_COMM_LEN);
	return e;
}

static __always_inline int on_switch(struct task_struct *prev, struct task_struct *next, bool sleeps)
{
	__u32 prev_tid = prev->pid, next_tid = next->pid;
	__u64 now_ns;

	if (sleeps && is_followed(prev_tid)) {
		now_ns = bpf_ktime_get_ns();
		if (bpf_map_update_elem(&asleep, &prev_tid, &now_ns, BPF_ANY))
			lose(LOSS_MAP_FULL);
	}
	if (is_followed(next_tid)) /* it was woken before it was off its CPU */
		bpf_map_delete_elem(&asleep, &next_tid);
	return 0;
}

/* Two, for the reasons that core.bpf.c has */
SEC("?tp_btf/sched_switch")
int BPF_PROG(step_switch_with_state, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	return on_switch(prev, next, !preempt && prev_state);
}

SEC("?tp_btf/sched_switch")
int BPF_PROG(step_switch_without_state, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	return on_switch(prev, next, !preempt && !task_on_rq(prev));
}

/* An interrupt is nobody's doing, but for what the interrupted task has just sent over loopback. */
static __always_inline bool is_tasks_doing(void *ctx)
{
	struct ipc_run *by = run_slot();

	if (!(__u32)bpf_get_current_pid_tgid())
		return false;
	return !in_interrupt(ctx) || (by && by->task == current_task() && (by->flags & RUN_DELIVERS));
}

SEC("?tp_btf/sched_waking")
int BPF_PROG(step_waking, struct task_struct *wakee)
{
	__u32 tid = wakee->pid, nr = 0;
	__u64 *since, arg = 0;
	struct ipc_event *e;

	if (!is_followed(tid))
		return 0;
	since = bpf_map_lookup_elem(&asleep, &tid);
	if (!since && !task_off_queue(wakee))
		return 0;
	e = step_begin(wakee, STEP_WAKE);
	if (e) {
		e->sleep_ns = since ? *since : 0;
		if (is_tasks_doing(ctx)) {
			e->waker = bpf_get_current_pid_tgid() >> 32;
			e->depth = bpf_get_current_pid_tgid();
			bpf_get_current_comm(e->state, IPC_COMM_LEN);
		} else {
			e->waker_kind = WAKER_INTERRUPT;
		}
		if (task_syscall(wakee, &nr, &arg))
			e->result = (__s32)nr;
		bpf_ringbuf_submit(e, 0);
	}
	bpf_map_delete_elem(&asleep, &tid);
	return 0;
}

SEC("?tp_btf/sched_process_fork")
int BPF_PROG(step_fork, struct task_struct *parent, struct task_struct *child)
{
	struct ipc_event *e;

	if (!cfg.follow || !is_followed(parent->pid))
		return 0;
	e = step_begin(child, STEP_FORK);
	if (!e)
		return 0;
	e->waker = parent->tgid;
	e->depth = parent->pid;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("?tp_btf/sched_process_exit")
int BPF_PROG(step_exit, struct task_struct *task)
{
	struct ipc_event *e;

	if (!is_followed(task->pid))
		return 0;
	e = step_begin(task, STEP_EXIT);
	if (e)
		bpf_ringbuf_submit(e, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
