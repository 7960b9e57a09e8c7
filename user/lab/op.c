/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System calls that count themselves: one libc call is one attempt, and what
 * the kernel answered is what is added to the truth.
 */
#include "lab/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static char payload_bytes[PAYLOAD_SIZE];

char *payload(size_t n)
{
	static pid_t owner;
	static size_t touched;

	CHECK(n <= sizeof(payload_bytes));
	if (owner != getpid()) {
		owner = getpid();
		touched = 0;
	}
	/* No page fault shall put the task to sleep inside an operation. */
	for (; touched < n; touched++)
		payload_bytes[touched] = (char)(touched % 251);
	return payload_bytes;
}

size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Adds an attempt and its answer; keeps errno for the caller. */
static ssize_t ended(struct object *o, enum side side, ssize_t ret, enum key how)
{
	int error = errno;

	if (!o)
		return ret;
	count(o, side, OPS, 1);
	if (ret < 0) {
		count_error(o, side, error);
	} else if (how != OPS) {
		count(o, side, BYTES, (uint64_t)ret);
		count(o, side, how, (uint64_t)ret);
	}
	errno = error;
	return ret;
}

ssize_t op_write(struct object *o, int fd, const void *buf, size_t n)
{
	enter_call();
	return ended(o, SEND, write(fd, buf, n), COPIED);
}

ssize_t op_read(struct object *o, int fd, void *buf, size_t n)
{
	enter_call();
	return ended(o, RECV, read(fd, buf, n), COPIED);
}

ssize_t op_writev(struct object *o, int fd, const struct iovec *iov, int cnt)
{
	enter_call();
	return ended(o, SEND, writev(fd, iov, cnt), COPIED);
}

ssize_t op_readv(struct object *o, int fd, const struct iovec *iov, int cnt)
{
	enter_call();
	return ended(o, RECV, readv(fd, iov, cnt), COPIED);
}

int op_open(struct object *o, const char *path, int flags)
{
	enter_call();
	return (int)ended(o, OPEN, openat(AT_FDCWD, path, flags | O_CLOEXEC), OPS);
}

int op_fcntl(struct object *o, int fd, int cmd, int arg)
{
	enter_call();
	return (int)ended(o, CTL, fcntl(fd, cmd, arg), OPS);
}

int op_fionread(struct object *o, int fd)
{
	int bytes = -1;

	enter_call();
	if (ended(o, CTL, ioctl(fd, FIONREAD, &bytes), OPS) < 0)
		return -1;
	return bytes;
}

ssize_t op_splice(struct object *from, int in, struct object *to, int out, size_t n,
		  unsigned flags)
{
	ssize_t ret;

	enter_call();
	ret = splice(in, NULL, out, NULL, n, flags);
	ended(from, RECV, ret, MOVED);
	return ended(to, SEND, ret, MOVED);
}

void must_write(struct object *o, int fd, size_t n)
{
	ssize_t ret = op_write(o, fd, payload(n), n);

	if (ret != (ssize_t)n)
		FAIL("write of %zu bytes to %s: %zd (%s)", n, object_key(o), ret, strerror(errno));
}

void must_read(struct object *o, int fd, size_t size, size_t expected)
{
	ssize_t ret = op_read(o, fd, payload(size), size);

	if (ret != (ssize_t)expected)
		FAIL("read of %zu bytes from %s: %zd, not %zu (%s)", size, object_key(o), ret,
		     expected, strerror(errno));
}

void drain(struct object *o, int fd, size_t chunk)
{
	ssize_t ret;

	while ((ret = op_read(o, fd, payload(chunk), chunk)) > 0)
		;
	CHECK(ret == 0);
}

void close_fd(int fd)
{
	CHECK(close(fd) == 0);
}

void keep_only(int fd)
{
	CHECK(fd > 2);
	CHECK(fd == 3 || close_range(3, (unsigned)fd - 1, 0) == 0);
	CHECK(close_range((unsigned)fd + 1, ~0u, 0) == 0);
}
