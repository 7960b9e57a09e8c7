/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a process belongs, as the path of its cgroup says: a container, a unit of systemd. */
#ifndef MODEL_PLACE_H
#define MODEL_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#define PLACE_LEN 256 /* of a name, with its NUL; what is longer is cut */

/*
 * The innermost container: the 64 digits that Docker, containerd, CRI-O and Podman
 * give one, or the name that LXC and machinectl know it by. false: in none.
 */
bool place_container(const char *cgroup_path, char id[PLACE_LEN]);

/*
 * The system's unit, as `ps -o unit` tells it: the first part of the path below
 * its slices that is one, or the innermost slice. false: in none, as PID 2.
 */
bool place_unit(const char *cgroup_path, char unit[PLACE_LEN]);

#endif
