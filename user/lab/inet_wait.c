/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sleeping on loopback connections: for data, for room, for a partner, for a place in the backlog, and who ends it. */
#include "lab/inet.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct object *o, *pair;
static int fds[2], listener;
static struct address address;

static void reader(void *arg)
{
	unsigned n = *(unsigned *)arg;

	close_fd(fds[1]);
	for (unsigned i = 0; i < n; i++)
		must_sock_recv(o, fds[0], 211, 97);
}

/* The receiver always finds nothing, and every send ends a wait. */
static void wake_receiver(unsigned n, int family)
{
	struct task *t;

	o = object_tcp(fds, family);
	certain_waits(o);
	t = spawn("inet-receiver", reader, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_recvfrom, o, RECV, EMPTY);
		must_sock_send(o, fds[1], 97);
		count_wake(o, SEND, t);
	}
	join(t);
	certain(o, RECV, SPURIOUS);
}

static void run_wake(unsigned n)
{
	wake_receiver(n, AF_INET);
}

static void run_wake6(unsigned n)
{
	wake_receiver(n, AF_INET6);
}

static void writer(void *arg)
{
	(void)arg;
	must_write(o, fds[1], 1u << 20); /* more than both buffers have room for */
}

/*
 * The window is shut and the send buffer full before the writer comes; it sleeps until
 * the reader has read. How often, and by whose hand when an acknowledgement is late, is chance.
 */
static void run_full(unsigned n)
{
	uint64_t filled = 0, left;
	struct task *t;
	ssize_t ret;

	(void)n;
	o = object_tcp(fds, AF_INET);
	set_buffer(fds[1], SO_SNDBUF, 65537);
	while ((ret = op_send(o, fds[1], 262139, MSG_DONTWAIT)) > 0)
		filled += (uint64_t)ret;
	CHECK(errno == EAGAIN);
	t = spawn("inet-writer", writer, NULL);
	await_asleep(t, 1, SYS_write);
	for (left = filled + (1u << 20); left;)
		left -= (uint64_t)op_read(o, fds[0], payload(65521), 65521);
	join(t);
	range(o, SEND, WAITS, 1, 1u << 20);
	fact_range(o, INTERNALS, "window_waits", 1, 1u << 20);
	fact_range(o, INTERNALS, is_first_end(fds[0]) ? "first_rcvbuf" : "second_rcvbuf", 1, 1u << 30);
}

static void eof_reader(void *arg)
{
	(void)arg;
	close_fd(fds[1]);
	must_sock_recv(o, fds[0], 61, 0);
}

/* The peer's shutdown ends the wait, and the receive returns 0. */
static void run_shutdown(unsigned n)
{
	struct task *t;

	(void)n;
	o = object_tcp(fds, AF_INET);
	certain_waits(o);
	t = spawn("inet-eof-reader", eof_reader, NULL);
	await_blocked(t, 1, SYS_recvfrom, o, RECV, EMPTY);
	CHECK(op_shutdown(o, fds[1], SHUT_WR) == 0);
	count_wake(o, CTL, t);
	certain(o, CTL, WAKES);
	join(t);
}

/* The same by close, of which only the function backend knows. */
static void run_eof(unsigned n)
{
	struct task *t;

	(void)n;
	o = object_tcp(fds, AF_INET);
	t = spawn("inet-eof-reader", eof_reader, NULL);
	close_fd(fds[0]);
	await_blocked(t, 1, SYS_recvfrom, o, RECV, EMPTY);
	close_fd(fds[1]);
	certain(o, RECV, WAITS);
	join(t);
	fact(o, TOP, "destroyed", 1);
}

static void on_usr1(int signal)
{
	(void)signal;
}

static void interrupted(void *arg)
{
	(void)arg;
	on_signal(SIGUSR1, on_usr1, 0);
	CHECK(op_recv(o, fds[0], 61, 0) < 0 && errno == EINTR);
}

