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

/* What a command's words are; NULL: nothing is offered. */
static const char *const places[WORD_CNT] = {
	[WORD_MECHANISMS] = "-a '(__fish_complete_list , __ipctrace_mechanisms)'",
	[WORD_TARGET] = "-F",
	[WORD_PID] = "-a '(__fish_complete_pids)'",
	[WORD_TRANSPORTS] = "-a '(__fish_complete_list , __ipctrace_transports)'",
	[WORD_TOPIC] = "-a '(__ipctrace_mechanisms; __ipctrace_commands)'",
};

/* A function that prints a name a line. */
static void print_list(FILE *out, const char *function, void (*names)(FILE *out))
{
	fprintf(out, "function %s\n\tprintf '%%s\\n' ", function);
	names(out);
	fputs("\nend\n\n", out);
}

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
	      "\tnot __fish_seen_subcommand_from (__ipctrace_mechanisms) (__ipctrace_commands)\n"
	      "end\n\n"
	      "function __ipctrace_in_command\n"
	      "\tcontains -- -- (commandline -opc)\n"
	      "end\n\n", out);
	print_list(out, "__ipctrace_mechanisms", complete_mechanisms);
	print_list(out, "__ipctrace_commands", complete_commands);
	print_list(out, "__ipctrace_transports", complete_transports);
	fputs("complete -c ipctrace -f\n"
	      "complete -c ipctrace -n __ipctrace_in_command -F -a '(__fish_complete_command)'\n", out);
	for (size_t i = 0; i < cli_command_cnt; i++) {
		const struct cli_command *command = &cli_command_table[i];

		if (command->word_cnt && places[command->words[0]])
			fprintf(out, "complete -c ipctrace -n '__fish_seen_subcommand_from %s' %s\n", command->name,
				places[command->words[0]]);
	}
	for (size_t i = 0; i < mechanism_cnt; i++)
		print_first_word(out, mechanisms[i]->name, mechanisms[i]->summary);
	for (size_t i = 0; i < cli_command_cnt; i++)
		print_first_word(out, cli_command_table[i].name, cli_command_table[i].help);
	for (size_t i = 0; i < cli_option_cnt; i++)
		print_option(out, &cli_option_table[i]);
}
