/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sleeping on a System V message queue: for a message, for room, in vain, to the queue's end. */
#include "lab/msg.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct queue q;

static void receiver(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++)
		must_receive(q, 0, 0, 97, 3);
}

/* The receiver always sleeps, and every message is handed over, past the queue. */
static void run_handoff(unsigned n)
{
	struct task *t;

	q = queue_new(IPC_PRIVATE, 0);
	t = spawn("msg-sleeper", receiver, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_msgrcv, q.o, RECV, EMPTY);
		must_send(q, 3, 97);
		count_wake(q.o, SEND, t);
	}
	join(t);
	certain(q.o, RECV, SPURIOUS);
	fact(q.o, INTERNALS, "handoffs", n);
	fact(q.o, INTERNALS, "type_delivered", 3);
	fact(q.o, INTERNALS, "last_receiver", (uint64_t)task_pid(t));
	fact(q.o, DEPTH, "max_slots", 0);
	fact(q.o, DEPTH, "max_bytes", 0);
	fact(q.o, RESIDENCY, "count", n);
	fact(q.o, TOP, "balance_bytes", 0);
	queue_remove(q);
}

struct wish {
	size_t size;
	long type;
	int flags;
	ssize_t result;
};

static void wisher(void *arg)
{
	const struct wish *w = arg;

	CHECK(op_msgrcv(q, w->size, w->type, w->flags) == w->result);
	CHECK(w->result >= 0 || errno == E2BIG);
}

static struct task *asleep_with(struct wish *w)
{
	struct task *t = spawn("msg-wisher", wisher, w);

	await_blocked(t, 1, SYS_msgrcv, q.o, RECV, EMPTY);
	return t;
}

/*
 * Four receivers asleep in this order: too small, for another type, small but it
 * takes what is cut, large. One message wakes the first in vain and goes to the
 * third; the next goes to the second by its type; the last two to the fourth and
 * into the queue.
 */
static void run_choose(unsigned n)
{
	struct wish small = {10, 0, 0, -1}, typed = {100, 8, 0, 37}, cut = {10, -5, MSG_NOERROR, 10},
		    large = {100, 0, 0, 41};
	struct task *t[4];

	(void)n;
	q = queue_new(IPC_PRIVATE, 0);
	t[0] = asleep_with(&small);
	t[1] = asleep_with(&typed);
	t[2] = asleep_with(&cut);
	t[3] = asleep_with(&large);
	must_send(q, 5, 31);
	count_wake(q.o, SEND, t[0]);
	count_wake(q.o, SEND, t[2]);
	join(t[0]);
	join(t[2]);
	must_send(q, 8, 37);
	count_wake(q.o, SEND, t[1]);
	join(t[1]);
	must_send(q, 1, 41);
	count_wake(q.o, SEND, t[3]);
	join(t[3]);
	must_send(q, 1, 43);
	must_receive(q, 0, 0, 43, 1);
	certain(q.o, RECV, SPURIOUS);
	fact(q.o, INTERNALS, "handoffs", 3);
	fact(q.o, INTERNALS, "too_small_receivers", 1);
	fact(q.o, INTERNALS, "truncations", 1);
	fact(q.o, INTERNALS, "selective_receives", 2);
	fact(q.o, DEPTH, "max_slots", 1);
	fact(q.o, DEPTH, "max_bytes", 43);
	fact(q.o, TOP, "discarded_bytes", 21);
	fact(q.o, TOP, "balance_bytes", 0);
	queue_remove(q);
}

static void sender(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++)
		must_send(q, 1, 97);
}

/* The queue is full before the sender begins; every receive makes room for exactly one message. */
static void run_full(unsigned n)
{
	const unsigned fits = 10;
	struct task *t;

	q = queue_new(IPC_PRIVATE, 1000);
	for (unsigned i = 0; i < fits; i++)
		must_send(q, 1, 97);
	t = spawn("msg-sender", sender, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_msgsnd, q.o, SEND, FULL);
		must_receive(q, 0, 0, 97, 1);
		count_wake(q.o, RECV, t);
	}
	join(t);
	certain(q.o, SEND, SPURIOUS);
	fact(q.o, DEPTH, "max_slots", fits);
	fact(q.o, DEPTH, "max_bytes", fits * 97);
	fact(q.o, INTERNALS, "messages", fits);
	fact(q.o, INTERNALS, "bytes", fits * 97);
	fact(q.o, INTERNALS, "handoffs", 0);
	fact(q.o, TOP, "discarded_bytes", fits * 97);
	fact(q.o, TOP, "balance_bytes", 0);
	queue_remove(q);
}

struct rivals {
	struct task *receiver;
	atomic_bool sent[2];
} *rivals;

static void rival(void *arg)
{
	unsigned me = *(unsigned *)arg;

	mark_sleeps();
	must_send(q, 1, 500);
	for (unsigned i = sleeps_since_mark(self()); i > 0; i--) {
		count_wait(q.o, SEND, FULL);
		count_wake_by(q.o, RECV, rivals->receiver, self());
		count(q.o, SEND, SPURIOUS, i > 1);
	}
	rivals->sent[me] = true;
}

