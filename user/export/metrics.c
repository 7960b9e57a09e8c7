// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "export/metrics.h"

#include <string.h>

#include "out/escape.h"

#define VALUE_LEN 256 /* bytes of a label's value that are kept */

static const char *suffix(const struct metric *family)
{
	return family->type == METRIC_COUNTER ? "_total" : "";
}

void metrics_family(const struct metrics *m, const struct metric *family)
{
	/* in the older format a counter is declared by the name of its samples */
	const char *end = m->open_metrics ? "" : suffix(family);

	fprintf(m->out, "# HELP ipctrace_%s%s %s.\n", family->name, end, family->help);
	fprintf(m->out, "# TYPE ipctrace_%s%s %s\n", family->name, end,
		family->type == METRIC_COUNTER ? "counter" : "gauge");
	if (m->open_metrics && family->unit)
		fprintf(m->out, "# UNIT ipctrace_%s %s\n", family->name, family->unit);
}

/* escape_text() leaves printable UTF-8; what is left to do is what the format takes for its own. */
static void put_value(FILE *out, const char *value)
{
	char buf[5 * VALUE_LEN + 8];

	escape_text(buf, sizeof(buf), value, VALUE_LEN, false);
	for (const char *at = buf; *at; at++) {
		if (*at == '"' || *at == '\\')
			fputc('\\', out);
		fputc(*at, out);
	}
}

static void put_name(const struct metrics *m, const struct metric *family, const char *const values[])
{
	fprintf(m->out, "ipctrace_%s%s", family->name, suffix(family));
	for (unsigned i = 0; i < METRICS_LABELS && family->labels[i]; i++) {
		fprintf(m->out, "%c%s=\"", i ? ',' : '{', family->labels[i]);
		put_value(m->out, values[i] ? values[i] : "");
		fputc('"', m->out);
	}
	fputs(family->labels[0] ? "} " : " ", m->out);
}

void metrics_sample(const struct metrics *m, const struct metric *family, const char *const values[], double value)
{
	put_name(m, family, values);
	fprintf(m->out, "%.17g\n", value);
}

void metrics_count(const struct metrics *m, const struct metric *family, const char *const values[], uint64_t value)
{
	put_name(m, family, values);
	fprintf(m->out, "%llu\n", (unsigned long long)value);
}

void metrics_end(const struct metrics *m)
{
	if (m->open_metrics)
		fputs("# EOF\n", m->out);
}
