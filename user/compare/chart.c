// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Bars: throughput and latency, each against the longest. */
#include "compare/compare.h"
#include "out/units.h"

#define BAR_CELLS 50

/* Eighths of a cell, or whole ones. What is not nothing shows. */
static void bar(struct writer *w, double share, bool ascii)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	unsigned cells = ascii ? (unsigned)(share * BAR_CELLS + 0.5) : (unsigned)(share * BAR_CELLS * 8 + 0.5);

	if (!cells && share > 0)
		cells = 1;
	writer_repeat(w, ascii ? "#" : "█", ascii ? cells : cells / 8);
	if (!ascii)
		writer_text(w, eighths[cells % 8]);
}

static double throughput(const struct figures *f)
{
	return f->off.bytes_per_s;
}

static double median(const struct figures *f)
{
	return f->latency.median_ns;
}

static void bars(struct writer *w, const char *title, const struct figures *f, size_t cnt,
		 double (*value)(const struct figures *f), enum unit unit, const struct style *style)
{
	double most = 0;

	for (size_t i = 0; i < cnt; i++)
		if (!f[i].error && value(&f[i]) > most)
			most = value(&f[i]);
	writer_printf(w, "%s%s%s\n", hue_on(style, HUE_HEAD), title, hue_off(style, HUE_HEAD));
	for (size_t i = 0; i < cnt && most > 0; i++) {
		char text[UNIT_LEN];

		if (f[i].error)
			continue;
		format_unit(text, value(&f[i]), unit);
		writer_printf(w, "%-15s %6s ", f[i].transport->name, text);
		bar(w, value(&f[i]) / most, style->ascii);
		writer_char(w, '\n');
	}
}

void compare_chart(struct writer *w, const struct figures *f, size_t cnt, const struct style *style)
{
	bars(w, "THROUGHPUT, bytes a second", f, cnt, throughput, UNIT_BYTES, style);
	writer_char(w, '\n');
	bars(w, "ONE-WAY LATENCY, median", f, cnt, median, UNIT_NS, style);
}
