/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The exact filter. The programs keep every operation on an object that may be
 * wanted (a byte table can confuse two objects, and knows no sides); here the
 * rows of those that are not are dropped from a snapshot.
 */
#ifndef SELECT_H
#define SELECT_H

#include "cli.h"
#include "source/snapshot.h"

/* Is anything asked for that would drop rows? Only then is a whole snapshot needed. */
bool snapshot_selects(const struct cli_options *o, bool command);

struct wanted; /* objects that some snapshot wanted, as long as they are in one */

/*
 * classes: descriptor of the map, -1: none, as of a recording; command: only what
 * its descent has used. Keeps all when nothing is asked for. *wanted, NULL at first:
 * an object stays wanted when the rows of those it was wanted for are gone.
 */
void snapshot_select(struct snapshot *s, const struct cli_options *o, int classes, bool command, struct wanted **wanted);

/* The same of a recording, where cgroups are matched by their paths: as model_config.cgroup_path. */
void snapshot_select_recorded(struct snapshot *s, const struct cli_options *o,
			      bool (*cgroup_path)(void *ctx, uint64_t id, char *path, size_t size), void *ctx,
			      struct wanted **wanted);

void wanted_free(struct wanted *objects); /* may be NULL */

#endif
