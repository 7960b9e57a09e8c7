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
_Static_assert(sizeof(struct shm_internals) <= 4 * IPC_STATE_STAMP, "fits the state words");

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

static __always_inline __u32 pid_number(__u64 address)
{
	struct pid *pid = (void *)address;
	__u32 number = 0;

	if (address)
		probe_read(&number, &pid->numbers[0].nr);
	return number;
}

static __always_inline __u32 pages_inside(__u64 file_address)
{
	struct file *file = (void *)file_address;

	return cfg.no_probe_read || !file ? IPC_STATE_ABSENT : BPF_CORE_READ(file, f_inode, i_mapping, nrpages);
}

static __always_inline bool segment_state(__u64 address, struct shm_internals *s)
{
	struct shmid_kernel *shm = (void *)address;
	__u64 attached, size, at = 0;
	__s64 seconds = 0;
	__u16 mode = 0;

	if (!address || !probe_read(&attached, &shm->shm_nattch) || !probe_read(&size, &shm->shm_segsz))
		return false;
	s->nattch = attached;
	s->size_low = size;
	s->size_high = size >> 32;
	probe_read(&at, &shm->shm_cprid);
	s->creator = pid_number(at);
	probe_read(&at, &shm->shm_lprid);
	s->last_user = pid_number(at);
	probe_read(&seconds, &shm->shm_atim);
	s->attach_time = seconds;
	probe_read(&seconds, &shm->shm_dtim);
	s->detach_time = seconds;
	probe_read(&seconds, &shm->shm_ctim);
	s->change_time = seconds;
	probe_read(&s->key, &shm->shm_perm.key);
	probe_read(&mode, &shm->shm_perm.mode);
	s->mode = mode;
	probe_read(&at, &shm->shm_file);
	s->pages = pages_inside(at);
	return true;
}

/* A mapping whose file is an attached segment. */
struct attachment {
	struct ipc_object_id obj;
	__u64 ns;
};

static __always_inline bool attachment_of(struct file *file, struct attachment *a)
{
	struct sysv_segment segment = {};

	if (!segment_of_file(file, &segment))
		return false;
	a->ns = segment.ns;
	shm_identify(segment.id, sysv_namespace_inode(segment.ns), &a->obj);
	return true;
}

#endif
