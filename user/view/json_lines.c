// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Everything as JSON, an object a line: start, intervals, events, summary. */
#include "view/json_parts.h"
#include "view/report.h"

static void strings(struct json *j, const char *key, const char *const *list)
{
	json_open(j, key, '[');
	for (; list && *list; list++)
		json_string(j, NULL, *list);
	json_close(j, ']');
}

static void line(struct json *j, const char *type)
{
	json_open(j, NULL, '{');
	json_string(j, "type", type);
}

static void end(struct json *j)
{
	json_close(j, '}');
	json_end_line(j);
}

static void start(struct report *r)
{
	const struct report_start *about = r->about;
	struct json *j = &r->json;

	line(j, "start");
	json_uint(j, "schema", 1);
	json_string(j, "version", about->version);
	json_string(j, "kernel", about->kernel);
	json_string(j, "machine", about->machine);
	json_string(j, "time", about->time);
	json_uint(j, "start_ns", about->start_ns);
	json_open(j, "mechanisms", '[');
	for (size_t i = 0; i < about->mechanism_cnt; i++) {
		const struct report_mechanism *m = &about->mechanisms[i];

		json_open(j, NULL, '{');
		json_string(j, "name", m->mech->name);
		json_string(j, "backend", backend_name(m->backend));
		strings(j, "hooks", m->hooks);
		strings(j, "unhooked", m->unhooked);
		json_string(j, "note", m->note);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_open(j, "filters", '{');
	for (size_t i = 0; i < about->filter_cnt; i++)
		json_string(j, about->filters[i].name, about->filters[i].value);
	json_close(j, '}');
	json_seconds(j, "interval_s", (uint64_t)(about->interval_s * 1e9 + 0.5));
	end(j);
}

/* All that were active, unless rows are limited; in the order they were first seen, unless sorted. */
static void objects(struct report *r, enum span span)
{
	struct json *j = &r->json;
	size_t active;

	json_open(j, "objects", '[');
	if (r->options.no_objects) {
		active = 0;
	} else if (r->options.rows || r->options.sort) {
		report_objects(r, span, r->options.rows ? r->options.rows : r->model->object_cnt, &active);
		for (size_t i = 0; i < r->selection.cnt; i++)
			json_object(j, r->selection.objects[i], span);
	} else {
		model_for_each_object(r->model, o)
			if (object_active(o, span))
				json_object(j, o, span);
	}
	json_close(j, ']');
}

static void figures(struct report *r, const char *type, enum span span)
{
	struct json *j = &r->json;
	struct losses losses;

	line(j, type);
	json_seconds(j, "elapsed_s", model_span_ns(r->model, SPAN_TOTAL));
	json_seconds(j, "span_s", model_span_ns(r->model, span));
	json_open(j, "totals", '{');
	model_for_each_mech(r->model, mech)
		json_total(j, r->model, mech, span);
	json_close(j, '}');
	objects(r, span);
	model_losses(r->model, span, &losses);
	json_losses(j, "loss", &losses);
	json_self(r, span);
	end(j);
}

static void interval(struct report *r)
{
	figures(r, "interval", SPAN_INTERVAL);
}

static void summary(struct report *r)
{
	figures(r, "summary", SPAN_TOTAL);
}

static void event_internals(struct json *j, const struct mechanism *mech, const struct ipc_event *e)
{
	if (!mech || !(e->known & EVENT_STATE)) {
		json_null(j, "internals");
		return;
	}
	json_open(j, "internals", '{');
	for (unsigned i = 0; mech->fields && mech->fields[i].name; i++)
		json_uint_or_null(j, mech->fields[i].name, e->state[i] != IPC_STATE_ABSENT, e->state[i]);
	json_close(j, '}');
}

void json_event(struct json *j, const struct ipc_event *e)
{
	const struct mechanism *mech = mechanism_by_id(e->obj.mech);
	char id[64] = "", comm[IPC_COMM_LEN + 1] = "";

	snprintf(comm, sizeof(comm), "%.*s", IPC_COMM_LEN, e->kind ? endpoint_kind_name(e->kind) : e->comm);
	if (mech)
		mech->format_id(&e->obj, id, sizeof(id));
	line(j, "event");
	json_uint(j, "time_ns", e->time_ns);
	json_string(j, "mechanism", mech ? mech->name : NULL);
	json_string(j, "op", op_name(e->op));
	json_string(j, "object", id);
	json_uint_or_null(j, "pid", !e->kind, e->tgid);
	json_uint_or_null(j, "tid", !e->kind, e->tid);
	json_string(j, "comm", comm);
	json_string(j, "kind", endpoint_kind_name(e->kind));
	json_uint_or_null(j, "size_bytes", e->known & EVENT_SIZE, e->size);
	json_int(j, "result", e->result);
	json_uint_or_null(j, "latency_ns", e->known & EVENT_LATENCY, e->latency_ns);
	json_uint_or_null(j, "wait_ns", e->known & EVENT_WAIT, e->wait_ns);
	json_string(j, "cause", cause_name(e->cause));
	json_uint(j, "moved_bytes", e->moved);
	event_internals(j, mech, e);
	json_close(j, '}');
}

static void event(struct report *r, const struct ipc_event *e)
{
	json_event(&r->json, e);
	json_end_line(&r->json);
}

const struct view view_json = {
	.name = "json",
	.start = start,
	.interval = interval,
	.event = event,
	.summary = summary,
};
