/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names that others chose, made safe to show. Process names and paths are any
 * bytes; some move the cursor, some turn text around.
 *
 * In text, what is not printable becomes \xNN (a byte that is a C0 control or
 * DEL, or that is no part of valid UTF-8) or \u{NNNN} (C1 controls, bidirectional
 * and other invisible format characters, and with ascii everything beyond ASCII);
 * a backslash becomes \\, so that nothing can pose as an escape.
 *
 * In JSON (json_string() in out/json.c) the same characters become \u00NN and
 * \uNNNN; a byte that is no part of valid UTF-8 becomes \ufffd.
 */
#ifndef OUT_ESCAPE_H
#define OUT_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RUNE_INVALID UINT32_MAX

/* Decodes one character of valid UTF-8: its length in bytes, or 1 with *rune RUNE_INVALID. len > 0. */
size_t rune_decode(const char *s, size_t len, uint32_t *rune);

/* May it stand in the output as it is? Backslash and quotes may: they are the caller's affair. */
bool rune_is_plain(uint32_t rune);

/* Terminal cells: 0 for combining marks, 2 for wide East Asian characters and emoji. */
int rune_width(uint32_t rune);

/* Cells that an escaped text takes. */
int text_width(const char *s);

/*
 * Escapes len bytes of s, up to the first NUL, into buf of size bytes (at least
 * 1); what does not fit is cut at a character. Returns the width in cells.
 */
int escape_text(char *buf, size_t size, const char *s, size_t len, bool ascii);

/*
 * Cuts an escaped text to at most `cells` cells, in place, putting the mark of a
 * cut ("…", or "~" with ascii) where something is missing: at the end, or with
 * keep_end at the start. Returns its width. size is that of buf.
 */
int cut_text(char *buf, size_t size, int cells, bool keep_end, bool ascii);

#endif
