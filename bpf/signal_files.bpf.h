/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What there is without any event: signals that are pending, tasks that wait for
 * some. A pass over all tasks; the one at the end also finds what was dropped.
 */
#ifndef SIGNAL_FILES_BPF_H
#define SIGNAL_FILES_BPF_H

#define WALK_PENDING 512

/* Instances of a real-time signal in a queue. Global, so that the verifier walks it once. */
__attribute__((noinline)) int ipc_signal_queued(__u64 queue, __u32 sig)
{
	struct list_head *first = &((struct sigpending *)queue)->list, *at = NULL;
	int queued = 0;

	if (!probe_read(&at, &first->next))
		return 0;
	for (int i = 0; i < WALK_PENDING; i++) {
		struct sigqueue *q = (void *)at - bpf_core_field_offset(struct sigqueue, list);
		__u32 signo = 0;

		if (!at || at == first)
			break;
		probe_read(&signo, &q->info.si_signo);
		queued += signo == sig;
		if (!probe_read(&at, &at->next))
			break;
	}
	return queued;
}

static __always_inline __u32 pending_in(__u64 queue, __u32 sig)
{
	struct sigpending *p = (void *)queue;
	__u64 set = 0;
	__u32 queued;

	probe_read(&set, &p->signal.sig[0]);
	if (!(set >> ((sig - 1) & 63) & 1))
		return 0;
	if (sig < SIGNAL_REALTIME)
		return 1;
	queued = ipc_signal_queued(queue, sig);
	return queued ?: 1; /* without room in the queue there is only the bit */
}

/* One signal of a process: its state, and how many are pending. Global for the loop around it. Returns 0. */
__attribute__((noinline)) int ipc_signal_sample(__u64 task, __u64 shared, __u64 id, __u32 sig)
{
	struct ipc_object_id obj = {.id = id, .domain = sig, .mech = MECH_SIGNAL};
	struct task_struct *t = (void *)task;
	struct signal_internals *s;
	struct ipc_object *o;
	bool is_new, first = !control_value(CONTROL_PASS);
	__u32 pending;

	if (!first && !bpf_map_lookup_elem(&objects, &obj))
		return 0;
	o = object_to_sample(&obj, &is_new);
	if (!o)
		return 0;
	pending = pending_in(shared, sig) + pending_in(task + bpf_core_field_offset(struct task_struct, pending), sig);
	s = target_words(&obj) ?: (void *)o->state;
	if (is_new)
		s->queued = pending;
	else if (s->queued - s->taken > pending)
		s->taken = s->queued - pending;
	signal_target_words(t, sig, s);
	signal_words(s);
	s->cpu = IPC_STATE_ABSENT; /* nothing was done to it here */
	if ((void *)s != o->state)
		__builtin_memcpy(o->state, s, sizeof(o->state));
	object_sampled(o, 0, is_new);
	return 0;
}

/* A process by its main thread: what is pending for that or for all. */
static __always_inline void sample_signals(struct seq_file *seq, struct task_struct *t, struct actor who)
{
	struct ipc_process_key key = {.tgid = who.tgid, .start = who.start};
	struct signal_target *target = bpf_map_lookup_elem(&signal_targets, &key);
	__u64 signals = t->pending.signal.sig[0] | t->signal->shared_pending.signal.sig[0], address = 0, shared = 0;

	if (target)
		signals |= target->signals;
	if (!signals || !probe_read(&address, &t->group_leader) || !probe_read(&shared, &t->signal))
		return; /* addresses go to a global function as numbers: read, not cast */
	if (!target)
		target = target_of(who);
	if (target)
		target->signals |= signals;
	shared += bpf_core_field_offset(struct signal_struct, shared_pending);
	process_see_task(t, who.tgid, who.start);
	for (__u32 i = 0; i < SIGNAL_MAX; i++) {
		struct ipc_object_id obj;

		if (!(signals >> i & 1))
			continue;
		signal_identify(who, i + 1, &obj);
		if (!holder_counts(&obj, who.tgid))
			continue;
		holder_found(seq, &obj, OP_RECV, who.tgid, who.start);
		ipc_signal_sample(address, shared, obj.id, i + 1);
	}
}

/* The set that it waits for: sigwait() lets through what it waits for, as sigsuspend() does. */
static __always_inline __u64 waits_for(struct task_struct *t, __u32 call, __u64 arg)
{
	__u64 left_out = 0;
	struct file *file;

	switch (call) {
	case CALL_SIGWAIT:
		return BPF_CORE_READ(t, real_blocked.sig[0]) & ~BPF_CORE_READ(t, blocked.sig[0]);
	case CALL_SUSPEND:
	case CALL_PAUSE:
		return ~BPF_CORE_READ(t, blocked.sig[0]);
	case CALL_READ:
		file = signalfd_of(t, arg);
		if (!file)
			return 0;
		left_out = (__u64)BPF_CORE_READ(file, private_data);
		return probe_read(&left_out, left_out) ? ~left_out : 0;
	}
	return 0;
}

/* The address of a task as a number: that of its link in its struct pid, less where the link lies. */
static __always_inline __u64 task_number(struct task_struct *t)
{
	__u64 pid = 0, link = 0;

	if (!probe_read(&pid, &t->thread_pid) || !probe_read(&link, pid + bpf_core_field_offset(struct pid, tasks)) || !link)
		return 0;
	return link - bpf_core_field_offset(struct task_struct, pid_links);
}

#define FORKED_NO_EXEC 0x40 /* PF_FORKNOEXEC */

/* COMMAND, before it is one, waits for us: that is our own doing. */
static __always_inline bool is_our_command(struct task_struct *t)
{
	return cfg.self_tgid && (t->flags & FORKED_NO_EXEC) && t->real_parent->tgid == (__s32)cfg.self_tgid;
}

/* A thread asleep in one of the calls that wait: which one, its registers say. */
static __always_inline void sample_waiter(struct task_struct *t, struct actor who)
{
	struct ipc_object_id obj;
	struct ipc_run *run;
	__u32 tid = t->pid, nr, call;
	__u64 set, arg;

	if (control_value(CONTROL_PASS) || is_our_command(t) || !(task_state(t) & TASK_INTERRUPTIBLE) || !task_syscall(t, &nr, &arg))
		return;
	call = call_of(nr);
	set = call ? waits_for(t, call, arg) : 0;
	if (!set)
		return;
	signal_identify(who, only_signal(set), &obj);
	if (!holder_counts(&obj, who.tgid) || kept_run(tid))
		return;
	ipc_sleeper_found(task_number(t), obj.id, PACK(&obj, OP_RECV, CAUSE_EMPTY), 0);
	run = kept_run(tid);
	if (!run)
		return;
	run->flags = (run->flags & ~RUN_SYSCALL) | RUN_OWN | RUN_UNRESOLVED;
	run->aux[AUX_ROLE] = ROLE_WAITS;
	run->aux[AUX_CALL] = call;
	process_see_task(t->group_leader, who.tgid, who.start);
}

SEC("?iter/task")
int signal_task_files(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	struct actor who;

	if (!t || cfg.no_probe_read)
		return 0;
	who = task_actor(t);
	if (who.tgid == cfg.self_tgid)
		return 0;
	if (t->pid == t->tgid)
		sample_signals(ctx->meta->seq, t, who);
	if (PROFILE(PROFILE_WAITS))
		sample_waiter(t, who);
	return 0;
}

#endif
