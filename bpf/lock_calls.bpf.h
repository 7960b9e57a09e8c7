/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The syscall backend: the same calls, out of two hooks that every system call
 * passes. Included by lock.bpf.c.
 */

/* Not inlined: the copy of the range is gone from the stack before the walks begin. */
static __attribute__((noinline)) int decode_user_range(__u64 address, __u32 cmd, struct lock_call *c)
{
	struct flock range = {};

	if (!c || bpf_probe_read_user(&range, sizeof(range), (void *)address))
		return 0;
	decode_range(&range, fcntl_only_asks(cmd), c);
	return 1;
}

/* fcntl(fd, cmd, arg): does it ask for something about locks? */
static __always_inline bool fcntl_call(struct pt_regs *regs, struct lock_call *c)
{
	__u32 cmd = PT_REGS_PARM2_SYSCALL(regs);
	__u64 arg = PT_REGS_PARM3_SYSCALL(regs);

	c->kind = fcntl_kind(cmd);
	if (!c->kind)
		return false;
	if (c->kind == KIND_LEASE)
		decode_lease(cmd, arg, c);
	else if (!decode_user_range(arg, cmd, c))
		return false;
	return call_of_file((__u64)file_of(PT_REGS_PARM1_SYSCALL(regs)), c);
}

static __always_inline bool call_of(struct pt_regs *regs, __u32 nr, struct lock_call *c)
{
	return nr == NR_FLOCK ? flock_call(regs, c) : nr == NR_FCNTL && fcntl_call(regs, c);
}

/* A lease goes with the last close of its file, which the tracepoints do not tell. */
static __always_inline int close_begins(__u32 fd)
{
	struct lock_hold_key key = {.kind = KIND_LEASE};
	struct lock_call c = {};
	struct ipc_object_id obj;
	struct ipc_run *run;

	if (!call_of_file((__u64)file_of(fd), &c))
		return 0;
	key.owner = c.file;
	key.inode = c.inode;
	if (!hold_find(&key))
		return 0;
	lock_identify(c.inode, &obj);
	if (!op_wanted(&obj))
		return 0;
	run = op_begin(&obj, OP_CLOSE, CAUSE_LOCK, c.inode);
	if (!run)
		return 0;
	run->flags = RUN_OWN;
	run->aux[0] = KIND_LEASE;
	run->kobj2 = c.file;
	return 0;
}

static __u32 closes_go_on; /* ever: else no system call looks for one */

/*
 * Until 6.5 the file, and its lease, goes after sys_exit, on the way to user space. That it does is
 * known here; whom that wakes is found out by the run, which stays in its slot until the next call.
 */
static __always_inline void close_ends(struct ipc_run *run)
{
	__u64 lease = ipc_lock_count(lock_list(run->kobj, KIND_LEASE), run->kobj2, KIND_LEASE);

	lease_released(run);
	if (!(lease & FOUND_GOING)) {
		op_done(run);
		return;
	}
	run->flags |= RUN_ENDED;
	closes_go_on = 1;
}

static __always_inline void close_is_over(void)
{
	struct ipc_run *run = run_mine();

	if (is_lock(run) && (run->flags & RUN_ENDED))
		op_done(run);
}

SEC("?tp_btf/sys_enter")
int BPF_PROG(lock_sys_enter, struct pt_regs *regs, long id)
{
	struct lock_call c = {};
	__u32 nr = id;

	if (*(volatile __u32 *)&closes_go_on)
		close_is_over();
	if ((nr != NR_FLOCK && nr != NR_FCNTL && nr != NR_CLOSE) || all_left_out() || cfg.no_probe_read || is_compat_task())
		return 0;
	if (nr == NR_CLOSE)
		return PROFILE(~0u) ? close_begins(PT_REGS_PARM1_SYSCALL(regs)) : 0;
	return call_of(regs, nr, &c) ? enter(&c) : 0;
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(lock_sys_exit, struct pt_regs *regs, long ret)
{
	__u32 nr = syscall_nr(regs);
	struct lock_call c = {};
	struct ipc_run *run;

	if (nr == NR_FLOCK || nr == NR_FCNTL)
		return !all_left_out() && !cfg.no_probe_read && !is_compat_task() && call_of(regs, nr, &c) ? leave(&c, ret) : 0;
	run = has_entry() ? run_mine() : NULL;
	if (!is_lock(run))
		return 0;
	if (run->op == OP_OPEN)
		return break_ends(ret < 0 ? ret : 0);
	if (run->op == OP_CLOSE && run->aux[0] == KIND_LEASE && nr == NR_CLOSE)
		close_ends(run);
	return 0;
}
