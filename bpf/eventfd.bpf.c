// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * eventfd through fs/eventfd.c: a counter that writes add to and reads take from,
 * all of it or, in semaphore mode, one. The kernel adds to it as well, for whoever
 * asked to be told: AIO, io_uring, KVM, vhost.
 *
 * Cannot see: what a call that was already inside when we attached did. Needs to
 * read memory by address, which lockdown=confidentiality refuses: the counter
 * hangs behind an untyped pointer.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define STATE_IN_ORDER true
#include "ipctrace.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "op.bpf.h"
#include "found.bpf.h"
#include "maker.bpf.h"
#include "left_out.bpf.h"
#include "plain.bpf.h"
#include "known.bpf.h"

const volatile struct ipc_config cfg = {};

#define ANON_INODE_FS_MAGIC 0x09041934
#define EVENTFD_NAME 0x6466746e6576655bull /* "[eventfd", as read from memory */

/* The state words, in the order of the descriptor's table (user/mech/eventfd.c). */
struct eventfd_internals {
	__u32 count;
	__u32 flags;
};

/* ipc_edge.counters */
#define EVENTFD_ADDED 5

/* ipc_object.counters */
#define EVENTFD_SIGNALS 0   /* by the kernel */
#define EVENTFD_SIGNALLED 1 /* what these added */
#define EVENTFD_INITIAL 2   /* what it was made with, all incarnations */
#define EVENTFD_LEFT 3	    /* what was in it when it went, all incarnations */

/* An eventfd, by the address of its struct eventfd_ctx. */
struct eventfd_ref {
	struct ipc_object_id obj;
	__u64 ctx;
};

static __always_inline void eventfd_identify(__u64 address, struct eventfd_ref *e)
{
	struct eventfd_ctx *ctx = (void *)address;

	e->ctx = address;
	e->obj.id = (__u32)BPF_CORE_READ(ctx, id);
	e->obj.domain = maker_of(MECH_EVENTFD, e->obj.id);
	e->obj.mech = MECH_EVENTFD;
	e->obj.pad = 0;
}

/* The address is read, not cast: 6.17 made void pointers more than numbers. */
static __always_inline __u64 eventfd_address(struct file *file)
{
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &file->private_data);
	return address;
}

static __always_inline void eventfd_of(struct file *file, struct eventfd_ref *e)
{
	eventfd_identify(eventfd_address(file), e);
}

/* The operation that its entry saw begin on this counter, or NULL. */
static __always_inline struct ipc_run *eventfd_run(__u64 address, __u8 op)
{
	struct ipc_run *run = has_entry() ? run_mine() : NULL;

	return run && run->kobj == address && run->op == op && run->obj.mech == MECH_EVENTFD ? run : NULL;
}

static __always_inline void eventfd_state(__u64 address, __u32 id, __u32 *words)
{
	struct eventfd_ctx *ctx = (void *)address;
	struct eventfd_internals *s = (void *)words;

	stamp_in_order(words, id);
	if (is_at()) {
		struct eventfd_ctx *at = at_address(struct eventfd_ctx, address);

		s->count = at->count;
		s->flags = at->flags;
		return;
	}
	if (bpf_core_field_offset(ctx->flags) == bpf_core_field_offset(ctx->count) + sizeof(ctx->count)) {
		__u32 both[3] = {};

		bpf_probe_read_kernel(&both, sizeof(both), &ctx->count); /* at the price of one */
		s->count = both[0];
		s->flags = both[2];
		return;
	}
	s->count = BPF_CORE_READ(ctx, count);
	s->flags = BPF_CORE_READ(ctx, flags);
}

#include "eventfd_plain.bpf.h"

/* It is not known yet, or more is asked for. */
static __attribute__((noinline)) int enter_slowly(struct file *file, __u32 op, __u32 cause, __u64 size)
{
	struct eventfd_ref e = {};
	struct ipc_run *run;

	eventfd_of(file, &e);
	if (!op_wanted(&e.obj)) {
		handle_known(file, &e.obj);
		return 0;
	}
	becomes_known(number_of(file), &e.obj);
	run = op_begin(&e.obj, op, cause, e.ctx);
	if (run) {
		run->flags |= RUN_WHOLE;
		run->size = size;
	}
	return 0;
}

