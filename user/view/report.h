/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For the views themselves: what a report holds, and the pieces that several of them draw. */
#ifndef VIEW_REPORT_H
#define VIEW_REPORT_H

#include "model/words.h"
#include "out/json.h"
#include "out/style.h"
#include "out/table.h"
#include "out/writer.h"
#include "view/select.h"
#include "view/view.h"

struct report;

/* Members may be NULL: nothing to show. */
struct view {
	const char *name;
	void (*start)(struct report *r);
	void (*interval)(struct report *r);
	void (*event)(struct report *r, const struct ipc_event *event);
	void (*summary)(struct report *r);
	bool (*input)(struct report *r); /* standard input has something, or the terminal changed; true: it is to end */
	void (*end)(struct report *r); /* frees what is the view's own */
	bool tells_cost; /* what the tool itself costs, without --self, too */
};

extern const struct view view_trace, view_hist, view_events, view_json, view_graph, view_export, view_chrome, view_folded, view_top, view_path;

struct exporter; /* view/export.c */
struct chrome;	 /* view/chrome.c */
struct events;	 /* view/events.c */
struct folded;	 /* view/folded.c */
struct top_state; /* view/top.c */
struct path_view; /* view/path.c */

struct report {
	const struct view *view;
	struct report_options options;
	const struct report_start *about; /* set by report_start() */
	const struct model *model;
	struct style style;
	unsigned lines; /* of the terminal; 0: no limit */
	struct table table;
	struct selection selection;
	bool drawn; /* something stands on the terminal that is to be drawn over */
	struct json json;
	struct writer out;
	int failed; /* -errno of what is no writing; it has been said */
	struct exporter *exporter;
	struct chrome *chrome;
	struct events *events;
	struct folded *folded;
	struct top_state *top;
	struct path_view *path;
	bool deadlocks_known;
	unsigned deadlocks;
	bool own_asked, own_runs_known;
	struct own own, own_before; /* since the start: now, and at the report before */
};

/* A line of text is over. */
void report_eol(struct report *r);

/* Asks the terminal how large it is. */
void report_measure(struct report *r);

/* "pipe, fifo (function)", or each with its own backend. */
void report_mechanisms(const struct report *r, char *buf, size_t size);

/* "lost: 3 missed, 1 map full"; returns false and prints nothing when nothing was lost. */
bool report_losses(struct report *r, enum span span);

/* "self: …", a line, with --self only (own.c). */
void report_self(struct report *r, enum span span);
void json_self(struct report *r, enum span span);

/*
 * Selects the rows that options ask for, at most max (0: the usual number).
 * Returns how many there would have been, and of these *active in the span.
 */
size_t report_objects(struct report *r, enum span span, size_t max, size_t *active);

/* Sums, wakeups, open waits, errors, balance, losses since the start (summary.c). */
void report_totals(struct report *r);

/* Histograms of all mechanisms (hist.c). */
void report_histograms(struct report *r, enum span span);

/* Lists of the JSON (json_object.c). */
void json_total(struct json *j, const struct model *m, enum ipc_mech mech, enum span span);
void json_object(struct json *j, const struct object *o, enum span span);
void json_event(struct json *j, const struct ipc_event *event);

#endif
