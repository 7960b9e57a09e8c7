/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * JSON, written as it is made: no tree. A line about 10,000 objects is some 30 MB
 * long, which must not be held in memory.
 *
 * Within an object every value has a key, within an array it is NULL.
 */
#ifndef OUT_JSON_H
#define OUT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "out/writer.h"

struct json {
	struct writer *out;
	bool comma; /* something stands before the next value */
};

static inline void json_key(struct json *j, const char *key)
{
	if (j->comma)
		writer_char(j->out, ',');
	j->comma = true;
	if (!key)
		return;
	writer_char(j->out, '"');
	writer_text(j->out, key); /* keys are our own: plain */
	writer_text(j->out, "\":");
}

static inline void json_open(struct json *j, const char *key, char bracket)
{
	json_key(j, key);
	writer_char(j->out, bracket);
	j->comma = false;
}

static inline void json_close(struct json *j, char bracket)
{
	writer_char(j->out, bracket);
	j->comma = true;
}

static inline void json_null(struct json *j, const char *key)
{
	json_key(j, key);
	writer_text(j->out, "null");
}

static inline void json_bool(struct json *j, const char *key, bool value)
{
	json_key(j, key);
	writer_text(j->out, value ? "true" : "false");
}

static inline void json_uint(struct json *j, const char *key, uint64_t value)
{
	json_key(j, key);
	writer_uint(j->out, value);
}

static inline void json_uint_or_null(struct json *j, const char *key, bool known, uint64_t value)
{
	if (known)
		json_uint(j, key, value);
	else
		json_null(j, key);
}

void json_int(struct json *j, const char *key, int64_t value);

/* An integer where it is one, else six significant digits. Not finite: null. */
void json_double(struct json *j, const char *key, double value);

/* Nanoseconds as seconds, exact: 1.0, 0.25, 12.000000001 */
void json_seconds(struct json *j, const char *key, uint64_t ns);

/* Raw bytes, up to the first NUL; NULL: null. See out/escape.h for what is escaped. */
void json_string(struct json *j, const char *key, const char *s);

/* After the outermost object: the line is complete. */
void json_end_line(struct json *j);

#endif
