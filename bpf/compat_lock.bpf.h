/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Differences between kernels, as in compat.bpf.h, that only file locks meet. Included by lock.bpf.c. */
#ifndef COMPAT_LOCK_BPF_H
#define COMPAT_LOCK_BPF_H

/* 6.13: file_ref_t f_ref */
struct file___6_12 {
	atomic_long_t f_count;
} __attribute__((preserve_access_index));

/* Does nobody refer to the file (by address) any more? Never, where the kernel counts otherwise. */
static __always_inline bool file_is_unreferenced(__u64 file)
{
	__s64 references;

	return bpf_core_field_exists(((struct file___6_12 *)file)->f_count) &&
	       probe_read(&references, &((struct file___6_12 *)file)->f_count) && !references;
}

/* 6.9 moved what all kinds of file locks have into a structure of its own */
struct file_lock___6_8 {
	struct file_lock___6_8 *fl_blocker;
	struct list_head fl_list;
	struct list_head fl_blocked_requests;
	struct list_head fl_blocked_member;
	void *fl_owner;
	unsigned int fl_flags;
	unsigned char fl_type;
	unsigned int fl_pid;
	wait_queue_head_t fl_wait;
	struct file *fl_file;
} __attribute__((preserve_access_index));

/* Where a member of a file lock lies in it. */
#define FILE_LOCK_AT(member)                                                        \
	(bpf_core_type_exists(struct file_lock_core) ?                              \
		 bpf_core_field_offset(struct file_lock_core, flc_##member) :       \
		 bpf_core_field_offset(struct file_lock___6_8, fl_##member))

/* The same member, of a lock at hand. */
#define LOCK_MEMBER(lock, member)                                        \
	(bpf_core_type_exists(struct file_lock_core) ? (lock)->c.flc_##member : \
						       ((struct file_lock___6_8 *)(lock))->fl_##member)

#endif
