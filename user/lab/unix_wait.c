/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sleeping on UNIX sockets: for data, for room, for a partner, for a place in the backlog, and who ends it. */
#include "lab/unix.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct object *o, *pair;
static int fds[2], listener;
static const char *path;

static void one_pair(int type)
{
	o = object_pair(fds, type);
	certain_waits(o);
	fact(o, TOP, "created", 1);
}

static void reader(void *arg)
{
	unsigned n = *(unsigned *)arg;

	close_fd(fds[1]);
	for (unsigned i = 0; i < n; i++)
		must_sock_recv(o, fds[0], 211, 97);
}

/* The receiver always finds nothing, and every send ends a wait. */
static void wake_receiver(unsigned n, int type)
{
	struct task *t;

	one_pair(type);
	t = spawn("unix-receiver", reader, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_recvfrom, o, RECV, EMPTY);
		must_sock_send(o, fds[1], 97);
		count_wake(o, SEND, t);
	}
	join(t);
	certain(o, RECV, SPURIOUS);
}

static void run_wake_stream(unsigned n)
{
	wake_receiver(n, SOCK_STREAM);
}

static void run_wake_packet(unsigned n)
{
	wake_receiver(n, SOCK_SEQPACKET);
}

static void run_wake_datagram(unsigned n)
{
	wake_receiver(n, SOCK_DGRAM);
}

static void writer(void *arg)
{
	unsigned n = *(unsigned *)arg;

	close_fd(fds[0]);
	for (unsigned i = 0; i < n; i++) {
		await_gate(i + 1);
		must_write(o, fds[1], 4093);
		advance();
	}
}

/* The send buffer is full before each write; receives make room again, which ends its wait. */
static void run_wake_writer(unsigned n)
{
	struct task *t;

	one_pair(SOCK_STREAM);
	t = spawn("unix-writer", writer, &n);
	for (unsigned i = 0; i < n; i++) {
		unsigned filled = 0;

		while (op_send(o, fds[1], 4093, MSG_DONTWAIT) > 0)
			filled++;
		CHECK(errno == EAGAIN);
		open_gate(i + 1);
		await_blocked(t, i + 1, SYS_write, o, SEND, FULL);
		while (filled--)
			must_sock_recv(o, fds[0], 4093, 4093);
		count_wake(o, RECV, t);
		await_step(t, i + 1);
		must_sock_recv(o, fds[0], 4093, 4093);
	}
	join(t);
	certain(o, SEND, SPURIOUS);
}

static int sender;

static void datagram_writer(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++) {
		CHECK(op_sendto(o, sender, 89, 0, path) == 89);
		advance();
	}
}

/* The receiver's queue is full before each send, by address; every receive makes room for exactly one. */
static void run_queue_full(unsigned n)
{
	unsigned filled = 0;
	struct task *t;
	int receiver;

	path = "@ipctrace-queue-full";
	o = object_bound(&receiver, SOCK_DGRAM, path, -1);
	certain_waits(o);
	sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	while (op_sendto(o, sender, 89, MSG_DONTWAIT, path) > 0)
		filled++;
	CHECK(errno == EAGAIN);
	t = spawn("unix-sender", datagram_writer, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_sendto, o, SEND, FULL);
		must_sock_recv(o, receiver, 97, 89);
		count_wake(o, RECV, t);
		await_step(t, i + 1);
	}
	join(t);
	fact(o, DEPTH, "max_slots", filled);
	fact(o, CAPACITY, "slots", filled);
	fact(o, RESIDENCY, "count", filled + n);
	fact(o, TOP, "residency_unfollowed", 0);
	while (filled--)
		must_sock_recv(o, receiver, 97, 89);
}

static void eof_reader(void *arg)
{
	(void)arg;
	close_fd(fds[1]);
	must_sock_recv(o, fds[0], 61, 0);
}

/* The peer's close ends the wait, and the receive returns 0. */
static void run_eof(unsigned n)
{
	struct task *t;

	(void)n;
	one_pair(SOCK_STREAM);
	t = spawn("unix-eof-reader", eof_reader, NULL);
	close_fd(fds[0]);
	await_blocked(t, 1, SYS_recvfrom, o, RECV, EMPTY);
	close_fd(fds[1]);
	count_wake(o, CLOSE, t);
	certain(o, CLOSE, WAKES);
	join(t);
	fact(o, TOP, "destroyed", 1);
}

