/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A model as metrics: what is served at /metrics. */
#ifndef VIEW_EXPORT_H
#define VIEW_EXPORT_H

#include "export/metrics.h"
#include "export/top.h"
#include "view/report.h"

struct export_state {
	const struct report *report;
	struct top objects, groups;
	enum actor_kind by;
	uint64_t ticks;
};

/* Every family (export/families.h) as one text; after export_update(). */
void export_render(FILE *out, const struct export_state *x, bool open_metrics);

/* objects, groups: how many are told of by themselves. */
void export_init(struct export_state *x, const struct report *r, enum actor_kind by, unsigned objects, unsigned groups);
void export_update(struct export_state *x); /* after each interval */
void export_free(struct export_state *x);

#endif
