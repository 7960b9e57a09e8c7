// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The same messages through System V queues and others: which takes longest. */
#include "lab/mq.h"
#include "lab/msg.h"
#include "lab/unix.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "experiment/experiment.h"

enum { FIRST, SECOND };

#define ROUNDS 11
#define SIZE 61u
#define VALUES 16 /* of 4 bytes each: as much */
#define RT (SIGRTMIN + 2)

static struct queue q;
static struct object *mq_objects[2], *pipes[2], *pair;
static mqd_t mqs[2];
static int pipe_fds[2][2], pair_fds[2];

static void all_ways(void)
{
	sigset_t set;

	q = queue_new(IPC_PRIVATE, 0);
	uncertain_waits(q.o);
	for (unsigned i = 0; i < 2; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%s-%u", stage_name(), i);
		mq_objects[i] = object_mq(&mqs[i], name, 3);
		mq_unlink(mq_name(name));
	}
	for (unsigned i = 0; i < 2; i++)
		pipes[i] = object_pipe(pipe_fds[i], 0);
	pair = object_pair(pair_fds, SOCK_STREAM);
	sigemptyset(&set);
	sigaddset(&set, RT);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
}

static void remove_queue(void)
{
	msgctl(q.id, IPC_RMID, NULL);
}

static void send_msg(unsigned way)
{
	must_send(q, way + 1, SIZE);
}

static void receive_msg(unsigned way)
{
	must_receive(q, way + 1, 0, SIZE, way + 1);
}

static void send_mq(unsigned way)
{
	must_mq_send(mq_objects[way], mqs[way], SIZE, 0);
}

static void receive_mq(unsigned way)
{
	must_mq_receive(mq_objects[way], mqs[way], SIZE);
}

static void send_pipe(unsigned way)
{
	must_write(pipes[way], pipe_fds[way][1], SIZE);
}

static void receive_pipe(unsigned way)
{
	must_read(pipes[way], pipe_fds[way][0], SIZE, SIZE);
}

static void send_unix(unsigned way)
{
	must_sock_send(pair, pair_fds[way], SIZE);
}

static void receive_unix(unsigned way)
{
	must_sock_recv(pair, pair_fds[!way], SIZE, SIZE);
}

static void send_signals(unsigned way)
{
	for (int i = 0; i < VALUES; i++)
		CHECK(sigqueue(cast_pid(way ? FIRST : SECOND), RT, (union sigval){.sival_int = i}) == 0);
}

static void receive_signals(unsigned way)
{
	sigset_t set;
	siginfo_t info;

	(void)way;
	sigemptyset(&set);
	sigaddset(&set, RT);
	for (int i = 0; i < VALUES; i++) {
		enter_call();
		CHECK(sigwaitinfo(&set, &info) == RT && info.si_value.sival_int == i);
	}
}

#define EXCHANGE(name)                               \
	static void ask_by_##name(void)              \
	{                                            \
		for (int i = 0; i < ROUNDS; i++) {   \
			send_##name(0);              \
			receive_##name(1);           \
		}                                    \
	}                                            \
	static void answer_by_##name(void)           \
	{                                            \
		for (int i = 0; i < ROUNDS; i++) {   \
			receive_##name(0);           \
			send_##name(1);              \
		}                                    \
	}

EXCHANGE(msg)
EXCHANGE(mq)
EXCHANGE(pipe)
EXCHANGE(unix)
EXCHANGE(signals)

/* Last of the objects: who it is sent to is known only now. */
static void look_at_signals(void)
{
	watched("signal", "signal:[%d:SIGRTMIN+2]", cast_pid(SECOND));
}

static void judge_slowest(const struct evidence *e, struct verdict *v)
{
	static const char *const others[] = {"mq", "pipe", "unix", "signals"};
	static const char figures[] = "11 messages of 61 bytes, each answered, in us: msg {msg/1000}, mq {mq/1000}, pipe {pipe/1000}, unix "
				      "{unix/1000}, as 16 signals with a value each {signals/1000}";
	bool slower = false, measured = num(e, "msg") > 0;

	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		measured &= num(e, others[i]) > 0;
		slower |= num(e, others[i]) >= num(e, "msg");
	}
	if (!measured)
		unseen(v, e, "some of the exchanges took no time");
	else if (slower)
		refuted(v, e, "%s. 'ipctrace compare' measures it at all sizes, and without probes", figures);
	else
		holds(v, e, "%s. 'ipctrace compare' measures it at all sizes, and without probes", figures);
}

#define ANSWERS(name, nr, what) {"will answer " what, answer_by_##name, SECOND, .sleeps_in = ASLEEP_IN(nr)}
#define ASKS(name) {"sends 11, and awaits each answer", ask_by_##name, FIRST, .ends = ACTOR(SECOND)}

static const struct experiment experiments[] = {
	{
		.id = "msg-slowest",
		.claim = "it is the slowest mechanism, with the highest latency",
		.said_by = "D1", .mechs = "msg,mq,pipe,unix,signal", .cast = {"first", "second"}, .set = all_ways, .strike = remove_queue,
		.steps = {
			{"says which signals will be its", look_at_signals, SECOND},
			ANSWERS(msg, SYS_msgrcv, "messages of 61 bytes in a System V queue"),
			ASKS(msg),
			ANSWERS(mq, SYS_mq_timedreceive, "the same in a POSIX queue"),
			ASKS(mq),
			ANSWERS(pipe, SYS_read, "the same in a pipe"),
			ASKS(pipe),
			ANSWERS(unix, SYS_recvfrom, "the same in a UNIX stream"),
			ASKS(unix),
			ANSWERS(signals, SYS_rt_sigtimedwait, "the same as 16 signals, with 4 bytes each"),
			ASKS(signals),
		},
		.figures = {
			{"msg", "ns from first to last message, msg", "events.op=recv.~time_ns", .object = 0},
			{"mq", "mq", "events.op=recv.~time_ns", .object = 1},
			{"pipe", "pipe", "events.op=recv.~time_ns", .object = 3},
			{"unix", "unix", "events.op=recv.~time_ns", .object = 5},
			{"signals", "signals", "events.op=recv.~time_ns", .object = 6},
		},
		.judge = judge_slowest,
	},
};

const struct family family_msg_speed = {"msg", "System V message queues", experiments, sizeof(experiments) / sizeof(experiments[0])};
