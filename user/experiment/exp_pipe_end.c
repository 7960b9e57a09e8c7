// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about the ends of a pipe: who may hold them, how many, how long. */
#include "experiment/scene_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STRANGER = READER + 1, GUEST };

static int mail[2];

static void write_101(void)
{
	must_write(the_pipe, ends[1], 101);
}

static void read_101(void)
{
	must_read(the_pipe, ends[0], 211, 101);
}

/* ---- pipe-half-duplex ---- */

/* With function hooks they are not seen: they never come to the pipe. */
static void pipe_that_refuses(void)
{
	one_pipe();
	for (int side = SEND; side <= RECV; side++) {
		range(the_pipe, side, OPS, 1, 2);
		uncertain_errors(the_pipe, side);
	}
}

static void read_write_end(void)
{
	CHECK(read(ends[1], payload(1), 1) == -1 && errno == EBADF);
}

static void write_read_end(void)
{
	CHECK(write(ends[0], payload(1), 1) == -1 && errno == EBADF);
}

static void judge_half_duplex(const struct evidence *e, struct verdict *v)
{
	int64_t sends = num(e, "sends_2") - num(e, "sends_ebadf"), recvs = num(e, "recvs_2") - num(e, "recvs_ebadf");

	if (sends || recvs || num(e, "head_2") || num(e, "in") != 101 || num(e, "out") != 101)
		refuted(v, e, "on the wrong ends %lld writes and %lld reads got through, head {head_2}; then {in} "
			      "bytes went in and {out} out",
			      (long long)sends, (long long)recvs);
	else
		holds(v, e, "no call on a wrong end got through: head stayed {head_2}; %s. On the right ends {in} "
			    "bytes went in and {out} out",
			    num(e, "sends_2") ? "each got EBADF" : "none came as far as the pipe");
}

/* ---- pipe-kin-only ---- */

static void pipe_and_mail(void)
{
	one_pipe();
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, mail) == 0);
}

static void own_end_or_none(unsigned who)
{
	own_end(who);
	if (who == STRANGER || who == GUEST)
		ends[0] = ends[1] = -1;
}

static void open_by_proc(void)
{
	for (int fd = 3; fd < 64 && ends[0] < 0; fd++) {
		char link[64], target[64] = "";

		snprintf(link, sizeof(link), "/proc/%d/fd/%d", cast_pid(READER), fd);
		if (readlink(link, target, sizeof(target) - 1) > 0 && !strcmp(target, object_key(object_nth(0)))) {
			ends[0] = op_open(the_pipe, link, O_RDONLY);
			CHECK(ends[0] >= 0);
		}
	}
	CHECK(ends[0] >= 0);
}

static void mail_read_end(void)
{
	char room[CMSG_SPACE(sizeof(int))] = "", byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &ends[0], sizeof(int));
	CHECK(sendmsg(mail[0], &msg, 0) == 1);
}

static void receive_read_end(void)
{
	char room[CMSG_SPACE(sizeof(int))] = "", byte;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};

	CHECK(recvmsg(mail[1], &msg, 0) == 1 && CMSG_FIRSTHDR(&msg));
	memcpy(&ends[0], CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
}

static void judge_kin_only(const struct evidence *e, struct verdict *v)
{
	if (num(e, "before") || !num(e, "by_proc") || !num(e, "by_mail"))
		holds(v, e, "the processes that had neither end read {by_proc} and {by_mail} bytes");
	else
		refuted(v, e, "two processes that held neither end read from it: {by_proc} bytes by an open through "
			      "the fd directory of proc, {by_mail} by a descriptor passed in a message");
}

/* ---- pipe-lifetime ---- */

static void read_40(void)
{
	must_read(the_pipe, ends[0], 40, 40);
}

