// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about notification pipes: the kernel writes to them, about keys that are watched. */
#include "experiment/scene_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <linux/keyctl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef O_NOTIFICATION_PIPE
#define O_NOTIFICATION_PIPE O_EXCL
#endif

#define IOC_WATCH_QUEUE_SET_SIZE _IO('W', 0x60) /* linux/watch_queue.h cannot stand beside fcntl.h */

#define NOTES 32 /* as many as the kernel puts into one page: a slot each */
#define NOTE_BYTES 16 /* struct key_notification */
#define LOSS_BYTES 8  /* struct watch_notification, of what was lost */

static long key;

static void notification_pipe(void)
{
	if (pipe2(ends, O_NOTIFICATION_PIPE) && (errno == ENOPKG || errno == EINVAL))
		absent("CONFIG_WATCH_QUEUE");
	close_fd(ends[0]);
	close_fd(ends[1]);
	the_pipe = object_pipe(ends, O_NOTIFICATION_PIPE);
	CHECK(ioctl(ends[0], IOC_WATCH_QUEUE_SET_SIZE, NOTES) == 0);
}

/* A key of its own, which the pipe shall tell of. */
static void watch_key(unsigned who)
{
	if (who != WRITER)
		return;
	key = syscall(SYS_add_key, "user", "ipctrace-lab", "a", 1, KEY_SPEC_PROCESS_KEYRING);
	if (key < 0)
		absent("keys: %s", strerror(errno));
	if (syscall(SYS_keyctl, KEYCTL_WATCH_KEY, key, ends[0], 1) == 0)
		return;
	CHECK(errno == EOPNOTSUPP);
	absent("CONFIG_KEY_NOTIFICATIONS");
}

static void update_key(void)
{
	CHECK(syscall(SYS_keyctl, KEYCTL_UPDATE, key, "b", 1) == 0);
}

/* ---- pipe-watch-queue ---- */

static void write_refused(void)
{
	CHECK(op_write(the_pipe, ends[1], payload(101), 101) == -1 && errno == EXDEV);
}

static void update_too_often(void)
{
	for (int i = 0; i < NOTES + 1; i++)
		update_key();
}

static void read_all(void)
{
	must_read(the_pipe, ends[0], 4093, NOTES * NOTE_BYTES + LOSS_BYTES);
}

static void judge_watch_queue(const struct evidence *e, struct verdict *v)
{
	if (num(e, "exdev") == 1 && !num(e, "head") && num(e, "used") == NOTES && !strcmp(word(e, "flag"), "LOSS") &&
	    num(e, "read") == num(e, "inside") + LOSS_BYTES)
		holds(v, e, "a write got EXDEV and took no slot (head {head}). Of 33 notifications {used} found a slot; the last slot has the "
			    "flag {flag}, and a read of all {inside} bytes returned {read}: it was told of the loss");
	else
		refuted(v, e, "EXDEV {exdev} times, head {head}; {used} slots for 33 notifications, the last one's flag {flag}; a read of "
			      "{inside} bytes returned {read}");
}

/* ---- pipe-whole ---- */

static void read_1(void)
{
	CHECK(op_read(the_pipe, ends[0], payload(1), 1) == -1 && errno == ENOBUFS);
}

static void read_whole(void)
{
	must_read(the_pipe, ends[0], 97, NOTE_BYTES);
}

static void judge_whole(const struct evidence *e, struct verdict *v)
{
	if (!strcmp(word(e, "flag"), "WHOLE") && num(e, "enobufs") == 1 && num(e, "kept") == num(e, "len") && num(e, "whole") == num(e, "len"))
		holds(v, e, "the slot of {len} bytes has the flag {flag}: with room for 1 byte a read got ENOBUFS and left all {kept}, with "
			    "more it got {whole}");
	else
		refuted(v, e, "the slot of {len} bytes has the flag {flag}; ENOBUFS {enobufs} times, {kept} bytes left after it; then read: "
			      "{whole}");
}

static const struct experiment experiments[] = {
	{
		.id = "pipe-watch-queue",
		.claim = "a notification pipe refuses writes (EXDEV) and marks loss (note_loss)",
		.said_by = "D5", .mechs = "pipe", .needs = "CONFIG_WATCH_QUEUE and CONFIG_KEY_NOTIFICATIONS", .cast = {"owner"},
		.set = notification_pipe, .enter = watch_key,
		.steps = {
			{"writes 101 bytes", write_refused, WRITER},
			{"changes a watched key 33 times; 32 slots there are", update_too_often, WRITER},
			{"reads all", read_all, WRITER},
		},
		.figures = {
			{"exdev", "writes that ended in EXDEV", "send.errors.EXDEV"},
			{"head", "slots filled by them", "internals.head", 1},
			{"used", "slots filled by 33 notifications", "ring.used_slots", 2},
			{"flag", "last flag of the last slot", "ring.slots.-1.flags.-1", 2},
			{"inside", "bytes in the slots", "ring.slots.+len", 2},
			{"read", "bytes read", "events.op=recv.-1.result"},
		},
		.judge = judge_watch_queue,
	},
	{
		.id = "pipe-whole",
		.claim = "a buffer marked WHOLE cannot be read in part (ENOBUFS)",
		.said_by = "D5", .mechs = "pipe", .needs = "CONFIG_WATCH_QUEUE and CONFIG_KEY_NOTIFICATIONS", .cast = {"owner"},
		.set = notification_pipe, .enter = watch_key,
		.steps = {
			{"changes a watched key: a notification", update_key, WRITER},
			{"reads with room for 1 byte: ENOBUFS", read_1, WRITER},
			{"reads with room enough", read_whole, WRITER},
		},
		.figures = {
			{"flag", "flag of the slot", "ring.slots.0.flags.0", 1},
			{"len", "bytes in it", "ring.slots.0.len", 1},
			{"enobufs", "reads that ended in ENOBUFS", "recv.errors.ENOBUFS"},
			{"kept", "bytes in the slot after that", "ring.slots.0.len", 2},
			{"whole", "bytes got with room enough", "events.op=recv.-1.result"},
		},
		.judge = judge_whole,
	},
};

const struct family family_pipe_watch = {"pipe", "pipes", experiments, sizeof(experiments) / sizeof(experiments[0])};
