// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about System V shared memory: what passing data costs, how long a segment lives. */
#include "lab/scenario.h"

#include <errno.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include "experiment/experiment.h"

enum { FIRST, SECOND };

#define KEY_BASE 0x1c990000
#define ODD_SIZE 12289u
#define PAGES 3u

static struct object *o;
static int id = -1, key;
static volatile char *memory;

static void segment_new(size_t size)
{
	struct stat st;

	key = KEY_BASE | (getpid() & 0xffff);
	id = shmget(key, size, IPC_CREAT | IPC_EXCL | 0600);
	CHECK(id >= 0);
	CHECK(stat("/proc/self/ns/ipc", &st) == 0);
	o = watched("shm", "shm:[%ju:%d]", (uintmax_t)st.st_ino, id);
	certain(o, OPEN, OPS);
	certain(o, CLOSE, OPS);
}

static void three_pages(void)
{
	segment_new(PAGES * page_size());
}

static void odd_segment(void)
{
	segment_new(ODD_SIZE);
}

static void remove_segment(void)
{
	shmctl(id, IPC_RMID, NULL);
}

static void attach(void)
{
	memory = shmat(id, NULL, 0);
	CHECK(memory != (void *)-1);
	count(o, OPEN, OPS, 1);
}

static void detach(void)
{
	CHECK(shmdt((const void *)memory) == 0);
	count(o, CLOSE, OPS, 1);
}

/* ---- shm-no-copy ---- */

static void write_pages(char letter)
{
	for (unsigned i = 0; i < PAGES; i++)
		memory[i * page_size()] = letter;
}

static void read_pages(char letter)
{
	for (unsigned i = 0; i < PAGES; i++)
		CHECK(memory[i * page_size()] == letter);
}

static void write_a(void)
{
	write_pages('a');
}

static void read_a(void)
{
	read_pages('a');
}

static void write_b(void)
{
	write_pages('b');
}

static void read_b(void)
{
	read_pages('b');
}

static void judge_no_copy(const struct evidence *e, struct verdict *v)
{
	bool faults = seen(e, "first");

	if (num(e, "attached") != 2 || num(e, "ops") || (faults && num(e, "again")))
		refuted(v, e, "{attached} attached; {ops} operations during the exchange, {first} pages touched first, then {again}");
	else if (faults && num(e, "first") != 2 * PAGES)
		unseen(v, e, "{first} first touches of %u pages by two processes: the figures contradict each other", PAGES);
	else if (faults)
		holds(v, e, "data went twice from one process to the other, with {ops} operations. The kernel was entered only for the "
			    "first touch of each page by each process, {first} faults; the second time {again}");
	else
		holds(v, e, "data went twice from one process to the other, with {ops} operations; the faults of first touches are "
			    "not seen by this backend");
}

/* ---- shm-nattch ---- */

static void attach_and_write(void)
{
	attach();
	*memory = 'a';
}

static void mark(void)
{
	CHECK(shmctl(id, IPC_RMID, NULL) == 0);
}

static void read_after(void)
{
	CHECK(*memory == 'a');
}

static void judge_nattch(const struct evidence *e, struct verdict *v)
{
	if (num(e, "attached") == 2 && num(e, "marked") == 1 && !num(e, "early") && num(e, "left") == 1 && !num(e, "early_2") &&
	    num(e, "destroyed") == 1)
		holds(v, e, "removed while {attached} had it attached, it was only marked (SHM_DEST) and could be read; after one "
			    "detachment nattch was {left}; the last one destroyed it");
	else
		refuted(v, e, "nattch {attached}; IPC_RMID: marked {marked}, destroyed {early}; first detachment: nattch {left}, "
			      "destroyed {early_2}; second: destroyed {destroyed}");
}

/* ---- shm-existing-size ---- */

static void get_with_0(void)
{
	CHECK(shmget(key, 0, 0) == id);
}

static void get_with_more(void)
{
	CHECK(shmget(key, ODD_SIZE + 1, 0) == -1 && errno == EINVAL);
}

static void judge_existing_size(const struct evidence *e, struct verdict *v)
{
	if (num(e, "gets") == 1 && !num(e, "too_large") && num(e, "attached") == 1 && num(e, "bytes") == ODD_SIZE)
		holds(v, e, "shmget() with size 0 found the segment of {bytes} bytes ({gets} operation on it), and it was attached; a size "
			    "beyond its own came to no segment ({too_large} operations)");
	else
		refuted(v, e, "shmget() with size 0: {gets} operations on the segment of {bytes} bytes; with more than it has: "
			      "{too_large}; attached {attached}");
}

static const struct experiment experiments[] = {
	{
		.id = "shm-no-copy",
		.claim = "passing data makes no copy and no system call",
		.said_by = "D1 D2", .mechs = "shm", .cast = {"writer", "reader"}, .set = three_pages, .strike = remove_segment,
		.steps = {
			{"attaches the segment of 3 pages", attach, FIRST},
			{"attaches it", attach, SECOND},
			{"writes to each page", write_a, FIRST},
			{"reads that from each page", read_a, SECOND},
			{"writes something else to each page", write_b, FIRST},
			{"reads that from each page", read_b, SECOND},
		},
		.figures = {
			{"attached", "attachments", "depth.slots", 2},
			{"ops", "operations while data was passed", "events.#", 6, 2},
			{"first", "pages touched first, the first time", "internals.pages_touched", 4, 2, .optional = true},
			{"again", "pages touched first, the second time", "internals.pages_touched", 6, 4, .optional = true},
		},
		.judge = judge_no_copy,
	},
	{
		.id = "shm-nattch",
		.claim = "the segment lives until IPC_RMID and the last detach",
		.said_by = "D1 D3", .mechs = "shm",
		.needs = "the function backend: a last detachment may be no system call",
		.cast = {"first", "second"}, .set = three_pages, .strike = remove_segment,
		.steps = {
			{"attaches the segment and writes to it", attach_and_write, FIRST},
			{"attaches it", attach, SECOND},
			{"removes it (IPC_RMID)", mark, FIRST},
			{"detaches it", detach, FIRST},
			{"reads what was written", read_after, SECOND},
			{"detaches it", detach, SECOND},
		},
		.figures = {
			{"attached", "nattch", "internals.nattch", 2},
			{"marked", "marked to go, by IPC_RMID", "internals.marked", 3},
			{"early", "destroyed by it", "destroyed", 3},
			{"left", "nattch after one detachment", "internals.nattch", 4},
			{"early_2", "destroyed by that", "destroyed", 4},
			{"destroyed", "destroyed by the last detachment", "destroyed", 6},
		},
		.judge = judge_nattch,
	},
	{
		.id = "shm-existing-size",
		.claim = "attaching an existing segment may give size 0",
		.said_by = "D3", .mechs = "shm", .cast = {"first", "second"}, .set = odd_segment, .strike = remove_segment,
		.steps = {
			{"asks for the key with size 0", get_with_0, SECOND},
			{"asks for it with a size beyond the segment's: EINVAL", get_with_more, SECOND},
			{"attaches what it got", attach, SECOND},
		},
		.figures = {
			{"gets", "operations of shmget with size 0", "ctl.ops", 1, AT_START},
			{"too_large", "operations of shmget beyond its size", "ctl.ops", 2, 1},
			{"attached", "attachments", "depth.slots"},
			{"bytes", "size of the segment", "capacity.bytes"},
		},
		.judge = judge_existing_size,
	},
};

const struct family family_shm = {"shm", "shared memory", experiments, sizeof(experiments) / sizeof(experiments[0])};
