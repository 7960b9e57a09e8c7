/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Many tasks or many pipes: crowds that sleep, crowds that run. */
#include "lab/scenario.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CROWD_MAX 307u
#define HAMMERS 8u
#define WRITERS 4u

static struct object *o;
static int fds[2];

/* ---- crowds of sleepers ---- */

struct seat {
	struct object *o;
	int read_end, write_end;
};

static void one_byte_reader(void *arg)
{
	const struct seat *seat = arg;

	keep_only(seat->read_end);
	must_read(seat->o, seat->read_end, 1, 1);
}

/* All asleep before the first is woken, each woken by one write of its own. */
static void wake_crowd(struct seat *seats, unsigned n)
{
	struct task *tasks[CROWD_MAX];

	CHECK(n <= CROWD_MAX);
	for (unsigned i = 0; i < n; i++) {
		tasks[i] = spawn("crowd-reader", one_byte_reader, &seats[i]);
		await_blocked(tasks[i], 1, SYS_read, seats[i].o, RECV, EMPTY);
	}
	for (unsigned i = 0; i < n; i++) {
		must_write(seats[i].o, seats[i].write_end, 1);
		count_wake(seats[i].o, SEND, tasks[i]);
		/* Done with the pipe before the next byte comes: it must find it empty again. */
		join(tasks[i]);
	}
}

static void run_crowd_pipes(unsigned n)
{
	struct seat seats[CROWD_MAX];
	int ends[2];

	CHECK(n <= CROWD_MAX);
	for (unsigned i = 0; i < n; i++) {
		seats[i].o = object_pipe(ends, O_CLOEXEC);
		seats[i].read_end = ends[0];
		seats[i].write_end = ends[1];
		certain_waits(seats[i].o);
	}
	wake_crowd(seats, n);
}

/* Readers sleep in a queue, first come first served, and one byte wakes one. */
static void run_crowd_one(unsigned n)
{
	struct seat seats[CROWD_MAX];

	CHECK(n <= CROWD_MAX);
	o = object_pipe(fds, 0);
	certain_waits(o);
	for (unsigned i = 0; i < n; i++)
		seats[i] = (struct seat){o, fds[0], fds[1]};
	wake_crowd(seats, n);
}

/* ---- crowds of runners ---- */

static void small_writer(void *arg)
{
	unsigned n = *(unsigned *)arg;
	char message[61];

	close_fd(fds[0]);
	memset(message, getpid() % 251, sizeof(message));
	for (unsigned i = 0; i < n; i++)
		CHECK(op_write(o, fds[1], message, sizeof(message)) == sizeof(message));
}

/* Up to PIPE_BUF a write is whole, whoever else writes. */
static void run_writers(unsigned n)
{
	struct task *tasks[WRITERS];
	char message[61];
	ssize_t ret;

	o = object_pipe(fds, 0);
	for (unsigned i = 0; i < WRITERS; i++)
		tasks[i] = spawn("one-of-many", small_writer, &n);
	close_fd(fds[1]);
	while ((ret = op_read(o, fds[0], message, sizeof(message))) > 0)
		for (ssize_t i = 0; i < ret; i++)
			CHECK(message[i] == message[0]);
	CHECK(ret == 0);
	for (unsigned i = 0; i < WRITERS; i++)
		join(tasks[i]);
}

/* ---- tasks that end ---- */

static void last_words(void *arg)
{
	(void)arg;
	must_write(o, fds[1], 29);
}

static void patient_reader(void *arg)
{
	unsigned n = *(unsigned *)arg;

	pin_to_cpu(0);
	for (unsigned i = 0; i < n; i++)
		must_read(o, fds[0], 29, 29);
}

/*
 * One CPU: the writer dies right after it has woken the reader, so that the CPU
 * goes from a dead task to one in the middle of an operation.
 */
static void run_last_words(unsigned n)
{
	struct task *t;

	pin_to_cpu(0);
	o = object_pipe(fds, 0);
	certain_waits(o);
	t = spawn("patient-reader", patient_reader, &n);
	for (unsigned i = 0; i < n; i++) {
		struct task *writer;

		await_blocked(t, i + 1, SYS_read, o, RECV, EMPTY);
		writer = spawn("last-words", last_words, NULL);
		join(writer);
		count_wake_by(o, SEND, writer, t);
	}
	join(t);
}

static struct object *back;
static int back_fds[2];

static void pong(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++) {
		must_read(o, fds[0], 4, 4);
		must_write(back, back_fds[1], 4);
	}
}

/*
 * Two pipes, two processes. Either side may find its answer there already, so a
 * wait a round is the most there can be.
 */
static void run_ping_pong(unsigned n)
{
	struct task *t;

	o = object_pipe(fds, 0);
	back = object_pipe(back_fds, 0);
	t = spawn("pong", pong, &n);
	for (unsigned i = 0; i < n; i++) {
		must_write(o, fds[1], 4);
		must_read(back, back_fds[0], 4, 4);
	}
	join(t);
	range(o, RECV, WAITS, 0, n);
	range(back, RECV, WAITS, 0, n);
	range(o, SEND, WAKES, 0, n);
	range(back, SEND, WAKES, 0, n);
}

static void hammer(void *arg)
{
	unsigned n = *(unsigned *)arg;
	char byte = 0;

	pin_to_cpu(0);
	for (unsigned i = 0; i < n; i++) {
		CHECK(op_write(o, fds[1], &byte, 1) == 1);
		CHECK(op_read(o, fds[0], &byte, 1) == 1);
	}
}

/*
 * Tasks that preempt each other inside the tracer's programs, on one CPU: what it
 * counts and what it says it missed must add up. Whoever reads finds its own byte
 * or another's, and never an empty pipe.
 */
static void run_hammer(unsigned n)
{
	struct task *tasks[HAMMERS];

	o = object_pipe(fds, 0);
	for (unsigned i = 0; i < HAMMERS; i++)
		tasks[i] = spawn("hammer", hammer, &n);
	for (unsigned i = 0; i < HAMMERS; i++)
		join(tasks[i]);
}

static const struct scenario scenarios[] = {
	{"crowd-pipes", "N readers asleep on N pipes, woken one by one", run_crowd_pipes, 300},
	{"crowd-one", "N readers asleep on one pipe, woken one by one", run_crowd_one, 300},
	{"writers", "4 writers of N small messages, one reader", run_writers, 251},
	{"last-words", "writers that die as soon as they have woken the reader", run_last_words, 101},
	{"ping-pong", "two processes, two pipes, N rounds", run_ping_pong, 5003},
	{"hammer", "8 tasks on one CPU, N writes and reads each", run_hammer, 5003},
};
REGISTER_SCENARIOS(scenarios, "pipe,fifo");
