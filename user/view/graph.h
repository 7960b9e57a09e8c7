/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a graph is told: what stands under it, and its two languages. */
#ifndef VIEW_GRAPH_H
#define VIEW_GRAPH_H

#include "graph/graph.h"
#include "out/json.h"
#include "model/verdict.h"
#include "out/writer.h"

struct graph_caption {
	const char *mechanisms; /* "pipe, fifo (syscall)" */
	uint64_t span_ns;
	struct graph_options options;
	struct losses losses;
};

void graph_dot(struct writer *out, const struct graph *g, const struct graph_caption *c);

/* One line: {"type":"graph",…} */
void graph_json(struct json *j, const struct graph *g, const struct graph_caption *c);

#endif
