// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/ring_target.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "model/alloc.h"
#include "out/escape.h"

static int refuse(int err, const char *spec, const char *why)
{
	char text[256];

	escape_text(text, sizeof(text), spec, strlen(spec), false);
	fprintf(stderr, "ipctrace: cannot show '%s': %s\n", text, why);
	return err;
}

static uint32_t kernel_device(unsigned major_nr, unsigned minor_nr)
{
	return major_nr << 20 | minor_nr;
}

/* The number after `key` in a file of /proc, with `base`; false: no such line. */
static bool number_in(const char *path, const char *key, unsigned long long *value)
{
	FILE *f = fopen(path, "re");
	char line[256];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strncmp(line, key, strlen(key)) == 0 && sscanf(line + strlen(key), "%llu", value) == 1;
	if (f)
		fclose(f);
	return found;
}

/*
 * stat(2) gives btrfs and overlayfs files device numbers that are not their super
 * block's, which is what the kernel's inode has. The mount table knows that one.
 */
static bool mount_device(const char *pid, unsigned long long mount, uint32_t *device)
{
	char path[64], line[4096];
	unsigned long long id;
	unsigned major_nr, minor_nr;
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/mountinfo", pid);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llu %*d %u:%u", &id, &major_nr, &minor_nr) == 3 && id == mount) {
			*device = kernel_device(major_nr, minor_nr);
			found = true;
		}
	if (f)
		fclose(f);
	return found;
}

static void identify(struct ring_target *target, const struct stat *st, const char *pid, const char *fd)
{
	unsigned long long mount, inode;
	char path[64];

	target->id.mech = target->mech->id;
	target->id.id = st->st_ino;
	target->id.domain = kernel_device(major(st->st_dev), minor(st->st_dev));
	snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, fd);
	if (number_in(path, "mnt_id:", &mount))
		mount_device(pid, mount, &target->id.domain);
	if (number_in(path, "ino:", &inode)) /* 5.14 */
		target->id.id = inode;
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
	struct statfs fs;
	struct stat st;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, fd);
	if (stat(path, &st) || statfs(path, &fs))
		return refuse_descriptor(spec, pid, errno);
	target->mech = mechanism_of(st.st_mode, fs.f_type);
	if (!target->mech)
		return refuse(-EINVAL, spec, "that descriptor is neither a pipe nor a FIFO");
	identify(target, &st, pid, fd);
	len = readlink(path, link, sizeof(link) - 1);
	if (len > 0 && *link == '/') {
		link[len] = '\0';
		target->name = xstrdup(link);
	}
	return 0;
}

/* A path may lie on a file system of which stat(2) tells another device. */
static void correct_device(struct ring_target *target)
{
	struct statx stx;

	if (statx(AT_FDCWD, target->name, 0, STATX_MNT_ID, &stx) == 0 && (stx.stx_mask & STATX_MNT_ID))
		mount_device("self", stx.stx_mnt_id, &target->id.domain);
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
			if (target->name)
				correct_device(target);
			return 0;
		}
		if (got != -EINVAL)
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
