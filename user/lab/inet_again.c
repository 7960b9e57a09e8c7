/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Streams in place of others: one socket that is an end of a connection, of none, and of another. */
#include "lab/inet.h"

#include <unistd.h>

static void both_ways(struct object *o, int a, int b, unsigned n)
{
	int fds[2] = { a, b };

	for (unsigned i = 0; i < n; i++) {
		must_write(o, a, 61);
		must_read(o, b, 97, 61);
		must_write(o, b, 53);
		must_read(o, a, 97, 53);
	}
	inet_directions(o, fds, n * 61ull, n * 53ull);
}

/* The same socket and inode, and other ports: each connection is an object of its own. */
static void run_anew(unsigned n)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct address at = loopback(AF_INET, 0), nobody = loopback(AF_INET, 0);

	nobody.any.sa_family = AF_UNSPEC;
	CHECK(listener >= 0 && fd >= 0 && bind(listener, &at.any, at.len) == 0 && listen(listener, 1) == 0);
	at = address_of(listener);
	for (unsigned i = 0; i < n; i++) {
		struct object *o;
		int other;

		CHECK(connect(fd, &at.any, at.len) == 0);
		other = accept(listener, NULL, NULL);
		CHECK(other >= 0);
		o = object_inet_pair(fd);
		both_ways(o, fd, other, i % 3 + 2);
		fact(o, TOP, "created", 1);
		CHECK(connect(fd, &nobody.any, nobody.len) == 0);
		close_fd(other);
	}
}

static const struct scenario scenarios[] = {
	{ "inet-anew", "a socket that is connected, disconnected and connected again", run_anew, 11 },
};
REGISTER_SCENARIOS(scenarios, "inet");
