/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The truth as one JSON line. The names are those of ipctrace's own JSON, so
 * that a comparison needs no translation; a key that is not certain is left out.
 */
#include "lab/truth_store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const side_names[SIDE_CNT] = {"send", "recv", "open", "close", "ctl"};
static const char *const key_names[KEY_CNT] = {
	"ops",	 "bytes", "copied_bytes",   "moved_bytes", "copies",
	"waits", "wakes", "spurious_wakes", "wait_ns",	   "sched_delay_ns",
};
static const char *const cause_names[CAUSE_CNT] = {"empty", "full", "partner", "value", "zero", "lock", "backlog", "held"};
static const char *const group_names[GROUP_CNT] = {NULL, "internals", "capacity", "depth", "residency_ns"};

/* Opens "name":{ before the first member; closes it when there was one. */
struct level {
	FILE *f;
	const char *name;
	bool open;
};

static FILE *member(struct level *l, const char *name)
{
	if (l->open)
		fputc(',', l->f);
	else if (l->name)
		fprintf(l->f, ",\"%s\":{", l->name);
	l->open = true;
	if (name)
		fprintf(l->f, "\"%s\":", name);
	return l->f;
}

static void level_end(struct level *l)
{
	if (l->open)
		fputc('}', l->f);
}

static void print_range(FILE *f, uint64_t min, uint64_t max)
{
	if (min == max)
		fprintf(f, "%ju", (uintmax_t)min);
	else
		fprintf(f, "{\"min\":%ju,\"max\":%ju}", (uintmax_t)min, (uintmax_t)max);
}

static void print_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < 0x20 || *s == 0x7f)
			fprintf(f, "\\u%04x", *s);
		else
			fputc(*s, f);
	fputc('"', f);
}

static void print_causes(FILE *f, const struct object *o, enum side side)
{
	bool any = false;

	fputc('{', f);
	for (int cause = EMPTY; cause < CAUSE_CNT; cause++) {
		unsigned n = o->causes[side][cause];

		if (n)
			fprintf(f, "%s\"%s\":%u", any ? "," : "", cause_names[cause], n);
		any = any || n;
	}
	fputc('}', f);
}

static void print_errors(FILE *f, const struct errors *e)
{
	fputc('{', f);
	for (int i = 0; i < MAX_ERRORS && e->rows[i].cnt; i++)
		fprintf(f, "%s\"%s\":%u", i ? "," : "", strerrorname_np(e->rows[i].number),
			e->rows[i].cnt);
	fputc('}', f);
}

static void print_side(FILE *f, const struct object *o, enum side side)
{
	struct level l = {f, side_names[side], false};

	for (int key = OPS; key < KEY_CNT; key++) {
		const struct figure *figure = &o->figures[side][key];

		if (figure->known == EXACT)
			print_range(member(&l, key_names[key]), figure->n, figure->n);
		else if (figure->known == RANGE)
			print_range(member(&l, key_names[key]), figure->min, figure->max);
	}
	if (o->waits_known && o->figures[side][WAITS].known == EXACT)
		print_causes(member(&l, "causes"), o, side);
	if (o->figures[side][OPS].known != UNKNOWN && !o->errors[side].unknown)
		print_errors(member(&l, "errors"), &o->errors[side]);
	level_end(&l);
}

static void print_endpoint_side(FILE *f, const struct object *o, const struct endpoint *e,
				enum side side)
{
	if (!e->ops[side] || o->anonymous_endpoints || o->figures[side][OPS].known != EXACT)
		return;
	fprintf(f, ",\"%s\":{\"ops\":%ju", side_names[side], (uintmax_t)e->ops[side]);
	if (o->figures[side][BYTES].known == EXACT)
		fprintf(f, ",\"bytes\":%ju", (uintmax_t)e->bytes[side]);
	fputc('}', f);
}

static void print_pid(FILE *f, pid_t pid)
{
	if (pid)
		fprintf(f, "%d", pid);
	else
		fputs("null", f);
}

static void print_ended_by(FILE *f, const struct object *o)
{
	fputs(",\"ended_by\":{\"pid\":", f);
	print_pid(f, o->ended_pid);
	fprintf(f, ",\"kind\":\"%s\"", o->ended_kind);
	if (o->ended_ns_pid)
		fprintf(f, ",\"ns_pid\":%d", o->ended_ns_pid);
	fputc('}', f);
}

static void print_own(FILE *f, const struct endpoint *e)
{
	struct level l = {f, "internals", false};

	for (unsigned i = 0; i < MAX_OWN && e->own[i].name; i++)
		fprintf(member(&l, e->own[i].name), "%ju", (uintmax_t)e->own[i].n);
	level_end(&l);
}

static void print_endpoints(FILE *f, const struct object *o)
{
	bool any = false;

	fputs(",\"endpoints\":[", f);
	for (unsigned i = 0; i < truth->endpoint_cnt; i++) {
		const struct endpoint *e = &truth->endpoints[i];

		if (e->o != o || (!e->ops[SEND] && !e->ops[RECV] && !e->end && !e->own[0].name))
			continue;
		fprintf(f, "%s{\"pid\":", any ? "," : "");
		print_pid(f, e->pid);
		fprintf(f, ",\"kind\":\"%s\"", e->kind);
		/* Of one that sent nothing, anything that it did may have been seen before it took its name. */
		if (e->ops[SEND] || e->ops[RECV] || e->end) {
			fputs(",\"comm\":", f);
			print_string(f, e->comm);
		}
		if (e->ns_pid)
			fprintf(f, ",\"ns_pid\":%d", e->ns_pid);
		if (e->end)
			fprintf(f, ",\"end\":\"%s\"", e->end);
		/* One that does both has no single role. */
		if (!e->ops[SEND] != !e->ops[RECV])
			fprintf(f, ",\"role\":\"%s\"", side_names[e->ops[SEND] ? SEND : RECV]);
		print_endpoint_side(f, o, e, SEND);
		print_endpoint_side(f, o, e, RECV);
		print_own(f, e);
		fputc('}', f);
		any = true;
	}
	fputc(']', f);
}

