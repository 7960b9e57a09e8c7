// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What would happen, found by letting it happen: all mechanisms are loaded and
 * attached as for a trace, and let go again. The facts beside it say why.
 */
#include "view/doctor.h"

#include <stdlib.h>
#include <string.h>

#include "model/alloc.h"
#include "out/json.h"
#include "out/writer.h"
#include "programs.h"
#include "session.h"
#include "view/doctor_facts.h"
#include "view/doctor_memory.h"
#include "view/output.h"

#define FACT_INDENT 28 /* of what was found */
#define HOOK_INDENT 13
#define CHANGES_MAX 8

struct diagnosis {
	const struct cli_options *options;
	const struct kernel *kernel;
	struct fact kernel_facts[FACTS_MAX], privileges[FACTS_MAX];
	size_t kernel_fact_cnt, privilege_cnt;
	struct mech_status *status; /* of mechanisms[], in that order */
	unsigned traced;
};

/* Every hook is wanted by one of these. */
#define PROFILE_ALL_HOOKS (PROFILE_WAITS | PROFILE_DETAIL)

static void try(struct diagnosis *d)
{
	const struct cli_options *o = d->options;
	struct programs_options wanted = {
		.profile = PROFILE_ALL_HOOKS,
		.backend = o->backend,
		.max_edges = 1024,
		.ring_buffer_bytes = 4096,
		.verbose = o->verbose,
	};
	struct programs *programs = NULL;
	char why[256] = "";
	int err;

	for (size_t i = 0; i < mechanism_cnt; i++)
		wanted.mechs |= 1u << mechanisms[i]->id;
	err = programs_start(&programs, d->kernel, &wanted, why, sizeof(why));
	for (size_t i = 0; i < mechanism_cnt; i++) {
		struct mech_status *st = &d->status[i];

		if (!err)
			*st = *programs_status(programs, mechanisms[i]);
		else
			snprintf(st->why, sizeof(st->why), "%s", why);
		st->mech = mechanisms[i];
		d->traced += st->backend != BACKEND_NONE;
	}
	programs_free(programs);
}

/*
 * A hook by its function, resolved in this kernel: the first row of the table that
 * is about it, since entry and exit are two rows. false: it was told already.
 */
static bool resolve(const struct kernel *k, const struct mech_hook *hooks, const struct mech_hook *h, char *name,
		    uint32_t size, bool *found)
{
	for (const struct mech_hook *before = hooks; before < h; before++)
		if (strcmp(before->functions, h->functions) == 0)
			return false;
	*found = kernel_function(k, h->functions, name, size);
	if (!*found)
		snprintf(name, size, "%s", h->functions);
	return true;
}

/* What is not seen without "fexit:vfs_write"; NULL: nothing, or it is no hook of the table. */
static const char *cost_of(const struct kernel *k, const struct mechanism *mech, const char *hook)
{
	const char *colon = strchr(hook, ':');
	char name[128];

	for (const struct mech_hook *h = mech->hooks; h && h->program && colon; h++)
		if (h->without && (strcmp(h->functions, colon + 1) == 0 ||
				   (kernel_function(k, h->functions, name, sizeof(name)) && !strcmp(name, colon + 1))))
			return h->without;
	return NULL;
}

/* ---- for people ---- */

static void print_facts(FILE *out, bool color, const char *title, const struct fact *facts, size_t cnt)
{
	fprintf(out, "%s\n", title);
	for (size_t i = 0; i < cnt; i++) {
		const char *mark = facts[i].ok ? "\033[32m" : "\033[31m";

		fprintf(out, "  %-*s%s%s%s\n", FACT_INDENT - 2, facts[i].name, color ? mark : "", facts[i].value,
			color ? "\033[0m" : "");
		if (facts[i].note)
			output_paragraph(out, FACT_INDENT, "", facts[i].note);
	}
}

