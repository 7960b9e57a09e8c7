/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The values of options, read strictly: no sign, no blank, no suffix, no locale.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli_table.h"
#include "column.h"
#include "view/view.h"

int cli_refuse(const struct cli_option *opt, const char *format, ...)
{
	va_list args;

	fputs("ipctrace: ", stderr);
	if (opt)
		fprintf(stderr, "%s%s: ", opt->positional ? "" : "--", opt->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return -1;
}

bool cli_read_number(const char *text, uint32_t min, uint32_t max, uint32_t *value)
{
	unsigned long long number;
	char *end;

	/* strtoull() would take blanks and signs, even a minus */
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || number < min || number > max)
		return false;
	*value = number;
	return true;
}

/* Not strtod(): it takes "inf", "0x1p3", and in some locales a comma for the point. */
static bool read_decimal(const char *text, double *value)
{
	double digits = 0, scale = 1;
	bool any = false, fraction = false;

	for (; isdigit((unsigned char)*text) || (*text == '.' && !fraction); text++) {
		if (*text == '.') {
			fraction = true;
			continue;
		}
		any = true;
		digits = digits * 10 + (*text - '0');
		if (fraction)
			scale *= 10;
	}
	*value = digits / scale;
	return any && !*text;
}

int cli_for_each(const struct cli_option *opt, const char *list, cli_parse_fn *take, void *dst)
{
	char element[64];

	for (const char *at = list;; at++) {
		size_t len = strcspn(at, ",");

		if (!len)
			return cli_refuse(opt, "empty element in '%s': a comma too many, or a blank after one", list);
		if (len >= sizeof(element))
			return cli_refuse(opt, "element '%.*s' is too long", (int)len, at);
		memcpy(element, at, len);
		element[len] = '\0';
		if (take(opt, element, dst))
			return -1;
		at += len;
		if (!*at)
			return 0;
	}
}

int cli_set_flag(const struct cli_option *opt, const char *text, void *dst)
{
	(void)opt, (void)text;
	*(bool *)dst = true;
	return 0;
}

int cli_set_louder(const struct cli_option *opt, const char *text, void *dst)
{
	(void)opt, (void)text;
	(*(unsigned *)dst)++;
	return 0;
}

int cli_set_seconds(const struct cli_option *opt, const char *text, void *dst)
{
	double value;

	/* written so that not-a-number fails too */
	if (!read_decimal(text, &value) || !(value >= opt->min && value <= opt->max))
		return cli_refuse(opt, "'%s' is not a number of seconds from %.15g to %.15g", text, opt->min, opt->max);
	*(double *)dst = value;
	return 0;
}

int cli_set_number(const struct cli_option *opt, const char *text, void *dst)
{
	if (!cli_read_number(text, opt->min, opt->max, dst))
		return cli_refuse(opt, "'%s' is not a whole number from %.15g to %.15g", text, opt->min, opt->max);
	return 0;
}

int cli_set_power_of_two(const struct cli_option *opt, const char *text, void *dst)
{
	uint32_t value;

	if (!cli_read_number(text, opt->min, opt->max, &value) || (value & (value - 1)))
		return cli_refuse(opt, "'%s' is not a power of two from %.15g to %.15g", text, opt->min, opt->max);
	*(uint32_t *)dst = value;
	return 0;
}

int cli_set_word(const struct cli_option *opt, const char *text, void *dst)
{
	char words[128];

	for (unsigned i = 0; opt->words[i]; i++) {
		if (strcmp(opt->words[i], text) == 0) {
			*(unsigned *)dst = i;
			return 0;
		}
	}
	cli_metavar(opt, words, sizeof(words));
	return cli_refuse(opt, "'%s' is none of %s", text, words);
}

int cli_set_conversion(const struct cli_option *opt, const char *text, void *dst)
{
	static const enum report_kind kinds[] = { REPORT_CHROME, REPORT_FOLDED, REPORT_FOLDED_WAITS };
	unsigned which;

	if (cli_set_word(opt, text, &which))
		return -1;
	*(unsigned *)dst = kinds[which];
	return 0;
}

