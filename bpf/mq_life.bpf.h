/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Making, opening, controlling, unlinking, closing and the end of a queue, and
 * what a pass over all open files finds. Included by mq.bpf.c.
 */

/* By mq_open with O_CREAT, or as a file of the mqueue file system */
SEC("?fexit/mqueue_create_attr")
int BPF_PROG(mq_created, struct dentry *dentry, umode_t mode, void *arg, int ret)
{
	struct ipc_object_id obj;
	struct inode *inode = dentry->d_inode;
	struct ipc_object *o;

	if (ret || !inode)
		return 0;
	forget_known((__u64)BPF_CORE_READ(dentry, d_inode), MECH_MQ);
	mq_identify(inode, &obj);
	if (!op_wanted(&obj))
		return 0;
	map_create(&objects, &obj, &zero_object);
	o = bpf_map_lookup_elem(&objects, &obj);
	if (!o)
		return 0;
	o->creations = 1;
	o->first_ns = bpf_ktime_get_ns();
	o->first_tgid = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

/* "/" and the name that was asked for, once. */
static __attribute__((noinline)) int note_name(const struct ipc_object_id *obj, const char *user_name)
{
	struct ipc_name name = {};

	if (!obj || bpf_map_lookup_elem(&names, obj))
		return 0;
	name.path[0] = '/';
	if (bpf_probe_read_user_str(name.path + 1, sizeof(name.path) - 1, user_name) > 0)
		map_create(&names, obj, &name);
	return 0;
}

/* It was there before us and nobody had it open: only its name did, and what was inside. */
static __always_inline void note_preexisting(struct ipc_object *o, const __u32 *state)
{
	if (o->creations || o->flags)
		return;
	o->flags = OBJECT_PREEXISTING | OBJECT_SAMPLED;
	o->last_ns = bpf_ktime_get_ns();
	__builtin_memcpy(o->state, state, sizeof(o->state));
	__builtin_memcpy(o->base_state, state, sizeof(o->state));
	o->base_bytes = ((const struct mq_internals *)state)->qsize;
	o->inside_bytes = o->base_bytes;
	o->max_bytes = o->base_bytes;
}

SEC("?fexit/do_mq_open")
int BPF_PROG(mq_open_exit, const char *user_name, int oflag, umode_t mode, struct mq_attr *attr, int ret)
{
	struct op_result res = {};
	struct mq_ref mq = {};
	struct ipc_object *o;
	struct ipc_edge *edge;

	if (ret < 0 || !mq_of_fd(ret, &mq) || !op_wanted(&mq.obj))
		return 0;
	edge = op_end(&mq.obj, OP_OPEN, NULL, &res);
	if (!edge)
		return 0;
	note_name(&mq.obj, user_name);
	note_queue(edge, &mq, NULL, 0);
	o = bpf_map_lookup_elem(&objects, &mq.obj);
	if (o)
		note_preexisting(o, edge->state);
	if (PROFILE(PROFILE_EVENTS))
		op_emit(&mq.obj, OP_OPEN, NULL, &res, edge, ~0ull);
	return 0;
}

static __always_inline int control(const struct mq_ref *mq, __u8 op, __s64 ret)
{
	struct op_result res = {.ret = ret};
	struct ipc_edge *edge;

	if (!op_wanted(&mq->obj))
		return 0;
	edge = op_end(&mq->obj, op, NULL, &res);
	if (!edge)
		return 0;
	note_queue(edge, mq, NULL, 0);
	if (PROFILE(PROFILE_EVENTS))
		op_emit(&mq->obj, op, NULL, &res, edge, ~0ull);
	return 0;
}

SEC("?fexit/do_mq_notify")
int BPF_PROG(mq_notify_exit, int mqdes, const struct sigevent *notification, int ret)
{
	struct mq_ref mq = {};

	return mq_of_fd(mqdes, &mq) ? control(&mq, OP_CTL, ret) : 0;
}

SEC("?fexit/do_mq_getsetattr")
int BPF_PROG(mq_attr_exit, int mqdes, struct mq_attr *new, struct mq_attr *old, int ret)
{
	struct mq_ref mq = {};

	return mq_of_fd(mqdes, &mq) ? control(&mq, OP_CTL, ret) : 0;
}

static __always_inline void mq_of_inode(struct inode *inode, struct mq_ref *mq)
{
	mq_identify(inode, &mq->obj);
	mq->info = mq_info_of(inode);
}

/* Its name goes: no operation on the queue, which itself goes with the last descriptor. */
SEC("?fexit/mqueue_unlink")
int BPF_PROG(mq_unlink_exit, struct inode *dir, struct dentry *dentry, int ret)
{
	struct inode *inode = dentry->d_inode;
	struct ipc_object_id obj;
	struct ipc_object *o;

	if (ret || !inode)
		return 0;
	mq_identify(inode, &obj);
	o = bpf_map_lookup_elem(&objects, &obj);
	if (o)
		o->counters[MQ_UNLINKED] = 1;
	return 0;
}

/* Each close of a descriptor, also at the end of a process */
SEC("?fexit/mqueue_flush_file")
int BPF_PROG(mq_close_exit, struct file *file, void *id, int ret)
{
	struct mq_ref mq = {};

	mq_of_inode(file->f_inode, &mq);
	return control(&mq, OP_CLOSE, ret);
}

/* No name and no descriptor any more; what is inside goes with it. */
SEC("?fentry/mqueue_evict_inode")
int BPF_PROG(mq_evicted, struct inode *inode)
{
	struct mq_ref mq = {};
	struct ipc_object *o;

	if ((inode->i_mode & S_IFMT) != S_IFREG)
		return 0;
	forget_known(argument_address(ctx, 0), MECH_MQ);
	mq_of_inode(inode, &mq);
	o = bpf_map_lookup_elem(&objects, &mq.obj);
	if (!o)
		return 0;
	mq_state(mq.info, mq.obj.id, o->state);
	o->flags |= OBJECT_DESTROYED;
	o->last_ns = bpf_ktime_get_ns();
	o->destructions++;
	o->discarded_bytes += ((struct mq_internals *)o->state)->qsize;
	o->inside_bytes = 0;
	return 0;
}

/* Every task in one of the two lists. Global: verified once. */
__attribute__((noinline)) int mq_sleepers_of(__u64 list, __u64 id, __u64 packed, __u64 info)
{
	struct list_head *first = (void *)list, *at = NULL;

	if (!probe_read(&at, &first->next))
		return 0;
	for (int i = 0; i < WALK_WAITERS; i++) {
		struct ext_wait_queue *entry;
		__u64 task = 0;

		if (!at || at == first)
			return 0;
		entry = (void *)at - bpf_core_field_offset(struct ext_wait_queue, list);
		if (probe_read(&task, &entry->task) && task)
			ipc_sleeper_found(task, id, packed, info);
		if (!probe_read(&at, &at->next))
			return 0;
	}
	lose(LOSS_UNRESOLVED);
	return 0;
}

/* The queue's name, where it was opened before us. */
static __attribute__((noinline)) int note_dentry(const struct ipc_object_id *obj, struct dentry *dentry)
{
	struct ipc_name name = {};

	if (!obj || bpf_map_lookup_elem(&names, obj))
		return 0;
	name.path[0] = '/';
	if (bpf_probe_read_kernel_str(name.path + 1, sizeof(name.path) - 1, BPF_CORE_READ(dentry, d_name.name)) > 0)
		map_create(&names, obj, &name);
	return 0;
}

static __always_inline void sample(const struct mq_ref *mq)
{
	bool is_new;
	struct ipc_object *o = object_to_sample(&mq->obj, &is_new);

	if (!o)
		return;
	mq_state(mq->info, mq->obj.id, o->state);
	if (!object_sampled(o, ((struct mq_internals *)o->state)->qsize, is_new))
		return;
	mq_sleepers_of(mq_waiters(mq->info, 0), mq->obj.id, PACK(&mq->obj, OP_SEND, CAUSE_FULL), mq->info);
	mq_sleepers_of(mq_waiters(mq->info, 1), mq->obj.id, PACK(&mq->obj, OP_RECV, CAUSE_EMPTY), mq->info);
}

SEC("?iter/task_file")
int mq_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task, *leader;
	struct file *file = ctx->file;
	struct mq_ref mq = {};
	__u32 tgid, start;

	if (!task || !file || !is_mq(file->f_inode))
		return 0;
	mq_identify(file->f_inode, &mq.obj);
	mq.info = 0;
	bpf_probe_read_kernel(&mq.info, sizeof(mq.info), &file->f_inode);
	mq.info = mq_info_of((void *)mq.info);
	tgid = task->tgid;
	if (!holder_counts(&mq.obj, tgid))
		return 0;
	leader = task->group_leader;
	start = leader->start_time >> IPC_START_SHIFT;
	process_see_task(leader, tgid, start);
	if (file->f_mode & FMODE_READ)
		holder_found(ctx->meta->seq, &mq.obj, OP_RECV, tgid, start);
	if (file->f_mode & FMODE_WRITE)
		holder_found(ctx->meta->seq, &mq.obj, OP_SEND, tgid, start);
	sample(&mq);
	note_dentry(&mq.obj, (void *)BPF_CORE_READ(file, f_path.dentry));
	return 0;
}
