/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the user sees. A report is opened once, started, fed intervals and events,
 * and ended with a summary; which view draws it follows from the options. It
 * writes to one stream and shows every loss.
 *
 * All report_*() return 0 or a negative errno: the first error of the output
 * (-EPIPE, -ENOSPC…), once; what comes after it is dropped. -ECANCELED: it failed
 * otherwise, which has been said on stderr. SIGPIPE must be ignored.
 */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "graph/graph.h"
#include "model/model.h"
#include "model/own.h"

/* What is drawn, where the options of a trace do not decide it. */
enum report_kind {
	REPORT_TRACE = 0, /* a table, events, histograms, JSON lines */
	REPORT_GRAPH,
	REPORT_EXPORT,
	REPORT_TOP, /* full screen, on a terminal */
	REPORT_CHROME, /* a timeline, for Perfetto; of events */
	REPORT_FOLDED, /* time waited, for flame graphs; of events */
	REPORT_FOLDED_WAITS, /* how many waits, in the same way */
	REPORT_PATH,   /* the critical path of COMMAND; of events and steps */
};

struct report_options {
	enum report_kind kind;
	struct graph_options graph;
	enum graph_format graph_format;
	int listen_fd;	     /* of an export: see export/server.h */
	const char *hosts;   /* whose it is, too; NULL: only its addresses */
	unsigned top;	     /* objects that it tells of one by one */
	bool no_objects;     /* none of them in JSON, either */
	enum actor_kind by;  /* its groups */
	const char *columns;	/* -o, see table_init(); NULL: the usual ones */
	const char *sort;	/* -S: a column's name; NULL: bytes of the interval, then time waited */
	int sort_direction;	/* 1 rising, -1 falling, 0 the column's own */
	unsigned rows;		/* -n; 0: what fits on the terminal, else 20. In JSON 0 is all */
	bool json, events, hist;
	bool hist_intervals;	/* histograms of each interval, too, not of the whole alone */
	bool color, ascii;
	bool terminal;		/* the output is one: draw over what was drawn */
	unsigned width, height; /* cells and lines; 0: ask the terminal; without one 80, and no limit with columns */
};

struct report_mechanism {
	const struct mechanism *mech;
	enum backend backend;
	const char *const *hooks;    /* what attached: "fexit:pipe_write"; NULL-terminated; NULL: none */
	const char *const *unhooked; /* what did not */
	const char *note;	     /* why not the better backend; NULL: nothing to say */
};

struct report_filter {
	const char *name, *value;
};

/* Of the line "start"; all of it must outlive the report. */
struct report_start {
	const char *version, *kernel, *machine;
	const char *time;  /* RFC 3339 */
	uint64_t start_ns; /* the same moment, CLOCK_MONOTONIC: what event times are relative to */
	double interval_s;
	const struct report_mechanism *mechanisms;
	size_t mechanism_cnt;
	const struct report_filter *filters;
	size_t filter_cnt;
};

struct report; /* opaque */

/*
 * The model must outlive the report. -EINVAL when there is no such column, whose
 * name is then in unknown; -E2BIG when there are too many.
 */
int report_open(struct report **out, FILE *file, const struct report_options *options, const struct model *model,
		char unknown[64]);
void report_close(struct report *r);

int report_start(struct report *r, const struct report_start *start);
/*
 * With --self, or where report_tells_cost(), before each interval and the summary: what the tool has cost since
 * the start. runs_known: the kernel measured its programs.
 */
void report_own(struct report *r, const struct own *own, bool runs_known);
bool report_tells_cost(const struct report *r);
/* With --deadlocks, before each interval: how many there are now; negative: not known. */
void report_deadlocks(struct report *r, int cnt);
/*
 * The descriptor that a view reads keys from; negative: it reads none. When there is
 * something, or a signal came: report_input(), which returns true at the key that ends it.
 */
int report_input_fd(const struct report *r);
bool report_input(struct report *r);
/* After each model_update(). */
int report_interval(struct report *r);
/* Buffered: report_flush() after each batch of them. */
void report_event(struct report *r, const struct ipc_event *event);
int report_flush(struct report *r);
/* After the last model_update(). */
int report_summary(struct report *r);

/* "trace", "hist", "events", "json", "graph", "export", "chrome", "folded", "top" */
const char *report_view_name(const struct report *r);

#endif
