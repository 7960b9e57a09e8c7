/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tables behind the command line and what their rows call. Private to cli*.c.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli.h"

enum cli_group {
	GROUP_FILTER,
	GROUP_TIME,
	GROUP_SHOW,
	GROUP_PRINT,
	GROUP_RECORD,
	GROUP_READ,
	GROUP_PROBE,
	GROUP_BY,
	GROUP_GRAPH,
	GROUP_EXPORT,
	GROUP_CONVERT,
	GROUP_RING,
	GROUP_COMPARE,
	GROUP_LAB,
	GROUP_GENERAL, /* goes with every command */
	GROUP_CNT,
};

enum cli_completion {
	COMPLETE_NONE = 0,
	COMPLETE_WORDS, /* the row's words */
	COMPLETE_FILE,
	COMPLETE_DIRECTORY,
	COMPLETE_PIDS,
	COMPLETE_USER,
	COMPLETE_COLUMN,
	COMPLETE_COLUMNS,
	COMPLETE_CNT,
};

struct cli_option;

/*
 * Checks text and stores it at dst. Returns 0; 1 when the option's own output was
 * all that was asked for; -1 after a message.
 */
typedef int cli_parse_fn(const struct cli_option *opt, const char *text, void *dst);

/* An option, or a word of a command that has its place (positional). */
struct cli_option {
	const char *name; /* without the dashes */
	char letter;	  /* 0: none */
	bool positional;
	enum cli_group group;
	const char *metavar;	  /* NULL: takes no value, unless it has words */
	const char *const *words; /* the values allowed, NULL-terminated; an enum in its order */
	const char *help;	  /* one sentence, no capital, no full stop */
	const char *more;	  /* more sentences, for the manual page */
	const char *initial;	  /* parsed before argv; NULL: zero */
	cli_parse_fn *parse;
	size_t offset;	 /* into struct cli_options */
	double min, max; /* of a number, both included */
	enum cli_completion completion;
};

enum cli_positional {
	WORD_MECHANISMS,
	WORD_TARGET,
	WORD_PID,
	WORD_TRANSPORTS,
	WORD_TOPIC,
	WORD_EXPERIMENT,
	WORD_INTERVAL,
	WORD_COUNT,
	WORD_CNT,
};

struct cli_command {
	enum cli_command_id id;
	const char *name;
	const char *help;
	const char *more;
	enum cli_positional words[3]; /* in their order */
	unsigned char word_cnt, required;
	bool implied;	    /* its name may be left out */
	bool all_unless;    /* every mechanism, unless some are named */
	bool all;	    /* every mechanism, none is named */
	bool takes_command; /* -- COMMAND */
	bool repeats;	    /* its last word may come any number of times */
	unsigned groups;    /* bit per enum cli_group */
	unsigned report;    /* enum report_kind, of what traces or reads a recording */
};

struct cli_group_info {
	const char *title;
	const char *help; /* said once above the options; NULL: nothing */
};

struct cli_term {
	const char *word, *meaning;
};

#define CLI_OPTIONS_MAX 64

extern const struct cli_option cli_option_table[];
extern const size_t cli_option_cnt;
extern const struct cli_option cli_word_table[WORD_CNT];
extern const struct cli_command cli_command_table[];
extern const size_t cli_command_cnt;
extern const struct cli_group_info cli_group_table[GROUP_CNT];
extern const struct cli_term cli_example_table[]; /* a command line, what it shows */
extern const size_t cli_example_cnt;

/* Exact name, without dashes. NULL: none. */
const struct cli_option *cli_option_by_name(const char *name);
const struct cli_command *cli_command_by_name(const char *name);

/* Does the option go with the command? */
bool cli_applies(const struct cli_option *opt, const struct cli_command *command);
bool cli_takes_value(const struct cli_option *opt);

/* The placeholder of its value: the metavar, or its words joined by '|'. "" when it takes none. */
void cli_metavar(const struct cli_option *opt, char *buf, size_t size);

/* "-p, --pid PID[,...]", cut to size. */
void cli_option_label(const struct cli_option *opt, char *buf, size_t size);

/* What follows `ipctrace`: "doctor [options]", cut to size. */
void cli_synopsis(const struct cli_command *command, char *buf, size_t size);

/* Moves text to its next word, not beyond end. Returns the word's length; 0: there is none. */
int cli_next_word(const char **text, const char *end);

/* Moves text to its next paragraph and end to where it ends. text may be NULL: there is none. */
bool cli_next_paragraph(const char **text, const char **end);

/* The value parsers, by what they store. cli_value.c */
cli_parse_fn cli_set_flag;	   /* bool */
cli_parse_fn cli_set_louder;	   /* unsigned, one more */
cli_parse_fn cli_set_seconds;	   /* double */
cli_parse_fn cli_set_number;	   /* uint32_t */
cli_parse_fn cli_set_power_of_two; /* uint32_t */
cli_parse_fn cli_set_word;	   /* enum, index into words */
cli_parse_fn cli_set_conversion;   /* enum report_kind */
cli_parse_fn cli_set_string;	   /* const char *, never empty */
cli_parse_fn cli_set_sort;	   /* struct cli_sort */
cli_parse_fn cli_set_columns;	   /* const char * */
cli_parse_fn cli_set_mechanisms;   /* uint32_t, bits are added */
cli_parse_fn cli_set_transports;   /* uint32_t, bits are added */
cli_parse_fn cli_set_sizes;	   /* struct cli_sizes */
cli_parse_fn cli_set_topic;	   /* const char * */
cli_parse_fn cli_add_experiment;   /* struct cli_options */

/* struct cli_filter. cli_filter.c */
cli_parse_fn cli_set_pids;
cli_parse_fn cli_set_tids;
cli_parse_fn cli_set_comm;
cli_parse_fn cli_set_user;
cli_parse_fn cli_set_cgroup;
cli_parse_fn cli_set_container;
cli_parse_fn cli_set_unit;
cli_parse_fn cli_set_side; /* --src, --dst */

/* Print and end. */
cli_parse_fn cli_show_help;
cli_parse_fn cli_show_version;
cli_parse_fn cli_show_man;
cli_parse_fn cli_show_completion;

/* Digits only, and min <= value <= max. */
bool cli_read_number(const char *text, uint32_t min, uint32_t max, uint32_t *value);

/* Calls take with each element of "A,B,C"; refuses an empty one. Returns 0 or -1. */
int cli_for_each(const struct cli_option *opt, const char *list, cli_parse_fn *take, void *dst);

/* "ipctrace: --name: ..." to stderr, or without the option's name when opt is NULL. Returns -1. */
int cli_refuse(const struct cli_option *opt, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The name nearest to a mistyped word, case ignored. Zero it, set word, try every name. cli_guess.c */
struct cli_guess {
	const char *word;
	const char *best; /* NULL: none is near */
	unsigned distance;
};
void cli_guess__try(struct cli_guess *guess, const char *name);

/* A bit for each mechanism of the registry. */
uint32_t cli_all_mechanisms(void);

/* Every mechanism and command, a line each, below a message. */
void cli_list_topics(FILE *out);

/* "unknown KIND 'WORD', did you mean 'BEST'?" with dashes before BEST. Returns -1. */
int cli_refuse_unknown(const char *kind, const char *dashes, const struct cli_guess *guess);

#endif
