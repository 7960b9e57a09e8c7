// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about FIFOs: how they open, how long the ring lives, who may use the name. */
#include "lab/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "experiment/experiment.h"

enum { WRITER, READER, CLIENT_2, CLIENT_3 };

static struct object *o;
static const char *path;
static int fd = -1;

static void one_fifo(void)
{
	path = scratch_path(stage_name());
	o = object_fifo(path);
}

/* A failed open has no file, which system calls alone would need. */
static void fifo_with_failures(void)
{
	one_fifo();
	range(o, OPEN, OPS, 2, 3);
}

static void open_to(int flags)
{
	fd = op_open(o, path, flags);
	CHECK(fd >= 0);
}

static void open_reader(void)
{
	open_to(O_RDONLY);
}

static void open_writer(void)
{
	open_to(O_WRONLY);
}

static void open_both(void)
{
	open_to(O_RDWR);
}

static void open_reader_nonblock(void)
{
	open_to(O_RDONLY | O_NONBLOCK);
}

static void open_writer_nonblock(void)
{
	open_to(O_WRONLY | O_NONBLOCK);
}

static void fail_writer_nonblock(void)
{
	CHECK(op_open(o, path, O_WRONLY | O_NONBLOCK) == -1 && errno == ENXIO);
}

static void close_it(void)
{
	close_fd(fd);
}

static void write_103(void)
{
	must_write(o, fd, 103);
}

static void read_103(void)
{
	must_read(o, fd, 200, 103);
}

/* ---- fifo-open-waits ---- */

static void judge_open_waits(const struct evidence *e, struct verdict *v)
{
	if ((num(e, "asleep") == 1 || !seen(e, "asleep")) && num(e, "partner") == 1 && num(e, "wakes") == 1)
		holds(v, e, "the reader's open slept {wait_ns/1000} us for the cause 'partner' until the writer's "
			    "open woke it");
	else
		refuted(v, e, "{asleep} asleep in open, {partner} waits for the cause 'partner', {wakes} wakeups by "
			      "opens");
}

/* ---- fifo-open-nonblock ---- */

static void judge_open_nonblock(const struct evidence *e, struct verdict *v)
{
	if (!num(e, "enxio") && num(e, "opens") == 2)
		unseen(v, e, "the open that failed: it has no file that would tell which FIFO it was, only the "
			     "function backend sees it. The other {opens} opens had {waits} waits");
	else if (num(e, "enxio") == 1 && num(e, "opens") == 3 && !num(e, "waits") && num(e, "readers") == 1)
		holds(v, e, "without a reader the write end got ENXIO; the read end opened at once (readers "
			    "{readers}); then the write end did: {opens} opens, {waits} waits");
	else
		refuted(v, e, "ENXIO {enxio} times, {opens} opens, {waits} waits, readers {readers}");
}

/* ---- fifo-open-rdwr ---- */

static void judge_open_rdwr(const struct evidence *e, struct verdict *v)
{
	if (num(e, "readers") == 1 && num(e, "writers") == 1 && !num(e, "waits") && num(e, "opens") == 1)
		holds(v, e, "one open, {waits} waits: readers {readers} and writers {writers} at once, it is its own "
			    "partner");
	else
		refuted(v, e, "{opens} opens, {waits} waits, readers {readers}, writers {writers}");
}

/* ---- fifo-late-ring ---- */

static void judge_late_ring(const struct evidence *e, struct verdict *v)
{
	if (seen(e, "early"))
		refuted(v, e, "mkfifo alone made something: ring_size {early}");
	else if (seen(e, "gone"))
		refuted(v, e, "after the last close there still was a ring of {gone} slots");
	else if (num(e, "size") < 1 || num(e, "head") < 1 || num(e, "head_again"))
		refuted(v, e, "at the open ring_size {size}, head {head} after a write, {head_again} when opened again");
	else
		holds(v, e, "after mkfifo there was nothing; the open made a ring of {size} slots, and 103 bytes were "
			    "left in it; the last close ended it, and the next open of the same inode made a new one: "
			    "head {head}, then {head_again}");
}

/* ---- fifo-no-disk ---- */

static void judge_no_disk(const struct evidence *e, struct verdict *v)
{
	if (!strcmp(word(e, "page"), "anonymous") && !seen(e, "file") && num(e, "in") == 103 && num(e, "out") == 103)
		holds(v, e, "{in} bytes went in and {out} out; while they were inside, their page was memory of the "
			    "kernel's own, of no file");
	else
		refuted(v, e, "{in} bytes in, {out} out; the page inside was '{page}'%s",
			      seen(e, "file") ? ", of a file" : "");
}

/* ---- fifo-unrelated ---- */

static void judge_unrelated(const struct evidence *e, struct verdict *v)
{
	if (num(e, "clients") == 3 && num(e, "servers") == 1 && num(e, "out") == 309)
		holds(v, e, "{clients} clients and {servers} server, each with an open of its own by the name; {out} "
			    "bytes passed, and came out of one ring as one stream");
	else
		refuted(v, e, "{clients} processes wrote, {servers} read, {out} bytes passed");
}

static void read_309(void)
{
	must_read(o, fd, 400, 309);
}