static void print_list(FILE *out, const char *label, const char *list)
{
	if (*list)
		output_paragraph(out, HOOK_INDENT, label, list);
}

static void append(char *list, size_t size, const char *item, const char *remark)
{
	size_t len = strlen(list);

	snprintf(list + len, size - len, "%s%s%s%s%s", len ? ", " : "", item, remark ? " (" : "", remark ? remark : "",
		 remark ? ")" : "");
}

/* Which of the functions that are hooked in the better backend this kernel has. */
static void print_functions(FILE *out, const struct kernel *k, const struct mechanism *mech)
{
	char there[4096] = "", absent[4096] = "", name[128];
	bool found;

	for (const struct mech_hook *h = mech->hooks; h && h->program; h++) {
		if (!resolve(k, mech->hooks, h, name, sizeof(name), &found))
			continue;
		if (found)
			append(there, sizeof(there), name, NULL);
		else
			append(absent, sizeof(absent), name, h->optional ? h->without : "needed");
	}
	print_list(out, "  functions", there);
	print_list(out, "  absent", absent);
}

static void print_mechanism(FILE *out, const struct diagnosis *d, const struct mech_status *st)
{
	const char *changes[CHANGES_MAX];
	size_t cnt = doctor_changes(d->options, d->kernel, st, changes, CHANGES_MAX);
	char ok[4096] = "", missing[4096] = "";

	for (unsigned i = 0; i < st->hooks_cnt; i++)
		append(ok, sizeof(ok), st->hooks[i], NULL);
	for (unsigned i = 0; i < st->unhooked_cnt; i++)
		append(missing, sizeof(missing), st->unhooked[i], cost_of(d->kernel, st->mech, st->unhooked[i]));
	fprintf(out, "%s: %s\n", st->mech->name,
		st->backend == BACKEND_NONE ? "cannot be traced" : backend_name(st->backend));
	print_list(out, "  why", st->why);
	for (size_t i = 0; i < cnt; i++)
		print_list(out, i ? "" : "  change", changes[i]);
	print_list(out, "  ok", ok);
	print_list(out, "  missing", missing);
	if (st->backend != BACKEND_FUNCTION && d->kernel->btf)
		print_functions(out, d->kernel, st->mech);
}

/* An earlier mechanism that shares its programs, and so its fate; NULL: none. */
static const struct mechanism *same_fate(const struct diagnosis *d, size_t i)
{
	for (size_t before = 0; before < i; before++)
		if (strcmp(mechanisms[before]->object, mechanisms[i]->object) == 0 &&
		    d->status[before].backend == d->status[i].backend)
			return mechanisms[before];
	return NULL;
}

static void print_text(FILE *out, const struct diagnosis *d)
{
	bool color = output_color(d->options, out);

	print_facts(out, color, "kernel", d->kernel_facts, d->kernel_fact_cnt);
	print_facts(out, color, "\nprivileges", d->privileges, d->privilege_cnt);
	fprintf(out, "\n%-12s %-10s %8s %8s\n", "MECHANISM", "BACKEND", "HOOKS", "MISSING");
	for (size_t i = 0; i < mechanism_cnt; i++)
		fprintf(out, "%-12s %-10s %8u %8u\n", mechanisms[i]->name, backend_name(d->status[i].backend),
			d->status[i].hooks_cnt, d->status[i].unhooked_cnt);
	for (size_t i = 0; i < mechanism_cnt; i++) {
		const struct mechanism *same = same_fate(d, i);

		fputc('\n', out);
		if (same)
			fprintf(out, "%s: as %s, whose programs it shares\n", mechanisms[i]->name, same->name);
		else
			print_mechanism(out, d, &d->status[i]);
	}
	doctor_print_memory(out, d->options, d->kernel);
}

/* ---- for programs ---- */

