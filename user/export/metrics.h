/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Metrics as text: OpenMetrics 1.0, or the older text format of Prometheus 0.0.4,
 * which differ in how counters are declared and how the text ends.
 */
#ifndef EXPORT_METRICS_H
#define EXPORT_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define METRICS_LABELS 8

enum metric_type {
	METRIC_COUNTER,
	METRIC_GAUGE,
};

/* One family, documented once: HELP, TYPE, UNIT and the manual page come from it. */
struct metric {
	const char *name; /* without "_total" and without "ipctrace_"; ends in its unit, if it has one */
	enum metric_type type;
	const char *unit; /* "bytes", "seconds", "ratio"; NULL: a number */
	const char *help; /* a sentence, no full stop */
	const char *labels[METRICS_LABELS]; /* in order, NULL-terminated */
};

struct metrics {
	FILE *out;
	bool open_metrics;
};

/* Before the samples of a family. */
void metrics_family(const struct metrics *m, const struct metric *family);

/* values: of the family's labels, in their order; raw bytes. */
void metrics_sample(const struct metrics *m, const struct metric *family, const char *const values[], double value);
/* Exact beyond 2^53. */
void metrics_count(const struct metrics *m, const struct metric *family, const char *const values[], uint64_t value);

void metrics_end(const struct metrics *m);

#endif
