/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli.h"

/*
 * The path of a cgroup below the cgroup2 mount, by id: "/" for the root. false: gone, or no mount. Looked for once:
 * a cgroup that is gone later keeps its path. ctx is not used.
 */
bool cgroup_path_of(void *ctx, uint64_t id, char *path, size_t size);

/*
 * From the container and the unit of a filter to its cgroup: the outermost one that
 * is the container's or the unit's. Returns 0, or -errno with the reason on stderr:
 * -ENOENT, there is none; -ENOTUNIQ, several containers begin so; -EINVAL, more than
 * one of cgroup, container and unit is given. The path lives as long as the program.
 */
int cgroup_resolve(struct cli_filter *f);

/* A path as given, absolute or not, with or without the mount, as what is below the mount. */
const char *cgroup_below_mount(const char *given);

/* Is a cgroup of this path (below the mount) the one given, as above, or below it? */
bool cgroup_is_below(const char *path, const char *given);

/* Is a cgroup of this path (below the mount) what the filter asks for, or below it? NULL: not known, and so it is not. */
bool cgroup_is_wanted(const struct cli_filter *f, const char *path);

#endif