/* Room for one message wakes both senders; who comes second finds none, and sleeps on. */
static void run_rivals(unsigned n)
{
	static const unsigned number[2] = {0, 1};
	struct task *t[2];

	rivals = mmap(NULL, sizeof(*rivals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(rivals != MAP_FAILED);
	rivals->receiver = self();
	q = queue_new(IPC_PRIVATE, 1000);
	for (unsigned i = 0; i < n; i++) {
		must_send(q, 1, 600);
		for (unsigned r = 0; r < 2; r++) {
			rivals->sent[r] = false;
			t[r] = spawn("msg-rival", rival, (void *)&number[r]);
			await_sleep(t[r], 1, SYS_msgsnd);
		}
		must_send(q, 2, 400);
		must_receive(q, 1, 0, 600, 1);
		while (!rivals->sent[0] && !rivals->sent[1])
			sched_yield();
		await_sleep(t[rivals->sent[0]], 2, SYS_msgsnd);
		must_receive(q, 1, 0, 500, 1);
		join(t[0]);
		join(t[1]);
		must_receive(q, 2, 0, 400, 2);
		must_receive(q, 1, 0, 500, 1);
	}
	certain(q.o, SEND, SPURIOUS);
	queue_remove(q);
}

static void vain_receiver(void *arg)
{
	(void)arg;
	mark_sleeps();
	must_receive(q, 0, 0, 59, 1);
}

/* Setting a limit wakes every receiver, which finds nothing and sleeps on. */
static void run_vain(unsigned n)
{
	struct task *t;

	q = queue_new(IPC_PRIVATE, 0);
	t = spawn("msg-vain", vain_receiver, NULL);
	await_sleep(t, 1, SYS_msgrcv);
	count_wait(q.o, RECV, EMPTY);
	for (unsigned i = 0; i < n; i++) {
		queue_limit(q, 1000 + i);
		count_wake(q.o, CTL, t);
		await_sleep(t, i + 2, SYS_msgrcv);
		count_wait(q.o, RECV, EMPTY);
	}
	must_send(q, 1, 59);
	count_wake(q.o, SEND, t);
	join(t);
	count(q.o, RECV, SPURIOUS, n);
	certain(q.o, RECV, SPURIOUS);
	fact(q.o, INTERNALS, "handoffs", 1);
	fact(q.o, INTERNALS, "msg_qbytes", 1000 + n - 1);
	queue_remove(q);
}

static void until_removed(void *arg)
{
	bool sends = arg;

	CHECK((sends ? op_msgsnd(q, 1, 97, 0) : op_msgrcv(q, 97, 2, 0)) < 0 && errno == EIDRM);
}

/* IPC_RMID ends the waits of a sender and of a receiver of another type. */
static void run_removed(unsigned n)
{
	struct task *s, *r;

	q = queue_new(IPC_PRIVATE, 1000);
	for (unsigned i = 0; i < n; i++)
		must_send(q, 1, 97);
	s = spawn("msg-removed-s", until_removed, "");
	await_blocked(s, 1, SYS_msgsnd, q.o, SEND, FULL);
	r = spawn("msg-removed-r", until_removed, NULL);
	await_blocked(r, 1, SYS_msgrcv, q.o, RECV, EMPTY);
	queue_remove(q);
	count_wake(q.o, CTL, s);
	count_wake(q.o, CTL, r);
	join(s);
	join(r);
	fact(q.o, TOP, "discarded_bytes", n * 97);
	fact(q.o, TOP, "balance_bytes", 0);
}

static void handler(int signal)
{
	(void)signal;
}

static void interrupted(void *arg)
{
	bool sends = arg;

	on_signal(SIGUSR2, handler, SA_RESTART); /* msgsnd and msgrcv are not restarted all the same */
	advance();
	CHECK((sends ? op_msgsnd(q, 1, 97, 0) : op_msgrcv(q, 97, 2, 0)) < 0 && errno == EINTR);
}

/* A signal ends the waits of a sender and of a receiver. */
static void run_signal(unsigned n)
{
	q = queue_new(IPC_PRIVATE, 1000);
	for (unsigned i = 0; i < 10; i++)
		must_send(q, 1, 97);
	for (unsigned i = 0; i < n; i++) {
		struct task *t = spawn("msg-signaled", interrupted, i % 2 ? "" : NULL);

		await_step(t, 1);
		if (i % 2)
			await_blocked(t, 1, SYS_msgsnd, q.o, SEND, FULL);
		else
			await_blocked(t, 1, SYS_msgrcv, q.o, RECV, EMPTY);
		send_signal(t, SIGUSR2);
		join(t);
	}
	queue_remove(q);
}

static const struct scenario scenarios[] = {
	{"msg-handoff", "every receive sleeps, every send hands its message over", run_handoff, 101},
	{"msg-choose", "four sleepers, and which of them a message goes to", run_choose, 0},
	{"msg-full", "every send finds the queue full, every receive ends its wait", run_full, 101},
	{"msg-rivals", "two senders woken for the room of one", run_rivals, 7},
	{"msg-vain", "IPC_SET wakes a receiver in vain", run_vain, 31},
	{"msg-removed", "IPC_RMID ends the waits of both sides", run_removed, 10},
	{"msg-signal", "a signal ends the waits of both sides", run_signal, 10},
};
REGISTER_SCENARIOS(scenarios, "msg");
