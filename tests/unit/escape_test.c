// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Names that others chose, in text and in JSON. */
#include <json-c/json.h>
#include <stdlib.h>

#include "out/escape.h"
#define json_bool our_json_bool /* json-c has a type of this name */
#include "out/json.h"
#undef json_bool
#include "tap.h"

static void check_text(const char *raw, bool ascii, const char *wanted, int width)
{
	char buf[256];

	is_int(escape_text(buf, sizeof(buf), raw, strlen(raw), ascii), width, "%s is %d wide", wanted, width);
	is_str(buf, wanted, "as text: %s", wanted);
}

static void check_cut(const char *text, int cells, bool keep_end, bool ascii, const char *wanted)
{
	char buf[64];
	int width;

	strcpy(buf, text);
	width = cut_text(buf, sizeof(buf), cells, keep_end, ascii);
	is_str(buf, wanted, "%s in %d cells", text, cells);
	is_int(width, text_width(buf), "and its width");
}

/* What json-c reads back from what we wrote, NULL when it is no JSON. */
static char *there_and_back(const char *raw, char **line)
{
	struct writer *w = malloc(sizeof(*w));
	struct json j = { .out = w };
	struct json_object *o;
	char *back = NULL;
	size_t size;
	FILE *f = open_memstream(line, &size);

	writer_init(w, f);
	json_string(&j, NULL, raw);
	writer_flush(w);
	fclose(f);
	free(w);
	o = json_tokener_parse(*line);
	if (o && json_object_is_type(o, json_type_string))
		back = strdup(json_object_get_string(o));
	json_object_put(o);
	return back;
}

static void check_json(const char *raw, const char *wanted)
{
	char *line, *back = there_and_back(raw, &line);

	is_str(line, wanted, "as JSON: %s", wanted);
	ok(back, "which json-c reads");
	free(back);
	free(line);
}

/* Whatever the bytes: it is JSON, pure of controls, and valid UTF-8 comes back as it was. */
static void check_random_json(void)
{
	bool reads = true, pure = true, same = true;

	srand(23);
	for (unsigned round = 0; round < 20011; round++) {
		char raw[17] = "", *line, *back;
		bool valid = true;

		for (unsigned i = 0; i < 16; i++)
			raw[i] = rand() % 3 ? 1 + rand() % 127 : 128 + rand() % 128;
		for (size_t at = 0, len = 16; at < len;) {
			uint32_t rune;

			at += rune_decode(raw + at, len - at, &rune);
			valid &= rune != RUNE_INVALID;
		}
		back = there_and_back(raw, &line);
		reads &= back != NULL;
		same &= !valid || (back && !strcmp(back, raw));
		for (const char *c = line; *c; c++)
			pure &= (unsigned char)*c >= 0x20 && *c != 0x7f;
		free(back);
		free(line);
	}
	ok(reads, "20011 random strings are JSON");
	ok(pure, "none has a raw control");
	ok(same, "valid ones come back as they were");
}

static void check_random_text(void)
{
	bool plain = true, fits = true;

	for (unsigned round = 0; round < 20011; round++) {
		char raw[16], buf[64];
		int width, cells = rand() % 12;

		for (unsigned i = 0; i < sizeof(raw); i++)
			raw[i] = rand();
		width = escape_text(buf, rand() % 2 ? sizeof(buf) : 9, raw, sizeof(raw), rand() % 2);
		fits &= width == text_width(buf);
		for (size_t at = 0, len = strlen(buf); at < len;) {
			uint32_t rune;

			at += rune_decode(buf + at, len - at, &rune);
			plain &= rune_is_plain(rune);
		}
		fits &= cut_text(buf, sizeof(buf), cells, rand() % 2, rand() % 2) <= cells && text_width(buf) <= cells;
	}
	ok(plain, "20011 random names leave nothing unsafe, not even where they are cut short");
	ok(fits, "and fit after they were cut");
}

int main(void)
{
	check_text("cat", false, "cat", 3);
	check_text("evil\033[31m", false, "evil\\x1b[31m", 12);
	check_text("\177\n\t", false, "\\x7f\\x0a\\x09", 12);
	check_text("\302\205", false, "\\u{0085}", 8);	   /* C1: next line */
	check_text("\302\233", false, "\\u{009b}", 8);	   /* C1: another way to begin an escape sequence */
	check_text("\342\200\256", false, "\\u{202e}", 8); /* turns the text around */
	check_text("\357\273\277", false, "\\u{feff}", 8);
	check_text("a\\b", false, "a\\\\b", 4);
	check_text("\303\244", false, "\303\244", 1);
	check_text("\303\244", true, "\\u{00e4}", 8);
	check_text("\344\270\255", false, "\344\270\255", 2); /* a wide one */
	check_text("e\314\201", false, "e\314\201", 1);	      /* a combining one */
	check_text("\377\303", false, "\\xff\\xc3", 8);
	check_text("\300\200", false, "\\xc0\\x80", 8);		 /* overlong */
	check_text("\355\240\200", false, "\\xed\\xa0\\x80", 12); /* a surrogate */

	check_cut("producer", 8, false, false, "producer");
	check_cut("producer", 5, false, false, "prod…");
	check_cut("producer", 5, false, true, "prod~");
	check_cut("/run/requests", 5, true, false, "…ests");
	check_cut("/run/requests", 5, true, true, "~ests");
	check_cut("\344\270\255\344\270\255", 3, false, true, "\344\270\255~");
	check_cut("\344\270\255\344\270\255", 2, true, true, "~");
	check_cut("x", 0, false, false, "");

	check_json("cat", "\"cat\"");
	check_json("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
	check_json("\033]0;x\007\177", "\"\\u001b]0;x\\u0007\\u007f\"");
	check_json("\302\233", "\"\\u009b\"");
	check_json("\342\200\256", "\"\\u202e\"");
	check_json("\303\244\360\237\220\247", "\"\303\244\360\237\220\247\"");
	check_json("\363\240\200\201", "\"\\udb40\\udc01\""); /* an invisible tag, beyond 16 bits */
	check_json("\377x", "\"\\ufffdx\"");
	check_random_json();
	check_random_text();
	return done_testing();
}
