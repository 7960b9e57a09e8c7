// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The comparison for people: a few narrow tables a size, a chart, what became of the opinions. */
#include <stdio.h>
#include <string.h>

#include "compare/compare.h"
#include "out/escape.h"
#include "out/units.h"

#define NAME_WIDTH 15
#define WIDTH 79

/* Text in so many cells, at their right end if they are positive. */
static void cell(struct writer *w, const char *text, int width)
{
	int pad = (width < 0 ? -width : width) - text_width(text);

	if (width > 0)
		writer_repeat(w, " ", pad > 0 ? pad : 0);
	writer_text(w, text);
	if (width < 0)
		writer_repeat(w, " ", pad > 0 ? pad : 0);
}

static void number(struct writer *w, const struct style *style, bool known, double value, enum unit unit, int width)
{
	char text[UNIT_LEN];

	format_unit(text, value, unit);
	cell(w, known ? text : unknown_mark(style), width);
}

/* So many a message: 2, 0.25, <0.01. */
static void ratio(struct writer *w, const struct style *style, bool known, double n, double of, int width)
{
	char text[32];
	double value = of > 0 ? n / of : 0;

	if (value > 0 && value < 0.005)
		snprintf(text, sizeof(text), "<0.01");
	else
		snprintf(text, sizeof(text), value == (double)(long long)value || value >= 99.5 ? "%.0f" : "%.2f", value);
	cell(w, known && of > 0 ? text : unknown_mark(style), width);
}

static void head(struct writer *w, const struct style *style, const char *text)
{
	writer_printf(w, "%s%s%s\n", hue_on(style, HUE_HEAD), text, hue_off(style, HUE_HEAD));
}

/* A note under a table, in lines that fit. */
static void note(struct writer *w, const char *label, const char *text)
{
	int column, indent = strlen(label) + 2;

	writer_printf(w, "%s: ", label);
	column = indent;
	while (*(text += strspn(text, " "))) {
		int len = strcspn(text, " ");

		if (column > indent && column + 1 + len > WIDTH) {
			writer_printf(w, "\n%*s", indent, "");
			column = indent;
		}
		if (column > indent)
			writer_char(w, ' ');
		writer_put(w, text, len);
		column += len + (column > indent);
		text += len;
	}
	writer_char(w, '\n');
}

static void flow_row(struct writer *w, const struct figures *f, const struct style *style)
{
	double cost = 0, share = 0;
	bool known = figures_cost_ns(f, &cost);
	char text[UNIT_LEN + 4] = "";

	if (known) {
		format_unit(text + 1, cost < 0 ? -cost : cost, UNIT_NS);
		*text = cost < 0 ? '-' : '+';
		share = cost / f->off.cpu_ns;
	}
	cell(w, f->transport->name, -NAME_WIDTH);
	number(w, style, true, f->off.bytes_per_s, UNIT_BYTES, 8);
	number(w, style, true, f->off.messages_per_s, UNIT_COUNT, 8);
	number(w, style, true, f->off.cpu_ns, UNIT_NS, 8);
	number(w, style, f->latency.cnt, f->latency.median_ns, UNIT_NS, 8);
	number(w, style, f->latency.cnt, f->latency.p99_ns, UNIT_NS, 7);
	number(w, style, f->traced, f->on.bytes_per_s, UNIT_BYTES, 10);
	cell(w, known ? text : unknown_mark(style), 8);
	snprintf(text, sizeof(text), "%.0f%%", share * 100);
	cell(w, known ? text : unknown_mark(style), 8);
	writer_char(w, '\n');
}

/* Three runs that differ twofold say more of what else the machine does. */
static void note_unsteady(struct writer *w, const struct figures *f, size_t cnt)
{
	char text[96];
	size_t unsteady = 0;

	for (size_t i = 0; i < cnt; i++)
		unsteady += !f[i].error && f[i].most_per_s > 2 * f[i].least_per_s;
	snprintf(text, sizeof(text), "the runs of %zu transports differ twofold or more: is the machine busy?", unsteady);
	if (unsteady)
		note(w, "unsteady", text);
}

static void flow_table(struct writer *w, const struct figures *f, size_t cnt, const struct style *style)
{
	head(w, style, "TRANSPORT      BYTES/s  MSGS/s     CPU  MEDIAN    P99  TRACED/s    COST   COST%");
	for (size_t i = 0; i < cnt; i++)
		if (!f[i].error)
			flow_row(w, &f[i], style);
	note_unsteady(w, f, cnt);
}

static void probe_row(struct writer *w, const struct figures *f, const struct style *style)
{
	const struct probed *p = &f->probed;
	double n = f->on.received, copies;
	bool known = figures_copies(f, &copies);

	cell(w, f->transport->name, -NAME_WIDTH);
	ratio(w, style, known, copies, 1, 8);
	ratio(w, style, p->known, p->ops[SENDER] + p->ops[RECEIVER], n, 9);
	ratio(w, style, p->known && p->waits_known, p->waits[SENDER], n, 9);
	ratio(w, style, p->known && p->waits_known, p->waits[RECEIVER], n, 9);
	ratio(w, style, p->known && p->wakes_known, p->wakes, n, 8);
	ratio(w, style, f->traced, f->on.switches, n, 10);
	number(w, style, true, f->off.lost, UNIT_COUNT, 6);
	number(w, style, p->known, p->missed, UNIT_COUNT, 5);
	writer_char(w, '\n');
}

