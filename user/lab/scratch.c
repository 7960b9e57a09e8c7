/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files of a scenario: in a directory that goes with it; with IPC_SCENARIO_KEEP set it stays, so that no later scenario's
 * file gets its inode number.
 */
#include "lab/scenario.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char scratch_dir[PATH_MAX];
static pid_t owner;

void scratch_remove(void)
{
	char path[PATH_MAX + NAME_MAX + 2];
	struct dirent *entry;
	DIR *dir;

	if (!scratch_dir[0] || getpid() != owner || getenv("IPC_SCENARIO_KEEP"))
		return;
	dir = opendir(scratch_dir);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", scratch_dir, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(scratch_dir);
}

const char *scratch_path(const char *name)
{
	const char *tmp = getenv("TMPDIR");
	char *path;

	if (!scratch_dir[0]) {
		snprintf(scratch_dir, sizeof(scratch_dir), "%s/ipc-scenario-XXXXXX",
			 tmp && tmp[0] == '/' ? tmp : "/tmp");
		CHECK(mkdtemp(scratch_dir));
		owner = getpid();
		atexit(scratch_remove);
	}
	CHECK(asprintf(&path, "%s/%s", scratch_dir, name) > 0);
	return path;
}