static void json_facts(struct json *j, const char *key, const struct fact *facts, size_t cnt)
{
	json_open(j, key, '{');
	for (size_t i = 0; i < cnt; i++) {
		json_open(j, facts[i].name, '{');
		json_string(j, "value", facts[i].value);
		json_bool(j, "ok", facts[i].ok);
		json_string(j, "note", facts[i].note);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static void json_hooks(struct json *j, const char *key, const char (*hooks)[64], unsigned cnt)
{
	json_open(j, key, '[');
	for (unsigned i = 0; i < cnt; i++)
		json_string(j, NULL, hooks[i]);
	json_close(j, ']');
}

static void json_functions(struct json *j, const struct kernel *k, const struct mechanism *mech)
{
	char name[128];
	bool found;

	json_open(j, "functions", '[');
	for (const struct mech_hook *h = mech->hooks; h && h->program; h++) {
		if (!resolve(k, mech->hooks, h, name, sizeof(name), &found))
			continue;
		json_open(j, NULL, '{');
		json_string(j, "names", h->functions);
		json_string(j, "function", found ? name : NULL);
		json_bool(j, "optional", h->optional);
		json_string(j, "without", h->without);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void json_mechanism(struct json *j, const struct diagnosis *d, const struct mech_status *st)
{
	const char *changes[CHANGES_MAX];
	size_t cnt = doctor_changes(d->options, d->kernel, st, changes, CHANGES_MAX);

	json_open(j, NULL, '{');
	json_string(j, "name", st->mech->name);
	json_string(j, "backend", st->backend == BACKEND_NONE ? NULL : backend_name(st->backend));
	json_hooks(j, "hooks", st->hooks, st->hooks_cnt);
	json_hooks(j, "unhooked", st->unhooked, st->unhooked_cnt);
	json_string(j, "note", *st->why ? st->why : NULL);
	json_open(j, "change", '[');
	for (size_t i = 0; i < cnt; i++)
		json_string(j, NULL, changes[i]);
	json_close(j, ']');
	json_functions(j, d->kernel, st->mech);
	json_close(j, '}');
}

/* Returns 0 or -errno of the output, which has been told. */
static int print_json(FILE *out, const struct diagnosis *d)
{
	struct writer *w = xcalloc(1, sizeof(*w));
	struct json j = { .out = w };
	int err;

	writer_init(w, out);
	json_open(&j, NULL, '{');
	json_string(&j, "type", "doctor");
	json_uint(&j, "schema", 1);
	json_string(&j, "version", IPCTRACE_VERSION);
	json_string(&j, "kernel", d->kernel->release);
	json_string(&j, "machine", d->kernel->machine);
	json_facts(&j, "facts", d->kernel_facts, d->kernel_fact_cnt);
	json_facts(&j, "privileges", d->privileges, d->privilege_cnt);
	json_open(&j, "mechanisms", '[');
	for (size_t i = 0; i < mechanism_cnt; i++)
		json_mechanism(&j, d, &d->status[i]);
	json_close(&j, ']');
	doctor_json_memory(&j, d->options, d->kernel);
	json_close(&j, '}');
	json_end_line(&j);
	err = writer_flush(w);
	output_complain(d->options, err);
	free(w);
	return err;
}

int view_doctor(const struct cli_options *o, const struct kernel *k)
{
	struct diagnosis d = { .options = o, .kernel = k };
	FILE *out = output_open(o);
	int status, err = 0;

	if (!out)
		return CLI_EXIT_FAILED;
	d.status = xcalloc(mechanism_cnt, sizeof(*d.status));
	d.kernel_fact_cnt = doctor_kernel_facts(k, d.kernel_facts);
	d.privilege_cnt = doctor_privilege_facts(k, d.privileges);
	try(&d);
	if (o->json)
		err = print_json(out, &d);
	else
		print_text(out, &d);
	status = output_close(o, out);
	free(d.status);
	return err ? CLI_EXIT_FAILED : status ? status : d.traced ? 0 : EXIT_UNSUPPORTED;
}
