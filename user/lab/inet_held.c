/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Loopback connections that were made, filled and waited on before ipctrace starts.
 * Both ends are held by different processes.
 */
#include "lab/inet.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct object *o;
static int fds[2], listener;

/* From here on; a call that was under way is seen by some backends only. */
static void begin_counting(enum side side)
{
	object_restart(o);
	certain_waits(o);
	endpoints_without_counts(o);
	for (int key = OPS; key <= COPIES; key++)
		uncertain(o, side, key);
	fact(o, TOP, "created", 0);
}

static void held_receiver(void *arg)
{
	(void)arg;
	close_fd(fds[1]);
	must_sock_recv(o, fds[0], 97, 61);
}

/* A receiver asleep, in a process that holds one end only. */
static void run_receiver(unsigned n)
{
	struct task *t;

	(void)n;
	o = object_tcp(fds, AF_INET);
	t = spawn("inet-held-recv", held_receiver, NULL);
	close_fd(fds[0]);
	await_asleep(t, 1, SYS_recvfrom);
	if (!hold())
		return;
	begin_counting(RECV);
	count_wait(o, RECV, EMPTY);
	must_sock_send(o, fds[1], 61);
	count_wake(o, SEND, t);
	join(t);
}

static void held_acceptor(void *arg)
{
	(void)arg;
	CHECK(op_accept(o, listener) >= 0);
}

/* An acceptor asleep before its listener. */
static void run_acceptor(unsigned n)
{
	struct address a;
	struct task *t;

	(void)n;
	o = object_listener(&listener, AF_INET6, 3);
	a = address_of(listener);
	t = spawn("inet-held-acc", held_acceptor, NULL);
	await_asleep(t, 1, SYS_accept);
	if (!hold())
		return;
	begin_counting(OPEN);
	count_wait(o, OPEN, PARTNER);
	CHECK(op_inet_connect(o, socket(AF_INET6, SOCK_STREAM, 0), &a) == 0);
	count_wake(o, OPEN, t);
	join(t);
	fact(o, INTERNALS, "connects", 1);
}

static void held_sender(void *arg)
{
	(void)arg;
	close_fd(fds[0]);
	must_write(o, fds[1], 1u << 20); /* more than both buffers have room for */
}

/* A sender asleep before a full buffer. An acknowledgement that is late may end its wait, too: that is a timer's. */
static void run_sender(unsigned n)
{
	uint64_t left = 1u << 20;
	struct task *t;
	ssize_t ret;

	(void)n;
	o = object_tcp(fds, AF_INET);
	set_buffer(fds[1], SO_SNDBUF, 65537);
	while ((ret = op_send(o, fds[1], 262139, MSG_DONTWAIT)) > 0)
		left += (uint64_t)ret;
	t = spawn("inet-held-send", held_sender, NULL);
	close_fd(fds[1]);
	await_asleep(t, 1, SYS_write);
	if (!hold())
		return;
	begin_counting(SEND);
	uncertain_waits(o);
	range(o, SEND, WAITS, 1, 1000);
	while (left)
		left -= (uint64_t)op_read(o, fds[0], payload(65521), 65521);
	join(t);
}

/* Data inside both ways, nobody asleep. */
static void run_inside(unsigned n)
{
	o = object_tcp(fds, AF_INET);
	for (unsigned i = 0; i < n; i++)
		must_sock_send(o, fds[0], 4093);
	must_sock_send(o, fds[1], 331);
	if (!hold())
		return;
	object_restart(o);
	certain_waits(o);
	fact(o, TOP, "created", 0);
	fact(o, TOP, "balance_bytes", 0);
	ARRIVES(fds[1], must_sock_send(o, fds[0], 59));
	CHECK(op_recv(o, fds[1], n * 4093 + 59, MSG_WAITALL) == (ssize_t)n * 4093 + 59);
	must_sock_recv(o, fds[0], 4093, 331);
	fact(o, DEPTH, "max_bytes", n * 4093 + 331 + 59);
	fact(o, INTERNALS, is_first_end(fds[0]) ? "sent_by_first" : "sent_by_second", 59);
	fact(o, INTERNALS, is_first_end(fds[0]) ? "received_by_first" : "received_by_second", 331);
}

static void held_datagrams(void *arg)
{
	(void)arg;
	must_sock_recv(o, fds[0], 97, 61);
}

/* A receiver of datagrams asleep. */
static void run_udp(unsigned n)
{
	struct address a;
	struct task *t;

	(void)n;
	o = object_receiver(&fds[0], AF_INET);
	a = address_of(fds[0]);
	t = spawn("inet-held-udp", held_datagrams, NULL);
	await_asleep(t, 1, SYS_recvfrom);
	if (!hold())
		return;
	begin_counting(RECV);
	count_wait(o, RECV, EMPTY);
	CHECK(op_inet_sendto(o, socket(AF_INET, SOCK_DGRAM, 0), 61, 0, &a) == 61);
	count_wake(o, SEND, t);
	join(t);
}

static const struct scenario scenarios[] = {
	{"held-inet-recv", "a receiver asleep on a TCP connection", run_receiver, 0},
	{"held-inet-accept", "an acceptor asleep", run_acceptor, 0},
	{"held-inet-send", "a sender asleep before a full buffer", run_sender, 0},
	{"held-inet-inside", "data inside both ways, nobody asleep", run_inside, 7},
	{"held-inet-udp", "a receiver of datagrams asleep", run_udp, 0},
};
REGISTER_SCENARIOS(scenarios, "inet");
