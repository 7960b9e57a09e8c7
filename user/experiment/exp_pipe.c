// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about what is inside a pipe: copies, borders, slots, pages. */
#include "experiment/scene_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

static struct object *other;
static int other_fds[2];

static void write_100(void)
{
	must_write(the_pipe, ends[1], 100);
}

/* ---- pipe-two-copies ---- */

static void two_pipes(void)
{
	one_pipe();
	other = object_pipe(other_fds, 0);
}

static void write_4093(void)
{
	must_write(the_pipe, ends[1], 4093);
}

static void read_4093(void)
{
	must_read(the_pipe, ends[0], 8191, 4093);
}

static void vmsplice_page(void)
{
	struct iovec iov = {payload(page_size()), page_size()};

	enter_call();
	CHECK(vmsplice(other_fds[1], &iov, 1, 0) == (ssize_t)page_size());
	count(other, SEND, OPS, 1);
	count(other, SEND, BYTES, page_size());
	count(other, SEND, MOVED, page_size());
}

static void read_other_page(void)
{
	must_read(other, other_fds[0], page_size(), page_size());
}

static void judge_two_copies(const struct evidence *e, struct verdict *v)
{
	int64_t in = num(e, "in"), out = num(e, "out"), payload_bytes = num(e, "payload");

	if (in != payload_bytes || out != payload_bytes || !payload_bytes)
		refuted(v, e, "of {payload} bytes {in} were copied in and {out} out");
	else if (num(e, "v_in") < num(e, "v_moved"))
		limited(v, e, "{payload} bytes by write and read: {in} copied in, {out} out. With vmsplice {v_moved} "
			      "bytes went in without a copy, and were copied out once: {v_out}");
	else
		holds(v, e, "{in} bytes were copied in and {out} out; vmsplice copied {v_in}, too");
}

/* ---- pipe-byte-stream ---- */

static void stream_and_packets(void)
{
	one_pipe();
	other = object_pipe(other_fds, O_DIRECT);
}

static void write_41_59(void)
{
	must_write(the_pipe, ends[1], 41);
	must_write(the_pipe, ends[1], 59);
}

static void read_100(void)
{
	must_read(the_pipe, ends[0], 200, 100);
}

static void write_packets(void)
{
	must_write(other, other_fds[1], 41);
	must_write(other, other_fds[1], 59);
}

static void read_packets(void)
{
	must_read(other, other_fds[0], 200, 41);
	must_read(other, other_fds[0], 200, 59);
}

static void judge_byte_stream(const struct evidence *e, struct verdict *v)
{
	int64_t writes = num(e, "writes"), reads = num(e, "reads");

	if (num(e, "in") != num(e, "out") || writes <= reads)
		refuted(v, e, "{writes} writes of {in} bytes took {reads} reads of {out} bytes");
	else if (num(e, "packet_reads") == num(e, "packet_writes"))
		limited(v, e, "{writes} writes, {out} bytes, came out in {reads} read. With O_DIRECT {packet_writes} "
			      "writes took {packet_reads} reads of as many bytes as were written");
	else
		holds(v, e, "{writes} writes, {out} bytes, came out in {reads} read");
}

/* ---- pipe-ring ---- */

static void write_3_pages(void)
{
	must_write(the_pipe, ends[1], 3 * page_size());
}

static void ask_5_pages(void)
{
	CHECK(op_fcntl(the_pipe, ends[1], F_SETPIPE_SZ, (int)(5 * page_size())) > 0);
}

static void go_round(void)
{
	for (int i = 0; i < 7; i++) {
		write_page();
		read_page();
	}
}

static bool power_of_two(int64_t n)
{
	return n > 0 && !(n & (n - 1));
}

static void judge_ring(const struct evidence *e, struct verdict *v)
{
	int64_t size = num(e, "ring_size"), used = num(e, "head_3") - num(e, "tail_3"), smaller = num(e, "smaller");

	if (!power_of_two(size) || !power_of_two(smaller) || used != num(e, "in_ring"))
		refuted(v, e, "ring_size {ring_size}, then {smaller}; head - tail %lld, {in_ring} slots in the ring",
			      (long long)used);
	else if (num(e, "moved") != num(e, "round"))
		refuted(v, e, "going around, head advanced by {round} and tail by {moved}");
	else
		holds(v, e, "3 pages: head - tail = %lld of {ring_size} slots. Asked for 5 pages it became {smaller} "
			    "slots, a power of two; head and tail then went {round} on and never fell: a slot is "
			    "found by their low bits",
			    (long long)used);
}

