// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* write() and read() on a pipe. */
#include <errno.h>
#include <unistd.h>

#include "compare/transport.h"

static int open_pipe(struct channel *c)
{
	int fds[2];

	if (pipe(fds))
		return -errno;
	c->fd[RECEIVER] = fds[0];
	c->fd[SENDER] = fds[1];
	return 0;
}

const struct transport transport_pipe = {
	.name = "pipe",
	.mechanisms = "pipe",
	.how = "write and read on a pipe",
	.open = open_pipe,
	.join = transport_keep_end,
	.send = transport_write,
	.receive = transport_read,
	.close = transport_close_fds,
};
