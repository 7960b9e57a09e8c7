/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The path of a cgroup below the cgroup2 mount, by id: "/" for the root. false: gone, or no mount. ctx is not used. */
bool cgroup_path_of(void *ctx, uint64_t id, char *path, size_t size);

#endif
