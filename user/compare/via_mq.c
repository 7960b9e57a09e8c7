// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* mq_send() and mq_receive() on a POSIX message queue of the usual 10 messages. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <unistd.h>

#include "compare/transport.h"

#define MESSAGES 10

static int open_queue(struct channel *c)
{
	size_t most = transport_limit("/proc/sys/fs/mqueue/msgsize_max", 8192);
	struct mq_attr attr = { .mq_maxmsg = MESSAGES, .mq_msgsize = c->size < most ? c->size : most };
	size_t messages = transport_limit("/proc/sys/fs/mqueue/msg_max", MESSAGES);
	char name[32];

	if (attr.mq_maxmsg > (long)messages)
		attr.mq_maxmsg = messages;
	c->part = attr.mq_msgsize;
	c->limit = "fs.mqueue.msgsize_max";
	snprintf(name, sizeof(name), "/ipctrace-compare-%d", getpid());
	c->fd[SENDER] = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	if (c->fd[SENDER] < 0)
		return -errno;
	c->fd[RECEIVER] = mq_open(name, O_RDONLY);
	mq_unlink(name);
	return c->fd[RECEIVER] < 0 ? -errno : 0;
}

static ssize_t send_message(struct channel *c, const char *buf, size_t n, bool wait)
{
	transport_set_wait(c, c->fd[SENDER], wait);
	c->calls++;
	return mq_send(c->fd[SENDER], buf, n, 0) ? -errno : (ssize_t)n;
}

/* The kernel wants room for the longest message, which the caller's buffer has. */
static ssize_t receive_message(struct channel *c, char *buf, size_t n)
{
	ssize_t done;

	(void)n;
	c->calls++;
	done = mq_receive(c->fd[RECEIVER], buf, c->part, NULL);
	return done < 0 ? -errno : done;
}

const struct transport transport_mq = {
	.name = "mq",
	.mechanisms = "mq",
	.how = "mq_send and mq_receive, a queue of 10 messages",
	.borders = true,
	.open = open_queue,
	.join = transport_keep_end,
	.send = send_message,
	.receive = receive_message,
	.close = transport_close_fds,
};
