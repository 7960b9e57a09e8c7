// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the tool itself costs, as a line of text and in the JSON. */
#include "view/report.h"

#include "out/units.h"

void report_own(struct report *r, const struct own *own, bool runs_known)
{
	r->own_asked = true;
	r->own_runs_known = runs_known;
	r->own_before = r->own;
	r->own = *own;
}

/* Sums of the span; memory is what it is now. */
static struct own own_of(const struct report *r, enum span span)
{
	struct own own = r->own;

	if (span == SPAN_INTERVAL) {
		own.runs -= r->own_before.runs;
		own.run_ns -= r->own_before.run_ns;
		own.user_ns -= r->own_before.user_ns;
	}
	return own;
}

void report_self(struct report *r, enum span span)
{
	struct own own = own_of(r, span);
	uint64_t span_ns = model_span_ns(r->model, span);
	char runs[UNIT_LEN], maps[UNIT_LEN], rss[UNIT_LEN];

	if (!r->own_asked)
		return;
	format_unit(runs, own.runs, UNIT_COUNT);
	format_unit(maps, own.map_bytes, UNIT_BYTES);
	format_unit(rss, own.rss_bytes, UNIT_BYTES);
	writer_text(&r->out, "self: ");
	if (r->own_runs_known)
		writer_printf(&r->out, "%s runs of %.0f ns, %.2f%% of a CPU; ", runs,
			      own.runs ? (double)own.run_ns / own.runs : 0, span_ns ? 100.0 * own.run_ns / span_ns : 0);
	writer_printf(&r->out, "process %.3f s of CPU, %s; maps %s", own.user_ns / 1e9, rss, maps);
	report_eol(r);
}

void json_self(struct report *r, enum span span)
{
	struct own own = own_of(r, span);
	struct json *j = &r->json;

	if (!r->own_asked) {
		json_null(j, "self");
		return;
	}
	json_open(j, "self", '{');
	json_uint_or_null(j, "runs", r->own_runs_known, own.runs);
	json_uint_or_null(j, "run_ns", r->own_runs_known, own.run_ns);
	json_uint(j, "cpu_ns", own.user_ns);
	json_uint(j, "resident_bytes", own.rss_bytes);
	json_uint(j, "map_bytes", own.map_bytes);
	json_close(j, '}');
}
