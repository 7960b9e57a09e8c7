/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the model's open waits and /proc's tasks to who waits for whom. */
#ifndef CHAIN_BUILD_H
#define CHAIN_BUILD_H

#include "chain/chain.h"
#include "chain/tasks.h"
#include "model/model.h"

/*
 * Waits of tasks that slept from the reading before the model's to the one after
 * it: these all held at the same time, so that what is built of them is one state.
 * Names live as long as the model. Solved already.
 */
void chain_build(struct chain *c, const struct model *m, const struct chain_tasks *before,
		 const struct chain_tasks *after);

#endif
