/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lab/mmap.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

struct object *mapping_object(struct object *o)
{
	for (int key = OPS; key <= COPIES; key++) {
		uncertain(o, SEND, key);
		uncertain(o, RECV, key);
	}
	certain(o, OPEN, OPS);
	certain(o, CLOSE, OPS);
	return o;
}

struct object *object_mapped(int file)
{
	struct stat st;

	CHECK(fstat(file, &st) == 0);
	return mapping_object(object_new("mmap", "mmap:[%u:%u:%ju]", major(st.st_dev), minor(st.st_dev), (uintmax_t)st.st_ino));
}

char *op_map(struct object *o, int file, size_t page_cnt, int prot, int flags)
{
	char *at = mmap(NULL, page_cnt * page_size(), prot, MAP_SHARED | flags, file, 0);

	CHECK(at != MAP_FAILED);
	count(o, OPEN, OPS, 1);
	if (prot & PROT_WRITE)
		fact_add(o, INTERNALS, "mapped_to_write", 1);
	return at;
}

void op_unmap(struct object *o, char *at, size_t page_cnt, unsigned gone)
{
	CHECK(munmap(at, page_cnt * page_size()) == 0);
	count(o, CLOSE, OPS, gone);
}

void touch_uncounted(volatile char *at, size_t page_cnt, bool writes)
{
	size_t size = page_size();

	for (size_t i = 0; i < page_cnt; i++) {
		if (writes)
			at[i * size] = 1;
		else
			(void)at[i * size];
	}
}

struct faults count_faults(volatile char *at, size_t page_cnt, bool writes)
{
	struct rusage before, after;
	char here = 0;

	touch_uncounted(&here, 1, writes); /* the code itself shall not fault */
	getrusage(RUSAGE_SELF, &after);
	getrusage(RUSAGE_SELF, &before);
	touch_uncounted(at, page_cnt, writes);
	getrusage(RUSAGE_SELF, &after);
	return (struct faults){(unsigned)(after.ru_minflt - before.ru_minflt), (unsigned)(after.ru_majflt - before.ru_majflt)};
}

/*
 * That a kernel before 6.0 counts a first write as major, since it lets go of its
 * lock to see whether too much is dirty, is not what is meant by that.
 */
unsigned touch_pages(struct object *o, char *at, size_t page_cnt, bool writes)
{
	struct faults made = count_faults(at, page_cnt, writes);
	unsigned faults = made.minor + made.major;

	fact_add(o, INTERNALS, "minor_faults", faults);
	fact_add(o, INTERNALS, "major_faults", 0);
	fact_own(o, "minor_faults", faults);
	fact_own(o, "major_faults", 0);
	return faults;
}
