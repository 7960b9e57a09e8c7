// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Futexes through the system calls' own functions (__x64_sys_futex and its younger
 * siblings), or, where functions may not be hooked, sys_enter and sys_exit. Not the
 * functions below them: of those futex_requeue has too many arguments to be hooked
 * before 6.12, some are inlined, and all would cost a pair of hooks more.
 *
 * A word has no life: it is an address. What the kernel keeps of it is who sleeps
 * there, and that is what waits and wakeups show.
 *
 * Cannot see: what user space does without the kernel, which is most of it; wakes
 * that the kernel does itself for a thread that ends; 32-bit processes; io_uring.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "ipctrace.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "compat_futex.bpf.h"
#include "op.bpf.h"
#include "found.bpf.h"
#include "plain.bpf.h"
#include "left_out.bpf.h"
#include "vma.bpf.h"
#include "path.bpf.h"
#include "futex.bpf.h"
#include "futex_name.bpf.h"
#include "futex_lock.bpf.h"

const volatile struct ipc_config cfg = {};

/* Only of a private word it costs little to tell which it is. */
static __always_inline bool word_left_out(const struct futex_call *c)
{
	struct ipc_object_id obj;

	if (!cfg.filtered || c->shared || (kind_of(c)->flags & (KIND_TWO | KIND_MANY)))
		return false;
	identify_word(&obj, 0, bpf_get_current_pid_tgid() >> 32, c->uaddr, false);
	return left_out(&obj);
}

#include "futex_plain.bpf.h"

static __always_inline int enter(const struct futex_call *c)
{
	const struct futex_kind *kind = kind_of(c);
	struct ipc_object_id obj, obj2 = {};
	struct ipc_run *run;
	bool wanted;

	if (word_left_out(c) || (is_plain() && enter_plainly(c)))
		return 0;
	if ((__u32)(bpf_get_current_pid_tgid() >> 32) == cfg.self_tgid)
		return 0;
	identify(&obj, c->uaddr, c->shared);
	wanted = op_wanted(&obj);
	if (kind->flags & KIND_TWO) {
		identify(&obj2, c->uaddr2, c->shared2);
		wanted = op_wanted(&obj2) || wanted;
	}
	if (!wanted)
		return 0;
	run = op_begin(&obj, kind->op, CAUSE_VALUE, c->uaddr);
	if (!run)
		return 0;
	run->obj2 = obj2;
	run->flags = RUN_TAKES_MOVED;
	if ((kind->flags & KIND_LOCK) && kind->op == OP_RECV)
		run->aux[0] = lock_before(c->uaddr);
	return 0;
}

/* A sleeper of many words is one of that which woke it. */
static __always_inline void which_of_many(const struct futex_call *c, struct ipc_object_id *obj, __s64 ret)
{
	__u64 uaddr;
	bool shared;

	if (ret > 0 && decode_entry(c->vector + ret * sizeof(struct futex_entry), &uaddr, &shared))
		identify(obj, uaddr, shared);
}

static __always_inline void leave_first(const struct futex_call *c, const struct ipc_object_id *obj,
					struct ipc_run *run, __s64 ret, __u32 moved)
{
	const struct futex_kind *kind = kind_of(c);
	struct op_result res = {.ret = ret};
	struct ipc_edge *edge = op_end(obj, kind->op, run, &res);

	if (!edge)
		return;
	count_empty(edge, c, ret);
	if (moved)
		add(&edge->counters[FUTEX_REQUEUED], moved);
	if (kind->flags & KIND_PI)
		add(&edge->counters[FUTEX_PI], 1);
	if (kind->op == OP_RECV && run && run->own_waits)
		add(&edge->counters[FUTEX_SLEPT], 1);
	note_word(edge, c, run, ret);
	if ((obj->id & WORD_IN_FILE) && edge->ops == 1)
		futex_name(obj->id, obj->domain, current_mm(), c->uaddr);
	if (PROFILE(PROFILE_EVENTS))
		op_emit(obj, kind->op, run, &res, edge, ~0ull);
}

