// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `ipctrace export`: every report becomes the documents that are served until the next one. */
#include <errno.h>
#include <stdlib.h>

#include "export/server.h"
#include "model/alloc.h"
#include "view/export.h"

#define GROUPS 20

struct exporter {
	struct server *server;
	struct export_state state;
};

void export_init(struct export_state *x, const struct report *r, enum actor_kind by, unsigned objects, unsigned groups)
{
	*x = (struct export_state){ .report = r, .by = by };
	top_init(&x->objects, objects);
	top_init(&x->groups, groups);
}

void export_update(struct export_state *x)
{
	top_objects(&x->objects, x->report->model);
	top_groups(&x->groups, x->report->model, x->by);
}

void export_free(struct export_state *x)
{
	top_free(&x->objects);
	top_free(&x->groups);
}

static void start(struct report *r)
{
	struct exporter *e = xcalloc(1, sizeof(*e));

	export_init(&e->state, r, r->options.by, r->options.top, GROUPS);
	r->exporter = e;
	r->failed = server_open(&e->server, r->options.listen_fd, r->options.hosts);
}

static void publish_metrics(struct exporter *e, enum document document)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = must_have(open_memstream(&text, &len));

	export_render(out, &e->state, document == DOCUMENT_OPEN_METRICS);
	fclose(out);
	server_publish(e->server, document, text, len);
}

/* The interval as a line of JSON, with as many objects as there are series of. */
static void publish_json(struct report *r)
{
	struct writer *file = xcalloc(1, sizeof(*file));
	char *text = NULL;
	size_t len = 0;
	FILE *out = must_have(open_memstream(&text, &len));

	writer_init(file, out);
	r->json = (struct json){ .out = file };
	view_json.interval(r);
	writer_flush(file);
	fclose(out);
	free(file);
	server_publish(r->exporter->server, DOCUMENT_JSON, text, len);
}

static void interval(struct report *r)
{
	struct exporter *e = r->exporter;

	export_update(&e->state);
	publish_metrics(e, DOCUMENT_OPEN_METRICS);
	publish_metrics(e, DOCUMENT_METRICS);
	publish_json(r);
}

static void end(struct report *r)
{
	if (!r->exporter)
		return;
	server_close(r->exporter->server);
	export_free(&r->exporter->state);
	free(r->exporter);
}

const struct view view_export = {
	.name = "export",
	.start = start,
	.interval = interval,
	.end = end,
	.tells_cost = true,
};
