/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The path of a file, by its dentries: bpf_d_path() may be called in few places,
 * and a file that is only mapped passes through none of them. Taken once per
 * object, when it is first seen. As long as it fits: 12 levels, 63 bytes each, 190 in
 * all.
 */
#ifndef PATH_BPF_H
#define PATH_BPF_H

#define PATH_LEVELS 12
#define PATH_ALIASES 4
#define PATH_ROOM 127 /* where a name may begin; a part fits behind it */
#define PATH_PART 64

struct path_walk {
	__u64 dentries[PATH_LEVELS]; /* from the file up */
	__u64 dentry;
	__u64 mnt; /* address of the vfsmount */
	bool floats; /* in no directory: memfd, anonymous shared memory */
};

/* Out of a mount to where it is mounted; twice, for one mount on top of another. */
static __always_inline void path_leave_mounts(struct path_walk *w)
{
#pragma unroll
	for (int i = 0; i < 2; i++) {
		__u64 mount = w->mnt - bpf_core_field_offset(struct mount, mnt), parent = 0, root = 0;

		probe_read(&root, &((struct vfsmount *)w->mnt)->mnt_root);
		probe_read(&parent, &((struct mount *)mount)->mnt_parent);
		if (root != w->dentry || !parent || parent == mount)
			return;
		probe_read(&w->dentry, &((struct mount *)mount)->mnt_mountpoint);
		w->mnt = parent + bpf_core_field_offset(struct mount, mnt);
	}
}

static __always_inline void path_climb(struct path_walk *w)
{
	__u32 cnt = 0;

#pragma unroll
	for (__u32 i = 0; i < PATH_LEVELS; i++) {
		__u64 parent = 0;

		w->dentries[i] = 0;
		if (cnt < i)
			continue;
		path_leave_mounts(w);
		probe_read(&parent, &((struct dentry *)w->dentry)->d_parent);
		if (parent == w->dentry) {
			w->floats = !i;
			if (i)
				continue; /* the root of everything has no name */
		}
		w->dentries[i] = w->dentry;
		w->dentry = parent;
		cnt++;
	}
}

static __always_inline bool unlinked(__u64 dentry)
{
	__u64 in_hash = 0;

	probe_read(&in_hash, &((struct dentry *)dentry)->d_hash.pprev);
	return !in_hash;
}

/* Another name of a file whose first one has gone: sem_open() makes a file, links it to its name, unlinks the first. */
static __always_inline void path_follow_link(struct path_walk *w)
{
	struct inode *inode = NULL;
	__u64 node = 0;

	if (!unlinked(w->dentry) || !probe_read(&inode, &((struct dentry *)w->dentry)->d_inode) || !inode)
		return;
	probe_read(&node, &inode->i_dentry.first);
#pragma unroll
	for (int i = 0; i < PATH_ALIASES; i++) {
		__u64 dentry;

		if (!node)
			return;
		dentry = alias_dentry(node);
		if (!unlinked(dentry)) {
			w->dentry = dentry;
			return;
		}
		if (!probe_read(&node, &((struct hlist_node *)node)->next))
			return;
	}
}

/* Where to write: masked in sight of the verifier, which before 6.x forgets what it knew of a number that was on the stack. */
static __always_inline char *path_at(struct ipc_name *name, __u32 at)
{
	barrier_var(at);
	return &name->path[at & PATH_ROOM];
}

/* Appends the name of a dentry; the new length, or 0: no room. */
static __always_inline __u32 path_append(struct ipc_name *name, __u32 at, __u64 dentry, bool slash)
{
	__u64 text = 0;
	long n;

	if (at >= PATH_ROOM)
		return 0;
	if (slash)
		*path_at(name, at++) = '/';
	probe_read(&text, &((struct dentry *)dentry)->d_name.name);
	n = bpf_probe_read_kernel_str(path_at(name, at), PATH_PART, (void *)text);
	if (n < 1 || n > PATH_PART)
		return 0;
	return at + (__u32)n - 1;
}

static __always_inline void append_hex(struct ipc_name *name, __u32 at, __u64 n)
{
	bool begun = false;

	if (at >= PATH_ROOM - 16)
		return;
	*path_at(name, at++) = '+';
	*path_at(name, at++) = '0';
	*path_at(name, at++) = 'x';
	for (int shift = 36; shift >= 0; shift -= 4) {
		__u32 digit = (n >> shift) & 0xf;

		begun = begun || digit || !shift;
		if (begun)
			*path_at(name, at++) = digit < 10 ? '0' + digit : 'a' + digit - 10;
	}
	*path_at(name, at) = 0;
}

#define PATH_NO_OFFSET (~0ull)

/*
 * Writes the path of a file behind the first `at` bytes of the name, with the
 * offset in it. Inlined into a function that runs once per object.
 */
static __always_inline void name_file(struct ipc_name *name, __u32 at, __u64 file_address, __u64 offset)
{
	struct file *file = (void *)file_address;
	struct path_walk w = {};

	if (!probe_read(&w.dentry, &file->f_path.dentry) || !probe_read(&w.mnt, &file->f_path.mnt))
		return;
	path_follow_link(&w);
	path_climb(&w);
#pragma unroll
	for (__u32 i = 0; i < PATH_LEVELS; i++) {
		__u64 dentry = w.dentries[PATH_LEVELS - 1 - i];

		if (!dentry)
			continue;
		at = path_append(name, at, dentry, !w.floats);
		if (!at)
			return;
	}
	if (offset != PATH_NO_OFFSET)
		append_hex(name, at, offset);
}

#endif
