// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * FIFOs: pipes with a name. The ring is made when the first end is opened and
 * goes with the last close; the same inode may have many rings, one after another.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "inode.h"
#include "mech/pipe.h"
#include "mech/pipe_hooks.h"
#include "syscall.h"

static void format_id(const struct ipc_object_id *id, char *buf, size_t size)
{
	snprintf(buf, size, "fifo:[%u:%u:%llu]", id->domain >> 20, id->domain & 0xfffff, (unsigned long long)id->id);
}

/* "fifo:[MAJOR:MINOR:INODE]" or a path. -EINVAL: neither. */
static int parse_id(const char *spec, struct ipc_object_id *id)
{
	unsigned long long inode;
	unsigned int major, minor;
	struct inode_id found;
	struct stat st;
	int end = 0, err;

	if (sscanf(spec, "fifo:[%u:%u:%llu]%n", &major, &minor, &inode, &end) == 3 && end && !spec[end]) {
		*id = (struct ipc_object_id){ .id = inode, .domain = major << 20 | minor, .mech = MECH_FIFO };
		return 0;
	}
	err = inode_of_path(spec, &st, &found);
	if (err)
		return err;
	if (!S_ISFIFO(st.st_mode))
		return -EINVAL;
	*id = (struct ipc_object_id){ .id = found.inode, .domain = found.device, .mech = MECH_FIFO };
	return 0;
}

static const char *const blind[] = {
	"which of several writers' bytes a reader got",
	"an open that waited before the start: it has no descriptor to find its FIFO by",
	"an open by a path that fails before the FIFO is reached",
	"with the syscall backend: opens that fail, and their waits, since only a descriptor tells what was opened; when a ring was "
	"made, and so the balance of bytes; all that is said of pipes",
	NULL,
};

const struct mechanism mech_fifo = {
	.id = MECH_FIFO,
	.name = "fifo",
	.summary = "named pipes: the same, by path, and who waits for a partner",
	.man = "A FIFO is a pipe that is found by its path. Opening one end waits for the other unless O_NONBLOCK or "
	       "O_RDWR is given. The ring exists only while somebody has the FIFO open; its bytes never reach the "
	       "disk.\n\n"
	       "The id of a FIFO is fifo:[MAJOR:MINOR:INODE], device and inode number of the file; where its path "
	       "is known, that is shown.",
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
	.has_path = true,
	.kobj = "inode.i_pipe",
	.depth = DEPTH_RING,
	.limit_word = 3, /* max_usage */
	.causes = PIPE_CAUSES,
	.format_id = format_id,
	.parse_id = parse_id,
	.room = pipe_room,
	.newer = pipe_newer,
	.join = pipe_join,
	.ends = pipe_ends,
	.advance = pipe_advance,
	.unseen = PIPE_UNSEEN,
};
