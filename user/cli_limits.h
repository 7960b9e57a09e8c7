/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sections of the manual page on cost and limits. Private to cli*.c. */
#ifndef CLI_LIMITS_H
#define CLI_LIMITS_H

#include <stdio.h>

#include "cli_table.h"

void cli_print_overhead(FILE *out);
void cli_print_limits(FILE *out);

#endif
