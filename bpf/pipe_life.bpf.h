/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Open, close and control of pipes and FIFOs. A pipe's ring is made with its
 * inode, a FIFO's at every first open; both go with the last close. Included by
 * pipe.bpf.c.
 */

static __always_inline struct ipc_object *object_of(const struct ipc_object_id *obj)
{
	return bpf_map_lookup_elem(&objects, obj);
}

/* pipe2() opens both ends of a fresh inode (create_pipe_files): counted once, at the read end. */
SEC("?fentry/stream_open")
int BPF_PROG(pipe_create, struct inode *inode, struct file *file)
{
	struct op_result res = {};
	struct ipc_object_id obj;
	struct ipc_object *o;
	struct ipc_edge *edge;

	if (!is_pipe(inode) || !(file->f_mode & FMODE_READ) || inode->i_sb->s_magic != PIPEFS_MAGIC)
		return 0;
	/* a second open, through the fd directory of proc: fifo_open has it, and calls this before it counts the end */
	if (inode->i_pipe->files > 2 || inode->i_pipe->r_counter > 1 || inode->i_pipe->w_counter > 1)
		return 0;
	pipe_identify(inode, &obj);
	if (!op_wanted(&obj))
		return 0;
	edge = op_end(&obj, OP_OPEN, NULL, &res);
	if (!edge)
		return 0;
	note_ring(edge, inode->i_pipe);
	o = object_of(&obj);
	if (o)
		o->creations++;
	return 0;
}

/* What was in it when it went nobody looked at. */
static __always_inline void end_unseen(struct ipc_object *o)
{
	o->flags |= OBJECT_DESTROYED | OBJECT_INSIDE_UNKNOWN;
	o->last_ns = bpf_ktime_get_ns();
	o->destructions++;
}

SEC("?fentry/fifo_open")
int BPF_PROG(fifo_open_entry, struct inode *inode, struct file *file)
{
	struct ipc_object_id obj;
	struct ipc_run *run;

	pipe_identify(inode, &obj);
	if (!op_wanted(&obj))
		return 0;
	run = op_begin(&obj, OP_OPEN, CAUSE_PARTNER, (__u64)inode->i_pipe);
	if (run)
		run->aux[0] = !inode->i_pipe; /* this open makes the ring */
	return 0;
}

SEC("?fexit/fifo_open")
int BPF_PROG(fifo_open_exit, struct inode *inode, struct file *file, int ret)
{
	struct op_result res = {.ret = ret};
	struct ipc_object_id obj;
	struct ipc_object *o;
	struct ipc_edge *edge;
	struct ipc_run *run;

	pipe_identify(inode, &obj);
	if (!op_wanted(&obj))
		return 0;
	run = run_of(&obj, OP_OPEN);
	edge = op_end(&obj, OP_OPEN, run, &res);
	if (edge) {
		if (inode->i_pipe)
			note_ring(edge, inode->i_pipe);
		o = object_of(&obj);
		if (o && run && run->aux[0]) {
			o->creations++;
			if (!run->aux[2])
				o->flags &= ~OBJECT_DESTROYED;
		}
		if (o && run && run->aux[3])
			end_unseen(o);
		if (PROFILE(PROFILE_EVENTS))
			op_emit(&obj, OP_OPEN, run, &res, edge, ~0ull);
	}
	op_done(run);
	return 0;
}

/* Its bytes and its head count among those of the object's earlier rings. */
static __always_inline void note_end(struct ipc_object *o, struct pipe_inode_info *pipe)
{
	__s64 inside = pipe_bytes_inside(pipe);

	stamp_state(o->state);
	pipe_state(pipe, o->state);
	o->flags |= OBJECT_DESTROYED;
	o->last_ns = bpf_ktime_get_ns();
	o->destructions++;
	add(&o->counters[RING_EARLIER_HEADS], o->state[0]); /* head of this incarnation */
	o->inside_bytes = 0;
	if (inside == INSIDE_UNKNOWN) {
		o->flags |= OBJECT_INSIDE_UNKNOWN;
		return;
	}
	o->discarded_bytes += inside;
	if (PROFILE(PROFILE_DETAIL))
		add(&o->depth_bytes, -inside);
}

/*
 * The ring goes, with the last of its files: inside a close, or an open that gave
 * up. Nobody else sees it any more, so what is in it is exact. Which close is the
 * last cannot be told before: two may be under way, each seeing the other's file.
 */
SEC("?fentry/free_pipe_info")
int BPF_PROG(pipe_free, struct pipe_inode_info *pipe)
{
	struct ipc_run *run = run_mine();
	struct ipc_object *o;

	if (!run || (run->op != OP_CLOSE && run->op != OP_OPEN))
		return 0;
	if (run->kobj && run->kobj != (__u64)pipe)
		return 0;
	if (pipe->files) { /* made by this open and never used: another one was first */
		run->aux[0] = 0;
		return 0;
	}
	run->aux[2] = 1;
	o = object_of(&run->obj);
	if (o)
		note_end(o, pipe);
	else
		run->aux[3] = 1; /* it is first seen when it ends */
	if (run->obj.mech == MECH_FIFO)
		ring_restarted(); /* its next ring counts from 0 again */
	return 0;
}

SEC("?fentry/pipe_release")
int BPF_PROG(pipe_release_entry, struct inode *inode, struct file *file)
{
	struct ipc_object_id obj;

	pipe_identify(inode, &obj);
	if (op_wanted(&obj))
		op_begin(&obj, OP_CLOSE, CAUSE_LOCK, (__u64)inode->i_pipe);
	return 0;
}

