// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Pipes and FIFOs through fs/pipe.c and fs/splice.c: pipe_read and pipe_write
 * (anon_pipe_* since 6.16: the FIFO variants call them, so only those are
 * hooked), pipe_release, fifo_open, do_splice, do_tee, vmsplice and sendfile.
 *
 * How many writes were merged and how many slots were new needs no look under
 * the pipe's lock: head advances once per new slot, and a merged write saves
 * exactly one. Both follow from the sum of ceil(bytes / page) over all writes
 * and from how far head got (user/mech/pipe.c).
 *
 * Cannot see: what a call that was already inside when we attached did.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define STATE_IN_JIFFIES true
#include "ipctrace.h"
#include "ring.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "op.bpf.h"
#include "found.bpf.h"
#include "left_out.bpf.h"
#include "plain.bpf.h"
#include "pipe.bpf.h"
#include "residency.bpf.h"

const volatile struct ipc_config cfg = {};

/* Most of what is filtered is not wanted: that must cost the least. */
static __always_inline bool is_left_out(struct inode *inode)
{
	struct ipc_object_id obj;
	__u32 *want;
	__u8 *class;

	if (slot_left_out(hash_of_word(inode->i_ino), bpf_get_current_pid_tgid(), &want, &class))
		return true;
	pipe_identify(inode, &obj);
	return !op_wanted(&obj);
}

/*
 * With a filter, what an entry found tells its exit, which costs less than to ask again: by the iterator, which
 * lies on the task's stack, as long as no other object has become wanted.
 */
#define LEFT_OUT_BITS 10
static struct left_out {
	__u64 iter; /* 0: none */
	__u64 wants;
} lefts_out[1 << LEFT_OUT_BITS];

static __always_inline struct left_out *left_out_at(struct iov_iter *iter)
{
	__u32 low;

	/* half of it is a number: what has a type may not be shifted */
	asm volatile("%0 = %1" : "=w"(low) : "w"((__u32)(__u64)iter));
	return &lefts_out[low / THREAD_SIZE & ((1 << LEFT_OUT_BITS) - 1)];
}

static __always_inline bool enters_left_out(struct inode *inode, struct iov_iter *iter)
{
	struct left_out *left = left_out_at(iter);
	__u64 now = *(volatile __u64 *)&wants;
	bool out = is_left_out(inode);

	left->iter = out ? (__u64)iter : 0;
	left->wants = now;
	return out;
}

static __always_inline bool leaves_left_out(struct kiocb *iocb, struct iov_iter *iter)
{
	struct left_out *left = left_out_at(iter);

	if (!has_entry() || left->iter != (__u64)iter)
		return is_left_out(iocb->ki_filp->f_inode);
	left->iter = 0;
	return left->wants == *(volatile __u64 *)&wants || is_left_out(iocb->ki_filp->f_inode);
}

#include "pipe_row.bpf.h"

/* What has a row was wanted before, and is: that is asked of the others alone, unless there is a filter. */
static __always_inline int enter(struct inode *inode, __u8 op, __u8 cause, struct iov_iter *iter)
{
	struct ipc_object_id obj;
	struct ipc_row *row;
	struct ipc_run *run;
	__u32 at;

	pipe_identify(inode, &obj);
	row = row_near(inode, obj.id, actor_word(current_actor()), op, &at);
	if (!row && !cfg.filtered && !op_wanted(&obj))
		return 0;
	run = op_begin(&obj, op, cause, (__u64)inode->i_pipe);
	if (!run)
		return 0;
	run->kobj2 = (__u64)iter;
	if (op == OP_SEND) /* a read that has something does not sleep again: its progress need not be looked at */
		run->iter = (__u64)iter;
	if (row && cfg.way == WAY_ANY) /* leave_plainly() is for what enter_plainly() noted */
		run->row = at + 1;
	if (PROFILE(PROFILE_EVENTS))
		run->size = iter->count;
	return 0;
}

/* In the default view: its row is not near. */
static __attribute__((noinline)) int enter_slowly(struct kiocb *iocb, struct iov_iter *iter, __u32 op, __u32 cause)
{
	return enter(iocb->ki_filp->f_inode, op, cause, iter);
}

static __always_inline void count_packet(struct ipc_edge *edge)
{
	add(&edge->counters[COUNTER_PACKETS], 1);
}

static __always_inline bool count_chunks(struct ipc_edge *edge, __s64 ret)
{
	if (ret <= 0)
		return false;
	add(&edge->counters[COUNTER_PAGE_CHUNKS], ((ret - 1) >> cfg.page_shift) + 1);
	return true;
}

