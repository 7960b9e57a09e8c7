// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Signals through the tracepoints signal_generate and signal_deliver, which every
 * signal that reaches a process passes, whoever sent it; both backends have them.
 * A signal that ends a process is not dequeued: the kernel notes its number for
 * the whole group and kills every thread with SIGKILL, which signal_deliver tells
 * without information. What sigwait() and signalfd take has no tracepoint: their
 * system calls are followed (signal_calls.bpf.h).
 *
 * Cannot see: pending signals that are dropped without delivery (another action
 * is set, SIGCONT meets SIGSTOP) before the next event of that signal.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define IPC_START_VERIFIED_ONCE

#include "ipctrace.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "op.bpf.h"
#include "found.bpf.h"
#include "plain.bpf.h"
#include "signal.bpf.h"

const volatile struct ipc_config cfg = {};

#include "signal_take.bpf.h"
#include "signal_calls.bpf.h"
#include "signal_send.bpf.h"
#include "signal_files.bpf.h"

/* SIGKILL that the kernel sent last on this CPU: oom_kill.c says only afterwards what it was for. */
struct kernel_kill {
	__u64 task;
	struct ipc_object_id obj;
};
IPC_MAP(kernel_kills, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct kernel_kill, 1);

static __always_inline void note_kernel_kill(const struct ipc_object_id *obj)
{
	__u32 zero = 0;
	struct kernel_kill *k = bpf_map_lookup_elem(&kernel_kills, &zero);

	if (!k)
		return;
	k->task = current_task();
	k->obj = *obj;
}

SEC("?tp_btf/signal_generate")
int BPF_PROG(generate, int sig, struct kernel_siginfo *info, struct task_struct *t, int group, int result)
{
	struct actor target = task_actor(t), by;
	struct generation g = {.sig = sig, .result = result, .to_thread = !group};
	struct op_result res = {};
	struct ipc_object_id obj;
	struct ipc_run *run;
	enum signal_info kind;
	struct ipc_edge *edge;
	struct ipc_row *row;

	if (sig < 1 || sig > SIGNAL_MAX)
		return 0;
	kind = info_kind(info);
	if (kind == INFO_REAL)
		read_info(&g, info);
	run = run_slot();
	if (!is_sending(run) || on_interrupt_stack(ctx))
		run = NULL;
	by = signal_sender(ctx, run, sig, kind, g.code, target.tgid);
	if (kind == INFO_NONE && by.tgid)
		g.pid = current_pid_for(t, by);
	signal_identify(target, sig, &obj);
	if (by.tgid && run)
		run->aux[AUX_TAKEN]++;
	else
		run = NULL;
	if (!generation_wanted(&obj, t, by))
		return 0;
	if (result == GENERATED_OVERFLOW)
		res.ret = -11; /* EAGAIN */
	row = target_row(&obj, t, target);
	drop_opposites(target, sig);
	edge = end_send(by, &obj, run, &res);
	if (!edge)
		return 0;
	count_generation(edge, t, &g);
	if (row) {
		struct signal_internals *s = (void *)row->edge.state;

		note_generation(s, &obj, t, by, &g);
		if (PROFILE(~0u))
			depth_note(edge, s->pending);
		if (PROFILE(PROFILE_EVENTS))
			__builtin_memcpy(edge->state, row->edge.state, sizeof(edge->state));
	}
	if (!by.tgid && by.start == ENDPOINT_KERNEL && sig == NR_SIGKILL)
		note_kernel_kill(&obj);
	if (PROFILE(PROFILE_EVENTS))
		op_emit_by(by, &obj, OP_SEND, run, &res, edge, ~0ull);
	if (run && run->flags != SENDER_BEGINS)
		run_forget_gathered(run); /* it is this one's: the call may send more, to a group */
	return 0;
}

/* The victim of the moment: the SIGKILL just sent, with the victim's lock held, was for want of memory. */
SEC("?tp_btf/mark_victim")
int BPF_PROG(oom_victim)
{
	struct ipc_edge_key key, oom;
	struct ipc_edge *edge, *from;
	struct signal_internals *s;
	struct kernel_kill *k;
	__u32 zero = 0;

	k = bpf_map_lookup_elem(&kernel_kills, &zero);
	if (!k || !k->task || k->task != current_task())
		return 0;
	k->task = 0;
	s = target_words(&k->obj);
	if (s && !s->sender && s->sender_start == ENDPOINT_KERNEL)
		s->sender_start = ENDPOINT_OOM;
	edge = edge_of(&k->obj, OP_SEND, no_process(ENDPOINT_OOM), &oom);
	from = edge_of(&k->obj, OP_SEND, no_process(ENDPOINT_KERNEL), &key);
	if (!edge || !from)
		return 0;
	add(&edge->ops, 1);
	depth_note(edge, from->depth);
	add(&from->ops, -1);
	if (!from->ops)
		edge_forget(from, &key);
	return 0;
}

SEC("?tp_btf/signal_deliver")
int BPF_PROG(deliver, int sig, struct kernel_siginfo *info, struct k_sigaction *ka)
{
	struct actor me = current_actor();
	struct ipc_run *run = run_mine();
	struct self self;
	__u32 how;

	self_read(&self);
	if (!is_waiting(run))
		run = NULL;
	if (info_kind(info) == INFO_NONE) {
		/* the end of the group: of exec, of exit, or of a signal that it died of */
		sig = self.group_exit & SIGNAL_GROUP_EXIT ? self.exit_code & 0x7f : 0;
		if (sig)
			died(me, sig, &self, run);
	} else if (sig >= 1 && sig <= SIGNAL_MAX) {
		how = how_taken(sig, (__u64)ka->sa.sa_handler, self.group_exit);
		if (how == TAKEN_KILLED)
			died(me, sig, &self, run);
		else
			take(me, sig, how, &self, run);
	}
	op_done(run);
	return 0;
}

/* Its signals end with it. Global for the loop's sake. */
__attribute__((noinline)) int ipc_signals_end(__u64 id, __u64 signals)
{
	struct ipc_object_id obj = {.id = id, .mech = MECH_SIGNAL};

	for (__u32 i = 0; i < SIGNAL_MAX; i++) {
		struct signal_internals *s;
		struct ipc_object *o;

		if (!(signals >> i & 1))
			continue;
		obj.domain = i + 1;
		o = bpf_map_lookup_elem(&objects, &obj);
		if (!o)
			continue;
		s = target_words(&obj);
		if (s)
			__builtin_memcpy(o->state, s, sizeof(o->state));
		o->flags |= OBJECT_DESTROYED;
		o->last_ns = bpf_ktime_get_ns();
	}
	return 0;
}

SEC("?tp_btf/sched_process_exit")
int BPF_PROG(target_exit, struct task_struct *task)
{
	struct actor me = task_actor(task);
	struct ipc_process_key key = {.tgid = me.tgid, .start = me.start};
	struct signal_target *target;
	__u32 code;

	if (task->signal->live.counter)
		return 0; /* other threads go on */
	target = bpf_map_lookup_elem(&signal_targets, &key);
	code = task->signal->flags & SIGNAL_GROUP_EXIT ? task->signal->group_exit_code : task->exit_code;
	code &= 0x7f;
	if (code && (!target || !target->died_of) && code <= SIGNAL_MAX) {
		struct self self = {}; /* no delivery told it: the kernel ended it on its own */

		died(me, code, &self, NULL);
		target = bpf_map_lookup_elem(&signal_targets, &key);
	}
	if (!target)
		return 0;
	ipc_signals_end((__u64)me.start << 32 | me.tgid, target->signals);
	bpf_map_delete_elem(&signal_targets, &key);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
