// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The end of every report in text: the objects and the sums since the start, in
 * full digits; whether they add up; who woke whom; who still waits; what was lost.
 */
#include "out/cell.h"
#include "out/escape.h"
#include "out/units.h"
#include "view/report.h"

#define TOP_WAKES 5
#define TOP_WAITS 10

static void label(struct report *r, const char *text)
{
	writer_printf(&r->out, "  %-9s ", text);
}

/* A figure at the end of a column of this width, or the mark of the unknown. */
static void figure(struct report *r, bool known, uint64_t n, int width)
{
	char digits[24];

	if (known) {
		snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
		writer_printf(&r->out, "%*s", width, digits);
	} else {
		writer_repeat(&r->out, " ", width - 1);
		writer_text(&r->out, unknown_mark(&r->style));
	}
}

/* Operations that are this mechanism's for certain, though no hook of ours saw them end. */
static uint64_t missed_own(const struct report *r, enum ipc_mech mech, enum ipc_op op)
{
	struct missed missed;

	return total_missed(r->model, mech, op, SPAN_TOTAL, &missed) && !missed.shared ? missed.ended : 0;
}

/* The operations that the kernel counted and the hooks did not see are added, and marked. */
static void print_side(struct report *r, enum ipc_mech mech, enum ipc_op op)
{
	const struct capability *can = &r->model->config.can[mech];
	bool seen = can_op(can, op), waits = seen && can_waits(can);
	char waited[UNIT_LEN];
	struct side side;
	uint64_t missed;

	total_side(r->model, mech, op, SPAN_TOTAL, &side);
	missed = missed_own(r, mech, op);
	if (op > OP_RECV && !side.ops && !missed && !side.open_waits)
		return;
	label(r, op_name(op));
	figure(r, seen, side.ops + missed, 9);
	writer_char(&r->out, missed ? '*' : ' ');
	figure(r, seen, side.bytes, 14);
	figure(r, seen && can_see(can, UNSEEN_MOVED), side_copied_bytes(&side), 14);
	figure(r, seen && can_see(can, UNSEEN_MOVED), side.moved_bytes, 12);
	figure(r, waits, side.waits, 9);
	format_unit(waited, side.wait_ns, UNIT_NS);
	writer_printf(&r->out, waits ? " %7s" : "       ", waited);
	if (!waits)
		writer_text(&r->out, unknown_mark(&r->style));
	report_eol(r);
}

static void print_missed(struct report *r, enum ipc_mech mech)
{
	uint64_t own = 0, either = 0, shared = 0, begun = 0;
	struct missed missed;

	for (unsigned op = 0; op <= OP_EITHER; op++) {
		if (!total_missed(r->model, mech, op, SPAN_TOTAL, &missed))
			continue;
		*(missed.shared ? &shared : op == OP_EITHER ? &either : &own) += missed.ended;
		begun += missed.begun;
	}
	if (own) {
		writer_printf(&r->out, "  * with %llu that our hooks missed, by the kernel's count; their bytes and waits are not in",
			      (unsigned long long)own);
		report_eol(r);
	}
	if (either) {
		writer_printf(&r->out, "  %llu operations more, sends or receives, by the kernel's count: missed by a hook that serves both",
			      (unsigned long long)either);
		report_eol(r);
	}
	if (shared) {
		writer_printf(&r->out, "  up to %llu operations more, missed by hooks that several mechanisms share",
			      (unsigned long long)shared);
		report_eol(r);
	}
	if (begun) {
		writer_printf(&r->out, "  up to %llu operations are in without their waits and wakeups: the hook of their begin was missed",
			      (unsigned long long)begun);
		report_eol(r);
	}
}

static void print_errors(struct report *r, enum ipc_mech mech)
{
	struct error_sum errors;
	char number[ERROR_NAME_LEN];
	bool any = false;

	for (unsigned op = 0; op < OP_MAX; op++) {
		total_errors(r->model, mech, op, SPAN_TOTAL, &errors);
		for (unsigned i = 0; i < errors.cnt; i++) {
			if (!any)
				label(r, "errors");
			writer_printf(&r->out, "%s%s%s%s %llu", any ? (i ? ", " : "; ") : "", i ? "" : op_name(op),
				      i ? "" : " ", error_name(errors.rows[i].error, number),
				      (unsigned long long)errors.rows[i].count);
			any = true;
		}
	}
	if (any)
		report_eol(r);
}

static void print_balance(struct report *r, enum ipc_mech mech)
{
	uint64_t unknown;
	int64_t bytes;

	label(r, "balance");
	if (!total_balance(r->model, mech, &bytes, &unknown)) {
		writer_printf(&r->out, "%s", unknown_mark(&r->style));
	} else if (bytes) {
		writer_text(&r->out, hue_on(&r->style, HUE_ALARM));
		writer_printf(&r->out, "%lld bytes went in that neither came out nor are inside", (long long)bytes);
		writer_text(&r->out, hue_off(&r->style, HUE_ALARM));
	} else {
		writer_text(&r->out, "0 bytes: what went in came out, was discarded or is inside");
	}
	if (unknown)
		writer_printf(&r->out, "; not known of %llu object%s", (unsigned long long)unknown,
			      unknown == 1 ? "" : "s");
	report_eol(r);
}

static void print_object(struct report *r, const struct object *o)
{
	const struct column *column = column_by_name("object");
	char text[CELL_LEN];
	struct value value;
	struct row row;

	row_init(&row, o, SPAN_TOTAL);
	cell_format(text, column, column_value(column, &row, &value) ? &value : NULL, 0, &r->style);
	writer_text(&r->out, text);
}

