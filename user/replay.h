/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* -r FILE: a recording through the model and the reports, without privileges, on any machine. */
#ifndef REPLAY_H
#define REPLAY_H

#include "cli.h"

/* The exit status. What a file that was cut off has in whole blocks is shown; the status is then 1. */
int replay_run(const struct cli_options *o);

#endif
