// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Experiments for programs: a line each, then one that sums up. */
#include <stdio.h>

#include "experiment/evidence.h"
#include "experiment/trial.h"
#include "out/json.h"

static void begin(struct lab_report *r, const struct experiment *x)
{
	(void)r;
	(void)x;
}

static void moment(struct lab_report *r, const struct trial *t)
{
	(void)r;
	(void)t;
}

static void json_steps(struct json *j, const struct trial *t)
{
	const struct experiment *x = t->experiment;

	json_open(j, "steps", '[');
	for (unsigned n = 0; n < t->moment_cnt; n++) {
		json_open(j, NULL, '{');
		json_uint(j, "step", n);
		json_string(j, "by", n ? step_actor(x, &x->steps[n - 1]) : "director");
		json_string(j, "line", n ? x->steps[n - 1].line : NULL);
		json_open(j, "objects", '[');
		for (unsigned i = 0; i < t->moments[n].cnt; i++) {
			json_key(j, NULL);
			writer_text(j->out, t->moments[n].sights[i].text ? t->moments[n].sights[i].text : "null");
		}
		json_close(j, ']');
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* The verdict if this figure were another; NULL: there is none to change. */
static const char *spoilt(const struct trial *t, const char *name)
{
	struct evidence e = t->evidence;
	struct verdict v;

	if (!trial_settled(t) || !evidence_break(&e, name))
		return NULL;
	verdict_on(&e, &v);
	return verdict_kind_word(v.kind);
}

static void json_evidence(struct json *j, const struct trial *t)
{
	const struct exhibit *f = t->experiment->figures;

	json_open(j, "evidence", '[');
	for (unsigned i = 0; i < FIGURES_MAX && f[i].name; i++) {
		const struct value *v = &t->evidence.values[i];

		json_open(j, NULL, '{');
		json_string(j, "name", f[i].name);
		json_string(j, "what", f[i].what);
		json_string(j, "path", f[i].path);
		json_uint(j, "object", f[i].object);
		json_uint_or_null(j, "after_step", f[i].after != AT_END, f[i].after == AT_START ? 0 : f[i].after);
		json_uint_or_null(j, "since_step", f[i].since, f[i].since == AT_START ? 0 : f[i].since);
		if (!v->known)
			json_null(j, "value");
		else if (*v->text)
			json_string(j, "value", v->text);
		else
			json_int(j, "value", v->number);
		json_string(j, "spoilt", spoilt(t, f[i].name));
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* Only the last run is told. */
static void again(struct lab_report *r, const struct trial *t)
{
	(void)r, (void)t;
}

static void end(struct lab_report *r, const struct trial *t)
{
	const struct experiment *x = t->experiment;
	struct json j = {.out = r->out};

	json_open(&j, NULL, '{');
	json_string(&j, "type", "experiment");
	json_uint(&j, "schema", 1);
	json_string(&j, "id", x->id);
	json_string(&j, "claim", x->claim);
	json_string(&j, "said_by", x->said_by);
	json_string(&j, "needs", x->needs);
	json_string(&j, "kernel", r->kernel);
	json_string(&j, "backends", r->backends);
	json_steps(&j, t);
	json_evidence(&j, t);
	json_string(&j, "verdict", verdict_kind_word(t->verdict.kind));
	json_string(&j, "why", t->verdict.text);
	json_uint(&j, "compared", t->compared);
	if (t->compared)
		json_bool(&j, "agrees", !*t->differs);
	else
		json_null(&j, "agrees");
	json_string(&j, "differs", *t->differs ? t->differs : NULL);
	json_uint(&j, "missed", t->missed);
	json_close(&j, '}');
	json_end_line(&j);
}

static void summary(struct lab_report *r, const struct trial *trials, size_t cnt, int status)
{
	struct json j = {.out = r->out};

	(void)trials;
	json_open(&j, NULL, '{');
	json_string(&j, "type", "lab");
	json_uint(&j, "schema", 1);
	json_string(&j, "kernel", r->kernel);
	json_string(&j, "backends", r->backends);
	json_uint(&j, "experiments", cnt);
	for (unsigned kind = VERDICT_HOLDS; kind < VERDICT_CNT; kind++)
		json_uint(&j, verdict_kind_word(kind), r->count[kind]);
	json_uint(&j, "disagree", r->disagree);
	json_uint(&j, "status", status);
	json_close(&j, '}');
	json_end_line(&j);
}

const struct lab_format lab_json = {begin, moment, again, end, summary};
