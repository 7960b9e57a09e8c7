// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* send() and recv() on a pair of UNIX domain sockets, of each type. */
#include <errno.h>
#include <sys/socket.h>

#include "compare/transport.h"

#define SNDBUF_OVERHEAD 32 /* unix_dgram_sendmsg() */

static int open_pair(struct channel *c, int type)
{
	return socketpair(AF_UNIX, type, 0, c->fd) ? -errno : 0;
}

static int open_stream(struct channel *c)
{
	return open_pair(c, SOCK_STREAM);
}

static int open_borders(struct channel *c, int type)
{
	int err = open_pair(c, type), sndbuf;
	socklen_t len = sizeof(sndbuf);

	if (err)
		return err;
	if (getsockopt(c->fd[SENDER], SOL_SOCKET, SO_SNDBUF, &sndbuf, &len))
		return -errno;
	c->part = (sndbuf - SNDBUF_OVERHEAD) / 8 * 8;
	c->limit = "SO_SNDBUF";
	return 0;
}

static int open_dgram(struct channel *c)
{
	return open_borders(c, SOCK_DGRAM);
}

static int open_seqpacket(struct channel *c)
{
	return open_borders(c, SOCK_SEQPACKET);
}

static ssize_t send_part(struct channel *c, const char *buf, size_t n, bool wait)
{
	ssize_t done;

	c->calls++;
	done = send(c->fd[SENDER], buf, n, wait ? 0 : MSG_DONTWAIT);
	return done < 0 ? -errno : done;
}

static ssize_t receive_part(struct channel *c, char *buf, size_t n)
{
	ssize_t done;

	c->calls++;
	done = recv(c->fd[RECEIVER], buf, n, 0);
	return done < 0 ? -errno : done;
}

#define UNIX(type, keeps, text)                                                    \
	const struct transport transport_unix_##type = {                           \
		.name = "unix-" #type, .mechanisms = "unix", .how = text,          \
		.borders = keeps, .open = open_##type, .join = transport_keep_end, \
		.send = send_part, .receive = receive_part, .close = transport_close_fds, \
	}

UNIX(stream, false, "send and recv on a UNIX stream pair");
UNIX(dgram, true, "send and recv on a UNIX datagram pair");
UNIX(seqpacket, true, "send and recv on a UNIX seqpacket pair");
