/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Buffered output that remembers that it failed: what is written after an error
 * is dropped, and the error is told once. SIGPIPE must be ignored by the program.
 */
#ifndef OUT_WRITER_H
#define OUT_WRITER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WRITER_SIZE 65536

struct writer {
	FILE *file;	/* its descriptor is written to, if it has one: what stdio holds is flushed first */
	int error;	/* negative errno of the first failure */
	bool told;	/* writer_flush() has returned it */
	size_t len;
	char buf[WRITER_SIZE];
};

void writer_init(struct writer *w, FILE *file);

/* Writes out what is buffered. 0, or the first error, the first time it is asked after one. */
int writer_flush(struct writer *w);

/* For text of any length. */
void writer_put(struct writer *w, const char *text, size_t len);

static inline void writer_char(struct writer *w, char c)
{
	if (w->len == WRITER_SIZE)
		writer_put(w, &c, 1);
	else
		w->buf[w->len++] = c;
}

static inline void writer_text(struct writer *w, const char *text)
{
	size_t len = strlen(text);

	if (len <= WRITER_SIZE - w->len) {
		memcpy(w->buf + w->len, text, len);
		w->len += len;
	} else {
		writer_put(w, text, len);
	}
}

void writer_uint(struct writer *w, uint64_t n);
/* At the right of so many cells, at most 20, which fill stands before. */
void writer_uint_right(struct writer *w, uint64_t n, unsigned cells, char fill);
/* The same of text of so many bytes, one a cell. */
void writer_text_right(struct writer *w, const char *text, unsigned cells);
void writer_repeat(struct writer *w, const char *text, int times);

/* At most 1023 bytes. */
__attribute__((format(printf, 2, 3))) void writer_printf(struct writer *w, const char *format, ...);

#endif
