/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A file that is mapped shared: its identity, its state words, how many mappings it
 * has. Memory that is shared without a file has one too, in the kernel's own tmpfs.
 */
#ifndef MMAP_BPF_H
#define MMAP_BPF_H

/* The state words, in the order of the descriptor's table (user/mech/mmap.c). */
struct mmap_internals {
	__u32 mappings;
	__u32 writable;
	__u32 size_low;
	__u32 size_high;
	__u32 pages;
	__u32 links;
};
_Static_assert(sizeof(struct mmap_internals) <= 4 * IPC_STATE_FINE, "fits the state words");

/* ipc_edge.counters */
enum mmap_counter {
	MMAP_INHERITED = 0, /* mappings that a fork made */
	MMAP_MINOR = 1,	    /* faults, by process */
	MMAP_MAJOR = 2,
	MMAP_BEYOND = 3,    /* touches behind the end of the file, or of what could not be read */
	MMAP_WRITES = 4,    /* mapped with PROT_WRITE */
};

/* ipc_object.counters */
enum mmap_object_counter {
	MMAP_NOW = 0,	    /* mappings */
	MMAP_UNLINKING = 1, /* already taken off MMAP_NOW, and still to leave the tree */
	MMAP_UNLINKING_WRITABLE = 2, /* of them, those that the kernel still counts as writable */
};

#define ANON_INODE_FS_MAGIC 0x09041934
#define TMPFS_MAGIC 0x01021994
#define MAP_SHARED_BIT 1 /* of MAP_SHARED and MAP_SHARED_VALIDATE, and of no other type */
#define MAP_ANONYMOUS 0x20
#define PROT_WRITE 2

static __always_inline bool is_failure(__s64 ret)
{
	return (__u64)ret >= (__u64)-4095ll;
}

/* What is typed has no number to reckon with, see argument_address(). */
static __always_inline __u64 as_number(const void *pointer)
{
	__u64 number = 0;

	probe_read(&number, &pointer);
	return number;
}

static __always_inline void mmap_identify(struct ipc_object_id *obj, __u64 ino, __u32 device)
{
	obj->id = ino;
	obj->domain = device;
	obj->mech = MECH_MMAP;
	obj->pad = 0;
}

/* A file of a hook. false: a device, a descriptor of the kernel's own (which 6.16 made regular files), a System V segment. */
static __always_inline bool object_of_file(struct file *file, struct ipc_object_id *obj, __u64 *inode_address)
{
	struct inode *inode = file->f_mapping->host;
	struct super_block *sb = inode->i_sb;
	struct sysv_segment segment = {};

	if ((inode->i_mode & S_IFMT) != S_IFREG || sb->s_magic == ANON_INODE_FS_MAGIC ||
	    segment_of_file(file, &segment))
		return false;
	mmap_identify(obj, inode->i_ino, sb->s_dev);
	*inode_address = as_number(inode);
	return true;
}

