/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A mapping whose file came from another process through a socket, and one whose pages must be read from a disk first. */
#include "lab/mmap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static struct object *o;
static int sockets[2];
static size_t pages;

static void send_file(int file)
{
	struct iovec iov = {payload(1), 1};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c = (void *)control;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &file, sizeof(int));
	CHECK(sendmsg(sockets[0], &msg, 0) == 1);
}

static int take_file(void)
{
	struct iovec iov = {payload(1), 1};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	int file;

	CHECK(recvmsg(sockets[1], &msg, MSG_CMSG_CLOEXEC) == 1);
	memcpy(&file, CMSG_DATA((struct cmsghdr *)control), sizeof(int));
	return file;
}

static struct task *taker;

/* It never opened nor inherited the memory, nor knows a name of it. */
static void take(void *arg)
{
	int file = take_file();
	char *at;

	(void)arg;
	o = object_nth(0);
	at = op_map(o, file, pages, PROT_READ | PROT_WRITE, 0);
	CHECK(touch_pages(o, at, pages - 3, true) == pages - 3);
	op_unmap(o, at, pages, 1);
	advance();
}

static void give(void *arg)
{
	int file = memfd_create("ipctrace-lab-passed", MFD_CLOEXEC);
	char *at;

	(void)arg;
	CHECK(file >= 0 && ftruncate(file, (off_t)(pages * page_size())) == 0);
	o = object_mapped(file);
	at = op_map(o, file, pages, PROT_READ | PROT_WRITE, 0);
	CHECK(touch_pages(o, at, 2, true) == 2);
	send_file(file);
	await_step(taker, 1);
	op_unmap(o, at, pages, 1);
}

/* A memfd that went through a UNIX socket: both who sent it and who took it have it mapped. */
static void run_passed(unsigned n)
{
	struct task *giver;

	pages = n;
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0);
	taker = spawn("mmap-taker", take, NULL);
	giver = spawn("mmap-giver", give, NULL);
	join(taker);
	join(giver);
	o = object_nth(0);
	fact(o, INTERNALS, "mappings_ever", 2);
	fact(o, INTERNALS, "processes", 2);
	fact(o, INTERNALS, "inherited", 0);
	fact(o, INTERNALS, "pages", pages - 3);
	fact(o, DEPTH, "max_slots", 2);
	fact(o, TOP, "created", 1);
	fact(o, TOP, "destroyed", 1);
}

/* None of its pages is in memory any more. */
static bool is_dropped(int file)
{
	unsigned char resident[64];
	size_t size = pages * page_size();
	void *at;

	CHECK(pages <= sizeof(resident) && posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0);
	at = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
	CHECK(at != MAP_FAILED && mincore(at, size, resident) == 0 && munmap(at, size) == 0);
	for (size_t i = 0; i < pages; i++)
		if (resident[i] & 1)
			return false;
	return true;
}

/* A file of so many pages that lie on a disk only: one that we wrote or, where that stays in memory, one of the system's. */
static int file_on_disk(const char **path)
{
	int file;

	*path = scratch_path("major");
	file = open(*path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(file >= 0);
	for (size_t i = 0; i < pages; i++)
		CHECK(write(file, payload(page_size()), page_size()) == (ssize_t)page_size());
	CHECK(fsync(file) == 0);
	if (is_dropped(file))
		return file;
	close_fd(file);
	*path = "/usr/share/common-licenses/GPL-3";
	file = open(*path, O_RDONLY | O_CLOEXEC);
	if (file < 0 || lseek(file, 0, SEEK_END) < (off_t)(pages * page_size()) || !is_dropped(file))
		give_up(OUTCOME_UNSUPPORTED, "the file systems here keep their files in memory");
	return file;
}

/* Each touch reads one page, and no other with it. */
static void run_major(unsigned n)
{
	struct faults faults;
	const char *path;
	char *at;
	int file;

	pages = n;
	file = file_on_disk(&path);
	o = mapping_object(object_new("mmap", "%s", path));
	at = op_map(o, file, pages, PROT_READ, 0);
	CHECK(madvise(at, pages * page_size(), MADV_RANDOM) == 0);
	faults = count_faults(at, pages, false);
	CHECK(faults.major == pages);
	fact(o, INTERNALS, "major_faults", faults.major);
	fact(o, INTERNALS, "minor_faults", faults.minor);
	fact_own(o, "major_faults", faults.major);
	op_unmap(o, at, pages, 1);
	close_fd(file);
}

static const struct scenario scenarios[] = {
	{"mmap-passed", "a memfd of N pages, sent through a socket and mapped by both", run_passed, 11},
	{"mmap-major", "N pages of a file that must be read from its disk", run_major, 7},
};
REGISTER_SCENARIOS(scenarios, "mmap");
