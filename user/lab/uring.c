/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Data that goes in or out through io_uring. Function hooks see each attempt: one that
 * would have to wait fails with EAGAIN, the ring waits by polling, and tries again; where
 * a file cannot be asked not to wait, it polls first and has a thread do it. There is no
 * system call that tells of the object: the syscall backend sees the other side only.
 */
#include "lab/inet.h"
#include "lab/unix.h"
#include "lab/uring.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/un.h>
#include <unistd.h>

#define PIECE 1009
#define LATE 211

struct way {
	unsigned char send, recv; /* IORING_OP_… */
	bool tries;		  /* before it waits */
	bool by_us;		  /* who does it is this process */
};

static void must_end(struct object *o, enum side side, int n, bool by_us)
{
	int res = uring_await();

	CHECK(res == n);
	uring_ended(o, side, res, by_us);
}

/* Sent through the ring and received by a system call, and the other way round. */
static void both_ways(struct object *in, const int to[2], struct object *out, const int from[2], struct way way, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uring_submit(way.send, to[1], PIECE);
		must_end(in, SEND, PIECE, way.by_us);
		must_read(in, to[0], 2 * PIECE, PIECE);
		must_write(out, from[1], PIECE + 2);
		uring_submit(way.recv, from[0], 2 * PIECE);
		must_end(out, RECV, PIECE + 2, way.by_us);
	}
}

/* The ring waits, and nobody sleeps in a receive. */
static void waits_for_data(struct object *o, const int fds[2], struct way way)
{
	uring_submit(way.recv, fds[0], PIECE);
	if (way.tries)
		uring_ended(o, RECV, -EAGAIN, true);
	must_write(o, fds[1], LATE);
	must_end(o, RECV, LATE, way.by_us);
	range(o, RECV, WAITS, 0, 0);
}

static void run_pipe(unsigned n)
{
	struct way way = {IORING_OP_WRITE, IORING_OP_READ, false, false};
	struct object *in, *out;
	int to[2], from[2], other[2];

	uring_new();
	CHECK(pipe2(other, O_CLOEXEC) == 0);
	in = object_pipe(to, O_CLOEXEC);
	out = object_pipe(from, O_CLOEXEC);
	way.tries = has_nowait(other[0]);
	way.by_us = way.tries || uring_workers_are_ours();
	both_ways(in, to, out, from, way, n);
	waits_for_data(out, from, way);
}

static void run_unix(unsigned n)
{
	const struct way way = {IORING_OP_SEND, IORING_OP_RECV, true, true};
	struct object *in, *out;
	int to[2], from[2];

	uring_new();
	in = object_pair(to, SOCK_STREAM);
	out = object_pair(from, SOCK_STREAM);
	both_ways(in, to, out, from, way, n);
	waits_for_data(out, from, way);
}

static void run_inet(unsigned n)
{
	const struct way way = {IORING_OP_SEND, IORING_OP_RECV, true, true};
	struct object *in, *out;
	int to[2], from[2];

	uring_new();
	in = object_tcp(to, AF_INET);
	out = object_tcp(from, AF_INET);
	both_ways(in, to, out, from, way, n);
	waits_for_data(out, from, way);
}

/* Each time the ring is the first to come, finds nobody, and waits for the connect. */
static int accepted_by_ring(struct object *o)
{
	int fd = uring_await();

	CHECK(fd >= 0);
	uring_ended(o, OPEN, fd, true);
	return fd;
}

static void ring_accepts(struct object *o, int listener)
{
	uring_accept(listener);
	uring_ended(o, OPEN, -EAGAIN, true);
}

static struct object *listening;
static struct address at;

/* Not by whom the ring interrupts: the kernel would restart its connect, which is an attempt more. */
static void connector(void *arg)
{
	for (unsigned i = 0; i < *(unsigned *)arg; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		await_gate(i + 1);
		CHECK(op_inet_connect(listening, fd, &at) == 0);
		close_fd(fd);
		advance();
	}
}

static void run_accept_inet(unsigned n)
{
	struct task *t;
	int listener, fd;

	uring_new();
	listening = object_listener(&listener, AF_INET, 1);
	at = address_of(listener);
	t = spawn("connector", connector, &n);
	for (unsigned i = 0; i < n; i++) {
		ring_accepts(listening, listener);
		open_gate(i + 1);
		fd = accepted_by_ring(listening);
		await_step(t, i + 1); /* a connect that finds its connection closed at its end is none to the syscall backend */
		close_fd(fd);
	}
	join(t);
	fact(listening, INTERNALS, "connects", n);
}

/* Each connect is begun without waiting, and asked for its end once the ring is told of it. */
static void run_connect_inet(unsigned n)
{
	int listener, fd, res;

	uring_new();
	listening = object_listener(&listener, AF_INET, 1);
	at = address_of(listener);
	for (unsigned i = 0; i < n; i++) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		uring_connect(fd, &at.any, at.len);
		uring_ended(listening, OPEN, -EINPROGRESS, true);
		res = uring_await();
		CHECK(res == 0);
		uring_ended(listening, OPEN, res, true);
		res = op_accept(listening, listener);
		CHECK(res >= 0);
		close_fd(res);
		close_fd(fd);
	}
	fact_partly_hidden(listening, "connects", n, n);
	fact(listening, DEPTH, "slots", 0);
}

#define ABSTRACT "ipctrace-uring-connect"

static void run_connect_unix(unsigned n)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "\0" ABSTRACT};
	struct object *o;
	int listener, fd, res;

	uring_new();
	o = object_bound(&listener, SOCK_STREAM, "@" ABSTRACT, 1);
	for (unsigned i = 0; i < n; i++) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ring_accepts(o, listener);
		CHECK(op_connect(o, fd, "@" ABSTRACT) == 0);
		close_fd(accepted_by_ring(o));
		close_fd(fd);

		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		uring_connect(fd, (void *)&addr, offsetof(struct sockaddr_un, sun_path) + sizeof(ABSTRACT));
		res = uring_await();
		CHECK(res == 0);
		uring_ended(o, OPEN, res, true);
		res = op_accept(o, listener);
		CHECK(res >= 0);
		close_fd(res);
		close_fd(fd);
	}
	fact(o, DEPTH, "slots", 0);
}

static const struct scenario of_pipes[] = {
	{"uring-pipe", "N times each a pipe written and read through io_uring, and a read that waits", run_pipe, 53},
};
REGISTER_SCENARIOS(of_pipes, "pipe,fifo");
static const struct scenario of_unix[] = {
	{"uring-unix", "the same of UNIX sockets", run_unix, 53},
	{"uring-connect", "N connections made through io_uring, and as many accepted", run_connect_unix, 23},
};
REGISTER_SCENARIOS(of_unix, "unix");
static const struct scenario of_inet[] = {
	{"uring-inet", "the same of loopback TCP", run_inet, 53},
	{"uring-accept", "N connections accepted through io_uring", run_accept_inet, 23},
	{"uring-connect-tcp", "N connections made through io_uring", run_connect_inet, 23},
};
REGISTER_SCENARIOS(of_inet, "inet");
