/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* System V message queues: what goes through, in which order, and what comes out cut or not at all. */
#include "lab/msg.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEY 0x1c970000

static struct queue q;

static size_t odd_size(unsigned i)
{
	return 1 + (i * 37) % 149;
}

static void receive_all(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++)
		must_receive(q, 0, 0, odd_size(i), 1 + i % 7);
}

/* All in, then all out, by another process; nobody waits. */
static void run_copy(unsigned n)
{
	size_t bytes = 0;

	q = queue_new(KEY + 1, 0);
	for (unsigned i = 0; i < n; i++) {
		must_send(q, 1 + i % 7, odd_size(i));
		bytes += odd_size(i);
	}
	join(spawn("msg-receiver", receive_all, &n));
	queue_remove(q);
	fact(q.o, TOP, "created", 1);
	fact(q.o, TOP, "balance_bytes", 0);
	fact(q.o, TOP, "discarded_bytes", 0);
	fact(q.o, DEPTH, "slots", 0);
	fact(q.o, DEPTH, "bytes", 0);
	fact(q.o, DEPTH, "max_slots", n);
	fact(q.o, DEPTH, "max_bytes", bytes);
	fact(q.o, RESIDENCY, "count", n);
	fact(q.o, TOP, "residency_unfollowed", 0);
	fact(q.o, INTERNALS, "key", KEY + 1);
	fact(q.o, INTERNALS, "messages", 0);
	fact(q.o, INTERNALS, "last_sender", (uint64_t)task_pid(self()));
	fact(q.o, INTERNALS, "handoffs", 0);
	fact(q.o, INTERNALS, "selective_receives", 0);
	fact(q.o, INTERNALS, "skipped", 0);
	fact(q.o, INTERNALS, "truncations", 0);
}

/* What each receive asks for, what it gets, and how many messages it passes over. */
static void run_types(unsigned n)
{
	static const long sent[] = {5, 3, 9, 3, 7, 8, 6, 2};
	static const struct {
		long type;
		int flags;
		long got;
	} asked[] = {
		{3, 0, 3},	     /* past 5 */
		{-4, 0, 2},	     /* past 5 9 3 7 8 6: 3 would do, 2 is the lowest */
		{-9, 0, 3},	     /* past 5 9: 5 would do */
		{9, MSG_EXCEPT, 5},  /* the first */
		{9, MSG_EXCEPT, 7},  /* past 9 */
		{6, 0, 6},	     /* past 9 8 */
		{0, 0, 9},	     /* the first */
		{-20, 0, 8},	     /* the only one */
	};
	const unsigned cnt = sizeof(sent) / sizeof(sent[0]);

	q = queue_new(KEY + 2, 0);
	for (unsigned round = 0; round < n; round++) {
		for (unsigned i = 0; i < cnt; i++)
			must_send(q, sent[i], 10 + (size_t)sent[i]);
		for (unsigned i = 0; i < cnt; i++)
			must_receive(q, asked[i].type, asked[i].flags, 10 + (size_t)asked[i].got, asked[i].got);
	}
	fact(q.o, INTERNALS, "selective_receives", 7 * n);
	fact(q.o, INTERNALS, "skipped", (1 + 6 + 2 + 0 + 1 + 2 + 0 + 0) * n);
	fact(q.o, INTERNALS, "handoffs", 0);
	fact(q.o, INTERNALS, "types.3.sends", 2 * n);
	fact(q.o, INTERNALS, "types.3.recvs", 2 * n);
	fact(q.o, INTERNALS, "types.9.sends", n);
	fact(q.o, INTERNALS, "types.9.recvs", n);
	fact(q.o, INTERNALS, "types.2.recvs", n);
	fact(q.o, INTERNALS, "type_sent", 2);
	fact(q.o, INTERNALS, "type_asked", 20);
	fact(q.o, INTERNALS, "type_asked_how", 2);
	fact(q.o, INTERNALS, "type_delivered", 8);
	fact(q.o, DEPTH, "max_slots", cnt);
	queue_remove(q);
}

/* MSG_NOERROR: what does not fit is thrown away. */
static void run_truncate(unsigned n)
{
	q = queue_new(IPC_PRIVATE, 0);
	for (unsigned i = 0; i < n; i++) {
		must_send(q, 1, 97);
		CHECK(op_msgrcv(q, 53, 0, MSG_NOERROR) == 53);
		must_send(q, 1, 53);
		CHECK(op_msgrcv(q, 53, 0, MSG_NOERROR) == 53); /* it fits */
	}
	fact(q.o, INTERNALS, "truncations", n);
	fact(q.o, TOP, "discarded_bytes", n * (97 - 53));
	fact(q.o, TOP, "balance_bytes", 0);
	queue_remove(q);
}

/* What fails without waiting; on an id that no queue has, nothing is counted. */
static void run_errors(unsigned n)
{
	q = queue_new(KEY + 3, 1000);
	for (unsigned i = 0; i < n; i++) {
		CHECK(op_msgrcv(q, 100, 0, IPC_NOWAIT) < 0 && errno == ENOMSG);
		must_send(q, 5, 991);
		CHECK(op_msgsnd(q, 1, 10, IPC_NOWAIT) < 0 && errno == EAGAIN);
		CHECK(op_msgsnd(q, 0, 10, IPC_NOWAIT) < 0 && errno == EINVAL);
		CHECK(op_msgrcv(q, 100, 0, IPC_NOWAIT) < 0 && errno == E2BIG);
		CHECK(op_msgrcv(q, 1000, 3, IPC_NOWAIT) < 0 && errno == ENOMSG);
		must_receive(q, 5, IPC_NOWAIT, 991, 5);
	}
	fact(q.o, CAPACITY, "bytes", 1000);
	fact(q.o, INTERNALS, "msg_qbytes", 1000);
	fact(q.o, DEPTH, "max_bytes", 991);
	fact(q.o, DEPTH, "max_slots", 1);
	fact(q.o, TOP, "balance_bytes", 0);
	queue_remove(q);
	CHECK(msgrcv(q.id, NULL, 0, 0, IPC_NOWAIT) < 0 && errno == EINVAL);
}

