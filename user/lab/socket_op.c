/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls on connected sockets of any family that count themselves: one call is one attempt, one message of a sendmmsg is one. */
#include "lab/socket.h"
#include "lab/truth_store.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

ssize_t sock_ended(struct object *o, enum side side, ssize_t ret, bool data)
{
	int error = errno;

	count(o, side, OPS, 1);
	if (ret < 0) {
		count_error(o, side, error);
	} else if (data) {
		count(o, side, BYTES, (uint64_t)ret);
		count(o, side, COPIED, (uint64_t)ret);
	}
	errno = error;
	return ret;
}

ssize_t op_send(struct object *o, int fd, size_t n, int flags)
{
	enter_call();
	return sock_ended(o, SEND, send(fd, payload(n), n, flags | MSG_NOSIGNAL), true);
}

ssize_t op_recv(struct object *o, int fd, size_t size, int flags)
{
	bool peeks = flags & MSG_PEEK;

	enter_call();
	return sock_ended(o, peeks ? CTL : RECV, recv(fd, payload(size), size, flags), !peeks);
}

/* Every message that was moved is an operation. */
static ssize_t ended_all(struct object *o, enum side side, ssize_t ret, const struct mmsghdr *messages)
{
	if (ret < 0)
		return sock_ended(o, side, ret, true);
	for (ssize_t i = 0; i < ret; i++)
		sock_ended(o, side, (ssize_t)messages[i].msg_len, true);
	return ret;
}

#define MAX_MESSAGES 32

static void prepare(struct mmsghdr *messages, struct iovec *iov, unsigned cnt, size_t n)
{
	CHECK(cnt <= MAX_MESSAGES);
	memset(messages, 0, cnt * sizeof(*messages));
	for (unsigned i = 0; i < cnt; i++) {
		iov[i] = (struct iovec){payload(n), n};
		messages[i].msg_hdr.msg_iov = &iov[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
}

ssize_t op_sendmmsg(struct object *o, int fd, unsigned cnt, size_t n)
{
	struct mmsghdr messages[MAX_MESSAGES];
	struct iovec iov[MAX_MESSAGES];

	prepare(messages, iov, cnt, n);
	enter_call();
	return ended_all(o, SEND, sendmmsg(fd, messages, cnt, 0), messages);
}

ssize_t op_recvmmsg(struct object *o, int fd, unsigned cnt, size_t size)
{
	struct mmsghdr messages[MAX_MESSAGES];
	struct iovec iov[MAX_MESSAGES];

	prepare(messages, iov, cnt, size);
	enter_call();
	return ended_all(o, RECV, recvmmsg(fd, messages, cnt, 0, NULL), messages);
}

int op_accept(struct object *o, int fd)
{
	enter_call();
	return (int)sock_ended(o, OPEN, accept(fd, NULL, NULL), false);
}

int op_shutdown(struct object *o, int fd, int how)
{
	enter_call();
	return (int)sock_ended(o, CTL, shutdown(fd, how), false);
}

void must_sock_send(struct object *o, int fd, size_t n)
{
	ssize_t ret = op_send(o, fd, n, 0);

	if (ret != (ssize_t)n)
		FAIL("send of %zu bytes to %s: %zd (%s)", n, object_key(o), ret, strerror(errno));
}

void must_sock_recv(struct object *o, int fd, size_t size, size_t expected)
{
	ssize_t ret = op_recv(o, fd, size, 0);

	if (ret != (ssize_t)expected)
		FAIL("receive of %zu bytes from %s: %zd, not %zu (%s)", size, object_key(o), ret, expected,
		     strerror(errno));
}
