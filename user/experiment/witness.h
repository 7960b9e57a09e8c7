/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What ipctrace sees of the stage: the same programs, model and JSON as its views,
 * read between two steps instead of each second.
 */
#ifndef WITNESS_H
#define WITNESS_H

#include <stdint.h>
#include <sys/types.h>

#include "cli.h"
#include "kernel.h"
#include "view/ring_state.h"

struct witness; /* opaque */

/* Traces the descendants of `stage`. 0, or the exit status with the reason printed. */
int witness_open(struct witness **out, const struct cli_options *o, const struct kernel *k, uint32_t mechs, pid_t stage);
void witness_close(struct witness *w);

/* The backend that traces a mechanism, BACKEND_NONE: none, for the reason in *why. */
enum backend witness_backend(const struct witness *w, const struct mechanism *mech, const char **why);

/* A new experiment, with objects of these mechanisms: events of the last one are forgotten. */
void witness_begin(struct witness *w, uint32_t mechs);

/* Takes a look at everything of these mechanisms. 0, or -errno with the reason printed. */
int witness_look(struct witness *w);

/*
 * What the last look saw of the object of that id or name: {"object":…,"events":[…],
 * "ring":…}; free it. NULL: nothing. ring, which may be NULL, is filled when it has
 * one; ring_state__free() it.
 */
char *witness_document(struct witness *w, const char *mech, const char *key, struct ring_state *ring);

/* What was lost since witness_begin(): operations missed, all else. */
uint64_t witness_missed(const struct witness *w);

#endif
