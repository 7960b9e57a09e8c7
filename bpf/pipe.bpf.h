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
};
_Static_assert(sizeof(struct pipe_internals) <= 4 * IPC_STATE_WORDS, "fits the state words");

#define PIPE_TRIMMED 5 /* counter: kept pages given back again (7.2 and later) */

static __always_inline bool is_pipe(struct inode *inode)
{
	return (inode->i_mode & S_IFMT) == S_IFIFO;
}

static __always_inline void pipe_identify(struct inode *inode, struct ipc_object_id *obj)
{
	obj->id = inode->i_ino;
	obj->domain = inode->i_sb->s_dev;
	obj->mech = obj->domain == cfg.pipefs_device ? MECH_PIPE : MECH_FIFO;
	obj->pad = 0;
}

static __always_inline void pipe_state(struct pipe_inode_info *pipe, __u32 *words)
{
	struct pipe_internals *s = (void *)words;

	s->head = pipe->head;
	s->tail = pipe->tail;
	s->ring_size = pipe->ring_size;
	s->max_usage = pipe->max_usage;
	s->readers = pipe->readers;
	s->writers = pipe->writers;
	s->files = pipe->files;
	s->r_counter = pipe->r_counter;
	s->w_counter = pipe->w_counter;
	s->nr_accounted = pipe->nr_accounted;
	s->poll_usage = pipe_poll_usage(pipe);
	s->kept_pages = pipe_kept_pages(pipe);
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
