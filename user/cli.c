/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Walks the command line by the tables. getopt_long() finds the options, in
 * order and without moving anything; its own messages are off and abbreviations
 * are refused, since a new option would change what they mean.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli_table.h"
#include "view/view.h"

#define LONG_BASE 256 /* getopt's value of a long option: this and the row */
#define PLAIN_WORD 1  /* getopt's value of a word that is no option */

struct scan {
	struct cli_options *o;
	const struct cli_command *command;
	const char *first_word;
	size_t word_cnt; /* taken by the command, its own name not counted */
	bool seen[CLI_OPTIONS_MAX];
};

static const struct {
	const char *a, *b, *why;
} conflicts[] = {
	{ "counts", "events", "counting keeps no single operation" },
	{ "counts", "histograms", "counting takes no times" },
	{ "counts", "min-us", "counting takes no times" },
	{ "events", "histograms", "ask for each operation, or for the distribution of all" },
	{ "write", "json", "a recording is no report: read it with --read" },
	{ "write", "output", "a recording is no report: read it with --read" },
	{ "write", "histograms", "a recording has them: read it with --read" },
	{ "counts", "stacks", "counting follows no waits" },
	{ "read", "stacks", "say it when recording" },
	{ "read", "write", "it is a recording already" },
	{ "brief", "events", "it asks for each operation, with all there is to know" },
	{ "read", "brief", "the recording says what was collected" },
	{ "read", "counts", "the recording says what was collected" },
	{ "read", "failed", "the programs drop what did not fail: say it when recording" },
	{ "read", "min-us", "the programs drop what is too short: say it when recording" },
	{ "read", "tid", "threads are known to the programs only: say it when recording" },
	{ "read", "follow", "descent is known to the programs only: say it when recording" },
	{ "read", "interval", "the recording has intervals of its own" },
	{ "read", "duration", "it ends with the recording" },
	{ "read", "backend", "the recording was made with one" },
	{ "read", "include-self", "say it when recording" },
	{ "read", "max-edges", "nothing is traced" },
	{ "read", "ring-buffer", "nothing is traced" },
};

static const struct cli_option *row_of(int code)
{
	if (code >= LONG_BASE)
		return &cli_option_table[code - LONG_BASE];
	for (size_t i = 0; i < cli_option_cnt; i++)
		if (cli_option_table[i].letter == code && code)
			return &cli_option_table[i];
	return NULL;
}

/* argument is the whole word: "--evnts=3", "-eZj". */
static int unknown_option(const char *argument, int letter)
{
	char name[64];
	struct cli_guess guess = { .word = name };

	snprintf(name, sizeof(name), "%s", argument + strspn(argument, "-"));
	name[strcspn(name, "=")] = '\0';
	for (size_t i = 0; i < cli_option_cnt; i++)
		cli_guess__try(&guess, cli_option_table[i].name);
	if (argument[1] == '-' || !isprint((unsigned char)letter))
		return guess.best ? cli_refuse_unknown("option", "--", &guess) :
				    cli_refuse(NULL, "unknown option '%s'", argument);
	if (isdigit((unsigned char)letter))
		return cli_refuse(NULL, "unknown option '-%c', and no number here is negative", letter);
	/* -json is -j -s -o -n */
	if (guess.best && argument[2])
		return cli_refuse(NULL, "unknown option '-%c' in '%s', did you mean '--%s'?", letter, argument,
				  guess.best);
	return cli_refuse(NULL, "unknown option '-%c'", letter);
}

/* Is it the whole name, up to a '='? */
static bool is_spelled_out(const char *argument, const char *name)
{
	size_t len = strlen(name);

	return strncmp(argument + 2, name, len) == 0 && (argument[2 + len] == '\0' || argument[2 + len] == '=');
}

static int take_option(struct scan *s, int code, const char *argument, const char *last)
{
	bool complaint = code == '?' || code == ':';
	int which = complaint ? optopt : code;
	const struct cli_option *opt = row_of(which);
	char metavar[64];

	if (!opt || (which >= LONG_BASE && !is_spelled_out(argument, opt->name)))
		return unknown_option(argument, which);
	if (code == '?')
		return cli_refuse(NULL, "--%s takes no value, but '%s' gives one", opt->name, argument);
	/* a lone "--" was meant to end the options */
	if (code == ':' || (cli_takes_value(opt) && optarg == last && strcmp(optarg, "--") == 0)) {
		cli_metavar(opt, metavar, sizeof(metavar));
		return cli_refuse(NULL, "--%s needs a value: %s", opt->name, metavar);
	}
	s->seen[opt - cli_option_table] = true;
	return opt->parse(opt, optarg, (char *)s->o + opt->offset);
}

