// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Histograms in text: sizes, latencies, waits by mechanism and operation, and residency. */
#include "model/hist.h"
#include "out/units.h"
#include "view/report.h"

#define BAR_CELLS 35

static void print_bar(struct report *r, uint64_t count, uint64_t most)
{
	int cells = most ? (int)((double)count / most * BAR_CELLS + 0.5) : 0;

	writer_text(&r->out, " |");
	writer_repeat(&r->out, r->style.ascii ? "*" : "█", cells ? cells : count != 0);
	writer_repeat(&r->out, " ", BAR_CELLS - (cells ? cells : count != 0));
	writer_char(&r->out, '|');
}

/* The bound that this part of all values lies below. */
static void format_below(struct report *r, char buf[UNIT_LEN], const struct ipc_hist *h, double part, enum unit unit)
{
	uint64_t upper = hist_quantile(h, part);

	if (upper == HIST_OPEN)
		snprintf(buf, UNIT_LEN, "%s", unknown_mark(&r->style));
	else
		format_unit(buf, upper + 1.0, unit);
}

static void print_hist(struct report *r, const char *mech, const char *what, const struct ipc_hist *h, enum unit unit)
{
	char mean[UNIT_LEN], half[UNIT_LEN], tail[UNIT_LEN];
	unsigned first = 0, last = IPC_HIST_SLOTS - 1;
	uint64_t cnt = hist_count(h), most = 0;

	if (!cnt)
		return;
	while (!h->slots[first])
		first++;
	while (!h->slots[last])
		last--;
	for (unsigned i = first; i <= last; i++)
		if (h->slots[i] > most)
			most = h->slots[i];
	format_unit(mean, hist_mean(h), unit);
	format_below(r, half, h, 0.5, unit);
	format_below(r, tail, h, 0.99, unit);
	report_eol(r);
	writer_printf(&r->out, "%s%s %s%s: %llu values, mean %s, half below %s, 99 %% below %s",
		      hue_on(&r->style, HUE_HEAD), mech, what, hue_off(&r->style, HUE_HEAD), (unsigned long long)cnt, mean,
		      half, tail);
	report_eol(r);
	writer_printf(&r->out, "%13s    %-13s %10s", unit == UNIT_NS ? "ns" : "bytes", "", "count");
	report_eol(r);
	for (unsigned i = first; i <= last; i++) {
		if (hist_upper(i) == HIST_OPEN)
			writer_printf(&r->out, "%13llu -> %-13s %10llu", (unsigned long long)hist_lower(i), "",
				      (unsigned long long)h->slots[i]);
		else
			writer_printf(&r->out, "%13llu -> %-13llu %10llu", (unsigned long long)hist_lower(i),
				      (unsigned long long)hist_upper(i), (unsigned long long)h->slots[i]);
		print_bar(r, h->slots[i], most);
		report_eol(r);
	}
}

void report_histograms(struct report *r, enum span span)
{
	static const struct {
		enum ipc_hist_kind kind;
		const char *name;
		enum unit unit;
	} kinds[] = {
		{ HIST_SIZE, "size", UNIT_BYTES },
		{ HIST_LATENCY, "latency", UNIT_NS },
		{ HIST_WAIT, "wait", UNIT_NS },
	};
	struct ipc_hist hist;
	char what[32];

	model_for_each_mech(r->model, mech) {
		for (unsigned op = 0; op < OP_MAX; op++)
			for (unsigned k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
				total_hist(r->model, mech, op, kinds[k].kind, span, &hist);
				snprintf(what, sizeof(what), "%s %s", op_name(op), kinds[k].name);
				print_hist(r, mechanism_by_id(mech)->name, what, &hist, kinds[k].unit);
			}
		total_residency(r->model, mech, span, &hist);
		print_hist(r, mechanism_by_id(mech)->name, "residency", &hist, UNIT_NS);
	}
}

static void interval(struct report *r)
{
	if (r->options.hist_intervals) {
		writer_printf(&r->out, "%.1f s", model_span_ns(r->model, SPAN_TOTAL) / 1e9);
		report_eol(r);
		report_histograms(r, SPAN_INTERVAL);
	}
	if (report_losses(r, SPAN_INTERVAL) || r->options.hist_intervals)
		report_eol(r);
	report_self(r, SPAN_INTERVAL);
}

static void summary(struct report *r)
{
	report_totals(r);
	report_histograms(r, SPAN_TOTAL);
}

const struct view view_hist = {
	.name = "hist",
	.interval = interval,
	.summary = summary,
};