/* The same by shutdown(2), which is a control operation. */
static void run_shutdown(unsigned n)
{
	struct task *t;

	(void)n;
	one_pair(SOCK_STREAM);
	t = spawn("unix-eof-reader", eof_reader, NULL);
	await_blocked(t, 1, SYS_recvfrom, o, RECV, EMPTY);
	CHECK(op_shutdown(o, fds[1], SHUT_WR) == 0);
	count_wake(o, CTL, t);
	certain(o, CTL, WAKES);
	join(t);
}

static void acceptor(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++) {
		int fd = op_accept(o, listener);

		CHECK(fd >= 0);
		await_gate(i + 1);
		pair = object_nth(i + 1);
		must_sock_recv(pair, fd, 97, 53);
		must_sock_send(pair, fd, 59);
		close_fd(fd);
		advance();
	}
}

/* The acceptor waits for each connection; its first bytes are sent before it is accepted for all we know. */
static void run_accept(unsigned n)
{
	struct task *t;

	path = scratch_path("listener");
	o = object_bound(&listener, SOCK_STREAM, path, 5);
	certain_waits(o);
	t = spawn("unix-acceptor", acceptor, &n);
	for (unsigned i = 0; i < n; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		await_blocked(t, 3 * i + 1, SYS_accept, o, OPEN, PARTNER);
		CHECK(op_connect(o, fd, path) == 0);
		count_wake(o, OPEN, t);
		pair = object_connected(fd);
		must_sock_send(pair, fd, 53);
		open_gate(i + 1);
		await_step(t, i + 1);
		must_sock_recv(pair, fd, 97, 59);
		must_sock_recv(pair, fd, 97, 0); /* its peer is gone */
		close_fd(fd);
		fact(pair, TOP, "created", 1);
		fact(pair, TOP, "destroyed", 1);
		fact(pair, TOP, "balance_bytes", 0);
		fact(pair, INTERNALS, "sent_by_first", 53);
		fact(pair, INTERNALS, "received_by_first", 59);
		fact(pair, RESIDENCY, "count", 2);
	}
	join(t);
	fact(o, TOP, "created", 1);
	fact(o, INTERNALS, "connects", n);
	fact(o, CAPACITY, "slots", 6);
}

static void connector(void *arg)
{
	(void)arg;
	CHECK(op_connect(o, socket(AF_UNIX, SOCK_STREAM, 0), path) == 0);
}

/* A backlog of one: the second connect waits until the first connection is accepted. */
static void run_backlog(unsigned n)
{
	struct task *t;

	(void)n;
	path = "@ipctrace-backlog";
	o = object_bound(&listener, SOCK_STREAM, path, 0);
	certain_waits(o);
	CHECK(op_connect(o, socket(AF_UNIX, SOCK_STREAM, 0), path) == 0);
	CHECK(op_connect(o, socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), path) < 0 && errno == EAGAIN);
	t = spawn("unix-connector", connector, NULL);
	await_blocked(t, 1, SYS_connect, o, OPEN, BACKLOG);
	CHECK(op_accept(o, listener) >= 0);
	count_wake(o, OPEN, t);
	join(t);
	fact(o, INTERNALS, "connects", 2);
	fact(o, INTERNALS, "state", 10);
	fact(o, CAPACITY, "slots", 1);
	fact(o, DEPTH, "max_slots", 1);
}

static const struct scenario scenarios[] = {
	{"unix-wake-stream", "every receive of a stream waits, every send ends its wait", run_wake_stream, 211},
	{"unix-wake-packet", "the same of sequenced packets", run_wake_packet, 101},
	{"unix-wake-datagram", "the same of datagrams", run_wake_datagram, 101},
	{"unix-wake-writer", "every write finds the send buffer full", run_wake_writer, 11},
	{"unix-queue-full", "every datagram finds its receiver's queue full", run_queue_full, 101},
	{"unix-eof", "a blocked receiver is woken by its peer's close", run_eof, 0},
	{"unix-shutdown", "a blocked receiver is woken by shutdown", run_shutdown, 0},
	{"unix-accept", "accept waits for every connection, which is used and closed", run_accept, 13},
	{"unix-backlog", "connect waits for a place in the backlog", run_backlog, 0},
};
REGISTER_SCENARIOS(scenarios, "unix");
