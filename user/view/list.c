// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Everything the tables know: the mechanisms with what they hook, mean and cannot see; the columns. Asks no kernel. */
#include "view/list.h"

#include <stdlib.h>
#include <string.h>

#include "column.h"
#include "model/alloc.h"
#include "out/json.h"
#include "out/writer.h"
#include "view/output.h"

#define INDENT 28

static size_t syscall_list(const struct mechanism *m, char *list, size_t size)
{
	size_t len = 0, cnt = 0;

	*list = '\0';
	for (const struct mech_syscall *s = m->syscalls; s && s->name && len < size; s++, cnt++)
		len += snprintf(list + len, size - len, "%s%s", cnt ? ", " : "", s->name);
	return cnt;
}

/* An earlier mechanism that has the same table; NULL: none. */
static const struct mechanism *same_as(size_t i, size_t table)
{
	const void *mine = *(const void *const *)((const char *)mechanisms[i] + table);

	for (size_t before = 0; before < i; before++)
		if (*(const void *const *)((const char *)mechanisms[before] + table) == mine)
			return mechanisms[before];
	return NULL;
}

/* The heading of a part; true when an earlier mechanism's was the same and need not be told again. */
static bool told(FILE *out, const char *title, size_t i, size_t table)
{
	const struct mechanism *same = same_as(i, table);

	if (same)
		fprintf(out, "  %s: as %s\n", title, same->name);
	else
		fprintf(out, "  %s:\n", title);
	return same;
}

static void print_entry(FILE *out, const char *name, const char *text)
{
	char label[128];

	snprintf(label, sizeof(label), "    %s", name);
	if (strlen(label) >= INDENT) {
		fprintf(out, "%s\n", label);
		*label = '\0';
	}
	output_paragraph(out, INDENT, label, text);
}

static void print_hooks(FILE *out, const struct mechanism *m)
{
	for (const struct mech_hook *h = m->hooks; h && h->program; h++) {
		char functions[256], text[512];
		size_t len = 0;

		for (const char *c = h->functions; *c && len < sizeof(functions) - 4; c++)
			len += snprintf(functions + len, sizeof(functions) - len, *c == '|' ? " or " : "%c", *c);
		snprintf(text, sizeof(text), "%s%s%s%s", functions, h->without ? "; unseen without it: " : "",
			 h->without ? h->without : "", h->optional && !h->without ? " (optional)" : "");
		print_entry(out, h->program, text);
	}
}

static void print_mechanism(FILE *out, size_t i)
{
	const struct mechanism *m = mechanisms[i];
	char calls[2048];

	output_paragraph(out, 12, m->name, m->summary);
	if (m->hooks && !told(out, "hooks of the function backend", i, offsetof(struct mechanism, hooks)))
		print_hooks(out, m);
	if (syscall_list(m, calls, sizeof(calls)) &&
	    !told(out, "system calls of the syscall backend", i, offsetof(struct mechanism, syscalls)))
		output_paragraph(out, 4, "", calls);
	if (m->fields && !told(out, "state, whose words are columns too", i, offsetof(struct mechanism, fields)))
		for (const struct mech_field *f = m->fields; f->name; f++)
			print_entry(out, f->name, f->help);
	if (m->derived && !told(out, "internals, which are columns too", i, offsetof(struct mechanism, derived)))
		for (const struct mech_derived *f = m->derived; f->name; f++)
			print_entry(out, f->name, f->help);
	if (m->parts && !told(out, "in the JSON, one by one", i, offsetof(struct mechanism, parts)))
		for (const struct mech_parts *f = m->parts; f->name; f++)
			print_entry(out, f->name, f->help);
	if (m->blind && !told(out, "not seen by any backend", i, offsetof(struct mechanism, blind)))
		for (const char *const *b = m->blind; *b; b++)
			output_paragraph(out, 6, "    - ", *b);
	fputc('\n', out);
}

/* When the live table shows a column. */
static const char *shown(const struct column *c)
{
	return !c->rank ? "asked" : c->rank < 100 ? "usual" : "wide";
}