static __always_inline void count_write(struct ipc_edge *edge, struct file *file, __s64 ret)
{
	if (count_chunks(edge, ret) && (file->f_flags & FILE_O_DIRECT))
		count_packet(edge);
}

/* The figures that every operation on a live ring leaves behind. */
static __always_inline void note_ring(struct ipc_edge *edge, struct pipe_inode_info *pipe)
{
	if (!PROFILE(~0u))
		return; /* --counts */
	stamp_state(edge->state);
	pipe_state(pipe, edge->state);
	depth_note(edge, edge->state[0] - edge->state[1]);
}

/* What a pipe's operation leaves behind beside the figures of any operation. */
static __always_inline void leave_ring(struct ipc_edge *edge, const struct ipc_object_id *obj, struct file *file, __u8 op,
				       const struct ipc_run *run, const struct op_result *res)
{
	struct pipe_inode_info *pipe = file->f_inode->i_pipe;

	if (op == OP_SEND)
		count_write(edge, file, res->ret);
	if (run && run->aux[1])
		add(&edge->counters[COUNTER_KEPT], run->aux[1]);
	if (run && run->aux[3])
		add(&edge->counters[PIPE_TRIMMED], run->aux[3]);
	note_ring(edge, pipe);
	if (op == OP_SEND && run && run->own_waits)
		depth_was_full(edge, pipe->max_usage);
	if (PROFILE(PROFILE_DETAIL))
		object_bytes(obj, op, res->ret);
	if (PROFILE(PROFILE_RESIDENCY))
		residency_note(obj, edge->state[0], edge->state[1]);
	if (PROFILE(PROFILE_EVENTS))
		op_emit(obj, op, run, res, edge, run ? run->size : ~0ull);
}

/* Its entry has not been seen, or did not know the row. */
static __attribute__((noinline)) int leave_slowly(struct kiocb *iocb, __u32 op, __s64 ret)
{
	struct op_result res = {.ret = ret, .payload = true};
	struct file *file = iocb->ki_filp;
	struct ipc_run *run = NULL;
	struct ipc_object_id obj;
	struct ipc_edge *edge;

	pipe_identify(file->f_inode, &obj);
	if (!op_wanted(&obj))
		return 0;
	if (has_entry())
		run = run_of(&obj, op);
	edge = op_end(&obj, op, run, &res);
	if (edge)
		leave_ring(edge, &obj, file, op, run, &res);
	op_done(run);
	return 0;
}

/*
 * The row that the entry of this operation found, or NULL. The iterator and the pipe tell it from another call
 * of the task, whose end was missed.
 */
static __always_inline struct ipc_row *row_begun(struct ipc_run *run, __u64 pipe, __u8 op, struct iov_iter *iter)
{
	__u32 at;

	if (run->task != current_task() || run->kobj2 != (__u64)iter || run->op != op || run->kobj != pipe)
		return NULL;
	at = run->row - 1; /* beyond all rows, if it is not known */
	return bpf_map_lookup_elem(&rows, &at);
}

/* An operation whose beginning was seen, with its row. */
static __always_inline bool leave_begun(struct kiocb *iocb, struct iov_iter *iter, __u8 op, __s64 ret)
{
	struct op_result res = {.ret = ret, .payload = true};
	struct file *file = iocb->ki_filp;
	struct ipc_run *run = run_slot();
	struct ipc_row *row = row_begun(run, (__u64)file->f_inode->i_pipe, op, iter);
	struct ipc_edge *edge;

	if (!row)
		return false;
	edge = op_end_at(row, run, &res);
	if (edge)
		leave_ring(edge, &run->obj, file, op, run, &res);
	op_done(run);
	return true;
}

/* --counts: its end is all that is seen, and with a row that is near it is counted here. */
static __always_inline bool leave_counted(struct kiocb *iocb, __u8 op, __s64 ret)
{
	struct op_result res = {.ret = ret, .payload = true};
	struct file *file = iocb->ki_filp;
	struct inode *inode = file->f_inode;
	struct ipc_row *row;
	__u32 at;

	if (cfg.failed_only)
		return false;
	row = row_near(inode, inode->i_ino, actor_word(current_actor()), op, &at);
	if (!row)
		return false;
	edge_account(&row->edge, &row->key, &res);
	if (op == OP_SEND)
		count_write(&row->edge, file, ret);
	return true;
}

