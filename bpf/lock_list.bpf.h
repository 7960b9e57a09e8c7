/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lists of an inode: what is in each, who holds it. By address; nothing is locked, and what is freed meanwhile ends
 * a walk. Included by lock.bpf.h.
 */
#ifndef LOCK_LIST_BPF_H
#define LOCK_LIST_BPF_H

#define LIST_AT(member) bpf_core_field_offset(struct file_lock_context, member)

static __always_inline __u32 list_at(__u32 kind)
{
	return kind == KIND_FLOCK ? LIST_AT(flc_flock) : kind == KIND_LEASE ? LIST_AT(flc_lease) : LIST_AT(flc_posix);
}

/* The head of the inode's list of a kind, 0: it has no locks, nor had any. */
static __always_inline __u64 lock_list(__u64 inode, __u32 kind)
{
	struct file_lock_context *context = NULL;

	if (!inode || !probe_read(&context, &((struct inode *)inode)->i_flctx) || !context)
		return 0;
	return (__u64)context + list_at(kind);
}

/* lock_NAME(): a member of the lock at an address, 0 if it cannot be read. */
#define LOCK_READS(returns, name, type)                            \
	static __always_inline returns lock_##name(__u64 lock)     \
	{                                                          \
		type value = 0;                                    \
                                                                   \
		probe_read(&value, lock + FILE_LOCK_AT(name));     \
		return value;                                      \
	}

LOCK_READS(__u64, owner, __u64)
LOCK_READS(__u64, file, __u64)
LOCK_READS(__u32, flags, __u32)
LOCK_READS(__u32, type, __u8)

/* The owner of the lock that a tracepoint tells of. A pointer to no type is a number of its own up to 6.16 only. */
static __always_inline __u64 owner_of(void *ctx, struct file_lock *fl)
{
	if (is_at())
		return word_there((void *)fl + FILE_LOCK_AT(owner));
	if (is_plain())
		return (__u64)LOCK_MEMBER(fl, owner);
	return lock_owner(argument_address(ctx, 1));
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

	if (is_at()) {
		struct file_lock *at = at_address(struct file_lock, lock);

		words[0] = word_there((void *)(lock + FILE_LOCK_AT(owner)));
		type = LOCK_MEMBER(at, type);
		pid = LOCK_MEMBER(at, pid);
		if (kind == KIND_POSIX || kind == KIND_OFD)
			file = (__u64)LOCK_MEMBER(at, file);
	} else {
		if (!probe_read(&words, lock + FILE_LOCK_AT(owner)))
			return 0;
		type = type < LOCK_TOGETHER ? ((__u8 *)words)[type] : lock_type(lock);
		pid = pid <= LOCK_TOGETHER - 4 ? *(__u32 *)((__u8 *)words + pid) : lock_pid(lock);
	}
	own = words[0] == owner;
	if (!is_at() && (kind == KIND_POSIX || kind == KIND_OFD || cfg.syscall_backend))
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

static __always_inline __u32 counted(__u64 found, __u32 number)
{
	return found & FOUND_MORE ? IPC_STATE_ABSENT : number;
}

#define LISTS_TOGETHER 48 /* the heads of an inode's lists */

/* Of a list that begins and ends with these locks' entries, in which an owner's are looked for. Most have one. */
static __always_inline __u64 list_count(__u64 head, __u64 first, __u64 last, __u64 owner, __u32 kind)
{
	return first == last ? ipc_lock_counts(first - FILE_LOCK_AT(list), owner, kind) : ipc_lock_count(head, owner, kind);
}

/* Of one list, by the address of the first head and what was read there; most lists are empty. */
static __always_inline __u64 list_found(__u64 flocks, const __u64 *lists, __u32 kind)
{
	__u32 at = list_at(kind) - list_at(KIND_FLOCK);

	if (!flocks || (at < LISTS_TOGETHER && lists[at / 8] == flocks + at))
		return 0;
	return at <= LISTS_TOGETHER - 16 ? list_count(flocks + at, lists[at / 8], lists[at / 8 + 1], 0, kind) :
					   ipc_lock_count(flocks + at, 0, kind);
}

/* What was found of all lists: how many the inode has of each kind, and who holds one that locks out others. */
static __always_inline void held_words(struct lock_internals *s, __u64 flocks, __u64 ranges, __u64 leases)
{
	__u64 holder = FOUND_LOCKS(flocks) ? flocks : FOUND_LOCKS(ranges) ? ranges : leases;

	s->flocks = counted(flocks, FOUND_LOCKS(flocks));
	s->ofd = counted(ranges, FOUND_OFD(ranges));
	s->posix = counted(ranges, FOUND_LOCKS(ranges) - FOUND_OFD(ranges));
	s->leases = counted(leases, FOUND_LOCKS(leases));
	s->holder = holder >> FOUND_PID_SHIFT ?: IPC_STATE_ABSENT;
}

/* A list of an inode at hand. */
#define TYPED_FOUND(context, list, owner, kind)                                                                   \
	((context)->list.next == &(context)->list ? 0 :                                                            \
						    list_count(address_of(&(context)->list), address_of((context)->list.next), \
							       address_of((context)->list.prev), owner, kind))

/* The same by the inode's address. */
static __attribute__((noinline)) int lock_held_words(__u32 *words, __u64 inode)
{
	__u64 lists[LISTS_TOGETHER / 8], flocks = lock_list(inode, KIND_FLOCK), of_files, ranges;

	if (!words)
		return 0;
	if (!flocks || !probe_read(&lists, flocks))
		flocks = 0;
	of_files = list_found(flocks, lists, KIND_FLOCK);
	ranges = list_found(flocks, lists, KIND_POSIX);
	held_words((void *)words, of_files, ranges, list_found(flocks, lists, KIND_LEASE));
	return 0;
}

#endif
