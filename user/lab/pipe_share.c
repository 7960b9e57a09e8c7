/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who holds the ends: passed, inherited, opened again, shared by threads, badly named. */
#include "lab/scenario.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct object *o;
static int fds[2];

/* ---- a descriptor in a message ---- */

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static void send_descriptor(int sock, int fd)
{
	union control control = {.bytes = {0}};
	struct iovec iov = {.iov_base = &(char){'d'}, .iov_len = 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			     .msg_controllen = sizeof(control.bytes)};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	CHECK(sendmsg(sock, &msg, 0) == 1);
}

static int receive_descriptor(int sock)
{
	union control control;
	char byte;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			     .msg_controllen = sizeof(control.bytes)};
	int fd;

	CHECK(recvmsg(sock, &msg, 0) == 1);
	CHECK(msg.msg_controllen >= CMSG_LEN(sizeof(int)));
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

struct hand_over {
	int sock;
	unsigned n;
};

static void stranger(void *arg)
{
	const struct hand_over *h = arg;
	int fd = receive_descriptor(h->sock);

	for (unsigned i = 0; i < h->n; i++)
		must_write(object_nth(0), fd, 41);
}

/* The receiver is older than the pipe: it cannot have inherited it. */
static void run_passed(unsigned n)
{
	struct hand_over h = {.n = n};
	struct task *t;
	int socks[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks) == 0);
	h.sock = socks[1];
	t = spawn("stranger", stranger, &h);
	o = object_pipe(fds, 0);
	send_descriptor(socks[0], fds[1]);
	close_fd(fds[1]);
	drain(o, fds[0], 4096);
	join(t);
}

/* ---- inheritance ---- */

static void grandchild(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++)
		must_write(o, fds[1], 43);
}

static void child(void *arg)
{
	struct task *t;

	close_fd(fds[0]);
	t = spawn("grandchild", grandchild, arg);
	join(t);
	must_write(o, fds[1], 47);
}

static void run_inherited(unsigned n)
{
	struct task *t;

	o = object_pipe(fds, 0);
	t = spawn("child", child, &n);
	close_fd(fds[1]);
	drain(o, fds[0], 4096);
	join(t);
}

/* ---- threads ---- */

static void reading_thread(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++)
		must_read(o, fds[0], 101, 101);
}

/* Both ends in one process: waits and wakeups are between its threads. */
static void run_threads(unsigned n)
{
	char message[101] = "";
	struct task *t;

	o = object_pipe(fds, O_CLOEXEC);
	certain_waits(o);
	t = spawn_thread("reading-thread", reading_thread, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_read, o, RECV, EMPTY);
		CHECK(op_write(o, fds[1], message, sizeof(message)) == sizeof(message));
		count_wake(o, SEND, t);
	}
	join(t);
}

/* ---- opened through /proc ---- */

static void proc_opener(void *arg)
{
	unsigned n = *(unsigned *)arg;
	char path[64];
	int fd;

	close_fd(fds[0]);
	close_fd(fds[1]);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getppid(), fds[1]);
	fd = op_open(o, path, O_WRONLY);
	CHECK(fd >= 0);
	for (unsigned i = 0; i < n; i++)
		must_write(o, fd, 51);
}

/* Neither inherited nor passed: the file system of processes has a name for it. */
static void run_proc_open(unsigned n)
{
	struct task *t;

	o = object_pipe(fds, 0);
	t = spawn("proc-opener", proc_opener, &n);
	for (unsigned i = 0; i < n; i++)
		must_read(o, fds[0], 51, 51);
	join(t);
}

/* ---- names ---- */

#define HOSTILE "\033[31m\"\\\n\t\177x"

static void hostile_writer(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++)
		must_write(o, fds[1], 57);
}

static void run_hostile_name(unsigned n)
{
	struct task *t;

	o = object_pipe(fds, 0);
	t = spawn(HOSTILE, hostile_writer, &n);
	close_fd(fds[1]);
	drain(o, fds[0], 4096);
	join(t);
}

static const struct scenario scenarios[] = {
	{"passed", "an end that came in a message to a process that existed before", run_passed, 101},
	{"inherited", "a grandchild writes, then its parent", run_inherited, 101},
	{"threads", "both ends in one process", run_threads, 101},
	{"proc-open", "an end opened through the descriptor directory in /proc", run_proc_open, 101},
	{"hostile-name", "a writer with escape sequences in its name", run_hostile_name, 31},
};
REGISTER_SCENARIOS(scenarios, "pipe,fifo");
