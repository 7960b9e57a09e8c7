/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The command line: what was asked for, checked, and the help, manual page and
 * shell completions that come from the same tables (cli_table.c).
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "graph/graph.h"
#include "ipctrace.h"
#include "mech.h"

#ifndef IPCTRACE_VERSION
#define IPCTRACE_VERSION "0.1.0"
#endif

#define CLI_EXIT_FAILED 1
#define CLI_EXIT_USAGE 2

#define CLI_EXPERIMENTS_MAX 32 /* words of `lab`: each may be a family */

/* What main runs. A command may have several names: `all` is CLI_TRACE with every mechanism. */
enum cli_command_id {
	CLI_TRACE = 0,
	CLI_DOCTOR,
	CLI_LIST,
	CLI_RING,
	CLI_WHY,
	CLI_CHAIN,
	CLI_GRAPH,
	CLI_EXPORT,
	CLI_CONVERT,
	CLI_TOP,
	CLI_COMPARE,
	CLI_LAB,
	CLI_HELP, /* done by cli_parse() itself */
};

/* One side's filter. Criteria of different kinds must all hold; of a list, any. */
struct cli_filter {
	uint32_t pids[IPC_FILTER_PIDS]; /* 1 to 2^22, no doubles, in the order given */
	uint32_t pid_cnt;		/* 0: any */
	uint32_t tids[IPC_FILTER_PIDS];
	uint32_t tid_cnt;
	char comm[IPC_COMM_LEN]; /* empty: any */
	bool uid_set;
	uint32_t uid;
	const char *cgroup; /* as given: absolute, or from the cgroup2 mount; NULL: any */
	const char *container; /* how its id begins, or its name; NULL: any. Live: cgroup_resolve() makes a cgroup of it */
	const char *unit;      /* NULL: any. In the same way */
};

struct cli_sort {
	const char *column; /* a name of columns[], in any case; NULL: the view's own order */
	int direction;	    /* +1 rising, -1 falling, 0 the column's own */
};

#define CLI_SIZES 8

struct cli_sizes {
	uint32_t bytes[CLI_SIZES];
	uint32_t cnt;
};

enum cli_color {
	CLI_COLOR_AUTO = 0, /* when the output is a terminal */
	CLI_COLOR_ALWAYS,
	CLI_COLOR_NEVER, /* NO_COLOR in the environment turns AUTO into this */
};

/* Strings point into argv, which must outlive this. */
struct cli_options {
	enum cli_command_id command;
	uint32_t mechanism_mask; /* bit per mechanism id; 0 unless CLI_TRACE */
	const char *target;	 /* CLI_RING: as given; else NULL */
	uint32_t pid;		 /* CLI_WHY: 1 to 2^22; else 0 */
	char **command_argv;	 /* after `--`, NULL-terminated; NULL: none */

	struct cli_filter either; /* -p -t --comm -u -c */
	struct cli_filter src;	  /* the sending side */
	struct cli_filter dst;	  /* the receiving side */
	const char *object;	  /* -O, as given; NULL: any */
	bool follow;
	bool include_self;

	double interval_s; /* 0.001 to 86400 */
	uint32_t count;	   /* intervals; 0: no limit */
	double duration_s; /* 0: no limit */

	bool events;
	bool histograms;
	bool counts;
	bool brief;
	bool self;
	bool failed_only;
	uint32_t min_us; /* 0: no limit */
	uint32_t rows;	 /* 0: the view's own number */
	struct cli_sort sort;
	const char *columns; /* "NAME,+NAME…", every name one of columns[] in any case; NULL: the view's own */

	bool json;
	const char *output; /* path; NULL: standard output */
	const char *write;  /* path of the recording to make; NULL: none */
	const char *read;   /* path of the recording to show; NULL: live */
	uint32_t write_max_mb; /* MiB of it before it is rotated; 0: no limit */
	bool stacks; /* of waits, into the recording */
	enum cli_color color;
	bool ascii;

	enum backend backend; /* BACKEND_NONE: the best that attaches */
	uint32_t max_edges;
	uint32_t ring_buffer_mb; /* MiB, a power of two, at most 2048 */

	bool one_shot; /* CLI_RING only */

	enum actor_kind by; /* what processes are grouped by */

	enum graph_weight graph_weight; /* CLI_GRAPH only, as all of graph_ */
	enum graph_format graph_format;
	uint32_t graph_nodes; /* 0: all */
	bool graph_idle;

	unsigned report;     /* enum report_kind: what is drawn */
	unsigned convert_to; /* CLI_CONVERT only: the same, as --to asks */

	const char *listen; /* CLI_EXPORT only, as given: ADDR:PORT */
	const char *hosts;  /* names of it, "NAME,NAME…"; NULL: none */
	uint32_t top;	    /* objects told of one by one */
	bool deadlocks;

	uint32_t transports;	/* CLI_COMPARE only, as all below: bit i for transports[i]; 0: all */
	struct cli_sizes sizes; /* bytes of a message */
	uint32_t messages;	/* of each run at most; 0: no limit */
	double limit_s;		/* time that a run may take */

	const char *experiments[CLI_EXPERIMENTS_MAX]; /* CLI_LAB only, as all of the following; ids, families, "all" */
	uint32_t experiment_cnt;
	bool list_only;
	bool step;
	const char *break_figure; /* NULL: none */

	unsigned verbose;
};

/*
 * Fills o from the command line; argv is not reordered. Returns -1 to go on, else
 * the exit status, with everything printed that was due: 0 after --help and its
 * like, CLI_EXIT_USAGE with the reason on stderr, CLI_EXIT_FAILED when standard
 * output could not be written. Not thread-safe (getopt).
 */
int cli_parse(struct cli_options *o, int argc, char **argv);

/* Forgets what cli_parse() filled in; may be called after any of its results. */
void cli_free(struct cli_options *o);

/* No criterion is set: everything passes. */
bool filter_is_empty(const struct cli_filter *filter);

/* The synopses, two or three lines a command, for who gave no arguments at all. */
void cli_print_usage(FILE *out);

/* All of --help, at most 80 columns wide. */
void cli_print_help(FILE *out);

/* `ipctrace help TOPIC`; returns 0, or -1 when topic is no command and no mechanism. */
int cli_print_topic(FILE *out, const char *topic);

/* ipctrace(8) in roff, man macros, pure ASCII. */
void cli_print_man(FILE *out);

/* shell is bash, zsh or fish; returns 0, or -1 for another, with nothing written. */
int cli_print_completion(FILE *out, const char *shell);

#endif
