/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The stacks of a live session, with names for their frames while the processes are there to be asked. */
#ifndef LIVE_STACKS_H
#define LIVE_STACKS_H

#include "programs.h"
#include "source/snapshot.h"

struct live_stacks; /* opaque */

/* NULL when no stacks are collected. */
struct live_stacks *live_stacks_new(const struct programs *p);
void live_stacks_free(struct live_stacks *l);

/* Rows of stack_waits that were just read: what is new in them is looked up. */
void live_stacks_look(struct live_stacks *l, const struct ipc_stack_key *keys, size_t cnt);

/* All stacks and names so far, for who takes the whole (a recording). */
void live_stacks_put(const struct live_stacks *l, struct snapshot *s);

#endif
