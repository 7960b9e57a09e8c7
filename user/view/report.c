// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "model/alloc.h"
#include "view/report.h"

#define USUAL_WIDTH 80
#define USUAL_ROWS 20

static const struct view *choose_view(const struct report_options *options)
{
	static const struct view *const views[] = {
		[REPORT_GRAPH] = &view_graph,
		[REPORT_EXPORT] = &view_export,
		[REPORT_CHROME] = &view_chrome,
		[REPORT_TOP] = &view_top,
		[REPORT_FOLDED] = &view_folded,
		[REPORT_FOLDED_WAITS] = &view_folded,
		[REPORT_PATH] = &view_path,
	};

	if (options->kind != REPORT_TRACE)
		return views[options->kind];
	if (options->json)
		return &view_json;
	if (options->events)
		return &view_events;
	return options->hist ? &view_hist : &view_trace;
}

/* What is collected of any mechanism: columns that none of them can fill are not shown. */
static uint32_t profile_of(const struct model *m)
{
	uint32_t profile = 0;

	model_for_each_mech(m, mech)
		profile |= m->config.can[mech].profile;
	return profile;
}

int report_open(struct report **out, FILE *file, const struct report_options *options, const struct model *model,
		char unknown[64])
{
	struct report *r = xcalloc(1, sizeof(*r));
	int err;

	r->options = *options;
	r->model = model;
	r->view = choose_view(options);
	r->style = (struct style){ .color = options->color, .ascii = options->ascii, .eol = "\n" };
	writer_init(&r->out, file);
	r->json.out = &r->out;
	err = table_init(&r->table, options->columns, profile_of(model), unknown);
	if (!err && options->sort && !column_by_name(options->sort)) {
		snprintf(unknown, 64, "%s", options->sort);
		err = -EINVAL;
	}
	if (err) {
		free(r);
		return err;
	}
	*out = r;
	return 0;
}

void report_close(struct report *r)
{
	if (!r)
		return;
	if (r->view->end)
		r->view->end(r);
	selection_free(&r->selection);
	free(r);
}

const char *report_view_name(const struct report *r)
{
	return r->view->name;
}

int report_start(struct report *r, const struct report_start *start)
{
	int err;

	r->about = start;
	if (r->view->start)
		r->view->start(r);
	err = writer_flush(&r->out);
	return err ? err : r->failed ? -ECANCELED : 0;
}

void report_deadlocks(struct report *r, int cnt)
{
	r->deadlocks_known = cnt >= 0;
	r->deadlocks = cnt >= 0 ? cnt : 0;
}

bool report_tells_cost(const struct report *r)
{
	return r->view->tells_cost;
}

int report_input_fd(const struct report *r)
{
	return r->view->input ? STDIN_FILENO : -1;
}

bool report_input(struct report *r)
{
	return r->view->input && r->view->input(r);
}

int report_interval(struct report *r)
{
	if (r->view->interval)
		r->view->interval(r);
	return writer_flush(&r->out);
}

void report_event(struct report *r, const struct ipc_event *event)
{
	if (r->view->event)
		r->view->event(r, event);
}

int report_flush(struct report *r)
{
	return writer_flush(&r->out);
}

int report_summary(struct report *r)
{
	int err;

	if (r->view->summary)
		r->view->summary(r);
	err = writer_flush(&r->out);
	return err ? err : r->failed ? -ECANCELED : 0;
}

/* ---- pieces ---- */

void report_eol(struct report *r)
{
	writer_text(&r->out, r->style.eol);
}

void report_measure(struct report *r)
{
	struct winsize size = { 0 };
	unsigned width = r->options.width, height = r->options.height;

	if (r->options.terminal && (!width || !height))
		ioctl(fileno(r->out.file), TIOCGWINSZ, &size);
	if (!width)
		width = size.ws_col;
	if (!width && !(r->options.columns && !r->options.terminal))
		width = USUAL_WIDTH;
	r->style.width = width;
	r->lines = height ? height : size.ws_row;
}

static bool one_backend(const struct model *m)
{
	enum backend backend = BACKEND_NONE;

	model_for_each_mech(m, mech) {
		if (backend != BACKEND_NONE && m->config.can[mech].backend != backend)
			return false;
		backend = m->config.can[mech].backend;
	}
	return true;
}

void report_mechanisms(const struct report *r, char *buf, size_t size)
{
	bool once = one_backend(r->model);
	const char *backend = "", *before = "";
	size_t len = 0;

	buf[0] = '\0';
	model_for_each_mech(r->model, mech) {
		backend = backend_name(r->model->config.can[mech].backend);
		if (len >= size)
			return;
		len += snprintf(buf + len, size - len, once ? "%s%s" : "%s%s (%s)", before, mechanism_by_id(mech)->name,
				backend);
		before = ", ";
	}
	if (once && len < size)
		snprintf(buf + len, size - len, " (%s)", backend);
}

bool report_losses(struct report *r, enum span span)
{
	struct losses l;
	const char *before = "lost: ";

	model_losses(r->model, span, &l);
	if (!losses_any(&l))
		return false;
	const struct {
		uint64_t count;
		const char *name;
	} kinds[] = { { l.missed, "missed" }, { l.map_full, "map full" }, { l.ring_full, "ring full" },
		      { l.unresolved, "unresolved" } };

	writer_text(&r->out, hue_on(&r->style, HUE_ALARM));
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!kinds[i].count)
			continue;
		writer_printf(&r->out, "%s%llu %s", before, (unsigned long long)kinds[i].count, kinds[i].name);
		before = ", ";
	}
	writer_text(&r->out, hue_off(&r->style, HUE_ALARM));
	return true;
}

/* On a terminal what is idle stays in sight; elsewhere a block tells what happened in it. */
static bool is_shown_idle(const struct report *r, const struct object *o)
{
	bool destroyed;

	object_destroyed(o, &destroyed);
	return r->options.terminal && !destroyed && !o->gone;
}

size_t report_objects(struct report *r, enum span span, size_t max, size_t *active)
{
	const struct column *column = r->options.sort ? column_by_name(r->options.sort) : NULL;
	size_t cnt = 0;

	if (!max || (r->options.rows && r->options.rows < max))
		max = r->options.rows ? r->options.rows : USUAL_ROWS;
	*active = 0;
	selection_begin(&r->selection, column, r->options.sort_direction, max);
	model_for_each_object(r->model, o) {
		bool is_active = object_active(o, span);

		if (!is_active && !is_shown_idle(r, o))
			continue;
		*active += is_active;
		cnt++;
		selection_offer(&r->selection, o, span);
	}
	selection_end(&r->selection);
	return cnt;
}
