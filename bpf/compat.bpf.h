/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every difference between kernels, one accessor each, probed by the presence
 * of a type, field or helper, never by version. The version named is where
 * the difference began, for whoever drops support for what lies before.
 *
 * Function hooks read through typed pointers: that is faster than a helper call
 * per hop and is all that lockdown=confidentiality leaves. probe_read() is for
 * addresses that came out of a map or a list, and returns false there.
 */
#ifndef COMPAT_BPF_H
#define COMPAT_BPF_H

#define TASK_INTERRUPTIBLE 1
#define THREAD_SIZE 16384 /* x86-64 and arm64, without KASAN */
#define S_IFMT 0170000
#define S_IFREG 0100000
#define S_IFIFO 0010000
#define S_IFSOCK 0140000
#define AF_UNIX 1
#define FMODE_READ 1u
#define FMODE_WRITE 2u

extern const volatile struct ipc_config cfg;

#define probe_read(dst, addr) \
	(!cfg.no_probe_read && !bpf_probe_read_kernel((dst), sizeof(*(dst)), (const void *)(addr)))

/* 5.14 renamed state to __state and made it unsigned int */
struct task_struct___5_13 {
	volatile long state;
} __attribute__((preserve_access_index));

static __always_inline __u32 task_state(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return task->__state;
	return ((struct task_struct___5_13 *)task)->state;
}

/* 5.16 moved the CPU into thread_info */
struct task_struct___5_15 {
	unsigned int cpu;
} __attribute__((preserve_access_index));

static __always_inline __u32 task_cpu(struct task_struct *task)
{
	if (bpf_core_field_exists(task->thread_info.cpu))
		return task->thread_info.cpu;
	return ((struct task_struct___5_15 *)task)->cpu;
}

/* From the sets themselves: the number of TIF_SIGPENDING differs between kernels and architectures. */
static __always_inline bool task_signal_pending(struct task_struct *task)
{
	unsigned long pending = task->pending.signal.sig[0] | task->signal->shared_pending.signal.sig[0];

	return pending & ~task->blocked.sig[0];
}

/* 7.x made these bytes; libbpf resizes no signed load */
struct task_struct___7_0 {
	int on_cpu;
	int on_rq;
} __attribute__((preserve_access_index));

static __always_inline bool task_on_rq(struct task_struct *task)
{
	if (bpf_core_field_size(task->on_rq) == 1)
		return task->on_rq;
	return ((struct task_struct___7_0 *)task)->on_rq;
}

/* Does it run, or is it about to leave its CPU? False only after the switch away from it was traced. */
static __always_inline bool task_on_cpu(struct task_struct *task)
{
	if (bpf_core_field_size(task->on_cpu) == 1)
		return task->on_cpu;
	return ((struct task_struct___7_0 *)task)->on_cpu;
}

/* 6.12 leaves a sleeper on the run queue for a while (delayed dequeue) */
static __always_inline bool task_off_queue(struct task_struct *task)
{
	if (!task_on_rq(task))
		return true;
	return bpf_core_field_exists(task->se.sched_delayed) && task->se.sched_delayed;
}

/* 5.11 brought bpf_get_current_task_btf; before it the address is all there is */
static __always_inline bool has_current_task_btf(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf);
}

/* The current task's address, for comparing only. */
static __always_inline __u64 current_task(void)
{
	return bpf_get_current_task();
}

/*
 * Where a large program asks, once for all its paths: a typed read of a pointer out of the current
 * task makes the verifier (6.2 to 6.18) look for names through all of the kernel's types, one by one, in every path.
 */
#ifdef IPC_START_VERIFIED_ONCE
#define START_FUNCTION __attribute__((noinline))
#else
#define START_FUNCTION static __always_inline
#endif

/* Start of the current process, in units of 2^24 ns: tells two users of one PID apart. */
START_FUNCTION __u32 current_start(void)
{
	__u64 start_ns = 0;

	if (has_current_task_btf()) {
		struct task_struct *task = bpf_get_current_task_btf();

		start_ns = task->group_leader->start_time;
	} else {
		struct task_struct *task = (void *)bpf_get_current_task();

		start_ns = BPF_CORE_READ(task, group_leader, start_time);
	}
	return start_ns >> IPC_START_SHIFT;
}

