/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What file locks are made of: the lists of an inode, what a call asks for, who
 * holds what. By address, so that a task's call, a tracepoint and a pass over open
 * files share it. Nothing is locked. Follows fs/locks.c.
 */
#ifndef LOCK_BPF_H
#define LOCK_BPF_H

#define TYPE_READ 0 /* F_RDLCK, F_WRLCK, F_UNLCK */
#define TYPE_WRITE 1
#define TYPE_UNLOCK 2
#define TO_END_OF_FILE 0x7fffffffffffffffull /* OFFSET_MAX */

#define FL_CLOSE 64
#define FMODE_PATH 0x4000u

#define WALK_LOCKS 256 /* of one list */

enum lock_kind {
	KIND_NONE = 0,
	KIND_FLOCK = 1,
	KIND_POSIX = 2,
	KIND_OFD = 3,
	KIND_LEASE = 4,
};

/* The state words, in the order of the descriptor's table (user/mech/lock.c). */
struct lock_internals {
	__u32 kind; /* of the lock asked for last, or of one that was there at the start */
	__u32 type;
	__u32 start;
	__u32 start_high;
	__u32 end;
	__u32 end_high;
	__u32 flocks; /* held now */
	__u32 posix;
	__u32 ofd;
	__u32 leases;
	__u32 holder;
};
_Static_assert(sizeof(struct lock_internals) <= 4 * IPC_STATE_FINE, "fits the state words");

/* ipc_edge.counters; 3 has a meaning for all mechanisms. By kind: of requests, of unlocks and closes. */
enum lock_counter {
	LOCK_WRITES = 0,  /* requests for a write lock */
	LOCK_FLOCK = 1,
	LOCK_POSIX = 2,
	LOCK_OFD = 4,
	LOCK_LEASE = 5,
	BREAK_TIMEOUTS = 0, /* of an open: the lease was taken away, its time being over */
};

/* ipc_object.counters: the lock asked for last; what the last pass found no room for in its table. */
enum lock_object_counter {
	LAST_WHAT = 0, /* enum lock_kind, and the type above TYPE_SHIFT */
	LAST_START = 1,
	LAST_END = 2,
	LOCKS_UNTOLD = 3,
	REQUESTS_UNTOLD = 4,
};
#define TYPE_SHIFT 8

/* What a call asks for. */
struct lock_call {
	__u64 file;
	__u64 inode;
	__u64 start;
	__u64 end;
	__u8 op;
	__u8 kind;
	__u8 type;
};

/* How far behind another one a member lies. */
#define BEHIND(type, first, member) ((__u32)(bpf_core_field_offset(type, member) - bpf_core_field_offset(type, first)))

#define INODE_TOGETHER 32 /* bytes with both its file system and its number: read at the price of one */

static __always_inline void lock_identify(__u64 address, struct ipc_object_id *obj)
{
	__u64 words[INODE_TOGETHER / 8] = {};
	struct inode *inode = (void *)address;
	__u32 ino = BEHIND(struct inode, i_sb, i_ino), dev = 0;

	if (ino <= INODE_TOGETHER - 8) {
		probe_read(&words, &inode->i_sb);
		obj->id = words[ino / 8];
	} else {
		probe_read(&words[0], &inode->i_sb);
		obj->id = BPF_CORE_READ(inode, i_ino);
	}
	probe_read(&dev, &((struct super_block *)words[0])->s_dev);
	obj->domain = dev;
	obj->mech = MECH_LOCK;
	obj->pad = 0;
}

/* run->aux[1]: a tracepoint has told how the call changed what its owner holds */
#define FOLLOWED 1

/* What the POSIX locks of the current process belong to. */
static __always_inline __u64 current_files(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 files = 0;

	probe_read(&files, &task->files);
	return files;
}

static __always_inline bool is_lock(const struct ipc_run *run)
{
	return run && run->obj.mech == MECH_LOCK;
}

#include "lock_list.bpf.h"

static __always_inline void lock_words(struct lock_internals *s, __u32 what, __u64 start, __u64 end)
{
	s->kind = what & 0xff;
	s->type = what >> TYPE_SHIFT & 0xff;
	s->start = start;
	s->start_high = start >> 32;
	s->end = end;
	s->end_high = end >> 32;
}

#include "lock_hold.bpf.h"

static struct ipc_residency zero_hold_residency;

