// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The list of transports, in the order in which they are shown, and what several of them do alike. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compare/transport.h"

#define TRANSPORTS(X)                                                                                            \
	X(pipe) X(vmsplice) X(fifo) X(mq) X(msg) X(shm_sem) X(shm_futex) X(unix_stream) X(unix_dgram)            \
	X(unix_seqpacket) X(tcp) X(udp) X(signal) X(eventfd)

#define X(name) extern const struct transport transport_##name;
TRANSPORTS(X)
#undef X

#define X(name) &transport_##name,
const struct transport *const transports[] = { TRANSPORTS(X) };
#undef X
const size_t transport_cnt = sizeof(transports) / sizeof(transports[0]);
_Static_assert(sizeof(transports) / sizeof(transports[0]) <= 32, "a bit for each");

const struct transport *transport_by_name(const char *name)
{
	for (size_t i = 0; i < transport_cnt; i++)
		if (strcmp(transports[i]->name, name) == 0)
			return transports[i];
	return NULL;
}

size_t transport_limit(const char *path, size_t fallback)
{
	FILE *file = fopen(path, "re");
	size_t limit = fallback;

	if (!file)
		return fallback;
	if (fscanf(file, "%zu", &limit) != 1 || !limit)
		limit = fallback;
	fclose(file);
	return limit;
}

void transport_set_wait(struct channel *c, int fd, bool wait)
{
	int flags;

	if (c->nonblocking == !wait)
		return;
	flags = fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, wait ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
	c->nonblocking = !wait;
}

int transport_keep_end(struct channel *c, enum end end)
{
	close(c->fd[!end]);
	c->fd[!end] = -1;
	return 0;
}

void transport_close_fds(struct channel *c)
{
	for (int i = 0; i < 2; i++) {
		if (c->fd[i] >= 0)
			close(c->fd[i]);
		c->fd[i] = -1;
	}
}

ssize_t transport_write(struct channel *c, const char *buf, size_t n, bool wait)
{
	ssize_t done;

	transport_set_wait(c, c->fd[SENDER], wait);
	c->calls++;
	done = write(c->fd[SENDER], buf, n);
	return done < 0 ? -errno : done;
}

ssize_t transport_read(struct channel *c, char *buf, size_t n)
{
	ssize_t done;

	c->calls++;
	done = read(c->fd[RECEIVER], buf, n);
	return done < 0 ? -errno : done;
}
