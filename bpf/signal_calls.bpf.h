/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The system calls that send signals and those that wait for them. With the
 * function backend each has hooks of its own; with the syscall backend sys_enter
 * and sys_exit come here for all. pause() and sigsuspend() are over when a
 * handler is about to run, after their system call: signal_deliver ends them.
 */
#ifndef SIGNAL_CALLS_BPF_H
#define SIGNAL_CALLS_BPF_H

enum signal_call {
	CALL_NONE = 0,
	CALL_KILL = 1,
	CALL_TKILL = 2,
	CALL_TGKILL = 3,
	CALL_QUEUE = 4,
	CALL_TGQUEUE = 5,
	CALL_PIDFD = 6,
	CALL_SIGWAIT = 7,
	CALL_SUSPEND = 8,
	CALL_PAUSE = 9,
	CALL_READ = 10,
};

static __always_inline enum signal_call call_of(__u32 nr)
{
	switch (nr) {
#if defined(__TARGET_ARCH_x86)
	case 0: return CALL_READ;
	case 34: return CALL_PAUSE;
	case 62: return CALL_KILL;
	case 128: return CALL_SIGWAIT;
	case 129: return CALL_QUEUE;
	case 130: return CALL_SUSPEND;
	case 200: return CALL_TKILL;
	case 234: return CALL_TGKILL;
	case 297: return CALL_TGQUEUE;
#else /* the generic table */
	case 63: return CALL_READ;
	case 129: return CALL_KILL;
	case 130: return CALL_TKILL;
	case 131: return CALL_TGKILL;
	case 133: return CALL_SUSPEND;
	case 137: return CALL_SIGWAIT;
	case 138: return CALL_QUEUE;
	case 240: return CALL_TGQUEUE;
#endif
	case 424: return CALL_PIDFD;
	}
	return CALL_NONE;
}

/* ---- senders ---- */

#define SENDER_BEGINS RUN_OWN /* and RUN_USED as soon as it wakes or waits */

/* The slot of a call that sends, in the default view. NULL: an outer operation keeps it, or a switch came between. */
static __always_inline struct ipc_run *sender_slot(void)
{
	__u64 switches;
	struct ipc_run *run = plain_slot(SENDER_BEGINS, &switches);

	if (!run)
		return NULL;
	run->obj.id = 0;
	*(key_word *)&run->obj.domain = (__u64)MECH_SIGNAL << 32; /* and mech, pad */
	return plain_begin_anywhere(run, OP_SEND, CAUSE_LOCK, switches) ? run : NULL;
}

/* The object is known when the signal is generated, or never; then who was meant the arguments tell, at the end. */
static __always_inline int send_enter(void)
{
	struct ipc_object_id none = {.mech = MECH_SIGNAL};
	struct ipc_run *run;

	run = is_plain() ? sender_slot() : NULL;
	if (!run)
		run = op_begin(&none, OP_SEND, CAUSE_LOCK, 0);
	if (!run)
		return 0;
	run->flags = SENDER_BEGINS;
	run->aux[AUX_ROLE] = ROLE_SENDS;
	return 0;
}

#define XA_SLOT_BITS 6
#define XA_LEVELS 6

/* The struct pid of a number in the caller's PID namespace, as find_pid_ns() has it in the namespace's radix tree. */
static __always_inline struct pid *pid_of(__u32 nr)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pid *mine = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(mine, level);
	struct upid number = {};
	__u64 entry;

	if (!probe_read(&number, (void *)mine + bpf_core_field_offset(struct pid, numbers) +
					 level * bpf_core_type_size(struct upid)))
		return NULL;
	entry = (__u64)BPF_CORE_READ(number.ns, idr.idr_rt.xa_head);
	for (int i = 0; i < XA_LEVELS; i++) {
		struct xa_node *node = (void *)(entry - 2);
		__u8 shift;

		if ((entry & 3) != 2) /* no node: what was looked for */
			break;
		shift = BPF_CORE_READ(node, shift);
		if (!i && shift < 32 && (nr >> shift) >= 1u << XA_SLOT_BITS)
			return NULL; /* beyond the tree */
		if (!probe_read(&entry, (void *)node + bpf_core_field_offset(struct xa_node, slots) +
						(nr >> (shift & 31) & ((1u << XA_SLOT_BITS) - 1)) * 8))
			return NULL;
	}
	return (entry & 3) || !entry ? NULL : (void *)entry;
}

