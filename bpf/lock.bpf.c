// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * File locks: flock(2), POSIX and OFD locks and leases of fcntl(2). The calls by the
 * kernel's own functions (fcntl_setlk and its like) or by sys_enter and sys_exit; what
 * happens without a call, or later than it, by the tracepoints of fs/locks.c, which
 * both backends have (lock_life.bpf.h): locks that go with a close or a process, opens
 * that break a lease.
 *
 * Cannot see: locks that a file system keeps by itself (NFS, FUSE, CIFS…), but for the
 * calls; flock(2) of 32-bit processes.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define STATE_IN_ORDER true

#include "ipctrace.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "compat_lock.bpf.h"
#include "op.bpf.h"
#include "found.bpf.h"
#include "path.bpf.h"
#include "fd.bpf.h"
#include "left_out.bpf.h"
#include "plain.bpf.h"
#include "lock.bpf.h"

const volatile struct ipc_config cfg = {};

/* Global: verified once, and numbers only, for 5.10. */
__attribute__((noinline)) int ipc_lock_name(__u64 id, __u64 domain, __u64 file)
{
	struct ipc_object_id obj = {.id = id, .domain = domain, .mech = MECH_LOCK};
	struct ipc_name *name;

	/* no name is no loss: the id says the same */
	if (!file || bpf_map_update_elem(&names, &obj, &zero_name, BPF_NOEXIST))
		return 0;
	name = bpf_map_lookup_elem(&names, &obj);
	if (name)
		name_file(name, 0, file, PATH_NO_OFFSET);
	return 0;
}

static __always_inline __u32 what_of(const struct lock_call *c)
{
	return c->kind | (__u32)c->type << TYPE_SHIFT;
}

static __always_inline void read_state(struct ipc_edge *edge, const struct ipc_object_id *obj, const struct lock_call *c)
{
	struct lock_internals *s = (void *)edge->state;
	__u64 order = state_order(obj->id);

	lock_words(s, what_of(c), c->start, c->end);
	lock_held_words(edge->state, c->inode);
	stamp_state_finely(edge->state, order);
	depth_note(edge, s->flocks + s->posix + s->ofd + s->leases);
}

/*
 * The inode's locks as the operation left them, and what it asked for. Who is preempted here keeps the kernel
 * from running this program for others on the same processor: what they left would be told by nobody.
 */
static __attribute__((noinline)) int note_state(struct ipc_edge *edge, const struct ipc_object_id *obj,
						const struct lock_call *c)
{
	__u64 before = switches_here();

	if (!edge || !obj || !c)
		return 0;
	if (edge->ops == 1)
		asked_claim(obj);
	read_state(edge, obj, c);
	note_asked(obj, what_of(c), c->start, c->end);
	if (switches_here() != before)
		read_state(edge, obj, c);
	return 0;
}

static __always_inline void count_kind(struct ipc_edge *edge, __u32 kind)
{
	if (kind == KIND_FLOCK)
		add(&edge->counters[LOCK_FLOCK], 1);
	else if (kind == KIND_POSIX)
		add(&edge->counters[LOCK_POSIX], 1);
	else if (kind == KIND_OFD)
		add(&edge->counters[LOCK_OFD], 1);
	else if (kind == KIND_LEASE)
		add(&edge->counters[LOCK_LEASE], 1);
}

static __always_inline __u64 range_bytes(__u64 start, __u64 end)
{
	return end == TO_END_OF_FILE ? ~0ull : end - start + 1;
}

static __always_inline bool enter_plainly(const struct lock_call *c, __u64 id, __u64 where);

/* Of a call that is not followed: what an earlier one left behind whose end was missed is not this one's. */
static __always_inline int not_entered(void)
{
	struct ipc_run *run = run_mine();

	if (is_lock(run) && run->flags & RUN_OWN && !(run->flags & RUN_ENDED))
		op_done(run);
	return 0;
}

static __always_inline int enter(const struct lock_call *c)
{
	struct ipc_object_id obj;
	struct ipc_run *run;

	lock_identify(c->inode, &obj);
	if (is_plain() && enter_plainly(c, obj.id, obj.domain | (__u64)MECH_LOCK << 32))
		return 0;
	if (!op_wanted(&obj))
		return not_entered();
	/* to unlock waits for nobody; one whose end was missed must not take its task's next sleep for a wait on the file */
	run = op_begin(&obj, c->op, c->op == OP_SEND ? CAUSE_LOCK : CAUSE_HELD, c->inode);
	if (!run)
		return 0;
	run->flags = RUN_OWN;
	run->aux[0] = what_of(c);
	run->kobj2 = c->start;
	run->progress = c->end;
	run->obj2.id = c->file;
	return 0;
}

