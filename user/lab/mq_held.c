/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Message queues that exist, hold something and have sleepers before ipctrace starts; and two of one name. */
#include "lab/mq.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define ROOM 7u

static struct object *o;
static mqd_t mq;

static void held_queue(const char *scenario)
{
	o = object_mq(&mq, scenario, ROOM);
	CHECK(mq_unlink(object_key(o)) == 0); /* its descriptors keep it, and its name is still shown */
}

/* From here on; a call that sleeps already is seen by some backends only. */
static void begin_counting(enum side side)
{
	object_restart(o);
	certain_waits(o);
	endpoints_without_counts(o);
	for (int key = OPS; key <= COPIES; key++)
		uncertain(o, side, key);
	uncertain(o, OPEN, OPS);
	fact(o, TOP, "created", 0);
	fact(o, TOP, "preexisting", 1);
}

static void receive_one(void *arg)
{
	(void)arg;
	must_mq_receive(o, mq, 97);
}

/* A receiver that sleeps before an empty queue. */
static void run_empty(unsigned n)
{
	struct task *t;

	(void)n;
	held_queue("held-empty");
	t = spawn("held-receiver", receive_one, NULL);
	await_asleep(t, 1, SYS_mq_timedreceive);
	if (!hold())
		return;
	begin_counting(RECV);
	count_wait(o, RECV, EMPTY);
	must_mq_send(o, mq, 97, 0);
	count_wake(o, SEND, t);
	join(t);
	fact(o, INTERNALS, "handoffs", 1);
	fact(o, INTERNALS, "inserts", 0);
}

static void send_one(void *arg)
{
	(void)arg;
	must_mq_send(o, mq, 101, 0);
}

/* A sender that sleeps before a full queue; what is inside was never seen to be sent. */
static void run_full(unsigned n)
{
	struct task *t;

	(void)n;
	held_queue("held-full");
	for (unsigned i = 0; i < ROOM; i++)
		must_mq_send(o, mq, 101, 0);
	t = spawn("held-sender", send_one, NULL);
	await_asleep(t, 1, SYS_mq_timedsend);
	if (!hold())
		return;
	begin_counting(SEND);
	count_wait(o, SEND, FULL);
	must_mq_receive(o, mq, 101);
	count_wake(o, RECV, t);
	join(t);
	fact(o, INTERNALS, "late_inserts", 1);
	fact(o, DEPTH, "max_slots", ROOM);
	fact(o, TOP, "residency_unfollowed", 1);
}

/* Messages inside and nobody asleep. */
static void run_inside(unsigned n)
{
	CHECK(n < ROOM);
	held_queue("held-inside");
	for (unsigned i = 0; i < n; i++)
		must_mq_send(o, mq, 59, 1);
	if (!hold())
		return;
	object_restart(o);
	certain_waits(o);
	uncertain(o, OPEN, OPS);
	fact(o, TOP, "preexisting", 1);
	fact(o, TOP, "balance_bytes", 0);
	must_mq_send(o, mq, 61, 0);
	for (unsigned i = 0; i < n; i++)
		must_mq_receive(o, mq, 59);
	must_mq_receive(o, mq, 61);
	fact(o, DEPTH, "max_slots", n + 1);
	fact(o, DEPTH, "max_bytes", 59 * n + 61);
	fact(o, RESIDENCY, "count", 1);
	fact(o, TOP, "residency_unfollowed", n);
}

/* A queue that nobody has open: its name keeps it, and the messages inside. */
static void run_unheld(unsigned n)
{
	const char *name;

	CHECK(n <= ROOM);
	o = object_mq(&mq, "held-unheld", ROOM);
	name = object_key(o);
	for (unsigned i = 0; i < n; i++)
		must_mq_send(o, mq, 67, 1);
	CHECK(mq_close(mq) == 0);
	if (!hold()) {
		mq_unlink(name);
		return;
	}
	object_restart(o);
	mq = mq_open(name, O_RDWR | O_CLOEXEC);
	CHECK(mq != (mqd_t)-1 && mq_unlink(name) == 0);
	count(o, OPEN, OPS, 1);
	for (unsigned i = 0; i < n; i++)
		must_mq_receive(o, mq, 67);
	fact(o, TOP, "created", 0);
	fact(o, TOP, "balance_bytes", 0);
	fact(o, TOP, "residency_unfollowed", n);
	fact(o, DEPTH, "max_slots", n);
}

/* A queue of the same name in each of two IPC namespaces; by their ids, for the name is no key here. */
static void own_queue(void *arg)
{
	const char *name = arg;
	struct mq_attr attr = {.mq_maxmsg = ROOM, .mq_msgsize = MQ_SIZE};
	struct stat st;

	if (unshare(CLONE_NEWIPC))
		give_up(OUTCOME_UNSUPPORTED, "unshare: %s", strerror(errno));
	mq = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr);
	CHECK(mq != (mqd_t)-1 && mq_unlink(name) == 0 && fstat(mq, &st) == 0);
	o = object_new("mq", "mq:[%u:%u:%ju]", major(st.st_dev), minor(st.st_dev), (uintmax_t)st.st_ino);
	certain(o, OPEN, OPS);
	count(o, OPEN, OPS, 1);
	for (unsigned i = 0; i < ROOM; i++)
		must_mq_send(o, mq, 83, 0);
	for (unsigned i = 0; i < ROOM; i++)
		must_mq_receive(o, mq, 83);
	CHECK(mq_close(mq) == 0);
}

static void run_namespaces(unsigned n)
{
	const char *name = mq_name("namespaces");

	for (unsigned i = 0; i < n; i++)
		join(spawn("mq-namespace", own_queue, (void *)name));
}

static const struct scenario scenarios[] = {
	{"held-mq-empty", "a receiver asleep before an empty queue", run_empty, 0},
	{"held-mq-full", "a sender asleep before a full queue", run_full, 0},
	{"held-mq-inside", "N messages inside, nobody asleep", run_inside, 5},
	{"held-mq-unheld", "N messages in a queue that nobody has open", run_unheld, 5},
	{"mq-namespaces", "a queue of one name in each of N IPC namespaces", run_namespaces, 2},
};
REGISTER_SCENARIOS(scenarios, "mq");
