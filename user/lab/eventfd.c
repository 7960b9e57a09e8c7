/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* eventfd: what is added and taken, who waits, and the kernel that signals. */
#include "lab/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST (UINT64_MAX - 1) /* the highest that the counter goes */
#define CROWD 5u

static struct object *o;
static int fd;

/* The kernel's number for it, as its fdinfo tells. */
static unsigned number_of(int eventfd)
{
	char path[64], line[128];
	unsigned number = ~0u;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", eventfd);
	f = fopen(path, "re");
	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "eventfd-id: %u", &number) == 1)
			break;
	fclose(f);
	if (number == ~0u)
		give_up(OUTCOME_UNSUPPORTED, "the kernel does not number eventfds");
	return number;
}

static void one_eventfd(unsigned initial, int flags)
{
	fd = eventfd(initial, flags | EFD_CLOEXEC);
	CHECK(fd >= 0);
	o = object_new("eventfd", "eventfd:[%d:%u]", getpid(), number_of(fd));
	certain_waits(o);
	certain(o, OPEN, OPS);
	count(o, OPEN, OPS, 1);
	fact(o, TOP, "created", 1);
	fact(o, INTERNALS, "semaphore", !!(flags & EFD_SEMAPHORE));
}

static void totals(uint64_t added, uint64_t taken)
{
	fact(o, INTERNALS, "added", added);
	fact(o, INTERNALS, "taken", taken);
}

static void must_add(uint64_t value)
{
	CHECK(op_write(o, fd, &value, sizeof(value)) == sizeof(value));
}

static void must_take(uint64_t expected)
{
	uint64_t value = 0;

	CHECK(op_read(o, fd, &value, sizeof(value)) == sizeof(value));
	if (value != expected)
		FAIL("%ju taken, and not %ju", (uintmax_t)value, (uintmax_t)expected);
}

/* Two writes, one read: it takes both. */
static void run_count(unsigned n)
{
	one_eventfd(5, 0);
	must_take(5);
	for (unsigned i = 0; i < n; i++) {
		must_add(7 * i + 1);
		must_add(3);
		must_take(7 * i + 4);
	}
	must_add(11);
	totals(7ull * n * (n - 1) / 2 + 4 * n + 11, 5 + 7ull * n * (n - 1) / 2 + 4 * n);
	fact(o, INTERNALS, "count", 11);
	fact(o, DEPTH, "max_slots", 7 * (n - 1) + 4);
	fact(o, INTERNALS, "signals", 0);
	fact(o, TOP, "destroyed", 1);
	certain(o, CLOSE, OPS);
	count(o, CLOSE, OPS, 1);
	close_fd(fd);
}

/* One write of N, N reads of one. */
static void run_semaphore(unsigned n)
{
	one_eventfd(0, EFD_SEMAPHORE);
	must_add(n);
	for (unsigned i = 0; i < n; i++)
		must_take(1);
	totals(n, n);
	close_fd(fd);
}

static void taker(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++)
		must_take(13);
}

static void run_reader(unsigned n)
{
	struct task *t;

	one_eventfd(0, 0);
	t = spawn("efd-reader", taker, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_read, o, RECV, EMPTY);
		must_add(13);
		count_wake(o, SEND, t);
	}
	join(t);
	totals(13 * n, 13 * n);
	certain(o, RECV, SPURIOUS);
	close_fd(fd);
}

static void adder(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++)
		must_add(MOST);
}

/* The counter is as high as it goes before the writer begins; each read makes room. */
static void run_writer(unsigned n)
{
	struct task *t;

	one_eventfd(0, 0);
	must_add(MOST);
	t = spawn("efd-writer", adder, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_write, o, SEND, FULL);
		must_take(MOST);
		count_wake(o, RECV, t);
	}
	join(t);
	certain(o, SEND, SPURIOUS);
	close_fd(fd);
}

static void take_one(void *arg)
{
	(void)arg;
	must_take(1);
}

/* Readers of a semaphore that all sleep: each write has something for one of them, and wakes all. */
static void run_crowd(unsigned n)
{
	struct task *tasks[CROWD];

	(void)n;
	one_eventfd(0, EFD_SEMAPHORE);
	for (unsigned i = 0; i < CROWD; i++) {
		tasks[i] = spawn("efd-crowd", take_one, NULL);
		await_asleep(tasks[i], 1, SYS_read);
	}
	must_add(CROWD);
	for (unsigned i = 0; i < CROWD; i++) {
		count_wait(o, RECV, EMPTY);
		count_wake(o, SEND, tasks[i]);
	}
	for (unsigned i = 0; i < CROWD; i++)
		join(tasks[i]);
	totals(CROWD, CROWD);
	certain(o, RECV, SPURIOUS);
	close_fd(fd);
}

static void must_fail(ssize_t ret, int error)
{
	if (ret >= 0 || errno != error)
		FAIL("%zd (%s), and not %s", ret, strerror(errno), strerror(error));
}

static void run_failures(unsigned n)
{
	uint64_t value = 0, too_high = UINT64_MAX;

	one_eventfd(0, EFD_NONBLOCK);
	for (unsigned i = 0; i < n; i++) {
		must_fail(op_read(o, fd, &value, sizeof(value)), EAGAIN);
		must_fail(op_write(o, fd, &too_high, sizeof(too_high)), EINVAL);
	}
	must_fail(op_read(o, fd, &value, 7), EINVAL);
	must_fail(op_write(o, fd, &value, 7), EINVAL);
	must_add(MOST);
	value = 1;
	must_fail(op_write(o, fd, &value, sizeof(value)), EAGAIN);
	must_take(MOST);
	close_fd(fd);
}

