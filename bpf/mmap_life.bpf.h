/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How mappings come and go whoever made them, when a file goes, and the faults of
 * shared file memory. Private anonymous memory passes none of these functions when it
 * faults. Included by mmap.bpf.c.
 */

/* A mapping that is one of ours, or is to become one. NULL: neither. */
static __always_inline struct ipc_object *mapped_object(struct vm_area_struct *vma, struct ipc_object_id *obj,
							 __u64 *inode)
{
	struct ipc_object *o;

	if (!(vma->vm_flags & VM_MAYSHARE) || !object_of_file(vma->vm_file, obj, inode))
		return NULL;
	o = bpf_map_lookup_elem(&objects, obj);
	if (o && !(o->flags & OBJECT_DESTROYED))
		return o;
	return op_wanted(obj) ? mmap_seen(obj, *inode, as_number(vma->vm_file), 0) : NULL;
}

/* Under the lock of the file's tree, as the next two: an object's words are written by one at a time. */
SEC("?fentry/vma_interval_tree_insert")
int BPF_PROG(mapping_enters, struct vm_area_struct *vma)
{
	struct ipc_object_id obj;
	struct ipc_object *o;
	__u64 inode;

	o = mapped_object(vma, &obj, &inode);
	if (!o)
		return 0;
	add(&o->counters[MMAP_NOW], 1);
	object_words(o, inode);
	return 0;
}

/* Only a fork does that: the child's mapping behind its parent's. */
SEC("?fentry/vma_interval_tree_insert_after")
int BPF_PROG(mapping_inherited, struct vm_area_struct *vma)
{
	struct actor me = current_actor();
	struct ipc_edge_key key;
	struct ipc_object_id obj;
	struct ipc_edge *edge;
	struct ipc_object *o;
	__u64 inode;

	o = mapped_object(vma, &obj, &inode);
	if (!o)
		return 0;
	add(&o->counters[MMAP_NOW], 1);
	object_words(o, inode);
	if (!op_wanted(&obj))
		return 0;
	edge = edge_of(&obj, OP_OPEN, me, &key);
	if (!edge)
		return 0;
	add(&edge->counters[MMAP_INHERITED], 1);
	depth_note(edge, mappings_now(o));
	return 0;
}

static __always_inline bool is_writable(struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE);
}

SEC("?fentry/vma_interval_tree_remove")
int BPF_PROG(mapping_leaves, struct vm_area_struct *vma)
{
	struct ipc_object_id obj;
	struct ipc_object *o;
	__u64 inode;

	o = mapped_object(vma, &obj, &inode);
	if (!o)
		return 0;
	if ((__s64)o->counters[MMAP_UNLINKING] <= 0) {
		add(&o->counters[MMAP_NOW], -1);
	} else {
		add(&o->counters[MMAP_UNLINKING], -1);
		if (is_writable(vma))
			add(&o->counters[MMAP_UNLINKING_WRITABLE], -1);
	}
	object_words(o, inode);
	return 0;
}

/* munmap, exec, exit and the rest of an mremap: each mapping that goes for good, before it leaves the tree. */
static __always_inline int mapping_goes(struct vm_area_struct *vma)
{
	struct ipc_object_id obj;
	struct ipc_object *o;
	__u64 inode;

	o = mapped_object(vma, &obj, &inode);
	if (!o)
		return 0;
	if (PROFILE(~0u)) {
		add(&o->counters[MMAP_UNLINKING], 1);
		add(&o->counters[MMAP_NOW], -1);
		if (is_writable(vma))
			add(&o->counters[MMAP_UNLINKING_WRITABLE], 1);
	}
	if (op_wanted(&obj))
		mmap_op(&obj, OP_CLOSE, NULL, 0, inode);
	return 0;
}

SEC("?fentry/unlink_file_vma")
int BPF_PROG(mapping_unlinked, struct vm_area_struct *vma)
{
	return mapping_goes(vma);
}

/* 6.12 gathers them */
SEC("?fentry/unlink_file_vma_batch_add")
int BPF_PROG(mapping_unlinked_batch, void *batch, struct vm_area_struct *vma)
{
	return mapping_goes(vma);
}

/* The kernel forgets a file: that is its end when it has no name, and in memory. */
SEC("?fentry/evict")
int BPF_PROG(mapped_file_gone, struct inode *inode)
{
	struct super_block *sb = inode->i_sb;
	struct ipc_object_id obj;
	struct ipc_object *o;

	if ((inode->i_mode & S_IFMT) != S_IFREG || (inode->i_nlink && sb->s_magic != TMPFS_MAGIC))
		return 0;
	mmap_identify(&obj, inode->i_ino, sb->s_dev);
	o = bpf_map_lookup_elem(&objects, &obj);
	if (!o || (o->flags & OBJECT_DESTROYED))
		return 0;
	o->flags |= OBJECT_DESTROYED;
	o->destructions++;
	o->last_ns = bpf_ktime_get_ns();
	return 0;
}

/* ---- faults ---- */

#define FAULT_FAILED (VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE | VM_FAULT_SIGSEGV)

static __always_inline void count_fault(struct vm_fault *vmf, __u32 counter)
{
	struct vm_area_struct *vma = vmf->vma;
	struct ipc_object_id obj;
	__u64 inode;

	if (mapped_object(vma, &obj, &inode) && op_wanted(&obj))
		bump(&obj, OP_OPEN, counter);
}

static __always_inline int page_came(struct vm_fault *vmf, __u32 ret)
{
	if (!(vmf->vma->vm_flags & VM_MAYSHARE) || (ret & VM_FAULT_RETRY))
		return 0;
	if (ret & FAULT_FAILED)
		count_fault(vmf, MMAP_BEYOND);
	else
		count_fault(vmf, (ret & VM_FAULT_MAJOR) || fault_was_tried(vmf) ? MMAP_MAJOR : MMAP_MINOR);
	return 0;
}

/* Memory of tmpfs, of memfds and of no file. */
SEC("?fexit/shmem_fault")
int BPF_PROG(memory_touched, struct vm_fault *vmf, unsigned int ret)
{
	return page_came(vmf, ret);
}

SEC("?fexit/filemap_fault")
int BPF_PROG(file_touched, struct vm_fault *vmf, unsigned int ret)
{
	return page_came(vmf, ret);
}

/* A read of a page that is in memory already, which maps its neighbours with it. Else one of the two above follows. */
SEC("?fexit/filemap_map_pages")
int BPF_PROG(pages_mapped, struct vm_fault *vmf)
{
	if (!(vmf->vma->vm_flags & VM_MAYSHARE) || !map_pages_solved(ctx, vmf))
		return 0;
	count_fault(vmf, fault_was_tried(vmf) ? MMAP_MAJOR : MMAP_MINOR);
	return 0;
}