/* 6.7 put the adjustments behind the entry; before, it points to them */
struct sem_undo___6_6 {
	short *semadj;
} __attribute__((preserve_access_index));

static __always_inline __u64 sem_undo_adjustments(__u64 un)
{
	struct sem_undo___6_6 *old = (void *)un;
	__u64 adjustments = 0;

	if (!bpf_core_field_exists(old->semadj))
		return un + bpf_core_field_offset(struct sem_undo, semadj);
	probe_read(&adjustments, &old->semadj);
	return adjustments;
}

/* A 32-bit system call has numbers of its own: they are not ours. */
static __always_inline bool is_compat_task(void)
{
#if defined(__TARGET_ARCH_x86)
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, thread_info.status) & 2 /* TS_COMPAT */;
#else
	return false;
#endif
}

#if defined(__TARGET_ARCH_x86)
#define REGS_SYSCALL orig_ax
#define NR_FUTEX 202
#define NR_FLOCK 73
#define NR_FCNTL 72
#define NR_CLOSE 3
#define NR_MMAP 9
#define NR_MPROTECT 10
#define NR_MUNMAP 11
#define NR_MREMAP 25
#define NR_MSYNC 26
#define NR_FTRUNCATE 77
#define FILE_O_DIRECT 00040000
#else
#define REGS_SYSCALL syscallno
#define NR_FUTEX 98
#define NR_FLOCK 32
#define NR_FCNTL 25
#define NR_CLOSE 57
#define NR_FTRUNCATE 46
#define NR_MUNMAP 215
#define NR_MREMAP 216
#define NR_MMAP 222
#define NR_MPROTECT 226
#define NR_MSYNC 227
#define FILE_O_DIRECT 00200000
#endif

static __always_inline __u32 syscall_nr(struct pt_regs *regs)
{
	return *(const __u32 *)&regs->REGS_SYSCALL; /* all of it would be cut by two instructions more; x86 has the low half first */
}

/* 5.15 brought bpf_task_pt_regs; before it, registers lie at the very end of the stack */
static __always_inline bool has_task_pt_regs(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs);
}

/*
 * Room for a copy of registers. arm64's are 336 bytes, too many for the stack: there it is one for all, which
 * is enough, for where functions can be hooked only passes copy registers, one task after the other.
 */
#if defined(__TARGET_ARCH_arm64)
static struct pt_regs copied_regs;
#define REGS_COPY(name, ...) struct pt_regs *name = &copied_regs
#else
#define REGS_COPY(name, ...) struct pt_regs name##_room __VA_ARGS__, *name = &name##_room
#endif

static __always_inline bool task_syscall(struct task_struct *task, __u32 *nr, __u64 *arg)
{
	REGS_COPY(copy, = {});
	__u64 stack = 0;

	if (has_task_pt_regs()) {
		struct pt_regs *regs = (void *)bpf_task_pt_regs(task);

		*nr = syscall_nr(regs);
		*arg = PT_REGS_PARM1_SYSCALL(regs);
		return true;
	}
	if (!probe_read(&stack, &task->stack) || !probe_read(copy, stack + THREAD_SIZE - sizeof(*copy)))
		return false;
	*nr = syscall_nr(copy);
	*arg = PT_REGS_PARM1_SYSCALL(copy);
	return true;
}

/* The sixth argument of a system call, which libbpf 1.1 has no name for. */
static __always_inline __u64 arg6(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->r9;
#else
	return regs->regs[5];
#endif
}

/* Id of the task's cgroup in the unified hierarchy: the inode number of its directory. */
static __always_inline __u64 task_cgroup_id(struct task_struct *task)
{
	return task->cgroups->dfl_cgrp->kn->id;
}

/*
 * What a hooked function returned, in fexit. 5.17 brought a helper; before it the
 * result follows the arguments, whose number is another on later kernels.
 */