static void judge_lifetime(const struct evidence *e, struct verdict *v)
{
	if (num(e, "created") == 1 && !num(e, "early") && num(e, "destroyed") == 1)
		holds(v, e, "it was there after its last write end was closed, and went with the last read end; "
			    "{discarded} bytes that nobody had read went with it");
	else
		refuted(v, e, "created {created}; destroyed {early} after the write end's close, {destroyed} after "
			      "the read end's");
}

/* ---- pipe-readers-writers ---- */

static int again = -1;

static void open_again(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	again = op_open(the_pipe, path, O_RDONLY);
	CHECK(again >= 0);
}

static void dup_read_end(void)
{
	CHECK(dup(ends[0]) >= 0);
}

static void close_again(void)
{
	close_fd(again);
}

static void judge_readers_writers(const struct evidence *e, struct verdict *v)
{
	if (num(e, "readers") == 1 && num(e, "readers_2") == 2 && num(e, "files_2") == 3 && num(e, "readers_dup") == 2 &&
	    num(e, "readers_4") == 1 && num(e, "r_counter") == 2 && num(e, "writers_5") == 0)
		holds(v, e, "readers {readers}, with a second open {readers_2} and files {files_2}; a dup() leaves it "
			    "at {readers_dup}; closed again: {readers_4}, while r_counter stays {r_counter}: it "
			    "counts opens. writers {writers_5} after the last close");
	else
		refuted(v, e, "readers {readers}, {readers_2} after an open (files {files_2}), {readers_dup} after a "
			      "dup, {readers_4} after a close; r_counter {r_counter}; writers {writers_5} after the "
			      "last close");
}

/* ---- pipe-one-writer ---- */

static void own_end_of_many(unsigned who)
{
	if (who != READER)
		close_fd(ends[0]);
	if (who == READER || who == DIRECTOR)
		close_fd(ends[1]);
}

static void write_large(void)
{
	must_write(the_pipe, ends[1], 18 * page_size());
}

static void write_37(void)
{
	must_write(the_pipe, ends[1], 37);
}

static void judge_one_writer(const struct evidence *e, struct verdict *v)
{
	if (num(e, "writers") < 2 || num(e, "between") != 37 || num(e, "after") < 1)
		holds(v, e, "{writers} writers; the slots after the large write's: {between} bytes, then {after}");
	else
		refuted(v, e, "{writers} processes write to it. The small write's {between} bytes are whole, in one "
			      "slot; they lie between two slots of the large write, {before} bytes before and {after} "
			      "after: only up to PIPE_BUF (4096) is a write never split");
}

