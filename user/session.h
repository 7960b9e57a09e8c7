/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One run of the main job: load, trace until told to stop, report. */
#ifndef SESSION_H
#define SESSION_H

#include "cli.h"
#include "kernel.h"

#define EXIT_UNSUPPORTED 77

/* Returns the exit status. Everything that went wrong has been said on stderr. k loses its types. */
int session_run(const struct cli_options *o, struct kernel *k);

#endif
