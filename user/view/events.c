// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every operation, a line each, in the order in which they ended. What was lost
 * since the last time is said in between.
 */
#include <stdlib.h>

#include "model/alloc.h"
#include "model/error.h"
#include "out/cell.h"
#include "out/escape.h"
#include "out/units.h"
#include "view/report.h"

#define KEPT 64 /* a power of two: cells of processes and of objects that were drawn last */

struct cell {
	char text[CELL_LEN];
	int width;
};

/* A line is drawn in a microsecond; a process and an object that are named anew would take longer than that. */
struct events {
	struct {
		uint32_t tid;
		char comm[IPC_COMM_LEN];
		bool used;
		struct cell cell;
	} processes[KEPT];
	struct {
		struct ipc_object_id id;
		uint32_t tick; /* a name may come with the next */
		struct cell cell;
	} objects[KEPT];
};

static void head(struct report *r)
{
	r->events = xcalloc(1, sizeof(*r->events));
	writer_text(&r->out, hue_on(&r->style, HUE_HEAD));
	writer_text(&r->out, "   SECONDS PROCESS        OP    OBJECT           SIZE RESULT   TOOK   WAIT CAUSE");
	writer_text(&r->out, hue_off(&r->style, HUE_HEAD));
	report_eol(r);
}

static void put_ns(struct report *r, bool known, uint64_t ns)
{
	char text[UNIT_LEN];

	if (!known) {
		writer_text(&r->out, "      ");
		writer_text(&r->out, unknown_mark(&r->style));
		return;
	}
	format_unit(text, ns, UNIT_NS);
	writer_char(&r->out, ' ');
	writer_text_right(&r->out, text, 6);
}

static void put_cell(struct writer *out, const struct cell *cell, int cells)
{
	writer_text(out, cell->text);
	writer_repeat(out, " ", cells - cell->width);
}

static void put_process(struct report *r, const struct ipc_event *e)
{
	char comm[IPC_COMM_LEN + 1] = "";
	uint32_t at = e->tid & (KEPT - 1);
	struct cell other, *cell = &other;

	if (!e->kind) {
		cell = &r->events->processes[at].cell;
		if (r->events->processes[at].used && r->events->processes[at].tid == e->tid &&
		    !memcmp(r->events->processes[at].comm, e->comm, IPC_COMM_LEN)) {
			put_cell(&r->out, cell, 14);
			return;
		}
		r->events->processes[at].used = true;
		r->events->processes[at].tid = e->tid;
		memcpy(r->events->processes[at].comm, e->comm, IPC_COMM_LEN);
	}
	snprintf(comm, sizeof(comm), "%.*s", IPC_COMM_LEN, e->kind ? endpoint_kind_name(e->kind) : e->comm);
	cell->width = process_format(cell->text, comm, e->tid, 14, &r->style);
	put_cell(&r->out, cell, 14);
}

/* Its name where there is one, else its id. Returns whether that stays so until the next interval. */
static bool make_object(const struct report *r, const struct ipc_object_id *id, struct cell *cell)
{
	const struct mechanism *mech = mechanism_by_id(id->mech);
	char name[IPC_NAME_LEN + 1];

	if (model_object_name(r->model, id, name)) {
		cell->width = escape_text(cell->text, sizeof(cell->text), name, IPC_NAME_LEN, r->style.ascii);
		return true;
	}
	snprintf(cell->text, sizeof(cell->text), "?");
	if (mech)
		mech->format_id(id, cell->text, sizeof(cell->text));
	cell->width = text_width(cell->text);
	return model_object(r->model, id);
}

static void put_object(struct report *r, const struct ipc_object_id *id)
{
	uint32_t at = (id->id ^ id->id >> 6 ^ id->mech) & (KEPT - 1);
	struct cell *cell = &r->events->objects[at].cell;

	if (r->events->objects[at].tick != r->model->tick + 1 || memcmp(&r->events->objects[at].id, id, sizeof(*id))) {
		r->events->objects[at].id = *id;
		r->events->objects[at].tick = make_object(r, id, cell) ? r->model->tick + 1 : 0;
	}
	put_cell(&r->out, cell, 15);
}

static void put_result(struct report *r, const struct ipc_event *e)
{
	char number[ERROR_NAME_LEN];

	writer_char(&r->out, ' ');
	if (e->known & EVENT_SIZE) {
		writer_uint_right(&r->out, e->size, 5, ' ');
	} else {
		writer_text(&r->out, "    ");
		writer_text(&r->out, unknown_mark(&r->style));
	}
	writer_char(&r->out, ' ');
	if (e->result >= 0) {
		writer_uint_right(&r->out, e->result, 6, ' ');
		return;
	}
	writer_text(&r->out, hue_on(&r->style, HUE_NOTE));
	writer_text_right(&r->out, error_name(-e->result, number), 6);
	writer_text(&r->out, hue_off(&r->style, HUE_NOTE));
}

static void event(struct report *r, const struct ipc_event *e)
{
	uint64_t start_ns = r->about ? r->about->start_ns : r->model->start_ns;
	uint64_t since_ns = e->time_ns > start_ns ? e->time_ns - start_ns : 0;
	const char *cause = cause_name(e->cause), *op = op_name(e->op);

	writer_uint_right(&r->out, since_ns / 1000000000, 3, ' ');
	writer_char(&r->out, '.');
	writer_uint_right(&r->out, since_ns % 1000000000 / 1000, 6, '0');
	writer_char(&r->out, ' ');
	put_process(r, e);
	writer_char(&r->out, ' ');
	writer_text(&r->out, op);
	writer_repeat(&r->out, " ", 6 - (int)strlen(op));
	put_object(r, &e->obj);
	put_result(r, e);
	put_ns(r, e->known & EVENT_LATENCY, e->latency_ns);
	put_ns(r, e->known & EVENT_WAIT, e->wait_ns);
	if (cause) {
		writer_char(&r->out, ' ');
		writer_text(&r->out, cause);
	}
	report_eol(r);
}

static void interval(struct report *r)
{
	if (report_losses(r, SPAN_INTERVAL))
		report_eol(r);
	report_self(r, SPAN_INTERVAL);
}

static void summary(struct report *r)
{
	report_eol(r);
	report_totals(r);
}

static void end(struct report *r)
{
	free(r->events);
}

const struct view view_events = {
	.name = "events",
	.start = head,
	.interval = interval,
	.event = event,
	.summary = summary,
	.end = end,
};
