/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Streams over loopback: both ways, errors, ends, what is never received. */
#include "lab/inet.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static struct object *o;
static int fds[2];

static void gone(void)
{
	fact(o, TOP, "created", 1);
	fact(o, TOP, "destroyed", 1);
	fact(o, TOP, "balance_bytes", 0);
}

static void far_end(void *arg)
{
	unsigned n = *(unsigned *)arg;

	close_fd(fds[0]);
	for (unsigned i = 0; i < n; i++)
		must_write(o, fds[1], 4093);
	advance();
	await_gate(1);
	drain(o, fds[1], 8191);
}

/* Both directions, one after the other, by read and write. The writer may wait, whoever runs first. */
static void stream(unsigned n, int family)
{
	struct task *t;
	uint64_t left = n * 4093ull;

	o = object_tcp(fds, family);
	inet_directions(o, fds, n * 59ull, n * 4093ull);
	fact(o, INTERNALS, "protocol", IPPROTO_TCP);
	t = spawn("inet-far-end", far_end, &n);
	close_fd(fds[1]);
	while (left)
		left -= (uint64_t)op_read(o, fds[0], payload(8191), 8191);
	await_step(t, 1);
	for (unsigned i = 0; i < n; i++)
		CHECK(op_send(o, fds[0], 59, 0) == 59);
	open_gate(1);
	close_fd(fds[0]);
	join(t);
	gone();
}

static void run_stream(unsigned n)
{
	stream(n, AF_INET);
}

static void run_stream6(unsigned n)
{
	stream(n, AF_INET6);
}

/* An IPv6 listener takes IPv4 connections: both ends have IPv4 addresses. */
static void run_mapped(unsigned n)
{
	struct address a = loopback(AF_INET6, 0);
	int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), off = 0;

	a.v6.sin6_addr = in6addr_any;
	CHECK(listener >= 0 && setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0);
	CHECK(bind(listener, &a.any, a.len) == 0 && listen(listener, 1) == 0);
	a = address_of(listener);
	o = object_address("tcp", &a);
	count(o, CTL, OPS, 1);
	a = loopback(AF_INET, port_of(&a));
	fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(op_inet_connect(o, fds[0], &a) == 0);
	fds[1] = op_accept(o, listener);
	CHECK(fds[1] >= 0);
	fact(o, INTERNALS, "connects", 1);
	o = object_inet_pair(fds[0]);
	for (unsigned i = 0; i < n; i++) {
		must_write(o, fds[0], 31);
		must_read(o, fds[1], 31, 31);
	}
	inet_directions(o, fds, n * 31, 0);
	fact(o, TOP, "created", 1);
}

static void answer(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++) {
		must_read(o, fds[1], 97, 61);
		must_write(o, fds[1], 89);
	}
}

/* One message there, one back; who waits is chance. */
static void run_ping_pong(unsigned n)
{
	struct task *t;

	o = object_tcp(fds, AF_INET);
	inet_directions(o, fds, n * 61ull, n * 89ull);
	t = spawn("inet-answer", answer, &n);
	for (unsigned i = 0; i < n; i++) {
		must_write(o, fds[0], 61);
		must_read(o, fds[0], 97, 89);
	}
	join(t);
	fact(o, TOP, "created", 1);
	fact(o, DEPTH, "bytes", 0);
}

/* Many small writes and one read of them all. */
static void run_small(unsigned n)
{
	o = object_tcp(fds, AF_INET);
	for (unsigned i = 0; i < n; i++)
		must_write(o, fds[0], 7);
	fact(o, DEPTH, "max_bytes", n * 7);
	CHECK(op_recv(o, fds[1], n * 7, MSG_WAITALL) == (ssize_t)n * 7);
	inet_directions(o, fds, n * 7, 0);
	close_fd(fds[0]);
	close_fd(fds[1]);
	gone();
}

/* Writes that take a part, until nothing fits; then it is all read. */
static void run_partial(unsigned n)
{
	ssize_t ret;
	uint64_t sent = 0;

	o = object_tcp(fds, AF_INET);
	set_buffer(fds[0], SO_SNDBUF, 65537);
	for (unsigned i = 0; i < n; i++) {
		uint64_t left = 0;

		while ((ret = op_send(o, fds[0], 262139, MSG_DONTWAIT)) > 0)
			left += (uint64_t)ret;
		CHECK(errno == EAGAIN && left % 262139);
		sent += left;
		while (left)
			left -= (uint64_t)op_read(o, fds[1], payload(65521), 65521);
	}
	inet_directions(o, fds, sent, 0);
}

/* A peek sees the data, and takes none. */
static void run_peek(unsigned n)
{
	o = object_tcp(fds, AF_INET);
	certain_waits(o);
	ARRIVES(fds[1], must_sock_send(o, fds[0], 251));
	for (unsigned i = 0; i < n; i++)
		CHECK(op_recv(o, fds[1], 97, MSG_PEEK) == 97);
	must_sock_recv(o, fds[1], 1009, 251);
}