/* The same by address. */
static __always_inline bool object_of_address(__u64 file_address, struct ipc_object_id *obj, __u64 *inode_address)
{
	struct file *file = (void *)file_address;
	struct inode *inode;
	struct sysv_segment segment = {};

	if (!file || cfg.no_probe_read)
		return false;
	inode = BPF_CORE_READ(file, f_mapping, host);
	if ((BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFREG ||
	    BPF_CORE_READ(inode, i_sb, s_magic) == ANON_INODE_FS_MAGIC || segment_of_address(file_address, &segment))
		return false;
	mmap_identify(obj, BPF_CORE_READ(inode, i_ino), BPF_CORE_READ(inode, i_sb, s_dev));
	*inode_address = (__u64)inode;
	return true;
}

/* ---- how many mappings: the tree of all that map the file, private ones too ---- */

enum came {
	CAME_DOWN = 0, /* from the node's parent */
	CAME_LEFT = 1,
	CAME_RIGHT = 2,
};

#define WALK_STEPS 32
#define WALK_BLOCKS 256 /* of steps, of which a node takes two: 4096 mappings */

/* Where the walk stands, in a number, for 5.10: a node's address, how it was come to, and shared mappings met. */
#define WALK_AT(node, came) ((node) << 8 | (__u64)(came) << 8)
#define WALK_NODE(at) (((at) >> 8 & ~7ull) | 0xffull << 56)
#define WALK_CAME(at) ((at) >> 8 & 3)
#define WALK_MET(at) ((at) & 0xff)
#define WALK_END 0ull /* and what was met last */

static __always_inline bool is_shared_node(__u64 node)
{
	struct vm_area_struct *vma = (void *)(node - bpf_core_field_offset(struct vm_area_struct, shared.rb));
	unsigned long flags = 0;

	probe_read(&flags, &vma->vm_flags);
	return flags & VM_MAYSHARE;
}

/* Some steps of a walk in order. Global: verified once. */
__attribute__((noinline)) __u64 ipc_mmap_walk(__u64 at)
{
	__u64 node = WALK_NODE(at), came = WALK_CAME(at), met = 0;

	for (int step = 0; step < WALK_STEPS; step++) {
		struct rb_node *rb = (void *)node;
		__u64 next = 0;

		if (came == CAME_DOWN) {
			probe_read(&next, &rb->rb_left);
			came = CAME_LEFT;
			if (next) {
				node = next;
				came = CAME_DOWN;
			}
		} else if (came == CAME_LEFT) {
			if (is_shared_node(node))
				met++;
			probe_read(&next, &rb->rb_right);
			came = CAME_RIGHT;
			if (next) {
				node = next;
				came = CAME_DOWN;
			}
		} else {
			__u64 left = 0;

			if (!probe_read(&next, &rb->__rb_parent_color))
				return met;
			next &= ~3ull;
			if (!next)
				return met;
			probe_read(&left, &((struct rb_node *)next)->rb_left);
			came = left == node ? CAME_LEFT : CAME_RIGHT;
			node = next;
		}
	}
	return WALK_AT(node, came) | met;
}

#define TOO_MANY IPC_STATE_ABSENT

/* Shared mappings of the file, or TOO_MANY: not counted. */
__attribute__((noinline)) __u64 ipc_mmap_census(__u64 inode_address)
{
	struct inode *inode = (void *)inode_address;
	__u64 node = 0, at, sum = 0;

	if (!inode || cfg.no_probe_read)
		return TOO_MANY;
	node = (__u64)BPF_CORE_READ(inode, i_mapping, i_mmap.rb_root.rb_node);
	if (!node)
		return 0;
	at = WALK_AT(node, CAME_DOWN);
	for (int block = 0; block < WALK_BLOCKS; block++) {
		at = ipc_mmap_walk(at);
		sum += WALK_MET(at);
		if (at < 256)
			return sum;
	}
	return TOO_MANY;
}

/* ---- what is kept of it ---- */

static __always_inline __u32 mappings_now(const struct ipc_object *o)
{
	__s64 now = o->counters[MMAP_NOW];

	return now > 0 ? now : 0; /* below: a program was skipped, which is told as missed */
}

/* Returns false under lockdown, where nothing can be read. */
static __always_inline bool mmap_words(__u32 *words, __u64 inode_address, const struct ipc_object *o)
{
	struct mmap_internals *w = (void *)words;
	struct inode *inode = (void *)inode_address;
	__u64 size, at = state_clock();
	__s32 writable;

	if (cfg.no_probe_read || !inode)
		return false;
	writable = BPF_CORE_READ(inode, i_mapping, i_mmap_writable.counter) - (__s32)o->counters[MMAP_UNLINKING_WRITABLE];
	size = BPF_CORE_READ(inode, i_size);
	w->mappings = mappings_now(o);
	w->writable = writable > 0 ? writable : 0; /* below 0: sealed against writing */
	w->size_low = size;
	w->size_high = size >> 32;
	w->pages = BPF_CORE_READ(inode, i_mapping, nrpages);
	w->links = BPF_CORE_READ(inode, i_nlink);
	stamp_state_finely(words, at);
	return true;
}

static __always_inline void object_words(struct ipc_object *o, __u64 inode)
{
	if (!mmap_words(o->state, inode, o))
		return;
	o->flags |= OBJECT_SAMPLED;
	o->last_ns = bpf_ktime_get_ns();
}

/* Once per object. Global, for the stack and the verifier. */
__attribute__((noinline)) int ipc_mmap_name(__u64 id, __u64 domain, __u64 file)
{
	struct ipc_object_id obj = {.id = id, .domain = domain, .mech = MECH_MMAP};
	struct ipc_name *name;

	if (!file || bpf_map_lookup_elem(&names, &obj))
		return 0;
	/* no name is no loss: the id says the same */
	if (bpf_map_update_elem(&names, &obj, &zero_name, BPF_NOEXIST))
		return 0;
	name = bpf_map_lookup_elem(&names, &obj);
	if (name)
		name_file(name, 0, file, PATH_NO_OFFSET);
	return 0;
}

/*
 * The first sight of a file, or of the next one that has its number. own: mappings of
 * it that the operation under way has made already; with no others it is new. Returns 0.
 */
__attribute__((noinline)) int ipc_mmap_seen(__u64 id, __u64 domain, __u64 inode, __u64 file, __u32 own)
{
	struct ipc_object_id obj = {.id = id, .domain = domain, .mech = MECH_MMAP};
	struct ipc_object *o = bpf_map_lookup_elem(&objects, &obj);
	__u64 mappings;

	if (o && !(o->flags & OBJECT_DESTROYED))
		return 0;
	if (o) {
		bpf_map_delete_elem(&names, &obj);
		o->flags &= ~OBJECT_DESTROYED;
		o->counters[MMAP_NOW] = 0;
		o->counters[MMAP_UNLINKING] = 0;
		o->counters[MMAP_UNLINKING_WRITABLE] = 0;
	} else {
		map_create(&objects, &obj, &zero_object);
		o = bpf_map_lookup_elem(&objects, &obj);
		if (!o)
			return 0;
		o->first_ns = bpf_ktime_get_ns();
	}
	mappings = ipc_mmap_census(inode);
	if (mappings == TOO_MANY)
		mappings = 0;
	add(&o->counters[MMAP_NOW], mappings);
	object_words(o, inode);
	if (mappings <= own) {
		o->creations++;
		o->first_tgid = bpf_get_current_pid_tgid() >> 32;
	} else {
		o->flags |= OBJECT_PREEXISTING;
		__builtin_memcpy(o->base_state, o->state, sizeof(o->state));
	}
	ipc_mmap_name(id, domain, file);
	return 0;
}

static __always_inline struct ipc_object *mmap_seen(const struct ipc_object_id *obj, __u64 inode, __u64 file, __u32 own)
{
	struct ipc_object *o = bpf_map_lookup_elem(&objects, obj);

	if (o && !(o->flags & OBJECT_DESTROYED))
		return o;
	ipc_mmap_seen(obj->id, obj->domain, inode, file, own);
	return bpf_map_lookup_elem(&objects, obj);
}

#endif
