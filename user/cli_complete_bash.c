/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The completion script for bash. It walks the words before the cursor to find
 * the command, then offers that command's options or what stands in its next place.
 */
#include "cli_complete.h"

/* What runs for each kind of value and place; NULL: nothing is offered. COMPLETE_WORDS are written out. */
static const char *const values[COMPLETE_CNT] = {
	[COMPLETE_FILE] = "_ipctrace_files -f",
	[COMPLETE_DIRECTORY] = "_ipctrace_files -d",
	[COMPLETE_PIDS] = "_ipctrace_list \"$(cd /proc && echo [0-9]*)\"",
	[COMPLETE_USER] = "COMPREPLY=($(compgen -u -- \"$cur\"))",
	[COMPLETE_COLUMN] = "_ipctrace_signed '[-+]' \"$columns\"",
	[COMPLETE_COLUMNS] = "_ipctrace_list \"$columns\"",
};
static const char *const places[WORD_CNT] = {
	[WORD_MECHANISMS] = "_ipctrace_list \"$mechanisms\"",
	[WORD_TARGET] = "_ipctrace_files -f",
	[WORD_PID] = "_ipctrace_list \"$(cd /proc && echo [0-9]*)\"",
	[WORD_TRANSPORTS] = "_ipctrace_list \"$transports\"",
	[WORD_TOPIC] = "COMPREPLY=($(compgen -W \"$mechanisms $commands\" -- \"$cur\"))",
};

static const char helpers[] =
	"# bash completion for ipctrace, made by: ipctrace --completion bash\n"
	"\n"
	"# One of $2; a sign of the class $1 before it is kept, and the elements before it.\n"
	"_ipctrace_signed()\n"
	"{\n"
	"\tlocal before= last=${cur##*,}\n"
	"\n"
	"\t[[ $cur == *,* ]] && before=${cur%,*},\n"
	"\tif [[ $last == $1* ]]; then\n"
	"\t\tbefore+=${last:0:1}\n"
	"\t\tlast=${last:1}\n"
	"\tfi\n"
	"\tCOMPREPLY=($(compgen -P \"$before\" -W \"$2\" -- \"$last\"))\n"
	"}\n"
	"\n"
	"_ipctrace_list()\n"
	"{\n"
	"\t_ipctrace_signed '[+]' \"$1\"\n"
	"}\n"
	"\n"
	"_ipctrace_files()\n"
	"{\n"
	"\tlocal IFS=$'\\n'\n"
	"\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\tCOMPREPLY=($(compgen \"$1\" -- \"$cur\"))\n"
	"}\n"
	"\n"
	"# COMMAND, which begins at word $1.\n"
	"_ipctrace_command()\n"
	"{\n"
	"\tif declare -F _command_offset >/dev/null; then\n"
	"\t\t_command_offset $1\n"
	"\telif ((COMP_CWORD == $1)); then\n"
	"\t\tCOMPREPLY=($(compgen -c -- \"$cur\"))\n"
	"\telse\n"
	"\t\t_ipctrace_files -f\n"
	"\tfi\n"
	"}\n"
	"\n";

/* up to the pattern of the options that take a value */
static const char walk_begin[] =
	"_ipctrace()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command= place=0 i\n"
	"\n"
	"\t# readline splits at '=': --color=al is three words\n"
	"\tif [[ $cur == = ]]; then\n"
	"\t\tcur=\n"
	"\telif [[ $prev == = ]]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfi\n"
	"\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t--) _ipctrace_command $((i + 1)); return ;;\n"
	"\t\t=) ((i++)) ;;\n"
	"\t\t";

static const char walk_end[] =
	")\n"
	"\t\t\t[[ ${COMP_WORDS[i + 1]} == = ]] || ((i++)) ;;\n"
	"\t\t-*) ;;\n"
	"\t\t*)\n"
	"\t\t\t[[ $command ]] && ((place++))\n"
	"\t\t\tcommand=${command:-${COMP_WORDS[i]}} ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\n";

