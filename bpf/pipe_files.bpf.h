/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is there without any operation: who holds which end, the state of the
 * ring, who sleeps on it. A pass over all open files (iter/task_file); user space
 * makes one at the start, where what it finds is marked as older than the trace.
 * Nothing is opened and nothing is locked. Included by pipe.bpf.c.
 */

/* Once per pass: the state of the ring as it is now, or as it was when we began. */
static __always_inline void sample(struct inode *inode, const struct ipc_object_id *obj)
{
	struct pipe_inode_info *pipe = inode->i_pipe;
	bool is_new;
	struct ipc_object *o = object_to_sample(obj, &is_new);
	__u64 address = 0;

	if (!o)
		return;
	stamp_state(o->state);
	pipe_state(pipe, o->state);
	if (!object_sampled(o, pipe_bytes_inside(pipe), is_new) || !probe_read(&address, &inode->i_pipe))
		return;
	ipc_queue_sleepers(address + bpf_core_field_offset(struct pipe_inode_info, rd_wait), obj->id,
			 PACK(obj, OP_RECV, CAUSE_EMPTY), address);
	ipc_queue_sleepers(address + bpf_core_field_offset(struct pipe_inode_info, wr_wait), obj->id,
			 PACK(obj, OP_SEND, CAUSE_FULL), address);
}

SEC("?iter/task_file")
int pipe_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task, *leader;
	struct file *file = ctx->file;
	struct ipc_object_id obj;
	struct inode *inode;
	__u32 tgid, start;

	if (!task || !file)
		return 0;
	inode = file->f_inode;
	if (!is_pipe(inode) || !inode->i_pipe)
		return 0;
	pipe_identify(inode, &obj);
	tgid = task->tgid;
	if (!holder_counts(&obj, tgid))
		return 0;
	leader = task->group_leader;
	start = leader->start_time >> IPC_START_SHIFT;
	process_see_task(leader, tgid, start);
	if (file->f_mode & FMODE_READ)
		holder_found(ctx->meta->seq, &obj, OP_RECV, tgid, start);
	if (file->f_mode & FMODE_WRITE)
		holder_found(ctx->meta->seq, &obj, OP_SEND, tgid, start);
	sample(inode, &obj);
	return 0;
}

/*
 * Paths of FIFOs that were open before us. A program of its own, because 5.10
 * does not let an iterator call bpf_d_path().
 */
SEC("?iter/task_file")
int pipe_names(struct bpf_iter__task_file *ctx)
{
	struct file *file = ctx->file;
	struct ipc_object_id obj;
	struct ipc_name name = {};

	if (!file || !is_pipe(file->f_inode) || file->f_inode->i_sb->s_magic == PIPEFS_MAGIC)
		return 0;
	pipe_identify(file->f_inode, &obj);
	if (!bpf_map_lookup_elem(&objects, &obj) || bpf_map_lookup_elem(&names, &obj))
		return 0;
	if (bpf_d_path((struct path *)&file->f_path, name.path, sizeof(name.path)) >= 0)
		map_create(&names, &obj, &name);
	return 0;
}
