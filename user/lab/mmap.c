/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shared mappings: of POSIX shared memory, of a memfd, of a file, of nothing; touched,
 * inherited, cut, moved, unmapped. How many faults touching makes is known by
 * arithmetic where it can be no other number than what the kernel says.
 */
#include "lab/mmap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define CROWD_MAX 31u

static struct object *o;
static int fd;
static size_t pages; /* of the file */

static void memory_new(const char *name, size_t page_cnt)
{
	pages = page_cnt;
	fd = memfd_create(name, 0);
	CHECK(fd >= 0 && ftruncate(fd, (off_t)(pages * page_size())) == 0);
	o = object_mapped(fd);
	fact(o, CAPACITY, "bytes", pages * page_size());
	fact(o, TOP, "created", 1);
}

static char *map(size_t page_cnt, int prot, int flags)
{
	return op_map(o, fd, page_cnt, prot, flags);
}

static void unmap(char *at, size_t page_cnt, unsigned cnt)
{
	op_unmap(o, at, page_cnt, cnt);
}

static unsigned touch(char *at, size_t page_cnt, bool writes)
{
	return touch_pages(o, at, page_cnt, writes);
}

static void gone(void)
{
	fact(o, TOP, "destroyed", 1);
	close_fd(fd);
}

static void sharer(void *arg)
{
	char *at = map(pages, PROT_READ | PROT_WRITE, 0);

	(void)arg;
	CHECK(touch(at, pages - 2, true) == pages - 2);
	CHECK(touch(at, pages - 2, false) == 0); /* touched already */
	unmap(at, pages, 1);
}

/* POSIX shared memory: N processes map it, one after the other, and write to the same pages. */
static void run_shm(unsigned n)
{
	char name[64];

	snprintf(name, sizeof(name), "/ipctrace-lab-%d", (int)getpid());
	pages = 13;
	fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	CHECK(fd >= 0 && ftruncate(fd, (off_t)(pages * page_size() - 11)) == 0);
	o = object_mapped(fd);
	fact(o, CAPACITY, "bytes", pages * page_size() - 11);
	for (unsigned i = 0; i < n; i++)
		join(spawn("mmap-sharer", sharer, NULL));
	CHECK(shm_unlink(name) == 0);
	fact(o, INTERNALS, "pages", pages - 2);
	fact(o, INTERNALS, "mappings", 0);
	fact(o, INTERNALS, "mappings_ever", n);
	fact(o, INTERNALS, "processes", n);
	fact(o, INTERNALS, "inherited", 0);
	fact(o, INTERNALS, "splits", 0);
	fact(o, INTERNALS, "bus_errors", 0);
	fact(o, DEPTH, "max_slots", 1);
	gone();
}

static char *inherited;

static void heir(void *arg)
{
	unsigned nth = *(unsigned *)arg;

	CHECK(touch(inherited, 3, true) == 3);
	if (nth % 2)
		unmap(inherited, pages, 1);
	advance();
	await_gate(1);
	if (!(nth % 2))
		count(o, CLOSE, OPS, 1); /* by its exit */
}

