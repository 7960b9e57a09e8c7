/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The completion script for fish: a `complete` command per option and first word.
 */
#include "cli_complete.h"

/* What is offered for each kind of value; COMPLETE_WORDS are written out. */
static const char *const values[COMPLETE_CNT] = {
	[COMPLETE_NONE] = "-x",
	[COMPLETE_FILE] = "-r -F",
	[COMPLETE_DIRECTORY] = "-x -a '(__fish_complete_directories)'",
	[COMPLETE_PIDS] = "-x -a '(__fish_complete_list , __fish_complete_pids)'",
	[COMPLETE_USER] = "-x -a '(__fish_complete_users)'",
	[COMPLETE_COLUMN] = "-x -a '(__ipctrace_columns)'",
	[COMPLETE_COLUMNS] = "-x -a '(__fish_complete_list , __ipctrace_columns)'",
};

static void print_first_word(FILE *out, const char *name, const char *help)
{
	fprintf(out, "complete -c ipctrace -f -n __ipctrace_is_first -a %s -d '", name);
	complete_quote(out, help);
	fputs("'\n", out);
}

static void print_option(FILE *out, const struct cli_option *opt)
{
	fputs("complete -c ipctrace ", out);
	if (opt->letter)
		fprintf(out, "-s %c ", opt->letter);
	fprintf(out, "-l %s ", opt->name);
	if (opt->completion == COMPLETE_WORDS) {
		fputs("-x -a '", out);
		complete_words(out, opt);
		fputs("' ", out);
	} else if (cli_takes_value(opt)) {
		fprintf(out, "%s ", values[opt->completion]);
	}
	fputs("-d '", out);
	complete_quote(out, opt->help);
	fputs("'\n", out);
}

void complete_fish(FILE *out)
{
	fputs("# fish completion for ipctrace, made by: ipctrace --completion fish\n"
	      "\n"
	      "function __ipctrace_columns\n"
	      "\tset -l sign (string match -r '^[-+]' -- (commandline -ct | string replace -r '.*,' ''))\n"
	      "\tprintf \"$sign%s\\n\" ", out);
	complete_columns(out);
	fputs("\nend\n\n"
	      "function __ipctrace_is_first\n"
	      "\tnot __fish_seen_subcommand_from ", out);
	complete_mechanisms(out);
	fputc(' ', out);
	complete_commands(out);
	fputs("\nend\n\n", out);
	fputs("complete -c ipctrace -f -n '__fish_seen_subcommand_from compare' -a "
	      "'(__fish_complete_list , \"printf %s\\\\n ", out);
	complete_transports(out);
	fputs("\")'\n", out);
	for (size_t i = 0; i < mechanism_cnt; i++)
		print_first_word(out, mechanisms[i]->name, mechanisms[i]->summary);
	for (size_t i = 0; i < cli_command_cnt; i++)
		print_first_word(out, cli_command_table[i].name, cli_command_table[i].help);
	for (size_t i = 0; i < cli_option_cnt; i++)
		print_option(out, &cli_option_table[i]);
}
