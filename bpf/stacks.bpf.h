/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * PROFILE_STACKS: where tasks slept inside operations and from where they were woken.
 * Both are taken in the scheduler's tracepoints, where the task is the current one, and
 * summed up when the sleeper runs again. Included by core.bpf.c.
 *
 * Accepted: a waker that comes while the sleeper is on its way off the CPU may be
 * forgotten; the wait is counted with no stack of a waker then.
 */
#ifndef STACKS_BPF_H
#define STACKS_BPF_H

/* The current task's stack. EFAULT: it has none (a kernel thread's in user space). */
static __always_inline __s32 stack_here(void *ctx, __u64 flags)
{
	int id = bpf_get_stackid(ctx, &stacks, flags);

	if (id >= 0)
		return id;
	if (id == -14 /* EFAULT */)
		return STACK_NONE;
	lose(LOSS_MAP_FULL);
	return STACK_LOST;
}

static struct ipc_stack_sleep no_stacks = {
	.kernel = STACK_NONE, .user = STACK_NONE, .waker_kernel = STACK_NONE, .waker_user = STACK_NONE};

static __always_inline struct ipc_stack_sleep *stack_sleep_new(__u32 tid)
{
	map_create(&stack_sleeps, &tid, &no_stacks);
	return bpf_map_lookup_elem(&stack_sleeps, &tid);
}

/* The current task goes to sleep. woken: by somebody who was faster. */
static __always_inline void stack_of_sleeper(void *ctx, __u32 tid, bool woken)
{
	struct ipc_stack_sleep *s = bpf_map_lookup_elem(&stack_sleeps, &tid);

	if (!s)
		s = stack_sleep_new(tid);
	else if (!woken)
		*s = no_stacks;
	if (!s)
		return;
	s->kernel = stack_here(ctx, 0);
	s->user = stack_here(ctx, BPF_F_USER_STACK);
}

/* The current task, or an interrupt that it has nothing to do with, wakes the one with this TID. */
static __always_inline void stack_of_waker(void *ctx, __u32 tid, bool interrupt)
{
	struct ipc_stack_sleep *s = bpf_map_lookup_elem(&stack_sleeps, &tid);

	if (!s)
		s = stack_sleep_new(tid);
	if (!s)
		return;
	s->waker_kernel = stack_here(ctx, 0);
	s->waker_kind = interrupt ? WAKER_INTERRUPT : WAKER_TASK;
	s->waker_user = interrupt ? STACK_NONE : stack_here(ctx, BPF_F_USER_STACK);
	s->waker = interrupt ? 0 : bpf_get_current_pid_tgid() >> 32;
	s->waker_start = interrupt ? 0 : current_start();
}

static struct ipc_stack_sum zero_stack_sum;

/* A sleep of this length is over. What it was on is not known of a call that is not resolved yet: not summed up. */
static __always_inline void stack_sum_up(const struct ipc_run *run, const struct ipc_object_id *obj, __u32 tid, __u64 wait_ns)
{
	struct ipc_stack_sleep *s = bpf_map_lookup_elem(&stack_sleeps, &tid);
	struct ipc_stack_key key = {};
	struct ipc_stack_sum *sum;

	if (!s)
		return;
	if (!obj->mech || (run->flags & RUN_UNRESOLVED)) {
		bpf_map_delete_elem(&stack_sleeps, &tid);
		return;
	}
	key.obj = *obj;
	key.tgid = run->tgid;
	key.start = run->start;
	key.op = run->op;
	key.cause = run->cause;
	key.kernel = s->kernel;
	key.user = s->user;
	key.waker_kernel = s->waker_kernel;
	key.waker_user = s->waker_user;
	key.waker = s->waker;
	key.waker_start = s->waker_start;
	key.waker_kind = s->waker_kind;
	bpf_map_delete_elem(&stack_sleeps, &tid);
	sum = bpf_map_lookup_elem(&stack_waits, &key);
	if (!sum) {
		map_create(&stack_waits, &key, &zero_stack_sum);
		sum = bpf_map_lookup_elem(&stack_waits, &key);
	}
	if (!sum)
		return;
	add(&sum->waits, 1);
	add(&sum->wait_ns, wait_ns);
}

#endif