static __always_inline int enter(struct file *file, __u8 op, __u8 cause, __u64 size)
{
	if (handle_left_out(file) || (is_plain() && enter_plainly(file, op, cause)))
		return 0;
	return enter_slowly(file, op, cause, size);
}

/* added: by a write that succeeded */
static __attribute__((noinline)) int leave_slowly(struct file *file, __u32 op, __s64 ret, __u64 added)
{
	struct op_result res = {.ret = ret, .payload = op <= OP_RECV};
	struct eventfd_ref e = {.ctx = eventfd_address(file)};
	struct ipc_run *run = eventfd_run(e.ctx, op);
	struct ipc_edge *edge;

	if (run) {
		e.obj = run->obj;
	} else {
		eventfd_identify(e.ctx, &e);
		if (!op_wanted(&e.obj)) {
			handle_known(file, &e.obj);
			return 0;
		}
		if (op <= OP_RECV)
			becomes_known(number_of(file), &e.obj);
	}
	edge = op_end(&e.obj, op, run, &res);
	if (edge) {
		if (added)
			add(&edge->counters[EVENTFD_ADDED], added);
		if (PROFILE(~0u)) {
			eventfd_state(e.ctx, e.obj.id, edge->state);
			depth_note(edge, edge->state[0]);
		}
		if (PROFILE(PROFILE_EVENTS))
			op_emit(&e.obj, op, run, &res, edge, run ? run->size : ~0ull);
	}
	op_done(run);
	return 0;
}

static __always_inline int leave(struct file *file, __u8 op, __s64 ret, __u64 added)
{
	if (is_plain() ? leave_plainly(file, op, ret, added) : !has_entry() && leave_counted(file, op, ret, added))
		return 0;
	return leave_slowly(file, op, ret, added);
}

SEC("?fentry/eventfd_write")
int BPF_PROG(eventfd_write_entry, struct file *file, const char *buf, size_t count)
{
	return enter(file, OP_SEND, CAUSE_FULL, count);
}

SEC("?fexit/eventfd_write")
int BPF_PROG(eventfd_write_exit, struct file *file, const char *buf, size_t count, loff_t *ppos, long ret)
{
	__u64 added = 0;

	if (handle_left_out(file))
		return 0;
	if (ret > 0)
		bpf_probe_read_user(&added, sizeof(added), buf);
	return leave(file, OP_SEND, ret, added);
}

SEC("?fentry/eventfd_read")
int BPF_PROG(eventfd_read_entry, struct kiocb *iocb, struct iov_iter *to)
{
	return enter(iocb->ki_filp, OP_RECV, CAUSE_EMPTY, to->count);
}

SEC("?fexit/eventfd_read")
int BPF_PROG(eventfd_read_exit, struct kiocb *iocb, struct iov_iter *to, long ret)
{
	struct file *file = iocb->ki_filp;

	return handle_left_out(file) ? 0 : leave(file, OP_RECV, ret, 0);
}

/* The file behind a descriptor of the current task; 0: it is gone already. */
static __always_inline __u64 file_of_fd(__u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL, **slots;

	if (fd >= BPF_CORE_READ(fdt, max_fds))
		return 0;
	slots = BPF_CORE_READ(fdt, fd);
	return bpf_probe_read_kernel(&file, sizeof(file), slots + fd) ? 0 : (__u64)file;
}

SEC("?fexit/do_eventfd")
int BPF_PROG(eventfd_made, unsigned int count, int flags, int ret)
{
	struct op_result res = {};
	struct eventfd_ref e = {};
	struct ipc_object *o;
	struct ipc_edge *edge;
	__u64 file, address;

	if (ret < 0 || (__u32)(bpf_get_current_pid_tgid() >> 32) == cfg.self_tgid)
		return 0;
	file = file_of_fd(ret);
	if (!file)
		return 0;
	handle_forget_at(file);
	eventfd_forget_at(file);
	address = (__u64)BPF_CORE_READ((struct file *)file, private_data);
	eventfd_identify(address, &e);
	e.obj.domain = note_maker(MECH_EVENTFD, e.obj.id);
	if (!op_wanted(&e.obj))
		return 0;
	edge = op_end(&e.obj, OP_OPEN, NULL, &res);
	if (!edge)
		return 0;
	eventfd_state(address, e.obj.id, edge->state);
	depth_note(edge, edge->state[0]);
	o = bpf_map_lookup_elem(&objects, &e.obj);
	if (o) {
		o->creations++;
		o->flags &= ~OBJECT_DESTROYED;
		add(&o->counters[EVENTFD_INITIAL], count);
	}
	if (PROFILE(PROFILE_EVENTS))
		op_emit(&e.obj, OP_OPEN, NULL, &res, edge, ~0ull);
	return 0;
}