static __always_inline void leave_second(const struct futex_call *c, const struct ipc_object_id *obj, __u32 wakes,
					 __s64 ret, __u32 moved)
{
	const struct futex_kind *kind = kind_of(c);
	struct op_result res = {.ret = ret};
	struct ipc_edge *edge = op_end(obj, kind->op2, NULL, &res);

	if (!edge)
		return;
	if (wakes)
		add(&edge->wakes, wakes);
	if (moved)
		add(&edge->counters[FUTEX_RECEIVED], moved);
	note_value(edge, c->uaddr2);
	if ((obj->id & WORD_IN_FILE) && edge->ops == 1)
		futex_name(obj->id, obj->domain, current_mm(), c->uaddr2);
}

/* The operation that was seen to begin with this call, or NULL. */
static __always_inline struct ipc_run *run_of_call(const struct futex_call *c)
{
	struct ipc_run *run = has_entry() ? run_mine() : NULL;

	if (!run || run->obj.mech != MECH_FUTEX || run->kobj != c->uaddr || run->op != kind_of(c)->op)
		return NULL;
	return run;
}

static __always_inline int leave(const struct futex_call *c, __s64 ret)
{
	const struct futex_kind *kind = kind_of(c);
	__u32 moved = 0, second_wakes = 0;
	struct ipc_object_id obj;
	struct ipc_run *run;

	if (word_left_out(c) || (__u32)(bpf_get_current_pid_tgid() >> 32) == cfg.self_tgid)
		return 0;
	if (is_plain() ? leave_plainly(c, ret) : !has_entry() && leave_counted(c, ret))
		return 0;
	run = run_of_call(c);
	if (run)
		obj = run->obj;
	else
		identify(&obj, c->uaddr, c->shared);
	if (kind->flags & KIND_MANY)
		which_of_many(c, &obj, ret);
	if ((kind->flags & KIND_MOVES) && ret > c->val)
		moved = ret - c->val;
	if (run) {
		second_wakes = run->second_wakes;
		run->wakes -= second_wakes;
	}
	if (op_wanted(&obj))
		leave_first(c, &obj, run, ret, moved);
	if (kind->flags & KIND_TWO) {
		if (run)
			obj = run->obj2;
		else
			identify(&obj, c->uaddr2, c->shared2);
		if (op_wanted(&obj))
			leave_second(c, &obj, second_wakes, ret, moved);
	}
	op_done(run);
	return 0;
}

/* fexit: what the system call returned lies behind its one argument. */
#define FUTEX_HOOKS(name, nr)                                    \
	SEC("?fentry/__x64_sys_futex")                           \
	int BPF_PROG(name##_entry)                               \
	{                                                        \
		struct futex_call c = {};                        \
                                                                 \
		if (all_left_out())                              \
			return 0;                                \
		return decode_current(nr, &c) ? enter(&c) : 0;   \
	}                                                        \
                                                                 \
	SEC("?fexit/__x64_sys_futex")                            \
	int BPF_PROG(name##_exit, void *regs, long ret)          \
	{                                                        \
		struct futex_call c = {};                        \
                                                                 \
		if (all_left_out())                              \
			return 0;                                \
		return decode_current(nr, &c) ? leave(&c, ret) : 0; \
	}

FUTEX_HOOKS(futex, NR_FUTEX)
FUTEX_HOOKS(futex_wait, NR_FUTEX_WAIT)
FUTEX_HOOKS(futex_wake, NR_FUTEX_WAKE)
FUTEX_HOOKS(futex_requeue, NR_FUTEX_REQUEUE)
FUTEX_HOOKS(futex_waitv, NR_FUTEX_WAITV)

/* The syscall backend: the same, out of two hooks that every system call passes. */
SEC("?tp_btf/sys_enter")
int BPF_PROG(futex_sys_enter, struct pt_regs *regs, long id)
{
	struct futex_call c = {};

	if (!is_futex_call(id) || all_left_out() || is_compat_task() || !decode_call(regs, id, &c))
		return 0;
	return enter(&c);
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(futex_sys_exit, struct pt_regs *regs, long ret)
{
	__u32 nr = syscall_nr(regs);
	struct futex_call c = {};

	if (!is_futex_call(nr) || all_left_out() || is_compat_task() || !decode_call(regs, nr, &c))
		return 0;
	return leave(&c, ret);
}

#include "futex_files.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
