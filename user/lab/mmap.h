/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared mappings of files, and touching them. */
#ifndef LAB_MMAP_H
#define LAB_MMAP_H

#include "lab/scenario.h"

/* What all such objects have in common: data passes without operations. */
struct object *mapping_object(struct object *o);
struct object *object_mapped(int file); /* by device and inode number */

char *op_map(struct object *o, int file, size_t page_cnt, int prot, int flags); /* from its beginning */
void op_unmap(struct object *o, char *at, size_t page_cnt, unsigned gone); /* gone: whole mappings that go with it */

void touch_uncounted(volatile char *at, size_t page_cnt, bool writes);

/*
 * The faults of this process that touching made, by the kernel's own count (getrusage).
 * Not of one that has forked: memory that the kernel or the C library writes to at any
 * time (rseq(2)) is write-protected then, and its fault is counted too.
 */
struct faults {
	unsigned minor, major;
};
struct faults count_faults(volatile char *at, size_t page_cnt, bool writes);
/* Of memory, whose faults are minor ones: adds them to the truth and returns how many. */
unsigned touch_pages(struct object *o, char *at, size_t page_cnt, bool writes);

#endif
