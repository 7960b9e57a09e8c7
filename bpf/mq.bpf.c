// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * POSIX message queues through ipc/mqueue.c. A message goes one of three ways: to
 * a receiver that waits for it (a handoff: the tree is not touched), into the
 * tree, or, when the queue is full, with its sleeping sender until a receiver
 * puts it into the tree. Which one is told by what ran on the way: msg_insert,
 * wq_sleep, or neither.
 *
 * Cannot see: what a call that was already inside when we attached did; an open
 * that failed, since only a descriptor tells what was opened. Needs to read
 * memory by address, which lockdown=confidentiality refuses.
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
#include "stamps.bpf.h"
#include "part.bpf.h"
#include "left_out.bpf.h"
#include "plain.bpf.h"
#include "known.bpf.h"
#include "mq.bpf.h"

const volatile struct ipc_config cfg = {};

/* The number of its inode says whether a queue may be wanted, at half of what it costs to tell the queue. */
static __always_inline bool fd_left_out(__u32 fd)
{
	struct ipc_object_id obj = {.mech = MECH_MQ};
	struct file *file;

	if (!cfg.filtered || !task_is_out())
		return false;
	if (none_wanted())
		return true;
	file = file_of(fd);
	if (!file)
		return false;
	obj.id = BPF_CORE_READ(file, f_inode, i_ino);
	return !slot_wanted(object_hash(&obj));
}

/* The current task's operation on a queue, or NULL. */
static __always_inline struct ipc_run *mq_run(void)
{
	struct ipc_run *run = all_left_out() ? NULL : run_mine();

	return run && run->task && run->obj.mech == MECH_MQ ? run : NULL;
}

/* Did the send put its message in, and has nobody read the queue since? Then the words are right as they are. */
static __always_inline bool is_noted(const struct ipc_edge *edge, const struct mq_ref *mq, const struct ipc_run *run, __s64 ret)
{
	return run && (run->aux[0] & MQ_WAY_NOTED) && ret >= 0 && is_last_in_order(edge->state, mq->obj.id);
}

static __always_inline void note_queue(struct ipc_edge *edge, const struct mq_ref *mq, const struct ipc_run *run, __s64 ret)
{
	if (!PROFILE(~0u))
		return; /* --counts */
	if (!is_noted(edge, mq, run, ret))
		mq_state(mq->info, mq->obj.id, edge->state);
	depth_note(edge, edge->state[0]);
	if (run && run->aux[1] > edge->max_depth)
		edge->max_depth = run->aux[1];
}

static __always_inline void note_way(struct ipc_edge *edge, __u8 op, const struct ipc_run *run)
{
	__u32 way = run->aux[0];

	if (op == OP_RECV) {
		if (way & MQ_WAY_INSERTED)
			add(&edge->counters[MQ_ADOPTED], 1);
		return;
	}
	if (way & MQ_WAY_INSERTED)
		add(&edge->counters[MQ_INSERTED], 1);
	else if (!(way & MQ_WAY_SLEPT))
		add(&edge->counters[MQ_HANDED], 1);
	if (way & MQ_WAY_NOTIFIED)
		add(&edge->counters[MQ_NOTIFIED], 1);
}

/* Taken out of the queue, and then its buffer could not be written: gone. */
static __always_inline void note_lost(const struct ipc_object_id *obj, const struct ipc_run *run)
{
	struct ipc_object *o = bpf_map_lookup_elem(&objects, obj);

	if (o && (run->aux[0] & MQ_WAY_TAKEN))
		add(&o->discarded_bytes, run->aux[2]);
}

/* What it leaves behind beside the figures of any operation. */
static __always_inline void leave_queue(struct ipc_edge *edge, const struct mq_ref *mq, __u8 op, const struct ipc_run *run,
					__s64 ret)
{
	note_queue(edge, mq, run, ret);
	if (run && ret >= 0)
		note_way(edge, op, run);
	if (run && op == OP_RECV && ret < 0)
		note_lost(&mq->obj, run);
	if (op == OP_SEND && run && run->own_waits)
		depth_was_full(edge, edge->state[1]);
}