/* The last descriptor of the file is closed; the kernel may hold the counter a little longer. */
SEC("?fentry/eventfd_release")
int BPF_PROG(eventfd_gone, struct inode *inode, struct file *file)
{
	struct eventfd_ref e = {};
	struct eventfd_ctx *left;
	struct ipc_object *o;

	eventfd_of(file, &e);
	left = (void *)e.ctx;
	leave_slowly(file, OP_CLOSE, 0, 0);
	o = bpf_map_lookup_elem(&objects, &e.obj);
	if (o) {
		eventfd_state(e.ctx, e.obj.id, o->state);
		o->flags |= OBJECT_DESTROYED;
		o->last_ns = bpf_ktime_get_ns();
		o->destructions++;
		add(&o->counters[EVENTFD_LEFT], BPF_CORE_READ(left, count));
	}
	forget_maker(MECH_EVENTFD, e.obj.id);
	handle_forget(file);
	forget_known(number_of(file), MECH_EVENTFD);
	return 0;
}

/* Whoever runs is not who signals: counted on the object alone. */
static __always_inline int signalled(struct eventfd_ctx *ctx, __u64 n)
{
	struct eventfd_ref e = {};
	struct ipc_object *o;

	e.obj.id = (__u32)ctx->id;
	e.obj.domain = maker_of(MECH_EVENTFD, e.obj.id);
	e.obj.mech = MECH_EVENTFD;
	o = bpf_map_lookup_elem(&objects, &e.obj);
	if (!o)
		return 0;
	add(&o->counters[EVENTFD_SIGNALS], 1);
	add(&o->counters[EVENTFD_SIGNALLED], n);
	return 0;
}

/* Until 6.7 it was told how much to add. It calls the other one, which then is not counted again. */
SEC("?fentry/eventfd_signal")
int BPF_PROG(eventfd_signal_n, struct eventfd_ctx *eventfd, __u64 n)
{
	return signalled(eventfd, n);
}

SEC("?fentry/eventfd_signal_mask")
int BPF_PROG(eventfd_signal_one, struct eventfd_ctx *eventfd, __u64 mask)
{
	/* until 6.7 how much to add stands here; a mask is 0 or EPOLL_URING_WAKE */
	if (mask && !(mask & 1u << 27))
		return 0;
	return signalled(eventfd, 1);
}

static __always_inline void sample(const struct eventfd_ref *e)
{
	bool is_new;
	struct ipc_object *o = object_to_sample(&e->obj, &is_new);
	struct eventfd_ctx *ctx = (void *)e->ctx;

	if (!o)
		return;
	eventfd_state(e->ctx, e->obj.id, o->state);
	if (!object_sampled(o, INSIDE_UNKNOWN, is_new))
		return;
	/* readers sleep while it is 0, writers while it is nearly at its end: not at the same time */
	ipc_queue_sleepers((__u64)&ctx->wqh, e->obj.id,
			   o->state[0] ? PACK(&e->obj, OP_SEND, CAUSE_FULL) : PACK(&e->obj, OP_RECV, CAUSE_EMPTY),
			   e->ctx);
}

static __always_inline bool is_eventfd(struct file *file)
{
	__u64 name = 0;

	if (file->f_inode->i_sb->s_magic != ANON_INODE_FS_MAGIC)
		return false;
	bpf_probe_read_kernel(&name, sizeof(name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	return name == EVENTFD_NAME;
}

SEC("?iter/task_file")
int eventfd_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task, *leader;
	struct file *file = ctx->file;
	struct eventfd_ref e = {};
	__u32 tgid, start;

	if (!task || !file || !is_eventfd(file))
		return 0;
	eventfd_of(file, &e);
	tgid = task->tgid;
	if (!holder_counts(&e.obj, tgid))
		return 0;
	leader = task->group_leader;
	start = leader->start_time >> IPC_START_SHIFT;
	process_see_task(leader, tgid, start);
	holder_found(ctx->meta->seq, &e.obj, OP_RECV, tgid, start);
	holder_found(ctx->meta->seq, &e.obj, OP_SEND, tgid, start);
	sample(&e);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
