// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* File locks: flock(2), fcntl(2)'s POSIX and OFD locks and leases. Figures are in lock_figures.c. */
#include <errno.h>
#include <stdio.h>

#include "inode.h"
#include "mech/lock.h"
#include "model/model.h"

#define ENTRY (PROFILE_WAITS | PROFILE_LATENCY | PROFILE_DETAIL | PROFILE_EVENTS)

#define POINT(program, name) program, name, .tracepoint = true
#define CALL(name) "__x64_sys_" name "|__arm64_sys_" name

/* Exit hooks first: an operation without its beginning is still counted. */
static const struct mech_hook hooks[] = {
	{ "flock_exit", CALL("flock"), .op = OP_EITHER },
	{ "setlk_exit", "fcntl_setlk", .op = OP_EITHER },
	{ "setlease_exit", "fcntl_setlease", .op = OP_EITHER },
	{ "getlk_exit", "fcntl_getlk", .op = OP_CTL },
	{ "getlease_exit", "fcntl_getlease", .op = OP_CTL },
	{ "break_exit", "__break_lease", PROFILE_ANY, .op = OP_OPEN },
	{ "lease_gone_exit", "lease_modify", PROFILE_ANY, .op = OP_CLOSE },
	{ "flock_entry", CALL("flock"), ENTRY, .op = -1, .begins = BEGINS(OP_EITHER) },
	{ "setlk_entry", "fcntl_setlk", ENTRY, .op = -1, .begins = BEGINS(OP_EITHER) },
	{ "setlease_entry", "fcntl_setlease", ENTRY, .op = -1, .begins = BEGINS(OP_EITHER) },
	{ "getlk_entry", "fcntl_getlk", ENTRY, .op = -1, .begins = BEGINS(OP_CTL) },
	{ "getlease_entry", "fcntl_getlease", ENTRY, .op = -1, .begins = BEGINS(OP_CTL) },
	{ "lease_gone_entry", "lease_modify", ENTRY, .op = -1, .begins = BEGINS(OP_CLOSE) },
	{ POINT("flock_done", "flock_lock_inode"), .needs = PROFILE_ANY, .op = OP_CLOSE },
	{ POINT("posix_done", "posix_lock_inode"), .needs = PROFILE_ANY, .op = OP_CLOSE },
	{ POINT("release_begins", "locks_get_lock_context"), .needs = ENTRY, .op = -1, .begins = BEGINS(OP_CLOSE) },
	{ POINT("break_refused", "break_lease_noblock"), .needs = ENTRY, .op = -1, .begins = BEGINS(OP_OPEN) },
	{ POINT("break_waits", "break_lease_block"), .needs = ENTRY, .op = -1, .begins = BEGINS(OP_OPEN) },
	{ POINT("lock_sys_exit", "sys_exit"), .only = BACKEND_SYSCALL, .op = -1 },
	{ POINT("lock_sys_enter", "sys_enter"), .needs = ENTRY, .only = BACKEND_SYSCALL, .op = -1 },
	{ .program = NULL },
};

static void format_id(const struct ipc_object_id *id, char *buf, size_t size)
{
	snprintf(buf, size, "lock:[%u:%u:%llu]", id->domain >> 20, id->domain & 0xfffff, (unsigned long long)id->id);
}

/* "lock:[MAJOR:MINOR:INODE]" or a path. -EINVAL: neither. */
static int parse_id(const char *spec, struct ipc_object_id *id)
{
	unsigned long long inode;
	unsigned int major, minor;
	struct inode_id found;
	struct stat st;
	int end = 0, err;

	if (sscanf(spec, "lock:[%u:%u:%llu]%n", &major, &minor, &inode, &end) == 3 && end && !spec[end]) {
		*id = (struct ipc_object_id){ .id = inode, .domain = major << 20 | minor, .mech = MECH_LOCK };
		return 0;
	}
	err = spec[0] == '/' || spec[0] == '.' ? inode_of_path(spec, &st, &found) : -EINVAL;
	if (err)
		return err;
	*id = (struct ipc_object_id){ .id = found.inode, .domain = found.device, .mech = MECH_LOCK };
	return 0;
}

