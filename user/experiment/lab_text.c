// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Experiments for people, at most 80 columns wide: the claim, what happens step by
 * step with the kernel's state after each, the evidence, the verdict. What is drawn
 * of a state follows from ipctrace's JSON of the object, whatever mechanism it is of.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/evidence.h"
#include "experiment/lab_state.h"
#include "experiment/trial.h"
#include "model/alloc.h"
#include "out/escape.h"
#include "view/output.h"

#define COLUMNS 80

static const char *rule(const struct lab_report *r)
{
	return r->style.ascii ? "-" : "─";
}

/* Text through a FILE in memory, for what is made of printf and of the ring's drawing. */
struct page {
	FILE *file;
	char *text;
	size_t size;
};

static FILE *page_open(struct page *p)
{
	*p = (struct page){0};
	p->file = must_have(open_memstream(&p->text, &p->size));
	return p->file;
}

static void page_close(struct page *p, struct lab_report *r)
{
	fclose(p->file);
	writer_put(r->out, p->text, p->size);
	free(p->text);
}

static void begin(struct lab_report *r, const struct experiment *x)
{
	struct page p;
	FILE *out = page_open(&p);
	int used = 3 + strlen(x->id) + 1 + 1 + strlen(x->said_by) + 3;

	if (r->trials++)
		fputc('\n', out);
	fprintf(out, "%s%s%s%s %s ", hue_on(&r->style, HUE_HEAD), rule(r), rule(r), "", x->id);
	for (int i = used; i < COLUMNS; i++)
		fputs(rule(r), out);
	fprintf(out, " %s %s%s%s\n", x->said_by, rule(r), rule(r), hue_off(&r->style, HUE_HEAD));
	output_paragraph(out, 7, "claim:", x->claim);
	fputc('\n', out);
	page_close(&p, r);
}

static void moment(struct lab_report *r, const struct trial *t)
{
	const struct experiment *x = t->experiment;
	unsigned n = t->moment_cnt - 1;
	const struct moment *now = &t->moments[n], *before = n ? &t->moments[n - 1] : NULL;
	struct page p;
	FILE *out = page_open(&p);
	char label[32];

	if (n) {
		const char *actor = step_actor(x, &x->steps[n - 1]);

		snprintf(label, sizeof(label), "%2u  %s ", n, actor);
		fputs(hue_on(&r->style, HUE_HEAD), out);
		output_paragraph(out, (int)strlen(label), label, x->steps[n - 1].line);
		fputs(hue_off(&r->style, HUE_HEAD), out);
	} else {
		fprintf(out, "%s 0  the scene is set%s\n", hue_on(&r->style, HUE_HEAD), hue_off(&r->style, HUE_HEAD));
	}
	for (unsigned i = 0; i < now->cnt; i++)
		state_draw(out, r, &now->sights[i], before && i < before->cnt ? &before->sights[i] : NULL);
	page_close(&p, r);
}

static void draw_moment(FILE *out, const struct exhibit *f)
{
	if (f->after != AT_END || f->since)
		fputs("  ", out);
	if (f->after == AT_START)
		fputs("scene", out);
	else if (f->after != AT_END)
		fprintf(out, "step %u", f->after);
	if (f->since == AT_START)
		fputs(f->after == AT_END ? "since the scene" : " - scene", out);
	else if (f->since)
		fprintf(out, " - %u", f->since);
}

static void draw_evidence(FILE *out, const struct lab_report *r, const struct trial *t)
{
	const struct exhibit *f = t->experiment->figures;

	fprintf(out, "\n%sevidence%s\n", hue_on(&r->style, HUE_HEAD), hue_off(&r->style, HUE_HEAD));
	for (unsigned i = 0; i < FIGURES_MAX && f[i].name; i++) {
		char text[64];

		value_text(&t->evidence.values[i], r->style.ascii, text, sizeof(text));
		fprintf(out, "  %-14s %-40s %*s%s", f[i].name, f[i].what,
			10 - text_width(text) > 0 ? 10 - text_width(text) : 0, "", text);
		draw_moment(out, &f[i]);
		fputc('\n', out);
	}
}

