// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about the size of a pipe and what it costs its user. */
#include "experiment/scene_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { POOR = WRITER + 1 };

static struct object *last;
static int last_fds[2];

/* ---- pipe-4k, pipe-64k ---- */

/* As a user without privileges, who has no page left in his quota for pipes. */
static void poor_pipe(void)
{
	struct rlimit files = {8192, 8192};
	int fd[2], n = 0;

	if (geteuid())
		absent("root, to become another user");
	CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0);
	CHECK(syscall(SYS_setresuid, 65533, 65533, 65533) == 0);
	while (n++ < 200 && pipe2(fd, O_CLOEXEC) == 0 && fcntl(fd[1], F_SETPIPE_SZ, 1 << 20) > 0)
		;
	while (n++ < 4000 && pipe2(fd, O_CLOEXEC) == 0 && fcntl(fd[1], F_GETPIPE_SZ) >= 65536)
		;
	last = object_pipe(last_fds, 0);
}

static void fill_with_4095(void)
{
	CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
	while (op_write(the_pipe, ends[1], payload(page_size() - 1), page_size() - 1) > 0)
		;
	CHECK(errno == EAGAIN);
}

static void write_1_twice(void)
{
	must_write(the_pipe, ends[1], 1);
	CHECK(op_write(the_pipe, ends[1], payload(1), 1) == -1 && errno == EAGAIN);
}

static void fill(void)
{
	CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
	while (op_write(the_pipe, ends[1], payload(page_size()), page_size()) > 0)
		;
	CHECK(errno == EAGAIN);
}

static void judge_4k(const struct evidence *e, struct verdict *v)
{
	if (num(e, "in") == 4096 && num(e, "capacity") == 4096)
		holds(v, e, "{in} bytes went in before EAGAIN");
	else if (num(e, "in") != num(e, "capacity") || !num(e, "slots") || !num(e, "poor"))
		unseen(v, e, "{in} bytes in {slots} slots before EAGAIN, of a capacity of {capacity}: the figures "
			     "contradict each other");
	else
		refuted(v, e, "{in} bytes in {slots} slots went in before EAGAIN: 4096 is one slot, a page, the "
			      "largest write that is never split (PIPE_BUF), and what ulimit -p prints. The last pipe "
			      "of a user whose quota of pages is used up: {poor} slots");
}

static void ask_megabyte(void)
{
	last = object_pipe(last_fds, 0);
	CHECK(op_fcntl(last, last_fds[1], F_SETPIPE_SZ, 1 << 20) == 1 << 20);
}

static void judge_64k(const struct evidence *e, struct verdict *v)
{
	int64_t capacity = num(e, "capacity");

	if (capacity != 65536)
		refuted(v, e, "a new pipe has {slots} slots, {capacity} bytes");
	else
		limited(v, e, "{slots} slots, {capacity} bytes; but slots are what is counted: written 4095 bytes at "
			      "a time, one byte more fitted into the last page and it was full with {in} bytes. "
			      "F_SETPIPE_SZ made another one {asked} bytes");
}

/* ---- pipe-accounting ---- */

static void ask_too_much(void)
{
	CHECK(op_fcntl(last, last_fds[1], F_SETPIPE_SZ, 1 << 20) == -1 && errno == EPERM);
}

static void ask_32_pages(void)
{
	CHECK(op_fcntl(the_pipe, ends[1], F_SETPIPE_SZ, (int)(32 * page_size())) > 0);
}

static void judge_accounting(const struct evidence *e, struct verdict *v)
{
	if (num(e, "charged") != num(e, "slots") || num(e, "charged_32") != 32 || num(e, "poor") >= num(e, "slots") ||
	    num(e, "eperm") != 1)
		refuted(v, e, "{charged} pages charged for {slots} slots, {charged_32} for 32; the pipe of who has no "
			      "quota left: {poor} slots, EPERM {eperm} times");
	else
		holds(v, e, "{slots} slots are charged as {charged} pages, whether written or not, 32 as "
			    "{charged_32}. A user beyond the soft limit got a pipe of {poor} slots, charged "
			    "{poor_charged}, and EPERM when he asked for more");
}

static const struct experiment experiments[] = {
	{
		.id = "pipe-4k",
		.claim = "the buffer is 4 KiB",
		.said_by = "D2", .mechs = "pipe", .cast = {"writer", "poor"}, .set = one_pipe,
		.steps = {
			{"writes pages until EAGAIN", fill, WRITER},
			{"becomes another user and makes pipes until one is small", poor_pipe, POOR},
		},
		.figures = {
			{"in", "bytes in before EAGAIN", "send.bytes", 1},
			{"slots", "slots in use", "depth.slots", 1},
			{"capacity", "its capacity in bytes", "capacity.bytes", 1},
			{"poor", "slots of a pipe beyond the quota", "capacity.slots", .object = 1},
		},
		.judge = judge_4k,
	},
	{
		.id = "pipe-64k",
		.claim = "the buffer is usually 64 KiB",
		.said_by = "D1", .mechs = "pipe", .cast = {"writer"}, .set = one_pipe,
		.steps = {
			{"writes 4095 bytes at a time until EAGAIN", fill_with_4095, WRITER},
			{"writes 1 byte, and another one", write_1_twice, WRITER},
			{"asks for a megabyte, of another pipe", ask_megabyte, WRITER},
		},
		.figures = {
			{"slots", "slots in use", "depth.slots", 1},
			{"capacity", "its capacity in bytes", "capacity.bytes", 1},
			{"in", "bytes inside when it was full", "send.bytes", 2},
			{"asked", "capacity of the other pipe", "capacity.bytes", .object = 1},
		},
		.judge = judge_64k,
	},
	{
		.id = "pipe-accounting",
		.claim = "nr_accounted charges pages to the user, with soft and hard limits",
		.said_by = "D5", .mechs = "pipe", .cast = {"writer", "poor"}, .set = one_pipe,
		.steps = {
			{"asks for 32 pages", ask_32_pages, WRITER},
			{"becomes another user and makes pipes until one is small", poor_pipe, POOR},
			{"asks for a megabyte", ask_too_much, POOR},
		},
		.figures = {
			{"slots", "slots of a new pipe", "internals.max_usage", AT_START},
			{"charged", "pages charged for it", "internals.nr_accounted", AT_START},
			{"charged_32", "pages charged for 32 slots", "internals.nr_accounted", 1},
			{"poor", "slots of a pipe beyond the quota", "internals.max_usage", 2, .object = 1},
			{"poor_charged", "pages charged for it", "internals.nr_accounted", 2, .object = 1},
			{"eperm", "EPERM for F_SETPIPE_SZ", "ctl.errors.EPERM", 3, .object = 1},
		},
		.judge = judge_accounting,
	},
};

const struct family family_pipe_size = {"pipe", "pipes", experiments, sizeof(experiments) / sizeof(experiments[0])};
