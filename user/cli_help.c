/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Help for a terminal of 80 columns: usage, --help, `help TOPIC`, --version.
 */
#include <string.h>

#include "cli_table.h"

#define WIDTH 79
#define TEXT_COLUMN 26

/* The words of text up to end; the line is already indented, those that follow will be. */
static void fill(FILE *out, const char *text, const char *end, int indent)
{
	int column = indent, len;

	while ((len = cli_next_word(&text, end))) {
		if (column > indent && column + 1 + len > WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		}
		column += fprintf(out, "%s%.*s", column > indent ? " " : "", len, text);
		text += len;
	}
	fputc('\n', out);
}

static void fill_line(FILE *out, const char *text, int indent)
{
	fill(out, text, text + strlen(text), indent);
}

/* A label, then its text in the text column: on the next line when the label is too long. */
static void print_row(FILE *out, const char *label, const char *text, const char *initial)
{
	int column = fprintf(out, "  %s", label);
	char line[512];

	if (column >= TEXT_COLUMN - 1) {
		fputc('\n', out);
		column = 0;
	}
	fprintf(out, "%*s", TEXT_COLUMN - column, "");
	snprintf(line, sizeof(line), "%s%s%s%s", text, initial ? " (default " : "", initial ? initial : "",
		 initial ? ")" : "");
	fill_line(out, line, TEXT_COLUMN);
}

static void print_options(FILE *out, enum cli_group group)
{
	const struct cli_group_info *info = &cli_group_table[group];
	char label[128];

	fprintf(out, "\n%s:\n", info->title);
	if (info->help)
		fprintf(out, "  (%s)\n", info->help);
	for (size_t i = 0; i < cli_option_cnt; i++) {
		const struct cli_option *opt = &cli_option_table[i];

		if (opt->group != group)
			continue;
		snprintf(label, sizeof(label), "%s", opt->letter ? "" : "    ");
		cli_option_label(opt, label + strlen(label), sizeof(label) - strlen(label));
		print_row(out, label, opt->help, opt->initial);
	}
}

static void print_synopsis(FILE *out, const struct cli_command *command)
{
	char synopsis[128];

	cli_synopsis(command, synopsis, sizeof(synopsis));
	fprintf(out, "  ipctrace %s\n", synopsis);
}

static void print_synopses(FILE *out)
{
	fputs("Usage:\n", out);
	for (size_t i = 0; i < cli_command_cnt; i++)
		print_synopsis(out, &cli_command_table[i]);
}

static void print_mechanisms(FILE *out)
{
	fputs("\nMechanisms:\n", out);
	for (size_t i = 0; i < mechanism_cnt; i++)
		print_row(out, mechanisms[i]->name, mechanisms[i]->summary, NULL);
}

void cli_print_usage(FILE *out)
{
	print_synopses(out);
	print_mechanisms(out);
	fputs("\ntry 'ipctrace --help'\n", out);
}

void cli_print_help(FILE *out)
{
	print_synopses(out);
	fputs("\nWho sends, who receives, how fast, how full, how long each side waits and why:\n"
	      "for the local IPC of a running Linux.\n"
	      "\nCommands:\n", out);
	for (size_t i = 0; i < cli_command_cnt; i++) {
		const struct cli_command *command = &cli_command_table[i];

		print_row(out, command->implied ? cli_word_table[command->words[0]].metavar : command->name,
			  command->help, NULL);
	}
	print_mechanisms(out);
	for (enum cli_group group = 0; group < GROUP_CNT; group++)
		print_options(out, group);
	fputs("\nExamples:\n", out);
	for (size_t i = 0; i < cli_example_cnt; i++)
		fprintf(out, "  %s\n      %s\n", cli_example_table[i].word, cli_example_table[i].meaning);
	fputs("\nExit status: 0; 1 failed; 2 usage; 77 this kernel or these privileges cannot;\n"
	      "or that of COMMAND (126, 127: it cannot be started)\n"
	      "\n"
	      "The manual page: ipctrace --man | man -l -\n", out);
}

static void print_command(FILE *out, const struct cli_command *command)
{
	fputs("Usage:\n", out);
	print_synopsis(out, command);
	fputc('\n', out);
	fill_line(out, command->help, 0);
	if (command->more)
		fill_line(out, command->more, 0);
	for (enum cli_group group = 0; group < GROUP_CNT; group++)
		if (command->groups & 1u << group)
			print_options(out, group);
	print_options(out, GROUP_GENERAL);
}

static void print_mechanism(FILE *out, const struct mechanism *mechanism)
{
	const char *text = mechanism->man, *end;

	fprintf(out, "%s: %s\n", mechanism->name, mechanism->summary);
	while (cli_next_paragraph(&text, &end)) {
		fputc('\n', out);
		fill(out, text, end, 0);
		text = end;
	}
	if (mechanism->blind && mechanism->blind[0])
		fputs("\nNot seen:\n", out);
	for (size_t i = 0; mechanism->blind && mechanism->blind[i]; i++) {
		fputs("  - ", out);
		fill_line(out, mechanism->blind[i], 4);
	}
}

int cli_print_topic(FILE *out, const char *topic)
{
	const struct cli_command *command = cli_command_by_name(topic);
	const struct mechanism *mechanism = mechanism_by_name(topic);

	if (command)
		print_command(out, command);
	else if (mechanism)
		print_mechanism(out, mechanism);
	return command || mechanism ? 0 : -1;
}

int cli_show_help(const struct cli_option *opt, const char *text, void *dst)
{
	const struct cli_options *o = dst;

	(void)opt, (void)text;
	for (size_t i = 0; i < cli_command_cnt; i++)
		if (o->command != CLI_TRACE && cli_command_table[i].id == o->command) {
			cli_print_topic(stdout, cli_command_table[i].name);
			return 1;
		}
	cli_print_help(stdout);
	return 1;
}

int cli_show_version(const struct cli_option *opt, const char *text, void *dst)
{
	(void)opt, (void)text, (void)dst;
	puts("ipctrace " IPCTRACE_VERSION);
	return 1;
}
