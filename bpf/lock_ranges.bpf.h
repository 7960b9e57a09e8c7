/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A file's locks and the requests that wait for them, one by one, as a pass finds
 * them: parts of the object (user/mech/lock_figures.c). Included by lock_files.bpf.h.
 */

/* Parts are numbered in the order of the kernel's lists; requests, which are a tree, from the first down. */
#define LOCK_PART_REQUEST (1ull << 32)
#define TABLE_ROWS 64 /* of each */

enum lock_part_word {
	LOCK_PART_KIND = 0,
	LOCK_PART_TYPE = 1,
	LOCK_PART_PID = 2,
	LOCK_PART_WAITERS = 3, /* requests behind this lock */
};

#define FL_LEASES (32 | 4 | 2048) /* FL_LEASE, FL_DELEG, FL_LAYOUT */
#define FL_FLOCK 2

static __always_inline __u32 kind_of(__u64 lock)
{
	__u32 flags = lock_flags(lock);

	if (flags & FL_FLOCK)
		return KIND_FLOCK;
	if (flags & FL_LEASES)
		return KIND_LEASE;
	return lock_is_ofd(lock) ? KIND_OFD : KIND_POSIX;
}

/* Only POSIX and OFD locks have a range in all kernels: a lease is a structure of its own since 6.9. */
static __always_inline void note_part_range(struct ipc_part *part, __u64 lock, __u32 kind)
{
	part->sends = 0;
	part->recvs = TO_END_OF_FILE;
	if (kind != KIND_POSIX && kind != KIND_OFD)
		return;
	probe_read(&part->sends, &((struct file_lock *)lock)->fl_start);
	probe_read(&part->recvs, &((struct file_lock *)lock)->fl_end);
}

/* How many this pass has met of the object that it is at. Passes of one ipctrace do not overlap. */
static __u32 locks_met, requests_met;

/* In memory: as a number that grows in the walk the verifier would follow it through all its steps. */
static __always_inline __u32 waiters_met(void)
{
	return *(volatile __u32 *)&requests_met;
}

/* packed: as PACK() makes it. waiters: behind it; IPC_STATE_ABSENT: it is a request itself. Global: verified once. Returns 0. */
__attribute__((noinline)) int ipc_lock_note(__u64 lock, __u64 id, __u64 packed, __u32 waiters)
{
	struct ipc_object_id obj = {.id = id, .domain = packed >> 32, .mech = MECH_LOCK};
	bool waits = waiters == IPC_STATE_ABSENT;
	__u32 number = waits ? requests_met++ : locks_met++;
	struct ipc_part *part;

	if (number >= TABLE_ROWS)
		return 0;
	part = part_found(&obj, waits ? LOCK_PART_REQUEST + number : number);
	if (!part)
		return 0;
	part->words[LOCK_PART_KIND] = kind_of(lock);
	part->words[LOCK_PART_TYPE] = lock_type(lock);
	part->words[LOCK_PART_PID] = lock_pid(lock);
	part->words[LOCK_PART_WAITERS] = waiters;
	note_part_range(part, lock, part->words[LOCK_PART_KIND]);
	return 0;
}

static __always_inline __u32 untold(__u32 met)
{
	return met > TABLE_ROWS ? met - TABLE_ROWS : 0;
}

static __always_inline void begin_table(void)
{
	locks_met = 0;
	requests_met = 0;
}

static __always_inline void end_table(struct ipc_object *o)
{
	o->counters[LOCKS_UNTOLD] = untold(locks_met);
	o->counters[REQUESTS_UNTOLD] = untold(requests_met);
}
