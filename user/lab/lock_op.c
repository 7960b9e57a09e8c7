// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One call is one attempt; what the kernel answered is what is added to the truth. */
#include "lab/lock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const sums[] = {"read_requests", "write_requests", "flock_requests", "posix_requests",
				   "ofd_requests",  "lease_requests", "refused",	"deadlocks", "breaks"};

struct locked locked_new(const char *name)
{
	struct locked l = {.path = scratch_path(name)};
	int fd = open(l.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && ftruncate(fd, 1009) == 0);
	close_fd(fd);
	l.o = object_new("lock", "%s", l.path);
	for (int side = SEND; side <= RECV; side++)
		for (int key = BYTES; key <= COPIES; key++)
			uncertain(l.o, side, key);
	certain_waits(l.o);
	certain(l.o, RECV, SPURIOUS);
	for (int side = OPEN; side <= CTL; side++) {
		certain(l.o, side, OPS);
		certain(l.o, side, WAITS);
		certain(l.o, side, WAKES);
	}
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		fact_add(l.o, INTERNALS, sums[i], 0);
	return l;
}

int locked_open(struct locked l)
{
	int fd = open(l.path, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

static int ended(struct object *o, enum side side, int ret)
{
	int error = errno;

	count(o, side, OPS, 1);
	if (ret < 0)
		count_error(o, side, error);
	if (side == RECV && ret < 0 && error == EAGAIN)
		fact_add(o, INTERNALS, "refused", 1);
	if (side == RECV && ret < 0 && error == EDEADLK)
		fact_add(o, INTERNALS, "deadlocks", 1);
	errno = error;
	return ret;
}

static enum side asked(struct object *o, const char *kind, int type)
{
	if (type == F_UNLCK)
		return SEND;
	fact_add(o, INTERNALS, kind, 1);
	fact_add(o, INTERNALS, type == F_WRLCK ? "write_requests" : "read_requests", 1);
	return RECV;
}

int op_flock(struct object *o, int fd, int operation)
{
	int type = operation & LOCK_UN ? F_UNLCK : operation & LOCK_EX ? F_WRLCK : F_RDLCK;
	enum side side = asked(o, "flock_requests", type);

	enter_call();
	return ended(o, side, flock(fd, operation));
}

int op_range(struct object *o, int fd, int cmd, short type, short whence, off_t start, off_t length)
{
	struct flock range = {.l_type = type, .l_whence = whence, .l_start = start, .l_len = length};
	bool is_ofd = cmd == F_OFD_GETLK || cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;
	enum side side = CTL;

	if (cmd != F_GETLK && cmd != F_OFD_GETLK)
		side = asked(o, is_ofd ? "ofd_requests" : "posix_requests", type);
	enter_call();
	return ended(o, side, fcntl(fd, cmd, &range));
}

int op_lease(struct object *o, int fd, int type)
{
	enum side side = asked(o, "lease_requests", type);

	enter_call();
	return ended(o, side, fcntl(fd, F_SETLEASE, type));
}

int op_break(struct locked l, int flags)
{
	int fd, error;

	fact_add(l.o, INTERNALS, "breaks", 1);
	enter_call();
	fd = openat(AT_FDCWD, l.path, flags | O_CLOEXEC);
	error = errno;
	ended(l.o, OPEN, fd < 0 ? -1 : 0);
	errno = error;
	return fd;
}

void must_flock(struct object *o, int fd, int operation)
{
	if (op_flock(o, fd, operation))
		FAIL("flock %d on %s: %s", operation, object_key(o), strerror(errno));
}

void must_range(struct object *o, int fd, int cmd, short type, off_t start, off_t length)
{
	if (op_range(o, fd, cmd, type, SEEK_SET, start, length))
		FAIL("fcntl %d, type %d, on %s: %s", cmd, type, object_key(o), strerror(errno));
}

void must_lease(struct object *o, int fd, int type)
{
	if (op_lease(o, fd, type))
		FAIL("lease %d on %s: %s", type, object_key(o), strerror(errno));
}

void about_to_release(struct object *o)
{
	count(o, CLOSE, OPS, 1);
}

void lock_facts(struct object *o, uint64_t contended, uint64_t in_vain)
{
	count(o, RECV, SPURIOUS, in_vain);
	/* one by one: so much may one operation that was missed take away */
	for (uint64_t i = 0; i < contended; i++)
		fact_add(o, INTERNALS, "contended", 1);
	if (!contended)
		fact_add(o, INTERNALS, "contended", 0);
}

static const char break_time[] = "/proc/sys/fs/lease-break-time";

int lease_break_time(int seconds)
{
	FILE *f = fopen(break_time, "r+e");
	int before;

	if (!f)
		give_up(OUTCOME_UNSUPPORTED, "%s: %s", break_time, strerror(errno));
	CHECK(fscanf(f, "%d", &before) == 1);
	rewind(f);
	fprintf(f, "%d\n", seconds);
	CHECK(fclose(f) == 0);
	return before;
}
