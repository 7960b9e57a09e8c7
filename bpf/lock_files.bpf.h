/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Locks that exist without any operation: a pass over all open files finds whose have
 * some, and who holds them; who waits stands in the locks, as a tree, since a request
 * that conflicts with another one waits behind it. Included by lock.bpf.c.
 */

#include "lock_ranges.bpf.h"

#define WALK_TREE (2 * WALK_WAITERS)

static __always_inline void walk_ended_early(__u64 packed)
{
	if (!(packed & SLEEPERS_KNOWN))
		lose(LOSS_UNRESOLVED);
}

/*
 * Every request that waits behind a lock, and in the first pass its task. Down to the first, else along, else up: without a
 * stack. Returns 0.
 */
__attribute__((noinline)) int ipc_lock_waiters(__u64 lock, __u64 id, __u64 packed)
{
	__u64 at = lock, link = 0, parent = 0;
	bool down = true;

	for (int i = 0; i < WALK_TREE; i++) {
		__u64 requests = at + FILE_LOCK_AT(blocked_requests);

		if (!down && at == lock)
			return 0;
		if (down && (!probe_read(&link, requests) || link == requests)) {
			down = false;
			continue;
		}
		if (!down) {
			if (!probe_read(&parent, at + FILE_LOCK_AT(blocker)) || !parent ||
			    !probe_read(&link, at + FILE_LOCK_AT(blocked_member)))
				return 0;
			if (link == parent + FILE_LOCK_AT(blocked_requests)) {
				at = parent;
				continue;
			}
		}
		at = link - FILE_LOCK_AT(blocked_member);
		down = true;
		ipc_lock_note(at, id, packed, IPC_STATE_ABSENT);
		ipc_queue_sleepers(at + FILE_LOCK_AT(wait), id, packed, 0);
		if (!link)
			return 0;
	}
	walk_ended_early(packed);
	return 0;
}

/* The same for all locks of a list. */
__attribute__((noinline)) int ipc_lock_list_waiters(__u64 head, __u64 id, __u64 packed)
{
	__u64 at = 0;
	__u32 before;

	if (!head || !probe_read(&at, head))
		return 0;
	for (int i = 0; i < WALK_LOCKS; i++) {
		if (!at || at == head)
			return 0;
		before = waiters_met();
		ipc_lock_waiters(at - FILE_LOCK_AT(list), id, packed);
		ipc_lock_note(at - FILE_LOCK_AT(list), id, packed, waiters_met() - before);
		if (!probe_read(&at, at))
			return 0;
	}
	walk_ended_early(packed);
	return 0;
}

/*
 * The inode's locks and who waits for them. Global, and not called by who takes the sample: the frames of all
 * that calls one another share 512 bytes. known: SLEEPERS_KNOWN or 0. Returns 0.
 */
__attribute__((noinline)) int ipc_lock_table(__u64 id, __u64 domain, __u64 inode, __u64 known)
{
	struct ipc_object_id obj = {.id = id, .domain = domain, .mech = MECH_LOCK};
	struct ipc_object *o;

	begin_table();
	ipc_lock_list_waiters(lock_list(inode, KIND_FLOCK), id, PACK(&obj, OP_RECV, CAUSE_HELD) | known);
	ipc_lock_list_waiters(lock_list(inode, KIND_POSIX), id, PACK(&obj, OP_RECV, CAUSE_HELD) | known);
	ipc_lock_list_waiters(lock_list(inode, KIND_LEASE), id, PACK(&obj, OP_OPEN, CAUSE_HELD) | known);
	o = bpf_map_lookup_elem(&objects, &obj);
	if (o)
		end_table(o);
	return 0;
}

/* Does this owner hold locks of that kind? In the first pass, it does since before the start. Global: numbers only. */
__attribute__((noinline)) int ipc_lock_found(__u64 inode, __u64 owner, __u64 kind)
{
	struct lock_hold_key key = {.owner = owner, .inode = inode, .kind = kind};

	if (!(ipc_lock_count(lock_list(inode, kind), owner, kind) & FOUND_OWN))
		return 0;
	if (!control_value(CONTROL_PASS) && !hold_find(&key))
		hold_add(&key, 0);
	return 1;
}