static void print_process(struct report *r, uint32_t tgid, uint32_t start)
{
	const struct process *p = process_find(r->model, tgid, start);
	char text[CELL_LEN];

	process_format(text, p ? p->comm : "", tgid, 0, &r->style);
	writer_text(&r->out, text);
}

static void print_wakes(struct report *r, enum ipc_mech mech)
{
	const struct wake *top[TOP_WAKES];
	uint64_t given = 0, vain = 0, other = 0;
	struct side side;
	size_t cnt;

	if (!can_wakes(&r->model->config.can[mech]))
		return;
	for (unsigned op = 0; op < OP_MAX; op++) {
		total_side(r->model, mech, op, SPAN_TOTAL, &side);
		given += side.wakes;
		vain += side.spurious_wakes;
		other += side.other_wakes;
	}
	label(r, "wakeups");
	writer_printf(&r->out, "%llu given", (unsigned long long)given);
	if (can_see(&r->model->config.can[mech], UNSEEN_SPURIOUS))
		writer_printf(&r->out, ", %llu in vain", (unsigned long long)vain);
	writer_printf(&r->out, ", %llu to sleepers elsewhere", (unsigned long long)other);
	report_eol(r);
	cnt = wakes_top(r->model, mech, SPAN_TOTAL, top, TOP_WAKES);
	for (size_t i = 0; i < cnt; i++) {
		const struct ipc_wake_key *key = &top[i]->key;

		label(r, "");
		writer_printf(&r->out, "%llu ", (unsigned long long)wake_count(r->model, top[i], SPAN_TOTAL));
		if (key->waker_kind == WAKER_TASK)
			print_process(r, key->waker, key->waker_start);
		else
			writer_text(&r->out, waker_name(key->waker_kind));
		writer_text(&r->out, r->style.ascii ? " -> " : " → ");
		print_process(r, key->wakee, key->wakee_start);
		writer_text(&r->out, " on ");
		print_object(r, top[i]->object);
		report_eol(r);
	}
}

static void print_wait(struct report *r, const struct wait *w)
{
	const char *cause = cause_name(w->cause);
	char text[CELL_LEN], length[UNIT_LEN];

	process_format(text, w->comm, w->tid, 0, &r->style);
	format_unit(length, w->length_ns, UNIT_NS);
	writer_printf(&r->out, "%s in %s", text, op_name(w->op));
	if (w->edge) {
		writer_text(&r->out, " on ");
		print_object(r, w->edge->endpoint->object);
	}
	writer_printf(&r->out, ": %s for %s", cause ? cause : "?", length);
	if (w->preexisting)
		writer_text(&r->out, ", since before the start");
	report_eol(r);
}

/* mech: MECH_NONE for those whose object is not known yet. */
static void print_waits(struct report *r, unsigned mech)
{
	const struct model *m = r->model;
	size_t cnt = 0;

	for (size_t i = 0; i < m->wait_cnt; i++) {
		if (!m->waits[i].open || (m->waits[i].edge ? m->waits[i].mech : MECH_NONE) != mech)
			continue;
		if (cnt++ >= TOP_WAITS)
			continue;
		label(r, cnt == 1 ? "waiting" : "");
		print_wait(r, &m->waits[i]);
	}
	if (cnt > TOP_WAITS) {
		label(r, "");
		writer_printf(&r->out, "and %zu more", cnt - TOP_WAITS);
		report_eol(r);
	}
}

static void print_mechanism(struct report *r, enum ipc_mech mech)
{
	const struct total *total = r->model->totals[mech];

	report_eol(r);
	writer_text(&r->out, hue_on(&r->style, HUE_HEAD));
	writer_printf(&r->out, "%s (%s): %llu object%s", mechanism_by_id(mech)->name,
		      backend_name(r->model->config.can[mech].backend), (unsigned long long)total->objects,
		      total->objects == 1 ? "" : "s");
	writer_text(&r->out, hue_off(&r->style, HUE_HEAD));
	report_eol(r);
	if (!total->objects)
		return;
	writer_printf(&r->out, "  %-9s %9s %14s%14s%12s%9s %7s", "", "ops", "bytes", "copied", "moved", "waits",
		      "waited");
	report_eol(r);
	for (unsigned op = 0; op < OP_MAX; op++)
		print_side(r, mech, op);
	print_missed(r, mech);
	print_errors(r, mech);
	print_wakes(r, mech);
	print_waits(r, mech);
	print_balance(r, mech);
}

void report_totals(struct report *r)
{
	size_t shown, active;

	report_measure(r);
	shown = report_objects(r, SPAN_TOTAL, 0, &active);
	writer_text(&r->out, hue_on(&r->style, HUE_HEAD));
	writer_printf(&r->out, "summary of %.1f s", model_span_ns(r->model, SPAN_TOTAL) / 1e9);
	writer_text(&r->out, hue_off(&r->style, HUE_HEAD));
	report_eol(r);
	if (r->selection.cnt)
		table_print(&r->table, &r->out, r->selection.objects, r->selection.cnt, SPAN_TOTAL, &r->style);
	if (shown > r->selection.cnt) {
		writer_printf(&r->out, "and %zu more", shown - r->selection.cnt);
		report_eol(r);
	}
	model_for_each_mech(r->model, mech)
		print_mechanism(r, mech);
	print_waits(r, MECH_NONE);
	report_eol(r);
	if (!report_losses(r, SPAN_TOTAL))
		writer_text(&r->out, "nothing lost");
	report_eol(r);
	report_self(r, SPAN_TOTAL);
}
