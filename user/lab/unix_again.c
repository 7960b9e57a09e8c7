/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets in place of others: pairs made where earlier ones were, a socket of datagrams with one partner after the other. */
#include "lab/unix.h"

#include <unistd.h>

/* Each is used, closed and made anew: the kernel gives the next one the same memory. */
static void run_pairs(unsigned n)
{
	static const int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};

	for (unsigned i = 0; i < n; i++) {
		int fds[2];
		struct object *o = object_pair(fds, types[i % 3]);

		for (unsigned j = 0; j <= i % 5; j++) {
			must_sock_send(o, fds[0], 61);
			must_sock_recv(o, fds[1], 97, 61);
		}
		must_sock_send(o, fds[1], 53);
		must_sock_recv(o, fds[0], 97, 53);
		close_fd(fds[0]);
		close_fd(fds[1]);
		fact(o, INTERNALS, "sent_by_first", (i % 5 + 1) * 61);
		fact(o, INTERNALS, "received_by_first", 53);
		fact(o, TOP, "created", 1);
		if (types[i % 3] == SOCK_DGRAM)
			continue; /* the end that is closed last is nobody's partner any more */
		fact(o, TOP, "destroyed", 1);
		fact(o, TOP, "balance_bytes", 0);
	}
}

static void both_ways(struct object *o, int a, int b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		must_sock_send(o, a, 61);
		must_sock_recv(o, b, 97, 61);
		must_sock_send(o, b, 53);
		must_sock_recv(o, a, 97, 53);
	}
}

/* Connected back and forth with one, then with another: its pair is another object, of the end that is older. */
static void run_partners(unsigned n)
{
	const char *const names[] = {"@ipctrace-oldest", "@ipctrace-middle", "@ipctrace-youngest"};
	struct object *oldest, *middle, *youngest;
	int fds[3];

	oldest = object_bound(&fds[0], SOCK_DGRAM, names[0], -1);
	middle = object_bound(&fds[1], SOCK_DGRAM, names[1], -1);
	youngest = object_bound(&fds[2], SOCK_DGRAM, names[2], -1);
	CHECK(op_connect(youngest, fds[1], names[2]) == 0);
	CHECK(op_connect(middle, fds[2], names[1]) == 0);
	both_ways(middle, fds[1], fds[2], n);
	CHECK(op_connect(oldest, fds[1], names[0]) == 0);
	CHECK(op_connect(middle, fds[0], names[1]) == 0);
	both_ways(oldest, fds[1], fds[0], n + 2);
}

static const struct scenario scenarios[] = {
	{"unix-again", "pairs, one after another where the last one was", run_pairs, 23},
	{"unix-partners", "a socket of datagrams, connected to one and then to another", run_partners, 11},
};
REGISTER_SCENARIOS(scenarios, "unix");
