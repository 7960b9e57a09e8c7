/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a pipe is made of: its identity, its state words, the bytes inside.
 * Follows fs/pipe.c; a FIFO is a pipe whose inode has a name.
 */
#ifndef PIPE_BPF_H
#define PIPE_BPF_H

#define PIPEFS_MAGIC 0x50495045
#define PIPE_WALK_SLOTS 256 /* pipe-max-size for an unprivileged user, in pages */

/* The state words, in the order of the descriptor's table (user/mech/pipe.c). */
struct pipe_internals {
	__u32 head;
	__u32 tail;
	__u32 ring_size;
	__u32 max_usage;
	__u32 readers;
	__u32 writers;
	__u32 files;
	__u32 r_counter;
	__u32 w_counter;
	__u32 nr_accounted;
	__u32 poll_usage;
	__u32 kept_pages;
	__u32 set_up; /* the stamp of what opens, closes and resizes change: read when? */
};
_Static_assert(sizeof(struct pipe_internals) <= 4 * IPC_STATE_WORDS, "fits the state words");

#define PIPE_TRIMMED 5 /* counter: kept pages given back again (7.2 and later) */

static __always_inline bool is_pipe(struct inode *inode)
{
	return (inode->i_mode & S_IFMT) == S_IFIFO;
}

/* The super block of all pipes, which never goes, and what its pipes have in the words of their keys; 0: none was seen yet. */
static volatile struct {
	__u64 sb;
	__u64 where;
} pipefs;

/* All of a pipe's id but its number, as it lies there: the device, and the mechanism. */
static __always_inline __u64 pipe_where(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;
	__u64 where;

	if ((__u64)sb == pipefs.sb)
		return pipefs.where;
	where = sb->s_dev;
	if (where != cfg.pipefs_device)
		return where | (__u64)MECH_FIFO << 32;
	where |= (__u64)MECH_PIPE << 32;
	pipefs.where = where;
	barrier();
	pipefs.sb = (__u64)sb;
	return where;
}

static __always_inline void pipe_identify(struct inode *inode, struct ipc_object_id *obj)
{
	__u64 where = pipe_where(inode);

	obj->id = inode->i_ino;
	obj->domain = where;
	obj->mech = where >> 32;
	obj->pad = 0;
}

/* What operations change. */
static __always_inline void pipe_position(struct pipe_inode_info *pipe, struct pipe_internals *s)
{
	if (bpf_core_field_exists(pipe->head_tail)) { /* 6.15: both in one load, of one moment */
		*(volatile key_word *)&s->head = pipe->head_tail; /* in one store, too */
	} else {
		s->head = pipe->head;
		s->tail = pipe->tail;
	}
}

/* What operations and polls change, and what is not worth the look each time. */
static __always_inline void pipe_aside(struct pipe_inode_info *pipe, struct pipe_internals *s)
{
	s->poll_usage = pipe_poll_usage(pipe);
	s->kept_pages = pipe_kept_pages(pipe);
}

/* What opens, closes and resizes change. */
static __always_inline void pipe_set_up(struct pipe_inode_info *pipe, struct pipe_internals *s)
{
	s->ring_size = pipe->ring_size;
	s->max_usage = pipe->max_usage;
	s->readers = pipe->readers;
	s->writers = pipe->writers;
	s->files = pipe->files;
	s->r_counter = pipe->r_counter;
	s->w_counter = pipe->w_counter;
	s->nr_accounted = pipe->nr_accounted;
	s->set_up = ((__u32 *)s)[IPC_STATE_STAMP];
}

/* The stamp is there already. */
static __always_inline void pipe_state(struct pipe_inode_info *pipe, __u32 *words)
{
	pipe_position(pipe, (void *)words);
	pipe_aside(pipe, (void *)words);
	pipe_set_up(pipe, (void *)words);
}

/*
 * Bytes in the slots from tail to head; INSIDE_UNKNOWN when there are more slots
 * than we walk, or memory may not be read by address. Not locked: exact only
 * while nobody moves head or tail. Global: verified once, not once per caller.
 */
__attribute__((noinline)) __s64 pipe_inside(__u64 bufs, __u32 head, __u32 tail, __u32 ring_size)
{
	__s64 inside = 0;
	__u32 used = head - tail;

	if (used > PIPE_WALK_SLOTS)
		return INSIDE_UNKNOWN;
	for (__u32 i = 0; i < PIPE_WALK_SLOTS; i++) {
		struct pipe_buffer *buf;
		__u32 len;

		if (i >= used)
			break;
		buf = (void *)(bufs + ((tail + i) & (ring_size - 1)) * bpf_core_type_size(struct pipe_buffer));
		if (!probe_read(&len, &buf->len))
			return INSIDE_UNKNOWN;
		inside += len;
	}
	return inside;
}

/* The same for a pipe at hand. An address goes to a global function as a number: read, not cast. */
static __always_inline __s64 pipe_bytes_inside(struct pipe_inode_info *pipe)
{
	__u32 head = pipe->head, tail = pipe->tail;
	__u64 bufs = 0;

	if (head == tail)
		return 0;
	if (!probe_read(&bufs, &pipe->bufs))
		return INSIDE_UNKNOWN;
	return pipe_inside(bufs, head, tail, pipe->ring_size);
}

#endif