#include "mq_plain.bpf.h"

/* Its queue is not known yet, or more is asked for. */
static __attribute__((noinline)) int enter_slowly(__u32 fd, __u32 op, __u32 cause, __u64 size)
{
	struct mq_ref mq = {};
	struct ipc_run *run;

	if (!mq_of_fd(fd, &mq) || !op_wanted(&mq.obj))
		return 0;
	becomes_known(mq_inode_at(mq.info), &mq.obj);
	run = op_begin(&mq.obj, op, cause, mq.info);
	if (run)
		run->size = size;
	return 0;
}

static __always_inline int enter(__u32 fd, __u8 op, __u8 cause, __u64 size)
{
	if (fd_left_out(fd) || (is_plain() && enter_plainly(fd, op, cause)))
		return 0;
	return enter_slowly(fd, op, cause, size);
}

/* priority: of a send; a receive knows it from its message */
static __attribute__((noinline)) int leave_slowly(__u32 fd, __u32 op, __s64 ret, __u32 priority)
{
	struct op_result res = {.ret = ret, .payload = true};
	struct ipc_run *run = NULL;
	struct mq_ref mq = {};
	struct ipc_edge *edge;

	if (has_entry())
		run = mq_run();
	if (run && run->op == op) {
		mq.obj = run->obj;
		mq.info = run->kobj;
	} else {
		run = NULL;
		if (fd_left_out(fd) || !mq_of_fd(fd, &mq) || !op_wanted(&mq.obj))
			return 0;
		becomes_known(mq_inode_at(mq.info), &mq.obj);
	}
	edge = op_end(&mq.obj, op, run, &res);
	if (edge) {
		leave_queue(edge, &mq, op, run, ret);
		if (PROFILE(PROFILE_DETAIL) && ret >= 0 && op == OP_SEND)
			part_count(&mq.obj, priority, true);
		else if (PROFILE(PROFILE_DETAIL) && ret >= 0 && run)
			part_count(&mq.obj, run->aux[3], false);
		if (PROFILE(PROFILE_EVENTS))
			op_emit(&mq.obj, op, run, &res, edge, run ? run->size : ~0ull);
	}
	op_done(run);
	return 0;
}

static __always_inline int leave(__u32 fd, __u8 op, __s64 ret, __u32 priority)
{
	if (all_left_out())
		return 0;
	if (is_plain() ? leave_plainly(op, ret) : !has_entry() && !cfg.filtered && leave_counted(fd, op, ret))
		return 0;
	return leave_slowly(fd, op, ret, priority);
}

SEC("?fentry/do_mq_timedsend")
int BPF_PROG(mq_send_entry, int mqdes, const char *buf, size_t len)
{
	return enter(mqdes, OP_SEND, CAUSE_FULL, len);
}

/* It returns 0: all of the message was sent. */
SEC("?fexit/do_mq_timedsend")
int BPF_PROG(mq_send_exit, int mqdes, const char *buf, size_t len, unsigned int priority, struct timespec64 *ts,
	     int ret)
{
	return leave(mqdes, OP_SEND, ret ? ret : (__s64)len, priority);
}

SEC("?fentry/do_mq_timedreceive")
int BPF_PROG(mq_receive_entry, int mqdes, char *buf, size_t len)
{
	return enter(mqdes, OP_RECV, CAUSE_EMPTY, len);
}

SEC("?fexit/do_mq_timedreceive")
int BPF_PROG(mq_receive_exit, int mqdes, char *buf, size_t len, unsigned int *priority, struct timespec64 *ts,
	     int ret)
{
	return leave(mqdes, OP_RECV, ret, 0);
}

#include "mq_way.bpf.h"
#include "mq_life.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
