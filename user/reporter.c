// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reporter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "column.h"

struct reporter {
	struct report *report;
	const struct about *about;
};

static uint32_t needs_of(const char *name, size_t len)
{
	char copy[64];
	const struct column *column;

	snprintf(copy, sizeof(copy), "%.*s", (int)len, name);
	column = column_by_name(copy);
	return column ? column->needs : 0;
}

uint32_t reporter_needs(const struct cli_options *o)
{
	uint32_t needs = o->sort.column ? needs_of(o->sort.column, strlen(o->sort.column)) : 0;

	for (const char *at = o->columns; at && *at; at += strcspn(at, ","), at += *at == ',') {
		at += *at == '+';
		needs |= needs_of(at, strcspn(at, ","));
	}
	return needs;
}

static struct report_options options_of(const struct cli_options *o, FILE *file, int listen_fd)
{
	bool terminal = isatty(fileno(file));

	return (struct report_options){
		.kind = o->report,
		.listen_fd = listen_fd,
		.hosts = o->hosts,
		.top = o->top,
		.no_objects = o->report == REPORT_EXPORT && !o->top,
		.by = o->by,
		.graph = { o->by, o->graph_weight, o->graph_nodes, o->graph_idle },
		.graph_format = o->json ? GRAPH_JSON : o->graph_format,
		.columns = o->columns,
		.sort = o->sort.column,
		.sort_direction = o->sort.direction,
		.rows = o->rows,
		.json = o->json,
		.events = o->events,
		.hist = o->histograms,
		.color = o->color == CLI_COLOR_ALWAYS || (o->color == CLI_COLOR_AUTO && terminal),
		.ascii = o->ascii,
		.terminal = terminal,
	};
}

int reporter_open(struct reporter **out, const struct cli_options *o, const struct about *about, const struct model *m,
		  FILE *file, int listen_fd)
{
	struct reporter *r = calloc(1, sizeof(*r));
	struct report_options options = options_of(o, file, listen_fd);
	char unknown[64] = "";
	int err;

	if (!r)
		return -ENOMEM;
	err = report_open(&r->report, file, &options, m, unknown);
	if (err) {
		fprintf(stderr, "ipctrace: columns: %s%s%s\n", strerror(-err), unknown[0] ? ": " : "", unknown);
		free(r);
		return err;
	}
	r->about = about;
	*out = r;
	return 0;
}

void reporter_close(struct reporter *r)
{
	if (!r)
		return;
	report_close(r->report);
	free(r);
}

struct report *reporter_report(struct reporter *r)
{
	return r->report;
}

int reporter_start(struct reporter *r)
{
	return report_start(r->report, &r->about->start);
}
