/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How chains of waits are told, in text and in JSON. */
#ifndef VIEW_WHY_DRAW_H
#define VIEW_WHY_DRAW_H

#include "chain/chain.h"
#include "out/style.h"
#include "out/writer.h"

/* From one process on: its waits, who could end them, and so on. */
void why_tree(struct writer *out, const struct chain *c, size_t process, const struct style *style);

/* Every deadlock with each of its waits. Returns how many there are. */
size_t why_deadlocks(struct writer *out, const struct chain *c, const struct style *style);

/* Who waits for nothing that is known, while others wait for it: at most max, the most waited for first. */
void why_roots(struct writer *out, const struct chain *c, size_t max);

/* One line: all processes that wait, and the deadlocks. process: CHAIN_NONE, or the one that was asked for. */
void why_json(struct writer *out, const struct chain *c, size_t process);

#endif
