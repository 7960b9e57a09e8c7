// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "about.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "about_parts.h"

static void set_time(struct about_parts *a)
{
	struct timespec wall, mono;
	char text[48];
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	gmtime_r(&wall.tv_sec, &tm);
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, sizeof(text) - len, ".%06ldZ", wall.tv_nsec / 1000);
	a->about.start.time = about_keep(a, text);
	a->about.start.start_ns = mono.tv_sec * 1000000000ull + mono.tv_nsec;
}

static void add_mechanism(struct about_parts *a, const struct mech_status *st, const struct capability *can)
{
	struct about_mechanism *m = about_add_mechanism(a, st->mech, can);

	for (unsigned i = 0; i < st->hooks_cnt; i++)
		about_add_hook(a, &m->hooks, st->hooks[i]);
	for (unsigned i = 0; i < st->unhooked_cnt; i++)
		about_add_hook(a, &m->unhooked, st->unhooked[i]);
	if (st->why[0])
		m->note = about_keep(a, st->why);
}

static void add_ids(struct about_parts *a, const char *name, const uint32_t *ids, uint32_t cnt)
{
	char list[512];
	size_t len = 0;

	for (uint32_t i = 0; i < cnt && len < sizeof(list) - 12; i++)
		len += snprintf(list + len, sizeof(list) - len, "%s%u", i ? "," : "", ids[i]);
	if (cnt)
		about_add_filter(a, name, list);
}

static void add_number(struct about_parts *a, const char *name, uint32_t n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	about_add_filter(a, name, text);
}

static void add_side(struct about_parts *a, const struct cli_filter *f, const char *const names[5])
{
	add_ids(a, names[0], f->pids, f->pid_cnt);
	add_ids(a, names[1], f->tids, f->tid_cnt);
	if (f->comm[0])
		about_add_filter(a, names[2], f->comm);
	if (f->uid_set)
		add_number(a, names[3], f->uid);
	if (f->cgroup)
		about_add_filter(a, names[4], f->cgroup);
}

static void add_filters(struct about_parts *a, const struct cli_options *o)
{
	static const char *const either[5] = {"pid", "tid", "comm", "uid", "cgroup"};
	static const char *const src[5] = {"src_pid", "src_tid", "src_comm", "src_uid", "src_cgroup"};
	static const char *const dst[5] = {"dst_pid", "dst_tid", "dst_comm", "dst_uid", "dst_cgroup"};

	add_side(a, &o->either, either);
	add_side(a, &o->src, src);
	add_side(a, &o->dst, dst);
	if (o->object)
		about_add_filter(a, "object", o->object);
	if (o->failed_only)
		about_add_filter(a, "failed_only", "true");
	if (o->min_us)
		add_number(a, "min_us", o->min_us);
	if (o->command_argv)
		about_add_filter(a, "command", o->command_argv[0]);
}

static struct capability capability(const struct cli_options *o, const struct mech_status *st, uint32_t profile)
{
	struct capability can = { 0 };

	if (st->backend == BACKEND_NONE)
		return can;
	can = capability_of(st->mech, st->backend, profile);
	if (o->failed_only || o->min_us)
		can.unseen |= UNSEEN_SOME_OPS;
	return can;
}

struct about *about_session(const struct cli_options *o, const struct kernel *k, const struct programs *p,
			    uint32_t profile)
{
	struct about_parts *a = about_new();

	a->about.start.version = about_keep(a, IPCTRACE_VERSION);
	a->about.start.kernel = about_keep(a, k->release);
	a->about.start.machine = about_keep(a, k->machine);
	a->about.start.interval_s = o->interval_s;
	a->about.page_size = 1u << k->page_shift;
	set_time(a);
	for (size_t i = 0; i < mechanism_cnt; i++) {
		const struct mech_status *st = programs_status(p, mechanisms[i]);
		struct capability can;

		if (!(o->mechanism_mask & (1u << mechanisms[i]->id)))
			continue;
		can = capability(o, st, profile);
		add_mechanism(a, st, &can);
	}
	add_filters(a, o);
	return about_done(a);
}
