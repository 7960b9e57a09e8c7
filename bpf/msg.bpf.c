// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * System V message queues through ipc/msg.c: do_msgsnd and do_msgrcv, and what
 * they call while they hold the queue's lock. There the queue's state is exact, so it
 * is noted there and not at the end of a call: the LSM hooks see a message before it
 * goes in, ss_wakeup sees the queue after one was taken. In the default view it goes to
 * the row of the operation, which is at hand, else to the object.
 *
 * A sender gives its message to the first sleeping receiver that asked for such a
 * one (pipelined_send, always inlined): security_msg_queue_msgrcv then runs in the
 * sender with the receiver as its target. Whether the message fits there is what
 * that receiver's own call asked for, which is kept while it sleeps.
 *
 * Cannot see: msgget that fails (it names no queue); IPC_INFO, MSG_INFO and
 * MSG_STAT, which look through the table.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define STATE_IN_ORDER true
#include "ipctrace.h"
#include "syscall.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "op.bpf.h"
#include "found.bpf.h"
#include "stamps.bpf.h"
#include "left_out.bpf.h"
#include "plain.bpf.h"
#include "resolve_sysv.bpf.h"
#include "msg.bpf.h"

const volatile struct ipc_config cfg = {};

/* The current task's operation in progress on a queue, or NULL. */
static __always_inline struct ipc_run *msg_run(void)
{
	struct ipc_run *run = all_left_out() ? NULL : run_mine();

	return run && run->obj.mech == MECH_MSG ? run : NULL;
}

static __always_inline void queue_noted(struct ipc_object *o)
{
	o->inside_bytes = ((struct msg_internals *)o->state)->bytes;
	o->last_ns = bpf_ktime_get_ns();
	o->flags |= OBJECT_SAMPLED;
}

/* The queue as it is. Returns the object for more, or NULL. */
static __attribute__((noinline)) struct ipc_object *queue_note(const struct ipc_object_id *obj, __u64 queue)
{
	struct ipc_object *o = obj ? object_seen(obj) : NULL;

	if (!o || !queue_state(queue, o->state, obj->id))
		return NULL;
	queue_noted(o);
	return o;
}

/* The row where the current process's send or receive notes what the queue is like, or NULL: the object does. */
static __always_inline struct ipc_row *noting_row(const struct ipc_run *run)
{
	return is_plain() ? plain_row(run, MECH_MSG, run->op) : NULL;
}

/*
 * The queue in the middle of a send, whose message of so many bytes is about to go in, or receive, whose message is
 * out (-1), by the current process: what the kernel notes of who did so is known. other: who did the other last.
 */
static __always_inline void moved_words(__u32 *words, const struct queue_words *w, const struct ipc_run *run, __s64 sent, __u32 other)
{
	struct msg_internals *s = (void *)words;
	__u32 me = bpf_get_current_pid_tgid() >> 32;

	stamp_in_order(words, run->obj.id);
	queue_words_to(w, s);
	if (sent >= 0) {
		s->messages++;
		s->bytes += sent;
	}
	s->last_sender = sent >= 0 ? me : other;
	s->last_receiver = sent >= 0 ? other : me;
}

static __attribute__((noinline)) int object_moved(const struct ipc_run *run, const struct queue_words *w, __u64 key_mode,
						  __s64 sent, __u32 other)
{
	struct ipc_object_id obj;
	struct ipc_object *o;

	if (!run || !w)
		return 0;
	obj = run->obj;
	o = object_seen(&obj);
	if (!o)
		return 0;
	moved_words(o->state, w, run, sent, other);
	*(key_word *)&((struct msg_internals *)o->state)->key = key_mode;
	queue_noted(o);
	return 0;
}

static __always_inline void queue_moved(const struct ipc_run *run, const struct queue_words *w, __u32 key, __u32 mode, __s64 sent,
					__u32 other)
{
	struct ipc_row *row = noting_row(run);
	__u64 key_mode = key | (__u64)mode << 32;

	if (!row) {
		object_moved(run, w, key_mode, sent, other);
		return;
	}
	moved_words(row->edge.state, w, run, sent, other);
	*(key_word *)&((struct msg_internals *)row->edge.state)->key = key_mode;
}

static __always_inline bool words_and_receiver(struct kern_ipc_perm *perm, __u32 id, struct queue_words *w, __u32 *receiver)
{
	struct msg_queue *queue = typed_queues_find((__u64)perm, id);

	if (queue) {
		queue_members(queue, w);
		*receiver = queue->q_lrpid->numbers[0].nr;
		return true;
	}
	if (!queue_read((__u64)perm, w))
		return false;
	*receiver = pid_number(w->receiver);
	return true;
}

/* Under the lock, before the message goes in or its sender goes to sleep. */
SEC("?fentry/security_msg_queue_msgsnd")
int BPF_PROG(msg_send_checked, struct kern_ipc_perm *perm, struct msg_msg *msg, int flags)
{
	struct ipc_run *run = msg_run();
	__u64 size = msg->m_ts;
	struct queue_words w;
	__u32 receiver;

	if (!run || run->op != OP_SEND || run->obj.id != (__u32)perm->id)
		return 0;
	run->kobj = (__u64)perm;
	if (!words_and_receiver(perm, run->obj.id, &w, &receiver) || size + w.bytes > w.limit || 1 + w.messages > w.limit)
		return 0;
	run->aux[0] |= SEEN_FITS;
	run->aux[1] = w.messages + 1;
	run->aux[2] = w.bytes + size;
	queue_moved(run, &w, perm->key, perm->mode, size, receiver);
	if (PROFILE(PROFILE_RESIDENCY))
		stamp_message((__u64)msg);
	return 0;
}

