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

static __always_inline void lock_identify(__u64 inode, struct ipc_object_id *obj)
{
	obj->id = BPF_CORE_READ((struct inode *)inode, i_ino);
	obj->domain = BPF_CORE_READ((struct inode *)inode, i_sb, s_dev);
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

/* The head of the inode's list of a kind, 0: it has no locks, nor had any. */
static __always_inline __u64 lock_list(__u64 inode, __u32 kind)
{
	struct file_lock_context *context = NULL;

	if (!inode || !probe_read(&context, &((struct inode *)inode)->i_flctx) || !context)
		return 0;
	if (kind == KIND_FLOCK)
		return (__u64)context + bpf_core_field_offset(struct file_lock_context, flc_flock);
	if (kind == KIND_LEASE)
		return (__u64)context + bpf_core_field_offset(struct file_lock_context, flc_lease);
	return (__u64)context + bpf_core_field_offset(struct file_lock_context, flc_posix);
}

static __always_inline __u64 lock_owner(__u64 lock)
{
	__u64 owner = 0;

	probe_read(&owner, lock + FILE_LOCK_AT(owner));
	return owner;
}

static __always_inline __u64 lock_file(__u64 lock)
{
	__u64 file = 0;

	probe_read(&file, lock + FILE_LOCK_AT(file));
	return file;
}

static __always_inline __u32 lock_flags(__u64 lock)
{
	__u32 flags = 0;

	probe_read(&flags, lock + FILE_LOCK_AT(flags));
	return flags;
}

static __always_inline __u32 lock_type(__u64 lock)
{
	__u8 type = 0;

	probe_read(&type, lock + FILE_LOCK_AT(type));
	return type;
}

/* The PID that asked for it, as the kernel noted it; OFD locks have none. */
static __always_inline __u32 lock_pid(__u64 lock)
{
	__u32 pid = 0;

	probe_read(&pid, lock + FILE_LOCK_AT(pid));
	return (__s32)pid > 0 ? pid : IPC_STATE_ABSENT;
}

/*
 * What a file that nobody refers to holds goes with it: until 6.5 a close leaves that to its task's way back to
 * user space (fput). Function hooks see it go.
 */
static __always_inline bool file_is_going(__u64 file)
{
	return cfg.syscall_backend && file_is_unreferenced(file);
}

static __always_inline bool lock_is_going(__u64 lock)
{
	__u64 file = cfg.syscall_backend ? lock_file(lock) : 0;

	return file && lock_owner(lock) == file && file_is_going(file);
}

/* A list has POSIX and OFD locks mixed: an OFD lock belongs to its file. */
static __always_inline bool lock_is_ofd(__u64 lock)
{
	__u64 file = lock_file(lock);

	return file && lock_owner(lock) == file;
}

/* What a walk of a list found, in one number: it crosses a function boundary. */
#define FOUND_OWN (1ull << 32)	/* one of the owner's */
#define FOUND_MORE (1ull << 33) /* the list is longer */
#define FOUND_GOING (1ull << 34) /* one of the owner's, who is a file that is going; it is not counted */
#define FOUND_WRITE (1ull << 35) /* who holds it, has a write lock; else it is the first one's */
#define FOUND_PID_SHIFT 36	 /* who holds it, as the kernel noted who asked for it; OFD locks have none */
#define FOUND_NUMBERS 0xffffffffull
#define FOUND_FLAGS (FOUND_OWN | FOUND_MORE | FOUND_GOING)
#define FOUND_LOCKS(found) ((__u32)(found) & 0xffff)
#define FOUND_OFD(found) ((__u32)(found) >> 16)

/* What lies together in a lock, and is read at once: its owner, flags, type and PID. */
#define LOCK_TOGETHER 24
#define FROM_OWNER(member) ((__u32)(FILE_LOCK_AT(member) - FILE_LOCK_AT(owner)))

/*
 * What one lock of the list of this kind adds to that. Only POSIX and OFD locks share a list; whose file goes, function
 * hooks see. Global: its branches are none of the walk's.
 */
__attribute__((noinline)) __u64 ipc_lock_counts(__u64 lock, __u64 owner, __u32 kind)
{
	__u64 words[LOCK_TOGETHER / 8] = {}, file = 0;
	__u32 type = FROM_OWNER(type), pid = FROM_OWNER(pid);
	bool own, of_file;

	if (!probe_read(&words, lock + FILE_LOCK_AT(owner)))
		return 0;
	type = type < LOCK_TOGETHER ? ((__u8 *)words)[type] : lock_type(lock);
	pid = pid <= LOCK_TOGETHER - 4 ? *(__u32 *)((__u8 *)words + pid) : lock_pid(lock);
	own = words[0] == owner;
	if (kind == KIND_POSIX || kind == KIND_OFD || cfg.syscall_backend)
		file = lock_file(lock);
	of_file = file && words[0] == file;
	if (of_file && file_is_going(file))
		return own ? FOUND_GOING : 0;
	return (1 + (of_file ? 1 << 16 : 0)) | (own ? FOUND_OWN : 0) | (type == TYPE_WRITE ? FOUND_WRITE : 0) |
	       ((__s32)pid > 0 ? (__u64)pid << FOUND_PID_SHIFT : 0);
}

/* With one lock more: a write lock is whose holder counts, or else the first one. */
static __always_inline __u64 found_with(__u64 found, __u64 one)
{
	__u64 held = !FOUND_LOCKS(found) || one & ~found & FOUND_WRITE ? one : found;

	return ((found & FOUND_NUMBERS) + (one & FOUND_NUMBERS)) | ((found | one) & FOUND_FLAGS) |
	       (held & ~(FOUND_NUMBERS | FOUND_FLAGS));
}

/* Counts the list of a kind, looking for an owner's. Global, as all that loops here: verified once. */
__attribute__((noinline)) __u64 ipc_lock_count(__u64 head, __u64 owner, __u32 kind)
{
	__u64 at = 0, found = 0, one;

	if (!head || !probe_read(&at, head))
		return 0;
	for (int i = 0; i < WALK_LOCKS; i++) {
		if (!at || at == head)
			return found;
		one = ipc_lock_counts(at - FILE_LOCK_AT(list), owner, kind);
		found = found_with(found, one);
		if (!probe_read(&at, at))
			return found;
	}
	return found | FOUND_MORE;
}

/* 2: a write lock. 0: it is as good as gone. Global, as above. */
__attribute__((noinline)) int ipc_lock_weight(__u64 lock)
{
	if (lock_is_going(lock))
		return 0;
	return lock_type(lock) == TYPE_WRITE ? 2 : 1;
}

/* The list's write lock, or else its first one; 0: it is empty. */
__attribute__((noinline)) __u64 ipc_lock_first(__u64 head)
{
	__u64 at = 0, first = 0;

	if (!head || !probe_read(&at, head))
		return 0;
	for (int i = 0; i < WALK_LOCKS; i++) {
		__u64 lock = at - FILE_LOCK_AT(list);
		int weight;

		if (!at || at == head)
			break;
		weight = ipc_lock_weight(lock);
		if (weight > 1)
			return lock;
		if (!first && weight)
			first = lock;
		if (!probe_read(&at, at))
			break;
	}
	return first;
}

static __always_inline void lock_words(struct lock_internals *s, __u32 what, __u64 start, __u64 end)
{
	s->kind = what & 0xff;
	s->type = what >> TYPE_SHIFT & 0xff;
	s->start = start;
	s->start_high = start >> 32;
	s->end = end;
	s->end_high = end >> 32;
}

static __always_inline __u32 counted(__u64 found, __u32 number)
{
	return found & FOUND_MORE ? IPC_STATE_ABSENT : number;
}

/* The heads of an inode's lists, which lie together. */
#define LISTS_TOGETHER 48
#define FROM_FLOCKS(member) ((__u32)(bpf_core_field_offset(struct file_lock_context, member) - \
				     bpf_core_field_offset(struct file_lock_context, flc_flock)))

