/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Snapshots as what changed since the one before: of 10,000 objects few move in a
 * second. A state keeps the rows of the last snapshot sorted by key; a reader
 * that applies every delta in turn has the same state as the writer.
 */
#ifndef DELTA_H
#define DELTA_H

#include <stdbool.h>

#include "source/block.h"
#include "source/snapshot.h"

/* Why the snapshot was taken. Written to files: append only. */
enum delta_kind {
	DELTA_INTERVAL = 1, /* a report of an interval */
	DELTA_SUMMARY = 2,  /* the last one */
};

/*
 * Appends to out what state lacks to be s, and makes it that. whole: as if state
 * were empty, for a file to begin with.
 */
void delta_write(struct bytes *out, struct snapshot *state, const struct snapshot *s, enum delta_kind kind, bool whole);

/* Applies one delta to state. 0 or -EBADMSG: it is none; state is then undefined but may be freed. */
int delta_apply(const struct bytes *in, struct snapshot *state, enum delta_kind *kind);

#endif
