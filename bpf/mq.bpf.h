/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a POSIX message queue is made of: its identity and its state words.
 * Follows ipc/mqueue.c. The queue is the inode: struct mqueue_inode_info holds it.
 * A call names its queue by a descriptor only, and no function on its way takes
 * the file: it is looked up again, by address, so all state is read that way.
 */
#ifndef MQ_BPF_H
#define MQ_BPF_H

#include "fd.bpf.h"
#include "kept_pointers.bpf.h"

#define MQUEUE_MAGIC 0x19800202
#define MQ_WALK_WAITERS 64

/* The state words, in the order of the descriptor's table (user/mech/mq.c). */
struct mq_internals {
	__u32 curmsgs;
	__u32 maxmsg;
	__u32 msgsize;
	__u32 qsize;
	__u32 notify;
	__u32 top_priority;
};
_Static_assert(sizeof(struct mq_internals) <= 4 * IPC_STATE_FINE, "fits the state words");

/* ipc_edge.counters: how messages went; the same index means another thing on another kind of operation */
#define MQ_HANDED 0   /* send: given to a waiting receiver */
#define MQ_INSERTED 1 /* send: put into the tree */
#define MQ_ADOPTED 2  /* recv: put into the tree for a waiting sender, after taking one */
#define MQ_NOTIFIED 5 /* send: the registered process was told */

/* ipc_object.counters */
#define MQ_MAX_SENDERS 0 /* most that waited at a time */
#define MQ_MAX_RECEIVERS 1
#define MQ_UNLINKED 2

/* run->aux: [0] what happened on the way, [1] messages at the fullest, [2] bytes and [3] priority of the message taken */
enum mq_way {
	MQ_WAY_SLEPT = 1 << 0,
	MQ_WAY_INSERTED = 1 << 1,
	MQ_WAY_NOTIFIED = 1 << 2,
	MQ_WAY_TAKEN = 1 << 3,
	MQ_WAY_NOTED = 1 << 4, /* the state words are what the insertion was to leave */
};

/* A queue, by what leads to it. */
struct mq_ref {
	struct ipc_object_id obj;
	__u64 info; /* struct mqueue_inode_info */
};

static __always_inline __u64 mq_info_of(const struct inode *inode)
{
	return (__u64)inode - bpf_core_field_offset(struct mqueue_inode_info, vfs_inode);
}

static __always_inline __u64 mq_inode_at(__u64 info)
{
	return info + bpf_core_field_offset(struct mqueue_inode_info, vfs_inode);
}

static __always_inline void mq_identify(struct inode *inode, struct ipc_object_id *obj)
{
	obj->id = inode->i_ino;
	obj->domain = inode->i_sb->s_dev;
	obj->mech = MECH_MQ;
	obj->pad = 0;
}

static __always_inline bool is_mq(struct inode *inode)
{
	return inode->i_sb->s_magic == MQUEUE_MAGIC && (inode->i_mode & S_IFMT) == S_IFREG;
}

/* The queue behind a descriptor of the current task. */
static __always_inline bool mq_of_fd(__u32 fd, struct mq_ref *mq)
{
	struct file *file = file_of(fd);
	struct super_block *sb;
	struct inode *inode;

	if (!file)
		return false;
	inode = BPF_CORE_READ(file, f_inode);
	sb = BPF_CORE_READ(inode, i_sb);
	if (BPF_CORE_READ(sb, s_magic) != MQUEUE_MAGIC)
		return false;
	mq->obj.id = BPF_CORE_READ(inode, i_ino);
	mq->obj.domain = BPF_CORE_READ(sb, s_dev);
	mq->obj.mech = MECH_MQ;
	mq->obj.pad = 0;
	mq->info = mq_info_of(inode);
	return true;
}

/* Of the first message that a receiver would get: the one at this node. */
static __always_inline __u32 mq_priority(const struct rb_node *node)
{
	struct posix_msg_tree_node *leaf;

	if (!node)
		return IPC_STATE_ABSENT;
	leaf = (void *)node - bpf_core_field_offset(struct posix_msg_tree_node, rb_node);
	if (is_at())
		return at_address(struct posix_msg_tree_node, leaf)->priority;
	return BPF_CORE_READ(leaf, priority);
}

static __always_inline void mq_state_at(const struct mqueue_inode_info *info, struct mq_internals *s)
{
	s->curmsgs = info->attr.mq_curmsgs;
	s->maxmsg = info->attr.mq_maxmsg;
	s->msgsize = info->attr.mq_msgsize;
	s->qsize = info->qsize;
	s->notify = info->notify_owner != NULL;
	s->top_priority = mq_priority(info->msg_tree_rightmost);
}

/* As they lie in the kernel: at the price of one. */
struct mq_tree_and_attr {
	struct rb_node *rightmost;
	struct posix_msg_tree_node *node_cache;
	long flags, maxmsg, msgsize, curmsgs;
};

static __always_inline bool has_tree_before_attr(void)
{
	struct mqueue_inode_info *info = NULL;

	return bpf_core_field_offset(info->attr.mq_curmsgs) - bpf_core_field_offset(info->msg_tree_rightmost) ==
	       __builtin_offsetof(struct mq_tree_and_attr, curmsgs);
}

KEPT_POINTERS(typed_mqueues, mqueue_inode_info)

static __always_inline void mq_state(__u64 address, __u32 id, __u32 *words)
{
	struct mqueue_inode_info *info = (void *)address, *typed;
	struct mq_internals *s = (void *)words;
	struct mq_tree_and_attr both;

	stamp_in_order(words, id);
	if (is_at()) {
		mq_state_at(at_address(struct mqueue_inode_info, address), s);
		return;
	}
	typed = typed_mqueues_find(address, id);
	if (typed) {
		mq_state_at(typed, s);
		return;
	}
	if (has_tree_before_attr()) {
		bpf_probe_read_kernel(&both, sizeof(both), &info->msg_tree_rightmost);
	} else {
		both.rightmost = BPF_CORE_READ(info, msg_tree_rightmost);
		bpf_probe_read_kernel(&both.flags, sizeof(both) - __builtin_offsetof(struct mq_tree_and_attr, flags), &info->attr);
	}
	s->curmsgs = both.curmsgs;
	s->maxmsg = both.maxmsg;
	s->msgsize = both.msgsize;
	s->qsize = BPF_CORE_READ(info, qsize);
	s->notify = BPF_CORE_READ(info, notify_owner) != NULL;
	s->top_priority = mq_priority(both.rightmost);
}

#endif
