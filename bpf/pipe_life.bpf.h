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
	if (inode->i_pipe->r_counter > 1 || inode->i_pipe->w_counter > 1)
		return 0; /* a second open, through the fd directory of proc: fifo_open has it */
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
			o->flags &= ~OBJECT_DESTROYED;
			if (ret && !inode->i_pipe)
				o->destructions++;
		}
		if (PROFILE(PROFILE_EVENTS))
			op_emit(&obj, OP_OPEN, run, &res, edge, ~0ull);
	}
	op_done(run);
	return 0;
}

/* Before the ring may go: what is in it is read while it is there. */
SEC("?fentry/pipe_release")
int BPF_PROG(pipe_release_entry, struct inode *inode, struct file *file)
{
	struct pipe_inode_info *pipe = inode->i_pipe;
	struct ipc_object_id obj;
	struct ipc_object *o;
	struct ipc_run *run;

	pipe_identify(inode, &obj);
	if (!op_wanted(&obj))
		return 0;
	run = op_begin(&obj, OP_CLOSE, CAUSE_LOCK, (__u64)pipe);
	if (pipe->files != 1)
		return 0;
	if (run)
		run->aux[0] = 1; /* the last one, unless a FIFO is being opened right now */
	o = object_of(&obj);
	if (!o)
		return 0;
	pipe_state(pipe, o->state);
	stamp_state(o->state);
	o->inside_bytes = pipe_bytes_inside(pipe);
	return 0;
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
	if (o && !inode->i_pipe) {
		o->flags |= OBJECT_DESTROYED;
		o->last_ns = bpf_ktime_get_ns();
		if (run && run->aux[0]) {
			o->destructions++;
			o->counters[0] += o->state[0]; /* head of this incarnation */
			if ((__s64)o->inside_bytes == INSIDE_UNKNOWN) {
				o->flags |= OBJECT_INSIDE_UNKNOWN;
			} else {
				o->discarded_bytes += o->inside_bytes;
				if (PROFILE(PROFILE_DETAIL))
					add(&o->depth_bytes, -o->inside_bytes);
			}
			o->inside_bytes = 0;
		} else {
			o->flags |= OBJECT_INSIDE_UNKNOWN;
		}
	}
	if (edge && PROFILE(PROFILE_EVENTS))
		op_emit(&obj, OP_CLOSE, run, &res, edge, ~0ull);
	op_done(run);
	return 0;
}

static __always_inline int control(struct file *file, __s64 ret, bool resized)
{
	struct op_result res = {.ret = ret};
	struct inode *inode = file->f_inode;
	struct ipc_object_id obj;
	struct ipc_edge *edge;

	if (!is_pipe(inode))
		return 0; /* fcntl on something else: -EBADF */
	pipe_identify(inode, &obj);
	if (!op_wanted(&obj))
		return 0;
	edge = op_end(&obj, OP_CTL, NULL, &res);
	if (!edge)
		return 0;
	if (resized && ret >= 0)
		add(&edge->counters[COUNTER_RESIZES], 1);
	note_ring(edge, inode->i_pipe);
	if (PROFILE(PROFILE_EVENTS))
		op_emit(&obj, OP_CTL, NULL, &res, edge, ~0ull);
	return 0;
}

SEC("?fexit/pipe_fcntl")
int BPF_PROG(pipe_fcntl_exit, struct file *file, unsigned int cmd, unsigned long arg, long ret)
{
	return control(file, ret, cmd == 1031 /* F_SETPIPE_SZ */);
}

SEC("?fexit/pipe_ioctl")
int BPF_PROG(pipe_ioctl_exit, struct file *file, unsigned int cmd, unsigned long arg, long ret)
{
	if (ret == -515 /* ENOIOCTLCMD */)
		return 0; /* isatty() and its like: no command of a pipe */
	return control(file, ret, false);
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
