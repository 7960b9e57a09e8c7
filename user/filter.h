/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From the command line's criteria to the programs' config, and the classes of
 * the tasks that exist already. See bpf/task.bpf.h for what the programs do.
 */
#ifndef FILTER_H
#define FILTER_H

#include <stdint.h>
#include <sys/types.h>

#include "cli.h"
#include "ipctrace.h"

struct programs;

/*
 * Fills config->filters, filtered, follow, object. command is the held child, 0:
 * none. Returns 0 or -errno, with the reason printed.
 */
int filter_configure(struct ipc_config *config, const struct cli_options *o, pid_t command);

/* Does a process match one set of criteria, by what /proc says of it? */
bool filter_matches_pid(const struct cli_filter *f, uint32_t pid);

/*
 * Puts every existing task that matches, and the held command, into its class, so
 * that the first pass of the iterators finds what they hold. 0 or -errno.
 */
int filter_classify_existing(struct programs *p, const struct cli_options *o, pid_t command);

#endif
