/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sleeping on a pipe: who waits, how often, why, and who ends it. */
#include "lab/scenario.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define RING 16u

static struct object *o;
static int fds[2];

static void one_pipe(void)
{
	o = object_pipe(fds, 0);
	certain_waits(o);
}

static void fill_ring(void)
{
	for (unsigned i = 0; i < RING; i++)
		must_write(o, fds[1], page_size());
}

static void reader(void *arg)
{
	unsigned n = *(unsigned *)arg;

	close_fd(fds[1]);
	for (unsigned i = 0; i < n; i++)
		must_read(o, fds[0], 211, 97);
}

/* The reader always finds the pipe empty, and every write ends a wait. */
static void run_wake_reader(unsigned n)
{
	struct task *t;

	one_pipe();
	t = spawn("blocked-reader", reader, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_read, o, RECV, EMPTY);
		must_write(o, fds[1], 97);
		count_wake(o, SEND, t);
	}
	join(t);
	certain(o, RECV, SPURIOUS);
}

static void page_writer(void *arg)
{
	unsigned n = *(unsigned *)arg;

	close_fd(fds[0]);
	for (unsigned i = 0; i < n; i++)
		must_write(o, fds[1], page_size());
}

/* The ring is full before the writer begins; every read makes room for exactly one write. */
static void run_wake_writer(unsigned n)
{
	struct task *t;

	one_pipe();
	fill_ring();
	t = spawn("blocked-writer", page_writer, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_write, o, SEND, FULL);
		must_read(o, fds[0], page_size(), page_size());
		count_wake(o, RECV, t);
	}
	join(t);
	certain(o, SEND, SPURIOUS);
	fact(o, INTERNALS, "new_slots", RING + n);
	fact(o, DEPTH, "max_slots", RING);
}

struct big_write {
	size_t size;
	unsigned waits;
};

static void big_writer(void *arg)
{
	const struct big_write *big = arg;

	close_fd(fds[0]);
	payload(big->size);
	mark_sleeps();
	must_write(o, fds[1], big->size);
	if (sleeps_since_mark(self()) != big->waits)
		give_up(OUTCOME_UNESTABLISHED, "the writer slept %u times, not %u",
			sleeps_since_mark(self()), big->waits);
}

/*
 * One write, many waits: 3 slots of a full ring are emptied each time, and it is
 * full again before the writer sleeps again, until what is left fits.
 */
static void run_big_write(unsigned n)
{
	size_t page = page_size();
	struct big_write big = {n * page + 907, (n + 1 - RING + 2) / 3};
	struct task *t;

	CHECK(n >= RING && big.size <= PAYLOAD_SIZE);
	one_pipe();
	t = spawn("big-writer", big_writer, &big);
	for (unsigned i = 0; i < big.waits; i++) {
		await_sleep(t, i + 1, SYS_write);
		count_wait(o, SEND, FULL);
		must_read(o, fds[0], 3 * page, 3 * page);
		count_wake(o, RECV, t);
	}
	join(t);
	close_fd(fds[1]);
	drain(o, fds[0], 5 * page);
	certain(o, SEND, SPURIOUS);
	fact(o, INTERNALS, "merged_writes", 0);
	fact(o, INTERNALS, "new_slots", n + 1);
	fact(o, DEPTH, "max_slots", RING);
}

static void spurious_writer(void *arg)
{
	(void)arg;
	close_fd(fds[0]);
	payload(page_size());
	mark_sleeps();
	must_write(o, fds[1], page_size());
	count(o, SEND, SPURIOUS, sleeps_since_mark(self()) - 1);
}

/*
 * Reads that empty no slot: kernels differ in whether such a read of a full pipe
 * wakes the writer. It then finds no room and sleeps on: its own count of sleeps
 * says how many wakeups were in vain. On one CPU the woken writer is on the run
 * queue before the reader looks, so "asleep" means asleep again.
 */
