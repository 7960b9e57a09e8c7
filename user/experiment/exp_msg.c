// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about System V message queues. */
#include "lab/msg.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "experiment/experiment.h"

enum { SENDER, RECEIVER, SECOND };

static struct queue q;

/* Waits are the verdicts' affair. */
static void one_queue(void)
{
	q = queue_new(IPC_PRIVATE, 0);
	uncertain_waits(q.o);
}

static void small_queue(void)
{
	q = queue_new(IPC_PRIVATE, 300);
	uncertain_waits(q.o);
}

static void remove_queue(void)
{
	msgctl(q.id, IPC_RMID, NULL);
}

static void send_101(void)
{
	must_send(q, 1, 101);
}

static void receive_101(void)
{
	must_receive(q, 0, 0, 101, 1);
}

/* ---- msg-types ---- */

static void send_types(void)
{
	must_send(q, 3, 11);
	must_send(q, 1, 13);
	must_send(q, 2, 17);
	must_send(q, 1, 19);
}

static void receive_2(void)
{
	must_receive(q, 2, 0, 17, 2);
}

static void receive_up_to_2(void)
{
	must_receive(q, -2, 0, 13, 1);
}

static void receive_any(void)
{
	must_receive(q, 0, 0, 11, 3);
}

static void judge_types(const struct evidence *e, struct verdict *v)
{
	if (num(e, "by_type") == 17 && num(e, "lowest") == 13 && num(e, "first") == 11 && num(e, "left") == 1)
		holds(v, e, "sent: 11 bytes of type 3, 13 of 1, 17 of 2, 19 of 1. msgtyp 2 took {by_type}, msgtyp -2 took {lowest}, "
			    "msgtyp 0 took {first}; {left} is left");
	else
		refuted(v, e, "sent: 11 bytes of type 3, 13 of 1, 17 of 2, 19 of 1. msgtyp 2 took {by_type}, msgtyp -2 took "
			      "{lowest}, msgtyp 0 took {first}; {left} left");
}

/* ---- msg-border ---- */

static void receive_too_small(void)
{
	CHECK(op_msgrcv(q, 50, 0, 0) == -1 && errno == E2BIG);
}

static void receive_cut(void)
{
	CHECK(op_msgrcv(q, 50, 0, MSG_NOERROR) == 50);
}

static void judge_border(const struct evidence *e, struct verdict *v)
{
	if (num(e, "e2big") == 1 && num(e, "inside") == 2 && num(e, "cut") == 50 && num(e, "whole") == 101 && !num(e, "left"))
		holds(v, e, "a buffer of 50 bytes for a message of 101: {e2big} E2BIG, and {inside} messages still inside; with "
			    "MSG_NOERROR it got {cut} bytes and the rest was gone; the next receive got {whole}: the second message");
	else
		refuted(v, e, "E2BIG {e2big} times, {inside} inside; with MSG_NOERROR {cut} bytes, then {whole}; {left} left");
}

/* ---- msg-persist ---- */

static void send_3_and_die(void)
{
	for (int i = 0; i < 3; i++)
		send_101();
	raise(SIGKILL);
}

static void receive_3(void)
{
	for (int i = 0; i < 3; i++)
		receive_101();
}

static void judge_persist(const struct evidence *e, struct verdict *v)
{
	if (num(e, "messages") == 3 && num(e, "bytes") == 303 && num(e, "out") == 303)
		holds(v, e, "the sender was dead; {messages} messages, {bytes} bytes, were inside, and another process received {out}");
	else
		refuted(v, e, "after the sender's death {messages} messages and {bytes} bytes inside; {out} received");
}

/* ---- msg-full ---- */

static void fill(void)
{
	for (int i = 0; i < 3; i++)
		must_send(q, 1, 100);
}

static void send_nowait(void)
{
	CHECK(op_msgsnd(q, 1, 1, IPC_NOWAIT) == -1 && errno == EAGAIN);
}

static void receive_100(void)
{
	must_receive(q, 0, 0, 100, 1);
}

static void send_1(void)
{
	must_send(q, 1, 1);
}

static void receive_rest(void)
{
	receive_100();
	receive_100();
	must_receive(q, 0, 0, 1, 1);
}

static void judge_full(const struct evidence *e, struct verdict *v)
{
	if (num(e, "bytes") == num(e, "limit") && num(e, "eagain") == 1 && num(e, "full") == 1 && num(e, "wakes") == 1 &&
	    num(e, "in") == num(e, "out"))
		holds(v, e, "with {bytes} of {limit} bytes inside: EAGAIN with IPC_NOWAIT; without it asleep for {wait_ns/1000} us, "
			    "cause 'full', until a receive woke it. {in} bytes in, {out} out: nothing was lost");
	else
		refuted(v, e, "with {bytes} of {limit} bytes inside: EAGAIN {eagain} times, {full} waits for 'full', {wakes} wakeups "
			      "by receives; {in} bytes in, {out} out");
}

/* ---- msg-rmid ---- */

static void wait_for_nothing(void)
{
	CHECK(op_msgrcv(q, 100, 0, 0) == -1 && errno == EIDRM);
}

static void remove_it(void)
{
	queue_remove(q);
}

static void judge_rmid(const struct evidence *e, struct verdict *v)
{
	if (num(e, "asleep") == 2 && num(e, "wakes") == 2 && num(e, "eidrm") == 2)
		holds(v, e, "{asleep} receivers were asleep; the removal gave {wakes} wakeups, and {eidrm} receives ended in EIDRM");
	else
		refuted(v, e, "{asleep} receivers asleep; {wakes} wakeups by the removal, {eidrm} EIDRM");
}

