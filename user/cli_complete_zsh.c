/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The completion script for zsh: one _arguments specification per option.
 */
#include <string.h>

#include "cli_complete.h"

/* What runs for each kind of value; COMPLETE_WORDS stand in the specification. */
static const char *const values[COMPLETE_CNT] = {
	[COMPLETE_NONE] = " ",
	[COMPLETE_FILE] = "_files",
	[COMPLETE_DIRECTORY] = "_files -/",
	[COMPLETE_PIDS] = "_sequence _ipctrace_pid",
	[COMPLETE_USER] = "_users",
	[COMPLETE_COLUMN] = "_ipctrace_column",
	[COMPLETE_COLUMNS] = "_sequence _ipctrace_column",
};

/* What a command's words are; NULL: nothing is offered. */
static const char *const places[WORD_CNT] = {
	[WORD_MECHANISMS] = "_sequence _ipctrace_mechanism",
	[WORD_TARGET] = "_files",
	[WORD_PID] = "_ipctrace_pid",
	[WORD_TRANSPORTS] = "_sequence _ipctrace_transport",
	[WORD_TOPIC] = "_ipctrace_first",
};

static const char function_begin[] =
	"_ipctrace() {\n"
	"\tlocal -i dashes=${words[(ie)--]}\n"
	"\tlocal -a line\n"
	"\n"
	"\tif (( dashes < CURRENT )); then # in COMMAND\n"
	"\t\tshift $dashes words\n"
	"\t\t(( CURRENT -= dashes ))\n"
	"\t\t_normal\n"
	"\t\treturn\n"
	"\tfi\n"
	"\t_arguments -s \\\n";

/* a file in fpath is run to complete, a sourced one registers itself */
static const char function_end[] =
	"\t\t'1:mechanism or command:_ipctrace_first' \\\n"
	"\t\t'*: :_ipctrace_further'\n"
	"}\n"
	"\n"
	"if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
	"\t_ipctrace \"$@\"\n"
	"else\n"
	"\tcompdef _ipctrace ipctrace\n"
	"fi\n";

/* Inside '[...]' and ':...:' of an _arguments or _describe specification, in single quotes. */
static void print_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		char one[2] = { *text };

		if (strchr("[]:\\", *text))
			fputc('\\', out);
		complete_quote(out, one);
	}
}

static void print_described(FILE *out, const char *name, const char *help)
{
	fprintf(out, "\t\t'%s:", name);
	print_escaped(out, help);
	fputs("'\n", out);
}

static void print_option(FILE *out, const struct cli_option *opt)
{
	bool value = cli_takes_value(opt);
	char metavar[64];

	fputs("\t\t", out);
	if (opt->letter)
		fprintf(out, "'*'{-%c%s,--%s%s}'[", opt->letter, value ? "+" : "", opt->name, value ? "=" : "");
	else
		fprintf(out, "'*--%s%s[", opt->name, value ? "=" : "");
	print_escaped(out, opt->help);
	fputc(']', out);
	if (value) {
		cli_metavar(opt, metavar, sizeof(metavar));
		fputc(':', out);
		print_escaped(out, metavar);
		fputc(':', out);
		if (opt->completion == COMPLETE_WORDS) {
			fputc('(', out);
			complete_words(out, opt);
			fputc(')', out);
		} else {
			fputs(values[opt->completion], out);
		}
	}
	fputs("' \\\n", out);
}

/* The first word: mechanisms and commands with what they are, or one more mechanism after a comma. */
static void print_first(FILE *out)
{
	fputs("_ipctrace_first() {\n"
	      "\tif [[ $PREFIX == *,* ]]; then\n"
	      "\t\t_sequence _ipctrace_mechanism\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tlocal -a mechanisms=(\n", out);
	for (size_t i = 0; i < mechanism_cnt; i++)
		print_described(out, mechanisms[i]->name, mechanisms[i]->summary);
	fputs("\t) commands=(\n", out);
	for (size_t i = 0; i < cli_command_cnt; i++)
		print_described(out, cli_command_table[i].name, cli_command_table[i].help);
	fputs("\t)\n"
	      "\t_describe -t mechanisms mechanism mechanisms\n"
	      "\t_describe -t commands command commands\n"
	      "}\n\n", out);
}

void complete_zsh(FILE *out)
{
	fputs("#compdef ipctrace\n"
	      "# zsh completion for ipctrace, made by: ipctrace --completion zsh\n"
	      "\n"
	      "_ipctrace_column() {\n"
	      "\tcompset -P '[-+]'\n"
	      "\tcompadd \"$@\" - ", out);
	complete_columns(out);
	fputs("\n}\n\n"
	      "_ipctrace_mechanism() {\n"
	      "\tcompadd \"$@\" - ", out);
	complete_mechanisms(out);
	fputs("\n}\n\n", out);
	fputs("_ipctrace_pid() { # _pids has those of this terminal\n"
	      "\tcompadd \"$@\" - /proc/<->(N:t)\n"
	      "}\n\n", out);
	fputs("_ipctrace_transport() {\n"
	      "\tcompadd \"$@\" - ", out);
	complete_transports(out);
	fputs("\n}\n\n"
	      "_ipctrace_further() {\n"
	      "\tcase $line[1] in\n", out);
	for (size_t i = 0; i < cli_command_cnt; i++) {
		const struct cli_command *command = &cli_command_table[i];

		if (command->word_cnt && places[command->words[0]])
			fprintf(out, "\t%s) %s ;;\n", command->name, places[command->words[0]]);
	}
	fputs("\t*) _message 'no more words of a list' ;;\n"
	      "\tesac\n"
	      "}\n\n", out);
	print_first(out);
	fputs(function_begin, out);
	for (size_t i = 0; i < cli_option_cnt; i++)
		print_option(out, &cli_option_table[i]);
	fputs(function_end, out);
}