static const char first_word[] =
	"\tif [[ $cur == -* ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$(_ipctrace_options \"$command\")\" -- \"$cur\"))\n"
	"\t\treturn\n"
	"\telif [[ ! $command ]]; then\n"
	"\t\t_ipctrace_list \"$mechanisms\"\n"
	"\t\t[[ $cur == *,* ]] || COMPREPLY+=($(compgen -W \"$commands\" -- \"$cur\"))\n"
	"\t\treturn\n"
	"\tfi\n"
	"\n";

static void print_names(FILE *out, const struct cli_option *opt, const char *between)
{
	if (opt->letter)
		fprintf(out, "-%c%s", opt->letter, between);
	fprintf(out, "--%s", opt->name);
}

static void print_options_of(FILE *out, const struct cli_command *command, const char *pattern)
{
	fprintf(out, "\t%s) echo '", pattern);
	for (size_t i = 0; i < cli_option_cnt; i++) {
		if (!cli_applies(&cli_option_table[i], command))
			continue;
		print_names(out, &cli_option_table[i], " ");
		fputc(' ', out);
	}
	fputs("' ;;\n", out);
}

static void print_options(FILE *out)
{
	const struct cli_command *implied = NULL;

	fputs("_ipctrace_options()\n{\n\tcase $1 in\n", out);
	for (size_t i = 0; i < cli_command_cnt; i++) {
		if (cli_command_table[i].implied)
			implied = &cli_command_table[i];
		else
			print_options_of(out, &cli_command_table[i], cli_command_table[i].name);
	}
	print_options_of(out, implied, "*");
	fputs("\tesac\n}\n\n", out);
}

static void print_walk(FILE *out)
{
	const char *between = "";

	fputs(walk_begin, out);
	for (size_t i = 0; i < cli_option_cnt; i++) {
		if (!cli_takes_value(&cli_option_table[i]))
			continue;
		fputs(between, out);
		print_names(out, &cli_option_table[i], "|");
		between = "|";
	}
	fputs(walk_end, out);
}

static void print_lists(FILE *out)
{
	fputs("\tlocal mechanisms='", out);
	complete_mechanisms(out);
	fputs("'\n\tlocal commands='", out);
	complete_commands(out);
	fputs("'\n\tlocal transports='", out);
	complete_transports(out);
	fputs("'\n\tlocal columns='", out);
	complete_columns(out);
	fputs("'\n\n", out);
}

/* What may follow each option that takes a value. */
static void print_values(FILE *out)
{
	fputs("\tcase $prev in\n", out);
	for (size_t i = 0; i < cli_option_cnt; i++) {
		const struct cli_option *opt = &cli_option_table[i];

		if (!cli_takes_value(opt))
			continue;
		fputc('\t', out);
		print_names(out, opt, "|");
		fputs(") ", out);
		if (opt->completion == COMPLETE_WORDS) {
			fputs("COMPREPLY=($(compgen -W '", out);
			complete_words(out, opt);
			fputs("' -- \"$cur\")); ", out);
		} else if (values[opt->completion]) {
			fprintf(out, "%s; ", values[opt->completion]);
		}
		fputs("return ;;\n", out);
	}
	fputs("\tesac\n\n", out);
}

static void print_places(FILE *out)
{
	fputs("\tcase $command.$place in\n", out);
	for (size_t i = 0; i < cli_command_cnt; i++) {
		const struct cli_command *command = &cli_command_table[i];

		for (size_t place = 0; place < command->word_cnt; place++)
			if (places[command->words[place]])
				fprintf(out, "\t%s.%zu) %s ;;\n", command->name, place, places[command->words[place]]);
	}
	fputs("\tesac\n", out);
}

void complete_bash(FILE *out)
{
	fputs(helpers, out);
	print_options(out);
	print_walk(out);
	print_lists(out);
	print_values(out);
	fputs(first_word, out);
	print_places(out);
	fputs("}\n\ncomplete -F _ipctrace ipctrace\n", out);
}
