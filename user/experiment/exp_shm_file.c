// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about shared mappings of files: POSIX shared memory, and files on a disk. */
#include "lab/scenario.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "experiment/experiment.h"

enum { FIRST, SECOND };

#define PAGES 3u
#define SHORT 11 /* bytes that its last page lacks */

static struct object *o;
static int fd = -1;
static volatile char *memory;
static char name[64];
static const char *path;

/* By its path where that is what it is known by: on overlayfs another inode is mapped than the one opened. */
static void file_object(const char *by_path)
{
	struct stat st;

	CHECK(fstat(fd, &st) == 0);
	o = by_path ? watched("mmap", "%s", by_path) :
		      watched("mmap", "mmap:[%u:%u:%ju]", major(st.st_dev), minor(st.st_dev), (uintmax_t)st.st_ino);
	certain(o, OPEN, OPS);
}

static void map(void)
{
	memory = mmap(NULL, PAGES * page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(memory != MAP_FAILED);
	count(o, OPEN, OPS, 1);
}

static void read_pages(void)
{
	for (unsigned i = 0; i < PAGES; i++)
		CHECK(memory[i * page_size()] == 'a');
}

/* ---- shm-posix-file ---- */

static void posix_object(void)
{
	snprintf(name, sizeof(name), "/ipctrace-%s-%d", stage_name(), (int)getpid());
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	CHECK(fd >= 0 && ftruncate(fd, (off_t)(PAGES * page_size() - SHORT)) == 0);
	file_object(NULL);
	close_fd(fd);
}

static void unlink_object(void)
{
	shm_unlink(name);
}

static void open_and_map(void)
{
	fd = shm_open(name, O_RDWR, 0);
	CHECK(fd >= 0);
	map();
}

static void write_pages(void)
{
	for (unsigned i = 0; i < PAGES; i++)
		memory[i * page_size()] = 'a';
}

/* The same by the calls for any file. */
static void read_as_file(void)
{
	char there[96], byte;

	snprintf(there, sizeof(there), "/dev/shm%s", name);
	fd = open(there, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0 && pread(fd, &byte, 1, (off_t)page_size()) == 1 && byte == 'a');
}

static void judge_posix_file(const struct evidence *e, struct verdict *v)
{
	int64_t size = PAGES * (int64_t)page_size() - SHORT;

	if (strncmp(word(e, "name"), "/dev/shm/", 9) || strncmp(word(e, "id"), "mmap:[0:", 8) || num(e, "mappings") != 2 ||
	    num(e, "bytes") != size || num(e, "pages") != PAGES)
		refuted(v, e, "found as '{name}', {id}: {bytes} bytes, {pages} pages in memory, {mappings} mappings");
	else
		holds(v, e, "it is the file {name}, on a device with the major number 0, which no disk has: {id}. {bytes} bytes, "
			    "{pages} pages in memory, mapped by {mappings} processes");
}

/* ---- shm-mmap-file ---- */

/* Written to the disk and out of memory, where the file system has a disk. */
static void file_on_disk(void)
{
	path = scratch_path(stage_name());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	for (unsigned i = 0; i < PAGES; i++)
		CHECK(pwrite(fd, "a", 1, (off_t)(i * page_size())) == 1);
	CHECK(fdatasync(fd) == 0 && posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
	file_object(path);
}

static void change_first(void)
{
	memory[0] = 'b';
}

static void see_change(void)
{
	char byte;

	CHECK(memory[0] == 'b' && pread(fd, &byte, 1, 0) == 1 && byte == 'b');
}

static void judge_mmap_file(const struct evidence *e, struct verdict *v)
{
	bool faults = seen(e, "first_faults");

	if (num(e, "mappings") != 2 || num(e, "pages_1") != PAGES || num(e, "pages_2") != PAGES)
		refuted(v, e, "{mappings} mappings; {pages_1} pages in memory after one process read them, {pages_2} after two");
	else if (faults && (num(e, "second_major") || !num(e, "second_minor")))
		refuted(v, e, "the second process had {second_minor} minor faults and {second_major} major ones");
	else if (faults)
		holds(v, e, "{mappings} mappings, {pages_2} pages in memory, not {pages_1} more for the second. The first process had "
			    "{first_faults} minor faults and {first_major} major ones, that read the disk; the second {second_minor} "
			    "minor and {second_major} major");
	else
		holds(v, e, "{mappings} mappings, {pages_2} pages in memory, as many as with one; this backend sees no faults");
}

static const struct experiment experiments[] = {
	{
		.id = "shm-posix-file",
		.claim = "a POSIX object is a file in a memory file system, then mapped",
		.said_by = "D5", .mechs = "mmap", .cast = {"first", "second"}, .set = posix_object, .strike = unlink_object,
		.steps = {
			{"opens it (shm_open) and maps it", open_and_map, FIRST},
			{"writes to each page", write_pages, FIRST},
			{"opens it in /dev/shm and reads it by pread()", read_as_file, SECOND},
			{"maps what it opened", map, SECOND},
			{"reads from each page", read_pages, SECOND},
		},
		.figures = {
			{"id", "the object, by device and inode number", "id"},
			{"name", "the object, by path", "name"},
			{"bytes", "its size", "capacity.bytes"},
			{"pages", "its pages in memory", "internals.pages"},
			{"mappings", "mappings", "internals.mappings"},
			{"minor", "minor faults", "internals.minor_faults", .optional = true},
			{"major", "major faults", "internals.major_faults", .optional = true},
		},
		.judge = judge_posix_file,
	},
	{
		.id = "shm-mmap-file",
		.claim = "a mapped file shares the page cache among processes",
		.said_by = "D4 D5", .mechs = "mmap", .cast = {"first", "second"}, .set = file_on_disk,
		.steps = {
			{"maps 3 pages of a file, which are not in memory", map, FIRST},
			{"reads from each", read_pages, FIRST},
			{"maps them", map, SECOND},
			{"reads from each", read_pages, SECOND},
			{"changes a byte", change_first, FIRST},
			{"sees it in its mapping, and by pread()", see_change, SECOND},
		},
		.figures = {
			{"mappings", "mappings", "internals.mappings", 4},
			{"pages_1", "pages in memory, read by one", "internals.pages", 2},
			{"pages_2", "pages in memory, read by two", "internals.pages", 4},
			{"first_faults", "minor faults of the first", "internals.minor_faults", 2, .optional = true},
			{"first_major", "major faults of the first", "internals.major_faults", 2, .optional = true},
			{"second_minor", "minor faults of the second", "internals.minor_faults", 4, 2, .optional = true},
			{"second_major", "major faults of the second", "internals.major_faults", 4, 2, .optional = true},
		},
		.judge = judge_mmap_file,
	},
};

const struct family family_shm_file = {"shm", "shared memory", experiments, sizeof(experiments) / sizeof(experiments[0])};
