// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every operation, a line each, in the order in which they ended. What was lost
 * since the last time is said in between.
 */
#include "model/error.h"
#include "out/cell.h"
#include "out/escape.h"
#include "out/units.h"
#include "view/report.h"

static void head(struct report *r)
{
	writer_text(&r->out, hue_on(&r->style, HUE_HEAD));
	writer_text(&r->out, "   SECONDS PROCESS        OP    OBJECT           SIZE RESULT   TOOK   WAIT CAUSE");
	writer_text(&r->out, hue_off(&r->style, HUE_HEAD));
	report_eol(r);
}

static void put_ns(struct report *r, bool known, uint64_t ns)
{
	char text[UNIT_LEN];

	if (!known) {
		writer_printf(&r->out, "      %s", unknown_mark(&r->style));
		return;
	}
	format_unit(text, ns, UNIT_NS);
	writer_printf(&r->out, " %6s", text);
}

/* Its name where there is one, else its id. */
static void put_object(struct report *r, const struct ipc_object_id *id)
{
	char name[IPC_NAME_LEN + 1];
	const struct mechanism *mech = mechanism_by_id(id->mech);
	char text[CELL_LEN] = "?";
	int width = 1;

	if (model_object_name(r->model, id, name)) {
		width = escape_text(text, sizeof(text), name, IPC_NAME_LEN, r->style.ascii);
	} else if (mech) {
		mech->format_id(id, text, sizeof(text));
		width = text_width(text);
	}
	writer_text(&r->out, text);
	writer_repeat(&r->out, " ", 15 - width);
}

static void event(struct report *r, const struct ipc_event *e)
{
	uint64_t start_ns = r->about ? r->about->start_ns : r->model->start_ns;
	uint64_t since_ns = e->time_ns > start_ns ? e->time_ns - start_ns : 0;
	const char *cause = cause_name(e->cause);
	char text[CELL_LEN], number[ERROR_NAME_LEN], comm[IPC_COMM_LEN + 1] = "";
	int width;

	snprintf(comm, sizeof(comm), "%.*s", IPC_COMM_LEN, e->kind ? endpoint_kind_name(e->kind) : e->comm);
	width = process_format(text, comm, e->tid, 14, &r->style);
	writer_printf(&r->out, "%3llu.%06llu ", (unsigned long long)(since_ns / 1000000000),
		      (unsigned long long)(since_ns % 1000000000 / 1000));
	writer_text(&r->out, text);
	writer_repeat(&r->out, " ", 14 - width);
	writer_printf(&r->out, " %-5s ", op_name(e->op));
	put_object(r, &e->obj);
	if (e->known & EVENT_SIZE)
		writer_printf(&r->out, " %5llu", (unsigned long long)e->size);
	else
		writer_printf(&r->out, "     %s", unknown_mark(&r->style));
	if (e->result < 0)
		writer_printf(&r->out, " %s%6s%s", hue_on(&r->style, HUE_NOTE), error_name(-e->result, number),
			      hue_off(&r->style, HUE_NOTE));
	else
		writer_printf(&r->out, " %6lld", (long long)e->result);
	put_ns(r, e->known & EVENT_LATENCY, e->latency_ns);
	put_ns(r, e->known & EVENT_WAIT, e->wait_ns);
	if (cause)
		writer_printf(&r->out, " %s", cause);
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

const struct view view_events = {
	.name = "events",
	.start = head,
	.interval = interval,
	.event = event,
	.summary = summary,
};
