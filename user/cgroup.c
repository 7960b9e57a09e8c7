// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <uthash.h>

#include "model/alloc.h"
#include "model/place.h"

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

static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

/* Where the version 2 hierarchy is mounted; NULL: nowhere. */
static const char *mount_point(void)
{
	struct statfs fs;

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		if (!statfs(mounts[i], &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
			return mounts[i];
	return NULL;
}

static bool look_up(uint64_t id, char *path, size_t size)
{
	const char *at = mount_point();

	if (!at)
		return false;
	search.id = id;
	search.mount_len = strlen(at);
	search.path = path;
	search.size = size;
	return nftw(at, look_at, 16, FTW_PHYS | FTW_MOUNT) == 1;
}

/* What was asked for already; path NULL: it cannot be told. */
static struct known_cgroup {
	uint64_t id;
	char *path;
	UT_hash_handle hh;
} *known_cgroups;

bool cgroup_path_of(void *ctx, uint64_t id, char *path, size_t size)
{
	struct known_cgroup *known;
	char found[4096];

	(void)ctx;
	HASH_FIND(hh, known_cgroups, &id, sizeof(id), known);
	if (!known) {
		known = xcalloc(1, sizeof(*known));
		known->id = id;
		known->path = look_up(id, found, sizeof(found)) ? xstrdup(found) : NULL;
		HASH_ADD(hh, known_cgroups, id, sizeof(known->id), known);
	}
	if (known->path)
		snprintf(path, size, "%s", known->path);
	return known->path;
}

/* ---- filters ---- */

static bool begins(const char *text, const char *beginning)
{
	return !strncmp(text, beginning, strlen(beginning));
}

static bool is_place(const struct cli_filter *f, const char *path)
{
	char name[PLACE_LEN];

	if (f->container)
		return place_container(path, name) && begins(name, f->container);
	return place_unit(path, name) && !strcmp(name, f->unit);
}

static struct {
	const struct cli_filter *filter;
	size_t mount_len;
	char found[4096], container[PLACE_LEN];
	bool several;
} place;

/* What is below the first one found is its own; another container is another. */
static int match_place(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *below = path + place.mount_len;
	char name[PLACE_LEN];

	(void)st, (void)ftw;
	if (type != FTW_D || !is_place(place.filter, below))
		return 0;
	if (!*place.found) {
		snprintf(place.found, sizeof(place.found), "%s", below);
		place_container(below, place.container);
	} else if (place.filter->container && place_container(below, name) && strcmp(name, place.container)) {
		place.several = true;
	}
	return 0;
}

int cgroup_resolve(struct cli_filter *f)
{
	const char *at = mount_point(), *what = f->container ? "container" : "unit", *name = f->container ?: f->unit;

	if (!name)
		return 0;
	if (!!f->cgroup + !!f->container + !!f->unit > 1) {
		fprintf(stderr, "ipctrace: a cgroup, a container or a unit: only one of them can be matched\n");
		return -EINVAL;
	}
	memset(&place, 0, sizeof(place));
	place.filter = f;
	place.mount_len = at ? strlen(at) : 0;
	if (at)
		nftw(at, match_place, 16, FTW_PHYS | FTW_MOUNT);
	if (place.several) {
		fprintf(stderr, "ipctrace: container %s: several begin so, say more of its id\n", name);
		return -ENOTUNIQ;
	}
	if (!*place.found) {
		fprintf(stderr, "ipctrace: %s %s: not found%s\n", what, name, at ? "" : ", no cgroup2 file system is mounted");
		return -ENOENT;
	}
	f->cgroup = xstrdup(place.found);
	return 0;
}

const char *cgroup_below_mount(const char *given)
{
	for (size_t i = sizeof(mounts) / sizeof(mounts[0]); i-- > 0;)
		if (begins(given, mounts[i]))
			given += strlen(mounts[i]);
	return given + strspn(given, "/");
}

bool cgroup_is_below(const char *path, const char *given)
{
	const char *wanted = cgroup_below_mount(given);
	size_t len = strlen(wanted);

	while (len && wanted[len - 1] == '/')
		len--;
	path += strspn(path, "/");
	return !len || (!strncmp(path, wanted, len) && (!path[len] || path[len] == '/'));
}

bool cgroup_is_wanted(const struct cli_filter *f, const char *path)
{
	if (!f->cgroup && !f->container && !f->unit)
		return true;
	if (!path || ((f->container || f->unit) && !is_place(f, path)))
		return false;
	return !f->cgroup || cgroup_is_below(path, f->cgroup);
}
