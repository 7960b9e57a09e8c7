/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is mapped already and by whom. A kernel since 5.12 shows the mappings of all
 * tasks; before 6.1 a process lists its own. Included by mmap.bpf.c.
 */

/* Global: once for both. Returns whether the process counts as a holder. */
__attribute__((noinline)) int ipc_mmap_found(__u64 id, __u64 domain, __u64 inode, __u64 file, __u32 tgid)
{
	struct ipc_object_id obj = {.id = id, .domain = domain, .mech = MECH_MMAP};
	__u64 mappings;
	struct ipc_object *o;
	bool is_new;

	if (!holder_counts(&obj, tgid))
		return 0;
	o = object_to_sample(&obj, &is_new);
	if (!o)
		return 1;
	/* while hooks count, they know better; the last pass comes when they are gone */
	if (is_new || control_value(CONTROL_PASS)) {
		mappings = ipc_mmap_census(inode);
		if (mappings != TOO_MANY)
			o->counters[MMAP_NOW] = mappings;
		o->counters[MMAP_UNLINKING_WRITABLE] = 0;
	}
	if (mmap_words(o->state, inode, o)) {
		object_sampled(o, 0, is_new);
		stamp_state_finely(o->state, state_clock());
	}
	ipc_mmap_name(id, domain, file);
	return 1;
}

SEC("?iter/task_vma")
int mmap_mappings(struct bpf_iter__task_vma *ctx)
{
	struct task_struct *task = ctx->task, *leader;
	struct vm_area_struct *vma = ctx->vma;
	struct ipc_object_id obj;
	struct file *file;
	__u64 inode = 0;
	__u32 tgid, start;

	if (!task || !vma)
		return 0;
	file = vma->vm_file;
	tgid = task->tgid;
	if (!(vma->vm_flags & VM_MAYSHARE) || !file || (__u32)task->pid != tgid || !object_of_file(file, &obj, &inode) ||
	    !ipc_mmap_found(obj.id, obj.domain, inode, as_number(file), tgid))
		return 0;
	leader = task->group_leader;
	start = leader->start_time >> IPC_START_SHIFT;
	process_see_task(leader, tgid, start);
	holder_found(ctx->meta->seq, &obj, OP_RECV, tgid, start);
	if (vma->vm_flags & VM_WRITE)
		holder_found(ctx->meta->seq, &obj, OP_SEND, tgid, start);
	return 0;
}

#define LISTED_SHARED 128 /* shared mappings of a process */
#define LISTED_BETWEEN 512 /* others in between */

/* The first shared mapping of a file from here on; 0: none. */
__attribute__((noinline)) __u64 ipc_mmap_next(__u64 vma_address)
{
	for (int i = 0; i < LISTED_BETWEEN; i++) {
		struct vm_area_struct *vma = (void *)vma_address;
		unsigned long flags = 0;
		__u64 file = 0;

		if (!vma_address)
			return 0;
		probe_read(&flags, &vma->vm_flags);
		probe_read(&file, &vma->vm_file);
		if ((flags & VM_MAYSHARE) && file)
			return vma_address;
		vma_address = vma_next(vma_address);
	}
	return 0;
}

SEC("?iter/task")
int mmap_objects(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *leader;
	__u64 vma = 0, mm = 0;
	__u32 tgid, start;

	if (!task || cfg.no_probe_read || mm_has_maple_tree())
		return 0;
	tgid = task->tgid;
	if ((__u32)task->pid != tgid || !probe_read(&mm, &task->mm) || !mm)
		return 0;
	leader = task->group_leader;
	start = leader->start_time >> IPC_START_SHIFT;
	vma = mm_first_vma(mm);
	for (int i = 0; i < LISTED_SHARED; i++) {
		struct ipc_object_id obj;
		__u64 file = 0, inode = 0;
		unsigned long flags = 0;

		vma = ipc_mmap_next(vma);
		if (!vma)
			return 0;
		probe_read(&file, &((struct vm_area_struct *)vma)->vm_file);
		probe_read(&flags, &((struct vm_area_struct *)vma)->vm_flags);
		if (object_of_address(file, &obj, &inode) && ipc_mmap_found(obj.id, obj.domain, inode, file, tgid)) {
			process_see_task(leader, tgid, start);
			holder_found(ctx->meta->seq, &obj, OP_RECV, tgid, start);
			if (flags & VM_WRITE)
				holder_found(ctx->meta->seq, &obj, OP_SEND, tgid, start);
		}
		vma = vma_next(vma);
	}
	return 0;
}
