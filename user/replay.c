// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "replay.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "about.h"
#include "model/alloc.h"
#include "reporter.h"
#include "source/delta.h"
#include "source/select.h"
#include "view/output.h"

struct replay {
	const struct cli_options *options;
	FILE *in, *out;
	struct about *about; /* NULL: not read yet */
	struct snapshot state, selected;
	struct wanted *wanted; /* objects that passed the filters so far */
	struct json_object *cgroups;
	struct bytes events; /* since the last figures: these tell which of them are wanted */
	bool has_events;
	struct model *model;
	struct reporter *reporter;
	bool summed_up;
	int out_error;
};

static void complain(const struct replay *r, const char *what)
{
	fprintf(stderr, "ipctrace: %s: %s\n", r->options->read, what);
}

static int note_output(struct replay *r, int err)
{
	if (err && err != -EPIPE && err != -ECANCELED)
		fprintf(stderr, "ipctrace: writing %s: %s\n", r->options->output ? r->options->output : "standard output",
			strerror(-err));
	if (err)
		r->out_error = err;
	return err;
}

static bool cgroup_path(void *ctx, uint64_t id, char *path, size_t size)
{
	const struct replay *r = ctx;
	struct json_object *found;
	char key[24];

	snprintf(key, sizeof(key), "%llu", (unsigned long long)id);
	if (!json_object_object_get_ex(r->cgroups, key, &found) || !json_object_get_string_len(found))
		return false;
	snprintf(path, size, "%s", json_object_get_string(found));
	return true;
}

/* Events come before the model has read the figures that they came with. */
static bool object_name(void *ctx, const struct ipc_object_id *id, struct ipc_name *name)
{
	const struct replay *r = ctx;

	for (size_t i = 0; i < r->state.names.cnt; i++)
		if (!memcmp(&r->state.names.keys[i], id, sizeof(*id))) {
			*name = r->state.names.values[i];
			return true;
		}
	return false;
}

static int take_about(struct replay *r, const struct bytes *raw)
{
	struct model_config config = { .cgroup_path = cgroup_path, .object_name = object_name, .ctx = r };
	char why[256];
	int err;

	if (r->about)
		return -EBADMSG;
	r->about = about_from_json((const char *)raw->data, raw->len, r->options->mechanism_mask, why, sizeof(why));
	if (!r->about) {
		complain(r, why);
		return -EINVAL;
	}
	config.page_size = r->about->page_size;
	memcpy(config.can, r->about->can, sizeof(config.can));
	r->model = model_new(&config);
	err = reporter_open(&r->reporter, r->options, r->about, r->model, r->out, -1);
	return err ? err : note_output(r, reporter_start(r->reporter));
}

static int take_cgroups(struct replay *r, const struct bytes *raw)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *j = json_tokener_parse_ex(tokener, (const char *)raw->data, raw->len);
	int err = json_object_is_type(j, json_type_object) ? 0 : -EBADMSG;

	if (!err) {
		json_object_object_foreach(j, key, path)
			json_object_object_add(r->cgroups, key, json_object_get(path));
	}
	json_object_put(j);
	json_tokener_free(tokener);
	return err;
}

/* Filters drop rows, and the next delta needs them. */
static const struct snapshot *select_rows(struct replay *r)
{
	if (!snapshot_selects(r->options, false))
		return &r->state;
	snapshot_copy(&r->selected, &r->state);
	snapshot_select_recorded(&r->selected, r->options, cgroup_path, r, &r->wanted);
	return &r->selected;
}

static bool is_selected(const struct snapshot *s, const struct ipc_object_id *id)
{
	for (size_t i = 0; i < s->objects.cnt; i++)
		if (!memcmp(&s->objects.keys[i], id, sizeof(*id)))
			return true;
	return false;
}

static void show_events(struct replay *r, const struct snapshot *figures)
{
	bool all = figures == &r->state;

	for (size_t i = 0; i + sizeof(struct ipc_event) <= r->events.len; i += sizeof(struct ipc_event)) {
		struct ipc_event e;

		memcpy(&e, r->events.data + i, sizeof(e));
		if (e.obj.mech == MECH_NONE ? r->options->report == REPORT_PATH :
					      e.obj.mech < MECH_MAX && r->about->can[e.obj.mech].backend != BACKEND_NONE &&
						      (all || is_selected(figures, &e.obj)))
			report_event(reporter_report(r->reporter), &e);
	}
	r->events.len = 0;
}

