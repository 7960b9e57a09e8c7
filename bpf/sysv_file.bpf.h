/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which System V segment a mapped file is, if any: what shmat keeps behind the file. Follows ipc/shm.c. */
#ifndef SYSV_FILE_BPF_H
#define SYSV_FILE_BPF_H

struct sysv_segment {
	__u64 ns; /* address of its IPC namespace */
	__s32 id;
};

/*
 * The wrapper that shmat puts around the segment's own file has that file's inode,
 * whose number is the segment's id: no other file's private data says the same.
 */
static __always_inline bool segment_of(__u64 private_data, __u64 inode, __u64 ino, struct sysv_segment *segment)
{
	struct shm_file_data *data = (void *)private_data;
	__u64 inner = 0, inner_inode = 0;

	segment->id = -1;
	return data && probe_read(&inner, &data->file) && inner && probe_read(&segment->id, &data->id) &&
	       segment->id >= 0 && ino == (__u32)segment->id &&
	       probe_read(&inner_inode, &((struct file *)inner)->f_inode) && inner_inode == inode &&
	       probe_read(&segment->ns, &data->ns) && segment->ns;
}

static __always_inline bool segment_of_file(struct file *file, struct sysv_segment *segment)
{
	struct inode *inode = file->f_inode;

	return segment_of((__u64)file->private_data, (__u64)inode, inode->i_ino, segment);
}

static __always_inline bool segment_of_address(__u64 file_address, struct sysv_segment *segment)
{
	struct file *file = (void *)file_address;
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	return segment_of((__u64)BPF_CORE_READ(file, private_data), (__u64)inode, BPF_CORE_READ(inode, i_ino), segment);
}

#endif