static void probe_table(struct writer *w, const struct figures *f, size_t cnt, const struct style *style)
{
	head(w, style, "A MESSAGE      COPIES/B    CALLS WAITS tx WAITS rx   WAKES  SWITCHES  LOST MISS");
	for (size_t i = 0; i < cnt; i++)
		if (!f[i].error)
			probe_row(w, &f[i], style);
}

static void note_parts(struct writer *w, const struct figures *f)
{
	char text[128];

	if (f->error) {
		snprintf(text, sizeof(text), "not compared: %s", strerror(f->error));
		note(w, f->transport->name, text);
		return;
	}
	if (f->part && f->part < f->size) {
		snprintf(text, sizeof(text), "in parts of %zu bytes: the limit is %s", f->part, f->limit);
		note(w, f->transport->name, text);
	}
	if (f->off.refused) {
		snprintf(text, sizeof(text), "refused %llu times and tried again: it cannot wait for room",
			 (unsigned long long)f->off.refused);
		note(w, f->transport->name, text);
	}
	if (f->off.lost) {
		snprintf(text, sizeof(text), "%llu of %llu messages were lost", (unsigned long long)f->off.lost,
			 (unsigned long long)f->off.sent);
		note(w, f->transport->name, text);
	}
	if (f->corrupt)
		note(w, f->transport->name, "CORRUPT: what was received is not what was sent");
}

/* Both ends', once if they are alike. */
static void interrupted_text(const struct fates *fates, const struct style *style, char *buf, size_t size)
{
	char sent[48], received[48];

	fate_text(&fates->send_interrupted, sent, sizeof(sent));
	fate_text(&fates->receive_interrupted, received, sizeof(received));
	if (strcmp(sent, received) == 0)
		snprintf(buf, size, "%s", sent);
	else
		snprintf(buf, size, "%s/%s", *sent ? sent : unknown_mark(style), received);
}

static void fate_row(struct writer *w, const struct transport *t, const struct fates *fates, const struct style *style)
{
	char full[48], interrupted[100], alone[48], orphan[48];

	fate_text(&fates->full, full, sizeof(full));
	if (fates->never_full)
		snprintf(full, sizeof(full), "drops");
	interrupted_text(fates, style, interrupted, sizeof(interrupted));
	fate_text(&fates->receiver_died, alone, sizeof(alone));
	fate_text(&fates->sender_died, orphan, sizeof(orphan));
	cell(w, t->name, -NAME_WIDTH);
	number(w, style, fates->full_known, fates->capacity_bytes, UNIT_BYTES, 5);
	number(w, style, fates->full_known, fates->capacity_sends, UNIT_COUNT, 6);
	writer_text(w, "  ");
	cell(w, *full ? full : unknown_mark(style), -15);
	cell(w, interrupted, -10);
	cell(w, alone, -15);
	writer_text(w, " ");
	writer_text(w, orphan);
	writer_char(w, '\n');
}

static void fate_table(struct writer *w, const struct comparison *c, const struct style *style)
{
	head(w, style, "LIMITS         BYTES SENDS  WHEN FULL      SIGNAL    READER DIES     WRITER DIES");
	for (size_t i = 0; i < c->transport_cnt; i++) {
		if (!c->fates[i].tried)
			continue;
		if (c->fates[i].error)
			note(w, c->figures[i].transport->name, strerror(c->fates[i].error));
		else
			fate_row(w, c->figures[i].transport, &c->fates[i], style);
	}
}

static void opinion_table(struct writer *w, const struct figures *f, size_t cnt, const struct style *style)
{
	head(w, style, "IT IS SAID THAT");
	for (size_t i = 0; i < opinion_cnt; i++) {
		char why[256] = "", label[32];
		enum verdict_kind verdict = opinions[i].settle(f, cnt, why, sizeof(why));

		note(w, opinions[i].id, opinions[i].claim);
		snprintf(label, sizeof(label), "  %s", opinion_word(verdict));
		note(w, label, *why ? why : "too little was measured");
	}
}

static void size_part(struct writer *w, const struct comparison *c, size_t nr, const struct style *style)
{
	const struct figures *f = &c->figures[nr * c->transport_cnt];
	char rate[UNIT_LEN];

	format_unit(rate, c->baseline_bytes_per_s[nr], UNIT_BYTES);
	writer_printf(w, "\n%s%zu bytes a message%s; made and checked without being sent: %s/s\n", hue_on(style, HUE_HEAD),
		      f->size, hue_off(style, HUE_HEAD), rate);
	flow_table(w, f, c->transport_cnt, style);
	writer_char(w, '\n');
	probe_table(w, f, c->transport_cnt, style);
	for (size_t i = 0; i < c->transport_cnt; i++)
		note_parts(w, &f[i]);
	writer_char(w, '\n');
	compare_chart(w, f, c->transport_cnt, style);
	writer_char(w, '\n');
	opinion_table(w, f, c->transport_cnt, style);
}

void compare_tables(struct writer *w, const struct comparison *c, const struct style *style)
{
	size_t size_cnt = c->figure_cnt / c->transport_cnt;

	writer_printf(w, "kernel %s, %u CPUs; %.3g s a run, %.1f s in all\n", c->kernel->release, c->kernel->cpus,
		      c->options->limit_s, c->elapsed_s);
	if (*c->untraced)
		note(w, "not traced", c->untraced);
	for (size_t i = 0; i < size_cnt; i++)
		size_part(w, c, i, style);
	writer_char(w, '\n');
	writer_printf(w, "Full, interrupted, left alone, with messages of %zu bytes\n", c->figures->size);
	fate_table(w, c, style);
}