/* What a close left to others, unless the last of them has taken it away meanwhile. */
static __always_inline void note_left(struct ipc_edge *edge, struct inode *inode)
{
	struct pipe_inode_info *pipe = inode->i_pipe;
	struct pipe_internals *s = (void *)edge->state;

	if (!PROFILE(~0u) || !pipe)
		return;
	stamp_state(edge->state);
	pipe_state(pipe, edge->state);
	barrier();
	if (inode->i_pipe != pipe)
		s->ring_size = 0; /* never read */
}

SEC("?fexit/pipe_release")
int BPF_PROG(pipe_release_exit, struct inode *inode, struct file *file, int ret)
{
	struct op_result res = {.ret = ret};
	struct ipc_object_id obj;
	struct ipc_object *o;
	struct ipc_edge *edge;
	struct ipc_run *run;

	pipe_identify(inode, &obj);
	if (!op_wanted(&obj))
		return 0;
	run = run_of(&obj, OP_CLOSE);
	edge = op_end(&obj, OP_CLOSE, run, &res);
	o = object_of(&obj);
	if (o && (run ? run->aux[3] : !inode->i_pipe))
		end_unseen(o);
	if (edge)
		note_left(edge, inode);
	if (edge && PROFILE(PROFILE_EVENTS))
		op_emit(&obj, OP_CLOSE, run, &res, edge, ~0ull);
	op_done(run);
	return 0;
}

static __always_inline bool control_wanted(struct file *file, struct ipc_object_id *obj)
{
	struct inode *inode = file->f_inode;

	if (!is_pipe(inode))
		return false; /* fcntl on something else: -EBADF */
	pipe_identify(inode, obj);
	return op_wanted(obj);
}

static __always_inline void control(struct file *file, const struct ipc_object_id *obj, struct ipc_run *run, __s64 ret,
				    bool resized)
{
	struct op_result res = {.ret = ret};
	struct ipc_edge *edge = op_end(obj, OP_CTL, run, &res);

	if (!edge)
		return;
	if (resized && ret >= 0) {
		add(&edge->counters[COUNTER_RESIZES], 1);
		ring_restarted(); /* its size was set after pipe_resize_ring() */
	}
	note_ring(edge, file->f_inode->i_pipe);
	if (PROFILE(PROFILE_EVENTS))
		op_emit(obj, OP_CTL, run, &res, edge, ~0ull);
}

SEC("?fentry/pipe_fcntl")
int BPF_PROG(pipe_fcntl_entry, struct file *file, unsigned int cmd)
{
	struct ipc_object_id obj;

	if (control_wanted(file, &obj))
		op_begin(&obj, OP_CTL, CAUSE_LOCK, (__u64)file->f_inode->i_pipe);
	return 0;
}

/*
 * A resize sets head to the number of slots in use and tail to 0, with the pipe
 * locked: what head loses is taken there, so that the count of slots ever filled
 * goes on. aux[0]: head before; aux[1]: RESIZE_*
 */
enum {
	RESIZE_BEGUN = 1,
	RESIZE_DONE = 2, /* aux[0] is what head lost */
};

static __always_inline struct ipc_run *resizing(struct pipe_inode_info *pipe)
{
	struct ipc_run *run = run_mine();

	return run && run->op == OP_CTL && run->kobj == (__u64)pipe ? run : NULL;
}

SEC("?fentry/pipe_resize_ring")
int BPF_PROG(pipe_resize_entry, struct pipe_inode_info *pipe)
{
	struct ipc_run *run = resizing(pipe);

	if (run) {
		run->aux[0] = pipe->head;
		run->aux[1] = RESIZE_BEGUN;
	}
	return 0;
}

SEC("?fexit/pipe_resize_ring")
int BPF_PROG(pipe_resize_exit, struct pipe_inode_info *pipe, unsigned int slots, int ret)
{
	struct ipc_run *run = resizing(pipe);

	if (ret)
		return 0;
	ring_restarted();
	if (run && run->aux[1] == RESIZE_BEGUN) {
		run->aux[0] -= pipe->head;
		run->aux[1] = RESIZE_DONE;
	}
	return 0;
}

SEC("?fexit/pipe_fcntl")
int BPF_PROG(pipe_fcntl_exit, struct file *file, unsigned int cmd, unsigned long arg, long ret)
{
	struct ipc_run *run = NULL;
	struct ipc_object_id obj;

	if (!control_wanted(file, &obj))
		return 0;
	if (has_entry())
		run = run_of(&obj, OP_CTL);
	control(file, &obj, run, ret, cmd == 1031 /* F_SETPIPE_SZ */);
	if (run && run->aux[1] == RESIZE_DONE)
		ring_resized(&obj, run->aux[0]);
	op_done(run);
	return 0;
}

SEC("?fexit/pipe_ioctl")
int BPF_PROG(pipe_ioctl_exit, struct file *file, unsigned int cmd, unsigned long arg, long ret)
{
	struct ipc_object_id obj;

	if (ret == -515 /* ENOIOCTLCMD */ || !control_wanted(file, &obj))
		return 0; /* isatty() and its like: no command of a pipe */
	control(file, &obj, NULL, ret, false);
	return 0;
}

/* The path of a FIFO, where bpf_d_path() may be called: before fifo_open runs. */
SEC("?fentry/security_file_open")
int BPF_PROG(fifo_name, struct file *file)
{
	struct inode *inode = file->f_inode;
	struct ipc_object_id obj;
	struct ipc_name name = {};

	if (!is_pipe(inode) || inode->i_sb->s_magic == PIPEFS_MAGIC)
		return 0;
	pipe_identify(inode, &obj);
	if (bpf_map_lookup_elem(&names, &obj))
		return 0;
	if (bpf_d_path((struct path *)&file->f_path, name.path, sizeof(name.path)) < 0)
		return 0;
	map_create(&names, &obj, &name);
	return 0;
}
