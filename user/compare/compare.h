/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One payload through every transport: what was measured, and how it is shown. */
#ifndef COMPARE_COMPARE_H
#define COMPARE_COMPARE_H

#include "cli.h"
#include "compare/fate.h"
#include "compare/probe.h"
#include "compare/run.h"
#include "kernel.h"
#include "out/style.h"
#include "out/writer.h"

/* One transport with messages of one size. */
struct figures {
	const struct transport *transport;
	size_t size, part;    /* part 0, or not below size: messages went whole */
	const char *limit;    /* what sets part */
	int error;	      /* errno: it could not be used here */
	bool corrupt;	      /* a message was not what was sent, or one that may not be lost was */
	struct flow off;      /* nothing is traced: the median of three */
	double least_per_s, most_per_s; /* messages, of these three */
	struct latency latency;
	bool traced;	      /* the next two were measured */
	struct flow on;
	struct probed probed;
};

struct comparison {
	const struct cli_options *options;
	const struct kernel *kernel;
	struct figures *figures; /* by size, then in the order of the transports */
	size_t figure_cnt;
	size_t transport_cnt;	 /* of each size */
	double baseline_bytes_per_s[CLI_SIZES];
	struct fates fates[32];  /* by transport, with messages of the first size */
	uint64_t messages_limit_ns;
	char untraced[256];	 /* why nothing is traced; empty: it is */
	double elapsed_s;
};

/* CPU time of both ends that tracing adds to a message; false: not measured. Negative: lost in the noise. */
bool figures_cost_ns(const struct figures *f, double *ns);
/* Copies of each payload byte, by the probes; false: not known. */
bool figures_copies(const struct figures *f, double *copies);

/* What the documents say, and what became of it: figures of one size. (opinions.c) */
enum verdict_kind { OPINION_HOLDS, OPINION_FAILS, OPINION_UNKNOWN };

struct opinion {
	const char *id;	   /* as in the laboratory */
	const char *claim; /* one line */
	enum verdict_kind (*settle)(const struct figures *f, size_t cnt, char *why, size_t size);
};
extern const struct opinion opinions[];
extern const size_t opinion_cnt;
const char *opinion_word(enum verdict_kind verdict);

/* (tables.c, chart.c, compare_json.c) */
void compare_tables(struct writer *w, const struct comparison *c, const struct style *style);
void compare_chart(struct writer *w, const struct figures *f, size_t cnt, const struct style *style);
void compare_json(struct writer *w, const struct comparison *c);

/* `ipctrace compare`: the exit status. 1: a payload was corrupted, or nothing could be compared. */
int view_compare(const struct cli_options *o, const struct kernel *k);

#endif
