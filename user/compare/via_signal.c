// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* sigqueue() of a real-time signal with a value, taken by sigwaitinfo(). */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "compare/transport.h"

static int block(struct channel *c)
{
	sigset_t set;

	c->part = sizeof(union sigval);
	c->limit = "one value";
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	return sigprocmask(SIG_BLOCK, &set, NULL) ? -errno : 0;
}

/* A full queue (RLIMIT_SIGPENDING) refuses: there is nothing to wait on. */
static ssize_t send_value(struct channel *c, const char *buf, size_t n, bool wait)
{
	union sigval value = { 0 };

	(void)wait;
	memcpy(&value, buf, n);
	c->calls++;
	return sigqueue(c->receiver, SIGRTMIN, value) ? -errno : (ssize_t)n;
}

static ssize_t receive_value(struct channel *c, char *buf, size_t n)
{
	siginfo_t info;
	sigset_t set;

	if (n > sizeof(union sigval))
		n = sizeof(union sigval);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	c->calls++;
	if (sigwaitinfo(&set, &info) < 0)
		return -errno;
	memcpy(buf, &info.si_value, n);
	return n;
}

const struct transport transport_signal = {
	.name = "signal",
	.mechanisms = "signal",
	.how = "sigqueue with a value of 8 bytes, sigwaitinfo",
	.borders = true,
	.uncounted = true,
	.open = block,
	.send = send_value,
	.receive = receive_value,
};