/* Memory without a file, which N children inherit: no mmap of theirs, and half of them no munmap. */
static void run_fork(unsigned n)
{
	struct task *tasks[CROWD_MAX];
	char line[256], *at;
	unsigned dev_major, dev_minor;
	unsigned long ino, start;
	FILE *maps;

	CHECK(n <= CROWD_MAX);
	pages = 7;
	at = mmap(NULL, pages * page_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(at != MAP_FAILED);
	inherited = at;
	maps = fopen("/proc/self/maps", "re");
	CHECK(maps);
	do
		CHECK(fgets(line, sizeof(line), maps));
	while (sscanf(line, "%lx-%*x %*s %*x %x:%x %lu", &start, &dev_major, &dev_minor, &ino) != 4 || (char *)start != at);
	fclose(maps);
	o = mapping_object(object_new("mmap", "mmap:[%u:%u:%lu]", dev_major, dev_minor, ino));
	count(o, OPEN, OPS, 1);
	CHECK(touch(at, 2, true) == 2);
	for (unsigned i = 0; i < n; i++) {
		tasks[i] = spawn("mmap-heir", heir, &(unsigned){i});
		await_step(tasks[i], 1);
	}
	open_gate(1);
	for (unsigned i = 0; i < n; i++)
		join(tasks[i]);
	unmap(at, pages, 1);
	fact(o, INTERNALS, "inherited", n);
	fact(o, INTERNALS, "mapped_to_write", 1);
	fact(o, INTERNALS, "mappings_ever", n + 1);
	fact(o, INTERNALS, "processes", n + 1);
	fact(o, INTERNALS, "splits", 0);
	fact(o, INTERNALS, "mappings", 0);
	fact(o, CAPACITY, "bytes", pages * page_size());
	fact(o, DEPTH, "max_slots", n / 2 + 2); /* every second one has unmapped it before the next */
	fact(o, TOP, "created", 1);
	fact(o, TOP, "destroyed", 1);
}

static void reader(void *arg)
{
	char *at = map(pages, PROT_READ, 0);
	unsigned faults = touch(at, pages, false);

	(void)arg;
	CHECK(faults < pages); /* a fault maps its neighbours too */
	unmap(at, pages, 1);
}

/* A memfd that others read: one fault maps many pages, those in memory already. */
static void run_read(unsigned n)
{
	char *at;

	memory_new("ipctrace-lab-read", 61);
	at = map(pages, PROT_READ | PROT_WRITE, 0);
	CHECK(touch(at, pages, true) == pages);
	for (unsigned i = 0; i < n; i++)
		join(spawn("mmap-reader", reader, NULL));
	unmap(at, pages, 1);
	/* each reader has the writer's mapping too, and leaves with it */
	count(o, CLOSE, OPS, n);
	fact(o, INTERNALS, "inherited", n);
	fact(o, INTERNALS, "pages", pages);
	fact(o, INTERNALS, "processes", n + 1);
	fact(o, DEPTH, "max_slots", 3);
	gone();
}

static void toucher_beyond(void *arg)
{
	volatile char *at = inherited;

	(void)arg;
	signal(SIGBUS, SIG_DFL);
	at[(pages - 2) * page_size()] = 1;
}

/* The file is cut while it is mapped: what lies behind its end can no longer be touched. */
static void run_shrink(unsigned n)
{
	struct task *t;

	memory_new("ipctrace-lab-shrink", 7);
	inherited = map(pages, PROT_READ | PROT_WRITE, 0);
	CHECK(touch(inherited, pages, true) == pages);
	CHECK(ftruncate(fd, (off_t)((pages - 2) * page_size())) == 0);
	count(o, CTL, OPS, 1);
	facts_forget(o);
	for (unsigned i = 0; i < n; i++) {
		t = spawn("mmap-beyond", toucher_beyond, NULL);
		join_signaled(t, SIGBUS);
		count_as(o, CLOSE, OPS, 1, t); /* by its death */
	}
	unmap(inherited, pages, 1);
	fact(o, INTERNALS, "bus_errors", n);
	fact(o, INTERNALS, "minor_faults", pages);
	fact(o, INTERNALS, "major_faults", 0);
	fact(o, INTERNALS, "inherited", n);
	fact(o, INTERNALS, "pages", pages - 2);
	fact(o, CAPACITY, "bytes", (pages - 2) * page_size());
	gone();
}

/* Unmapped in parts: each hole makes two mappings of one. */
static void run_split(unsigned n)
{
	char *at;

	memory_new("ipctrace-lab-split", 2 * n + 1);
	at = map(pages, PROT_READ | PROT_WRITE, 0);
	for (unsigned i = 0; i < n; i++)
		unmap(at + (2 * i + 1) * page_size(), 1, 1);
	CHECK(mprotect(at, page_size(), PROT_READ) == 0);
	CHECK(mprotect(at, page_size(), PROT_READ | PROT_WRITE) == 0);
	count(o, CTL, OPS, 2);
	fact(o, DEPTH, "max_slots", n + 1);
	unmap(at, pages, n + 1);
	fact(o, INTERNALS, "splits", 2 * n);
	fact(o, INTERNALS, "mappings_ever", 1);
	fact(o, INTERNALS, "mappings", 0);
	fact(o, INTERNALS, "writable", 0);
	fact(o, INTERNALS, "minor_faults", 0);
	gone();
}

/* Neighbours in memory and in the file are one mapping to the kernel. */
static void run_merge(unsigned n)
{
	char *at, *next;

	memory_new("ipctrace-lab-merge", n);
	at = map(n, PROT_READ, 0);
	for (unsigned i = 0; i < n; i++) {
		next = mmap(at + i * page_size(), page_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
			    (off_t)(i * page_size()));
		CHECK(next != MAP_FAILED);
		count(o, OPEN, OPS, 1);
		count(o, CLOSE, OPS, 1); /* what was mapped there goes */
	}
	fact(o, INTERNALS, "mapped_to_write", n);
	fact(o, DEPTH, "max_slots", 2);
	unmap(at, n, 1);
	fact(o, INTERNALS, "mappings", 0);
	fact(o, INTERNALS, "mappings_ever", n + 1);
	fact(o, INTERNALS, "splits", 0);
	gone();
}

/* Moved and grown by mremap; msync; what fails. */
static void run_control(unsigned n)
{
	size_t half;
	char *at, *moved;

	memory_new("ipctrace-lab-control", 2 * n);
	half = n * page_size();
	at = map(n, PROT_READ | PROT_WRITE, 0);
	CHECK(touch(at, n, true) == n);
	moved = mmap(NULL, pages * page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(moved != MAP_FAILED);
	CHECK(mremap(at, half, 2 * half, MREMAP_MAYMOVE | MREMAP_FIXED, moved) == moved);
	count(o, CTL, OPS, 1);
	count(o, CLOSE, OPS, 1); /* where it was */
	CHECK(touch(moved + half, n, true) == n);
	for (unsigned i = 0; i < n; i++)
		CHECK(msync(moved, half, i % 2 ? MS_SYNC : MS_ASYNC) == 0);
	CHECK(msync(moved, half, MS_SYNC | MS_ASYNC) < 0 && errno == EINVAL);
	count(o, CTL, OPS, n + 1);
	count_error(o, CTL, EINVAL);
	CHECK(ftruncate(fd, -1) < 0 && errno == EINVAL);
	count(o, CTL, OPS, 1);
	count_error(o, CTL, EINVAL);
	fact(o, DEPTH, "max_slots", 1);
	fact(o, INTERNALS, "pages", 2 * n);
	fact(o, INTERNALS, "splits", 1);
	unmap(moved, pages, 1);
	gone();
}

/* Filled while it is mapped: a fault a page, though nobody touches one. */
static void run_populate(unsigned n)
{
	struct rusage before, after;
	char *at;

	memory_new("ipctrace-lab-populate", n);
	getrusage(RUSAGE_SELF, &before);
	at = map(n, PROT_READ | PROT_WRITE, MAP_POPULATE);
	getrusage(RUSAGE_SELF, &after);
	CHECK(touch(at, n, true) == 0);
	facts_forget(o);
	fact(o, INTERNALS, "minor_faults", n);
	fact(o, INTERNALS, "major_faults", 0);
	fact(o, INTERNALS, "pages", n);
	CHECK(after.ru_minflt - before.ru_minflt >= n);
	unmap(at, n, 1);
	gone();
}

/* A file: read only, and what fails on it. */
static void run_file(unsigned n)
{
	const char *path = scratch_path("mapped");
	char *at[CROWD_MAX];
	int writer = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);

	CHECK(n <= CROWD_MAX);
	pages = 5;
	CHECK(writer >= 0 && ftruncate(writer, (off_t)(pages * page_size() - 7)) == 0);
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	o = mapping_object(object_new("mmap", "%s", path));
	for (unsigned i = 0; i < n; i++) {
		at[i] = map(pages, PROT_READ, 0);
		CHECK(mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EACCES);
		count(o, OPEN, OPS, 1);
		count_error(o, OPEN, EACCES);
	}
	fact(o, DEPTH, "max_slots", n);
	fact(o, INTERNALS, "writable", 0);
	fact(o, INTERNALS, "mapped_to_write", 0);
	for (unsigned i = 0; i < n; i++)
		unmap(at[i], pages, 1);
	fact(o, CAPACITY, "bytes", pages * page_size() - 7);
	fact(o, INTERNALS, "mappings_ever", n);
	fact(o, INTERNALS, "links", 1);
	close_fd(writer);
	close_fd(fd);
}

static void holder(void *arg)
{
	(void)arg;
	inherited = map(pages, PROT_READ | PROT_WRITE, 0);
	touch_uncounted(inherited, 2, true);
	advance();
	await_gate(1);
	CHECK(touch(inherited, 5, true) == 3);
	unmap(inherited, pages, 1);
}

/* Mapped and touched before the start, by two processes. */
static void run_held(unsigned n)
{
	struct task *t;
	char *own;

	(void)n;
	memory_new("ipctrace-lab-held", 7);
	own = map(3, PROT_READ, 0);
	t = spawn("held-mmap", holder, NULL);
	await_step(t, 1);
	facts_forget(o);
	if (!hold())
		return;
	object_restart(o);
	fact(o, TOP, "created", 0);
	fact(o, TOP, "preexisting", 1);
	fact(o, DEPTH, "max_slots", 3); /* the parent's, the child's copy of that, and its own */
	fact(o, INTERNALS, "mappings_ever", 3);
	open_gate(1);
	join(t);
	count_as(o, CLOSE, OPS, 1, t); /* the copy, by its exit */
	unmap(own, 3, 1);
	fact(o, INTERNALS, "pages", 5);
	fact(o, INTERNALS, "mappings", 0);
	fact(o, INTERNALS, "splits", 0);
	gone();
}

static const struct scenario scenarios[] = {
	{"mmap-shm", "N processes map POSIX shared memory, write and unmap", run_shm, 23},
	{"mmap-fork", "N children inherit memory without a file", run_fork, 7},
	{"mmap-read", "N processes read a memfd that another wrote", run_read, 5},
	{"mmap-shrink", "a mapped memfd is cut, and touched N times behind its end", run_shrink, 3},
	{"mmap-split", "N holes in a mapping", run_split, 13},
	{"mmap-merge", "N mappings next to each other", run_merge, 11},
	{"mmap-control", "mremap, N times msync, and what fails", run_control, 7},
	{"mmap-populate", "N pages filled while they are mapped", run_populate, 29},
	{"mmap-file", "a file that may only be read, mapped N times", run_file, 11},
	{"held-mmap", "memory mapped and touched before the start", run_held, 0},
};
REGISTER_SCENARIOS(scenarios, "mmap");

static const struct blind blind[] = {
	{"mmap", "syscall", "close.*"},
	{"mmap", "syscall", "destroyed"},
	{"mmap", "syscall", "depth.max_slots"},
	{"mmap", "syscall", "internals.inherited"},
	{"mmap", "syscall", "internals.splits"},
	{"mmap", "syscall", "internals.mappings_ever"},
	{"mmap", "syscall", "internals.processes"},
	{"mmap", "syscall", "internals.minor_faults"},
	{"mmap", "syscall", "internals.major_faults"},
	{"mmap", "syscall", "internals.bus_errors"},
};
REGISTER_BLIND(blind);
