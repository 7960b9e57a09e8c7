// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `ipctrace graph`: one picture of the whole, at the end. */
#include "view/graph.h"

#include <errno.h>
#include <stdlib.h>

#include "model/alloc.h"
#include "out/graphviz.h"
#include "view/report.h"

/* What Graphviz reads is held until it is whole. */
static void draw_svg(struct report *r, const struct graph *g, const struct graph_caption *c)
{
	struct writer *dot = xcalloc(1, sizeof(*dot));
	char *text = NULL;
	size_t len = 0;
	FILE *memory = must_have(open_memstream(&text, &len));
	int err;

	writer_init(dot, memory);
	graph_dot(dot, g, c);
	writer_flush(dot);
	fclose(memory);
	err = graphviz_svg(&r->out, text, len);
	if (err && !r->out.error)
		r->failed = err;
	free(text);
	free(dot);
}

static void summary(struct report *r)
{
	char traced[256];
	struct graph_caption c = { .mechanisms = traced, .span_ns = model_span_ns(r->model, SPAN_TOTAL),
				   .options = r->options.graph };
	struct graph g;

	report_mechanisms(r, traced, sizeof(traced));
	model_losses(r->model, SPAN_TOTAL, &c.losses);
	graph_build(&g, r->model, SPAN_TOTAL, &c.options);
	if (r->options.graph_format == GRAPH_JSON)
		graph_json(&r->json, &g, &c);
	else if (r->options.graph_format == GRAPH_SVG)
		draw_svg(r, &g, &c);
	else
		graph_dot(&r->out, &g, &c);
	graph_free(&g);
}

const struct view view_graph = {
	.name = "graph",
	.summary = summary,
};
