/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests and unlocks in the default view, see plain.bpf.h: the tracepoint that tells that one is done has types, and
 * leaves nothing to read to its end. Included by lock.bpf.c.
 */

#define PLAIN_FLAGS (RUN_OWN | RUN_USED)

/* run->aux[1]: the same as FOLLOWED, and the state words are what it left */
#define FOLLOWED_AND_NOTED 2

/* false: not one that has been seen, or the task was preempted. `where` as keys have domain and mechanism. */
static __always_inline bool enter_plainly(const struct lock_call *c, __u64 id, __u64 where)
{
	__u64 switches;
	struct ipc_run *run = plain_slot(PLAIN_FLAGS, &switches);

	if (!run)
		return true;
	run->kobj = c->inode;
	run->kobj2 = c->start;
	run->progress = c->end;
	run->obj2.id = c->file;
	return plain_begin(run, id, where, c->op, c->op == OP_SEND ? CAUSE_LOCK : CAUSE_HELD, what_of(c), switches);
}

/* Of a file at hand. */
static __always_inline bool enter_typed(struct file *file, struct lock_call *c)
{
	struct inode *inode = file->f_inode;

	if (file->f_mode & FMODE_PATH || !inode)
		return false;
	c->file = (__u64)file;
	c->inode = (__u64)inode;
	return enter_plainly(c, inode->i_ino, inode->i_sb->s_dev | (__u64)MECH_LOCK << 32);
}

/* Where what lies at an address has a type. */
static __always_inline bool enter_flock_typed(void)
{
	struct lock_call c = {};
	struct pt_regs *regs;
	struct file *file;

	if (!is_at())
		return false;
	regs = (void *)current_user_regs();
	file = file_of(PT_REGS_PARM1_SYSCALL(regs));
	decode_flock(PT_REGS_PARM2_SYSCALL(regs), &c);
	return file && enter_typed(at_address(struct file, file), &c);
}

static __always_inline bool enter_range_typed(struct file *file, __u32 cmd, const struct flock *range)
{
	struct lock_call c = {.kind = fcntl_kind(cmd)};

	if (!is_plain())
		return false;
	decode_range(range, false, &c);
	return enter_typed(file, &c);
}

static __always_inline struct ipc_row *row_of_request(const struct ipc_run *run)
{
	return plain_row(run, MECH_LOCK, run->op);
}

/* A request is done, and its row is known: the inode's locks as it left them. false: they are to be read again. */
static __always_inline bool note_plainly(struct ipc_run *run, __u64 order, __u64 before, __u64 flocks, __u64 ranges,
					 __u64 leases)
{
	struct ipc_row *row = row_of_request(run);
	struct lock_internals *s;

	if (!row)
		return false;
	s = (void *)row->edge.state;
	lock_words(s, run->aux[0], run->kobj2, run->progress);
	held_words(s, flocks, ranges, leases);
	stamp_state_finely(row->edge.state, order);
	depth_note(&row->edge, s->flocks + s->posix + s->ofd + s->leases);
	note_asked(&run->obj, run->aux[0], run->kobj2, run->progress);
	return *(volatile __u64 *)&run->switches == before; /* as note_state() */
}

static __always_inline bool leaves_plainly(__u8 kind, __s64 ret)
{
	struct op_result res = {.ret = ret};
	struct lock_call c = {};
	struct ipc_row *row;
	struct ipc_run *run;
	__u64 before;

	if (!is_plain())
		return false;
	run = run_slot();
	before = *(volatile __u64 *)&run->switches;
	row = row_of_request(run);
	if (!row || (__u8)run->aux[0] != kind)
		return false;
	asked_for(&c, run);
	c.op = run->op;
	edge_account(&row->edge, &row->key, &res);
	count_kind(&row->edge, kind);
	if (c.op == OP_RECV && c.type == TYPE_WRITE)
		add(&row->edge.counters[LOCK_WRITES], 1);
	if (run->aux[1] != FOLLOWED_AND_NOTED || *(volatile __u64 *)&run->switches != before) { /* as note_state() */
		struct ipc_object_id obj = run->obj;

		c.inode = run->kobj;
		c.file = run->obj2.id;
		follow_call(&c, run, &obj);
		note_state(&row->edge, &obj, &c);
	}
	plain_done_used(&row->edge, run, PLAIN_FLAGS);
	return true;
}
