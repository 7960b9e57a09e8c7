/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queues, messages and sleepers that were there before ipctrace (see held.c). */
#include "lab/msg.h"

#include <sys/syscall.h>
#include <unistd.h>

#define CROWD_MAX 101u

static struct queue queues[CROWD_MAX];

/* From here on; what the sleepers' own calls move is seen by some backends only. */
static void begin_counting(struct queue q, enum side side)
{
	object_restart(q.o);
	certain_waits(q.o);
	endpoints_without_counts(q.o);
	for (int key = OPS; key <= COPIES; key++)
		uncertain(q.o, side, key);
	fact(q.o, TOP, "created", 0);
	fact(q.o, TOP, "preexisting", 1);
}

static void held_receiver(void *arg)
{
	must_receive(*(struct queue *)arg, -7, 0, 73, 5);
}

/* N receivers asleep on N queues: each is handed its message. */
static void run_receivers(unsigned n)
{
	struct task *tasks[CROWD_MAX];

	CHECK(n <= CROWD_MAX);
	for (unsigned i = 0; i < n; i++) {
		queues[i] = queue_new(IPC_PRIVATE, 0);
		tasks[i] = spawn("held-receiver", held_receiver, &queues[i]);
		await_asleep(tasks[i], 1, SYS_msgrcv);
	}
	if (!hold())
		return;
	for (unsigned i = 0; i < n; i++) {
		begin_counting(queues[i], RECV);
		count_wait(queues[i].o, RECV, EMPTY);
		must_send(queues[i], 5, 73);
		count_wake(queues[i].o, SEND, tasks[i]);
		join(tasks[i]);
		fact(queues[i].o, INTERNALS, "handoffs", 1);
		queue_remove(queues[i]);
	}
}

static void held_sender(void *arg)
{
	must_send(*(struct queue *)arg, 1, 97);
}

/* A sender asleep before a queue that has no room. */
static void run_full(unsigned n)
{
	struct queue *q = &queues[0];
	struct task *t;

	*q = queue_new(0x1c970010, 1000);
	for (unsigned i = 0; i < n; i++)
		must_send(*q, 2, 97);
	t = spawn("held-sender", held_sender, q);
	await_asleep(t, 1, SYS_msgsnd);
	fact(q->o, CAPACITY, "bytes", 1000);
	fact(q->o, DEPTH, "max_slots", n);
	fact(q->o, INTERNALS, "key", 0x1c970010);
	if (!hold())
		return;
	begin_counting(*q, SEND);
	count_wait(q->o, SEND, FULL);
	must_receive(*q, 0, 0, 97, 2);
	count_wake(q->o, RECV, t);
	join(t);
	queue_remove(*q);
}

/* Messages inside and nobody asleep: what is received later was never seen to be sent. */
static void run_inside(unsigned n)
{
	struct queue *q = &queues[0];

	*q = queue_new(0x1c970011, 0);
	for (unsigned i = 0; i < n; i++)
		must_send(*q, 1, 83);
	if (!hold())
		return;
	object_restart(q->o);
	certain_waits(q->o);
	fact(q->o, TOP, "created", 0);
	fact(q->o, TOP, "preexisting", 1);
	fact(q->o, TOP, "balance_bytes", 0);
	must_send(*q, 1, 59);
	for (unsigned i = 0; i < n; i++)
		must_receive(*q, 0, 0, 83, 1);
	must_receive(*q, 0, 0, 59, 1);
	fact(q->o, RESIDENCY, "count", 1);
	fact(q->o, TOP, "residency_unfollowed", n);
	fact(q->o, DEPTH, "max_slots", n + 1);
	queue_remove(*q);
}

static const struct scenario scenarios[] = {
	{"held-msg-receivers", "N receivers asleep on N queues", run_receivers, 101},
	{"held-msg-full", "a sender asleep before a full queue", run_full, 10},
	{"held-msg-inside", "messages inside, nobody asleep", run_inside, 7},
};
REGISTER_SCENARIOS(scenarios, "msg");
