// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <string.h>

#include "out/escape.h"

struct range {
	uint32_t first, last;
};

static bool in_ranges(uint32_t rune, const struct range *ranges, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		if (rune >= ranges[i].first && rune <= ranges[i].last)
			return true;
	return false;
}

#define IN(rune, table) in_ranges(rune, table, sizeof(table) / sizeof((table)[0]))

/* C0 and C1 controls, and format characters that hide or reorder their neighbours. */
static const struct range unsafe[] = {
	{ 0x00, 0x1f },	    { 0x7f, 0x9f },	{ 0xad, 0xad },	    { 0x61c, 0x61c },	{ 0x180e, 0x180e },
	{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
	{ 0xe0000, 0xe0fff },
};

static const struct range combining[] = {
	{ 0x300, 0x36f },   { 0x483, 0x489 },	{ 0x591, 0x5bd },   { 0x610, 0x61a },	{ 0x64b, 0x65f },
	{ 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
};

static const struct range wide[] = {
	{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },   { 0xa960, 0xa97f },  { 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },  { 0x1f300, 0x1f64f },
	{ 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
};

size_t rune_decode(const char *s, size_t len, uint32_t *rune)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = s[0];
	size_t need = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
	uint32_t r = need > 1 ? first & (0x7f >> need) : first;

	*rune = RUNE_INVALID;
	if (!need || need > len)
		return 1;
	for (size_t i = 1; i < need; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 1;
		r = r << 6 | (s[i] & 0x3f);
	}
	if (r < least[need] || r > 0x10ffff || (r >= 0xd800 && r <= 0xdfff))
		return 1;
	*rune = r;
	return need;
}

bool rune_is_plain(uint32_t rune)
{
	return rune != RUNE_INVALID && !IN(rune, unsafe);
}

int rune_width(uint32_t rune)
{
	if (rune < 0x300)
		return 1;
	if (IN(rune, combining))
		return 0;
	return IN(rune, wide) ? 2 : 1;
}

int text_width(const char *s)
{
	size_t len = strlen(s);
	int width = 0;

	for (size_t at = 0; at < len;) {
		uint32_t rune;

		at += rune_decode(s + at, len - at, &rune);
		width += rune_width(rune);
	}
	return width;
}

/* One character as it is shown, NUL-terminated; at most 11 bytes with the NUL. Returns its width. */
static int escape_rune(char *out, size_t size, const char *s, size_t bytes, uint32_t rune, bool ascii)
{
	if (rune == RUNE_INVALID || rune < 0x20 || rune == 0x7f)
		return snprintf(out, size, "\\x%02x", (unsigned char)*s);
	if (rune == '\\')
		return snprintf(out, size, "\\\\");
	if (!rune_is_plain(rune) || (ascii && rune > 0x7f))
		return snprintf(out, size, "\\u{%04x}", rune);
	memcpy(out, s, bytes);
	out[bytes] = '\0';
	return rune_width(rune);
}

int escape_text(char *buf, size_t size, const char *s, size_t len, bool ascii)
{
	size_t used = 0;
	int width = 0;

	len = strnlen(s, len);
	for (size_t at = 0, bytes; at < len; at += bytes) {
		char shown[16];
		uint32_t rune;
		size_t shown_len;
		int cells;

		bytes = rune_decode(s + at, len - at, &rune);
		cells = escape_rune(shown, sizeof(shown), s + at, bytes, rune, ascii);
		shown_len = strlen(shown);
		if (used + shown_len >= size)
			break;
		memcpy(buf + used, shown, shown_len);
		used += shown_len;
		width += cells;
	}
	buf[used] = '\0';
	return width;
}

/* Bytes of the longest start of s that is at most `cells` wide; *width is what it takes. */
static size_t fitting_start(const char *s, int cells, int *width)
{
	size_t len = strlen(s), at = 0;

	*width = 0;
	while (at < len) {
		uint32_t rune;
		size_t bytes = rune_decode(s + at, len - at, &rune);

		if (*width + rune_width(rune) > cells)
			break;
		*width += rune_width(rune);
		at += bytes;
	}
	return at;
}

int cut_text(char *buf, size_t size, int cells, bool keep_end, bool ascii)
{
	const char *mark = ascii ? "~" : "…";
	int width = text_width(buf), dropped;
	size_t at;

	if (width <= cells)
		return width;
	if (cells <= 0) {
		buf[0] = '\0';
		return 0;
	}
	if (!keep_end) {
		at = fitting_start(buf, cells - 1, &width);
		snprintf(buf + at, size - at, "%s", mark);
		return width + 1;
	}
	/* drop at least what is too much; a wide character may be one cell more */
	at = fitting_start(buf, width - cells, &dropped);
	while (width - dropped > cells - 1) {
		uint32_t rune;

		at += rune_decode(buf + at, strlen(buf + at), &rune);
		dropped += rune_width(rune);
	}
	if (at < strlen(mark)) /* the mark is longer than what it stands for: drop more */
		return cut_text(buf, size, cells, false, ascii);
	memmove(buf + strlen(mark), buf + at, strlen(buf + at) + 1);
	memcpy(buf, mark, strlen(mark));
	return width - dropped + 1;
}
