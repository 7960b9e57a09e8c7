/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Differences between kernels, as in compat.bpf.h, which includes this: pages, mappings, faults. */
#ifndef COMPAT_MM_BPF_H
#define COMPAT_MM_BPF_H

/*
 * The count and the owner of a large page are those of its first. 7.x renamed
 * compound_head to compound_info, which may be a mask: there a tail stays a tail.
 */
struct page___7_0 {
	unsigned long compound_head;
} __attribute__((preserve_access_index));

static __always_inline struct page *page_head(struct page *page)
{
	struct page___7_0 *old = (void *)page;
	unsigned long compound;

	if (!bpf_core_field_exists(old->compound_head))
		return page;
	compound = BPF_CORE_READ(old, compound_head);
	return compound & 1 ? (void *)(compound - 1) : page;
}

/* 7.x made d_u an union without a name */
struct dentry___7_0 {
	union {
		struct hlist_node d_alias;
	} d_u;
} __attribute__((preserve_access_index));

/* The dentry that has this node of its inode's list. */
static __always_inline __u64 alias_dentry(__u64 node)
{
	if (bpf_core_field_exists(((struct dentry___7_0 *)0)->d_u))
		return node - bpf_core_field_offset(struct dentry___7_0, d_u.d_alias);
	return node - bpf_core_field_offset(struct dentry, d_alias);
}

/* 6.1 replaced the red-black tree of mappings by a maple tree */
struct vm_area_struct___6_0 {
	struct rb_node vm_rb;
	struct vm_area_struct *vm_next;
} __attribute__((preserve_access_index));
struct mm_struct___6_0 {
	struct vm_area_struct___6_0 *mmap;
	struct rb_root mm_rb;
} __attribute__((preserve_access_index));

static __always_inline bool mm_has_maple_tree(void)
{
	return bpf_core_field_exists(((struct mm_struct *)0)->mm_mt);
}

static __always_inline __u64 mm_rb_root(struct mm_struct *mm)
{
	__u64 node = 0;

	probe_read(&node, &((struct mm_struct___6_0 *)mm)->mm_rb.rb_node);
	return node;
}

/* The vm_area_struct that has this node. */
static __always_inline __u64 rb_vma(__u64 node)
{
	return node - bpf_core_field_offset(struct vm_area_struct___6_0, vm_rb);
}

/* The first mapping of a process and the one after another, where the kernel lists them (not since 6.1); 0: none. */
static __always_inline __u64 mm_first_vma(__u64 mm)
{
	__u64 vma = 0;

	if (bpf_core_field_exists(((struct mm_struct___6_0 *)0)->mmap))
		probe_read(&vma, &((struct mm_struct___6_0 *)mm)->mmap);
	return vma;
}

static __always_inline __u64 vma_next(__u64 vma)
{
	__u64 next = 0;

	if (bpf_core_field_exists(((struct vm_area_struct___6_0 *)0)->vm_next))
		probe_read(&next, &((struct vm_area_struct___6_0 *)vma)->vm_next);
	return next;
}

/* 5.15 gave the flags a type of their own */
struct vm_fault___5_14 {
	unsigned int flags;
} __attribute__((preserve_access_index));

#define FAULT_FLAG_TRIED 0x20

/* Is it a fault's second try, after memory was read or waited for? The kernel calls that a major one. */
static __always_inline bool fault_was_tried(struct vm_fault *vmf)
{
	if (bpf_core_field_exists(vmf->flags))
		return vmf->flags & FAULT_FLAG_TRIED;
	return ((struct vm_fault___5_14 *)vmf)->flags & FAULT_FLAG_TRIED;
}

/*
 * Did filemap_map_pages() map the page that was touched? 5.12 made it say so (the helper to
 * ask came with 5.17); before, the entry tells that lies as far before the last one that was
 * filled as the page touched lies before the last one mapped. Its lock is still held.
 */
static __always_inline bool map_pages_solved(void *ctx, struct vm_fault *vmf)
{
	__u64 pte = 0, value = 0, touched;

	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_func_ret))
		return function_result(ctx, 3) & 0x100 /* VM_FAULT_NOPAGE */;
	touched = vmf->vma->vm_start + ((vmf->pgoff - vmf->vma->vm_pgoff) << cfg.page_shift);
	if (!probe_read(&pte, &vmf->pte) || !pte)
		return false;
	pte -= ((vmf->address >> cfg.page_shift) - (touched >> cfg.page_shift)) * sizeof(pte_t);
	return probe_read(&value, pte) && (value & ~0x60ull /* what an erratum of old x86 leaves in an empty one */);
}

#endif
