/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How many deadlocks there are at a report: a look at /proc before the figures are read, one after. */
#ifndef CHAIN_DEADLOCKS_H
#define CHAIN_DEADLOCKS_H

#include "chain/tasks.h"
#include "model/model.h"

struct deadlocks {
	struct chain_tasks before, after;
};

/* Before the pass of the iterators. 0 or -errno. */
int deadlocks_begin(struct deadlocks *d);

/* After model_update(): the deadlocks among what is traced, or -errno. */
int deadlocks_count(struct deadlocks *d, const struct model *m);

void deadlocks_free(struct deadlocks *d);

#endif
