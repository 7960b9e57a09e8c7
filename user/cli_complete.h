/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the writers of completion scripts share. Private to cli_complete*.c.
 */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include <stdio.h>

#include "cli_table.h"

/* For inside single quotes: ours are ended, escaped and begun again, as all three shells read it. */
void complete_quote(FILE *out, const char *text);

/* Names with a blank between them. */
void complete_mechanisms(FILE *out);
void complete_commands(FILE *out);
void complete_columns(FILE *out);
void complete_transports(FILE *out);
void complete_words(FILE *out, const struct cli_option *opt);

/* The whole script. */
void complete_bash(FILE *out);
void complete_zsh(FILE *out);
void complete_fish(FILE *out);

#endif