static __always_inline __u64 function_result(void *ctx, __u32 args)
{
	__u64 ret = 0;

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_func_ret))
		bpf_get_func_ret(ctx, &ret);
	else
		/* one load: its verifier refuses a context that was moved first */
		asm volatile("%0 = *(u64 *)(%1 + %2)" : "=r"(ret) : "r"(ctx), "i"(args * 8));
	return ret;
}

/*
 * An argument that is a structure's address, as a number. What is loaded from the
 * context has a type: it cannot be shifted, and until 5.13 passed to no global function.
 */
static __always_inline __u64 argument_address(void *ctx, __u32 nr)
{
	__u64 address = 0;

	probe_read(&address, (__u64 *)ctx + nr);
	return address;
}

/* The same without a read, where has_current_task_btf(). */
static __always_inline __u64 address_of(const void *typed)
{
	__u64 number = (__u64)bpf_get_current_task_btf();

	asm volatile("%0 -= %1" : "+r"(number) : "r"(typed));
	return bpf_get_current_task() - number;
}

/* The same for what a hooked function returned, in fexit. */
static __always_inline __u64 result_address(void *ctx, __u32 args)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_func_ret))
		return function_result(ctx, args);
	return argument_address(ctx, args);
}

/*
 * Does an interrupt run on top of the current task? Interrupts of the kernel have
 * a stack of their own, and a tracepoint's context lies on the stack it runs on. preempt_count would say the same, but its per-CPU variable has had three
 * homes, none in BTF on 5.10, and no address where kallsyms has no data symbols.
 */
static __always_inline bool on_interrupt_stack(void *ctx)
{
	__u64 stack;

	if (has_current_task_btf()) {
		stack = (__u64)bpf_get_current_task_btf()->stack;
	} else {
		struct task_struct *task = (void *)bpf_get_current_task();

		stack = (__u64)BPF_CORE_READ(task, stack);
	}
	return (__u64)ctx < stack || (__u64)ctx >= stack + THREAD_SIZE;
}

#define PF_EXITING 0x4
#define PF_KTHREAD 0x200000

/*
 * An interrupt of user mode, on x86, runs on the task's own stack, which is empty
 * then: what tells it is that the task came into the kernel without a system call.
 * One that exits may have come so too, for the signal that ends it, and wakes others.
 */
static __always_inline bool interrupted_user_mode(void)
{
	__u32 not_interrupted = PF_KTHREAD | PF_EXITING;

	/* 5.15; it implies bpf_get_current_task_btf */
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs)) {
		struct task_struct *task = bpf_get_current_task_btf();
		struct pt_regs *regs = (void *)bpf_task_pt_regs(task);

		return !(task->flags & not_interrupted) && (__s32)regs->REGS_SYSCALL == -1;
	} else {
		struct task_struct *task = (void *)bpf_get_current_task();
		struct pt_regs *regs = BPF_CORE_READ(task, stack) + THREAD_SIZE - sizeof(*regs);

		return !(BPF_CORE_READ(task, flags) & not_interrupted) &&
		       (__s32)BPF_CORE_READ(regs, REGS_SYSCALL) == -1;
	}
}

#define KSOFTIRQD 0x71726974666f736bull /* "ksoftirq", as a number */

/* Softirqs that were too many for where they were raised are run by a thread of each processor. */
static __always_inline bool in_softirq_thread(void)
{
	__u64 name = 0;

	if (has_current_task_btf()) {
		struct task_struct *task = bpf_get_current_task_btf();

		if (!(task->flags & PF_KTHREAD))
			return false;
		__builtin_memcpy(&name, task->comm, sizeof(name));
	} else {
		struct task_struct *task = (void *)bpf_get_current_task();

		if (!(BPF_CORE_READ(task, flags) & PF_KTHREAD))
			return false;
		probe_read(&name, &task->comm);
	}
	return name == KSOFTIRQD;
}

/* Is the current task innocent of what happens? */
static __always_inline bool in_interrupt(void *ctx)
{
	return on_interrupt_stack(ctx) || interrupted_user_mode() || in_softirq_thread();
}

/*
 * Pages that a pipe keeps for reuse: one until 6.13, an array of two from 6.14,
 * a preallocation list with a count from 7.2.
 */
