/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef LAB_H
#define LAB_H

#include "cli.h"
#include "kernel.h"

/*
 * `ipctrace lab`. Returns the exit status: 0 every scenario that could run agrees
 * with the evidence, CLI_EXIT_FAILED one does not, CLI_EXIT_USAGE no such
 * experiment, EXIT_UNSUPPORTED nothing could run.
 */
int lab_run(const struct cli_options *o, const struct kernel *k);
int lab_list(const struct cli_options *o);

/* What stands in the manual page. */
void lab_man(FILE *out);

#endif
