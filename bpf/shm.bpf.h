/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A System V shared memory segment: its identity and its state words. Follows ipc/shm.c. */
#ifndef SHM_BPF_H
#define SHM_BPF_H

/* The state words, in the order of the descriptor's table (user/mech/shm.c). */
struct shm_internals {
	__u32 nattch;
	__u32 size_low;
	__u32 size_high;
	__u32 creator;
	__u32 last_user;
	__u32 attach_time;
	__u32 detach_time;
	__u32 change_time;
	__u32 key;
	__u32 mode;
	__u32 pages;
};
_Static_assert(sizeof(struct shm_internals) <= 4 * IPC_STATE_FINE, "fits the state words");

/* ipc_edge.counters */
enum shm_counter {
	SHM_INHERITED = 0, /* attachments that a fork or the split of a mapping made */
	SHM_TOUCHED = 1,   /* pages that a process touched first in one of its attachments */
};

static __always_inline void shm_identify(__s32 id, __u32 domain, struct ipc_object_id *obj)
{
	obj->id = (__u32)id;
	obj->domain = domain;
	obj->mech = MECH_SHM;
	obj->pad = 0;
}

/* A mapping whose file is an attached segment, or a segment that the current task names. */
struct attachment {
	struct ipc_object_id obj;
	__u64 data; /* address of the mapping's struct shm_file_data; 0: the segment is of the current task's namespace */
	__u64 pages; /* in memory; PAGES_UNREAD: not looked at yet */
};

#define PAGES_UNREAD (~0ull)

#include "shm_read.bpf.h"

static __always_inline struct attachment named_segment(__s32 id, __u32 domain)
{
	struct attachment a = {.pages = PAGES_UNREAD};

	shm_identify(id, domain, &a.obj);
	return a;
}

/* What only ipc/shm.c calls, for its own mappings: the number of the file's inode is the segment's id. */
static __always_inline bool attachment_of(struct file *file, struct attachment *a)
{
	struct inode *inode = file->f_inode;
	struct file_data data = {.id = -1};

	a->data = (__u64)file->private_data;
	if (!a->data || !file_data_read(a->data, &data) || data.id < 0 || inode->i_ino != (__u32)data.id)
		return false;
	shm_identify(data.id, data.domain, &a->obj);
	a->pages = inode->i_mapping->nrpages;
	return true;
}

#endif
