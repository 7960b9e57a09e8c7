/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What becomes of locks without a call for it, by the tracepoints of fs/locks.c: all of
 * a process's go when it closes the file, those of a file with its last close, both at
 * exit, and a lease is broken by who opens the file. Included by lock.bpf.c.
 */

/* As lock_identify(), of an inode at hand */
static __always_inline struct ipc_object_id lock_object(struct inode *inode)
{
	struct ipc_object_id obj = {.id = inode->i_ino, .domain = inode->i_sb->s_dev, .mech = MECH_LOCK};

	return obj;
}

/* Locks are about to go, and nobody called for it: who is woken by that, this close has woken. */
SEC("?tp_btf/locks_get_lock_context")
int BPF_PROG(release_begins, struct inode *inode, int type, struct file_lock_context *context)
{
	struct ipc_object_id obj;

	if (type != TYPE_UNLOCK || !context || all_left_out() || is_lock(run_mine()))
		return 0;
	obj = lock_object(inode);
	if (op_wanted(&obj))
		op_begin(&obj, OP_CLOSE, CAUSE_LOCK, 0);
	return 0;
}

/* A close, or the end of a process, gave up what its owner still had. */
static __attribute__((noinline)) int released(const struct ipc_object_id *obj, struct ipc_run *run, __u64 inode, __u64 file,
					      __u32 kind)
{
	struct lock_call c = {.file = file, .inode = inode, .end = TO_END_OF_FILE, .kind = kind, .type = TYPE_UNLOCK};
	struct op_result res = {};
	struct ipc_edge *edge;

	if (!obj)
		return 0;
	edge = op_end(obj, OP_CLOSE, run, &res);
	if (!edge)
		return 0;
	count_kind(edge, kind);
	note_state(edge, obj, &c);
	if (edge->ops == 1)
		ipc_lock_name(obj->id, obj->domain, file);
	if (PROFILE(PROFILE_EVENTS))
		op_emit(obj, OP_CLOSE, run, &res, edge, ~0ull);
	return 0;
}

/* The kernel has the final range: a call may have said it from the end of the file. */
static __always_inline void note_range(struct ipc_run *run, struct file_lock *fl)
{
	if (run->op != OP_RECV && run->op != OP_SEND)
		return;
	run->kobj2 = fl->fl_start;
	run->progress = fl->fl_end;
}

#define DEFERRED 1 /* FILE_LOCK_DEFERRED: it has to wait, and tries again */

/* What was found of an inode's lists. */
struct lists_found {
	__u64 flocks;
	__u64 ranges;
	__u64 leases;
};

/* Looks for an owner's among those of this kind; the other kinds are looked at if all are to be. */
static __always_inline __u64 look_typed(struct inode *inode, __u64 owner, __u32 kind, bool all, struct lists_found *found)
{
	struct file_lock_context *context = inode->i_flctx;

	if (!context)
		return 0;
	if (kind == KIND_FLOCK || all)
		found->flocks = TYPED_FOUND(context, flc_flock, owner, KIND_FLOCK);
	if (kind != KIND_FLOCK || all)
		found->ranges = TYPED_FOUND(context, flc_posix, owner, KIND_POSIX);
	if (all)
		found->leases = TYPED_FOUND(context, flc_lease, owner, KIND_LEASE);
	return kind == KIND_FLOCK ? found->flocks : found->ranges;
}

static __always_inline int lock_done(void *ctx, struct inode *inode, struct file_lock *fl, __u64 owner, __u32 kind, int ret)
{
	__u64 before = *(volatile __u64 *)&run_slot()->switches, file, order, own;
	struct ipc_object_id obj = lock_object(inode);
	struct lock_hold_key key = {.kind = kind};
	struct lists_found found = {};
	struct ipc_run *run = run_mine();
	bool closes, plain, noted = false;

	if (!is_lock(run) || (run->flags & RUN_ENDED))
		run = NULL;
	closes = run && run->op == OP_CLOSE;
	if (op_wanted(&obj)) {
		plain = has_current_task_btf() && is_plain() && run && run->row && ret != DEFERRED;
		order = state_order(obj.id);
		key.owner = owner;
		if (has_current_task_btf()) {
			key.inode = address_of(inode);
			own = look_typed(inode, key.owner, kind, plain, &found);
		} else {
			key.inode = argument_address(ctx, 0);
			own = ipc_lock_count(lock_list(key.inode, kind), key.owner, kind);
		}
		if (lock_follow_found(&obj, &key, own) && (LOCK_MEMBER(fl, flags) & FL_CLOSE)) {
			file = lock_file(argument_address(ctx, 1));
			released(&obj, closes ? run : NULL, key.inode, file, kind);
		} else if (run && !closes && kind != KIND_FLOCK) {
			note_range(run, fl);
		}
		if (run && plain && run->kobj == key.inode)
			noted = note_plainly(run, order, before, found.flocks, found.ranges, found.leases);
		if (run && ret != DEFERRED)
			run->aux[1] = noted ? FOLLOWED_AND_NOTED : FOLLOWED;
	}
	if (closes)
		op_done(run);
	return 0;
}

