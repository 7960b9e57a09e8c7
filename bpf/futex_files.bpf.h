/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who slept on a word before we looked: the kernel's hash of sleepers is no
 * iterator's, but a task that sleeps in a system call keeps the registers that it
 * came with. Whose a priority-inheriting lock is, the kernel knows itself: who can
 * end the wait is a holder of the lock. Included by futex.bpf.c.
 */

#define RT_MUTEX_HAS_WAITERS 1ull

/* Who holds the lock that a task is the first to sleep for; 0: none. So each lock has its owner told once. */
static __always_inline __u64 pi_owner(struct task_struct *task)
{
	struct rt_mutex_waiter___any *waiter = (void *)task->pi_blocked_on;
	__u64 lock = 0, owner = 0, first = 0, self = 0;

	if (!waiter || !probe_read(&self, &task->pi_blocked_on) || !probe_read(&lock, &waiter->lock) || !lock)
		return 0;
	probe_read(&first, lock + RT_MUTEX_AT(waiters.rb_leftmost)); /* the node is what a waiter begins with */
	probe_read(&owner, lock + RT_MUTEX_AT(owner));
	return first == self ? owner & ~RT_MUTEX_HAS_WAITERS : 0;
}

/* Its TID as its own PID namespace has it: that is what stands in the word. */
static __attribute__((noinline)) int inner_tid(__u64 task_addr)
{
	struct task_struct *task = (void *)task_addr;
	struct upid inner = {};
	struct pid *pid = NULL;
	__u32 level = 0;

	if (!probe_read(&pid, &task->thread_pid) || !probe_read(&level, &pid->level))
		return 0;
	probe_read(&inner, (void *)pid + bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid));
	return inner.nr;
}

static __always_inline void owner_found(struct seq_file *seq, const struct ipc_object_id *obj, struct ipc_object *o, __u64 owner)
{
	struct task_struct *task = (void *)owner, *leader = NULL;
	__u64 start_ns = 0;
	__u32 tgid = 0;

	if (!probe_read(&leader, &task->group_leader) || !probe_read(&start_ns, &leader->start_time) || !probe_read(&tgid, &task->tgid))
		return;
	process_found(leader, tgid, start_ns >> IPC_START_SHIFT);
	holder_found(seq, obj, OP_SEND, tgid, start_ns >> IPC_START_SHIFT);
	if (o)
		o->state[FUTEX_WORD_OWNER] = inner_tid(owner);
}

/* Copied: the registers of another task are an address on its stack. Not inlined, for the stack of our own. */
static __attribute__((noinline)) int call_of_sleeper(__u64 address, struct futex_call *c)
{
	REGS_COPY(regs);
	__u32 nr;

	if (!c || !address || !probe_read(regs, address))
		return 0;
	nr = syscall_nr(regs);
	if (nr == NR_FUTEX_WAIT)
		decode_futex2(regs, FUTEX_CMD_WAIT, c);
	else if (nr != NR_FUTEX || !decode_futex(regs, c))
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
	__u64 mm = 0, address = 0, owner;
	bool is_new;

	if (!task || cfg.no_probe_read || !(task_state(task) & TASK_INTERRUPTIBLE) || !task->mm)
		return 0;
	owner = pi_owner(task);
	/* later passes look for owners only: who sleeps is seen since */
	if ((control_value(CONTROL_PASS) && !owner) || !call_of_sleeper(task_user_regs(task), &c) || !probe_read(&mm, &task->mm))
		return 0;
	identify_word(&obj, mm, task->tgid, c.uaddr, c.shared);
	if (!holder_counts(&obj, task->tgid))
		return 0;
	process_see_task(task->group_leader, task->tgid, task->group_leader->start_time >> IPC_START_SHIFT);
	o = object_to_sample(&obj, &is_new);
	if (o) {
		/* another's memory: the word itself cannot be read */
		o->state[FUTEX_WORD_VALUE] = IPC_STATE_ABSENT;
		o->state[FUTEX_WORD_OWNER] = IPC_STATE_ABSENT;
		o->state[FUTEX_WORD_WAITED_FOR] = IPC_STATE_ABSENT;
	}
	if (owner)
		owner_found(ctx->meta->seq, &obj, o, owner);
	if (o)
		object_sampled(o, 0, is_new);
	if (control_value(CONTROL_PASS))
		return 0;
	if (obj.id & WORD_IN_FILE)
		futex_name(obj.id, obj.domain, mm, c.uaddr);
	/* an address goes to a global function as a number: read, not cast */
	if (bpf_probe_read_kernel(&address, sizeof(address), &task))
		return 0;
	ipc_sleeper_found(address, obj.id, PACK(&obj, OP_RECV, CAUSE_VALUE), c.uaddr);
	return 0;
}
