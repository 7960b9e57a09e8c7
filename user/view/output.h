/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a command's text goes: standard output, or the file of --output. */
#ifndef VIEW_OUTPUT_H
#define VIEW_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "cli.h"

/* NULL when the file cannot be written, which has been said. */
FILE *output_open(const struct cli_options *o);

/* Colours: as asked for, or on a terminal. */
bool output_color(const struct cli_options *o, FILE *out);

/* Says what went wrong in writing; a reader that went away is not worth a word. err: -errno, 0: nothing did. */
void output_complain(const struct cli_options *o, int err);

/* Writes out the rest and closes. Returns 0, or CLI_EXIT_FAILED with the reason said. */
int output_close(const struct cli_options *o, FILE *out);

/*
 * Words of text from column `indent` on, in lines of at most 80 columns; what
 * stands before them on the first line (`label`, at most indent - 1 columns) is
 * printed, too. Ends with a newline.
 */
void output_paragraph(FILE *out, int indent, const char *label, const char *text);

#endif