struct pipe_inode_info___6_13 {
	struct page *tmp_page;
} __attribute__((preserve_access_index));
struct pipe_inode_info___7_1 {
	struct page *tmp_page[2];
	bool poll_usage;
} __attribute__((preserve_access_index));

static __always_inline __u32 pipe_kept_pages(struct pipe_inode_info *pipe)
{
	if (bpf_core_field_exists(pipe->prealloc.count))
		return pipe->prealloc.count;
	if (bpf_core_field_exists(((struct pipe_inode_info___6_13 *)pipe)->tmp_page)) /* a pointer, no array */
		return ((struct pipe_inode_info___6_13 *)pipe)->tmp_page != NULL;
	return (((struct pipe_inode_info___7_1 *)pipe)->tmp_page[0] != NULL) +
	       (((struct pipe_inode_info___7_1 *)pipe)->tmp_page[1] != NULL);
}

/* How many pages it can keep while it is locked: what a release finds room for. */
static __always_inline __u32 pipe_keep_limit(struct pipe_inode_info *pipe)
{
	if (bpf_core_field_exists(pipe->prealloc.count))
		return bpf_core_field_size(pipe->prealloc.pages) / sizeof(void *);
	return bpf_core_field_exists(((struct pipe_inode_info___6_13 *)pipe)->tmp_page) ? 1 : 2;
}

/* 5.14 brought it; 7.2 replaced it by pseudo_edgetrigger, which is set by other users of poll */
static __always_inline __u32 pipe_poll_usage(struct pipe_inode_info *pipe)
{
	if (bpf_core_field_exists(((struct pipe_inode_info___7_1 *)pipe)->poll_usage))
		return ((struct pipe_inode_info___7_1 *)pipe)->poll_usage;
	return IPC_STATE_ABSENT;
}

#include "compat_mm.bpf.h"
#include "compat_order.bpf.h"

/* The registers that a task saved when it entered the kernel: at the end of its stack. */
static __always_inline __u64 task_user_regs(struct task_struct *task)
{
	__u64 stack = 0;

	if (has_task_pt_regs())
		return bpf_task_pt_regs(task);
	probe_read(&stack, &task->stack);
	return stack ? stack + THREAD_SIZE - sizeof(struct pt_regs) : 0;
}

/*
 * Which call a task is in: its number + 1, in 64 bits, so that of none (-1) only the low half is 0. 0: the kernel cannot
 * tell (before 5.15). Two calls of one number are one here: where they entered the kernel told few of them apart, and is
 * one more read in each operation.
 */
static __always_inline __u64 call_id(struct task_struct *task)
{
	struct pt_regs *regs;

	if (!has_task_pt_regs())
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(task);
	return (__u64)syscall_nr(regs) + 1;
}

/* The same of the current task, whose type a kernel that has the helper asks for. */
static __always_inline __u64 current_user_regs(void)
{
	if (has_task_pt_regs())
		return bpf_task_pt_regs(bpf_get_current_task_btf());
	return task_user_regs((void *)bpf_get_current_task());
}

/*
 * 6.2: what lies at an address as a type, without the way to it; what is not there reads as 0. User space says whether the
 * kernel has it: before 6.4 programs may not ask.
 */
extern void *bpf_rdonly_cast(const void *address, __u32 type) __ksym __weak;

#define at_address(type, address) \
	((type *)bpf_rdonly_cast((const void *)(address), bpf_core_type_id_kernel(type)))

/* A word at an address: every structure that begins with one is as good. */
static __always_inline __u64 word_there(const void *address)
{
	return at_address(struct timespec64, address)->tv_sec;
}

/* Is it known that it has? */
static __always_inline bool is_at(void)
{
	return cfg.way & WAY_AT;
}

/* 5.19 to 6.1: what programs take out of a map that user space made for pointers has a type. Later ones have at_address(). */
enum bpf_kptr_type___6_1 {
	BPF_KPTR_UNREF___6_1,
};

static __always_inline bool has_kept_pointers(void)
{
	return bpf_core_type_exists(enum bpf_kptr_type___6_1);
}

#endif