/* A process by its PID, or (by_thread) by the TID of one of its threads. tgid 0: there is none. */
static __always_inline struct actor process_of(__u32 nr, bool by_thread)
{
	struct actor none = {}, who;
	struct task_struct *task;
	__u32 type = !by_thread; /* PIDTYPE_PID, PIDTYPE_TGID */
	struct pid *pid;
	__u64 link = 0, start;

	if (cfg.no_probe_read)
		return none;
	pid = pid_of(nr);
	if (!pid || !probe_read(&link, (void *)pid + bpf_core_field_offset(struct pid, tasks) + type * 8) || !link)
		return none;
	task = (void *)(link - bpf_core_field_offset(struct task_struct, pid_links) - type * 16);
	start = BPF_CORE_READ(task, group_leader, start_time);
	who.tgid = BPF_CORE_READ(task, tgid);
	who.start = start >> IPC_START_SHIFT;
	return who;
}

/* The kernel refused before it generated anything: EPERM of one process. 0 asks and sends nothing. */
static __attribute__((noinline)) int send_failed(const struct ipc_run *run, __u32 call, __u32 pid, __u32 sig, __s64 ret)
{
	struct op_result res = {.ret = ret};
	struct ipc_object_id obj;
	struct ipc_edge *edge;
	struct actor target;

	if (!run || sig < 1 || sig > SIGNAL_MAX || (__s32)pid <= 0)
		return 0;
	target = process_of(pid, call == CALL_TKILL);
	if (!target.tgid)
		return 0;
	signal_identify(target, sig, &obj);
	if (!op_wanted(&obj))
		return 0;
	edge = op_end(&obj, OP_SEND, NULL, &res);
	if (edge && PROFILE(PROFILE_EVENTS))
		op_emit(&obj, OP_SEND, run, &res, edge, ~0ull);
	return 0;
}

/* Where it has gathered nothing and taken no signal's marks, the slot is clear again. */
static __always_inline void sender_done(struct ipc_run *run)
{
	if (run->flags == SENDER_BEGINS) {
		run->aux[AUX_TAKEN] = 0;
		run->flags = 0;
	}
	run->task = 0;
}

/* A macro: who was meant is read only when it is asked for. */
#define SEND_EXIT(call, pid, sig, ret)                                            \
	({                                                                        \
		struct ipc_run *run = run_mine();                                 \
                                                                                  \
		if (is_sending(run)) {                                            \
			if ((ret) < 0 && !run->aux[AUX_TAKEN])                    \
				send_failed(run, call, pid, sig, ret);            \
			sender_done(run);                                         \
		}                                                                 \
		0;                                                                \
	})

/* ---- those who wait ---- */

/* The one signal of a set, or 0: any of several. */
static __always_inline __u32 only_signal(__u64 set)
{
	return set && !(set & (set - 1)) ? ipc_hist_slot(set >> 32 ? set >> 32 : set) + (set >> 32 ? 32 : 0) : 0;
}

static __always_inline int wait_enter(__u32 call, __u64 set)
{
	struct ipc_object_id obj;
	struct ipc_run *run;

	signal_identify(current_actor(), only_signal(set), &obj);
	if (!op_wanted(&obj))
		return 0;
	run = op_begin(&obj, OP_RECV, CAUSE_EMPTY, 0);
	if (!run)
		return 0;
	run->flags = RUN_OWN | RUN_UNRESOLVED;
	run->aux[AUX_ROLE] = ROLE_WAITS;
	run->aux[AUX_CALL] = call;
	return 0;
}

/* Nothing was taken: a timeout, another signal, EAGAIN. */
static __attribute__((noinline)) int wait_failed(struct ipc_run *run, __s64 ret)
{
	struct op_result res = {.ret = ret};
	struct ipc_object_id obj;
	struct ipc_edge *edge;

	if (!run)
		return 0;
	obj = run->obj;
	edge = op_end(&obj, OP_RECV, run, &res);
	if (run->own_waits && (run->flags & RUN_WOKEN)) {
		run->waker_kind = ret == -11 /* EAGAIN */ ? WAKER_TIMER : WAKER_SIGNAL;
		count_wake(run, &obj);
	}
	if (edge && PROFILE(PROFILE_EVENTS))
		op_emit(&obj, OP_RECV, run, &res, edge, ~0ull);
	return 0;
}

