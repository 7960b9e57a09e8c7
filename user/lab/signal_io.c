/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signals that a descriptor brings: a pipe that can be read, a queue that has a message. */
#include "lab/signal.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct object *o;
static int fds[2];

static void nothing(int sig)
{
	(void)sig;
}

/* Each is taken before the next one is sent. */
static void take(int sig)
{
	const struct timespec patience = {.tv_sec = 60};
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	CHECK(sigtimedwait(&set, &info, &patience) == sig);
	count(o, RECV, OPS, 1);
}

/* Every write tells the reader; the pipe says so, not the writer. sig: F_SETSIG. */
static void by_pipe(unsigned n, int sig)
{
	o = signal_object(getpid(), sig);
	on_signal(sig, nothing, 0);
	block_signal(sig);
	CHECK(pipe(fds) == 0 && fcntl(fds[0], F_SETOWN, getpid()) == 0);
	if (sig != SIGIO)
		CHECK(fcntl(fds[0], F_SETSIG, sig) == 0);
	CHECK(fcntl(fds[0], F_SETFL, O_ASYNC) == 0);
	for (unsigned i = 0; i < n; i++) {
		CHECK(write(fds[1], "x", 1) == 1);
		count_kind(o, SEND, "file", 1);
		take(sig);
		CHECK(read(fds[0], payload(11), 11) == 1);
	}
	CHECK(fcntl(fds[0], F_SETFL, 0) == 0); /* its end would tell, too */
	fact(o, INTERNALS, "generated", n);
	fact(o, INTERNALS, "sigwait", n);
}

static void run_sigio(unsigned n)
{
	by_pipe(n, SIGIO);
}

static void run_realtime(unsigned n)
{
	by_pipe(n, SIGRTMIN + 3);
}

static mqd_t queue;

static void sender(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++) {
		await_gate(i + 1);
		CHECK(mq_send(queue, payload(11), 11, 0) == 0);
		signal_sent(o, 0);
	}
}

/* mq_notify: the first message to an empty queue brings a signal, from whoever sent it. */
static void run_notify(unsigned n)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct mq_attr attr = {.mq_maxmsg = 3, .mq_msgsize = 11};
	const char *name = "/ipctrace-notify";
	struct task *t;

	o = signal_object(getpid(), SIGUSR1);
	block_signal(SIGUSR1);
	mq_unlink(name);
	queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600, &attr);
	if (queue == (mqd_t)-1)
		give_up(OUTCOME_UNSUPPORTED, "no POSIX queues here: %s", strerror(errno));
	CHECK(mq_unlink(name) == 0);
	t = spawn("mq-notifier", sender, &n);
	for (unsigned i = 0; i < n; i++) {
		CHECK(mq_notify(queue, &event) == 0);
		open_gate(i + 1);
		take(SIGUSR1);
		CHECK(mq_receive(queue, payload(11), 11, NULL) == 11);
	}
	join(t);
	fact(o, INTERNALS, "seen_pid", (uint64_t)task_pid(t));
}

static const struct scenario scenarios[] = {
	{"sig-io", "SIGIO of a pipe that can be read", run_sigio, 31},
	{"sig-io-realtime", "another signal in its place (F_SETSIG)", run_realtime, 31},
	{"sig-mq-notify", "a message to a queue with mq_notify()", run_notify, 31},
};
REGISTER_SCENARIOS(scenarios, "signal");
