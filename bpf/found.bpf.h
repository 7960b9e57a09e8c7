/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a pass over existing objects finds, for the iterators of all mechanisms:
 * who holds an object, who sleeps on it.
 *
 * Since when a sleeper sleeps is taken from the scheduler's clock when it last
 * left its CPU, set against ours: good to some tens of milliseconds.
 */
#ifndef FOUND_BPF_H
#define FOUND_BPF_H

#include "part.bpf.h"

#define WALK_WAITERS 512
#define INSIDE_UNKNOWN (-1ll) /* of a number of bytes */

static __always_inline __u64 control_value(__u32 what)
{
	__u64 *value = bpf_map_lookup_elem(&control_values, &what);

	return value ? *value : 0;
}

/* The process record of a task that is not current. */
static __always_inline void process_see_task(struct task_struct *leader, __u32 tgid, __u32 start)
{
	struct ipc_process_key key = {.tgid = tgid, .start = start};
	struct ipc_process *p = bpf_map_lookup_elem(&processes, &key);

	if (p)
		return;
	map_create(&processes, &key, &zero_process);
	p = bpf_map_lookup_elem(&processes, &key);
	if (!p)
		return;
	p->start_ns = leader->start_time;
	p->ppid = leader->real_parent->tgid;
	p->uid = leader->cred->uid.val;
	p->cgroup_id = task_cgroup_id(leader);
	process_namespace(p, leader);
	__builtin_memcpy(p->comm, leader->comm, IPC_COMM_LEN);
}

/* The same by address, for a task that was met on a list. */
static __always_inline void process_found(struct task_struct *leader, __u32 tgid, __u32 start)
{
	struct ipc_process_key key = {.tgid = tgid, .start = start};
	struct ipc_process *p = bpf_map_lookup_elem(&processes, &key);

	if (p)
		return;
	map_create(&processes, &key, &zero_process);
	p = bpf_map_lookup_elem(&processes, &key);
	if (!p)
		return;
	p->start_ns = BPF_CORE_READ(leader, start_time);
	p->ppid = BPF_CORE_READ(leader, real_parent, tgid);
	p->uid = BPF_CORE_READ(leader, cred, uid.val);
	p->cgroup_id = BPF_CORE_READ(leader, cgroups, dfl_cgrp, kn, id);
	process_namespace(p, leader);
	BPF_CORE_READ_INTO(&p->comm, leader, comm);
}

/* The run queue's clock when the task last left a CPU: when it came, and how long it ran since. */
static __always_inline __u64 left_cpu_ns(struct task_struct *task)
{
	return BPF_CORE_READ(task, sched_info.last_arrival) + BPF_CORE_READ(task, se.sum_exec_runtime) -
	       BPF_CORE_READ(task, se.prev_sum_exec_runtime);
}

/*
 * Since when a task is off its CPU, on our clock: its departure, set against the
 * same sum for ourselves, which is now. se.exec_start would do, but leaves out
 * stolen and interrupt time: off by a second on a busy virtual machine.
 */
static __always_inline __u64 asleep_since_ns(struct task_struct *task)
{
	struct task_struct *me = (void *)bpf_get_current_task();
	__u64 now_ns = bpf_ktime_get_ns(), then, mine;

	if (cfg.no_probe_read)
		return now_ns;
	then = left_cpu_ns(task);
	mine = left_cpu_ns(me);
	return then && then < mine ? now_ns - (mine - then) : now_ns;
}

/* What a pass finds of a part begins at 0: what it found before is over. */
static __always_inline struct ipc_part *part_found(const struct ipc_object_id *obj, __u64 number)
{
	struct ipc_part *part = PROFILE(PROFILE_DETAIL) ? part_of(obj, number) : NULL;
	__u32 pass = control_value(CONTROL_PASS) + 1;

	if (part && part->words[IPC_PART_PASS] != pass) {
		__builtin_memset(part->words, 0, sizeof(part->words));
		part->words[IPC_PART_PASS] = pass;
	}
	return part;
}

static struct ipc_run zero_run;

/* What the walk passes on: a global function of 5.10 takes numbers only. */
#define PACK(obj, op, cause) (((__u64)(obj)->domain << 32) | ((obj)->mech << 16) | ((op) << 8) | (cause))
/* Besides: who sleeps was told in an earlier pass. Asked by the callee: a branch of a walk that calls it costs all its steps. */
#define SLEEPERS_KNOWN (1ull << 31)

/*
 * A task found asleep on an object: an operation in progress whose entry was never
 * seen. Global, so that the verifier looks at it once and not once per step of
 * the walk. Returns 0.
 */
