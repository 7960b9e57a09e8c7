/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pipes and sockets together: splice and sendfile between them, and pipe ends that travel through a socket. */
#include "lab/unix.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define PIECE 1009u

static struct object *o, *pipe_o;
static int fds[2], ends[2];

/* From a pipe into a stream: nothing is copied on the way. */
static void run_splice_in(unsigned n)
{
	pipe_o = object_pipe(ends, O_CLOEXEC);
	o = object_pair(fds, SOCK_STREAM);
	for (unsigned i = 0; i < n; i++) {
		must_write(pipe_o, ends[1], PIECE);
		CHECK(op_splice(pipe_o, ends[0], o, fds[0], PIECE, 0) == PIECE);
		must_sock_recv(o, fds[1], 2 * PIECE, PIECE);
	}
	fact(o, INTERNALS, "received_by_second", n * PIECE);
}

/* And out of it again. */
static void run_splice_out(unsigned n)
{
	pipe_o = object_pipe(ends, O_CLOEXEC);
	o = object_pair(fds, SOCK_STREAM);
	for (unsigned i = 0; i < n; i++) {
		must_sock_send(o, fds[0], PIECE);
		CHECK(op_splice(o, fds[1], pipe_o, ends[1], PIECE, 0) == PIECE);
		must_read(pipe_o, ends[0], 2 * PIECE, PIECE);
	}
}

/* Always from the beginning: a piece that lies in two pages is two sends before 6.4. */
static void run_sendfile(unsigned n)
{
	int file = open(scratch_path("data"), O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	CHECK(file >= 0 && write(file, payload(PIECE), PIECE) == PIECE);
	o = object_pair(fds, SOCK_STREAM);
	for (unsigned i = 0; i < n; i++) {
		off_t begin = 0;

		CHECK(sendfile(fds[0], file, &begin, PIECE) == PIECE);
		count(o, SEND, OPS, 1);
		count(o, SEND, BYTES, PIECE);
		count(o, SEND, MOVED, PIECE);
		must_sock_recv(o, fds[1], 2 * PIECE, PIECE);
	}
}

static void stranger(void *arg)
{
	unsigned n = *(unsigned *)arg;
	int got;

	close_fd(fds[0]);
	await_gate(1);
	o = object_nth(0);
	pipe_o = object_nth(1);
	CHECK(op_recvfds(o, fds[1], &got, 1) == 1);
	for (unsigned i = 0; i < n; i++)
		must_write(pipe_o, got, PIECE);
	close_fd(got);
}

/* The writer never opened nor inherited the pipe: its end came through the socket. */
static void run_pass(unsigned n)
{
	struct task *t;

	o = object_pair(fds, SOCK_STREAM);
	t = spawn("unix-stranger", stranger, &n);
	close_fd(fds[1]);
	pipe_o = object_pipe(ends, O_CLOEXEC);
	CHECK(op_sendfds(o, fds[0], &ends[1], 1) == 1);
	close_fd(ends[1]);
	open_gate(1);
	drain(pipe_o, ends[0], 8191);
	join(t);
	fact(o, INTERNALS, "fds_sent", 1);
	fact(o, INTERNALS, "fds_received", 1);
	fact(o, INTERNALS, "fds_pipes", 1);
	fact(o, INTERNALS, "fds_in_flight", 0);
}

static const struct scenario scenarios[] = {
	{"unix-splice-in", "splice from a pipe into a stream", run_splice_in, 11},
	{"unix-splice-out", "splice from a stream into a pipe", run_splice_out, 11},
	{"unix-sendfile", "sendfile from a file into a stream", run_sendfile, 11},
	{"unix-pass-pipe", "the writing end of a pipe arrives through a socket", run_pass, 101},
};
REGISTER_SCENARIOS(scenarios, "pipe,unix");
