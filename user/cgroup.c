// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#define CGROUP2_SUPER_MAGIC 0x63677270

/* nftw takes no argument of ours. Asked once per cgroup; the tool has one thread. */
static struct {
	uint64_t id;
	size_t mount_len;
	char *path;
	size_t size;
} search;

static int look_at(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type != FTW_D || st->st_ino != search.id)
		return 0;
	snprintf(search.path, search.size, "%s", path[search.mount_len] ? path + search.mount_len : "/");
	return 1;
}

bool cgroup_path_of(void *ctx, uint64_t id, char *path, size_t size)
{
	static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	struct statfs fs;

	(void)ctx;
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		if (statfs(mounts[i], &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)
			continue;
		search.id = id;
		search.mount_len = strlen(mounts[i]);
		search.path = path;
		search.size = size;
		return nftw(mounts[i], look_at, 16, FTW_PHYS | FTW_MOUNT) == 1;
	}
	return false;
}
