/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lab/futex.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static struct object *word_object(struct object *o)
{
	uncertain(o, SEND, BYTES);
	uncertain(o, RECV, BYTES);
	certain_waits(o);
	return o;
}

struct object *object_private_word(const void *word)
{
	return word_object(object_new("futex", "futex:[%d:0x%jx]", getpid(), (uintmax_t)(uintptr_t)word));
}

void *shared_memory(int *fd)
{
	void *memory;

	*fd = memfd_create("words", MFD_CLOEXEC);
	CHECK(*fd >= 0 && ftruncate(*fd, 3 * (off_t)page_size()) == 0);
	memory = mmap(NULL, 3 * page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	CHECK(memory != MAP_FAILED);
	return memory;
}

struct object *object_shared_word(int fd, size_t offset)
{
	struct stat st;

	CHECK(fstat(fd, &st) == 0);
	return word_object(object_new("futex", "futex:[%u:%u:%ju+0x%zx]", major(st.st_dev), minor(st.st_dev),
				      (uintmax_t)st.st_ino, offset));
}

struct object *object_named_word(const char *format, const char *path, size_t offset)
{
	return word_object(object_new("futex", format, path, offset));
}

long futex_ended(struct object *o, enum side side, long ret)
{
	int error = errno;

	count(o, side, OPS, 1);
	if (ret < 0)
		count_error(o, side, error);
	errno = error;
	return ret;
}

long op_futex(struct object *o, enum side side, uint32_t *word, int op, uint32_t value, const void *fourth, uint32_t *word2,
	      uint32_t value3, struct object *o2, enum side side2)
{
	long ret;

	enter_call();
	ret = syscall(SYS_futex, word, op, value, fourth, word2, value3);
	if (o2)
		futex_ended(o2, side2, ret);
	return futex_ended(o, side, ret);
}

long futex_wait_on(struct object *o, uint32_t *word, int op, uint32_t value)
{
	return op_futex(o, RECV, word, op, value, NULL, NULL, FUTEX_BITSET_MATCH_ANY, NULL, RECV);
}

long futex_wake_on(struct object *o, uint32_t *word, int op, uint32_t cnt)
{
	return op_futex(o, SEND, word, op, cnt, NULL, NULL, FUTEX_BITSET_MATCH_ANY, NULL, SEND);
}
