// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/ring_target.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "inode.h"
#include "model/alloc.h"
#include "out/escape.h"

static int refuse(int err, const char *spec, const char *why)
{
	char text[256];

	escape_text(text, sizeof(text), spec, strlen(spec), false);
	fprintf(stderr, "ipctrace: cannot show '%s': %s\n", text, why);
	return err;
}

/* The mechanism whose objects are files like this one. */
static const struct mechanism *mechanism_of(mode_t mode, uint32_t magic)
{
	const struct mechanism *any = NULL;

	for (size_t i = 0; i < mechanism_cnt; i++) {
		const struct mechanism *m = mechanisms[i];

		if (!m->file_mode || m->file_mode != (mode & S_IFMT))
			continue;
		if (m->file_magic == magic)
			return m;
		if (!m->file_magic)
			any = m;
	}
	return any;
}

static int refuse_descriptor(const char *spec, const char *pid, int err)
{
	char path[32], why[128];

	snprintf(path, sizeof(path), "/proc/%s", pid);
	if (err == ENOENT && access(path, F_OK))
		snprintf(why, sizeof(why), "there is no process %s", pid);
	else if (err == ENOENT)
		snprintf(why, sizeof(why), "process %s has no such descriptor, or has ended; see ls /proc/%s/fd", pid,
			 pid);
	else if (err == EACCES || err == EPERM)
		snprintf(why, sizeof(why), "%s; looking at another user's process takes CAP_SYS_PTRACE",
			 strerror(err));
	else
		snprintf(why, sizeof(why), "%s", strerror(err));
	return refuse(-err, spec, why);
}

/* stat(2) follows the link in /proc to the pipe itself, without opening it. */
static int find_descriptor(struct ring_target *target, const char *spec, const char *pid, const char *fd)
{
	char path[64], link[PATH_MAX];
	struct inode_id id;
	struct statfs fs;
	struct stat st;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, fd);
	if (stat(path, &st) || statfs(path, &fs))
		return refuse_descriptor(spec, pid, errno);
	target->mech = mechanism_of(st.st_mode, fs.f_type);
	if (!target->mech)
		return refuse(-EINVAL, spec, "that descriptor is neither a pipe nor a FIFO");
	id = inode_of_descriptor(&st, pid, fd);
	target->id = (struct ipc_object_id){ .id = id.inode, .domain = id.device, .mech = target->mech->id };
	len = readlink(path, link, sizeof(link) - 1);
	if (len > 0 && *link == '/') {
		link[len] = '\0';
		target->name = xstrdup(link);
	}
	return 0;
}

static int find_named(struct ring_target *target, const char *spec)
{
	int err = -EINVAL;
	char why[128];

	for (size_t i = 0; i < mechanism_cnt; i++) {
		const struct mechanism *m = mechanisms[i];
		int got = m->parse_id ? m->parse_id(spec, &target->id) : -EINVAL;

		if (got == 0) {
			target->mech = m;
			target->name = realpath(spec, NULL); /* NULL unless it is a path */
			return 0;
		}
		if (got < 0 && got != -EINVAL)
			err = got;
	}
	if (err == -EINVAL)
		return refuse(err, spec, "it is neither a pipe nor a FIFO; give PID:FD, pipe:[INODE] or a FIFO's path");
	if (err == -ENOENT)
		return refuse(err, spec, "there is no such file; give PID:FD, pipe:[INODE] or a FIFO's path");
	snprintf(why, sizeof(why), "%s", strerror(-err));
	return refuse(err, spec, why);
}

int ring_target__find(struct ring_target *target, const char *spec)
{
	char pid[16], fd[16];
	int end = 0, err;

	*target = (struct ring_target){ 0 };
	if (sscanf(spec, "%10[0-9]:%10[0-9]%n", pid, fd, &end) == 2 && end && !spec[end])
		err = find_descriptor(target, spec, pid, fd);
	else
		err = find_named(target, spec);
	if (!err)
		target->mech->format_id(&target->id, target->label, sizeof(target->label));
	return err;
}
