// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "experiment/witness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "cgroup.h"
#include "filter.h"
#include "model/alloc.h"
#include "model/model.h"
#include "paths.h"
#include "privileges.h"
#include "programs.h"
#include "session.h"
#include "source/live.h"
#include "source/select.h"
#include "view/report.h"
#include "view/ring_draw.h"

#define PROFILE (PROFILE_WAITS | PROFILE_LATENCY | PROFILE_RESIDENCY | PROFILE_DETAIL | PROFILE_EVENTS)
#define EVENTS_MAX 4096 /* of one experiment */
#define MAX_EDGES 8192

struct witness {
	const struct cli_options *options;
	const struct kernel *kernel;
	pid_t stage;
	struct programs *programs;
	struct programs *rings; /* iterators that read rings; NULL: there are none */
	struct live *live;
	struct snapshot snapshot;
	struct wanted *wanted; /* objects of the experiments */
	struct model *model;
	struct ipc_event *events;
	size_t event_cnt;
	struct losses before;
	uint32_t mechs; /* looked at now */
};

static void on_event(void *arg, const struct ipc_event *event)
{
	struct witness *w = arg;

	if (w->event_cnt < EVENTS_MAX)
		w->events[w->event_cnt++] = *event;
}

static int make_model(struct witness *w, uint32_t mechs)
{
	struct model_config config = {.page_size = 1u << w->kernel->page_shift, .cgroup_path = cgroup_path_of};

	for (size_t i = 0; i < mechanism_cnt; i++) {
		const struct mech_status *st = programs_status(w->programs, mechanisms[i]);

		if ((mechs & (1u << mechanisms[i]->id)) && st->backend != BACKEND_NONE)
			config.can[mechanisms[i]->id] = capability_of(mechanisms[i], st->backend, PROFILE);
	}
	w->model = model_new(&config);
	return w->model ? 0 : -ENOMEM;
}

/* The iterators of `ipctrace ring`, for those that have one. It is no harm when there is none. */
static void open_rings(struct witness *w, uint32_t mechs)
{
	struct programs_options wanted = {.mechs = mechs, .iterators_only = true, .rings = true, .max_edges = 64, .ring_buffer_bytes = 4096};
	char why[256], name[64];

	if (programs_start(&w->rings, w->kernel, &wanted, why, sizeof(why)))
		w->rings = NULL;
	/* names of operations are asked for later, when CAP_SYSLOG is gone: have them read now */
	kernel_symbol_at(w->kernel->wake_function, name, sizeof(name));
}

/* Bit per mechanism that has a ring to read. */
static uint32_t with_rings(uint32_t mechs)
{
	uint32_t with = 0;

	for (size_t i = 0; i < mechanism_cnt; i++)
		if (mechanisms[i]->advance) /* a count of slots is what a ring has, and nothing else */
			with |= 1u << mechanisms[i]->id;
	return with & mechs;
}

static int start(struct witness *w, uint32_t mechs)
{
	struct programs_options wanted = {
		.mechs = mechs,
		.profile = PROFILE,
		.backend = w->options->backend,
		.max_edges = MAX_EDGES,
		.ring_buffer_bytes = 1 << 20,
		.verbose = w->options->verbose,
	};
	char why[512] = "";
	int err = filter_configure(&wanted.config, w->options, w->stage);

	if (err)
		return CLI_EXIT_FAILED;
	err = programs_start(&w->programs, w->kernel, &wanted, why, sizeof(why));
	if (err) {
		fprintf(stderr, "ipctrace: cannot trace here: %s; 'ipctrace doctor' says what to change\n", why);
		return EXIT_UNSUPPORTED;
	}
	if (with_rings(mechs))
		open_rings(w, with_rings(mechs));
	err = filter_classify_existing(w->programs, w->options, w->stage);
	if (!err)
		err = programs_pass(w->programs, ALL_MECHS); /* what is there already */
	if (!err)
		err = make_model(w, mechs);
	if (!err)
		err = live_open(&w->live, w->programs, on_event, w);
	if (!err)
		err = privileges_drop();
	if (err)
		fprintf(stderr, "ipctrace: cannot start: %s\n", strerror(-err));
	return err ? CLI_EXIT_FAILED : 0;
}

int witness_open(struct witness **out, const struct cli_options *o, const struct kernel *k, uint32_t mechs, pid_t stage)
{
	struct witness *w = xcalloc(1, sizeof(*w));
	int status;

	w->options = o;
	w->kernel = k;
	w->stage = stage;
	w->events = xcalloc(EVENTS_MAX, sizeof(*w->events));
	status = start(w, mechs);
	if (status) {
		witness_close(w);
		return status;
	}
	*out = w;
	return 0;
}

