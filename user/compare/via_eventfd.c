// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Numbers added to an eventfd. Two that are added before one is read would become
 * one sum: each has its highest bit set, so that a second one finds no room and
 * its write waits until the first was read. That leaves seven bytes for payload.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "compare/transport.h"

#define PAYLOAD 7 /* bytes */
#define ALONE 0x80 /* in the eighth */

static int open_counter(struct channel *c)
{
	c->part = PAYLOAD;
	c->limit = "a counter";
	c->fd[SENDER] = eventfd(0, 0);
	return c->fd[SENDER] < 0 ? -errno : 0;
}

static ssize_t add(struct channel *c, const char *buf, size_t n, bool wait)
{
	unsigned char number[8] = { 0 };
	uint64_t value;

	memcpy(number, buf, n);
	number[PAYLOAD] = ALONE;
	value = 0;
	for (int i = 7; i >= 0; i--)
		value = value << 8 | number[i];
	transport_set_wait(c, c->fd[SENDER], wait);
	c->calls++;
	return write(c->fd[SENDER], &value, sizeof(value)) < 0 ? -errno : (ssize_t)n;
}

static ssize_t take(struct channel *c, char *buf, size_t n)
{
	uint64_t value;

	c->calls++;
	if (read(c->fd[SENDER], &value, sizeof(value)) < 0)
		return -errno;
	n = n < PAYLOAD ? n : PAYLOAD;
	for (size_t i = 0; i < n; i++)
		buf[i] = value >> 8 * i;
	return n;
}

const struct transport transport_eventfd = {
	.name = "eventfd",
	.mechanisms = "eventfd",
	.how = "write and read of a number that carries 7 bytes",
	.borders = true,
	.open = open_counter,
	.send = add,
	.receive = take,
	.close = transport_close_fds,
};