static const struct experiment experiments[] = {
	{
		.id = "pipe-half-duplex",
		.claim = "data flows one way; the wrong end refuses",
		.said_by = "D1 D2 D3 D5", .mechs = "pipe", .cast = {"writer", "reader"}, .set = pipe_that_refuses,
		.enter = own_end,
		.steps = {
			{"reads from the write end: EBADF", read_write_end, WRITER},
			{"writes to the read end: EBADF", write_read_end, READER},
			{"writes 101 bytes to the write end", write_101, WRITER},
			{"reads them from the read end", read_101, READER},
		},
		.figures = {
			{"sends_2", "writes on the wrong end that were seen", "send.ops", 2},
			{"sends_ebadf", "of them refused with EBADF", "send.errors.EBADF", 2},
			{"recvs_2", "reads on the wrong end that were seen", "recv.ops", 2},
			{"recvs_ebadf", "of them refused with EBADF", "recv.errors.EBADF", 2},
			{"head_2", "slots filled by them", "internals.head", 2},
			{"in", "bytes in, by the right end", "send.bytes"},
			{"out", "bytes out, by the right end", "recv.bytes"},
		},
		.judge = judge_half_duplex,
	},
	{
		.id = "pipe-kin-only",
		.claim = "only related processes can share one",
		.said_by = "D1 D2 D3", .mechs = "pipe", .cast = {"writer", "reader", "stranger", "guest"}, .set = pipe_and_mail,
		.enter = own_end_or_none,
		.steps = {
			{"writes 101 bytes", write_101, WRITER},
			{"has neither end, and opens the reader's through /proc/PID/fd", open_by_proc, STRANGER},
			{"reads", read_101, STRANGER},
			{"sends its descriptor in a message (SCM_RIGHTS)", mail_read_end, READER},
			{"has neither end, and receives the message", receive_read_end, GUEST},
			{"writes 101 bytes", write_101, WRITER},
			{"reads", read_101, GUEST},
		},
		.figures = {
			{"before", "bytes that the two had read before", "events.op=recv.#", 1},
			{"by_proc", "bytes that the stranger read", "events.op=recv.comm=stranger.+result"},
			{"by_mail", "bytes that the guest read", "events.op=recv.comm=guest.+result"},
		},
		.judge = judge_kin_only,
	},
	{
		.id = "pipe-lifetime",
		.claim = "it disappears with its last descriptor",
		.said_by = "D1 D2 D5", .mechs = "pipe",
		.needs = "the function backend: a last close may be no system call",
		.cast = {"writer", "reader"}, .set = one_pipe, .enter = own_end,
		.steps = {
			{"writes 101 bytes", write_101, WRITER},
			{"reads 40", read_40, READER},
			{"closes the last write end", close_write_end, WRITER},
			{"closes the last read end", close_read_end, READER},
		},
		.figures = {
			{"created", "was seen to be made", "created"},
			{"early", "was destroyed by the write end's close", "destroyed", 3},
			{"destroyed", "was destroyed by the read end's close", "destroyed"},
			{"discarded", "bytes unread at its end", "discarded_bytes"},
		},
		.judge = judge_lifetime,
	},
	{
		.id = "pipe-readers-writers",
		.claim = "readers, writers, files, r_counter and w_counter count the open ends",
		.said_by = "D5", .mechs = "pipe", .cast = {"writer", "reader"}, .set = one_pipe, .enter = own_end,
		.steps = {
			{"opens its end again through /proc/self/fd", open_again, READER},
			{"duplicates it with dup()", dup_read_end, READER},
			{"closes what it opened", close_again, READER},
			{"closes the last write end", close_write_end, WRITER},
		},
		.figures = {
			{"readers", "readers of the new pipe", "internals.readers", AT_START},
			{"readers_2", "with a second open", "internals.readers", 1},
			{"files_2", "files then", "internals.files", 1},
			{"readers_dup", "readers after a dup()", "internals.readers", 2},
			{"readers_4", "readers after a close", "internals.readers", 3},
			{"r_counter", "r_counter after it", "internals.r_counter", 3},
			{"writers_5", "writers after the last close", "internals.writers", 4},
		},
		.judge = judge_readers_writers,
	},
	{
		.id = "pipe-one-writer",
		.claim = "effectively one writer and one reader",
		.said_by = "D1", .mechs = "pipe", .cast = {"large-writer", "reader", "small-writer"}, .set = one_pipe,
		.enter = own_end_of_many,
		.steps = {
			{"writes 18 pages: 16 fit, and it sleeps", write_large, WRITER, .sleeps_in = ASLEEP_IN(SYS_write)},
			{"writes 37 bytes, and sleeps behind the other", write_37, STRANGER, .sleeps_in = ASLEEP_IN(SYS_write)},
			{"reads a page", read_page, READER},
			{"reads a page", read_page, READER},
			{"reads a page", read_page, READER},
		},
		.figures = {
			{"writers", "processes that wrote", "endpoints.role=send.#"},
			{"before", "bytes in the slot before the small one's", "ring.slots.13.len"},
			{"between", "bytes in the small write's", "ring.slots.14.len"},
			{"after", "bytes in the one after", "ring.slots.15.len"},
		},
		.judge = judge_one_writer,
	},
};

const struct family family_pipe_end = {"pipe", "pipes", experiments, sizeof(experiments) / sizeof(experiments[0])};
