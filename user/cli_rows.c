/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is asked of the rows of cli_table.c: which one, whether it applies, how it is written. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli_table.h"

const struct cli_option *cli_option_by_name(const char *name)
{
	for (size_t i = 0; i < cli_option_cnt; i++)
		if (strcmp(cli_option_table[i].name, name) == 0)
			return &cli_option_table[i];
	return NULL;
}

const struct cli_command *cli_command_by_name(const char *name)
{
	for (size_t i = 0; i < cli_command_cnt; i++)
		if (strcmp(cli_command_table[i].name, name) == 0)
			return &cli_command_table[i];
	return NULL;
}

bool cli_applies(const struct cli_option *opt, const struct cli_command *command)
{
	return opt->group == GROUP_GENERAL || (command->groups & 1u << opt->group);
}

bool cli_takes_value(const struct cli_option *opt)
{
	return opt->metavar || opt->words;
}

/* Appends to the string in buf, as far as there is room. */
static void append(char *buf, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void append(char *buf, size_t size, const char *format, ...)
{
	size_t len = strlen(buf);
	va_list args;

	va_start(args, format);
	vsnprintf(buf + len, size - len, format, args);
	va_end(args);
}

void cli_metavar(const struct cli_option *opt, char *buf, size_t size)
{
	*buf = '\0';
	if (opt->metavar)
		append(buf, size, "%s", opt->metavar);
	else
		for (size_t i = 0; opt->words && opt->words[i]; i++)
			append(buf, size, "%s%s", i ? "|" : "", opt->words[i]);
}

void cli_option_label(const struct cli_option *opt, char *buf, size_t size)
{
	char value[64];

	*buf = '\0';
	if (opt->letter)
		append(buf, size, "-%c, ", opt->letter);
	cli_metavar(opt, value, sizeof(value));
	append(buf, size, "--%s%s%s", opt->name, *value ? " " : "", value);
}

void cli_synopsis(const struct cli_command *command, char *buf, size_t size)
{
	*buf = '\0';
	if (!command->implied)
		append(buf, size, "%s ", command->name);
	for (size_t i = 0; i < command->required; i++)
		append(buf, size, "%s ", cli_word_table[command->words[i]].metavar);
	if (command->groups)
		append(buf, size, "[options]");
	for (size_t i = command->required; i < command->word_cnt; i++)
		append(buf, size, "%s[%s", i || command->groups ? " " : "", cli_word_table[command->words[i]].metavar);
	for (size_t i = command->required; i < command->word_cnt; i++)
		append(buf, size, "]");
	if (command->takes_command)
		append(buf, size, " [-- COMMAND [ARG...]]");
}

int cli_next_word(const char **text, const char *end)
{
	int len = 0;

	while (*text < end && strchr(" \t\n", **text))
		(*text)++;
	while (*text + len < end && !strchr(" \t\n", (*text)[len]))
		len++;
	return len;
}

bool cli_next_paragraph(const char **text, const char **end)
{
	if (!*text)
		return false;
	*text += strspn(*text, "\n");
	*end = strstr(*text, "\n\n");
	if (!*end)
		*end = *text + strlen(*text);
	return **text;
}
