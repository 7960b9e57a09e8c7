// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* write() and read() on a FIFO, which each process opens by its name. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compare/transport.h"

static int open_fifo(struct channel *c)
{
	const char *tmp = getenv("TMPDIR");

	if (snprintf(c->path, sizeof(c->path) - 8, "%s/ipctrace-XXXXXX", tmp && *tmp ? tmp : "/tmp") >=
	    (int)sizeof(c->path) - 8)
		return -ENAMETOOLONG;
	if (!mkdtemp(c->path)) {
		*c->path = '\0';
		return -errno;
	}
	strcat(c->path, "/fifo");
	return mkfifo(c->path, 0600) ? -errno : 0;
}

static int join_fifo(struct channel *c, enum end end)
{
	c->fd[end] = open(c->path, end == SENDER ? O_WRONLY : O_RDONLY);
	return c->fd[end] < 0 ? -errno : 0;
}

static void close_fifo(struct channel *c)
{
	if (!*c->path)
		return;
	unlink(c->path);
	*strrchr(c->path, '/') = '\0';
	rmdir(c->path);
	*c->path = '\0';
}

const struct transport transport_fifo = {
	.name = "fifo",
	.mechanisms = "fifo",
	.how = "write and read on a FIFO, opened by name",
	.open = open_fifo,
	.join = join_fifo,
	.send = transport_write,
	.receive = transport_read,
	.close = close_fifo,
};
