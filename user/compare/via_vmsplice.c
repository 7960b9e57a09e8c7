// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A pipe that gets the sender's own pages. They must not change before they were
 * read, and nothing says when that is: the sender goes round enough buffers for
 * the ring to be full of later ones before it comes back to the first.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "compare/transport.h"

static int open_pipe(struct channel *c)
{
	size_t page = sysconf(_SC_PAGESIZE), pages = (c->size + page - 1) / page, ring;
	int fds[2];

	if (pipe(fds))
		return -errno;
	c->fd[RECEIVER] = fds[0];
	c->fd[SENDER] = fds[1];
	ring = fcntl(fds[1], F_GETPIPE_SZ) / page;
	c->stride = pages * page;
	c->memory_size = (ring / pages + 2) * c->stride;
	return 0;
}

static int join_pipe(struct channel *c, enum end end)
{
	transport_keep_end(c, end);
	if (end == RECEIVER)
		return 0;
	/* private: what the parent had would be copied at the first touch after the fork */
	c->memory = mmap(NULL, c->memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return c->memory == MAP_FAILED ? -errno : 0;
}

static char *room(struct channel *c, bool wait, int *error)
{
	(void)wait, (void)error;
	return c->memory + c->turn++ % (c->memory_size / c->stride) * c->stride;
}

static ssize_t send_pages(struct channel *c, const char *buf, size_t n, bool wait)
{
	struct iovec part = { .iov_base = (char *)buf, .iov_len = n };
	ssize_t done;

	c->calls++;
	done = vmsplice(c->fd[SENDER], &part, 1, wait ? 0 : SPLICE_F_NONBLOCK);
	return done < 0 ? -errno : done;
}

const struct transport transport_vmsplice = {
	.name = "pipe-vmsplice",
	.mechanisms = "pipe",
	.how = "vmsplice of the sender's pages into a pipe, read out of it",
	.open = open_pipe,
	.join = join_pipe,
	.room = room,
	.send = send_pages,
	.receive = transport_read,
	.close = transport_close_fds,
};
