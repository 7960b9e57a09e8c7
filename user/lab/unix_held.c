/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sockets that were connected, filled and waited on before ipctrace starts. Both
 * ends are held by different processes, and the first holder may be gone.
 */
#include "lab/unix.h"

#include <sys/syscall.h>
#include <unistd.h>

static struct object *o;
static int fds[2], listener;
static const char *path;

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
	o = object_pair(fds, SOCK_STREAM);
	t = spawn("unix-held-recv", held_receiver, NULL);
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
	struct task *t;

	(void)n;
	path = scratch_path("held-listener");
	o = object_bound(&listener, SOCK_STREAM, path, 3);
	t = spawn("unix-held-acc", held_acceptor, NULL);
	await_asleep(t, 1, SYS_accept);
	if (!hold())
		return;
	begin_counting(OPEN);
	count_wait(o, OPEN, PARTNER);
	CHECK(op_connect(o, socket(AF_UNIX, SOCK_STREAM, 0), path) == 0);
	count_wake(o, OPEN, t);
	join(t);
	fact(o, INTERNALS, "connects", 1);
}

static void held_sender(void *arg)
{
	(void)arg;
	close_fd(fds[0]);
	must_write(o, fds[1], 4093);
}

/* A sender asleep before a full buffer. */
static void run_sender(unsigned n)
{
	unsigned filled = 0;
	struct task *t;

	(void)n;
	o = object_pair(fds, SOCK_STREAM);
	while (op_send(o, fds[1], 4093, MSG_DONTWAIT) > 0)
		filled++;
	t = spawn("unix-held-send", held_sender, NULL);
	close_fd(fds[1]);
	await_asleep(t, 1, SYS_write);
	if (!hold())
		return;
	begin_counting(SEND);
	count_wait(o, SEND, FULL);
	while (filled--)
		must_sock_recv(o, fds[0], 4093, 4093);
	count_wake(o, RECV, t);
	join(t);
}

/* Data inside both ways, its sender gone, nobody asleep. */
static void run_inside(unsigned n)
{
	o = object_pair(fds, SOCK_STREAM);
	for (unsigned i = 0; i < n; i++)
		must_sock_send(o, fds[0], 4093);
	must_sock_send(o, fds[1], 331);
	if (!hold())
		return;
	object_restart(o);
	certain_waits(o);
	fact(o, TOP, "created", 0);
	fact(o, TOP, "balance_bytes", 0);
	must_sock_send(o, fds[0], 59);
	for (unsigned i = 0; i < n; i++)
		must_sock_recv(o, fds[1], 4093, 4093);
	must_sock_recv(o, fds[1], 4093, 59);
	must_sock_recv(o, fds[0], 4093, 331);
	fact(o, INTERNALS, "received_by_first", 331);
	fact(o, INTERNALS, "received_by_second", n * 4093 + 59);
	fact(o, RESIDENCY, "count", 1);
	fact(o, TOP, "residency_unfollowed", n + 1);
}

static const struct scenario scenarios[] = {
	{"held-unix-recv", "a receiver asleep on a socket pair", run_receiver, 0},
	{"held-unix-accept", "an acceptor asleep", run_acceptor, 0},
	{"held-unix-send", "a sender asleep before a full buffer", run_sender, 0},
	{"held-unix-inside", "data inside both ways, nobody asleep", run_inside, 7},
};
REGISTER_SCENARIOS(scenarios, "unix");
