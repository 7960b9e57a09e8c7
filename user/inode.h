/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which inode the kernel means. stat(2) gives files of btrfs and overlayfs device
 * numbers that are not their super block's; the kernel's inode, and so our object
 * ids, have the super block's. The mount table knows that one.
 */
#ifndef INODE_H
#define INODE_H

#include <stdint.h>
#include <sys/stat.h>

struct inode_id {
	uint64_t inode;
	uint32_t device; /* as the kernel keeps it: major << 20 | minor */
};

/* A device number as the kernel keeps it, from stat(2)'s. */
uint32_t inode_device(uint64_t dev);

/* The inode behind a descriptor of a process; pid: a number or "self". st: what stat(2) says of it. */
struct inode_id inode_of_descriptor(const struct stat *st, const char *pid, const char *fd);

/* The inode at a path, which is not opened for reading or writing: nobody notices. 0 or -errno. */
int inode_of_path(const char *path, struct stat *st, struct inode_id *id);

#endif
