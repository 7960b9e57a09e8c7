// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reporter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "column.h"

#define MAX_FILTERS 32

struct reporter {
	struct report *report;
	struct report_start start;
	char time[40];
	struct report_mechanism mechanisms[MECH_MAX];
	const char *hooks[MECH_MAX][65], *unhooked[MECH_MAX][65];
	struct report_filter filters[MAX_FILTERS];
	char values[MAX_FILTERS][512];
};

static uint32_t needs_of(const char *name, size_t len)
{
	char copy[64];
	const struct column *column;

	snprintf(copy, sizeof(copy), "%.*s", (int)len, name);
	column = column_by_name(copy);
	return column ? column->needs : 0;
}

uint32_t reporter_needs(const struct cli_options *o)
{
	uint32_t needs = o->sort.column ? needs_of(o->sort.column, strlen(o->sort.column)) : 0;

	for (const char *at = o->columns; at && *at; at += strcspn(at, ","), at += *at == ',') {
		at += *at == '+';
		needs |= needs_of(at, strcspn(at, ","));
	}
	return needs;
}

static void set_time(struct reporter *r)
{
	struct timespec wall, mono;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	gmtime_r(&wall.tv_sec, &tm);
	len = strftime(r->time, sizeof(r->time), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(r->time + len, sizeof(r->time) - len, ".%06ldZ", wall.tv_nsec / 1000);
	r->start.time = r->time;
	r->start.start_ns = mono.tv_sec * 1000000000ull + mono.tv_nsec;
}

static void add_mechanism(struct reporter *r, const struct mech_status *st)
{
	size_t n = r->start.mechanism_cnt++;
	struct report_mechanism *m = &r->mechanisms[n];

	for (unsigned i = 0; i < st->hooks_cnt; i++)
		r->hooks[n][i] = st->hooks[i];
	for (unsigned i = 0; i < st->unhooked_cnt; i++)
		r->unhooked[n][i] = st->unhooked[i];
	m->mech = st->mech;
	m->backend = st->backend;
	m->hooks = r->hooks[n];
	m->unhooked = r->unhooked[n];
	m->note = st->why[0] ? st->why : NULL;
}

static void add_filter(struct reporter *r, const char *name, const char *value)
{
	size_t n = r->start.filter_cnt;

	if (n == MAX_FILTERS)
		return;
	snprintf(r->values[n], sizeof(r->values[n]), "%s", value);
	r->filters[n].name = name;
	r->filters[n].value = r->values[n];
	r->start.filter_cnt++;
}

static void add_ids(struct reporter *r, const char *name, const uint32_t *ids, uint32_t cnt)
{
	char list[512];
	size_t len = 0;

	for (uint32_t i = 0; i < cnt && len < sizeof(list) - 12; i++)
		len += snprintf(list + len, sizeof(list) - len, "%s%u", i ? "," : "", ids[i]);
	if (cnt)
		add_filter(r, name, list);
}

static void add_side(struct reporter *r, const struct cli_filter *f, const char *const names[5])
{
	char uid[16];

	add_ids(r, names[0], f->pids, f->pid_cnt);
	add_ids(r, names[1], f->tids, f->tid_cnt);
	if (f->comm[0])
		add_filter(r, names[2], f->comm);
	snprintf(uid, sizeof(uid), "%u", f->uid);
	if (f->uid_set)
		add_filter(r, names[3], uid);
	if (f->cgroup)
		add_filter(r, names[4], f->cgroup);
}

static void add_filters(struct reporter *r, const struct cli_options *o)
{
	static const char *const either[5] = {"pid", "tid", "comm", "uid", "cgroup"};
	static const char *const src[5] = {"src_pid", "src_tid", "src_comm", "src_uid", "src_cgroup"};
	static const char *const dst[5] = {"dst_pid", "dst_tid", "dst_comm", "dst_uid", "dst_cgroup"};
	char min_us[16];

	add_side(r, &o->either, either);
	add_side(r, &o->src, src);
	add_side(r, &o->dst, dst);
	if (o->object)
		add_filter(r, "object", o->object);
	if (o->failed_only)
		add_filter(r, "failed_only", "true");
	snprintf(min_us, sizeof(min_us), "%u", o->min_us);
	if (o->min_us)
		add_filter(r, "min_us", min_us);
	if (o->command_argv)
		add_filter(r, "command", o->command_argv[0]);
}

static struct report_options options_of(const struct cli_options *o, FILE *file)
{
	bool terminal = isatty(fileno(file));

	return (struct report_options){
		.columns = o->columns,
		.sort = o->sort.column,
		.sort_direction = o->sort.direction,
		.rows = o->rows,
		.json = o->json,
		.events = o->events,
		.hist = o->histograms,
		.color = o->color == CLI_COLOR_ALWAYS || (o->color == CLI_COLOR_AUTO && terminal),
		.ascii = o->ascii,
		.terminal = terminal,
	};
}

int reporter_open(struct reporter **out, const struct cli_options *o, const struct kernel *k,
		  const struct programs *p, const struct model *m, FILE *file)
{
	struct reporter *r = calloc(1, sizeof(*r));
	struct report_options options = options_of(o, file);
	char unknown[64] = "";
	int err;

	if (!r)
		return -ENOMEM;
	err = report_open(&r->report, file, &options, m, unknown);
	if (err) {
		fprintf(stderr, "ipctrace: columns: %s%s%s\n", strerror(-err), unknown[0] ? ": " : "", unknown);
		free(r);
		return err;
	}
	r->start.version = IPCTRACE_VERSION;
	r->start.kernel = k->release;
	r->start.machine = k->machine;
	r->start.interval_s = o->interval_s;
	r->start.mechanisms = r->mechanisms;
	r->start.filters = r->filters;
	set_time(r);
	for (size_t i = 0; i < mechanism_cnt; i++)
		if (o->mechanism_mask & (1u << mechanisms[i]->id))
			add_mechanism(r, programs_status(p, mechanisms[i]));
	add_filters(r, o);
	*out = r;
	return 0;
}

void reporter_close(struct reporter *r)
{
	if (!r)
		return;
	report_close(r->report);
	free(r);
}

struct report *reporter_report(struct reporter *r)
{
	return r->report;
}

int reporter_start(struct reporter *r)
{
	return report_start(r->report, &r->start);
}
