/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* POSIX message queues: which way messages go, who waits, how calls fail, what is left. */
#include "lab/mq.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ROOM 7u
#define CROWD 5u
#define GIVE_UP_MS 250u

static struct object *o;
static mqd_t mq;

static void one_queue(const char *scenario)
{
	o = object_mq(&mq, scenario, ROOM);
	CHECK(mq_unlink(object_key(o)) == 0); /* whatever happens to us, nothing stays behind */
	certain_waits(o);
	fact(o, TOP, "created", 1);
	fact(o, TOP, "destroyed", 1);
	fact(o, TOP, "balance_bytes", 0);
	fact(o, INTERNALS, "unlinked", 1);
}

/* The way that messages went; all that were received have a residency. */
static void ways(unsigned handoffs, unsigned inserts, unsigned late_inserts)
{
	fact(o, INTERNALS, "handoffs", handoffs);
	fact(o, INTERNALS, "inserts", inserts);
	fact(o, INTERNALS, "late_inserts", late_inserts);
}

static void most_waiting(unsigned senders, unsigned receivers)
{
	fact(o, INTERNALS, "max_waiting_senders", senders);
	fact(o, INTERNALS, "max_waiting_receivers", receivers);
}

/* The queue goes with this. */
static void last_close(void)
{
	CHECK(mq_close(mq) == 0);
}

static void receiver(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++)
		must_mq_receive(o, mq, 97);
}

/* The receiver always waits: no message ever enters the tree. */
static void run_handoff(unsigned n)
{
	struct task *t;

	one_queue("handoff");
	t = spawn("mq-receiver", receiver, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_mq_timedreceive, o, RECV, EMPTY);
		must_mq_send(o, mq, 97, i % 31);
		count_wake(o, SEND, t);
	}
	join(t);
	ways(n, 0, 0);
	most_waiting(0, 1);
	fact(o, DEPTH, "max_slots", 0);
	fact(o, RESIDENCY, "count", n);
	certain(o, RECV, SPURIOUS);
	last_close();
}

/* Nobody waits: in N rounds the queue is filled and emptied again, with all sizes from 0 on. */
static void run_insert(unsigned n)
{
	struct mq_attr attr;
	size_t bytes = 0;

	one_queue("insert");
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < ROOM; k++)
			must_mq_send(o, mq, 29 * k, 3);
		CHECK(op_mq_getattr(o, mq, &attr) == 0 && attr.mq_curmsgs == ROOM);
		for (unsigned k = 0; k < ROOM; k++)
			must_mq_receive(o, mq, 29 * k);
	}
	for (unsigned k = 0; k < ROOM; k++)
		bytes += 29 * k;
	ways(0, n * ROOM, 0);
	most_waiting(0, 0);
	fact(o, DEPTH, "max_slots", ROOM);
	fact(o, DEPTH, "max_bytes", bytes);
	fact(o, RESIDENCY, "count", n * ROOM);
	last_close();
}

static void sender(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++)
		must_mq_send(o, mq, 101, 5);
}

/* The queue is full before the sender begins: each receive makes room for the message of a sleeping sender. */
static void run_late_insert(unsigned n)
{
	struct task *t;

	one_queue("late-insert");
	for (unsigned i = 0; i < ROOM; i++)
		must_mq_send(o, mq, 101, 5);
	t = spawn("mq-sender", sender, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_mq_timedsend, o, SEND, FULL);
		must_mq_receive(o, mq, 101);
		count_wake(o, RECV, t);
	}
	join(t);
	for (unsigned i = 0; i < ROOM; i++)
		must_mq_receive(o, mq, 101);
	ways(0, ROOM, n);
	most_waiting(1, 0);
	fact(o, DEPTH, "max_slots", ROOM);
	fact(o, DEPTH, "max_bytes", ROOM * 101);
	fact(o, RESIDENCY, "count", n + ROOM);
	certain(o, SEND, SPURIOUS);
	last_close();
}

