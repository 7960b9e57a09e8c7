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

/* One listener for all: of its address no later scenario's object should be. */
static void connect_all(unsigned n)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct address at = loopback(AF_INET, 0);

	CHECK(listener >= 0 && bind(listener, &at.any, at.len) == 0 && listen(listener, 1) == 0);
	at = address_of(listener);
	for (unsigned i = 0; i < n; i++) {
		int *fds = streams[i].fds;

		fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		CHECK(fds[0] >= 0 && connect(fds[0], &at.any, at.len) == 0);
		fds[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		CHECK(fds[1] >= 0);
		streams[i].o = object_inet_pair(fds[0]);
	}
	close_fd(listener);
}

/* After the third turn the last stream ends: what is not read of each at every operation is read anew. */
static void run_many(unsigned n)
{
	unsigned streams_cnt = n;

	CHECK(n <= STREAMS_MAX);
	connect_all(n);
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