/* Nothing there, and nobody there any more: the peer closed with data that it had not read. */
static void run_errors(unsigned n)
{
	o = object_tcp(fds, AF_INET);
	certain_waits(o);
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < n; i++)
		CHECK(op_recv(o, fds[0], 97, MSG_DONTWAIT) < 0 && errno == EAGAIN);
	ARRIVES(fds[1], must_write(o, fds[0], 97));
	close_fd(fds[1]);
	await_tcp(fds[0], TCP_CLOSE);
	CHECK(op_read(o, fds[0], payload(97), 97) < 0 && errno == ECONNRESET);
	CHECK(op_read(o, fds[0], payload(97), 97) == 0);
	for (unsigned i = 0; i < n; i++)
		CHECK(op_write(o, fds[0], payload(97), 97) < 0 && errno == EPIPE);
	close_fd(fds[0]);
	gone();
	fact(o, TOP, "discarded_bytes", 97);
}

/* What is written after the peer's end is closed goes nowhere: the first write is taken, the next one is not. */
static void run_late(unsigned n)
{
	(void)n;
	o = object_tcp(fds, AF_INET);
	signal(SIGPIPE, SIG_IGN);
	must_write(o, fds[1], 43);
	must_read(o, fds[0], 97, 43);
	close_fd(fds[1]);
	must_read(o, fds[0], 97, 0);
	must_write(o, fds[0], 53);
	await_tcp(fds[0], TCP_CLOSE);
	CHECK(op_write(o, fds[0], payload(53), 53) < 0 && errno == EPIPE);
	close_fd(fds[0]);
	gone();
	fact(o, TOP, "discarded_bytes", 53);
}

/* Nobody listens: a listener's address, after its time. */
static void run_refused(unsigned n)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct address a = loopback(AF_INET, 0);

	CHECK(listener >= 0 && bind(listener, &a.any, a.len) == 0); /* so that nobody else gets the port */
	a = address_of(listener);
	o = object_address("tcp", &a);
	for (unsigned i = 0; i < n; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		CHECK(op_inet_connect(o, fd, &a) < 0 && errno == ECONNREFUSED);
		close_fd(fd);
	}
	fact(o, INTERNALS, "connects", 0);
}

/* Half a connection: one direction is shut down, the other one goes on. */
static void run_half(unsigned n)
{
	o = object_tcp(fds, AF_INET);
	certain_waits(o);
	must_write(o, fds[0], 211);
	CHECK(op_shutdown(o, fds[0], SHUT_WR) == 0);
	await_tcp(fds[1], TCP_CLOSE_WAIT);
	drain(o, fds[1], 97);
	for (unsigned i = 0; i < n; i++)
		must_write(o, fds[1], 67);
	close_fd(fds[1]);
	await_tcp(fds[0], TCP_CLOSE);
	drain(o, fds[0], 97);
	close_fd(fds[0]);
	gone();
	fact(o, TOP, "discarded_bytes", 0);
}

/* Into a socket from a pipe, without a copy. */
static void run_splice(unsigned n)
{
	int pipes[2];

	o = object_tcp(fds, AF_INET);
	CHECK(pipe(pipes) == 0);
	for (unsigned i = 0; i < n; i++) {
		CHECK(write(pipes[1], payload(4093), 4093) == 4093);
		CHECK(op_splice(NULL, pipes[0], o, fds[0], 4093, 0) == 4093);
		must_read(o, fds[1], 8191, 4093);
		must_write(o, fds[1], 127);
		CHECK(op_splice(o, fds[0], NULL, pipes[1], 8191, 0) == 127);
		CHECK(read(pipes[0], payload(8191), 8191) == 127);
	}
}

static const struct scenario scenarios[] = {
	{"inet-stream", "both directions of a TCP connection", run_stream, 101},
	{"inet-stream6", "the same over IPv6", run_stream6, 29},
	{"inet-mapped", "an IPv4 connection to an IPv6 listener", run_mapped, 7},
	{"inet-ping-pong", "N messages there and back", run_ping_pong, 1009},
	{"inet-small", "N small writes, one read", run_small, 499},
	{"inet-partial", "writes that take a part until nothing fits", run_partial, 3},
	{"inet-peek", "MSG_PEEK takes no data", run_peek, 7},
	{"inet-errors", "EAGAIN, ECONNRESET, EPIPE", run_errors, 3},
	{"inet-late", "a write to a peer that is gone", run_late, 0},
	{"inet-refused", "connect where nobody listens", run_refused, 5},
	{"inet-half", "shutdown of one direction", run_half, 7},
	{"inet-splice", "splice from a pipe into a socket and back", run_splice, 5},
};
REGISTER_SCENARIOS(scenarios, "inet");

static const struct blind blind[] = {
	{"inet", "syscall", "send.spurious_wakes"},
	{"inet", "syscall", "recv.spurious_wakes"},
	{"inet", "syscall", "depth.max_bytes"},
	{"inet", "syscall", "internals.truncated"},
	{"inet", "syscall", "internals.window_waits"},
	{"inet", "syscall", "destroyed"},
	{"inet", "syscall", "discarded_bytes"},
	{"inet", "syscall", "close.*"},
	{"inet", "brief", "depth.max_bytes"},
};
REGISTER_BLIND(blind);
