// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about POSIX message queues. */
#include "lab/mq.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "experiment/experiment.h"

enum { SENDER, RECEIVER, SECOND, THIRD };

#define MAXMSG 3u
#define DEADLINE_MS 100

static struct object *o;
static mqd_t mq;

static void one_queue(void)
{
	o = object_mq(&mq, stage_name(), MAXMSG);
}

static void unlink_queue(void)
{
	mq_unlink(mq_name(stage_name()));
}

static void send_11(void)
{
	must_mq_send(o, mq, 11, 0);
}

static void send_13(void)
{
	must_mq_send(o, mq, 13, 0);
}

static void send_17(void)
{
	must_mq_send(o, mq, 17, 0);
}

static void fill(void)
{
	for (unsigned i = 0; i < MAXMSG; i++)
		must_mq_send(o, mq, 97, 0);
}

static void receive(void)
{
	CHECK(op_mq_receive(o, mq, payload(MQ_SIZE), MQ_SIZE, 0) > 0);
}

static void receive_11(void)
{
	must_mq_receive(o, mq, 11);
}

/* Another open of it: O_NONBLOCK is of the open file, which all share. */
static mqd_t open_nonblock(void)
{
	mqd_t other = mq_open(object_key(o), O_RDWR | O_NONBLOCK);

	CHECK(other != (mqd_t)-1);
	count(o, OPEN, OPS, 1);
	return other;
}

static void send_nonblock(void)
{
	CHECK(op_mq_send(o, open_nonblock(), 97, 0, 0) == -1 && errno == EAGAIN);
}

static void receive_nonblock(void)
{
	CHECK(op_mq_receive(o, open_nonblock(), payload(MQ_SIZE), MQ_SIZE, 0) == -1 && errno == EAGAIN);
}

/* ---- mq-args ---- */

static void send_priority_32768(void)
{
	CHECK(op_mq_send(o, mq, 11, 32768, 0) == -1 && errno == EINVAL);
}

static void send_priority_32767(void)
{
	must_mq_send(o, mq, 11, 32767);
}

static void send_too_long(void)
{
	CHECK(op_mq_send(o, mq, MQ_SIZE + 1, 0, 0) == -1 && errno == EMSGSIZE);
}

static void receive_too_short(void)
{
	CHECK(op_mq_receive(o, mq, payload(MQ_SIZE), MQ_SIZE - 1, 0) == -1 && errno == EMSGSIZE);
}

static void judge_args(const struct evidence *e, struct verdict *v)
{
	if (num(e, "einval") == 1 && num(e, "too_long") == 1 && num(e, "too_short") == 1 && num(e, "inside") == 1)
		holds(v, e, "priority 32768: {einval} EINVAL; a message of {msgsize} + 1 bytes: {too_long} EMSGSIZE; a receive with "
			    "room for {msgsize} - 1, though the message has 11: {too_short} EMSGSIZE. {inside} message inside, of "
			    "priority 32767");
	else
		refuted(v, e, "EINVAL {einval} times, EMSGSIZE {too_long} times for sends, {too_short} for receives, {inside} "
			      "messages inside");
}

/* ---- mq-copy ---- */

static void judge_copy(const struct evidence *e, struct verdict *v)
{
	if (num(e, "in") == num(e, "payload") && num(e, "out") == num(e, "payload") && num(e, "payload"))
		holds(v, e, "of {payload} bytes {in} were copied in and {out} copied out");
	else
		refuted(v, e, "of {payload} bytes {in} were copied in and {out} copied out");
}

/* ---- mq-full, mq-empty ---- */

static void judge_full(const struct evidence *e, struct verdict *v)
{
	if (num(e, "inside") == num(e, "maxmsg") && num(e, "eagain") == 1 && num(e, "asleep") == 1 && num(e, "full") == 1 &&
	    num(e, "wakes") == 1)
		holds(v, e, "with {inside} of {maxmsg} messages inside: EAGAIN with O_NONBLOCK; without it {asleep} sender asleep for "
			    "{wait_ns/1000} us, cause 'full', until a receive woke it");
	else
		refuted(v, e, "{inside} of {maxmsg} messages inside: EAGAIN {eagain} times, {asleep} asleep, {full} waits for 'full', "
			      "{wakes} wakeups by receives");
}

