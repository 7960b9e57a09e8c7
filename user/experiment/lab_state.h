/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef LAB_STATE_H
#define LAB_STATE_H

#include <stdio.h>

#include "experiment/trial.h"

/*
 * What was seen of an object at one moment: the operations since the moment before,
 * what changed of its state, who sleeps on it, its ring or its priorities. before:
 * NULL at first.
 */
void state_draw(FILE *out, const struct lab_report *r, const struct sight *now, const struct sight *before);

#endif