/* A signal ends the wait: no peer did. */
static void run_eintr(unsigned n)
{
	struct task *t;

	(void)n;
	o = object_tcp(fds, AF_INET);
	certain_waits(o);
	t = spawn("inet-eintr", interrupted, NULL);
	await_blocked(t, 1, SYS_recvfrom, o, RECV, EMPTY);
	send_signal(t, SIGUSR1);
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

/* The acceptor waits for each connection, which is used and closed. */
static void run_accept(unsigned n)
{
	struct task *t;

	o = object_listener(&listener, AF_INET, 5);
	certain_waits(o);
	address = address_of(listener);
	t = spawn("inet-acceptor", acceptor, &n);
	for (unsigned i = 0; i < n; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		await_blocked(t, 3 * i + 1, SYS_accept, o, OPEN, PARTNER);
		CHECK(op_inet_connect(o, fd, &address) == 0);
		count_wake(o, OPEN, t);
		pair = object_inet_pair(fd);
		must_sock_send(pair, fd, 53);
		open_gate(i + 1);
		await_step(t, i + 1);
		must_sock_recv(pair, fd, 97, 59);
		must_sock_recv(pair, fd, 97, 0); /* its peer is gone */
		close_fd(fd);
		fact(pair, TOP, "created", 1);
		fact(pair, TOP, "destroyed", 1);
		fact(pair, TOP, "balance_bytes", 0);
	}
	join(t);
	fact(o, TOP, "created", 1);
	fact(o, INTERNALS, "connects", n);
	fact(o, INTERNALS, "first_state", 10);
	fact(o, CAPACITY, "slots", 6);
}

static void connector(void *arg)
{
	(void)arg;
	CHECK(op_inet_connect(o, socket(AF_INET, SOCK_STREAM, 0), &address) == 0);
}

/* A backlog of one: the second connect waits until the first connection is accepted, and its own SYN is sent again. */
static void run_backlog(unsigned n)
{
	struct task *t;

	(void)n;
	o = object_listener(&listener, AF_INET, 0);
	certain_waits(o);
	address = address_of(listener);
	CHECK(op_inet_connect(o, socket(AF_INET, SOCK_STREAM, 0), &address) == 0);
	t = spawn("inet-connector", connector, NULL);
	await_blocked(t, 1, SYS_connect, o, OPEN, BACKLOG);
	CHECK(op_accept(o, listener) >= 0);
	join(t);
	await_backlog(listener, 1);
	CHECK(op_accept(o, listener) >= 0);
	fact(o, INTERNALS, "connects", 2);
	fact(o, CAPACITY, "slots", 1);
	fact(o, DEPTH, "max_slots", 1);
}

/* Without waiting: the connection is made all the same. */
static void run_nonblocking(unsigned n)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)n;
	o = object_listener(&listener, AF_INET, 1);
	certain_waits(o);
	address = address_of(listener);
	CHECK(op_inet_connect(o, fd, &address) < 0 && errno == EINPROGRESS);
	await_tcp(fd, TCP_ESTABLISHED);
	CHECK(op_inet_connect(o, fd, &address) == 0);
	CHECK(op_inet_connect(o, fd, &address) < 0 && errno == EISCONN);
	await_backlog(listener, 1);
	CHECK(op_accept(o, listener) >= 0);
	fact(o, INTERNALS, "connects", 1);
	pair = object_inet_pair(fd);
	must_write(pair, fd, 29);
	fact(pair, TOP, "created", 1);
}

static void raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0);
	close_fd(fd);
}

#define LOWER_PORT 4001
#define UPPER_PORT 4003

/* So many messages, from port to port: the same ones in every namespace. */
static void in_namespace(void *arg)
{
	unsigned n = *(unsigned *)arg;
	struct address low = loopback(AF_INET, LOWER_PORT), high = loopback(AF_INET, UPPER_PORT);
	struct stat st;

	if (unshare(CLONE_NEWNET))
		give_up(OUTCOME_UNSUPPORTED, "no network namespace: %s", strerror(errno));
	raise_loopback();
	CHECK(stat("/proc/self/ns/net", &st) == 0);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(bind(listener, &low.any, low.len) == 0 && listen(listener, 1) == 0);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(bind(fds[0], &high.any, high.len) == 0 && connect(fds[0], &low.any, low.len) == 0);
	fds[1] = accept(listener, NULL, NULL);
	CHECK(fds[1] >= 0);
	o = object_new("inet", "tcp:127.0.0.1:%u-127.0.0.1:%u@net:[%ju]", LOWER_PORT, UPPER_PORT, (uintmax_t)st.st_ino);
	certain_waits(o);
	for (unsigned i = 0; i < n; i++) {
		ARRIVES(fds[1], must_write(o, fds[0], 37));
		must_read(o, fds[1], 97, 37);
	}
	fact(o, TOP, "created", 1);
	fact(o, INTERNALS, "netns", st.st_ino);
	fact(o, INTERNALS, "sent_by_second", n * 37);
	advance();
	await_gate(1);
}

/* Two namespaces with the same addresses and ports: two objects, both there at a time. */
static void run_namespaces(unsigned n)
{
	unsigned more = n + 4;
	struct task *a = spawn("inet-netns-a", in_namespace, &n), *b;

	await_step(a, 1);
	b = spawn("inet-netns-b", in_namespace, &more);
	await_step(b, 1);
	open_gate(1);
	join(a);
	join(b);
}

static const struct scenario scenarios[] = {
	{"inet-wake", "every receive waits, every send ends its wait", run_wake, 101},
	{"inet-wake6", "the same over IPv6", run_wake6, 29},
	{"inet-full", "a writer finds the window shut and its buffer full", run_full, 0},
	{"inet-shutdown", "a blocked receiver is woken by shutdown", run_shutdown, 0},
	{"inet-eof", "a blocked receiver is woken by its peer's close", run_eof, 0},
	{"inet-eintr", "a signal interrupts a receive", run_eintr, 0},
	{"inet-accept", "accept waits for every connection", run_accept, 7},
	{"inet-backlog", "connect waits for a place in the backlog", run_backlog, 0},
	{"inet-nonblocking", "EINPROGRESS, and the connection it made", run_nonblocking, 0},
	{"inet-netns", "the same ports in two network namespaces", run_namespaces, 13},
};
REGISTER_SCENARIOS(scenarios, "inet");