static const char *const blind[] = {
	"who holds what on file systems that keep locks by themselves, such as NFS, CIFS or FUSE with locks of its own: there the "
	"calls, their errors and their waits are shown, what is held and what a close gives up may not be",
	"flock(2) of 32-bit processes; locks that the kernel holds for others (NFS server, lockd) are those of its threads",
	"which of several processes that share a file gave its flock or OFD lock up: it is the one with the last close",
	"how long each range was held: an owner's residency in a file lasts from its first lock to the release of its last one",
	"of a file with more than 256 locks of one kind, what is held; of more than 512 tasks that wait behind one, the others; "
	"which ranges those beyond the first 64 locks and the first 64 waiting requests have: they are counted. Locks that change "
	"while a pass looks at them may be told twice, or not",
	"of two files, one after the other, that have the same inode number: they are one",
	"what a call that was inside the kernel when tracing began asked for, with the function backend: its wait is shown and "
	"counted, the call is not, and is one missed",
	"with the syscall backend: that a lease ended with its process (who was woken by that is shown), or with a close of its "
	"file while another thread was in a call on that; leases met by system calls of io_uring and of 32-bit processes",
	"with the options --counts: closes and opens",
	"under lockdown=confidentiality all of it: locks are found by reading memory by address",
	NULL,
};

#define LIFELESS (UNSEEN_CREATION | UNSEEN_DESTRUCTION)

const struct mechanism mech_lock = {
	.id = MECH_LOCK,
	.name = "lock",
	.summary = "file locks and leases: who holds, who waits, who lets whom go on",
	.man = "A file can be locked as a whole by flock(2), and in ranges of bytes by fcntl(2): POSIX locks (F_SETLK), which "
	       "belong to a process, and OFD locks (F_OFD_SETLK), which belong to an open file. A lease (F_SETLEASE) is broken by "
	       "whoever opens the file: its holder gets a signal, and the open waits until it gives the lease up.\n\n"
	       "A receive is a request for a lock, read (shared) or write (exclusive): it takes, and may wait; also one that "
	       "only downgrades. A send is an unlock (LOCK_UN, F_UNLCK): it lets others go on. A close is one that "
	       "gave up locks, as is the end of a process; an open is one that met a lease (also a truncation that did). Control "
	       "operations are F_GETLK, F_OFD_GETLK and F_GETLEASE. A wait for what another holds has the cause `held'. A request that is "
	       "woken and has to wait again was woken in vain. An open to read that waits for a write lease is woken by the clock "
	       "at every tick to look again: the kernel does so. No bytes go through a lock; the size of an event is that of "
	       "the range.\n\n"
	       "An object is a file, lock:[MAJOR:MINOR:INODE], named by its path as it was when first seen. Its depth is the number of locks "
	       "held, residency the time from an owner's first lock to the release of its last one. Processes that hold locks, by the "
	       "last pass, have descriptors. Which ranges of the file are held, one by one, by whom and in which way, and which requests wait for "
	       "which range, stands in the internals of the JSON and in the details of top, as the last pass found it: of the first 64 each, the "
	       "others are counted.",
	.blind = blind,
	.object = "lock",
	.hooks = hooks,
	.state_needs = PROFILE_ANY,
	.fields = lock_fields,
	.derived = lock_derived,
	.parts = lock_parts,
	.causes = {
		[OP_SEND] = CAUSE_HELD,
		[OP_RECV] = CAUSE_HELD,
		[OP_OPEN] = CAUSE_HELD,
		[OP_CLOSE] = CAUSE_LOCK,
		[OP_CTL] = CAUSE_HELD,
	},
	.format_id = format_id,
	.parse_id = parse_id,
	.room = lock_room,
	.newer = mech_stamped_later,
	.unseen = { [BACKEND_FUNCTION] = LIFELESS, [BACKEND_SYSCALL] = LIFELESS },
};