static void judge_empty(const struct evidence *e, struct verdict *v)
{
	if (!num(e, "inside") && num(e, "eagain") == 1 && num(e, "asleep") == 1 && num(e, "empty") == 1 && num(e, "wakes") == 1)
		holds(v, e, "with {inside} messages inside: EAGAIN with O_NONBLOCK; without it {asleep} receiver asleep for "
			    "{wait_ns/1000} us, cause 'empty', until a send woke it");
	else
		refuted(v, e, "{inside} messages inside: EAGAIN {eagain} times, {asleep} asleep, {empty} waits for 'empty', {wakes} "
			      "wakeups by sends");
}

/* ---- mq-handoff ---- */

static void judge_handoff(const struct evidence *e, struct verdict *v)
{
	if (num(e, "handoffs") == 1 && !num(e, "inserts") && num(e, "inserts_2") == 1 && num(e, "handoffs_2") == 1)
		holds(v, e, "with a receiver asleep: {handoffs} handoff, {inserts} inserts into the tree; with nobody asleep the next "
			    "message made it {inserts_2} insert");
	else
		refuted(v, e, "with a receiver asleep {handoffs} handoffs and {inserts} inserts, with nobody asleep {handoffs_2} and "
			      "{inserts_2}");
}

/* ---- mq-handoff-prio ---- */

/* The first to come is the least in priority. */
static void be_nice(unsigned who)
{
	static const int nice_of[] = {[RECEIVER] = 15, [SECOND] = 7, [THIRD] = 0};

	if (who == RECEIVER || who == SECOND || who == THIRD)
		CHECK(setpriority(PRIO_PROCESS, 0, nice_of[who]) == 0);
}

static void judge_handoff_prio(const struct evidence *e, struct verdict *v)
{
	if (num(e, "high") == 11 && num(e, "middle") == 13 && num(e, "low") == 17)
		holds(v, e, "asleep in the order nice-15, nice-7, nice-0; the first message ({high} bytes) went to nice-0, the second "
			    "({middle}) to nice-7, the third ({low}) to nice-15, who had come first");
	else
		refuted(v, e, "of the messages of 11, 13 and 17 bytes nice-0 got {high}, nice-7 {middle}, nice-15, who had come "
			      "first, {low}");
}

/* ---- mq-tree ---- */

static void large_queue(void)
{
	o = object_mq(&mq, stage_name(), 10);
}

static void send_four(void)
{
	must_mq_send(o, mq, 11, 1);
	must_mq_send(o, mq, 13, 7);
	must_mq_send(o, mq, 17, 7);
	must_mq_send(o, mq, 19, 3);
}

static void receive_four(void)
{
	for (int i = 0; i < 4; i++)
		receive();
}

static void judge_tree(const struct evidence *e, struct verdict *v)
{
	if (num(e, "out_1") == 13 && num(e, "out_2") == 17 && num(e, "out_3") == 19 && num(e, "out_4") == 11)
		holds(v, e, "sent as 11 bytes of priority 1, 13 of 7, 17 of 7, 19 of 3; received as {out_1}, {out_2}, {out_3}, "
			    "{out_4}: by priority, and within 7 in the order of sending");
	else
		refuted(v, e, "sent as 11 bytes of priority 1, 13 of 7, 17 of 7, 19 of 3; received as {out_1}, {out_2}, {out_3}, "
			      "{out_4}");
}

/* ---- mq-recv-wakes ---- */

static void judge_recv_wakes(const struct evidence *e, struct verdict *v)
{
	if (num(e, "before") == num(e, "maxmsg") && num(e, "after") == num(e, "maxmsg") && num(e, "wakes") == 1)
		holds(v, e, "{before} messages inside before the receive and {after} after it: the waiting sender's was put in by the "
			    "receiver, which gave {wakes} wakeup");
	else
		refuted(v, e, "of {maxmsg} messages {before} inside before the receive, {after} after, {wakes} wakeups");
}

/* ---- mq-timeout ---- */