static __always_inline void wait_took(struct ipc_run *run, __u32 sig, __u32 how)
{
	struct self unlocked = {};

	if (sig < 1 || sig > SIGNAL_MAX)
		return;
	take(current_actor(), sig, how, &unlocked, run->aux[AUX_TAKEN] ? NULL : run);
	run->aux[AUX_TAKEN]++;
}

#define SIGINFO_SIZE 128 /* of a signalfd, one signal */
#define SIGINFO_MAX 16	 /* signals of one read that are followed */

static __always_inline void read_took(struct ipc_run *run, __u64 buffer, __s64 bytes)
{
	for (__u32 i = 0; i < SIGINFO_MAX; i++) {
		__u32 sig = 0;

		if ((__s64)(i * SIGINFO_SIZE) >= bytes)
			break;
		if (bpf_probe_read_user(&sig, sizeof(sig), (void *)(buffer + i * SIGINFO_SIZE)))
			break;
		wait_took(run, sig, TAKEN_SIGNALFD);
	}
}

static __always_inline int wait_exit(__u64 buffer, __s64 ret)
{
	struct ipc_run *run = run_mine();
	__u32 call;

	if (!is_waiting(run))
		return 0;
	call = run->aux[AUX_CALL];
	if (call == CALL_SUSPEND || call == CALL_PAUSE)
		return 0; /* the signal that ends it is delivered next */
	if (call == CALL_SIGWAIT && ret > 0)
		wait_took(run, ret, TAKEN_SIGWAIT);
	if (call == CALL_READ && ret > 0 && buffer)
		read_took(run, buffer, ret);
	if (!run->aux[AUX_TAKEN])
		wait_failed(run, ret < 0 ? ret : 0);
	op_done(run);
	return 0;
}

static __always_inline __u64 user_set(__u64 address)
{
	__u64 set = 0;

	bpf_probe_read_user(&set, sizeof(set), (void *)address);
	return set;
}

/* ---- the function backend ---- */