static enum hue verdict_hue(enum verdict_kind kind)
{
	switch (kind) {
	case VERDICT_HOLDS:
		return HUE_HEAD;
	case VERDICT_LIMIT:
	case VERDICT_REFUTED:
		return HUE_NOTE;
	case VERDICT_UNESTABLISHED:
		return HUE_ALARM;
	default:
		return HUE_DIM;
	}
}

static void draw_verdict(FILE *out, const struct lab_report *r, const struct trial *t)
{
	const struct verdict *v = &t->verdict;
	enum hue hue = verdict_hue(v->kind);

	fprintf(out, "%sverdict  %s%s%s\n", r->style.color ? "\033[1m" : "", hue_on(&r->style, hue),
		verdict_kind_name(v->kind), r->style.color ? "\033[0m" : "");
	if (*v->text)
		output_paragraph(out, 9, "", v->text);
}

static void again(struct lab_report *r, const struct trial *t)
{
	struct page p;
	FILE *out = page_open(&p);

	fprintf(out, "\n%s%" PRIu64 " operations missed, which may be what the claim lacks: once more%s\n", hue_on(&r->style, HUE_DIM),
		t->missed, hue_off(&r->style, HUE_DIM));
	page_close(&p, r);
}

static void end(struct lab_report *r, const struct trial *t)
{
	struct page p;
	FILE *out = page_open(&p);

	if (t->compared)
		draw_evidence(out, r, t);
	draw_verdict(out, r, t);
	if (*t->differs)
		fprintf(out, "%s         the scenario and the probes do not agree: %s%s\n", hue_on(&r->style, HUE_ALARM),
			t->differs, hue_off(&r->style, HUE_ALARM));
	else if (t->compared)
		fprintf(out, "%s         %u figures of the scenario's own equal those of the probes%s\n",
			hue_on(&r->style, HUE_DIM), t->compared, hue_off(&r->style, HUE_DIM));
	if (t->missed)
		fprintf(out, "         %" PRIu64 " operations missed meanwhile\n", t->missed);
	page_close(&p, r);
}

static void summary(struct lab_report *r, const struct trial *trials, size_t cnt, int status)
{
	struct page p;
	FILE *out;
	bool any = false;

	(void)status;
	if (cnt < 2)
		return;
	out = page_open(&p);
	fprintf(out, "\n%sverdicts%s  kernel %s\n", hue_on(&r->style, HUE_HEAD), hue_off(&r->style, HUE_HEAD), r->kernel);
	output_paragraph(out, 10, "", r->backends);
	for (size_t i = 0; i < cnt; i++) {
		const struct trial *t = &trials[i];

		fprintf(out, "  %-20s %s%s%s%s\n", t->experiment->id, hue_on(&r->style, verdict_hue(t->verdict.kind)),
			verdict_kind_name(t->verdict.kind), hue_off(&r->style, verdict_hue(t->verdict.kind)),
			*t->differs ? "; scenario and probes do not agree" : "");
	}
	fprintf(out, "%zu claims:", cnt);
	for (unsigned kind = VERDICT_HOLDS; kind < VERDICT_CNT; kind++)
		if (r->count[kind]) {
			fprintf(out, "%s %u %s", any ? "," : "", r->count[kind], verdict_kind_name(kind));
			any = true;
		}
	fputc('\n', out);
	if (r->disagree)
		fprintf(out, "%sin %u of them scenario and probes do not agree%s\n", hue_on(&r->style, HUE_ALARM), r->disagree,
			hue_off(&r->style, HUE_ALARM));
	page_close(&p, r);
}

const struct lab_format lab_text = {begin, moment, again, end, summary};
