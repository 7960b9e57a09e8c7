/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What pairs of the hash `wakes` have in their rows of the array `wake_rows`, see bpf/wakes.h. */
#ifndef LIVE_WAKES_H
#define LIVE_WAKES_H

#include "programs.h"

/* Adds it to the counts of these pairs, which were read before. Returns 0 or -errno. */
int live_wakes_add(const struct programs *p, const struct ipc_wake_key *keys, uint64_t *counts, uint32_t cnt);

/* Takes a pair out, first of the hash: what comes between the two is lost without being counted. */
void live_wakes_remove(const struct programs *p, const struct ipc_wake_key *key);

#endif
