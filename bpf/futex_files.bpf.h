/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who slept on a word before we looked: the kernel's hash of sleepers is no
 * iterator's, but a task that sleeps in a system call keeps the registers that it
 * came with. Included by futex.bpf.c.
 */

/* Copied: the registers of another task are an address on its stack. Not inlined, for the stack of our own. */
static __attribute__((noinline)) int call_of_sleeper(__u64 address, struct futex_call *c)
{
	struct pt_regs regs;
	__u32 nr;

	if (!c || !address || !probe_read(&regs, address))
		return 0;
	nr = syscall_nr(&regs);
	if (nr == NR_FUTEX_WAIT)
		decode_futex2(&regs, FUTEX_CMD_WAIT, c);
	else if (nr != NR_FUTEX || !decode_futex(&regs, c))
		return 0;
	return kind_of(c)->op == OP_RECV;
}

SEC("?iter/task")
int futex_files(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct futex_call c = {};
	struct ipc_object_id obj;
	struct ipc_object *o;
	__u64 mm = 0, address = 0;
	bool is_new;

	if (!task || cfg.no_probe_read || control_value(CONTROL_PASS) || !(task_state(task) & TASK_INTERRUPTIBLE) ||
	    !task->mm || !call_of_sleeper(task_user_regs(task), &c) || !probe_read(&mm, &task->mm))
		return 0;
	identify_word(&obj, mm, task->tgid, c.uaddr, c.shared);
	if (!holder_counts(&obj, task->tgid))
		return 0;
	process_see_task(task->group_leader, task->tgid, task->group_leader->start_time >> IPC_START_SHIFT);
	o = object_to_sample(&obj, &is_new);
	if (o)
		object_sampled(o, 0, is_new);
	if (obj.id & WORD_IN_FILE)
		futex_name(obj.id, obj.domain, mm, c.uaddr);
	/* an address goes to a global function as a number: read, not cast */
	if (bpf_probe_read_kernel(&address, sizeof(address), &task))
		return 0;
	ipc_sleeper_found(address, obj.id, PACK(&obj, OP_RECV, CAUSE_VALUE), c.uaddr);
	return 0;
}