static __always_inline void note_residency(const struct ipc_object_id *obj, __u64 since_ns)
{
	struct ipc_residency *r = bpf_map_lookup_elem(&residency, obj);
	__u64 now_ns = bpf_ktime_get_ns();

	if (!r) {
		map_create(&residency, obj, &zero_hold_residency);
		r = bpf_map_lookup_elem(&residency, obj);
		if (!r)
			return;
	}
	if (since_ns)
		hist_add(&r->hist, now_ns > since_ns ? now_ns - since_ns : 0);
	else
		add(&r->unfollowed, 1);
}

/*
 * After something happened to an owner's locks: does it hold any now, and did it
 * before? Returns 1 when it has just given up the last.
 */
static __attribute__((noinline)) int lock_follow_found(const struct ipc_object_id *obj, const struct lock_hold_key *key,
							__u64 found)
{
	__u64 *since;

	if (!obj || !key)
		return 0;
	since = hold_find(key);
	if (found & FOUND_OWN) {
		if (!since)
			hold_add(key, PROFILE(PROFILE_RESIDENCY) ? bpf_ktime_get_ns() : 1);
		return 0;
	}
	if (!since || (found & FOUND_MORE))
		return 0;
	if (PROFILE(PROFILE_RESIDENCY))
		note_residency(obj, *since);
	hold_drop(key);
	return 1;
}

/* The same where the list was not looked at. */
static __always_inline int lock_follow(const struct ipc_object_id *obj, const struct lock_hold_key *key)
{
	return lock_follow_found(obj, key, ipc_lock_count(lock_list(key->inode, key->kind), key->owner, key->kind));
}

/* ---- what a call asks for ---- */

#define CMD_SETLEASE 1024
#define CMD_GETLEASE 1025

/* A kind that fcntl(2) has, by its command; KIND_NONE: it is not about locks. */
static __always_inline __u8 fcntl_kind(__u32 cmd)
{
	if (cmd >= 5 && cmd <= 7)
		return KIND_POSIX; /* F_GETLK, F_SETLK, F_SETLKW */
	if (cmd >= 36 && cmd <= 38)
		return KIND_OFD; /* F_OFD_… */
	return cmd == CMD_SETLEASE || cmd == CMD_GETLEASE ? KIND_LEASE : KIND_NONE;
}

static __always_inline bool fcntl_only_asks(__u32 cmd)
{
	return cmd == 5 || cmd == 36 || cmd == CMD_GETLEASE;
}

static __always_inline __u8 op_of_type(__u8 type)
{
	return type == TYPE_UNLOCK ? OP_SEND : OP_RECV;
}

/* flock(fd, operation): the whole file. */
static __always_inline void decode_flock(__u32 operation, struct lock_call *c)
{
	c->kind = KIND_FLOCK;
	c->type = operation & 8 ? TYPE_UNLOCK : operation & 2 ? TYPE_WRITE : TYPE_READ;
	c->op = op_of_type(c->type);
	c->start = 0;
	c->end = TO_END_OF_FILE;
}

/* A range as struct flock has it; what is relative to a position the kernel tells later (posix_lock_inode). */
static __always_inline void decode_range(const struct flock *range, bool only_asks, struct lock_call *c)
{
	c->type = range->l_type;
	c->op = only_asks ? OP_CTL : op_of_type(c->type);
	c->start = range->l_start;
	c->end = TO_END_OF_FILE;
	if (range->l_len > 0)
		c->end = c->start + range->l_len - 1;
	else if (range->l_len < 0) {
		c->end = c->start - 1;
		c->start += range->l_len;
	}
}

static __always_inline void decode_lease(__u32 cmd, __u32 type, struct lock_call *c)
{
	c->kind = KIND_LEASE;
	c->type = type;
	c->op = cmd == CMD_GETLEASE ? OP_CTL : op_of_type(c->type);
	c->start = 0;
	c->end = TO_END_OF_FILE;
}

#define FILE_TOGETHER 48 /* the same of a file's inode and mode, up to 6.11 */

static __always_inline bool call_of_file(__u64 address, struct lock_call *c)
{
	__u32 at = BEHIND(struct file, f_inode, f_mode), mode = 0;
	struct file *file = (void *)address;
	__u64 words[FILE_TOGETHER / 8];

	c->file = address;
	if (!file)
		return false;
	if (at <= FILE_TOGETHER - 4) {
		if (!probe_read(&words, &file->f_inode))
			return false;
		mode = *(__u32 *)((__u8 *)words + at);
		c->inode = words[0];
	} else if (!probe_read(&mode, &file->f_mode) || !probe_read(&c->inode, &file->f_inode)) {
		return false;
	}
	return !(mode & FMODE_PATH) && c->inode;
}

#endif