static void choose(struct scan *s, const struct cli_command *command)
{
	s->command = command;
	s->o->command = command->id;
	s->o->report = command->report;
	if (command->all)
		s->o->mechanism_mask = cli_all_mechanisms();
}

static const struct cli_command *implied_command(void)
{
	const struct cli_command *command = cli_command_table;

	while (!command->implied)
		command++;
	return command;
}

static int take_word(struct scan *s, const char *word)
{
	const struct cli_option *place;

	if (!s->command) {
		const struct cli_command *named = cli_command_by_name(word);

		choose(s, named ? named : implied_command());
		if (named)
			return 0;
	}
	if (s->word_cnt && s->command->words[0] == WORD_MECHANISMS && mechanism_by_name(word))
		return cli_refuse(NULL, "'%s' is one mechanism too many, join them with a comma: '%s,%s'", word,
				  s->first_word, word);
	if (s->word_cnt == s->command->word_cnt && s->command->repeats)
		s->word_cnt--;
	if (s->word_cnt == s->command->word_cnt)
		return cli_refuse(NULL, "unexpected '%s' after '%s'", word,
				  s->word_cnt ? s->first_word : s->command->name);
	place = &cli_word_table[s->command->words[s->word_cnt]];
	if (s->word_cnt++ == 0)
		s->first_word = word;
	return place->parse(place, word, (char *)s->o + place->offset);
}

static int take_command(struct scan *s, char **argv)
{
	if (s->command && !s->command->takes_command)
		return cli_refuse(NULL, "'%s' starts no command, but '--' is given", s->command->name);
	if (!*argv)
		return cli_refuse(NULL, "nothing after '--', a command is started there");
	s->o->command_argv = argv;
	return 0;
}

/* The two arrays getopt_long() wants, from our table. */
static void describe_options(struct option *longs, char *letters)
{
	*letters++ = '-'; /* words in their order, whatever POSIXLY_CORRECT says */
	*letters++ = ':'; /* tell a missing value from an unknown option */
	for (size_t i = 0; i < cli_option_cnt; i++) {
		const struct cli_option *opt = &cli_option_table[i];
		bool value = cli_takes_value(opt);

		longs[i] = (struct option){ opt->name, value ? required_argument : no_argument, NULL, LONG_BASE + i };
		if (opt->letter)
			*letters++ = opt->letter;
		if (opt->letter && value)
			*letters++ = ':';
	}
	longs[cli_option_cnt] = (struct option){ 0 };
	*letters = '\0';
}

static int scan(struct scan *s, int argc, char **argv)
{
	struct option longs[CLI_OPTIONS_MAX + 1];
	char letters[2 + 2 * CLI_OPTIONS_MAX + 1];

	describe_options(longs, letters);
	optind = 0; /* from the start again */
	opterr = 0;
	for (;;) {
		int at = optind ? optind : 1, rc;
		int code = getopt_long(argc, argv, letters, longs, NULL);

		if (code == -1 && at < argc)
			return take_command(s, argv + at + 1);
		if (code == -1)
			return 0;
		if (code == PLAIN_WORD)
			rc = take_word(s, optarg);
		else
			rc = take_option(s, code, argv[at], argv[optind - 1]);
		if (rc)
			return rc;
	}
}

static int refuse_misplaced(const struct cli_option *opt, const struct cli_command *command)
{
	char names[128] = "";
	size_t len = 0;

	for (size_t i = 0; i < cli_command_cnt && len < sizeof(names); i++)
		if (cli_applies(opt, &cli_command_table[i]))
			len += snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "",
					cli_command_table[i].name);
	return cli_refuse(NULL, "--%s does not go with '%s', only with: %s", opt->name, command->name, names);
}

static bool was_seen(const struct scan *s, const char *name)
{
	return s->seen[cli_option_by_name(name) - cli_option_table];
}