static void print_wakers(FILE *f, const struct object *o)
{
	bool any = false;

	fputs(",\"wakers\":[", f);
	for (unsigned i = 0; i < truth->wakes_cnt; i++) {
		const struct wakes *w = &truth->wakes[i];

		if (w->o != o)
			continue;
		fprintf(f, "%s{\"waker\":%d,\"wakee\":%d,\"wakes\":%u}", any ? "," : "", w->waker,
			w->wakee, w->cnt);
		any = true;
	}
	fputc(']', f);
}

static void print_facts(FILE *f, const struct object *o, enum group group)
{
	struct level l = {f, group_names[group], group == TOP};

	for (unsigned i = 0; i < o->fact_cnt; i++)
		if (o->facts[i].group == group)
			print_range(member(&l, o->facts[i].name), o->facts[i].min,
				    o->facts[i].max);
	if (group != TOP)
		level_end(&l);
}

/* Where one operation was missed, a sum may be short by so much. */
static void print_largest(FILE *f, const struct object *o)
{
	struct level l = {f, "largest_internals", false};
	uint64_t most = o->largest[SEND] > o->largest[RECV] ? o->largest[SEND] : o->largest[RECV];

	for (unsigned i = 0; i < o->fact_cnt; i++)
		if (o->facts[i].group == INTERNALS && (o->facts[i].largest || o->facts[i].of_bytes))
			fprintf(member(&l, o->facts[i].name), "%ju",
				(uintmax_t)(o->facts[i].of_bytes ? most : o->facts[i].largest));
	level_end(&l);
}

static void print_hidden_facts(FILE *f, const struct object *o)
{
	struct level l = {f, "internals", false};

	for (unsigned i = 0; i < o->fact_cnt; i++)
		if (o->facts[i].hidden)
			fprintf(member(&l, o->facts[i].name), "%ju", (uintmax_t)o->facts[i].hidden);
	level_end(&l);
}

/* What the syscall backend's truth is less by. */
static void print_hidden(FILE *f, const struct object *o)
{
	struct level all = {f, "hidden_from_syscalls", false};

	for (int side = SEND; side < SIDE_CNT; side++) {
		if (!o->hidden[side][OPS])
			continue;
		if (all.open)
			fputc(',', f);
		else
			member(&all, NULL);
		fprintf(f, "\"%s\":{\"ops\":%ju", side_names[side], (uintmax_t)o->hidden[side][OPS]);
		for (int key = BYTES; key <= COPIES; key++)
			fprintf(f, ",\"%s\":%ju", key_names[key], (uintmax_t)o->hidden[side][key]);
		fputc('}', f);
	}
	if (all.open)
		print_hidden_facts(f, o);
	level_end(&all);
}

static void print_object(FILE *f, const struct object *o)
{
	fprintf(f, "{\"mechanism\":\"%s\",\"key\":", o->mech);
	print_string(f, o->key);
	fprintf(f, ",\"largest_bytes\":{\"send\":%ju,\"recv\":%ju}", (uintmax_t)o->largest[SEND],
		(uintmax_t)o->largest[RECV]);
	print_largest(f, o);
	print_hidden(f, o);
	if (o->by_softirq)
		fprintf(f, ",\"by_softirq\":true");
	for (int group = TOP; group < GROUP_CNT; group++)
		print_facts(f, o, group);
	for (int side = SEND; side < SIDE_CNT; side++)
		print_side(f, o, side);
	print_endpoints(f, o);
	if (o->waits_known)
		print_wakers(f, o);
	if (o->ended_kind)
		print_ended_by(f, o);
	fputc('}', f);
}

static void print_blind(FILE *f, const char *scenario)
{
	const struct blind *b;

	fputs("\"blind\":[", f);
	for (unsigned i = 0; (b = blind_nth(i, scenario)); i++)
		fprintf(f, "%s[\"%s\",\"%s\",\"%s\"]", i ? "," : "", b->mech, b->backend, b->path);
	fputs("],", f);
}

static void print_truth(FILE *f, const char *scenario, bool ready)
{
	fprintf(f, "{\"scenario\":\"%s\",%s", scenario, ready ? "\"ready\":true," : "");
	print_blind(f, scenario);
	fputs("\"objects\":[", f);
	for (unsigned i = 0; i < truth->object_cnt; i++) {
		if (i)
			fputc(',', f);
		print_object(f, &truth->objects[i]);
	}
	fputs("]}\n", f);
}

/* Who waits for the file shall never see half a line; a device is no file to be replaced. */
static bool replaceable(const char *path)
{
	struct stat st;

	return path && (lstat(path, &st) ? errno == ENOENT : S_ISREG(st.st_mode));
}

int truth_write(const char *path, const char *scenario, bool ready)
{
	char partial[PATH_MAX];
	bool replaces = replaceable(path);
	FILE *f = stdout;

	snprintf(partial, sizeof(partial), "%s%s", path ? path : "", replaces ? ".partial" : "");
	if (path)
		f = fopen(partial, "we");
	if (!f)
		return -errno;
	print_truth(f, scenario, ready);
	if (path ? fclose(f) : fflush(f))
		return -errno;
	return replaces && rename(partial, path) ? -errno : 0;
}
