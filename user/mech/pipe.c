// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Anonymous pipes: pipe(2). */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inode.h"
#include "mech/pipe.h"
#include "mech/pipe_hooks.h"
#include "syscall.h"

#define PIPEFS_MAGIC 0x50495045

/* All pipes are inodes of one kernel-internal file system: ask a pipe of our own. */
static int pipefs_dev(uint32_t *dev)
{
	static uint32_t known;
	struct stat st;
	int fds[2], err;

	if (!known) {
		if (pipe(fds))
			return -errno;
		err = fstat(fds[0], &st) ? -errno : 0;
		close(fds[0]);
		close(fds[1]);
		if (err)
			return err;
		known = inode_device(st.st_dev);
	}
	*dev = known;
	return 0;
}

static void format_id(const struct ipc_object_id *id, char *buf, size_t size)
{
	snprintf(buf, size, "pipe:[%llu]", (unsigned long long)id->id);
}

/* "pipe:[INODE]", as readlink(2) in the fd directory of proc gives it. -EINVAL: something else. */
static int parse_id(const char *spec, struct ipc_object_id *id)
{
	unsigned long long inode;
	int end = 0;

	if (sscanf(spec, "pipe:[%llu]%n", &inode, &end) != 1 || !end || spec[end])
		return -EINVAL;
	*id = (struct ipc_object_id){ .id = inode, .mech = MECH_PIPE };
	return pipefs_dev(&id->domain);
}

static const char *const blind[] = {
	"which of several writers' bytes a reader got",
	"what a call that was inside the kernel when tracing began did, with the function backend: its wait is shown and counted, "
	"its bytes are not, and each such call is one missed",
	"with the syscall backend: closes (a process that exits makes no system call for them), and so when a pipe went and what was "
	"left in it; io_uring; 32-bit processes; pages reused; vain wakeups; which of two pipes a splice waits for, "
	"once it has waited for the other",
	"the bytes that a short read cuts off a packet",
	"with the syscall backend: new slots and merged writes of a pipe that others used while it was resized, which sets head back",
	"the slots of a splice and those of a write at the same time on one pipe, apart",
	NULL,
};

const struct mechanism mech_pipe = {
	.id = MECH_PIPE,
	.name = "pipe",
	.summary = "anonymous pipes: who writes, who reads, how full, who waits",
	.man = "An anonymous pipe is a ring of page-sized slots between its write end and its read end. Each write "
	       "fills slots at the head, each read empties them from the tail; a small write is appended to the "
	       "last page when it fits. A writer sleeps while the ring is full, a reader while it is empty.\n\n"
	       "The id of a pipe is its inode number, pipe:[INODE], as the links in the fd directory of proc show it.",
	.blind = blind,
	.object = "pipe",
	.hooks = pipe_hooks,
	.syscalls = pipe_syscalls,
	.fields = pipe_fields,
	.derived = pipe_derived,
	.derived_needs = PROFILE_DETAIL,
	.state_needs = PROFILE_ANY,
	.found_idle = true,
	.file_mode = S_IFIFO,
	.kobj = "inode.i_pipe",
	.depth = DEPTH_RING,
	.limit_word = 3, /* max_usage */
	.causes = PIPE_CAUSES,
	.file_magic = PIPEFS_MAGIC,
	.format_id = format_id,
	.parse_id = parse_id,
	.room = pipe_room,
	.newer = pipe_newer,
	.join = pipe_join,
	.ends = pipe_ends,
	.advance = pipe_advance,
	.unseen = PIPE_UNSEEN,
};