static void receive_timed(void)
{
	CHECK(op_mq_receive(o, mq, payload(MQ_SIZE), MQ_SIZE, DEADLINE_MS) == -1 && errno == ETIMEDOUT);
}

static void judge_timeout(const struct evidence *e, struct verdict *v)
{
	/* a clock read before the call sets the deadline: a little of it is over when the sleep begins */
	if (num(e, "etimedout") == 1 && num(e, "wait_ns") > DEADLINE_MS * 500000ll && num(e, "waits") == 1)
		holds(v, e, "with a deadline in %d ms: asleep for {wait_ns/1000} us, then ETIMEDOUT", DEADLINE_MS);
	else
		refuted(v, e, "with a deadline in %d ms: {waits} waits of {wait_ns/1000} us, ETIMEDOUT {etimedout} times", DEADLINE_MS);
}

/* ---- mq-notify ---- */

static void caught(int signal)
{
	(void)signal;
}

static void catch_usr1(unsigned who)
{
	if (who != RECEIVER)
		return;
	on_signal(SIGUSR1, caught, SA_RESTART);
	watched("signal", "signal:[%d:SIGUSR1]", getpid());
}

static void want_notification(void)
{
	const struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};

	CHECK(op_mq_notify(o, mq, &event) == 0);
}

static void judge_notify(const struct evidence *e, struct verdict *v)
{
	if (num(e, "registered") && !num(e, "after") && num(e, "first") == 1 && num(e, "second") == 1)
		holds(v, e, "the message to the empty queue sent {first} signal and ended the registration; after the next message it "
			    "still was {second}");
	else
		refuted(v, e, "registered {registered}; {first} signals after the first message, registered {after}; {second} after "
			      "the second");
}

#define FUNCTION_ONLY "the function backend: what lies in the tree is not seen from system calls"