/* What a hook was called with: the arguments, and behind them the result. */
#define IOCB(ctx) ((struct kiocb *)(ctx)[0])
#define ITER(ctx) ((struct iov_iter *)(ctx)[1])
#define RESULT(ctx) ((__s64)(ctx)[2])

#include "pipe_plain.bpf.h"

static __always_inline int begin(__u64 *ctx, __u32 way, __u8 op, __u8 cause)
{
	if (way != WAY_PLAIN && way != WAY_AT) {
		if (all_left_out() || (cfg.filtered && enters_left_out(IOCB(ctx)->ki_filp->f_inode, ITER(ctx))))
			return 0;
		if (way == WAY_ANY)
			return enter(IOCB(ctx)->ki_filp->f_inode, op, cause, ITER(ctx));
	}
	return enter_plainly(ctx, way, op, cause) ? 0 : enter_slowly(IOCB(ctx), ITER(ctx), op, cause);
}

static __always_inline int end(__u64 *ctx, __u32 way, __u8 op)
{
	bool done;

	if (way != WAY_PLAIN && way != WAY_AT && (all_left_out() || (cfg.filtered && leaves_left_out(IOCB(ctx), ITER(ctx)))))
		return 0;
	if (way != WAY_ANY)
		done = leave_plainly(ctx, way, op);
	else
		done = has_entry() ? leave_begun(IOCB(ctx), ITER(ctx), op, RESULT(ctx)) : leave_counted(IOCB(ctx), op, RESULT(ctx));
	return done ? 0 : leave_slowly(IOCB(ctx), op, RESULT(ctx));
}

/*
 * Without BPF_PROG, which takes all arguments out first and keeps them. Once for any way, and once for each of those that
 * most often are taken (loader_find()): what a program has to ask for costs it even where the verifier knows the answer.
 */
#define HOOKS(suffix, way)                               \
	SEC("?fentry/pipe_write")                        \
	int pipe_write_entry##suffix(__u64 *ctx)         \
	{                                                \
		return begin(ctx, way, OP_SEND, CAUSE_FULL); \
	}                                                \
	SEC("?fexit/pipe_write")                         \
	int pipe_write_exit##suffix(__u64 *ctx)          \
	{                                                \
		return end(ctx, way, OP_SEND);           \
	}                                                \
	SEC("?fentry/pipe_read")                         \
	int pipe_read_entry##suffix(__u64 *ctx)          \
	{                                                \
		return begin(ctx, way, OP_RECV, CAUSE_EMPTY); \
	}                                                \
	SEC("?fexit/pipe_read")                          \
	int pipe_read_exit##suffix(__u64 *ctx)           \
	{                                                \
		return end(ctx, way, OP_RECV);           \
	}

HOOKS(, cfg.way)
HOOKS(_plain, WAY_PLAIN)
HOOKS(_at, WAY_AT)

/* A buffer is given back inside a read or a splice: is its page kept for reuse? (anon_pipe_buf_release) */
SEC("?fentry/anon_pipe_buf_release")
int BPF_PROG(pipe_buf_release, struct pipe_inode_info *pipe, struct pipe_buffer *buf)
{
	struct ipc_run *run = run_slot();

	if (!run || run->task != current_task() || run->kobj != (__u64)pipe)
		return 0;
	if (buf->page->_refcount.counter == 1 && pipe_kept_pages(pipe) < pipe_keep_limit(pipe))
		run->aux[1]++;
	return 0;
}

/* 7.2: more pages than are worth keeping are given back when the lock is dropped */
SEC("?fentry/anon_pipe_trim_and_unlock")
int BPF_PROG(pipe_trim_entry, struct pipe_inode_info *pipe)
{
	struct ipc_run *run = run_slot();

	if (run && run->task == current_task() && run->kobj == (__u64)pipe)
		run->aux[2] = pipe_kept_pages(pipe);
	return 0;
}

SEC("?fexit/anon_pipe_trim_and_unlock")
int BPF_PROG(pipe_trim_exit, struct pipe_inode_info *pipe)
{
	struct ipc_run *run = run_slot();
	__u32 kept;

	if (!run || run->task != current_task() || run->kobj != (__u64)pipe)
		return 0;
	kept = pipe_kept_pages(pipe);
	if (run->op == OP_RECV && run->aux[2] > kept)
		run->aux[3] += run->aux[2] - kept;
	return 0;
}

#include "pipe_life.bpf.h"
#include "pipe_splice.bpf.h"
#include "pipe_files.bpf.h"
#include "pipe_ring.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
