/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the experiments with pipes share: one pipe, whose ends two processes hold. */
#ifndef SCENE_PIPE_H
#define SCENE_PIPE_H

#include "lab/scenario.h"

#include "experiment/experiment.h"

enum { WRITER, READER };

extern struct object *the_pipe;
extern int ends[2]; /* to read, to write */

void one_pipe(void); /* to set the scene */
void own_end(unsigned who); /* to enter: the writer keeps the one end, the reader the other, all others none */

/* Steps. */
void write_page(void);
void read_page(void);
void close_write_end(void);
void close_read_end(void);

#endif