/* Of one list, by the address of the first head and what was read there; most lists are empty. */
static __always_inline __u64 list_found(__u64 flocks, const __u64 *lists, __u32 kind)
{
	__u32 at = kind == KIND_FLOCK ? 0 : kind == KIND_POSIX ? FROM_FLOCKS(flc_posix) : FROM_FLOCKS(flc_lease);

	if (!flocks || (at < LISTS_TOGETHER && lists[at / 8] == flocks + at))
		return 0;
	return ipc_lock_count(flocks + at, 0, kind);
}

/* How many the inode has of each kind, and who holds one that locks out others. */
static __attribute__((noinline)) int lock_held_words(__u32 *words, __u64 inode)
{
	struct lock_internals *s = (void *)words;
	__u64 lists[LISTS_TOGETHER / 8], flocks = lock_list(inode, KIND_FLOCK), found, holder;

	if (!words)
		return 0;
	if (!flocks || !probe_read(&lists, flocks))
		flocks = 0;
	holder = found = list_found(flocks, lists, KIND_FLOCK);
	s->flocks = counted(found, FOUND_LOCKS(found));
	found = list_found(flocks, lists, KIND_POSIX);
	s->ofd = counted(found, FOUND_OFD(found));
	s->posix = counted(found, FOUND_LOCKS(found) - FOUND_OFD(found));
	holder = FOUND_LOCKS(holder) ? holder : found;
	found = list_found(flocks, lists, KIND_LEASE);
	s->leases = counted(found, FOUND_LOCKS(found));
	holder = FOUND_LOCKS(holder) ? holder : found;
	s->holder = holder >> FOUND_PID_SHIFT ?: IPC_STATE_ABSENT;
	return 0;
}

/* ---- who holds what, and since when ---- */

/* A process's POSIX locks belong to its file table, all others to a file. */
struct lock_hold_key {
	__u64 owner;
	__u64 inode; /* address */
	__u64 kind;
};

struct lock_hold {
	__u64 since_ns; /* 0: from before the start */
};

IPC_MAP(lock_holds, BPF_MAP_TYPE_HASH, struct lock_hold_key, struct lock_hold, 16384);

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
static __attribute__((noinline)) int lock_follow(const struct ipc_object_id *obj, const struct lock_hold_key *key)
{
	struct lock_hold now = {}, *hold;
	__u64 found;

	if (!obj || !key)
		return 0;
	found = ipc_lock_count(lock_list(key->inode, key->kind), key->owner, key->kind);
	hold = bpf_map_lookup_elem(&lock_holds, key);
	if (found & FOUND_OWN) {
		now.since_ns = PROFILE(PROFILE_RESIDENCY) ? bpf_ktime_get_ns() : 1;
		if (!hold)
			map_create(&lock_holds, key, &now);
		return 0;
	}
	if (!hold || (found & FOUND_MORE))
		return 0;
	if (PROFILE(PROFILE_RESIDENCY))
		note_residency(obj, hold->since_ns);
	bpf_map_delete_elem(&lock_holds, key);
	return 1;
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

static __always_inline bool call_of_file(__u64 file, struct lock_call *c)
{
	__u32 mode = 0;

	c->file = file;
	return file && probe_read(&mode, &((struct file *)file)->f_mode) && !(mode & FMODE_PATH) &&
	       probe_read(&c->inode, &((struct file *)file)->f_inode) && c->inode;
}

#endif