static void print_text(FILE *out)
{
	for (size_t i = 0; i < mechanism_cnt; i++)
		print_mechanism(out, i);
	fputs("columns (usual: if there is room; wide: on a wide terminal; asked: only with -o)\n", out);
	for (size_t i = 0; i < column_cnt; i++) {
		char label[128];

		snprintf(label, sizeof(label), "  %-10s %-8s %s", columns[i].name, columns[i].head, shown(&columns[i]));
		output_paragraph(out, INDENT, label, columns[i].help);
	}
}

/* ---- for programs ---- */

static void json_pair(struct json *j, const char *name, const char *help)
{
	json_open(j, NULL, '{');
	json_string(j, "name", name);
	json_string(j, "help", help);
	json_close(j, '}');
}

static void json_hook(struct json *j, const struct mech_hook *h)
{
	const char *at = h->functions;
	char name[128];

	json_open(j, NULL, '{');
	json_string(j, "program", h->program);
	json_open(j, "functions", '[');
	while (*at) {
		size_t len = strcspn(at, "|");

		snprintf(name, sizeof(name), "%.*s", (int)len, at);
		json_string(j, NULL, name);
		at += len + (at[len] == '|');
	}
	json_close(j, ']');
	json_bool(j, "optional", h->optional);
	json_string(j, "without", h->without);
	json_close(j, '}');
}

static void json_mechanism(struct json *j, const struct mechanism *m)
{
	json_open(j, NULL, '{');
	json_string(j, "name", m->name);
	json_string(j, "summary", m->summary);
	json_open(j, "hooks", '[');
	for (const struct mech_hook *h = m->hooks; h && h->program; h++)
		json_hook(j, h);
	json_close(j, ']');
	json_open(j, "syscalls", '[');
	for (const struct mech_syscall *s = m->syscalls; s && s->name; s++)
		json_string(j, NULL, s->name);
	json_close(j, ']');
	json_open(j, "state", '[');
	for (const struct mech_field *f = m->fields; f && f->name; f++)
		json_pair(j, f->name, f->help);
	json_close(j, ']');
	json_open(j, "internals", '[');
	for (const struct mech_derived *f = m->derived; f && f->name; f++)
		json_pair(j, f->name, f->help);
	json_close(j, ']');
	json_open(j, "parts", '[');
	for (const struct mech_parts *f = m->parts; f && f->name; f++)
		json_pair(j, f->name, f->help);
	json_close(j, ']');
	json_open(j, "blind", '[');
	for (const char *const *b = m->blind; b && *b; b++)
		json_string(j, NULL, *b);
	json_close(j, ']');
	json_close(j, '}');
}

/* Returns 0 or -errno of the output, which has been told. */
static int print_json(FILE *out, const struct cli_options *o)
{
	struct writer *w = xcalloc(1, sizeof(*w));
	struct json j = { .out = w };
	int err;

	writer_init(w, out);
	json_open(&j, NULL, '{');
	json_string(&j, "type", "list");
	json_uint(&j, "schema", 1);
	json_string(&j, "version", IPCTRACE_VERSION);
	json_open(&j, "mechanisms", '[');
	for (size_t i = 0; i < mechanism_cnt; i++)
		json_mechanism(&j, mechanisms[i]);
	json_close(&j, ']');
	json_open(&j, "columns", '[');
	for (size_t i = 0; i < column_cnt; i++) {
		json_open(&j, NULL, '{');
		json_string(&j, "name", columns[i].name);
		json_string(&j, "head", columns[i].head);
		json_string(&j, "help", columns[i].help);
		json_string(&j, "shown", shown(&columns[i]));
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	json_end_line(&j);
	err = writer_flush(w);
	output_complain(o, err);
	free(w);
	return err;
}

int view_list(const struct cli_options *o)
{
	FILE *out = output_open(o);
	int status, err = 0;

	if (!out)
		return CLI_EXIT_FAILED;
	if (o->json)
		err = print_json(out, o);
	else
		print_text(out);
	status = output_close(o, out);
	return err ? CLI_EXIT_FAILED : status;
}