#define SENDER(name, call, pid, sig)                                                             \
	SEC("?fentry/__x64_sys_" #name) int BPF_PROG(name##_entry)                               \
	{                                                                                        \
		return send_enter();                                                             \
	}                                                                                        \
	SEC("?fexit/__x64_sys_" #name) int BPF_PROG(name##_exit, struct pt_regs *regs, long ret) \
	{                                                                                        \
		return SEND_EXIT(call, pid(regs), sig(regs), ret);                               \
	}

SENDER(kill, CALL_KILL, PT_REGS_PARM1_SYSCALL, PT_REGS_PARM2_SYSCALL)
SENDER(tkill, CALL_TKILL, PT_REGS_PARM1_SYSCALL, PT_REGS_PARM2_SYSCALL)
SENDER(tgkill, CALL_TGKILL, PT_REGS_PARM1_SYSCALL, PT_REGS_PARM3_SYSCALL)
SENDER(rt_sigqueueinfo, CALL_QUEUE, PT_REGS_PARM1_SYSCALL, PT_REGS_PARM2_SYSCALL)
SENDER(rt_tgsigqueueinfo, CALL_TGQUEUE, PT_REGS_PARM1_SYSCALL, PT_REGS_PARM3_SYSCALL)

#define NO_PID(regs) 0
SENDER(pidfd_send_signal, CALL_PIDFD, NO_PID, PT_REGS_PARM2_SYSCALL)

SEC("?fentry/__x64_sys_rt_sigtimedwait")
int BPF_PROG(sigwait_entry, struct pt_regs *regs)
{
	return wait_enter(CALL_SIGWAIT, user_set(PT_REGS_PARM1_SYSCALL(regs)));
}

SEC("?fexit/__x64_sys_rt_sigtimedwait")
int BPF_PROG(sigwait_exit, struct pt_regs *regs, long ret)
{
	return wait_exit(0, ret);
}

SEC("?fentry/__x64_sys_rt_sigsuspend")
int BPF_PROG(sigsuspend_entry, struct pt_regs *regs)
{
	return wait_enter(CALL_SUSPEND, ~user_set(PT_REGS_PARM1_SYSCALL(regs)));
}

SEC("?fentry/__do_sys_pause")
int BPF_PROG(pause_entry)
{
	return wait_enter(CALL_PAUSE, 0);
}

/* The set that a signalfd leaves out. */
static __always_inline int signalfd_enter(struct file *file)
{
	__u64 left_out = 0;

	probe_read(&left_out, &((struct signalfd_ctx *)file->private_data)->sigmask.sig[0]);
	return wait_enter(CALL_READ, ~left_out);
}

SEC("?fentry/signalfd_read")
int BPF_PROG(signalfd_entry, struct file *file)
{
	return signalfd_enter(file);
}

SEC("?fexit/signalfd_read")
int BPF_PROG(signalfd_exit, struct file *file, char *buf, size_t count, loff_t *ppos, long ret)
{
	return wait_exit(0, ret);
}

SEC("?fentry/signalfd_read_iter")
int BPF_PROG(signalfd_iter_entry, struct kiocb *iocb)
{
	return signalfd_enter(iocb->ki_filp);
}

SEC("?fexit/signalfd_read_iter")
int BPF_PROG(signalfd_iter_exit, struct kiocb *iocb, struct iov_iter *to, long ret)
{
	return wait_exit(0, ret);
}

/* Off the queue, inside a read of a signalfd: one of perhaps many. Or in a wait that began before us. */
SEC("?fentry/collect_signal")
int BPF_PROG(signalfd_takes, int sig)
{
	struct ipc_run *run = run_mine();
	bool preexisting;
	__u32 call;

	if (!is_waiting(run))
		return 0;
	call = run->aux[AUX_CALL];
	preexisting = run->flags & RUN_PREEXISTING;
	if (call != CALL_READ && (call != CALL_SIGWAIT || !preexisting))
		return 0;
	wait_took(run, sig, call == CALL_READ ? TAKEN_SIGNALFD : TAKEN_SIGWAIT);
	if (preexisting)
		op_done(run); /* nothing more of it will be seen: it was inside when we attached */
	return 0;
}

/* ---- the syscall backend ---- */

/* A signalfd is known by its name: all anonymous inodes are one. */
static __always_inline struct file *signalfd_of(struct task_struct *task, __u32 fd)
{
	static const char want[8] = "[signalf";
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;
	const unsigned char *name;
	struct file **slots;
	__u64 start = 0;

	if (fd >= BPF_CORE_READ(fdt, max_fds))
		return NULL;
	slots = BPF_CORE_READ(fdt, fd);
	if (!probe_read(&file, slots + fd) || !file)
		return NULL;
	name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	if (!probe_read(&start, (const __u64 *)name) || start != *(const __u64 *)want)
		return NULL;
	return file;
}

static __always_inline int read_enter(__u32 fd)
{
	struct file *file = signalfd_of((void *)bpf_get_current_task(), fd);
	struct signalfd_ctx *ctx;

	if (!file)
		return 0;
	ctx = BPF_CORE_READ(file, private_data);
	return wait_enter(CALL_READ, ~BPF_CORE_READ(ctx, sigmask.sig[0]));
}

SEC("?tp_btf/sys_enter")
int BPF_PROG(signal_enter, struct pt_regs *regs, long id)
{
	__u32 call = call_of(id);

	if (!call || is_compat_task())
		return 0;
	switch (call) {
	case CALL_KILL:
	case CALL_TKILL:
	case CALL_QUEUE:
	case CALL_TGKILL:
	case CALL_TGQUEUE:
	case CALL_PIDFD:
		return send_enter();
	case CALL_SIGWAIT:
		return wait_enter(call, user_set(PT_REGS_PARM1_SYSCALL(regs)));
	case CALL_SUSPEND:
		return wait_enter(call, ~user_set(PT_REGS_PARM1_SYSCALL(regs)));
	case CALL_PAUSE:
		return wait_enter(call, 0);
	}
	return read_enter(PT_REGS_PARM1_SYSCALL(regs));
}

/* Which signal was meant, and for whom (0: a pidfd says). */
static __always_inline int sent(struct pt_regs *regs, __u32 call, long ret)
{
	bool third = call == CALL_TGKILL || call == CALL_TGQUEUE;

	return SEND_EXIT(call, call == CALL_PIDFD ? 0 : PT_REGS_PARM1_SYSCALL(regs),
			 third ? PT_REGS_PARM3_SYSCALL(regs) : PT_REGS_PARM2_SYSCALL(regs), ret);
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(signal_exit, struct pt_regs *regs, long ret)
{
	struct ipc_run *run = run_mine();

	if (is_sending(run))
		return sent(regs, call_of(syscall_nr(regs)), ret);
	return is_waiting(run) ? wait_exit(PT_REGS_PARM2_SYSCALL(regs), ret) : 0;
}

#endif