/* It took the message that queue_moved() had seen go in. */
static __always_inline void words_of_handoff(__u32 *words, __u32 receiver, __u64 size)
{
	struct msg_internals *s = (void *)words;

	s->messages--;
	s->bytes -= size;
	s->last_receiver = receiver;
}

/* A receiver was asleep for such a message: it gets it, or is told that it is too large. */
static __always_inline void hand_over(struct ipc_run *run, __u32 receiver_tid, __u32 receiver, __u64 size)
{
	struct ipc_run *sleeper = kept_run(receiver_tid);
	struct ipc_row *row;
	struct ipc_object *o;

	if (!(run->aux[0] & SEEN_FITS) || (run->aux[0] & SEEN_HANDED))
		return;
	if (!sleeper || sleeper->obj.mech != MECH_MSG) {
		run->aux[0] |= SEEN_UNSURE;
		return;
	}
	if (sleeper->size < size && !(sleeper->aux[0] & SEEN_NOERROR)) {
		run->aux[3]++;
		return;
	}
	run->aux[0] |= SEEN_HANDED;
	row = noting_row(run);
	if (row) {
		words_of_handoff(row->edge.state, receiver, size);
		return;
	}
	o = bpf_map_lookup_elem(&objects, &run->obj);
	if (!o)
		return;
	words_of_handoff(o->state, receiver, size);
	o->inside_bytes = ((struct msg_internals *)o->state)->bytes;
}

/*
 * How many messages lie ahead of this one, which the receiver may take: those up
 * to the one it might have taken before (it looks on for a smaller type), and what
 * lay ahead of that. The list is the kernel's own and locked.
 */
#define SKIP_WALK 1024

static __always_inline void count_skipped(struct ipc_run *run, struct msg_msg *msg, __u64 head)
{
	struct list_head *at = msg->m_list.prev;
	__u64 last = run->kobj2, skipped = 0;

	for (int i = 0; i < SKIP_WALK; i++) {
		__u64 address = (__u64)at;

		if (address == head) {
			run->progress = skipped;
			run->kobj2 = (__u64)msg;
			return;
		}
		skipped++;
		if (address == last) { /* m_list is a message's first member */
			run->progress += skipped;
			run->kobj2 = (__u64)msg;
			return;
		}
		at = at->prev;
	}
	lose(LOSS_UNRESOLVED);
}

/* Under the lock: a message that this task, or the one that it would wake, may take. */
SEC("?fentry/security_msg_queue_msgrcv")
int BPF_PROG(msg_receive_checked, struct kern_ipc_perm *perm, struct msg_msg *msg, struct task_struct *target,
	     long type, int mode)
{
	struct ipc_run *run = msg_run();

	if (!run || run->obj.id != (__u32)perm->id)
		return 0;
	if (run->op == OP_SEND)
		hand_over(run, target->pid, target->tgid, msg->m_ts);
	else if (run->op == OP_RECV)
		count_skipped(run, msg, (__u64)perm + bpf_core_field_offset(struct msg_queue, q_messages));
	return 0;
}

/* Under the lock: a message was taken from the queue, or its limit was set anew. `kill`: the queue goes. */
SEC("?fentry/ss_wakeup")
int BPF_PROG(msg_taken, struct msg_queue *queue, struct wake_q_head *wake_q, __u64 kill)
{
	struct ipc_run *run = msg_run();
	struct queue_words w = {};

	if (!run || (__u8)kill || /* a bool's other bits are whatever the register had */
	    run->obj.id != (__u32)queue->q_perm.id)
		return 0;
	run->kobj = (__u64)queue;
	if (run->op != OP_RECV) {
		queue_note(&run->obj, (__u64)queue);
		return 0;
	}
	typed_queues_keep(queue, run->obj.id);
	queue_members(queue, &w);
	run->aux[1] = w.messages;
	queue_moved(run, &w, queue->q_perm.key, queue->q_perm.mode, -1, queue->q_lspid->numbers[0].nr);
	return 0;
}

/* The end of a message: it was received, could not be sent, or its queue goes. Not of a copy (MSG_COPY: OP_CTL). */
SEC("?fentry/free_msg")
int BPF_PROG(msg_freed, struct msg_msg *msg)
{
	struct ipc_run *run = msg_run();

	if (run && run->op == OP_RECV) {
		run->aux[0] |= SEEN_TAKEN;
		run->aux[2] = type_word(msg->m_type);
		run->aux[3] = msg->m_ts;
	}
	if (!PROFILE(PROFILE_RESIDENCY))
		return 0;
	if (run && run->op == OP_RECV)
		residency_of_message(&run->obj, (__u64)msg);
	else
		drop_stamp((__u64)msg);
	return 0;
}

#include "msg_ops.bpf.h"
#include "msg_life.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