/* A crowd in each of the two lists of sleepers, one after the other. */
static void run_crowd(unsigned n)
{
	struct task *tasks[CROWD];
	unsigned one = 1;

	(void)n;
	one_queue("crowd");
	for (unsigned i = 0; i < CROWD; i++) {
		unsigned size = 1;

		tasks[i] = spawn("mq-receiver", receiver, &size);
		await_blocked(tasks[i], 1, SYS_mq_timedreceive, o, RECV, EMPTY);
	}
	for (unsigned i = 0; i < CROWD; i++) { /* who came first is served first */
		must_mq_send(o, mq, 97, 0);
		count_wake(o, SEND, tasks[i]);
		join(tasks[i]);
	}
	for (unsigned i = 0; i < ROOM; i++)
		must_mq_send(o, mq, 101, 0);
	for (unsigned i = 0; i < CROWD; i++) {
		tasks[i] = spawn("mq-sender", sender, &one);
		await_blocked(tasks[i], 1, SYS_mq_timedsend, o, SEND, FULL);
	}
	for (unsigned i = 0; i < CROWD; i++) {
		must_mq_receive(o, mq, 101);
		count_wake(o, RECV, tasks[i]);
		join(tasks[i]);
	}
	for (unsigned i = 0; i < ROOM; i++)
		must_mq_receive(o, mq, 101);
	ways(CROWD, ROOM, CROWD);
	most_waiting(CROWD, CROWD);
	last_close();
}

static void must_fail(ssize_t ret, int error)
{
	if (ret >= 0 || errno != error)
		FAIL("%zd (%s), and not %s", ret, strerror(errno), strerror(error));
}

/* Calls that give up: after a while, at once, or before they begin. */
static void run_failures(unsigned n)
{
	struct mq_attr attr = {.mq_flags = O_NONBLOCK};

	one_queue("failures");
	for (unsigned i = 0; i < n; i++) {
		must_fail(op_mq_receive(o, mq, payload(MQ_SIZE), MQ_SIZE, GIVE_UP_MS), ETIMEDOUT);
		count_wait(o, RECV, EMPTY);
	}
	for (unsigned i = 0; i < ROOM; i++)
		must_mq_send(o, mq, 3, 0);
	for (unsigned i = 0; i < n + 1; i++) {
		must_fail(op_mq_send(o, mq, 5, 0, GIVE_UP_MS), ETIMEDOUT);
		count_wait(o, SEND, FULL);
	}
	must_fail(op_mq_send(o, mq, MQ_SIZE + 1, 0, 0), EMSGSIZE);
	must_fail(op_mq_receive(o, mq, payload(MQ_SIZE), MQ_SIZE - 1, 0), EMSGSIZE);
	CHECK(mq_setattr(mq, &attr, NULL) == 0);
	count(o, CTL, OPS, 1);
	must_fail(op_mq_send(o, mq, 5, 0, 0), EAGAIN);
	for (unsigned i = 0; i < ROOM; i++)
		must_mq_receive(o, mq, 3);
	must_fail(op_mq_receive(o, mq, payload(MQ_SIZE), MQ_SIZE, 0), EAGAIN);
	ways(0, ROOM, 0);
	fact(o, INTERNALS, "timeouts", 2 * n + 1);
	fact(o, DEPTH, "max_bytes", 3 * ROOM);
	last_close();
}

static void nothing(int signal)
{
	(void)signal;
}

static void interrupted_receiver(void *arg)
{
	(void)arg;
	on_signal(SIGUSR1, nothing, 0);
	must_fail(op_mq_receive(o, mq, payload(MQ_SIZE), MQ_SIZE, 0), EINTR);
}

/* A signal ends the wait, and the call with it. */
static void run_interrupted(unsigned n)
{
	struct task *t;

	(void)n;
	one_queue("interrupted");
	t = spawn("mq-interrupted", interrupted_receiver, NULL);
	await_blocked(t, 1, SYS_mq_timedreceive, o, RECV, EMPTY);
	send_signal(t, SIGUSR1);
	join(t);
	ways(0, 0, 0);
	fact(o, INTERNALS, "timeouts", 0);
	last_close();
}

