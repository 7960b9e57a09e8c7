/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The live source: maps into snapshots, the ring buffer into events. */
#ifndef LIVE_H
#define LIVE_H

#include "programs.h"
#include "source/snapshot.h"

struct live; /* opaque */

typedef void (*live_event_fn)(void *arg, const struct ipc_event *event);

/* on_event may be NULL: no events are wanted. Returns 0 or -errno. */
int live_open(struct live **out, struct programs *p, live_event_fn on_event, void *arg);
void live_close(struct live *l);

/* The hooks are off: what is read from now on does not change any more. */
void live_stopped(struct live *l);

/* Room for rows is short, and a pass (programs_pass()) before the next reading tells which may go: see prune.h. */
bool live_wants_pass(const struct live *l);

/* Everything since the start. Returns 0 or -errno; s is then incomplete. */
int live_read(struct live *l, struct snapshot *s);

typedef void (*live_part_fn)(void *arg, const struct snapshot *part);

/* The same in pieces. Clears s, and sets its times: what a model begins with. */
void live_begin(struct live *l, struct snapshot *s);

/*
 * Then hands over all rows by the thousand, in the order that model_feed() asks for; s holds the
 * losses alone when it returns. Holders are told once for every pass. 0 or -errno, as above.
 */
int live_parts(struct live *l, struct snapshot *s, live_part_fn on_part, void *arg);

/* Hands over what is in the ring buffer; waits up to timeout_ms for more. 0 or -errno (-EINTR). */
int live_poll(struct live *l, int timeout_ms);

#endif
