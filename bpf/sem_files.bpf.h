/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sets that exist without any operation (sysv_found.bpf.h). Who sleeps on a set
 * stands in its queues; who holds something in it by SEM_UNDO, in the task.
 * Nothing is locked. Included by sem.bpf.c.
 */

/* Words of a semaphore's part; SEM_PART_UNDO + PID: of what that process would give back. */
enum {
	SEM_PART_VALUE = 0,
	SEM_PART_NCNT = 1, /* calls that wait for this one to rise */
	SEM_PART_ZCNT = 2, /* and for it to be zero */
	SEM_PART_PID = 3,  /* who operated on it last */
	SEM_UNDO_RAISES = 0,
	SEM_UNDO_LOWERS = 1,
};
#define SEM_PART_UNDO (1ull << 32)

/* A call waits because of this semaphore: what semncnt and semzcnt count. Global, as all below: verified once. */
__attribute__((noinline)) int sem_note_waiter(__u32 id, __u32 domain, __u32 number, __u32 word)
{
	struct ipc_object_id obj;
	struct ipc_part *part;

	if (number >= WALK_SEMAPHORES)
		return 0;
	sem_identify(id, domain, &obj);
	part = part_found(&obj, number);
	if (part)
		part->words[word == SEM_PART_ZCNT ? SEM_PART_ZCNT : SEM_PART_NCNT]++;
	return 0;
}

__attribute__((noinline)) int sem_note_value(__u64 sem, __u32 id, __u32 domain, __u32 number)
{
	struct ipc_object_id obj;
	struct ipc_part *part;
	__u64 pid = 0;

	sem_identify(id, domain, &obj);
	part = part_found(&obj, number);
	if (!part)
		return 0;
	probe_read(&part->words[SEM_PART_VALUE], sem + bpf_core_field_offset(struct sem, semval));
	probe_read(&pid, sem + bpf_core_field_offset(struct sem, sempid));
	part->words[SEM_PART_PID] = pid ? BPF_CORE_READ((struct pid *)pid, numbers[0].nr) : 0;
	return 0;
}

__attribute__((noinline)) int sem_note_values(__u64 sma, __u32 id, __u32 domain, __u32 nsems)
{
	__u64 sem = sma + bpf_core_field_offset(struct sem_array, sems);

	for (__u32 i = 0; i < WALK_SEMAPHORES; i++) {
		if (i >= nsems)
			break;
		sem_note_value(sem, id, domain, i);
		sem += bpf_core_type_size(struct sem);
	}
	return 0;
}

#define SLEEPERS_KNOWN (1ull << 31) /* of what PACK() makes: they were told in an earlier pass, and are only counted */

/* Every call that sleeps in one queue of a set. */
__attribute__((noinline)) int sem_sleepers_of(__u64 queue, __u32 id, __u64 packed, __u64 sma)
{
	struct list_head *head = (void *)queue, *at = NULL;

	if (!probe_read(&at, &head->next))
		return 0;
	for (int i = 0; i < WALK_WAITERS; i++) {
		struct sem_queue *q = (void *)at; /* `list` is its first member */
		__u64 sleeper = 0, sops = 0, blocking = 0, call;
		__u32 nsops = 0;
		short op = 0;
		__u16 number = 0;

		if (!at || at == head)
			return 0;
		probe_read(&sleeper, &q->sleeper);
		probe_read(&sops, &q->sops);
		probe_read(&nsops, &q->nsops);
		probe_read(&blocking, &q->blocking);
		probe_read(&op, &((struct sembuf *)blocking)->sem_op);
		if (probe_read(&number, &((struct sembuf *)blocking)->sem_num))
			sem_note_waiter(id, packed >> 32, number, op ? SEM_PART_NCNT : SEM_PART_ZCNT);
		call = sem_call(sops, nsops, false);
		if (sleeper && !(packed & SLEEPERS_KNOWN))
			ipc_sleeper_found(sleeper, id, packed | call_op(call) << 8 | (op ? CAUSE_VALUE : CAUSE_ZERO), sma);
		if (!probe_read(&at, &at->next))
			return 0;
	}
	lose(LOSS_UNRESOLVED);
	return 0;
}

static __always_inline void sleepers_of_set(__u64 sma, const struct ipc_object_id *obj, __u32 nsems, bool known)
{
	__u64 packed = PACK(obj, 0, 0) | (known ? SLEEPERS_KNOWN : 0), sem = sma + bpf_core_field_offset(struct sem_array, sems);

	sem_sleepers_of(sma + bpf_core_field_offset(struct sem_array, pending_alter), obj->id, packed, sma);
	sem_sleepers_of(sma + bpf_core_field_offset(struct sem_array, pending_const), obj->id, packed, sma);
	for (__u32 i = 0; i < WALK_SEMAPHORES; i++) {
		if (i >= nsems)
			return;
		sem_sleepers_of(sem + bpf_core_field_offset(struct sem, pending_alter), obj->id, packed, sma);
		sem_sleepers_of(sem + bpf_core_field_offset(struct sem, pending_const), obj->id, packed, sma);
		sem += bpf_core_type_size(struct sem);
	}
	lose(LOSS_UNRESOLVED);
}