void witness_close(struct witness *w)
{
	if (!w)
		return;
	live_close(w->live);
	model_free(w->model);
	snapshot_free(&w->snapshot);
	programs_free(w->rings);
	programs_free(w->programs);
	wanted_free(w->wanted);
	free(w->events);
	free(w);
}

enum backend witness_backend(const struct witness *w, const struct mechanism *mech, const char **why)
{
	const struct mech_status *st = programs_status(w->programs, mech);

	*why = st->why;
	return st->backend;
}

void witness_begin(struct witness *w, uint32_t mechs)
{
	w->mechs = mechs;
	live_poll(w->live, 0);
	w->event_cnt = 0;
	model_losses(w->model, SPAN_TOTAL, &w->before);
}

int witness_look(struct witness *w)
{
	int err = live_poll(w->live, 0);

	if (!err || err == -EINTR)
		err = programs_pass(w->programs, w->mechs);
	if (!err) {
		paths_find(w->programs);
		err = live_read(w->live, &w->snapshot);
	}
	if (err) {
		fprintf(stderr, "ipctrace: reading the figures: %s\n", strerror(-err));
		return err;
	}
	snapshot_select(&w->snapshot, w->options, programs_map(w->programs, "classes"), true, &w->wanted);
	model_update(w->model, &w->snapshot);
	return 0;
}

uint64_t witness_missed(const struct witness *w)
{
	struct losses now;

	model_losses(w->model, SPAN_TOTAL, &now);
	return now.missed - w->before.missed;
}

/* The last one of that id or name: numbers are given again. */
static const struct object *find(const struct witness *w, const char *mech, const char *key)
{
	const struct object *found = NULL;
	char id[64];

	model_for_each_object(w->model, o) {
		o->mech->format_id(&o->id, id, sizeof(id));
		if (!strcmp(o->mech->name, mech) && (!strcmp(id, key) || (o->name && !strcmp(o->name, key))))
			found = o;
	}
	return found;
}

static bool same_object(const struct ipc_object_id *a, const struct ipc_object_id *b)
{
	return a->id == b->id && a->domain == b->domain && a->mech == b->mech;
}

/* Reads its ring, if it has one. */
static bool read_ring(struct witness *w, const struct object *o, struct ring_state *ring)
{
	struct ring_target target = {.mech = o->mech, .id = o->id};
	uint32_t what[] = {CONTROL_RING_ID, CONTROL_RING_DOMAIN}, size = 0;
	uint64_t value[] = {o->id.id, o->id.domain};
	int control = programs_map(w->rings, "control_values"), err;
	void *data = NULL;
	char name[64];

	for (int i = 0; i < 2; i++)
		bpf_map_update_elem(control, &what[i], &value[i], BPF_ANY);
	snprintf(name, sizeof(name), "%s_ring", o->mech->object);
	err = programs_iterate(w->rings, name, &data, &size);
	if (!err)
		err = ring_state__parse(ring, &target, w->kernel, data, size);
	free(data);
	return !err && ring->found;
}

static void put_ring(struct writer *out, const struct witness *w, const struct object *o, const struct ring_state *ring)
{
	struct ring_target target = {.mech = o->mech, .id = o->id, .name = o->name};

	o->mech->format_id(&o->id, target.label, sizeof(target.label));
	ring_json(out, ring, &target, 1u << w->kernel->page_shift, 0);
}

char *witness_document(struct witness *w, const char *mech, const char *key, struct ring_state *ring)
{
	const struct object *o = find(w, mech, key);
	struct ring_state own = {0};
	struct writer *out;
	struct json j = {0};
	size_t size = 0;
	char *text = NULL;

	if (!o)
		return NULL;
	out = xcalloc(1, sizeof(*out));
	writer_init(out, must_have(open_memstream(&text, &size)));
	j.out = out;
	writer_text(out, "{\"object\":");
	json_object(&j, o, SPAN_TOTAL);
	writer_text(out, ",\"events\":[");
	j.comma = false;
	for (size_t i = 0; i < w->event_cnt; i++)
		if (same_object(&w->events[i].obj, &o->id))
			json_event(&j, &w->events[i]);
	writer_text(out, "],\"ring\":");
	if (w->rings && read_ring(w, o, ring ? ring : &own))
		put_ring(out, w, o, ring ? ring : &own);
	else
		writer_text(out, "null");
	writer_char(out, '}');
	writer_flush(out);
	fclose(out->file);
	free(out);
	ring_state__free(&own);
	for (char *end = strchr(text, '\n'); end; end = strchr(end, '\n'))
		*end = ' '; /* it is to stand within a line */
	return text;
}
