// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "inode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

uint32_t inode_device(uint64_t dev)
{
	return major(dev) << 20 | minor(dev);
}

/* The number after `key` in a file of /proc; false: no such line. */
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

/* Lines are as long as the paths in them: only a line's beginning is looked at. */
static bool mount_device(const char *pid, unsigned long long mount, uint32_t *device)
{
	char path[64], line[128];
	unsigned long long id;
	unsigned major_nr, minor_nr;
	bool found = false, begins = true;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/mountinfo", pid);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		if (begins && sscanf(line, "%llu %*d %u:%u", &id, &major_nr, &minor_nr) == 3 && id == mount) {
			*device = major_nr << 20 | minor_nr;
			found = true;
		}
		begins = strchr(line, '\n');
	}
	if (f)
		fclose(f);
	return found;
}

struct inode_id inode_of_descriptor(const struct stat *st, const char *pid, const char *fd)
{
	struct inode_id id = { st->st_ino, inode_device(st->st_dev) };
	unsigned long long mount, inode;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, fd);
	if (number_in(path, "mnt_id:", &mount))
		mount_device(pid, mount, &id.device);
	if (number_in(path, "ino:", &inode)) /* 5.14 */
		id.inode = inode;
	return id;
}

int inode_of_path(const char *path, struct stat *st, struct inode_id *id)
{
	int fd = open(path, O_PATH | O_CLOEXEC), err;
	char number[16];

	if (fd < 0)
		return -errno;
	err = fstat(fd, st) ? -errno : 0;
	snprintf(number, sizeof(number), "%d", fd);
	if (!err)
		*id = inode_of_descriptor(st, "self", number);
	close(fd);
	return err;
}
