/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The word as an operation left it, and what it says when it is a lock whose value
 * is the TID of who holds it: of priority-inheriting ones the call tells, of robust
 * ones the list that the thread has registered (set_robust_list(2)), in which the
 * lock that it is about to take stands as pending. The TIDs are those of the PID
 * namespace that the word's users are in. Follows futex_lock_pi() and
 * handle_futex_death(). Included by futex.bpf.c.
 */
#ifndef FUTEX_LOCK_BPF_H
#define FUTEX_LOCK_BPF_H

static __always_inline bool reads_words(void)
{
	return PROFILE(PROFILE_DETAIL | PROFILE_EVENTS) && !cfg.no_probe_read;
}

/* Of the current task's memory. false: not wanted, or not in memory. */
static __always_inline bool read_word(__u32 *value, __u64 uaddr)
{
	return reads_words() && !bpf_probe_read_user(value, sizeof(*value), (void *)uaddr);
}

/* Whose lock it is when the call begins; IPC_STATE_ABSENT: not known, and no lock's value. */
static __always_inline __u32 lock_before(__u64 uaddr)
{
	__u32 value = 0;

	return read_word(&value, uaddr) ? value : IPC_STATE_ABSENT;
}

/* struct robust_list_head of the ABI. */
struct robust_head {
	__u64 next;
	__s64 futex_offset;
	__u64 list_op_pending;
};

/* Is the word the lock that the current thread is about to take, by its list of robust ones? Bit 0 says of which kind. */
static __attribute__((noinline)) int takes_robust(__u64 uaddr)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct robust_head head = {};
	__u64 list = task_robust_list(task);

	if (!list || bpf_probe_read_user(&head, sizeof(head), (void *)list))
		return 0;
	return (head.list_op_pending & ~1ull) + head.futex_offset == uaddr;
}

/* Who waits for a robust lock has said in it that somebody waits: others are not asked about their lists. */
static __always_inline bool waits_for_robust(const struct futex_call *c)
{
	return kind_of(c)->op == OP_RECV && !(kind_of(c)->flags & (KIND_PI | KIND_MANY)) && ((__u32)c->val & LOCK_WAITERS) &&
	       takes_robust(c->uaddr);
}

static __always_inline void note_lock(struct ipc_edge *edge, const struct futex_call *c, const struct ipc_run *run,
				      __u32 value, __s64 ret)
{
	bool of_kernel = kind_of(c)->flags & KIND_LOCK;
	__u32 seen = of_kernel && run ? run->aux[0] : (__u32)c->val;

	edge->state[FUTEX_WORD_OWNER] = value & LOCK_TID;
	if (kind_of(c)->op == OP_RECV && run && run->own_waits && seen != IPC_STATE_ABSENT)
		edge->state[FUTEX_WORD_WAITED_FOR] = seen & LOCK_TID;
	if (kind_of(c)->op == OP_RECV && (value & LOCK_OWNER_DIED) && (of_kernel ? !ret : !(value & LOCK_TID)))
		add(&edge->counters[FUTEX_OWNER_DIED], 1);
}

/* A moment later it may be another. */
static __always_inline bool note_value(struct ipc_edge *edge, __u64 uaddr)
{
	__u32 value = 0, fine;
	__u64 at;

	if (!reads_words())
		return false;
	/* before the look: what another task saw later never seems the older */
	at = state_clock();
	fine = bpf_ktime_get_ns() | 1;
	if (!read_word(&value, uaddr))
		return false;
	edge->state[FUTEX_WORD_VALUE] = value;
	edge->state[FUTEX_WORD_OWNER] = IPC_STATE_ABSENT;
	edge->state[FUTEX_WORD_WAITED_FOR] = IPC_STATE_ABSENT;
	edge->state[IPC_STATE_STAMP] = at >> 16 | 1;
	edge->state[IPC_STATE_FINE] = fine;
	return true;
}

static __always_inline void note_word(struct ipc_edge *edge, const struct futex_call *c, const struct ipc_run *run,
				      __s64 ret)
{
	if (!note_value(edge, c->uaddr))
		return;
	if ((kind_of(c)->flags & KIND_LOCK) || waits_for_robust(c))
		note_lock(edge, c, run, edge->state[FUTEX_WORD_VALUE], ret);
}

#endif
