/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Completion scripts: what the shells' writers share, and which there are.
 */
#include <string.h>

#include "cli_complete.h"
#include "cli_table.h"
#include "column.h"
#include "compare/transport.h"

void complete_quote(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else
			fputc(*text, out);
	}
}

void complete_mechanisms(FILE *out)
{
	for (size_t i = 0; i < mechanism_cnt; i++)
		fprintf(out, "%s%s", i ? " " : "", mechanisms[i]->name);
}

void complete_commands(FILE *out)
{
	for (size_t i = 0; i < cli_command_cnt; i++)
		fprintf(out, "%s%s", i ? " " : "", cli_command_table[i].name);
}

void complete_transports(FILE *out)
{
	for (size_t i = 0; i < transport_cnt; i++)
		fprintf(out, "%s%s", i ? " " : "", transports[i]->name);
}

static void complete_column(void *out, const char *name)
{
	fprintf(out, "%s%s", name == columns[0].name ? "" : " ", name);
}

void complete_columns(FILE *out)
{
	column_for_each_name(complete_column, out);
}

void complete_words(FILE *out, const struct cli_option *opt)
{
	for (size_t i = 0; opt->words[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", opt->words[i]);
}

static const struct {
	const char *name;
	void (*print)(FILE *out);
} shell_table[] = {
	{ "bash", complete_bash },
	{ "zsh", complete_zsh },
	{ "fish", complete_fish },
};

int cli_print_completion(FILE *out, const char *shell)
{
	for (size_t i = 0; i < sizeof(shell_table) / sizeof(shell_table[0]); i++) {
		if (strcmp(shell_table[i].name, shell) == 0) {
			shell_table[i].print(out);
			return 0;
		}
	}
	return -1;
}

int cli_show_completion(const struct cli_option *opt, const char *text, void *dst)
{
	char words[64];

	(void)dst;
	if (cli_print_completion(stdout, text) == 0)
		return 1;
	cli_metavar(opt, words, sizeof(words));
	return cli_refuse(opt, "'%s' is none of %s", text, words);
}
