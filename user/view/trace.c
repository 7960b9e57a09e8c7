// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The live table: a row for each object, drawn over on a terminal, appended in
 * blocks elsewhere. A frame is written in one piece, so that it does not flicker.
 */
#include "out/escape.h"
#include "out/units.h"
#include "view/report.h"

#define HOME "\033[H"
#define CLEAR "\033[2J"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"
#define FRAME_LINES 4 /* two over the rows, one under them, one for the cursor */

static double rate(const struct model *m, double n)
{
	return n * 1e9 / model_span_ns(m, SPAN_INTERVAL);
}

/* What it is, since when, how much: never wider than the terminal. */
static void print_title(struct report *r, size_t shown, size_t active)
{
	const struct model *m = r->model;
	char mechs[128], idle[32] = "", in_text[UNIT_LEN], out_text[UNIT_LEN], line[256];
	uint64_t in = 0, out = 0;

	model_for_each_mech(m, mech) {
		struct side side;

		total_side(m, mech, OP_SEND, SPAN_INTERVAL, &side);
		in += side.bytes;
		total_side(m, mech, OP_RECV, SPAN_INTERVAL, &side);
		out += side.bytes;
	}
	report_mechanisms(r, mechs, sizeof(mechs));
	format_unit(in_text, rate(m, in), UNIT_BYTES);
	format_unit(out_text, rate(m, out), UNIT_BYTES);
	if (shown > active)
		snprintf(idle, sizeof(idle), ", %zu idle", shown - active);
	snprintf(line, sizeof(line), "%s  %.1f s  %zu active%s  in %s/s  out %s/s", mechs,
		 model_span_ns(m, SPAN_TOTAL) / 1e9, active, idle, in_text, out_text);
	if (r->style.width)
		cut_text(line, sizeof(line), r->style.width, false, r->style.ascii);
	writer_text(&r->out, line);
	report_eol(r);
}

static void print_rest(struct report *r, size_t shown)
{
	size_t cnt = r->selection.cnt;

	if (shown > cnt)
		writer_printf(&r->out, "and %zu more", shown - cnt);
	if (shown > cnt && losses_any(&r->model->losses))
		writer_text(&r->out, "; ");
	if (report_losses(r, SPAN_TOTAL) || shown > cnt)
		report_eol(r);
}

static void interval(struct report *r)
{
	unsigned frame = FRAME_LINES + r->own_asked;
	size_t shown, active;

	report_measure(r);
	if (r->options.terminal) {
		r->style.eol = CLEAR_LINE "\n";
		writer_text(&r->out, r->drawn ? HOME : CLEAR HOME);
	}
	shown = report_objects(r, SPAN_INTERVAL, r->lines > frame ? r->lines - frame : 0, &active);
	print_title(r, shown, active);
	if (r->selection.cnt || r->options.terminal)
		table_print(&r->table, &r->out, r->selection.objects, r->selection.cnt, SPAN_INTERVAL, &r->style);
	print_rest(r, shown);
	report_self(r, SPAN_INTERVAL);
	if (r->options.terminal)
		writer_text(&r->out, CLEAR_BELOW);
	else
		report_eol(r);
	r->drawn = true;
	r->style.eol = "\n";
}

static void summary(struct report *r)
{
	if (r->options.terminal && r->drawn)
		writer_text(&r->out, CLEAR HOME);
	report_totals(r);
}

const struct view view_trace = {
	.name = "trace",
	.interval = interval,
	.summary = summary,
};