static __always_inline void asked_for(struct lock_call *c, const struct ipc_run *run)
{
	c->kind = run->aux[0];
	c->type = run->aux[0] >> TYPE_SHIFT;
	c->start = run->kobj2;
	c->end = run->progress;
}

/*
 * The operation that this call began, or NULL. What it asked for is taken from its beginning: the
 * kernel answers F_GETLK in the same place, and has made a range of what was relative to a position.
 */
static __always_inline struct ipc_run *run_of_call(struct lock_call *c)
{
	struct ipc_run *run = has_entry() ? run_mine() : NULL;

	if (!is_lock(run) || run->op != c->op)
		return NULL;
	if (run->flags & RUN_PREEXISTING)
		return run; /* found asleep: what it asks for was not seen */
	if (run->kobj != c->inode)
		return NULL;
	asked_for(c, run);
	return run;
}

/*
 * The run of the call of this kind that ends, where its entry was seen: then all is known without reading it again.
 * What a call left behind whose end was missed is taken for this one's, if its entry was missed, too: both misses are told.
 * Of a descriptor that another thread closes meanwhile the file may be gone: then what is read of it is another's.
 */
static __always_inline struct ipc_run *call_entered(struct lock_call *c, __u8 kind, bool only_asks)
{
	struct ipc_run *run = has_entry() && !cfg.syscall_backend ? run_mine() : NULL;

	if (!is_lock(run) || run->flags & (RUN_PREEXISTING | RUN_ENDED) || (__u8)run->aux[0] != kind ||
	    (only_asks ? run->op != OP_CTL : run->op != OP_RECV && run->op != OP_SEND))
		return NULL;
	c->op = run->op;
	c->inode = run->kobj;
	c->file = run->obj2.id;
	asked_for(c, run);
	return run;
}

static __always_inline void leave_counted(const struct lock_call *c, const struct ipc_object_id *obj,
					  struct ipc_run *run, __s64 ret)
{
	struct op_result res = {.ret = ret};
	struct ipc_edge *edge = op_end(obj, c->op, run, &res);

	if (!edge)
		return;
	count_kind(edge, c->kind);
	if (c->op == OP_RECV && c->type == TYPE_WRITE)
		add(&edge->counters[LOCK_WRITES], 1);
	if (edge->ops == 1)
		ipc_lock_name(obj->id, obj->domain, c->file);
	if (!PROFILE(~0u))
		return;
	note_state(edge, obj, c);
	if (PROFILE(PROFILE_EVENTS))
		op_emit(obj, c->op, run, &res, edge, range_bytes(c->start, c->end));
}

/* The tracepoint that tells of it is skipped, too, for who comes while another is preempted in it: then it is followed here. */
static __always_inline void follow_call(const struct lock_call *c, const struct ipc_run *run, const struct ipc_object_id *obj)
{
	struct lock_hold_key key = {.owner = c->file, .inode = c->inode, .kind = c->kind};

	if ((c->op == OP_CTL && c->kind != KIND_LEASE) || (run && run->aux[1]))
		return;
	if (c->kind == KIND_POSIX)
		key.owner = current_files();
	lock_follow(obj, &key);
}

static __always_inline void leave_wanted(const struct lock_call *c, const struct ipc_object_id *obj, struct ipc_run *run, __s64 ret)
{
	if (PROFILE(~0u))
		follow_call(c, run, obj);
	leave_counted(c, obj, run, ret);
}

static __always_inline int leave(struct lock_call *c, __s64 ret)
{
	struct ipc_run *run = run_of_call(c);
	struct ipc_object_id obj;

	lock_identify(c->inode, &obj);
	if (op_wanted(&obj))
		leave_wanted(c, &obj, run, ret);
	op_done(run);
	return 0;
}

static __always_inline bool leaves_entered(struct lock_call *c, __u8 kind, bool only_asks, __s64 ret)
{
	struct ipc_run *run = call_entered(c, kind, only_asks);
	struct ipc_object_id obj;

	if (!run)
		return false;
	obj = run->obj;
	leave_wanted(c, &obj, run, ret);
	op_done(run);
	return true;
}

#include "lock_plain.bpf.h"

/* An entry of a call that is `decoded` into c, or is none that is followed, unless it has `begun` before. */
#define ENTERS(begun, decoded) (all_left_out() || (begun) ? 0 : (decoded) ? enter(&c) : not_entered())

