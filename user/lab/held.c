/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * States that exist before ipctrace starts. Each is brought about, announced
 * (--ready), held, and on SIGUSR1 resolved and counted from there on: what ended
 * before the announcement is no part of the truth, and a call that was already
 * under way is seen by some backends only (so its ops and bytes are left out).
 */
#include "lab/scenario.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RING 16u
#define CROWD_MAX 307u

static struct object *o;
static int fds[2];

/* From here on; the waits in progress are counted by whoever ends them. */
static void begin_counting(struct object *held, enum side side)
{
	object_restart(held);
	certain_waits(held);
	endpoints_without_counts(held);
	for (int key = OPS; key <= COPIES; key++)
		uncertain(held, side, key);
	fact(held, TOP, "created", 0);
}

static void full_writer(void *arg)
{
	(void)arg;
	close_fd(fds[0]);
	for (unsigned i = 0; i < RING + 1; i++)
		must_write(o, fds[1], page_size());
}

/* A writer that sleeps before a ring of 16 full slots. */
static void run_full(unsigned n)
{
	struct task *t;

	(void)n;
	o = object_pipe(fds, 0);
	t = spawn("full-writer", full_writer, NULL);
	await_asleep(t, RING + 1, SYS_write);
	fact(o, CAPACITY, "slots", RING);
	fact(o, DEPTH, "max_slots", RING);
	fact(o, DEPTH, "max_bytes", RING * page_size());
	if (!hold())
		return;
	begin_counting(o, SEND);
	count_wait(o, SEND, FULL);
	must_read(o, fds[0], page_size(), page_size());
	count_wake(o, RECV, t);
	join(t);
}

struct seat {
	struct object *o;
	int read_end, write_end;
};

static void held_reader(void *arg)
{
	const struct seat *seat = arg;

	keep_only(seat->read_end);
	must_read(seat->o, seat->read_end, 11, 11);
}

/* N readers asleep on N pipes. */
static void run_readers(unsigned n)
{
	struct task *tasks[CROWD_MAX];
	struct seat seats[CROWD_MAX];
	int ends[2];

	CHECK(n <= CROWD_MAX);
	for (unsigned i = 0; i < n; i++) {
		seats[i].o = object_pipe(ends, O_CLOEXEC);
		seats[i].read_end = ends[0];
		seats[i].write_end = ends[1];
		tasks[i] = spawn("held-reader", held_reader, &seats[i]);
		await_asleep(tasks[i], 1, SYS_read);
	}
	if (!hold())
		return;
	for (unsigned i = 0; i < n; i++) {
		begin_counting(seats[i].o, RECV);
		count_wait(seats[i].o, RECV, EMPTY);
		must_write(seats[i].o, seats[i].write_end, 11);
		count_wake(seats[i].o, SEND, tasks[i]);
		join(tasks[i]);
	}
}

/* Data inside and nobody asleep: what is read later was never seen to be written. */
static void run_inside(unsigned n)
{
	o = object_pipe(fds, 0);
	for (unsigned i = 0; i < n; i++)
		must_write(o, fds[1], 4093);
	if (!hold())
		return;
	object_restart(o);
	certain_waits(o);
	fact(o, TOP, "created", 0);
	fact(o, TOP, "balance_bytes", 0);
	must_write(o, fds[1], 59);
	must_read(o, fds[0], 65536, n * 4093 + 59);
}

static const char *path;

static void held_opener(void *arg)
{
	(void)arg;
	close_fd(op_open(o, path, O_RDONLY));
}

/* A FIFO's reader, still waiting in open for a writer. */
static void run_fifo_open(unsigned n)
{
	struct task *t;
	int fd;

	(void)n;
	path = scratch_path("fifo");
	o = object_fifo(path);
	t = spawn("held-opener", held_opener, NULL);
	await_asleep(t, 1, SYS_openat);
	if (!hold())
		return;
	begin_counting(o, OPEN);
	count_wait(o, OPEN, PARTNER);
	fd = op_open(o, path, O_WRONLY);
	CHECK(fd >= 0);
	count_wake(o, OPEN, t);
	join(t);
	close_fd(fd);
}

static const struct scenario scenarios[] = {
	{"held-full", "a writer asleep before a full ring", run_full, 0},
	{"held-readers", "N readers asleep on N pipes", run_readers, 300},
	{"held-inside", "data inside, nobody asleep", run_inside, 7},
	{"held-fifo-open", "a FIFO's reader asleep in open", run_fifo_open, 0},
};
REGISTER_SCENARIOS(scenarios, "pipe,fifo");
