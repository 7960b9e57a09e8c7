/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where experiments are acted: a process of its own, forked before anything is
 * traced or any privilege dropped, forks a director for each experiment, which
 * forks the cast. They meet in shared memory: no pipe but those under test.
 */
#ifndef STAGE_H
#define STAGE_H

#include <sys/types.h>

#include "experiment/experiment.h"

/* How an experiment ended: the enum outcome of lab/scenario.h, by the same numbers. */
enum stage_outcome {
	STAGE_OK = 0,
	STAGE_FAILED = 1,
	STAGE_UNESTABLISHED = 3,
	STAGE_ABSENT = 77,
};

/* Forks the process that all others descend from. Its PID, or -errno. */
pid_t stage_open(void);
void stage_close(void);

/* Sets the scene. False: it could not be, see stage_end(). */
bool stage_begin(const struct experiment *x);

/* Takes step n, from 1 on, and waits until it is over. False: the experiment ended in it. */
bool stage_step(unsigned n);

/* Ends the experiment, all its processes with it; why: what there is to say, owned here. */
enum stage_outcome stage_end(const char **why);

/* The objects under test so far: what to look at, not what was seen. */
unsigned stage_objects(void);
const char *stage_object_mech(unsigned nth);
const char *stage_object_key(unsigned nth);

struct json_object; /* of json-c: ipctrace's JSON of the nth object */

/*
 * Compares what the scenario itself counted on its nth object with what was seen of
 * it; missed: how many operations the probes know to have missed. Returns how many
 * figures were compared; the first that differs is in differs[size], which is empty
 * when none does.
 */
unsigned stage_compare(unsigned nth, const struct json_object *seen, unsigned missed, char *differs, size_t size);

#endif
