// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "out/escape.h"
#include "out/json.h"

void json_int(struct json *j, const char *key, int64_t value)
{
	json_key(j, key);
	if (value < 0)
		writer_char(j->out, '-');
	writer_uint(j->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_double(struct json *j, const char *key, double value)
{
	const double exact = 1ull << 53;

	if (!(value >= -1e300 && value <= 1e300)) {
		json_null(j, key);
		return;
	}
	if (value >= -exact && value <= exact && value == (double)(int64_t)value) {
		json_int(j, key, (int64_t)value);
		return;
	}
	json_key(j, key);
	writer_printf(j->out, "%.6g", value);
}

void json_seconds(struct json *j, const char *key, uint64_t ns)
{
	char fraction[10];
	int len = snprintf(fraction, sizeof(fraction), "%09u", (unsigned)(ns % 1000000000));

	while (len > 1 && fraction[len - 1] == '0')
		fraction[--len] = '\0';
	json_key(j, key);
	writer_uint(j->out, ns / 1000000000);
	writer_char(j->out, '.');
	writer_text(j->out, fraction);
}

static void put_unicode(struct writer *out, uint32_t rune)
{
	if (rune < 0x10000)
		writer_printf(out, "\\u%04x", rune);
	else /* a surrogate pair */
		writer_printf(out, "\\u%04x\\u%04x", 0xd800 + ((rune - 0x10000) >> 10), 0xdc00 + ((rune - 0x10000) & 0x3ff));
}

/* How many bytes need no second look: nearly all of nearly every name. */
static size_t plain_start(const char *s)
{
	size_t len = 0;

	while (s[len] >= ' ' && s[len] < 0x7f && s[len] != '"' && s[len] != '\\')
		len++;
	return len;
}

void json_string(struct json *j, const char *key, const char *s)
{
	size_t len;

	if (!s) {
		json_null(j, key);
		return;
	}
	json_key(j, key);
	writer_char(j->out, '"');
	len = strlen(s);
	for (size_t at = 0, bytes; at < len; at += bytes) {
		uint32_t rune;

		bytes = plain_start(s + at);
		if (bytes) {
			writer_put(j->out, s + at, bytes);
			continue;
		}
		bytes = rune_decode(s + at, len - at, &rune);
		if (rune == RUNE_INVALID) {
			writer_text(j->out, "\\ufffd");
		} else if (rune == '"' || rune == '\\') {
			writer_char(j->out, '\\');
			writer_char(j->out, (char)rune);
		} else if (rune_is_plain(rune)) {
			writer_put(j->out, s + at, bytes);
		} else {
			put_unicode(j->out, rune);
		}
	}
	writer_char(j->out, '"');
}

void json_end_line(struct json *j)
{
	writer_char(j->out, '\n');
	j->comma = false;
}