/* 1: it was operated on; 3: and who did it last lives. Global, so that the loop is short. */
__attribute__((noinline)) int sem_operator(__u64 sem)
{
	__u64 pid = 0, task = 0;

	probe_read(&pid, sem + bpf_core_field_offset(struct sem, sempid));
	if (!pid)
		return 0;
	probe_read(&task, &((struct pid *)pid)->tasks[PIDTYPE_TGID].first);
	return task ? 3 : 1;
}

/* Of how many semaphores the last operator lives; IPC_STATE_ABSENT when none was ever operated on. */
__attribute__((noinline)) __u32 sem_live(__u64 sma, __u32 nsems)
{
	__u64 sem = sma + bpf_core_field_offset(struct sem_array, sems);
	__u32 live = 0, known = 0;

	for (__u32 i = 0; i < WALK_SEMAPHORES; i++) {
		int operator;

		if (i >= nsems)
			break;
		operator = sem_operator(sem);
		known |= operator;
		live += operator >> 1; /* no branch: what a path knows would make each step of the loop a new one */
		sem += bpf_core_type_size(struct sem);
	}
	return known ? live : IPC_STATE_ABSENT;
}

__attribute__((noinline)) int sysv_found(__u64 sma, __u32 domain)
{
	struct ipc_object_id obj;
	struct ipc_object *o;
	__u32 id = 0;
	bool is_new, is_first;

	if (!probe_read(&id, &((struct kern_ipc_perm *)sma)->id))
		return 0;
	sem_identify(id, domain, &obj);
	if (!holder_counts(&obj, 0))
		return 0;
	o = object_to_sample(&obj, &is_new);
	if (!o || sem_state(o->state, sma, id, 0))
		return 0;
	o->state[2] = sem_live(sma, o->state[0]);
	sysv_name(&obj, o->state[1]);
	is_first = object_sampled(o, 0, is_new);
	sem_note_values(sma, id, domain, o->state[0]);
	if (is_first || PROFILE(PROFILE_DETAIL))
		sleepers_of_set(sma, &obj, o->state[0], !is_first);
	return 0;
}

#include "sysv_found.bpf.h"

#define NO_SET ~0ull

/* The set that an entry would give units back to, if that counts; NO_SET. Global: verified once, not at each step. */
__attribute__((noinline)) __u64 sem_held_set(__u64 un, __u64 ns, __u32 domain, __u32 tgid)
{
	struct ipc_object_id obj;
	__u32 nsems = 0;
	__s32 id = -1;
	__u64 sma, units;
	struct ipc_part *part;

	if (!probe_read(&id, un + bpf_core_field_offset(struct sem_undo, semid)))
		return NO_SET;
	sma = sysv_find(ns, SYSV_SEM, id);
	if (!sma || !probe_read(&nsems, &((struct sem_array *)sma)->sem_nsems))
		return NO_SET;
	sem_identify(id, domain, &obj);
	units = sem_undo_units(un, nsems);
	if (!(__u32)units || !holder_counts(&obj, tgid))
		return NO_SET;
	part = part_found(&obj, SEM_PART_UNDO + tgid);
	if (part) {
		part->words[SEM_UNDO_RAISES] = units;
		part->words[SEM_UNDO_LOWERS] = units >> 32;
	}
	return obj.id;
}

/* A row for every set that the process would give units back to. */
static __always_inline void undo_holders(struct seq_file *seq, struct task_struct *task, __u64 ns, __u32 domain)
{
	struct sem_undo_list *list = task->sysvsem.undo_list;
	struct task_struct *leader = task->group_leader;
	__u32 tgid = task->tgid, start = leader->start_time >> IPC_START_SHIFT;
	__u64 head, entry = 0;
	bool holds = false;

	if (!list || ((__u32)task->pid != tgid && leader->sysvsem.undo_list == list))
		return;
	if (!probe_read(&entry, &list->list_proc.next))
		return;
	head = (__u64)list + bpf_core_field_offset(struct sem_undo_list, list_proc);
	for (int i = 0; i < WALK_UNDOS; i++) {
		struct ipc_object_id obj;
		__u64 id;

		if (!entry || entry == head)
			break;
		id = sem_held_set(entry - bpf_core_field_offset(struct sem_undo, list_proc), ns, domain, tgid);
		if (id != NO_SET) {
			sem_identify(id, domain, &obj);
			holder_found(seq, &obj, OP_RECV, tgid, start);
			holds = true;
		}
		if (!probe_read(&entry, &((struct list_head *)entry)->next))
			break;
	}
	if (holds)
		process_see_task(leader, tgid, start);
}

SEC("?iter/task")
int sem_objects(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task || !task->nsproxy || cfg.no_probe_read)
		return 0;
	sysv_walk(task, SYSV_SEM);
	undo_holders(ctx->meta->seq, task, (__u64)BPF_CORE_READ(task, nsproxy, ipc_ns), task->nsproxy->ipc_ns->ns.inum);
	return 0;
}
