/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Gives room back: rows of objects and processes that are no more are taken out
 * of the maps once one of these is three eighths full, until all are a quarter full; in no
 * hurry until five eighths are: 10,000 objects that live may keep it up for ever. Until
 * then everything stays to be seen. Whoever reads the maps has had the last figures of a row
 * before it goes.
 *
 * What is no more: an object that was destroyed; where that is not seen, one that
 * the last pass did not find, or, of objects that are no more than a use of them,
 * one whose users have exited; what a process that has exited did with an object
 * that is there; such a process, once nothing names it. Each for a second at
 * least, and unchanged from one reading to the next.
 */
#ifndef PRUNE_H
#define PRUNE_H

#include <stdbool.h>

#include "source/snapshot.h"

struct prune; /* opaque */

#define PRUNE_TABLES 16 /* more than snapshot_table_cnt */

struct prune_config {
	/* Bits per mechanism id: the end of its objects is not seen, */
	uint32_t found; /* but a pass finds all that are there */
	uint32_t lifeless; /* but they are there only while somebody uses them */
	uint32_t room[PRUNE_TABLES]; /* rows that each of snapshot_tables[] has room for; 0: it is no map of rows that stay */
	/* Takes the row out. Returns its operations, of edges; else 0. */
	uint64_t (*remove)(void *ctx, const struct snapshot_table *t, const void *key);
	/* The row of an object as it is now; false: there is none. */
	bool (*look)(void *ctx, const struct ipc_object_id *id, struct ipc_object *row);
	void *ctx;
};

struct prune *prune_new(const struct prune_config *config);
void prune_free(struct prune *p);

/* A reading begins, at now_ns; the last pass over what exists began at pass_ns (0: none did). CLOCK_MONOTONIC. */
void prune_begin(struct prune *p, uint64_t now_ns, uint64_t pass_ns);

/* These rows were read. Tables in the order of live_parts(), each in any number of pieces. */
void prune_look(struct prune *p, const struct snapshot_table *t, const struct snapshot_rows *rows);

/* All were read: what was found to be no more at the reading before, and is so still, goes. */
void prune_end(struct prune *p);

/* Only passes can tell what is no more, and they may take one part of so many of the time; 0: none is wanted. */
unsigned prune_pass_share(const struct prune *p);

/* Operations on what went, between its last reading and its going: they are in no figure. Since the start. */
uint64_t prune_missed(const struct prune *p);

#endif
