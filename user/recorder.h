/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* -w FILE: a session's figures and events into a file that replay.c reads. */
#ifndef RECORDER_H
#define RECORDER_H

#include "about.h"
#include "source/delta.h"

struct recorder; /* opaque */

/*
 * Creates path, or empties it. max_bytes: when the file is longer, it is renamed
 * to path.1 (which is replaced) and begun anew, with all figures so far; 0: no
 * limit. Returns 0 or -errno, with the reason on stderr.
 */
int recorder_open(struct recorder **out, const char *path, uint64_t max_bytes, const struct about *about);

/*
 * Both write whole blocks and keep at most a few thousand events. An error is told
 * once, on stderr; the file ends with its last whole block and nothing more is
 * written. Return 0, or -errno now and ever after.
 */
int recorder_figures(struct recorder *r, const struct snapshot *s, enum delta_kind kind);
int recorder_event(struct recorder *r, const struct ipc_event *event);

/* Says on stderr what was recorded. */
void recorder_close(struct recorder *r);

#endif
