/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is at which end of a pair, and as whom: processes that use an end, that only hold one, that changed their user. */
#include "lab/unix.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct object *o;
static int fds[2], listener;

#define NOBODY 65534

static void far_user(void *arg)
{
	unsigned n = *(unsigned *)arg;

	close_fd(fds[0]);
	at_end(o, end_of(o, fds[1]));
	for (unsigned i = 0; i < n; i++)
		must_sock_recv(o, fds[1], 97, 61);
	must_sock_send(o, fds[1], 59);
}

static void user_of_both(void *arg)
{
	(void)arg;
	at_end(o, "both");
	must_sock_send(o, fds[0], 61);
	must_sock_send(o, fds[1], 53);
}

/* Three processes: one at each end, one that uses both. */
static void run_ends(unsigned n)
{
	struct task *both, *far;

	o = object_pair(fds, SOCK_SEQPACKET);
	at_end(o, end_of(o, fds[0]));
	both = spawn("unix-both-ends", user_of_both, NULL);
	join(both);
	far = spawn("unix-far-end", far_user, &n);
	close_fd(fds[1]);
	for (unsigned i = 1; i < n; i++)
		must_sock_send(o, fds[0], 61);
	must_sock_recv(o, fds[0], 53, 53);
	join(far);
	must_sock_recv(o, fds[0], 59, 59);
	fact(o, INTERNALS, "ends.first.pid", (uint64_t)getpid());
	fact(o, INTERNALS, "ends.first.uid", getuid());
	fact(o, INTERNALS, "ends.second.pid", (uint64_t)getpid());
}

static void idle(int kept, int closed)
{
	close_fd(closed);
	at_end(o, end_of(o, kept));
	advance();
	await_gate(1);
}

static void idle_near(void *arg)
{
	(void)arg;
	idle(fds[0], fds[1]);
}

static void idle_far(void *arg)
{
	(void)arg;
	idle(fds[1], fds[0]);
}

static void idle_both(void *arg)
{
	(void)arg;
	at_end(o, "both");
	advance();
	await_gate(1);
}

/* Ends that are held and not used, since before the start. */
static void run_held(unsigned n)
{
	void (*const holders[])(void *) = {idle_near, idle_far, idle_both};
	const char *const names[] = {"unix-near", "unix-far", "unix-both"};
	struct task *tasks[3];

	(void)n;
	o = object_pair(fds, SOCK_STREAM);
	for (int i = 0; i < 3; i++) {
		tasks[i] = spawn(names[i], holders[i], NULL);
		await_step(tasks[i], 1);
	}
	if (!hold())
		return;
	object_restart(o);
	must_sock_send(o, fds[0], 61);
	must_sock_recv(o, fds[1], 97, 61);
	fact(o, INTERNALS, "ends.first.pid", (uint64_t)getpid());
	fact(o, INTERNALS, "ends.second.uid", getuid());
	open_gate(1);
	for (int i = 0; i < 3; i++)
		join(tasks[i]);
}

static void connector(void *arg)
{
	unsigned n = *(unsigned *)arg;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct object *pair;

	CHECK(setresgid(NOBODY - 1, NOBODY - 1, NOBODY - 1) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0);
	CHECK(op_connect(o, fd, "@ipctrace-credentials") == 0);
	pair = object_connected(fd);
	at_end(pair, "first");
	fact(pair, INTERNALS, "ends.first.pid", (uint64_t)getpid());
	fact(pair, INTERNALS, "ends.first.uid", NOBODY);
	fact(pair, INTERNALS, "ends.first.gid", NOBODY - 1);
	advance();
	for (unsigned i = 0; i < n; i++)
		CHECK(op_sendcred(pair, fd, 61) == 61);
	must_sock_send(pair, fd, 59);
	await_gate(1);
}

/* Of another user than its listener: as they were when they were connected, and what messages say themselves. */
static void run_credentials(unsigned n)
{
	struct object *pair;
	struct task *t;
	char name[40];
	int fd, on = 1;

	if (getuid())
		give_up(OUTCOME_UNSUPPORTED, "only root changes its user");
	o = object_bound(&listener, SOCK_SEQPACKET, "@ipctrace-credentials", 3);
	CHECK(setsockopt(listener, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0);
	t = spawn("unix-connector", connector, &n);
	fd = op_accept(o, listener);
	CHECK(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0);
	await_step(t, 1);
	pair = object_nth(1);
	at_end(pair, "second");
	for (unsigned i = 0; i < n; i++)
		CHECK(op_recvcred(pair, fd, 61) == 61);
	CHECK(op_recvcred(pair, fd, 97) == 59); /* the kernel tells of whoever sent, asked or not */
	open_gate(1);
	join(t);
	fact(o, INTERNALS, "ends.listener.pid", (uint64_t)getpid());
	fact(o, INTERNALS, "ends.listener.uid", 0);
	fact(pair, INTERNALS, "ends.second.pid", (uint64_t)getpid());
	fact(pair, INTERNALS, "ends.second.uid", 0);
	fact(pair, INTERNALS, "ends.second.gid", getgid());
	fact(pair, INTERNALS, "credentials_sent", n);
	fact(pair, INTERNALS, "credentials_received", n + 1);
	snprintf(name, sizeof(name), "credentials.%d.sends", task_pid(t));
	fact(pair, INTERNALS, strdup(name), n);
	snprintf(name, sizeof(name), "credentials.%d.recvs", task_pid(t));
	fact(pair, INTERNALS, strdup(name), n + 1);
	snprintf(name, sizeof(name), "credentials.%d.uid", task_pid(t));
	fact(pair, INTERNALS, strdup(name), NOBODY);
	snprintf(name, sizeof(name), "credentials.%d.gid", task_pid(t));
	fact(pair, INTERNALS, strdup(name), NOBODY - 1);
}

static const struct scenario scenarios[] = {
	{"unix-ends", "a process at each end, one at both", run_ends, 7},
	{"unix-credentials", "another user connects and passes its credentials", run_credentials, 7},
	{"held-unix-ends", "ends that nobody uses, held since before the start", run_held, 0},
};
REGISTER_SCENARIOS(scenarios, "unix");
