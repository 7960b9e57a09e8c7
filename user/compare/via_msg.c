// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* msgsnd() and msgrcv() on a System V message queue. */
#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#include "compare/transport.h"

static int open_queue(struct channel *c)
{
	c->part = transport_limit("/proc/sys/kernel/msgmax", 8192);
	c->limit = "kernel.msgmax";
	c->id[SENDER] = msgget(IPC_PRIVATE, 0600);
	return c->id[SENDER] < 0 ? -errno : 0;
}

/* The type stands before the text: in the headroom, or over what was sent before. */
static ssize_t send_message(struct channel *c, const char *buf, size_t n, bool wait)
{
	char *message = (char *)buf - sizeof(long);
	long type = 1, kept;
	int rc;

	memcpy(&kept, message, sizeof(kept));
	memcpy(message, &type, sizeof(type));
	c->calls++;
	rc = msgsnd(c->id[SENDER], message, n, wait ? 0 : IPC_NOWAIT) ? -errno : 0;
	memcpy(message, &kept, sizeof(kept));
	return rc ? rc : (ssize_t)n;
}

static ssize_t receive_message(struct channel *c, char *buf, size_t n)
{
	char *message = buf - sizeof(long);
	long kept;
	ssize_t done;

	memcpy(&kept, message, sizeof(kept));
	c->calls++;
	done = msgrcv(c->id[SENDER], message, n, 0, 0);
	done = done < 0 ? -errno : done;
	memcpy(message, &kept, sizeof(kept));
	return done;
}

static void close_queue(struct channel *c)
{
	msgctl(c->id[SENDER], IPC_RMID, NULL);
}

const struct transport transport_msg = {
	.name = "msg",
	.mechanisms = "msg",
	.how = "msgsnd and msgrcv on a System V queue",
	.borders = true,
	.open = open_queue,
	.send = send_message,
	.receive = receive_message,
	.close = close_queue,
};