/* ---- pipe-merge ---- */

static void write_200(void)
{
	must_write(the_pipe, ends[1], 200);
}

static void write_1(void)
{
	must_write(the_pipe, ends[1], 1);
}

static void judge_merge(const struct evidence *e, struct verdict *v)
{
	if (num(e, "merged") == 1 && num(e, "slots") == 3 && num(e, "first_len") == 300)
		holds(v, e, "4 writes took {slots} slots: 200 bytes went beside the first 100, whose slot holds "
			    "{first_len}; a whole page and the byte after a full page took slots of their own");
	else
		refuted(v, e, "4 writes took {slots} slots, {merged} were merged, the first slot holds {first_len} "
			      "bytes");
}

/* ---- pipe-tmp-page ---- */

static void write_and_read_page(void)
{
	write_page();
	read_page();
}

static void judge_tmp_page(const struct evidence *e, struct verdict *v)
{
	int64_t reused = num(e, "reused"), allocated = num(e, "allocated");

	if (num(e, "kept") < 1 || reused < 1)
		refuted(v, e, "{kept} pages kept after the read, {reused} reused, {allocated} allocated for 4 pages "
			      "of data");
	else
		holds(v, e, "4 pages of data took {allocated} allocation%s and {reused} pages from those kept; after "
			    "a read {kept} is kept. Of 3 pages that were read at once {kept_3} stayed: kernels before "
			    "6.14 keep one page, later ones two",
			    allocated == 1 ? "" : "s");
}

static void write_and_read_3(void)
{
	write_3_pages();
	must_read(the_pipe, ends[0], 3 * page_size(), 3 * page_size());
}

/* ---- pipe-slot-release ---- */

static void write_1000(void)
{
	must_write(the_pipe, ends[1], 1000);
}

static void read_400(void)
{
	must_read(the_pipe, ends[0], 400, 400);
}

static void read_600(void)
{
	must_read(the_pipe, ends[0], 600, 600);
}

static void judge_slot_release(const struct evidence *e, struct verdict *v)
{
	if (num(e, "offset") == 400 && num(e, "len") == 600 && !num(e, "tail_part") && num(e, "tail_all") == 1 &&
	    !num(e, "used_all"))
		holds(v, e, "400 of 1000 bytes read: offset {offset}, len {len}, tail {tail_part}; the rest read: "
			    "tail {tail_all}, {used_all} slots in use");
	else
		refuted(v, e, "after the first read offset {offset}, len {len}, tail {tail_part}; after the second "
			      "tail {tail_all}, {used_all} slots in use");
}

