/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which mapping an address lies in. bpf_find_vma() came with 5.17, takes a lock
 * that may be held and wants a callback that 5.10 refuses to see at all, even
 * where it is never called: so we walk the tree ourselves, without a lock, as the
 * kernel does for its own page faults. The walk is of the calling task or of one
 * that sleeps, so only another thread of it can move the tree meanwhile.
 */
#ifndef VMA_BPF_H
#define VMA_BPF_H

#define VM_WRITE 0x2ul
#define VM_SHARED 0x8ul
#define VM_MAYWRITE 0x20ul
#define VM_MAYSHARE 0x80ul

#define MAPLE_LEVELS 8	  /* 10 ways at least: more mappings than any process may have */
#define MAPLE_LEAF 1
#define MAPLE_ARANGE 3
#define RB_LEVELS 40

/* What an address is backed by. */
struct mapping {
	__u64 vma;    /* address of its vm_area_struct */
	__u64 file;   /* 0: anonymous */
	__u64 flags;  /* VM_* */
	__u64 offset; /* of the address, in the file */
};

/*
 * A node as it lies in memory, in words, since there are maple trees: its parent,
 * 15 pivots and 16 slots, or, with gaps, 9 pivots and 10 slots. The number of the
 * last slot in use stands in the last word, or where the gaps end.
 */
#define MAPLE_PIVOTS 15
#define MAPLE_SLOTS 16
#define MAPLE_END 31
#define ARANGE_SLOTS 10
#define ARANGE_END 30

/* Where the slot to go down lies: so many pivots are below the address. 0: not to be read. */
static __always_inline __u64 maple_slot(__u64 at, bool has_gaps, __u64 address)
{
	__u64 pivots[MAPLE_PIVOTS];
	__u8 end = MAPLE_PIVOTS;
	__u32 slot;

	if (bpf_probe_read_kernel(pivots, sizeof(pivots), (void *)(at + 8)))
		return 0;
	if ((has_gaps || !pivots[MAPLE_PIVOTS - 1]) && !probe_read(&end, at + 8 * (has_gaps ? ARANGE_END : MAPLE_END)))
		return 0;
	for (slot = 0; slot < MAPLE_PIVOTS; slot++)
		if (slot >= end || pivots[slot] >= address)
			break; /* one way out of each step: counting them would have the verifier try all sums */
	return at + 8 * (slot + (has_gaps ? ARANGE_SLOTS : MAPLE_SLOTS));
}

/* 6.1 and later. What kind of node a pointer points to is in its bits 3 to 6. */
static __always_inline __u64 maple_find(__u64 entry, __u64 address)
{
	for (int level = 0; level < MAPLE_LEVELS; level++) {
		__u32 type = (entry >> 3) & 0xf;
		__u64 slot;

		if (entry < 4096)
			return 0; /* a tree without nodes: of no process that runs */
		slot = maple_slot(entry & ~0xffull, type == MAPLE_ARANGE, address);
		if (!slot || !probe_read(&entry, slot))
			return 0;
		if (type == MAPLE_LEAF)
			return entry;
	}
	return 0;
}

/* Global, so that the verifier walks it once; numbers only, for 5.10. Address of the vm_area_struct, or 0. */
__attribute__((noinline)) __u64 ipc_vma_find(__u64 mm_address, __u64 address)
{
	struct mm_struct *mm = (void *)mm_address;
	__u64 vma, node = 0, start = 0, end = 0;

	if (cfg.no_probe_read || !mm)
		return 0;
	if (mm_has_maple_tree()) {
		probe_read(&node, &mm->mm_mt.ma_root);
		vma = maple_find(node, address);
		return vma;
	}
	node = mm_rb_root(mm);
	for (int level = 0; level < RB_LEVELS && node; level++) {
		vma = rb_vma(node);
		probe_read(&start, &((struct vm_area_struct *)vma)->vm_start);
		probe_read(&end, &((struct vm_area_struct *)vma)->vm_end);
		if (address >= start && address < end)
			return vma;
		if (address < start ? !probe_read(&node, &((struct rb_node *)node)->rb_left) :
				      !probe_read(&node, &((struct rb_node *)node)->rb_right))
			return 0;
	}
	return 0;
}

/* false: nothing is mapped there, or memory may not be read by address. */
static __always_inline bool mapping_at(__u64 mm, __u64 address, struct mapping *m)
{
	struct vm_area_struct *vma = (void *)ipc_vma_find(mm, address);
	__u64 start, end, pgoff;

	if (!vma || !probe_read(&start, &vma->vm_start) || !probe_read(&end, &vma->vm_end) || address < start ||
	    address >= end || !probe_read(&m->file, &vma->vm_file) || !probe_read(&m->flags, &vma->vm_flags) ||
	    !probe_read(&pgoff, &vma->vm_pgoff))
		return false;
	m->vma = (__u64)vma;
	m->offset = (pgoff << cfg.page_shift) + address - start;
	return true;
}

/* Whose page cache it is: the file that is mapped may stand before it (overlayfs). */
static __always_inline struct inode *mapping_inode(const struct mapping *m)
{
	struct file *file = (void *)m->file;

	return BPF_CORE_READ(file, f_mapping, host);
}

#endif
