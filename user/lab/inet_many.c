/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Many streams, used in turn: what is kept of one is in the way of another. */
#include "lab/inet.h"

#include <sys/socket.h>

#define STREAMS_MAX 307u
#define TURNS 5u

static struct stream {
	struct object *o;
	int fds[2];
	uint64_t there, back;
} streams[STREAMS_MAX];

static void take_turn(struct stream *s, unsigned size)
{
	must_write(s->o, s->fds[0], size);
	must_read(s->o, s->fds[1], 1009, size);
	must_write(s->o, s->fds[1], 3);
	must_read(s->o, s->fds[0], 7, 3);
	s->there += size;
	s->back += 3;
}

/* After the third turn the last stream ends: what is not read of each at every operation is read anew. */
static void run_many(unsigned n)
{
	unsigned streams_cnt = n;

	CHECK(n <= STREAMS_MAX);
	for (unsigned i = 0; i < n; i++)
		streams[i].o = object_tcp(streams[i].fds, AF_INET);
	for (unsigned turn = 0; turn < TURNS; turn++) {
		for (unsigned i = 0; i < streams_cnt; i++)
			take_turn(&streams[i], 11 + (i + turn) % 13);
		if (turn != 2)
			continue;
		streams_cnt--;
		inet_directions(streams[n - 1].o, streams[n - 1].fds, streams[n - 1].there, streams[n - 1].back);
		close_fd(streams[n - 1].fds[0]);
		close_fd(streams[n - 1].fds[1]);
	}
	for (unsigned i = 0; i < streams_cnt; i++)
		inet_directions(streams[i].o, streams[i].fds, streams[i].there, streams[i].back);
}

static const struct scenario scenarios[] = {
	{ "inet-many", "many streams, each written and read in turn", run_many, 211 },
};
REGISTER_SCENARIOS(scenarios, "inet");