static int take_figures(struct replay *r, const struct bytes *raw)
{
	const struct snapshot *figures;
	enum delta_kind kind;
	int err = delta_apply(raw, &r->state, &kind);

	if (err)
		return err;
	figures = select_rows(r);
	if (r->options->events)
		show_events(r, figures);
	model_update(r->model, figures);
	r->summed_up = kind == DELTA_SUMMARY;
	if (r->summed_up)
		return note_output(r, report_summary(reporter_report(r->reporter)));
	return note_output(r, report_interval(reporter_report(r->reporter)));
}

static int take_events(struct replay *r, const struct bytes *raw)
{
	if (raw->len % sizeof(struct ipc_event))
		return -EBADMSG;
	r->has_events = true;
	if (r->options->events)
		bytes_put(&r->events, raw->data, raw->len);
	return 0;
}

static int take_block(struct replay *r, uint32_t type, const struct bytes *raw)
{
	static int (*const take[])(struct replay *, const struct bytes *) = {
		[BLOCK_ABOUT] = take_about,
		[BLOCK_CGROUPS] = take_cgroups,
		[BLOCK_FIGURES] = take_figures,
		[BLOCK_EVENTS] = take_events,
	};

	if (type >= sizeof(take) / sizeof(take[0]) || !take[type])
		return 0; /* of a later version, which only adds */
	if (!r->about && type != BLOCK_ABOUT)
		return -EBADMSG;
	return take[type](r, raw);
}

static bool is_folded(enum report_kind kind)
{
	return kind == REPORT_FOLDED || kind == REPORT_FOLDED_WAITS;
}

/* What is known of a file that ends too soon is summed up all the same. */
static int end(struct replay *r, int err)
{
	if (!r->about) {
		if (err != -EINVAL)
			complain(r, "nothing whole is in it");
		return CLI_EXIT_FAILED;
	}
	if (r->out_error)
		return CLI_EXIT_FAILED;
	if (err != -ENODATA && err != -EBADMSG)
		complain(r, strerror(-err));
	if (r->options->events && r->summed_up && !r->has_events &&
	    !(is_folded(r->options->report) && model_has_stacks(r->model)))
		complain(r, "it has no events: those are recorded with --events");
	if (err == -ENODATA && r->summed_up)
		return 0;
	complain(r, "it is cut off or damaged; this is what it has until there");
	if (r->events.len) /* whole, though not the figures that they came with */
		show_events(r, select_rows(r));
	if (!r->summed_up) /* of nothing, too: what the view began it ends there */
		note_output(r, report_summary(reporter_report(r->reporter)));
	return CLI_EXIT_FAILED;
}

static int play(struct replay *r)
{
	struct bytes raw = { 0 };
	uint32_t type;
	int err = block_read_head(r->in);

	if (err) {
		complain(r, err == -EINVAL ? "no recording of ipctrace" : "a recording of another version of ipctrace");
		return CLI_EXIT_FAILED;
	}
	while (!err && !(err = block_read(r->in, &type, &raw)))
		err = take_block(r, type, &raw);
	bytes_free(&raw);
	return end(r, err);
}

static FILE *open_recording(const char *path)
{
	FILE *f = fopen(path, "re");

	if (!f)
		fprintf(stderr, "ipctrace: cannot read %s: %s\n", path, strerror(errno));
	return f;
}

int replay_run(const struct cli_options *o)
{
	struct replay r = { .options = o };
	int status = CLI_EXIT_FAILED;

	r.in = open_recording(o->read);
	r.out = r.in ? output_open(o) : NULL;
	r.cgroups = json_object_new_object();
	if (r.out)
		status = play(&r);
	reporter_close(r.reporter);
	model_free(r.model);
	about_free(r.about);
	snapshot_free(&r.state);
	snapshot_free(&r.selected);
	wanted_free(r.wanted);
	bytes_free(&r.events);
	json_object_put(r.cgroups);
	if (r.out && r.out != stdout)
		fclose(r.out);
	if (r.in)
		fclose(r.in);
	return status;
}
