/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * semop() as a system call: its operations lie in the caller's memory, and say
 * whether it sends or receives, and what it may wait for. aux[1]: how many they
 * are, progress: where. Included by syscall.bpf.c.
 */
#ifndef SYSCALL_SEM_BPF_H
#define SYSCALL_SEM_BPF_H

#define SEM_SLEPT 0x80000000u

/* What stops an operation with the values of now: CAUSE_NONE, nothing. Global, as what follows: verified once. */
__attribute__((noinline)) int sem_stops(__u64 sma, __u64 address)
{
	struct sembuf op = {};
	int value = 0;
	__u64 sem;

	if (bpf_probe_read_user(&op, sizeof(op), (void *)address))
		return CAUSE_NONE;
	sem = sma + bpf_core_field_offset(struct sem_array, sems) + op.sem_num * bpf_core_type_size(struct sem);
	bpf_probe_read_kernel(&value, sizeof(value), (void *)sem + bpf_core_field_offset(struct sem, semval));
	if (!op.sem_op)
		return value ? CAUSE_ZERO : CAUSE_NONE;
	return value + op.sem_op < 0 ? CAUSE_VALUE : CAUSE_NONE;
}

/* Which wait they lead to, for a call that may do either. */
__attribute__((noinline)) int sem_first_stop(__u64 sma, __u64 address, __u32 nsops)
{
	for (__u32 i = 0; i < SEM_MAX_OPS; i++) {
		int cause;

		if (i >= nsops)
			break;
		cause = sem_stops(sma, address);
		if (cause)
			return cause;
		address += sizeof(struct sembuf);
	}
	return CAUSE_VALUE;
}

static __always_inline void look_at_ops(struct ipc_run *run)
{
	__u64 call = sem_call(run->progress, run->aux[1], true);

	run->kobj2 = call;
	run->op = call_op(call);
	run->own_cause = call_cause(call);
}

static __always_inline void begin_semop(struct ipc_run *run, __u64 address, __u32 nsops)
{
	run->progress = address;
	run->aux[1] = nsops;
	look_at_ops(run);
	if ((run->kobj2 & CALL_TAKES) && (run->kobj2 & CALL_ZERO))
		run->own_cause = sem_first_stop(run->kobj, address, nsops);
}

/* Counts a call's operations on the edge that it has been counted on. Global: verified once, and not in every path there. */
__attribute__((noinline)) int sem_count(__u64 id, __u32 domain, __u64 call, __u32 nsops, __s32 ret)
{
	struct ipc_edge_key key = {};
	struct ipc_object_id obj;
	struct ipc_edge *edge;

	sem_identify(id, domain, &obj);
	key.id = obj.id;
	key.domain = obj.domain;
	key.mech = obj.mech;
	key.op = call_op(call);
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	key.start = current_start();
	edge = edge_find(&key);
	if (edge)
		note_call(edge, call, nsops & ~SEM_SLEPT, ret, nsops & SEM_SLEPT);
	return 0;
}

/* A page that was not there at the beginning is there now. */
static __always_inline void end_semop(struct ipc_run *run)
{
	if (!run->kobj2)
		look_at_ops(run);
}

#endif
