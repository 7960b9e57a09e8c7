// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* send() and recv() over the loopback device: TCP without delay, and UDP, which drops what finds no room. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "compare/transport.h"

#define DATAGRAM_MAX 65504 /* of 65507, a multiple of 8 */

/* A socket bound to a port of its own at the loopback address. */
static int bound(int type, struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, type, 0), err;

	if (fd < 0)
		return -errno;
	*at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (!bind(fd, (struct sockaddr *)at, len) && !getsockname(fd, (struct sockaddr *)at, &len))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int open_tcp(struct channel *c)
{
	struct sockaddr_in at;
	int listener = bound(SOCK_STREAM, &at), one = 1, err = 0;

	if (listener < 0)
		return listener;
	c->fd[SENDER] = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd[SENDER] < 0 || listen(listener, 1) || connect(c->fd[SENDER], (struct sockaddr *)&at, sizeof(at)) ||
	    (c->fd[RECEIVER] = accept(listener, NULL, NULL)) < 0 ||
	    setsockopt(c->fd[SENDER], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)))
		err = -errno;
	close(listener);
	return err;
}

static int open_udp(struct channel *c)
{
	struct sockaddr_in at;

	c->part = DATAGRAM_MAX;
	c->limit = "a datagram";
	c->fd[RECEIVER] = bound(SOCK_DGRAM, &at);
	if (c->fd[RECEIVER] < 0)
		return c->fd[RECEIVER];
	c->fd[SENDER] = socket(AF_INET, SOCK_DGRAM, 0);
	if (c->fd[SENDER] < 0 || connect(c->fd[SENDER], (struct sockaddr *)&at, sizeof(at)))
		return -errno;
	return 0;
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

const struct transport transport_tcp = {
	.name = "tcp",
	.mechanisms = "inet",
	.how = "send and recv over loopback, TCP_NODELAY",
	.open = open_tcp,
	.join = transport_keep_end,
	.send = send_part,
	.receive = receive_part,
	.close = transport_close_fds,
};

const struct transport transport_udp = {
	.name = "udp",
	.mechanisms = "inet",
	.how = "send and recv over loopback",
	.borders = true,
	.loses = true,
	.open = open_udp,
	.join = transport_keep_end,
	.send = send_part,
	.receive = receive_part,
	.close = transport_close_fds,
};
