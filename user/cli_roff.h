/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Plain UTF-8 text as roff source in ASCII. Private to cli*.c.
 */
#ifndef CLI_ROFF_H
#define CLI_ROFF_H

#include <stddef.h>
#include <stdio.h>

/* Characters as they are, whatever roff would make of them. Returns the bytes written. */
int roff_literal(FILE *out, const char *text, size_t len);

/* The words of text up to end, on lines of their own, at most one sentence a line. */
void roff_fill(FILE *out, const char *text, const char *end);

/* The same, of a string. */
void roff_prose(FILE *out, const char *text);

/* The same, "only these" as "Only these."; at most 510 bytes. */
void roff_sentence(FILE *out, const char *text);

void roff_bold(FILE *out, const char *text);

/* "PID[,...]": words in italics, brackets and the like as they are. */
void roff_placeholder(FILE *out, const char *text);

#endif
