/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* System calls on message queues that count themselves, and what no backend but one sees of them. */
#include "lab/mq.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

const char *mq_name(const char *name)
{
	char *full;

	CHECK(asprintf(&full, "/ipctrace-%s-%d", name, getpid()) > 0);
	return full;
}

struct object *object_mq(mqd_t *mq, const char *name, unsigned maxmsg)
{
	struct mq_attr attr = {.mq_maxmsg = maxmsg, .mq_msgsize = MQ_SIZE};
	const char *full = mq_name(name);
	struct object *o = object_new("mq", "%s", full);

	*mq = mq_open(full, O_CREAT | O_EXCL | O_RDWR, 0600, &attr);
	if (*mq == (mqd_t)-1)
		give_up(errno == ENOSYS ? OUTCOME_UNSUPPORTED : OUTCOME_FAILED, "mq_open: %s", strerror(errno));
	certain(o, OPEN, OPS);
	count(o, OPEN, OPS, 1);
	fact(o, CAPACITY, "slots", maxmsg);
	fact(o, CAPACITY, "bytes", maxmsg * MQ_SIZE);
	fact(o, INTERNALS, "msgsize", MQ_SIZE);
	return o;
}

/* Adds an attempt, its answer and so many bytes; keeps errno for the caller. */
static ssize_t ended(struct object *o, enum side side, ssize_t ret, size_t bytes)
{
	int error = errno;

	count(o, side, OPS, 1);
	if (ret < 0) {
		count_error(o, side, error);
	} else if (side == SEND || side == RECV) {
		count(o, side, BYTES, bytes);
		count(o, side, COPIED, bytes);
	}
	errno = error;
	return ret;
}

static const struct timespec *deadline(unsigned ms)
{
	static __thread struct timespec at;

	if (!ms)
		return NULL;
	clock_gettime(CLOCK_REALTIME, &at);
	at.tv_nsec += ms % 1000 * 1000000l;
	at.tv_sec += ms / 1000 + at.tv_nsec / 1000000000l;
	at.tv_nsec %= 1000000000l;
	return &at;
}

int op_mq_send(struct object *o, mqd_t mq, size_t n, unsigned priority, unsigned ms)
{
	const char *message = payload(n);
	const struct timespec *at = deadline(ms);

	enter_call();
	return (int)ended(o, SEND, syscall(SYS_mq_timedsend, mq, message, n, priority, at), n);
}

ssize_t op_mq_receive(struct object *o, mqd_t mq, char *buf, size_t size, unsigned ms)
{
	const struct timespec *at = deadline(ms);
	ssize_t ret;

	enter_call();
	ret = syscall(SYS_mq_timedreceive, mq, buf, size, NULL, at);
	return ended(o, RECV, ret, ret > 0 ? (size_t)ret : 0);
}

int op_mq_notify(struct object *o, mqd_t mq, const struct sigevent *event)
{
	enter_call();
	return (int)ended(o, CTL, mq_notify(mq, event), 0);
}

int op_mq_getattr(struct object *o, mqd_t mq, struct mq_attr *attr)
{
	enter_call();
	return (int)ended(o, CTL, mq_getattr(mq, attr), 0);
}

void must_mq_send(struct object *o, mqd_t mq, size_t n, unsigned priority)
{
	if (op_mq_send(o, mq, n, priority, 0))
		FAIL("mq_send of %zu bytes to %s: %s", n, object_key(o), strerror(errno));
}

void must_mq_receive(struct object *o, mqd_t mq, size_t expected)
{
	ssize_t ret = op_mq_receive(o, mq, payload(MQ_SIZE), MQ_SIZE, 0);

	if (ret != (ssize_t)expected)
		FAIL("mq_receive from %s: %zd, not %zu (%s)", object_key(o), ret, expected, strerror(errno));
}

static const struct blind blind[] = {
	{"mq", "syscall", "created"},
	{"mq", "syscall", "destroyed"},
	{"mq", "syscall", "close.*"},
	{"mq", "syscall", "balance_bytes"},
	{"mq", "syscall", "discarded_bytes"},
	{"mq", "syscall", "depth.max_bytes"},
	{"mq", "syscall", "residency_ns"},
	{"mq", "syscall", "internals.top_priority"},
	{"mq", "syscall", "internals.handoffs"},
	{"mq", "syscall", "internals.inserts"},
	{"mq", "syscall", "internals.late_inserts"},
	{"mq", "syscall", "internals.notifications"},
	{"mq", "syscall", "internals.max_waiting_senders"},
	{"mq", "syscall", "internals.max_waiting_receivers"},
	{"mq", "syscall", "internals.unlinked"},
	{"mq", "syscall", "internals.priorities.*"},
	{"mq", "syscall", "residency_unfollowed"},
	{"mq", "brief", "residency_ns"},
	{"mq", "brief", "residency_unfollowed"},
	{"mq", "brief", "depth.max_bytes"},
	{"mq", "brief", "internals.priorities.*"},
};
REGISTER_BLIND(blind);