SEC("?tp_btf/flock_lock_inode")
int BPF_PROG(flock_done, struct inode *inode, struct file_lock *fl, int ret)
{
	return all_left_out() || !inode || !fl ? 0 : lock_done(ctx, inode, fl, owner_of(ctx, fl), KIND_FLOCK, ret);
}

SEC("?tp_btf/posix_lock_inode")
int BPF_PROG(posix_done, struct inode *inode, struct file_lock *fl, int ret)
{
	bool is_ofd;
	__u64 owner;

	if (all_left_out() || !inode || !fl)
		return 0;
	owner = owner_of(ctx, fl);
	is_ofd = LOCK_MEMBER(fl, file) && (__u64)LOCK_MEMBER(fl, file) == owner;
	return lock_done(ctx, inode, fl, owner, is_ofd ? KIND_OFD : KIND_POSIX, ret);
}

/* ---- leases ---- */

/*
 * An open meets a lease: the operation begins here, or goes on when there are several.
 * An open that some other mechanism took for its own, not knowing yet of what, is none of that's.
 */
static __always_inline int break_begins(__u64 inode, __u64 lock)
{
	struct ipc_run *run = run_mine();
	struct ipc_object_id obj;

	if (is_lock(run))
		return 0;
	lock_identify(inode, &obj);
	if (!op_wanted(&obj))
		return 0;
	if (run && run->task == current_task() && (run->flags & RUN_UNRESOLVED))
		op_done(run);
	run = op_begin(&obj, OP_OPEN, CAUSE_HELD, inode);
	if (!run)
		return 0;
	run->flags = RUN_OWN;
	run->aux[0] = KIND_LEASE | lock_type(lock) << TYPE_SHIFT;
	return 0;
}

SEC("?tp_btf/break_lease_noblock")
int BPF_PROG(break_refused, struct inode *inode, void *lease)
{
	return break_begins(argument_address(ctx, 0), argument_address(ctx, 1));
}

SEC("?tp_btf/break_lease_block")
int BPF_PROG(break_waits, struct inode *inode, void *lease)
{
	return break_begins(argument_address(ctx, 0), argument_address(ctx, 1));
}

/* What it slept for was given up by its holder, or else its time was over. */
static __always_inline bool timed_out(const struct ipc_run *run, __s64 ret)
{
	return !ret && run->own_waits && (run->waker_kind == WAKER_INTERRUPT || run->waker_kind == WAKER_TIMER);
}

static __always_inline int break_ends(__s64 ret)
{
	struct lock_call c = {.end = TO_END_OF_FILE, .kind = KIND_LEASE};
	struct op_result res = {.ret = ret};
	struct ipc_run *run = run_mine();
	struct ipc_object_id obj;
	struct ipc_edge *edge;

	if (!is_lock(run) || run->op != OP_OPEN)
		return 0;
	obj = run->obj;
	c.inode = run->kobj;
	c.type = run->aux[0] >> TYPE_SHIFT;
	edge = op_end(&obj, OP_OPEN, run, &res);
	if (edge) {
		count_kind(edge, KIND_LEASE);
		if (timed_out(run, ret))
			add(&edge->counters[BREAK_TIMEOUTS], 1);
		note_state(edge, &obj, &c);
		if (PROFILE(PROFILE_EVENTS))
			op_emit(&obj, OP_OPEN, run, &res, edge, ~0ull);
	}
	op_done(run);
	return 0;
}

#define BREAK_LEASE_ARGS 3 /* fewer on kernels that have a helper for the result */

SEC("?fexit/__break_lease")
int BPF_PROG(break_exit)
{
	return break_ends((__s32)function_result(ctx, BREAK_LEASE_ARGS));
}

/* A lease goes without a call for it, and not for an open whose patience is over: its file is closed. */
SEC("?fentry/lease_modify")
int BPF_PROG(lease_gone_entry, void *lease, int type)
{
	__u64 inode = 0, file = lock_file(argument_address(ctx, 0));
	struct ipc_object_id obj;
	struct ipc_run *run;

	if (type != TYPE_UNLOCK || is_lock(run_mine()) || !file || !probe_read(&inode, &((struct file *)file)->f_inode))
		return 0;
	lock_identify(inode, &obj);
	if (!op_wanted(&obj))
		return 0;
	run = op_begin(&obj, OP_CLOSE, CAUSE_LOCK, inode);
	if (!run)
		return 0;
	run->aux[0] = KIND_LEASE;
	run->kobj2 = file;
	return 0;
}

static __always_inline void lease_released(struct ipc_run *run)
{
	struct lock_hold_key key = {.owner = run->kobj2, .inode = run->kobj, .kind = KIND_LEASE};
	struct ipc_object_id obj = run->obj;

	if (lock_follow(&obj, &key))
		released(&obj, run, key.inode, key.owner, KIND_LEASE);
}

SEC("?fexit/lease_modify")
int BPF_PROG(lease_gone_exit)
{
	struct ipc_run *run = run_mine();

	if (is_lock(run) && run->op == OP_CLOSE && run->aux[0] == KIND_LEASE) {
		lease_released(run);
		op_done(run);
	}
	return 0;
}
