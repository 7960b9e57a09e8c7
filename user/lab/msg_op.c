/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* System V message queues: system calls that count themselves. */
#include "lab/msg.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static struct {
	long type;
	char text[MSG_TEXT_MAX];
} message;

static ssize_t ended(struct object *o, enum side side, ssize_t ret, bool payload, size_t size)
{
	int error = errno;

	count(o, side, OPS, 1);
	if (ret < 0) {
		count_error(o, side, error);
	} else if (payload) {
		count(o, side, BYTES, size);
		count(o, side, COPIED, size);
	}
	errno = error;
	return ret;
}

static int control(struct queue q, int cmd, struct msqid_ds *ds)
{
	enter_call();
	return (int)ended(q.o, CTL, msgctl(q.id, cmd, ds), false, 0);
}

struct queue queue_new(int key, size_t limit)
{
	struct queue q;
	struct stat st;

	CHECK(stat("/proc/self/ns/ipc", &st) == 0);
	q.id = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
	CHECK(q.id >= 0);
	sysv_made(SYSV_MSG, q.id);
	q.o = object_new("msg", "msg:[%ju:%d]", (uintmax_t)st.st_ino, q.id);
	certain(q.o, OPEN, OPS);
	certain(q.o, CTL, WAKES);
	count(q.o, OPEN, OPS, 1);
	certain_waits(q.o);
	if (limit)
		queue_limit(q, limit);
	return q;
}

void queue_limit(struct queue q, size_t limit)
{
	struct msqid_ds ds;

	CHECK(control(q, IPC_STAT, &ds) == 0);
	ds.msg_qbytes = limit;
	CHECK(control(q, IPC_SET, &ds) == 0);
}

void queue_remove(struct queue q)
{
	CHECK(control(q, IPC_RMID, NULL) == 0);
	fact(q.o, TOP, "destroyed", 1);
}

int op_msgsnd(struct queue q, long type, size_t size, int flags)
{
	CHECK(size <= sizeof(message.text));
	message.type = type;
	memset(message.text, 'm', size); /* no page fault shall put the task to sleep inside the operation */
	enter_call();
	return (int)ended(q.o, SEND, msgsnd(q.id, &message, size, flags), true, size);
}

ssize_t op_msgrcv(struct queue q, size_t size, long type, int flags)
{
	bool peeks = flags & MSG_COPY;
	ssize_t ret;

	CHECK(size <= sizeof(message.text));
	memset(message.text, 0, size);
	enter_call();
	ret = msgrcv(q.id, &message, size, type, flags);
	return ended(q.o, peeks ? CTL : RECV, ret, !peeks, (size_t)ret);
}

void must_send(struct queue q, long type, size_t size)
{
	if (op_msgsnd(q, type, size, 0))
		FAIL("msgsnd of %zu bytes: %s", size, strerror(errno));
}

void must_receive(struct queue q, long type, int flags, size_t size, long got_type)
{
	ssize_t ret = op_msgrcv(q, sizeof(message.text), type, flags);

	if (ret != (ssize_t)size || message.type != got_type)
		FAIL("msgrcv: %zd bytes of type %ld, not %zu of %ld (%s)", ret, message.type, size, got_type,
		     strerror(errno));
}
