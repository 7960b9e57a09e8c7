/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef VIEW_RING_H
#define VIEW_RING_H

#include "cli.h"
#include "kernel.h"

/*
 * `ipctrace ring TARGET`: the ring of one pipe or FIFO, once or live, without
 * opening it. Returns the exit status: 0 also when the pipe went away while it was
 * looked at, CLI_EXIT_FAILED when it was not there to begin with, EXIT_UNSUPPORTED
 * when the iterator cannot be loaded. Everything that went wrong has been said.
 */
int view_ring(const struct cli_options *o, const struct kernel *k);

#endif