/* The end of a call of this kind, which is `decoded` into c only where its entry was not seen. */
#define LEAVES(kind, only_asks, decoded)                                   \
	(all_left_out() || (!(only_asks) && leaves_plainly(kind, ret)) ||   \
			 leaves_entered(&c, kind, only_asks, ret) || !(decoded) ? \
		 0 :                                                        \
		 leave(&c, ret))

/* flock(fd, operation), by the registers that the task came with: what the hooked function is given has no type on 5.10. */
static __always_inline bool flock_call(struct pt_regs *regs, struct lock_call *c)
{
	decode_flock(PT_REGS_PARM2_CORE_SYSCALL(regs), c);
	return call_of_file((__u64)file_of(PT_REGS_PARM1_CORE_SYSCALL(regs)), c);
}

static __always_inline bool current_flock_call(struct lock_call *c)
{
	__u64 regs = current_user_regs();

	return regs && !cfg.no_probe_read && flock_call((void *)regs, c);
}

SEC("?fentry/__x64_sys_flock")
int BPF_PROG(flock_entry)
{
	struct lock_call c = {};

	return ENTERS(enter_flock_typed(), current_flock_call(&c));
}

SEC("?fexit/__x64_sys_flock")
int BPF_PROG(flock_exit, void *regs, long ret)
{
	struct lock_call c = {};

	return LEAVES(KIND_FLOCK, false, current_flock_call(&c));
}

static __always_inline bool range_call(void *ctx, __u32 file_arg, __u32 cmd, struct flock *range, bool only_asks,
				       struct lock_call *c)
{
	c->kind = fcntl_kind(cmd);
	decode_range(range, only_asks, c);
	return call_of_file(argument_address(ctx, file_arg), c);
}

SEC("?fentry/fcntl_setlk")
int BPF_PROG(setlk_entry, unsigned int fd, struct file *filp, unsigned int cmd, struct flock *range)
{
	struct lock_call c = {};

	return ENTERS(enter_range_typed(filp, cmd, range), range_call(ctx, 1, cmd, range, false, &c));
}

SEC("?fexit/fcntl_setlk")
int BPF_PROG(setlk_exit, unsigned int fd, struct file *filp, unsigned int cmd, struct flock *range, int ret)
{
	struct lock_call c = {};

	return LEAVES(fcntl_kind(cmd), false, range_call(ctx, 1, cmd, range, false, &c));
}

SEC("?fentry/fcntl_getlk")
int BPF_PROG(getlk_entry, struct file *filp, unsigned int cmd, struct flock *range)
{
	struct lock_call c = {};

	return ENTERS(false, range_call(ctx, 0, cmd, range, true, &c));
}

SEC("?fexit/fcntl_getlk")
int BPF_PROG(getlk_exit, struct file *filp, unsigned int cmd, struct flock *range, int ret)
{
	struct lock_call c = {};

	return LEAVES(fcntl_kind(cmd), true, range_call(ctx, 0, cmd, range, true, &c));
}

static __always_inline bool lease_call(void *ctx, __u32 file_arg, __u32 cmd, __u32 type, struct lock_call *c)
{
	decode_lease(cmd, type, c);
	return call_of_file(argument_address(ctx, file_arg), c);
}

SEC("?fentry/fcntl_setlease")
int BPF_PROG(setlease_entry, unsigned int fd, struct file *filp, int type)
{
	struct lock_call c = {};

	return ENTERS(false, lease_call(ctx, 1, CMD_SETLEASE, type, &c));
}

SEC("?fexit/fcntl_setlease")
int BPF_PROG(setlease_exit, unsigned int fd, struct file *filp, int type, int ret)
{
	struct lock_call c = {};

	return all_left_out() || !lease_call(ctx, 1, CMD_SETLEASE, type, &c) ? 0 : leave(&c, ret);
}

SEC("?fentry/fcntl_getlease")
int BPF_PROG(getlease_entry, struct file *filp)
{
	struct lock_call c = {};

	return ENTERS(false, lease_call(ctx, 0, CMD_GETLEASE, 0, &c));
}

SEC("?fexit/fcntl_getlease")
int BPF_PROG(getlease_exit, struct file *filp, int ret)
{
	struct lock_call c = {};

	return all_left_out() || !lease_call(ctx, 0, CMD_GETLEASE, 0, &c) ? 0 : leave(&c, ret);
}

#include "lock_life.bpf.h"
#include "lock_calls.bpf.h"
#include "lock_files.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