/* The registered process is told of a message to an empty queue, once, unless a receiver takes it. */
static void run_notification(unsigned n)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	unsigned one = 1;
	struct task *t;

	one_queue("notification");
	on_signal(SIGUSR1, SIG_IGN, 0);
	for (unsigned i = 0; i < n; i++) {
		CHECK(op_mq_notify(o, mq, &event) == 0);
		must_mq_send(o, mq, 97, 0); /* tells */
		must_mq_send(o, mq, 97, 0); /* nobody is registered any more */
		must_mq_receive(o, mq, 97);
		must_mq_receive(o, mq, 97);
	}
	CHECK(op_mq_notify(o, mq, &event) == 0);
	must_fail(op_mq_notify(o, mq, &event), EBUSY);
	t = spawn("mq-receiver", receiver, &one);
	await_blocked(t, 1, SYS_mq_timedreceive, o, RECV, EMPTY);
	must_mq_send(o, mq, 97, 0); /* the receiver has it: the queue stays empty */
	count_wake(o, SEND, t);
	join(t);
	ways(1, 2 * n, 0);
	fact(o, INTERNALS, "notifications", n);
	last_close();
}

/* Messages of many priorities, the highest first, some of which stay. */
static void run_priorities(unsigned n)
{
	static const unsigned priorities[] = {0, 3, 31, 32767};

	one_queue("priorities");
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < 4; k++)
			must_mq_send(o, mq, 11 + k, priorities[k]);
		for (unsigned k = 4; k-- > (i + 1 == n ? 2u : 0u);)
			must_mq_receive(o, mq, 11 + k);
	}
	fact(o, INTERNALS, "priorities.0.sends", n);
	fact(o, INTERNALS, "priorities.0.recvs", n - 1);
	fact(o, INTERNALS, "priorities.3.sends", n);
	fact(o, INTERNALS, "priorities.3.recvs", n - 1);
	fact(o, INTERNALS, "priorities.31.recvs", n);
	fact(o, INTERNALS, "priorities.32767.sends", n);
	fact(o, INTERNALS, "priorities.32767.recvs", n);
	fact(o, INTERNALS, "top_priority", 3);
	fact(o, INTERNALS, "curmsgs", 2);
	fact(o, INTERNALS, "qsize", 11 + 12);
	fact(o, TOP, "discarded_bytes", 11 + 12);
	last_close();
}

/* Messages stay for a while: residency is theirs, not the receiver's. */
static void run_residency(unsigned n)
{
	const struct timespec while_ = {.tv_nsec = 50000000};

	one_queue("residency");
	CHECK(n <= ROOM);
	for (unsigned i = 0; i < n; i++)
		must_mq_send(o, mq, 13, 0);
	nanosleep(&while_, NULL);
	for (unsigned i = 0; i < n; i++)
		must_mq_receive(o, mq, 13);
	fact(o, RESIDENCY, "count", n);
	fact_range(o, RESIDENCY, "sum", n * 50000000ull, n * 5000000000ull);
	last_close();
}

/* Left inside when the queue goes, and taken into a buffer that is not there: both are gone. */
static void run_left(unsigned n)
{
	char *nowhere = mmap(NULL, page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mqd_t again;

	CHECK(n + 2 <= ROOM && nowhere != MAP_FAILED);
	one_queue("left");
	for (unsigned i = 0; i < n + 1; i++)
		must_mq_send(o, mq, 31, i);
	must_fail(op_mq_receive(o, mq, nowhere, MQ_SIZE, 0), EFAULT);
	CHECK(op_mq_send(o, mq, 7, 0, 0) == 0);
	again = dup(mq);
	CHECK(again >= 0);
	CHECK(mq_close(again) == 0);
	fact(o, TOP, "discarded_bytes", 31 * (n + 1) + 7);
	certain(o, CLOSE, OPS);
	count(o, CLOSE, OPS, 2);
	last_close();
}

static const struct scenario scenarios[] = {
	{"mq-handoff", "every receive waits: messages go from hand to hand", run_handoff, 211},
	{"mq-insert", "nobody waits: N times the queue is filled and emptied", run_insert, 31},
	{"mq-late-insert", "every send waits, and the receiver puts its message in", run_late_insert, 211},
	{"mq-crowd", "several receivers, then several senders asleep", run_crowd, 0},
	{"mq-failures", "N sends and receives that time out, and others that fail at once", run_failures, 3},
	{"mq-interrupted", "a signal ends a receiver's wait", run_interrupted, 0},
	{"mq-notification", "a process registers N times to be told of a message", run_notification, 29},
	{"mq-priorities", "N times messages of four priorities, some of which stay", run_priorities, 17},
	{"mq-residency", "N messages stay in the queue for a while", run_residency, 5},
	{"mq-left", "N messages are in the queue when it goes, one was lost", run_left, 5},
};
REGISTER_SCENARIOS(scenarios, "mq");