static void run_spurious(unsigned n)
{
	struct task *t;
	unsigned sleeps;

	pin_to_cpu(0);
	o = object_pipe(fds, 0);
	fill_ring();
	t = spawn("spurious-writer", spurious_writer, NULL);
	await_sleep(t, 1, SYS_write);
	for (unsigned i = 0; i < n; i++) {
		must_read(o, fds[0], 7, 7);
		await_sleep(t, 1, SYS_write);
	}
	sleeps = sleeps_since_mark(t);
	must_read(o, fds[0], page_size() - 7 * n, page_size() - 7 * n);
	join(t);
	certain(o, SEND, SPURIOUS);
	count(o, RECV, WAKES, sleeps);
	certain(o, RECV, WAKES);
}

static void eof_reader(void *arg)
{
	(void)arg;
	close_fd(fds[1]);
	must_read(o, fds[0], 61, 0);
}

/* The last writer's close ends the wait, and the read returns 0. */
static void run_eof_wakes(unsigned n)
{
	struct task *t;

	(void)n;
	one_pipe();
	t = spawn("eof-reader", eof_reader, NULL);
	await_blocked(t, 1, SYS_read, o, RECV, EMPTY);
	close_fd(fds[1]);
	count_wake(o, CLOSE, t);
	certain(o, CLOSE, WAKES);
	join(t);
}

/* ---- how long: until woken is a wait, from there to running is scheduling delay ---- */

#define DELAYS_MAX 32
#define ASLEEP_US 5000
#define DELAY_NS 20000000ull

static uint64_t entered_ns[DELAYS_MAX], returned_ns[DELAYS_MAX];

static uint64_t now_ns(void)
{
	struct timespec ts;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &ts) == 0);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void use_scheduler(int policy, int priority)
{
	if (sched_setscheduler(0, policy, &(struct sched_param){.sched_priority = priority}))
		give_up(errno == EPERM ? OUTCOME_UNSUPPORTED : OUTCOME_FAILED, "no real-time scheduling here");
}

static void timed_reader(void *arg)
{
	unsigned n = *(unsigned *)arg;

	pin_to_cpu(0);
	for (unsigned i = 0; i < n; i++) {
		entered_ns[i] = now_ns();
		must_read(o, fds[0], 211, 97);
		returned_ns[i] = now_ns();
	}
}

/* The waker keeps the CPU that the woken reader needs. */
static void run_delayed(unsigned n)
{
	uint64_t wait_min = 0, wait_max = 0, delay_min = 0, delay_max = 0;
	uint64_t wakes_ns[DELAYS_MAX], woken_ns;
	struct task *t;

	CHECK(n <= DELAYS_MAX);
	one_pipe();
	pin_to_cpu(0);
	t = spawn_thread("timed-reader", timed_reader, &n);
	for (unsigned i = 0; i < n; i++) {
		uint64_t asleep_ns;

		await_blocked(t, i + 1, SYS_read, o, RECV, EMPTY);
		asleep_ns = now_ns();
		usleep(ASLEEP_US);
		use_scheduler(SCHED_FIFO, 1);
		wakes_ns[i] = now_ns();
		must_write(o, fds[1], 97);
		woken_ns = now_ns();
		while (now_ns() < woken_ns + DELAY_NS)
			;
		delay_min += DELAY_NS;
		wait_min += wakes_ns[i] - asleep_ns;
		wait_max += woken_ns - entered_ns[i];
		use_scheduler(SCHED_OTHER, 0);
		count_wake(o, SEND, t);
	}
	join(t);
	for (unsigned i = 0; i < n; i++)
		delay_max += returned_ns[i] - wakes_ns[i];
	range(o, RECV, WAIT_NS, wait_min, wait_max);
	range(o, RECV, SCHED_DELAY_NS, delay_min, delay_max);
}

static const struct scenario scenarios[] = {
	{"wake-reader", "every read finds the pipe empty, every write ends its wait", run_wake_reader,
	 211},
	{"wake-writer", "every write finds the ring full, every read ends its wait", run_wake_writer,
	 211},
	{"big-write", "one write of N pages and a bit, to a reader of 3 pages at a time",
	 run_big_write, 101},
	{"spurious", "reads of a full ring that make no room", run_spurious, 101},
	{"delayed", "woken readers whose CPU is taken for another 20 ms", run_delayed, 7},
	{"eof-wakes", "a blocked reader is woken by the last writer's close", run_eof_wakes, 0},
};
REGISTER_SCENARIOS(scenarios, "pipe,fifo");
