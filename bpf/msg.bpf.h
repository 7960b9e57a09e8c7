/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A System V message queue: its identity, its state words, and what an operation
 * in progress remembers. Follows ipc/msg.c.
 */
#ifndef MSG_BPF_H
#define MSG_BPF_H

#include "kept_pointers.bpf.h"

/* The state words, in the order of the descriptor's table (user/mech/msg.c). */
struct msg_internals {
	__u32 messages;
	__u32 bytes;
	__u32 msg_qbytes;
	__u32 last_sender;
	__u32 last_receiver;
	__u32 send_time;
	__u32 receive_time;
	__u32 change_time;
	__u32 key;
	__u32 mode;
	__u32 type_sent;
	__u32 type_asked;
	__u32 type_asked_how;
	__u32 type_delivered;
};
_Static_assert(sizeof(struct msg_internals) <= 4 * IPC_STATE_FINE, "fits the state words");

/* Types are chosen by people and small; one that does not fit is not shown as another. */
static __always_inline __u32 type_word(__u64 type)
{
	return type < IPC_STATE_ABSENT ? type : IPC_STATE_ABSENT;
}

/* How a receiver chooses: the meaning of msgtyp and MSG_EXCEPT. */
enum msg_asked {
	ASKED_ANY = 0,
	ASKED_TYPE = 1,
	ASKED_UP_TO = 2,
	ASKED_EXCEPT = 3,
};

/* ipc_edge.counters */
enum msg_counter {
	MSG_HANDOFFS = 0,   /* sends */
	MSG_SKIPPED = 1,    /* receives: messages ahead of the one taken */
	MSG_SELECTIVE = 2,  /* receives that asked for a type */
	MSG_TOO_SMALL = 3,  /* sends: sleeping receivers that it did not fit, woken with E2BIG */
	MSG_TRUNCATED = COUNTER_PACKETS,
	MSG_PEEKS = 5,
};

/*
 * ipc_run.aux[0]. [1]: messages in the queue after it. Of a send, [2]: bytes in it,
 * [3]: receivers too small; of a receive, [2]: type and [3]: size of the message taken.
 */
enum msg_seen {
	SEEN_FITS = 1 << 0,	/* nothing stops the message any more */
	SEEN_HANDED = 1 << 1,	/* to a sleeping receiver, past the queue */
	SEEN_UNSURE = 1 << 2,	/* ... or not: that receiver's call is not known */
	SEEN_TAKEN = 1 << 3,	/* out of the queue or out of a sender's hands */
	SEEN_NOERROR = 1 << 4,	/* it takes what does not fit, and cuts it */
};

#define IPC_NOWAIT 04000
#define MSG_NOERROR 010000
#define MSG_EXCEPT 020000
#define MSG_COPY 040000

static __always_inline void msg_identify(__s32 id, __u32 domain, struct ipc_object_id *obj)
{
	obj->id = (__u32)id;
	obj->domain = domain;
	obj->mech = MECH_MSG;
	obj->pad = 0;
}

/* What operations change, as it lies in the kernel. */
struct queue_words {
	__s64 stime, rtime, ctime;
	__u64 bytes, messages, limit;
	__u64 sender, receiver; /* struct pid */
};

#define QUEUE_AT(member) \
	(bpf_core_field_offset(struct msg_queue, member) - bpf_core_field_offset(struct msg_queue, q_stime))

static __always_inline bool queue_lies_together(void)
{
	return QUEUE_AT(q_rtime) == __builtin_offsetof(struct queue_words, rtime) &&
	       QUEUE_AT(q_ctime) == __builtin_offsetof(struct queue_words, ctime) &&
	       QUEUE_AT(q_cbytes) == __builtin_offsetof(struct queue_words, bytes) &&
	       QUEUE_AT(q_qnum) == __builtin_offsetof(struct queue_words, messages) &&
	       QUEUE_AT(q_qbytes) == __builtin_offsetof(struct queue_words, limit) &&
	       QUEUE_AT(q_lspid) == __builtin_offsetof(struct queue_words, sender) &&
	       QUEUE_AT(q_lrpid) == __builtin_offsetof(struct queue_words, receiver);
}

KEPT_POINTERS(typed_queues, msg_queue)

/* What has a type of it. */
static __always_inline void queue_members(const struct msg_queue *q, struct queue_words *w)
{
	w->stime = q->q_stime;
	w->rtime = q->q_rtime;
	w->ctime = q->q_ctime;
	w->bytes = q->q_cbytes;
	w->messages = q->q_qnum;
	w->limit = q->q_qbytes;
}

/* By address: what the hooks are handed is a kern_ipc_perm, and the verifier lets nobody look beyond that. */
static __always_inline bool queue_read(__u64 address, struct queue_words *w)
{
	struct msg_queue *q = (void *)address;

	if (is_at()) {
		q = at_address(struct msg_queue, address);
		queue_members(q, w);
		*(volatile __u64 *)&w->sender = (__u64)q->q_lspid;
		*(volatile __u64 *)&w->receiver = (__u64)q->q_lrpid;
		return true;
	}
	if (queue_lies_together()) /* at the price of one */
		return probe_read(w, &q->q_stime);
	return probe_read(&w->stime, &q->q_stime) && probe_read(&w->rtime, &q->q_rtime) && probe_read(&w->ctime, &q->q_ctime) &&
	       probe_read(&w->bytes, &q->q_cbytes) && probe_read(&w->messages, &q->q_qnum) &&
	       probe_read(&w->limit, &q->q_qbytes) && probe_read(&w->sender, &q->q_lspid) &&
	       probe_read(&w->receiver, &q->q_lrpid);
}

static __always_inline void queue_words_to(const struct queue_words *w, struct msg_internals *s)
{
	s->messages = w->messages;
	s->bytes = w->bytes;
	s->msg_qbytes = w->limit;
	s->send_time = w->stime;
	s->receive_time = w->rtime;
	s->change_time = w->ctime;
}

static __always_inline bool queue_state(__u64 address, __u32 *words, __u32 id)
{
	struct msg_internals *s = (void *)words;
	struct msg_queue *q = (void *)address;
	struct queue_words w;
	__u16 mode = 0;

	stamp_in_order(words, id);
	if (!queue_read(address, &w))
		return false;
	queue_words_to(&w, s);
	s->last_sender = pid_number(w.sender);
	s->last_receiver = pid_number(w.receiver);
	probe_read(&s->key, &q->q_perm.key);
	probe_read(&mode, &q->q_perm.mode);
	s->mode = mode;
	return true;
}

#endif