static const struct experiment experiments[] = {
	{
		.id = "mq-args",
		.claim = "priority 32768 or more, or a message longer than mq_msgsize, is refused; so is a receive buffer shorter than "
			 "mq_msgsize",
		.said_by = "D5", .mechs = "mq", .cast = {"sender", "receiver"}, .set = one_queue, .strike = unlink_queue,
		.steps = {
			{"sends with priority 32768: EINVAL", send_priority_32768, SENDER},
			{"sends with priority 32767", send_priority_32767, SENDER},
			{"sends a byte more than mq_msgsize: EMSGSIZE", send_too_long, SENDER},
			{"receives into a byte less than mq_msgsize: EMSGSIZE", receive_too_short, RECEIVER},
		},
		.figures = {
			{"einval", "sends that ended in EINVAL", "send.errors.EINVAL"},
			{"too_long", "sends that ended in EMSGSIZE", "send.errors.EMSGSIZE"},
			{"too_short", "receives that ended in EMSGSIZE", "recv.errors.EMSGSIZE"},
			{"msgsize", "bytes that a message may have", "internals.msgsize"},
			{"inside", "messages inside", "internals.curmsgs"},
		},
		.judge = judge_args,
	},
	{
		.id = "mq-copy",
		.claim = "the message is copied into the kernel (load_msg) and out again (store_msg)",
		.said_by = "D5", .mechs = "mq", .cast = {"sender", "receiver"}, .set = one_queue, .strike = unlink_queue,
		.steps = {
			{"sends 11 bytes", send_11, SENDER},
			{"receives them", receive_11, RECEIVER},
		},
		.figures = {
			{"payload", "bytes sent", "send.bytes"},
			{"in", "bytes copied into the kernel", "send.copied_bytes"},
			{"out", "bytes copied out", "recv.copied_bytes"},
		},
		.judge = judge_copy,
	},
	{
		.id = "mq-full",
		.claim = "a full queue: EAGAIN with O_NONBLOCK, else sleep on the SEND list",
		.said_by = "D5", .mechs = "mq", .cast = {"sender", "receiver"}, .set = one_queue, .strike = unlink_queue,
		.steps = {
			{"sends 3 messages: full", fill, SENDER},
			{"sends with O_NONBLOCK: EAGAIN", send_nonblock, SENDER},
			{"sends, and sleeps", send_11, SENDER, .sleeps_in = ASLEEP_IN(SYS_mq_timedsend)},
			{"receives one", receive, RECEIVER, .ends = ACTOR(SENDER)},
		},
		.figures = {
			{"inside", "messages inside", "internals.curmsgs", 1},
			{"maxmsg", "of which there may be", "internals.maxmsg", 1},
			{"eagain", "sends that ended in EAGAIN", "send.errors.EAGAIN"},
			{"asleep", "senders asleep", "waiting.op=send.#", 3},
			{"full", "waits for the cause 'full'", "send.causes.full"},
			{"wait_ns", "nanoseconds asleep", "send.wait_ns"},
			{"wakes", "wakeups given by receives", "recv.wakes"},
		},
		.judge = judge_full,
	},
	{
		.id = "mq-empty",
		.claim = "an empty queue: EAGAIN with O_NONBLOCK, else sleep on the RECV list",
		.said_by = "D5", .mechs = "mq", .cast = {"sender", "receiver"}, .set = one_queue, .strike = unlink_queue,
		.steps = {
			{"receives with O_NONBLOCK: EAGAIN", receive_nonblock, RECEIVER},
			{"receives, and sleeps", receive_11, RECEIVER, .sleeps_in = ASLEEP_IN(SYS_mq_timedreceive)},
			{"sends 11 bytes", send_11, SENDER, .ends = ACTOR(RECEIVER)},
		},
		.figures = {
			{"inside", "messages inside", "internals.curmsgs", 2},
			{"eagain", "receives that ended in EAGAIN", "recv.errors.EAGAIN"},
			{"asleep", "receivers asleep", "waiting.op=recv.#", 2},
			{"empty", "waits for the cause 'empty'", "recv.causes.empty"},
			{"wait_ns", "nanoseconds asleep", "recv.wait_ns"},
			{"wakes", "wakeups given by sends", "send.wakes"},
		},
		.judge = judge_empty,
	},
	{
		.id = "mq-handoff",
		.claim = "a waiting receiver gets the message directly, the queue tree is not touched",
		.said_by = "D5", .mechs = "mq", .needs = FUNCTION_ONLY,
		.cast = {"sender", "receiver"}, .set = one_queue, .strike = unlink_queue,
		.steps = {
			{"receives, and sleeps", receive_11, RECEIVER, .sleeps_in = ASLEEP_IN(SYS_mq_timedreceive)},
			{"sends 11 bytes", send_11, SENDER, .ends = ACTOR(RECEIVER)},
			{"sends 13 bytes: nobody waits", send_13, SENDER},
		},
		.figures = {
			{"handoffs", "handoffs, with a receiver asleep", "internals.handoffs", 2},
			{"inserts", "inserts into the tree by then", "internals.inserts", 2},
			{"handoffs_2", "handoffs, after the second message", "internals.handoffs", 3},
			{"inserts_2", "inserts by then", "internals.inserts", 3},
		},
		.judge = judge_handoff,
	},
	{
		.id = "mq-handoff-prio",
		.claim = "the waiter chosen is the one with the highest priority",
		.said_by = "D5", .mechs = "mq", .cast = {"sender", "nice-15", "nice-7", "nice-0"}, .set = one_queue,
		.enter = be_nice, .strike = unlink_queue,
		.steps = {
			{"receives, and sleeps", receive, RECEIVER, .sleeps_in = ASLEEP_IN(SYS_mq_timedreceive)},
			{"receives, and sleeps", receive, SECOND, .sleeps_in = ASLEEP_IN(SYS_mq_timedreceive)},
			{"receives, and sleeps", receive, THIRD, .sleeps_in = ASLEEP_IN(SYS_mq_timedreceive)},
			{"sends 11 bytes", send_11, SENDER},
			{"sends 13 bytes", send_13, SENDER},
			{"sends 17 bytes", send_17, SENDER, .ends = ACTOR(RECEIVER) | ACTOR(SECOND) | ACTOR(THIRD)},
		},
		.figures = {
			{"asleep", "receivers asleep", "waiting.op=recv.#", 3},
			{"high", "bytes that nice-0 got", "events.op=recv.comm=nice-0.0.result"},
			{"middle", "bytes that nice-7 got", "events.op=recv.comm=nice-7.0.result"},
			{"low", "bytes that nice-15 got", "events.op=recv.comm=nice-15.0.result"},
			{"wakes", "wakeups given by sends", "send.wakes"},
		},
		.judge = judge_handoff_prio,
	},
	{
		.id = "mq-tree",
		.claim = "a message nobody waits for goes into a tree ordered by priority; FIFO within one priority",
		.said_by = "D5", .mechs = "mq", .cast = {"sender", "receiver"}, .set = large_queue, .strike = unlink_queue,
		.steps = {
			{"sends 11 bytes of priority 1, 13 of 7, 17 of 7, 19 of 3", send_four, SENDER},
			{"receives four", receive_four, RECEIVER},
		},
		.figures = {
			{"inside", "messages inside", "internals.curmsgs", 1},
			{"out_1", "bytes of the first received", "events.op=recv.0.result"},
			{"out_2", "of the second", "events.op=recv.1.result"},
			{"out_3", "of the third", "events.op=recv.2.result"},
			{"out_4", "of the fourth", "events.op=recv.3.result"},
			{"top", "priority of the message that went next", "internals.top_priority", 1, .optional = true},
		},
		.judge = judge_tree,
	},
	{
		.id = "mq-recv-wakes",
		.claim = "a receive on a full queue admits one waiting sender's message and wakes it",
		.said_by = "D5", .mechs = "mq", .cast = {"sender", "receiver", "second"}, .set = one_queue, .strike = unlink_queue,
		.steps = {
			{"sends 3 messages: full", fill, SENDER},
			{"sends, and sleeps", send_11, SENDER, .sleeps_in = ASLEEP_IN(SYS_mq_timedsend)},
			{"sends, and sleeps", send_13, SECOND, .sleeps_in = ASLEEP_IN(SYS_mq_timedsend)},
			{"receives one", receive, RECEIVER, .ends = ACTOR(SENDER)},
		},
		.figures = {
			{"maxmsg", "messages that there may be", "internals.maxmsg"},
			{"before", "messages inside before the receive", "internals.curmsgs", 3},
			{"after", "messages inside after it", "internals.curmsgs", 4},
			{"wakes", "wakeups that it gave", "recv.wakes"},
			{"late", "messages put in for a sender", "internals.late_inserts", .optional = true},
		},
		.judge = judge_recv_wakes,
	},
	{
		.id = "mq-timeout",
		.claim = "timed calls give up at their deadline",
		.said_by = "D5", .mechs = "mq", .cast = {"sender", "receiver"}, .set = one_queue, .strike = unlink_queue,
		.steps = {{"receives with a deadline in 100 ms", receive_timed, RECEIVER}},
		.figures = {
			{"etimedout", "receives that ended in ETIMEDOUT", "recv.errors.ETIMEDOUT"},
			{"waits", "waits", "recv.waits"},
			{"wait_ns", "nanoseconds asleep", "recv.wait_ns"},
		},
		.judge = judge_timeout,
	},
	{
		.id = "mq-notify",
		.claim = "a notification is sent once, when a message arrives on an empty queue with nobody waiting",
		.said_by = "D5", .mechs = "mq,signal", .cast = {"sender", "receiver"}, .set = one_queue, .enter = catch_usr1,
		.strike = unlink_queue,
		.steps = {
			{"asks to be told of a message by SIGUSR1 (mq_notify)", want_notification, RECEIVER},
			{"sends 11 bytes to the empty queue", send_11, SENDER},
			{"sends 13 bytes", send_13, SENDER},
		},
		.figures = {
			{"registered", "a process is registered", "internals.notify", 1},
			{"after", "one still is, after the first message", "internals.notify", 2},
			{"first", "signals sent, after the first message", "send.ops", 2, .object = 1},
			{"second", "signals sent, after the second", "send.ops", 3, .object = 1},
			{"told", "notifications, as the queue has it", "internals.notifications", .optional = true},
			{"code", "si_code of the signal", "internals.last_code", .object = 1, .optional = true},
		},
		.judge = judge_notify,
	},
};

const struct family family_mq = {"mq", "POSIX message queues", experiments, sizeof(experiments) / sizeof(experiments[0])};
