/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "cli_roff.h"
#include "cli_table.h"

#define SOURCE_WIDTH 76

/* Decodes one UTF-8 character of at most left bytes. Returns its length; *code is '?' for a stray byte. */
static size_t decode(const char *text, size_t left, unsigned *code)
{
	unsigned char lead = *text;
	size_t len = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;

	*code = len == 1 ? lead : lead & (0xff >> (len + 1));
	for (size_t i = 1; i < len && i < left; i++) {
		if ((text[i] & 0xc0) != 0x80)
			len = 0;
		*code = *code << 6 | (text[i] & 0x3f);
	}
	if (len && len <= left)
		return len;
	*code = '?';
	return 1;
}

/* A hyphen inside a word, where an option's name needs the minus that it is typed with. */
static bool is_hyphen(const char *text, size_t at, size_t len)
{
	return text[at] == '-' && *text != '-' && at > 0 && at + 1 < len && isalnum((unsigned char)text[at - 1]) &&
	       isalnum((unsigned char)text[at + 1]);
}

int roff_literal(FILE *out, const char *text, size_t len)
{
	static const char *const escapes[128] = {
		['\\'] = "\\e", ['-'] = "\\-", ['\''] = "\\(aq", ['`'] = "\\(ga",
		['^'] = "\\(ha", ['~'] = "\\(ti", ['"'] = "\\(dq",
	};
	int written = 0;
	unsigned code;

	for (size_t i = 0; i < len;) {
		bool hyphen = is_hyphen(text, i, len);

		i += decode(text + i, len - i, &code);
		if (code >= 128)
			written += fprintf(out, "\\[u%04X]", code);
		else if (escapes[code] && !hyphen)
			written += fprintf(out, "%s", escapes[code]);
		else
			written += fprintf(out, "%c", code < ' ' ? ' ' : (int)code);
	}
	return written;
}

void roff_fill(FILE *out, const char *text, const char *end)
{
	int column = 0, len;

	while ((len = cli_next_word(&text, end))) {
		if (column && column + 1 + len > SOURCE_WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		if (column)
			column += fprintf(out, " ");
		else if (*text == '.')
			column += fprintf(out, "\\&"); /* no request */
		column += roff_literal(out, text, len);
		text += len;
		if (strchr(".?!:", text[-1]) && text < end) {
			fputc('\n', out);
			column = 0;
		}
	}
	if (column)
		fputc('\n', out);
}

void roff_prose(FILE *out, const char *text)
{
	roff_fill(out, text, text + strlen(text));
}

void roff_sentence(FILE *out, const char *text)
{
	size_t len = strlen(text);
	char line[512];

	snprintf(line, sizeof(line), "%s%s", text, len && text[len - 1] == '.' ? "" : ".");
	*line = toupper((unsigned char)*line);
	roff_prose(out, line);
}

void roff_bold(FILE *out, const char *text)
{
	fputs("\\fB", out);
	roff_literal(out, text, strlen(text));
	fputs("\\fR", out);
}

void roff_placeholder(FILE *out, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "[]., |-");

		if (len) {
			fputs("\\fI", out);
			roff_literal(out, text, len);
			fputs("\\fR", out);
			text += len;
		}
		len = strspn(text, "[]., |-");
		roff_literal(out, text, len);
		text += len;
	}
}