/* The receiver's memory is not there: the message is taken all the same, and gone. */
static void run_fault(unsigned n)
{
	q = queue_new(IPC_PRIVATE, 0);
	for (unsigned i = 0; i < n; i++) {
		must_send(q, 1, 31);
		must_send(q, 1, 47);
		count(q.o, RECV, OPS, 1);
		CHECK(syscall(SYS_msgrcv, q.id, 8, 100, 0, 0) < 0 && errno == EFAULT);
		count_error(q.o, RECV, EFAULT);
		must_receive(q, 0, 0, 47, 1);
	}
	fact(q.o, TOP, "discarded_bytes", n * 31);
	fact(q.o, TOP, "balance_bytes", 0);
	queue_remove(q);
}

/* MSG_COPY looks at the message at an index, and leaves it. */
static void run_peek(unsigned n)
{
	q = queue_new(IPC_PRIVATE, 0);
	must_send(q, 3, 61);
	must_send(q, 4, 67);
	for (unsigned i = 0; i < n; i++)
		if (op_msgrcv(q, 100, 1, MSG_COPY | IPC_NOWAIT) != 67)
			give_up(errno == ENOSYS ? OUTCOME_UNSUPPORTED : OUTCOME_FAILED, "MSG_COPY: errno %d", errno);
	CHECK(op_msgrcv(q, 100, 2, MSG_COPY | IPC_NOWAIT) < 0 && errno == ENOMSG);
	must_receive(q, 0, 0, 61, 3);
	fact(q.o, INTERNALS, "peeks", n);
	fact(q.o, INTERNALS, "messages", 1);
	fact(q.o, TOP, "discarded_bytes", 67);
	fact(q.o, TOP, "balance_bytes", 0);
	queue_remove(q);
}

static void in_a_namespace(void *arg)
{
	unsigned n = *(unsigned *)arg;

	if (unshare(CLONE_NEWIPC))
		give_up(OUTCOME_UNSUPPORTED, "no IPC namespace: errno %d", errno);
	q = queue_new(KEY + 4, 0);
	CHECK(q.id == 0); /* the first of its namespace */
	for (unsigned i = 0; i < n; i++)
		must_send(q, 1, 17 + n);
	advance();
	await_gate(1);
	for (unsigned i = 0; i < n; i++)
		must_receive(q, 0, 0, 17 + n, 1);
	queue_remove(q);
}

/* Two namespaces, two queues with the same id and the same key. */
static void run_namespaces(unsigned n)
{
	unsigned more = n + 6;
	struct task *a, *b;

	a = spawn("msg-ns-a", in_a_namespace, &n);
	await_step(a, 1);
	b = spawn("msg-ns-b", in_a_namespace, &more);
	await_step(b, 1);
	open_gate(1);
	join(a);
	join(b);
	CHECK(object_nth(0) != object_nth(1));
}

static const struct scenario scenarios[] = {
	{"msg-copy", "N messages of odd sizes and 7 types in, then out", run_copy, 101},
	{"msg-types", "receives that choose: a type, up to a type, all but a type", run_types, 31},
	{"msg-truncate", "messages cut to the receiver's size", run_truncate, 31},
	{"msg-errors", "full, empty, too large, no such type", run_errors, 31},
	{"msg-fault", "a receiver whose memory is not there", run_fault, 7},
	{"msg-peek", "MSG_COPY takes nothing", run_peek, 31},
	{"msg-namespaces", "the same id in two IPC namespaces", run_namespaces, 31},
};
REGISTER_SCENARIOS(scenarios, "msg");

static const struct blind blind[] = {
	{"msg", "syscall", "residency_ns"},
	{"msg", "syscall", "residency_unfollowed"},
	{"msg", "syscall", "depth.max_bytes"}, /* the state is seen between operations */
	{"msg", "syscall", "internals.handoffs"},
	{"msg", "syscall", "internals.selective_receives"},
	{"msg", "syscall", "internals.skipped"},
	{"msg", "syscall", "internals.truncations"},
	{"msg", "syscall", "internals.too_small_receivers"},
	{"msg", "syscall", "internals.peeks"},
	{"msg", "syscall", "internals.types.*"},
	{"msg", "syscall", "internals.type_sent"},
	{"msg", "syscall", "internals.type_asked"},
	{"msg", "syscall", "internals.type_asked_how"},
	{"msg", "syscall", "internals.type_delivered"},
	{"msg", "syscall", "discarded_bytes"}, /* where messages may have been cut */
	{"msg", "syscall", "balance_bytes"},
	{"msg", "brief", "residency_ns"},
	{"msg", "brief", "residency_unfollowed"},
	{"msg", "brief", "depth.max_bytes"},
	{"msg", "brief", "internals.types.*"},
	{"msg", "brief", "internals.type_sent"},
	{"msg", "brief", "internals.type_asked"},
	{"msg", "brief", "internals.type_asked_how"},
	{"msg", "brief", "internals.type_delivered"},
};
REGISTER_BLIND(blind);