static const struct experiment experiments[] = {
	{
		.id = "fifo-open-waits",
		.claim = "opening one end waits for the other",
		.said_by = "D1 D2 D3 D5", .mechs = "fifo", .cast = {"writer", "reader"}, .set = one_fifo,
		.steps = {
			{"opens it for reading, and sleeps", open_reader, READER, .sleeps_in = ASLEEP_IN(SYS_openat)},
			{"opens it for writing", open_writer, WRITER, .ends = ACTOR(READER)},
		},
		.figures = {
			{"asleep", "asleep in open", "waiting.op=open.#", 1, .optional = true},
			{"partner", "waits in open for the cause 'partner'", "open.causes.partner"},
			{"wait_ns", "nanoseconds asleep", "open.wait_ns"},
			{"wakes", "wakeups given by opens", "open.wakes"},
		},
		.judge = judge_open_waits,
	},
	{
		.id = "fifo-open-nonblock",
		.claim = "O_NONBLOCK: the read end opens at once, the write end fails with ENXIO without a reader",
		.said_by = "D1 D3 D5", .mechs = "fifo", .cast = {"writer", "reader"}, .set = fifo_with_failures,
		.steps = {
			{"opens it for writing with O_NONBLOCK: ENXIO", fail_writer_nonblock, WRITER},
			{"opens it for reading with O_NONBLOCK", open_reader_nonblock, READER},
			{"opens it for writing with O_NONBLOCK", open_writer_nonblock, WRITER},
		},
		.figures = {
			{"enxio", "opens that failed with ENXIO", "open.errors.ENXIO"},
			{"opens", "opens", "open.ops"},
			{"waits", "of them that waited", "open.waits"},
			{"readers", "open read ends", "internals.readers", 2},
		},
		.judge = judge_open_nonblock,
	},
	{
		.id = "fifo-open-rdwr",
		.claim = "O_RDWR never waits",
		.said_by = "D5", .mechs = "fifo", .cast = {"both"}, .set = one_fifo,
		.steps = {
			{"opens it for reading and writing", open_both, WRITER},
			{"writes 103 bytes", write_103, WRITER},
			{"reads them", read_103, WRITER},
		},
		.figures = {
			{"opens", "opens", "open.ops"},
			{"waits", "of them that waited", "open.waits"},
			{"readers", "open read ends", "internals.readers", 1},
			{"writers", "open write ends", "internals.writers", 1},
		},
		.judge = judge_open_rdwr,
	},
	{
		.id = "fifo-late-ring",
		.claim = "the ring exists only while someone has the FIFO open, not from mkfifo on",
		.said_by = "D5", .mechs = "fifo", .cast = {"both"}, .set = one_fifo,
		.steps = {
			{"opens it for reading and writing", open_both, WRITER},
			{"writes 103 bytes", write_103, WRITER},
			{"closes it: nobody has it open", close_it, WRITER},
			{"opens it again", open_both, WRITER},
		},
		.figures = {
			{"early", "slots after mkfifo", "ring.ring_size", AT_START, .optional = true},
			{"size", "slots after the first open", "ring.ring_size", 1},
			{"head", "head after a write", "ring.head", 2},
			{"gone", "slots after the last close", "ring.ring_size", 3, .optional = true},
			{"head_again", "head after the next open", "ring.head", 4},
		},
		.judge = judge_late_ring,
	},
	{
		.id = "fifo-no-disk",
		.claim = "the data never touches the disk",
		.said_by = "D2", .mechs = "fifo", .cast = {"both"}, .set = one_fifo,
		.steps = {
			{"opens it for reading and writing", open_both, WRITER},
			{"writes 103 bytes", write_103, WRITER},
			{"reads them", read_103, WRITER},
		},
		.figures = {
			{"in", "bytes copied in", "send.copied_bytes"},
			{"page", "what the page inside is", "ring.slots.0.page", 2},
			{"file", "of which file", "ring.slots.0.file", 2, .optional = true},
			{"out", "bytes copied out", "recv.copied_bytes"},
		},
		.judge = judge_no_disk,
	},
	{
		.id = "fifo-unrelated",
		.claim = "any process that knows the name may use it: many clients, one server",
		.said_by = "D1 D3", .mechs = "fifo", .cast = {"client-1", "server", "client-2", "client-3"}, .set = one_fifo,
		.steps = {
			{"opens it for reading, without waiting", open_reader_nonblock, READER},
			{"opens it for writing", open_writer, WRITER},
			{"opens it for writing", open_writer, CLIENT_2},
			{"opens it for writing", open_writer, CLIENT_3},
			{"writes 103 bytes", write_103, WRITER},
			{"writes 103 bytes", write_103, CLIENT_2},
			{"writes 103 bytes", write_103, CLIENT_3},
			{"reads up to 400", read_309, READER},
		},
		.figures = {
			{"clients", "processes that wrote", "endpoints.role=send.#"},
			{"servers", "processes that read", "endpoints.role=recv.#"},
			{"opens", "opens", "open.ops"},
			{"out", "bytes that came out", "recv.bytes"},
		},
		.judge = judge_unrelated,
	},
};

const struct family family_fifo = {"fifo", "FIFOs", experiments, sizeof(experiments) / sizeof(experiments[0])};