/* What was asked for last, or else a lock that is there. */
static __always_inline void last_words(struct ipc_object *o, const struct ipc_object_id *obj, __u64 inode)
{
	const struct lock_asked *asked = asked_place(obj);
	struct lock_internals *s = (void *)o->state;
	__u64 lock = 0, start = 0, end = TO_END_OF_FILE;
	__u32 kind = KIND_NONE;

	if (asked_is(asked, obj) && asked->what) {
		lock_words(s, asked->what, asked->start, asked->end);
		return;
	}
	if (o->counters[LAST_WHAT]) {
		lock_words(s, o->counters[LAST_WHAT], o->counters[LAST_START], o->counters[LAST_END]);
		return;
	}
	if ((lock = ipc_lock_first(lock_list(inode, KIND_POSIX)))) {
		kind = lock_is_ofd(lock) ? KIND_OFD : KIND_POSIX;
		probe_read(&start, &((struct file_lock *)lock)->fl_start);
		probe_read(&end, &((struct file_lock *)lock)->fl_end);
	} else if ((lock = ipc_lock_first(lock_list(inode, KIND_FLOCK)))) {
		kind = KIND_FLOCK;
	} else if ((lock = ipc_lock_first(lock_list(inode, KIND_LEASE)))) {
		kind = KIND_LEASE;
	}
	lock_words(s, kind | lock_type(lock) << TYPE_SHIFT, start, end);
}

enum sampled { SAMPLE_NONE, SAMPLE_FIRST, SAMPLE_LATER };

/* Global: verified once; numbers only. Returns an enum sampled: in the first pass, or later. */
__attribute__((noinline)) int ipc_lock_sample(__u64 id, __u64 domain, __u64 inode)
{
	struct ipc_object_id obj = {.id = id, .domain = domain, .mech = MECH_LOCK};
	struct ipc_object *o;
	bool is_new;

	o = object_to_sample(&obj, &is_new);
	if (!o)
		return SAMPLE_NONE;
	stamp_in_order(o->state, id);
	last_words(o, &obj, inode);
	lock_held_words(o->state, inode);
	return object_sampled(o, 0, is_new) ? SAMPLE_FIRST : SAMPLE_LATER;
}

static __always_inline void look_at_locks(const struct ipc_object_id *obj, __u64 inode)
{
	int sampled = ipc_lock_sample(obj->id, obj->domain, inode);

	if (sampled == SAMPLE_FIRST || (sampled == SAMPLE_LATER && PROFILE(PROFILE_DETAIL)))
		ipc_lock_table(obj->id, obj->domain, inode, sampled == SAMPLE_FIRST ? 0 : SLEEPERS_KNOWN);
}

SEC("?iter/task_file")
int lock_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task, *leader;
	__u64 file_at = 0, inode = 0, table = 0;
	struct file *file = ctx->file;
	struct ipc_object_id obj;
	__u32 tgid, start;
	int holds;

	if (!task || !file || cfg.no_probe_read || !file->f_inode->i_flctx)
		return 0;
	lock_identify((__u64)file->f_inode, &obj);
	tgid = task->tgid;
	if (!holder_counts(&obj, tgid))
		return 0;
	/* addresses go to a global function as numbers: read, not cast */
	probe_read(&inode, &file->f_inode);
	probe_read(&table, &task->files);
	if (bpf_probe_read_kernel(&file_at, sizeof(file_at), &file))
		return 0;
	holds = ipc_lock_found(inode, file_at, KIND_FLOCK) + ipc_lock_found(inode, table, KIND_POSIX) +
		ipc_lock_found(inode, file_at, KIND_OFD) + ipc_lock_found(inode, file_at, KIND_LEASE);
	if (holds) {
		leader = task->group_leader;
		start = leader->start_time >> IPC_START_SHIFT;
		process_see_task(leader, tgid, start);
		holder_found(ctx->meta->seq, &obj, OP_RECV, tgid, start);
		ipc_lock_name(obj.id, obj.domain, file_at);
	}
	if (holds || bpf_map_lookup_elem(&objects, &obj))
		look_at_locks(&obj, inode);
	return 0;
}