static const struct experiment experiments[] = {
	{
		.id = "pipe-two-copies",
		.claim = "every byte is copied twice: writer to kernel page, kernel page to reader",
		.said_by = "D1 D2", .mechs = "pipe", .cast = {"writer", "reader"}, .set = two_pipes,
		.steps = {
			{"writes 4093 bytes", write_4093, WRITER},
			{"reads them", read_4093, READER},
			{"vmsplices a page of its own into the second pipe", vmsplice_page, WRITER},
			{"reads it", read_other_page, READER},
		},
		.figures = {
			{"payload", "bytes written to the first pipe", "send.bytes"},
			{"in", "of them copied into the kernel", "send.copied_bytes"},
			{"out", "bytes copied out of the kernel", "recv.copied_bytes"},
			{"v_moved", "bytes moved into the second pipe", "send.moved_bytes", .object = 1},
			{"v_in", "bytes copied into the second pipe", "send.copied_bytes", .object = 1},
			{"v_out", "bytes copied out of the second pipe", "recv.copied_bytes", .object = 1},
		},
		.judge = judge_two_copies,
	},
	{
		.id = "pipe-byte-stream",
		.claim = "no message borders: 2 writes, 1 read",
		.said_by = "D1 D2", .mechs = "pipe", .cast = {"writer", "reader"}, .set = stream_and_packets,
		.steps = {
			{"writes 41 bytes, then 59", write_41_59, WRITER},
			{"reads up to 200", read_100, READER},
			{"writes 41 and 59 to the second pipe, which is in packet mode", write_packets, WRITER},
			{"reads up to 200, twice", read_packets, READER},
		},
		.figures = {
			{"writes", "writes to the first pipe", "send.ops"},
			{"reads", "reads of it", "recv.ops"},
			{"in", "bytes in", "send.bytes"},
			{"out", "bytes out", "recv.bytes"},
			{"packet_writes", "writes to the pipe with O_DIRECT", "send.ops", .object = 1},
			{"packet_reads", "reads of it that took all of one", "recv.ops", .object = 1},
		},
		.judge = judge_byte_stream,
	},
	{
		.id = "pipe-ring",
		.claim = "a ring of page buffers with head, tail, ring_size (a power of two) and max_usage",
		.said_by = "D2 D5", .mechs = "pipe", .cast = {"writer", "reader"}, .set = one_pipe,
		.steps = {
			{"writes 3 pages", write_3_pages, WRITER},
			{"reads one", read_page, READER},
			{"asks with F_SETPIPE_SZ for 5 pages", ask_5_pages, WRITER},
			{"writes a page and reads a page, 7 times: around the ring", go_round, DIRECTOR},
		},
		.figures = {
			{"ring_size", "slots of a new pipe", "internals.ring_size", AT_START},
			{"max_usage", "of which may be used", "internals.max_usage", AT_START},
			{"head_3", "head", "internals.head", 1},
			{"tail_3", "tail", "internals.tail", 1},
			{"in_ring", "slots found in the ring itself", "ring.used_slots", 1},
			{"smaller", "slots of the ring asked for 5 pages", "internals.ring_size", 3},
			{"round", "head's way around", "internals.head", 4, 3},
			{"moved", "tail's way around", "internals.tail", 4, 3},
		},
		.judge = judge_ring,
	},
	{
		.id = "pipe-merge",
		.claim = "a small write is appended to the last page when it fits and merging is allowed",
		.said_by = "D5", .mechs = "pipe", .cast = {"writer", "reader"}, .set = one_pipe, .enter = own_end,
		.steps = {
			{"writes 100 bytes", write_100, WRITER},
			{"writes 200 more", write_200, WRITER},
			{"writes a whole page", write_page, WRITER},
			{"writes 1 byte", write_1, WRITER},
		},
		.figures = {
			{"writes", "writes", "send.ops"},
			{"merged", "merged writes", "internals.merged_writes"},
			{"slots", "new slots", "internals.new_slots"},
			{"per_slot", "bytes in a slot, on average", "internals.bytes_per_slot"},
			{"first_len", "bytes in the first slot", "ring.slots.0.len", 2},
			{"flags", "flags of the first slot", "ring.slots.0.flags.0", 2},
		},
		.judge = judge_merge,
	},
	{
		.id = "pipe-tmp-page",
		.claim = "freed pages are kept for reuse before a new page is allocated",
		.said_by = "D5", .mechs = "pipe",
		.needs = "the function backend: pages come and go between entry and exit of a system call",
		.cast = {"writer"}, .set = one_pipe,
		.steps = {
			{"writes a page and reads it", write_and_read_page, WRITER},
			{"again", write_and_read_page, WRITER},
			{"again", write_and_read_page, WRITER},
			{"again", write_and_read_page, WRITER},
			{"writes 3 pages and reads them at once", write_and_read_3, WRITER},
		},
		.figures = {
			{"kept", "pages kept after the first read", "internals.kept_pages", 1},
			{"reused", "kept pages filled again", "internals.pages_reused", 4},
			{"allocated", "pages allocated", "internals.pages_allocated", 4},
			{"kept_3", "pages kept after 3 were read", "internals.kept_pages", 5},
		},
		.judge = judge_tmp_page,
	},
	{
		.id = "pipe-slot-release",
		.claim = "a read moves offset and len; an emptied slot is released and tail moves on",
		.said_by = "D5", .mechs = "pipe", .cast = {"writer", "reader"}, .set = one_pipe, .enter = own_end,
		.steps = {
			{"writes 1000 bytes", write_1000, WRITER},
			{"reads 400", read_400, READER},
			{"reads 600", read_600, READER},
		},
		.figures = {
			{"offset", "offset of the slot, partly read", "ring.slots.0.offset", 2},
			{"len", "bytes left in it", "ring.slots.0.len", 2},
			{"tail_part", "tail", "internals.tail", 2},
			{"tail_all", "tail, all read", "internals.tail", 3},
			{"used_all", "slots in use, all read", "ring.used_slots", 3},
		},
		.judge = judge_slot_release,
	},
};

const struct family family_pipe = {"pipe", "pipes", experiments, sizeof(experiments) / sizeof(experiments[0])};