int cli_set_string(const struct cli_option *opt, const char *text, void *dst)
{
	if (!*text)
		return cli_refuse(opt, "the value is empty");
	*(const char **)dst = text;
	return 0;
}

static void try_column(void *guess, const char *name)
{
	cli_guess__try(guess, name);
}

static int check_column(const struct cli_option *opt, const char *name, void *unused)
{
	struct cli_guess guess = { .word = name };

	(void)unused;
	if (column_by_name(name))
		return 0;
	column_for_each_name(try_column, &guess);
	if (guess.best)
		return cli_refuse(opt, "unknown column '%s', did you mean '%s'?", name, guess.best);
	return cli_refuse(opt, "unknown column '%s', 'ipctrace list' shows them", name);
}

static int check_listed_column(const struct cli_option *opt, const char *text, void *unused)
{
	return check_column(opt, text + (*text == '+'), unused);
}

int cli_set_columns(const struct cli_option *opt, const char *text, void *dst)
{
	if (cli_for_each(opt, text, check_listed_column, NULL))
		return -1;
	*(const char **)dst = text;
	return 0;
}

int cli_set_sort(const struct cli_option *opt, const char *text, void *dst)
{
	struct cli_sort sort = { .column = text };

	if (*text == '+' || *text == '-') {
		sort.direction = *text == '+' ? 1 : -1;
		sort.column++;
	}
	if (check_column(opt, sort.column, NULL))
		return -1;
	*(struct cli_sort *)dst = sort;
	return 0;
}

void cli_list_topics(FILE *out)
{
	fputs("mechanisms:", out);
	for (size_t i = 0; i < mechanism_cnt; i++)
		fprintf(out, " %s", mechanisms[i]->name);
	fputs("\ncommands:", out);
	for (size_t i = 0; i < cli_command_cnt; i++)
		fprintf(out, " %s", cli_command_table[i].name);
	fputc('\n', out);
}

static int refuse_topic(const char *word)
{
	struct cli_guess guess = { .word = word };
	const char *kind = "mechanism";

	for (size_t i = 0; i < mechanism_cnt; i++)
		cli_guess__try(&guess, mechanisms[i]->name);

	const char *mechanism = guess.best;

	for (size_t i = 0; i < cli_command_cnt; i++)
		cli_guess__try(&guess, cli_command_table[i].name);
	if (!guess.best)
		kind = "mechanism or command";
	else if (guess.best != mechanism)
		kind = "command";
	cli_refuse_unknown(kind, "", &guess);
	cli_list_topics(stderr);
	return -1;
}

uint32_t cli_all_mechanisms(void)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < mechanism_cnt; i++)
		mask |= 1u << mechanisms[i]->id;
	return mask;
}

static int add_mechanism(const struct cli_option *opt, const char *name, void *dst)
{
	const struct mechanism *mechanism = mechanism_by_name(name);

	(void)opt;
	if (mechanism)
		*(uint32_t *)dst |= 1u << mechanism->id;
	else if (strcmp(name, "all") == 0)
		*(uint32_t *)dst |= cli_all_mechanisms();
	else
		return refuse_topic(name);
	return 0;
}

int cli_set_mechanisms(const struct cli_option *opt, const char *text, void *dst)
{
	return cli_for_each(opt, text, add_mechanism, dst);
}

int cli_set_topic(const struct cli_option *opt, const char *text, void *dst)
{
	if (!mechanism_by_name(text) && !cli_command_by_name(text))
		return refuse_topic(text);
	return cli_set_string(opt, text, dst);
}

/* Which ones there are is known to who runs them. */
int cli_add_experiment(const struct cli_option *opt, const char *text, void *dst)
{
	struct cli_options *o = dst;

	if (o->experiment_cnt == CLI_EXPERIMENTS_MAX)
		return cli_refuse(opt, "at most %d of them", CLI_EXPERIMENTS_MAX);
	return cli_set_string(opt, text, &o->experiments[o->experiment_cnt++]);
}