__attribute__((noinline)) int ipc_sleeper_found(__u64 task_addr, __u64 id, __u64 packed, __u64 kobj)
{
	struct task_struct *task = (void *)task_addr;
	struct ipc_kept *row;
	__u32 tid = 0;
	struct ipc_run *run;
	__u64 start_ns;

	if (!probe_read(&tid, &task->pid) || !tid)
		return 0;
	row = kept_row(tid);
	if (!row || row->tid == tid || bpf_map_lookup_elem(&sleepers, &tid))
		return 0;
	if (bpf_map_update_elem(&sleepers, &tid, &zero_run, BPF_NOEXIST)) {
		lose(LOSS_MAP_FULL);
		return 0;
	}
	run = bpf_map_lookup_elem(&sleepers, &tid);
	if (!run)
		return 0;
	start_ns = BPF_CORE_READ(task, group_leader, start_time);
	run->task = task_addr;
	run->obj.id = id;
	run->obj.domain = packed >> 32;
	run->obj.mech = packed >> 16;
	run->kobj = kobj;
	run->size = ~0ull;
	run->sleep_ns = asleep_since_ns(task);
	run->waits = 1;
	run->own_waits = 1;
	run->tgid = BPF_CORE_READ(task, tgid);
	run->tid = tid;
	run->start = start_ns >> IPC_START_SHIFT;
	run->op = packed >> 8;
	run->own_cause = packed;
	run->cause = packed;
	BPF_CORE_READ_INTO(&run->comm, task, comm);
	smp_wmb(); /* whoever wakes it looks at the flags first */
	*(volatile __u32 *)&run->flags = RUN_SLEEPS | RUN_PREEXISTING | (cfg.syscall_backend ? RUN_SYSCALL : 0);
	process_found(BPF_CORE_READ(task, group_leader), run->tgid, run->start);
	__sync_fetch_and_add(&row->others, 1);
	return 0;
}

/* Every task that sleeps on a wait queue in a read or a write of its own, not in poll. Global as above. */
__attribute__((noinline)) int ipc_queue_sleepers(__u64 queue, __u64 id, __u64 packed, __u64 kobj)
{
	struct wait_queue_head *head = (void *)queue;
	struct list_head *first = &head->head, *at = NULL;

	if ((packed & SLEEPERS_KNOWN) || !probe_read(&at, &first->next))
		return 0;
	for (int i = 0; i < WALK_WAITERS; i++) {
		struct wait_queue_entry *entry;
		__u64 func = 0, task = 0;

		if (!at || at == first)
			return 0;
		entry = (void *)at - bpf_core_field_offset(struct wait_queue_entry, entry);
		probe_read(&func, &entry->func);
		probe_read(&task, &entry->private);
		if (!cfg.wake_function)
			lose(LOSS_UNRESOLVED); /* kernel addresses are hidden: it could be a poll() */
		else if (task && (func == cfg.wake_function || func == cfg.plain_wake_function))
			ipc_sleeper_found(task, id, packed, kobj);
		if (!probe_read(&at, &at->next))
			return 0;
	}
	lose(LOSS_UNRESOLVED);
	return 0;
}

/* Told to user space, not kept in a map: a thousand forks of a thousand pipes hold a million ends. */
static __always_inline void end_holder_found(struct seq_file *seq, const struct ipc_object_id *obj, __u8 op, __u8 end,
					     __u32 tgid, __u32 start)
{
	struct ipc_holder_key key = {
		.id = obj->id, .domain = obj->domain, .mech = obj->mech, .op = op, .end = end, .tgid = tgid, .start = start,
	};

	bpf_seq_write(seq, &key, sizeof(key));
}

static __always_inline void holder_found(struct seq_file *seq, const struct ipc_object_id *obj, __u8 op, __u32 tgid,
					 __u32 start)
{
	end_holder_found(seq, obj, op, 0, tgid, start);
}

static __always_inline bool holder_counts(const struct ipc_object_id *obj, __u32 tgid)
{
	__u32 slot = object_hash(obj), *want;
	__u8 *class;

	if (!(cfg.mechs & (1u << (obj->mech & 31))) || tgid == cfg.self_tgid)
		return false;
	if (is_other_object(obj))
		return false;
	if (cfg.own_objects_cnt && is_own_object(obj))
		return false;
	if (!cfg.filtered)
		return true;
	want = bpf_map_lookup_elem(&wanted, &slot);
	class = bpf_map_lookup_elem(&classes, &tgid);
	if (want && class && (class_counts(*class) || *class == CLASS_HOLDS))
		make_wanted(want);
	return want && *want;
}

/*
 * The object's record, for a sample of its state; NULL: this pass has taken it already, or there is
 * no room. is_new: no operation was seen before.
 */
static __always_inline struct ipc_object *object_to_sample(const struct ipc_object_id *obj, bool *is_new)
{
	struct ipc_object *o = bpf_map_lookup_elem(&objects, obj);

	*is_new = !o;
	if (!o) {
		map_create(&objects, obj, &zero_object);
		o = bpf_map_lookup_elem(&objects, obj);
		if (!o)
			return NULL;
		o->first_ns = bpf_ktime_get_ns();
	}
	return o->last_ns && o->last_ns >= control_value(CONTROL_PASS_START_NS) ? NULL : o;
}

/* Its state words were read, with so many bytes inside. True in the first pass, which also looks for sleepers. */
static __always_inline bool object_sampled(struct ipc_object *o, __s64 inside, bool is_new)
{
	if (!STATE_IN_ORDER)
		stamp_state(o->state);
	o->flags |= OBJECT_SAMPLED;
	if (inside == INSIDE_UNKNOWN) {
		o->flags |= OBJECT_INSIDE_UNKNOWN;
		inside = 0;
	}
	o->inside_bytes = inside;
	o->last_ns = bpf_ktime_get_ns();
	if (control_value(CONTROL_PASS))
		return false;
	if (is_new) {
		o->flags |= OBJECT_PREEXISTING;
		o->base_bytes = inside;
		o->depth_bytes = inside;
		o->max_bytes = inside;
		__builtin_memcpy(o->base_state, o->state, sizeof(o->state));
	} else if (!o->creations) {
		o->flags |= OBJECT_PREEXISTING | OBJECT_INSIDE_UNKNOWN; /* it was used before we looked */
	}
	return true;
}

#endif
