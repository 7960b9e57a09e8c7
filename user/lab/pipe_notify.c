/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Those who wait for a pipe without being in one of its operations: poll, epoll,
 * SIGIO. Their sleep is no wait on the pipe and their wakeup none that a write gave.
 */
#include "lab/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct object *o;
static int fds[2];

static void polling_reader(void *arg)
{
	unsigned n = *(unsigned *)arg;
	struct pollfd pfd = {.fd = fds[0], .events = POLLIN};

	close_fd(fds[1]);
	for (unsigned i = 0; i < n; i++) {
		enter_call();
		CHECK(syscall(SYS_ppoll, &pfd, 1, NULL, NULL, 8) == 1 && pfd.revents == POLLIN);
		must_read(o, fds[0], 100, 83);
	}
}

static void epoll_reader(void *arg)
{
	unsigned n = *(unsigned *)arg;
	struct epoll_event event = {.events = EPOLLIN};
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	close_fd(fds[1]);
	CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event) == 0);
	for (unsigned i = 0; i < n; i++) {
		enter_call();
		CHECK(syscall(SYS_epoll_pwait, epoll, &event, 1, -1, NULL, 8) == 1);
		must_read(o, fds[0], 100, 83);
	}
}

/* Each round is two calls of the reader: the one that waits for news, and the read. */
static void notify(const char *name, void (*body)(void *), long nr, unsigned n)
{
	struct task *t;

	o = object_pipe(fds, 0);
	certain_waits(o);
	t = spawn(name, body, &n);
	for (unsigned i = 0; i < n; i++) {
		await_asleep(t, 2 * i + 1, nr);
		must_write(o, fds[1], 83);
	}
	join(t);
}

static void run_poll(unsigned n)
{
	notify("polling-reader", polling_reader, SYS_ppoll, n);
	/* Kernels before 5.14 do not remember it; they have no such field to read either. */
	fact(o, INTERNALS, "poll_usage", 1);
}

static void run_epoll(unsigned n)
{
	notify("epoll-reader", epoll_reader, SYS_epoll_pwait, n);
	fact(o, INTERNALS, "poll_usage", 1);
}

static void sigio_reader(void *arg)
{
	unsigned n = *(unsigned *)arg;
	int signal;
	sigset_t set;

	close_fd(fds[1]);
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	CHECK(fcntl(fds[0], F_SETOWN, getpid()) == 0);
	CHECK(fcntl(fds[0], F_SETFL, O_ASYNC) == 0);
	for (unsigned i = 0; i < n; i++) {
		enter_call();
		CHECK(sigwait(&set, &signal) == 0 && signal == SIGIO);
		must_read(o, fds[0], 100, 83);
	}
}

static void run_sigio(unsigned n)
{
	notify("sigio-reader", sigio_reader, SYS_rt_sigtimedwait, n);
	fact(o, INTERNALS, "poll_usage", 0);
}

static const struct scenario scenarios[] = {
	{"poll", "a reader that polls first", run_poll, 31},
	{"epoll", "a reader that waits in epoll first", run_epoll, 31},
	{"sigio", "a reader that waits for SIGIO first", run_sigio, 31},
};
REGISTER_SCENARIOS(scenarios, "pipe,fifo");
