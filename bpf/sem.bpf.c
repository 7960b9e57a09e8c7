// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * System V semaphores through ipc/sem.c: do_semtimedop is every semop() and
 * semtimedop(), semctl_* are semctl(), newary and freeary make and destroy a
 * set, exit_sem gives back what a process held with SEM_UNDO. What a call asks
 * for is taken from the kernel's copy of its operations (security_sem_semop),
 * which of them it sleeps for from perform_atomic_semop.
 *
 * Cannot see: what a call that was already inside when we attached did.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define STATE_IN_ORDER true
#include "ipctrace.h"
#include "syscall.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "op.bpf.h"
#include "found.bpf.h"
#include "left_out.bpf.h"
#include "plain.bpf.h"
#include "resolve_sysv.bpf.h"
#include "sem.bpf.h"

const volatile struct ipc_config cfg = {};

static __always_inline bool is_sem(const struct ipc_run *run)
{
	return run && run->task == current_task() && run->obj.mech == MECH_SEM;
}

static __always_inline void note_state(struct ipc_edge *edge, const struct ipc_object_id *obj, __u64 sma, __u32 nsems)
{
	if (PROFILE(~0u) && sma && !sem_state(edge->state, sma, obj->id, nsems) && edge->ops == 1)
		sysv_name(obj, edge->state[1]);
}

#include "sem_plain.bpf.h"

/* A call that failed early: was it the set that was not there? */
static __always_inline bool set_exists(__s32 semid)
{
	return cfg.no_probe_read || sysv_find(sysv_namespace(), SYSV_SEM, semid);
}

SEC("?fentry/do_semtimedop")
int BPF_PROG(semop_entry, int semid)
{
	struct ipc_object_id obj;
	struct ipc_run *run;

	if (all_left_out())
		return 0;
	sem_identify(semid, sysv_domain(), &obj);
	if (is_plain() && !left_out(&obj) && enter_plainly(&obj))
		return 0;
	if (!op_wanted(&obj))
		return 0;
	run = op_begin(&obj, OP_RECV, CAUSE_VALUE, 0);
	if (run)
		run->kobj2 = 0;
	return 0;
}

/* Argument n of the hooked function as a number, which is all that a global function takes. */
static __always_inline __u64 argument(const __u64 *ctx, int n)
{
	__u64 number = 0;

	probe_read(&number, ctx + n);
	return number;
}

/* The set is found, the operations are copied and allowed: what are they? */
SEC("?fentry/security_sem_semop")
int BPF_PROG(semop_allowed, struct kern_ipc_perm *perm, struct sembuf *sops, unsigned int nsops, int alter)
{
	struct ipc_run *run = run_slot();
	__u64 call;

	if (!is_sem(run))
		return 0;
	run->kobj = (__u64)perm;
	/* the first is known by its type; the others are not */
	call = nsops == 1 || cfg.no_probe_read ? op_asks(sops->sem_op, sops->sem_flg) :
						 sem_call(argument(ctx, 1), nsops, false);
	run->kobj2 = call;
	run->op = call_op(call);
	run->own_cause = call_cause(call);
	if (is_plain())
		find_row(run, run->op);
	return 0;
}

/* The first time in a call it is about the call itself, then about those that it lets go on. */
SEC("?fexit/perform_atomic_semop")
int BPF_PROG(semop_tried, struct sem_array *sma, struct sem_queue *q, int ret)
{
	struct ipc_run *run = run_slot();

	if (!is_sem(run) || run->op == OP_CLOSE || run->op == OP_CTL || run->aux[0])
		return 0;
	run->aux[0] = TRIED;
	run->aux[1] = sma->sem_nsems;
	if (ret == 1)
		run->own_cause = q->blocking->sem_op ? CAUSE_VALUE : CAUSE_ZERO;
	else if (is_plain())
		note_tried(run, sma, run->aux[1]);
	return 0;
}

SEC("?fexit/do_semtimedop")
int BPF_PROG(semop_exit, int semid, struct sembuf *tsops, unsigned int nsops, void *timeout, long ret)
{
	struct op_result res = {.ret = ret};
	struct ipc_run *run = NULL;
	struct ipc_object_id obj;
	struct ipc_edge *edge;
	__u64 call;

	if (all_left_out() || (is_plain() && leave_plainly(semid, nsops, ret)))
		return 0;
	if (has_entry())
		run = run_mine();
	if (run && run->task && run->obj.mech == MECH_SEM && run->obj.id == (__u32)semid) {
		obj = run->obj; /* its entry found that it is wanted, unless it began plainly */
	} else {
		run = NULL;
		sem_identify(semid, sysv_domain(), &obj);
	}
	if ((!run || is_plain()) && !op_wanted(&obj)) {
		op_done(run);
		return 0;
	}
	if (ret < 0 && !(run && run->kobj) && !set_exists(semid))
		goto done;
	call = run && run->kobj2 ? run->kobj2 : sem_call(argument(ctx, 1), nsops, true);
	edge = op_end(&obj, call_op(call), run, &res);
	if (edge) {
		note_call(edge, call, nsops, ret, run && run->own_waits);
		note_state(edge, &obj, run ? run->kobj : 0, run ? run->aux[1] : 0);
		if (PROFILE(PROFILE_EVENTS))
			op_emit(&obj, call_op(call), run, &res, edge, ~0ull);
	}
done:
	op_done(run);
	return 0;
}

#include "sem_life.bpf.h"
#include "sem_files.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
