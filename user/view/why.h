/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef VIEW_WHY_H
#define VIEW_WHY_H

#include "cli.h"
#include "kernel.h"

/*
 * `why PID`: what the process waits for, who could end that, and what that one
 * waits for. `chain`: every deadlock, and whom most wait for. One look at all
 * waits that are there now. Returns the exit status.
 */
int view_why(const struct cli_options *o, const struct kernel *k);

#endif