static const struct experiment experiments[] = {
	{
		.id = "msg-types",
		.claim = "msgtyp 0 takes the first message, > 0 the first of that type, < 0 the lowest type up to its absolute value",
		.said_by = "D1 D2 D3", .mechs = "msg", .cast = {"sender", "receiver"}, .set = one_queue, .strike = remove_queue,
		.steps = {
			{"sends 11 bytes of type 3, 13 of 1, 17 of 2, 19 of 1", send_types, SENDER},
			{"receives with msgtyp 2", receive_2, RECEIVER},
			{"receives with msgtyp -2", receive_up_to_2, RECEIVER},
			{"receives with msgtyp 0", receive_any, RECEIVER},
		},
		.figures = {
			{"by_type", "bytes got with msgtyp 2", "events.op=recv.0.result"},
			{"lowest", "bytes got with msgtyp -2", "events.op=recv.1.result"},
			{"first", "bytes got with msgtyp 0", "events.op=recv.2.result"},
			{"left", "messages left", "internals.messages"},
			{"skipped", "messages skipped over", "internals.skipped", .optional = true},
		},
		.judge = judge_types,
	},
	{
		.id = "msg-border",
		.claim = "messages keep their borders; too small a buffer: E2BIG unless MSG_NOERROR",
		.said_by = "D1", .mechs = "msg", .cast = {"sender", "receiver"}, .set = one_queue, .strike = remove_queue,
		.steps = {
			{"sends 101 bytes", send_101, SENDER},
			{"sends 101 bytes", send_101, SENDER},
			{"receives into 50: E2BIG", receive_too_small, RECEIVER},
			{"receives into 50 with MSG_NOERROR", receive_cut, RECEIVER},
			{"receives into room enough", receive_101, RECEIVER},
		},
		.figures = {
			{"e2big", "receives that ended in E2BIG", "recv.errors.E2BIG"},
			{"inside", "messages inside after that", "internals.messages", 3},
			{"cut", "bytes got with MSG_NOERROR", "events.op=recv.1.result"},
			{"whole", "bytes got by the next receive", "events.op=recv.2.result"},
			{"left", "messages left", "internals.messages"},
			{"truncations", "messages cut", "internals.truncations", .optional = true},
		},
		.judge = judge_border,
	},
	{
		.id = "msg-persist",
		.claim = "the queue outlives its processes until it is removed",
		.said_by = "D1 D3", .mechs = "msg", .cast = {"sender", "receiver"}, .set = one_queue, .strike = remove_queue,
		.steps = {
			{"sends 3 messages of 101 bytes and is killed", send_3_and_die, SENDER, .kills = true},
			{"receives 3", receive_3, RECEIVER},
		},
		.figures = {
			{"messages", "messages inside, the sender dead", "internals.messages", 1},
			{"bytes", "bytes inside", "internals.bytes", 1},
			{"out", "bytes received", "recv.bytes"},
		},
		.judge = judge_persist,
	},
	{
		.id = "msg-full",
		.claim = "a full queue blocks (msg_qbytes) or gives EAGAIN; nothing is lost silently",
		.said_by = "D1", .mechs = "msg", .cast = {"sender", "receiver"}, .set = small_queue, .strike = remove_queue,
		.steps = {
			{"sends 3 messages of 100 bytes: full", fill, SENDER},
			{"sends a byte with IPC_NOWAIT: EAGAIN", send_nowait, SENDER},
			{"sends a byte, and sleeps", send_1, SENDER, .sleeps_in = ASLEEP_IN(SYS_msgsnd)},
			{"receives 100 bytes", receive_100, RECEIVER, .ends = ACTOR(SENDER)},
			{"receives the rest", receive_rest, RECEIVER},
		},
		.figures = {
			{"bytes", "bytes inside", "internals.bytes", 1},
			{"limit", "msg_qbytes", "internals.msg_qbytes", 1},
			{"eagain", "sends that ended in EAGAIN", "send.errors.EAGAIN"},
			{"full", "waits for the cause 'full'", "send.causes.full"},
			{"wait_ns", "nanoseconds asleep", "send.wait_ns"},
			{"wakes", "wakeups given by receives", "recv.wakes"},
			{"in", "bytes in", "send.bytes"},
			{"out", "bytes out", "recv.bytes"},
		},
		.judge = judge_full,
	},
	{
		.id = "msg-rmid",
		.claim = "removing it wakes all waiters with EIDRM",
		.said_by = "D3", .mechs = "msg", .cast = {"remover", "receiver", "second"}, .set = one_queue,
		.strike = remove_queue,
		.steps = {
			{"receives, and sleeps", wait_for_nothing, RECEIVER, .sleeps_in = ASLEEP_IN(SYS_msgrcv)},
			{"receives, and sleeps", wait_for_nothing, SECOND, .sleeps_in = ASLEEP_IN(SYS_msgrcv)},
			{"removes the queue (IPC_RMID)", remove_it, SENDER, .ends = ACTOR(RECEIVER) | ACTOR(SECOND)},
		},
		.figures = {
			{"asleep", "receivers asleep", "waiting.op=recv.#", 2},
			{"wakes", "wakeups given by the removal", "ctl.wakes"},
			{"eidrm", "receives that ended in EIDRM", "recv.errors.EIDRM"},
		},
		.judge = judge_rmid,
	},
};

const struct family family_msg = {"msg", "System V message queues", experiments, sizeof(experiments) / sizeof(experiments[0])};
