/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Differences between kernels, as in compat.bpf.h, that only futexes meet. Included by futex.bpf.c. */
#ifndef COMPAT_FUTEX_BPF_H
#define COMPAT_FUTEX_BPF_H

/* 5.16 took what both kinds of mutexes have out of struct rt_mutex, into a part of it */
struct rt_mutex___5_15 {
	struct rb_root_cached waiters;
	struct task_struct *owner;
} __attribute__((preserve_access_index));

/* Where a member of a mutex that passes on priority lies in it. */
#define RT_MUTEX_AT(member)                                                  \
	(bpf_core_type_exists(struct rt_mutex_base) ?                        \
		 bpf_core_field_offset(struct rt_mutex_base, member) :       \
		 bpf_core_field_offset(struct rt_mutex___5_15, member))

/* which its type is called by, too */
struct rt_mutex_waiter___any {
	void *lock;
} __attribute__((preserve_access_index));

/* 7.0 gave what a task has of futexes a structure of its own */
struct task_struct___6_19 {
	struct robust_list_head *robust_list;
} __attribute__((preserve_access_index));

/* The user's address of the list of robust locks that a task has registered, 0: none. */
static __always_inline __u64 task_robust_list(struct task_struct *task)
{
	__u64 list = 0;

	if (bpf_core_field_exists(task->futex.robust_list))
		probe_read(&list, &task->futex.robust_list);
	else
		probe_read(&list, &((struct task_struct___6_19 *)task)->robust_list);
	return list;
}

#endif