/* The kernel is asked to signal the end of N reads of a file, which end at once. */
static void run_kernel(unsigned n)
{
	const char *path = scratch_path("file");
	aio_context_t context = 0;
	struct io_event event;
	char buf[512];
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	CHECK(file >= 0 && write(file, payload(sizeof(buf)), sizeof(buf)) == sizeof(buf));
	if (syscall(SYS_io_setup, 1, &context))
		give_up(OUTCOME_UNSUPPORTED, "io_setup: %s", strerror(errno));
	one_eventfd(0, 0);
	for (unsigned i = 0; i < n; i++) {
		struct iocb iocb = {.aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = (uint32_t)file,
				    .aio_buf = (uintptr_t)buf, .aio_nbytes = sizeof(buf),
				    .aio_flags = IOCB_FLAG_RESFD, .aio_resfd = (uint32_t)fd};
		struct iocb *list = &iocb;

		CHECK(syscall(SYS_io_submit, context, 1, &list) == 1);
		CHECK(syscall(SYS_io_getevents, context, 1, 1, &event, NULL) == 1);
	}
	must_take(n);
	totals(0, n);
	fact(o, INTERNALS, "signals", n);
	fact(o, INTERNALS, "signalled", n);
	CHECK(syscall(SYS_io_destroy, context) == 0);
	close_fd(fd);
	close_fd(file);
}

/* The number of one that is closed goes to the next: told apart by who made it. */
static void one_of_many(void *arg)
{
	unsigned n = *(unsigned *)arg;

	one_eventfd(0, 0);
	for (unsigned i = 0; i < n; i++) {
		must_add(1);
		must_take(1);
	}
	totals(n, n);
	close_fd(fd);
}

static void run_numbers(unsigned n)
{
	for (unsigned i = 1; i <= n; i++)
		join(spawn("efd-maker", one_of_many, &i));
}

static void held_taker(void *arg)
{
	(void)arg;
	must_take(17);
}

/* A reader that sleeps before ipctrace starts; it has no maker then. */
static void run_held(unsigned n)
{
	struct task *t;

	(void)n;
	fd = eventfd(0, 0);
	CHECK(fd >= 0);
	o = object_new("eventfd", "eventfd:[%u]", number_of(fd));
	t = spawn("held-taker", held_taker, NULL);
	await_asleep(t, 1, SYS_read);
	if (!hold())
		return;
	object_restart(o);
	certain_waits(o);
	endpoints_without_counts(o);
	for (int key = OPS; key <= COPIES; key++)
		uncertain(o, RECV, key);
	fact(o, TOP, "created", 0);
	fact(o, TOP, "preexisting", 1);
	count_wait(o, RECV, EMPTY);
	must_add(17);
	count_wake(o, SEND, t);
	join(t);
}

static void held_adder(void *arg)
{
	(void)arg;
	must_add(19);
}

/* The same for a writer that finds no room. */
static void run_held_full(unsigned n)
{
	struct task *t;

	(void)n;
	fd = eventfd(0, 0);
	CHECK(fd >= 0);
	o = object_new("eventfd", "eventfd:[%u]", number_of(fd));
	must_add(MOST);
	t = spawn("held-adder", held_adder, NULL);
	await_asleep(t, 1, SYS_write);
	if (!hold())
		return;
	object_restart(o);
	certain_waits(o);
	endpoints_without_counts(o);
	for (int key = OPS; key <= COPIES; key++)
		uncertain(o, SEND, key);
	fact(o, TOP, "preexisting", 1);
	count_wait(o, SEND, FULL);
	must_take(MOST);
	count_wake(o, RECV, t);
	join(t);
}

static const struct scenario scenarios[] = {
	{"efd-count", "N times two writes and a read of both", run_count, 101},
	{"efd-semaphore", "one write of N, N reads of one", run_semaphore, 211},
	{"efd-reader", "every read finds the counter at 0", run_reader, 101},
	{"efd-writer", "every write finds no room", run_writer, 101},
	{"efd-crowd", "several readers asleep on a semaphore", run_crowd, 0},
	{"efd-failures", "reads and writes that fail at once", run_failures, 7},
	{"efd-kernel", "AIO signals the end of N reads", run_kernel, 29},
	{"efd-numbers", "N eventfds of one number, one after the other", run_numbers, 5},
	{"held-efd-empty", "a reader asleep before a counter of 0", run_held, 0},
	{"held-efd-full", "a writer asleep before a counter that is as high as it goes", run_held_full, 0},
};
REGISTER_SCENARIOS(scenarios, "eventfd");

static const struct blind blind[] = {
	{"eventfd", "syscall", "destroyed"},
	{"eventfd", "syscall", "close.*"},
	{"eventfd", "syscall", "internals.added"},
	{"eventfd", "syscall", "internals.taken"},
	{"eventfd", "syscall", "internals.signals"},
	{"eventfd", "syscall", "internals.signalled"},
	{"eventfd", "syscall", "send.spurious_wakes"},
	{"eventfd", "syscall", "recv.spurious_wakes"},
};
REGISTER_BLIND(blind);