/* What can be said only when all was read. */
static int check_whole(const struct scan *s)
{
	const struct cli_command *command = s->command;

	if (s->o->read && s->o->command_argv)
		return cli_refuse(NULL, "--read shows a recording and starts no command");
	if (!command) {
		cli_refuse(NULL, "no mechanism and no command given");
		cli_list_topics(stderr);
		return -1;
	}
	if (s->word_cnt < command->required && !s->o->read) {
		const struct cli_option *word = &cli_word_table[command->words[s->word_cnt]];

		return cli_refuse(NULL, "'%s' needs %s%s%s", command->name, word->metavar, word->help ? ": " : "",
				  word->help ? word->help : "");
	}
	if (command->id == CLI_CONVERT && !s->o->read)
		return cli_refuse(NULL, "'convert' needs --read: a recording, made with --write and --events or --stacks");
	if (s->o->stacks && !s->o->write)
		return cli_refuse(NULL, "--stacks goes into a recording: it needs --write");
	if (command->id == CLI_TOP && (s->o->events || s->o->json || s->o->output))
		return cli_refuse(NULL, "'top' is for a terminal: no --events, --json or --output");
	if (command->id == CLI_EXPORT && (s->o->json || s->o->output))
		return cli_refuse(NULL, "'export' serves what it makes, JSON at /json: no --json or --output");
	for (size_t i = 0; i < cli_option_cnt; i++)
		if (s->seen[i] && !cli_applies(&cli_option_table[i], command))
			return refuse_misplaced(&cli_option_table[i], command);
	if (command->id == CLI_CHAIN && s->o->report != REPORT_PATH)
		for (size_t i = 0; i < cli_option_cnt; i++)
			if (s->seen[i] && cli_option_table[i].group == GROUP_PROBE)
				return cli_refuse(NULL, "'chain' traces only with COMMAND: no --%s", cli_option_table[i].name);
	for (size_t i = 0; i < sizeof(conflicts) / sizeof(conflicts[0]); i++)
		if (was_seen(s, conflicts[i].a) && was_seen(s, conflicts[i].b))
			return cli_refuse(NULL, "--%s and --%s exclude each other: %s", conflicts[i].a, conflicts[i].b,
					  conflicts[i].why);
	return 0;
}

static void set_defaults(struct cli_options *o)
{
	*o = (struct cli_options){ 0 };
	for (size_t i = 0; i < cli_option_cnt; i++) {
		const struct cli_option *opt = &cli_option_table[i];

		if (opt->initial)
			opt->parse(opt, opt->initial, (char *)o + opt->offset);
	}
}

/* What is read every 15 seconds or so need not be made each second; and who acts are services, not processes. */
static void set_export_defaults(struct scan *s)
{
	s->o->rows = s->o->top;
	if (!was_seen(s, "interval"))
		s->o->interval_s = 5;
	if (!was_seen(s, "by"))
		s->o->by = ACTOR_CGROUP;
}

/* Help and its like are of use only when they arrive. */
static int printed(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	cli_refuse(NULL, "cannot write to standard output: %s", strerror(errno));
	return CLI_EXIT_FAILED;
}

int cli_parse(struct cli_options *o, int argc, char **argv)
{
	struct scan s = { .o = o };
	const char *no_color = getenv("NO_COLOR");
	int rc;

	set_defaults(o);
	if (argc < 2) {
		cli_print_usage(stderr);
		return CLI_EXIT_USAGE;
	}
	rc = scan(&s, argc, argv);
	if (rc > 0)
		return printed();
	if (!rc && !s.command && o->read)
		choose(&s, implied_command());
	if (!rc && s.command && s.command->id == CLI_CONVERT) {
		o->events = true;
		o->report = o->convert_to;
	}
	if (!rc && s.command && s.command->id == CLI_CHAIN && (o->command_argv || o->read)) {
		o->events = true;
		o->report = REPORT_PATH;
		o->mechanism_mask = o->read ? 0 : cli_all_mechanisms();
	}
	if (!rc && s.command && s.command->id == CLI_EXPORT)
		set_export_defaults(&s);
	if (!rc && s.command && s.command->all_unless && !o->mechanism_mask && !o->read)
		o->mechanism_mask = cli_all_mechanisms();
	if (rc < 0 || check_whole(&s)) {
		fputs("try 'ipctrace --help'\n", stderr);
		return CLI_EXIT_USAGE;
	}
	if (o->command == CLI_HELP) {
		if (!o->target)
			cli_print_help(stdout);
		else
			cli_print_topic(stdout, o->target);
		return printed();
	}
	if (o->color == CLI_COLOR_AUTO && no_color && *no_color)
		o->color = CLI_COLOR_NEVER;
	return -1;
}

void cli_free(struct cli_options *o)
{
	*o = (struct cli_options){ 0 };
}
