// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `ipctrace lab`: chooses experiments, runs them on one stage before one witness, reports. */
#include "experiment/lab.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "experiment/evidence.h"
#include "experiment/stage.h"
#include "experiment/trial.h"
#include "experiment/witness.h"
#include "model/alloc.h"
#include "session.h"
#include "view/output.h"

#define LOOKS_MAX 25 /* at what is not settled */
#define LOOK_PAUSE_US 10000

struct lab {
	const struct cli_options *options;
	const struct kernel *kernel;
	const struct experiment *chosen[CLI_EXPERIMENTS_MAX * 4];
	struct trial *trials;
	size_t cnt, done;
	uint32_t mechs;
	struct witness *witness;
	struct lab_report report;
	const struct lab_format *format;
	int keys; /* descriptor that --step waits on; -1: it does not */
};

static volatile sig_atomic_t stopped;

static void on_stop(int sig)
{
	stopped = sig;
}

/* ---- what is to be run ---- */

static void choose(struct lab *lab, const struct experiment *x)
{
	for (size_t i = 0; i < lab->cnt; i++)
		if (lab->chosen[i] == x)
			return;
	if (lab->cnt < sizeof(lab->chosen) / sizeof(lab->chosen[0]))
		lab->chosen[lab->cnt++] = x;
}

/* An id, a family or all. */
static bool choose_word(struct lab *lab, const char *name)
{
	const struct experiment *x = experiment_find(name);
	bool found = x != NULL, all = !strcmp(name, "all");

	if (x)
		choose(lab, x);
	for (const struct family *const *f = families; *f; f++) {
		if (!all && strcmp((*f)->name, name))
			continue;
		found = true;
		for (size_t i = 0; i < (*f)->cnt; i++)
			choose(lab, &(*f)->experiments[i]);
	}
	return found;
}

/* Bit per mechanism of a list; a name that this ipctrace does not have is in missing. */
static uint32_t mechs_of(const struct experiment *x, char *missing, size_t size)
{
	uint32_t mask = 0;

	*missing = '\0';
	for (const char *at = x->mechs; *at; at += strcspn(at, ","), at += *at == ',') {
		char name[32];
		const struct mechanism *mech;

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at, ","), at);
		mech = mechanism_by_name(name);
		if (mech)
			mask |= 1u << mech->id;
		else
			snprintf(missing, size, "%s", name);
	}
	return mask;
}

static int choose_all(struct lab *lab)
{
	char missing[32];

	for (uint32_t i = 0; i < lab->options->experiment_cnt; i++) {
		if (choose_word(lab, lab->options->experiments[i]))
			continue;
		fprintf(stderr, "ipctrace: no experiment and no family '%s'; 'ipctrace lab --list' shows them\n",
			lab->options->experiments[i]);
		return CLI_EXIT_USAGE;
	}
	if (!lab->cnt) {
		fputs("ipctrace: lab needs experiments, a family or 'all'; 'ipctrace lab --list' shows them\n", stderr);
		return CLI_EXIT_USAGE;
	}
	for (size_t i = 0; i < lab->cnt; i++)
		lab->mechs |= mechs_of(lab->chosen[i], missing, sizeof(missing));
	if (lab->options->break_figure)
		for (size_t i = 0; i < lab->cnt; i++) {
			struct evidence e = {.experiment = lab->chosen[i]};

			if (evidence_break(&e, lab->options->break_figure))
				return 0;
		}
	if (lab->options->break_figure) {
		fprintf(stderr, "ipctrace: --break: none of these experiments has a figure '%s'\n", lab->options->break_figure);
		return CLI_EXIT_USAGE;
	}
	return 0;
}

/* ---- one experiment ---- */

static void sight_free(struct sight *s)
{
	free(s->text);
	document_free(s->document);
	ring_state__free(&s->ring);
}

/*
 * An end that is open and that nobody holds, or was a moment ago: an iterator of
 * somebody else has the file in hand and will let it go; then the close of the step
 * will have been.
 */
static bool is_in_other_hands(const struct sight *s)
{
	static const struct {
		const char *ends, *modelled;
		uint32_t mode;
	} sides[] = {{"ring.readers", "internals.readers", 1}, {"ring.writers", "internals.writers", 2}};
	uint32_t held = 0;

	if (!s->ring.found)
		return false;
	for (size_t i = 0; i < s->ring.holder_cnt; i++)
		held |= s->ring.holders[i].mode;
	for (int i = 0; i < 2; i++) {
		int64_t ends = document_value(s->document, sides[i].ends).number;

		if ((!(held & sides[i].mode) && ends) || ends != document_value(s->document, sides[i].modelled).number)
			return true;
	}
	return false;
}

/*
 * Operations are counted whose events are not there: a task that was interrupted while
 * it wrote one holds up all that come after it.
 */
static bool is_behind(const struct sight *s)
{
	return document_value(s->document, "events.op=send.#").number < document_value(s->document, "send.ops").number ||
	       document_value(s->document, "events.op=recv.#").number < document_value(s->document, "recv.ops").number;
}

/* What is seen now. Returns 0, or -errno. */
static int look(struct lab *lab, struct moment *m)
{
	int err = witness_look(lab->witness);

	m->cnt = stage_objects() < TRIAL_OBJECTS ? stage_objects() : TRIAL_OBJECTS;
	for (unsigned i = 0; i < m->cnt && !err; i++) {
		struct sight *s = &m->sights[i];

		s->mech = stage_object_mech(i);
		s->text = witness_document(lab->witness, s->mech, stage_object_key(i), &s->ring);
		s->document = s->text ? document_parse(s->text) : NULL;
	}
	return err;
}

static bool some_unsettled(const struct moment *m)
{
	for (unsigned i = 0; i < m->cnt; i++)
		if (is_in_other_hands(&m->sights[i]) || is_behind(&m->sights[i]))
			return true;
	return false;
}

static void moment_free(struct moment *m)
{
	for (unsigned i = 0; i < m->cnt; i++)
		sight_free(&m->sights[i]);
	*m = (struct moment){0};
}

static int see(struct lab *lab, struct trial *t)
{
	struct moment *m = &t->moments[t->moment_cnt];
	int err = look(lab, m);

	for (int again = 0; !err && again < LOOKS_MAX && some_unsettled(m); again++) {
		moment_free(m);
		usleep(LOOK_PAUSE_US);
		err = look(lab, m);
	}
	if (err)
		return err;
	t->moment_cnt++;
	lab->format->moment(&lab->report, t);
	writer_flush(lab->report.out);
	return 0;
}

static struct value value_at(const struct trial *t, const struct exhibit *f, unsigned when)
{
	unsigned n = when == AT_START ? 0 : when == AT_END ? t->moment_cnt - 1 : when;

	if (n >= t->moment_cnt || f->object >= t->moments[n].cnt)
		return (struct value){0};
	return document_value(t->moments[n].sights[f->object].document, f->path);
}

static void read_evidence(struct trial *t)
{
	const struct exhibit *f = t->experiment->figures;

	t->evidence.experiment = t->experiment;
	for (unsigned i = 0; i < FIGURES_MAX && f[i].name; i++) {
		struct value *v = &t->evidence.values[i], before;

		*v = value_at(t, &f[i], f[i].after);
		if (!f[i].since)
			continue;
		before = value_at(t, &f[i], f[i].since);
		v->known &= before.known;
		v->number -= before.number;
	}
}

static void compare(struct trial *t)
{
	const struct moment *m = &t->moments[t->moment_cnt - 1];
	char differs[sizeof(t->differs)];

	for (unsigned i = 0; i < m->cnt; i++) {
		const struct json_object *seen = document_object(m->sights[i].document);

		t->compared += stage_compare(i, seen, t->missed, differs, sizeof(differs));
		if (*differs && !*t->differs)
			memcpy(t->differs, differs, sizeof(differs));
	}
}

static void no_verdict(struct trial *t, enum verdict_kind kind, const char *why)
{
	t->verdict.kind = kind;
	snprintf(t->verdict.text, sizeof(t->verdict.text), "%s", why);
}

/* Is everything traced that it needs? */
static bool is_traced(struct lab *lab, struct trial *t)
{
	char missing[32], why[400] = "";
	uint32_t mechs = mechs_of(t->experiment, missing, sizeof(missing));

	if (*missing)
		snprintf(why, sizeof(why), "this ipctrace has no mechanism '%s' yet", missing);
	for (size_t i = 0; i < mechanism_cnt && !*why; i++) {
		const char *reason;

		if ((mechs & (1u << mechanisms[i]->id)) &&
		    witness_backend(lab->witness, mechanisms[i], &reason) == BACKEND_NONE)
			snprintf(why, sizeof(why), "%s is not traced: %s", mechanisms[i]->name, reason);
	}
	if (*why)
		no_verdict(t, VERDICT_ABSENT, why);
	return !*why;
}

/* --step: until a key is pressed. */
static void await_key(struct lab *lab)
{
	static const char prompt[] = "[Enter]", gone[] = "\r       \r";
	char c = 0;

	if (lab->keys < 0 || stopped)
		return;
	writer_flush(lab->report.out);
	if (write(lab->keys, prompt, sizeof(prompt) - 1) < 0)
		return;
	while (c != '\n' && read(lab->keys, &c, 1) == 1)
		;
	if (write(lab->keys, gone, sizeof(gone) - 1) < 0)
		return;
}

/* Returns 0, or -errno when nothing can be seen any more. */
static int act(struct lab *lab, struct trial *t)
{
	unsigned steps = experiment_steps(t->experiment);
	bool going = stage_begin(t->experiment);
	enum stage_outcome outcome;
	const char *why;
	int err = 0;

	for (unsigned n = 0; going && !err && !stopped; n++) {
		err = see(lab, t);
		if (n == steps)
			break;
		await_key(lab);
		going = stage_step(n + 1);
	}
	t->missed = witness_missed(lab->witness);
	if (!err && going && !stopped) {
		read_evidence(t);
		compare(t);
	}
	outcome = stage_end(&why);
	if (outcome == STAGE_ABSENT)
		no_verdict(t, VERDICT_ABSENT, why);
	else if (outcome != STAGE_OK || !going)
		no_verdict(t, VERDICT_UNESTABLISHED, why);
	return err;
}

static void forget_moments(struct trial *t)
{
	for (unsigned n = 0; n < t->moment_cnt; n++)
		moment_free(&t->moments[n]);
	t->moment_cnt = 0;
}

#define TRIES 3

/* What was missed may be what the claim lacks; a figure that was spoilt lacks it in any case. */
static bool is_doubtful(const struct lab *lab, const struct trial *t)
{
	return t->missed && t->verdict.kind == VERDICT_REFUTED && !lab->options->break_figure;
}

static int try_one(struct lab *lab, struct trial *t)
{
	char missing[32];
	int err;

	witness_begin(lab->witness, mechs_of(t->experiment, missing, sizeof(missing)));
	err = act(lab, t);
	if (err || stopped || t->verdict.kind != VERDICT_NONE)
		return err;
	if (lab->options->break_figure)
		evidence_break(&t->evidence, lab->options->break_figure);
	verdict_on(&t->evidence, &t->verdict);
	return 0;
}

static void begin_again(struct lab *lab, struct trial *t)
{
	lab->format->again(&lab->report, t);
	forget_moments(t);
	*t = (struct trial){ .experiment = t->experiment };
}

static int run_one(struct lab *lab, struct trial *t)
{
	int err = 0;

	lab->format->begin(&lab->report, t->experiment);
	writer_flush(lab->report.out);
	if (is_traced(lab, t)) {
		err = try_one(lab, t);
		for (int n = 1; n < TRIES && !err && !stopped && is_doubtful(lab, t); n++) {
			begin_again(lab, t);
			err = try_one(lab, t);
		}
	}
	if (err || stopped)
		return err;
	lab->report.count[t->verdict.kind]++;
	lab->report.disagree += trial_disagrees(t);
	lab->format->end(&lab->report, t);
	return writer_flush(lab->report.out);
}

/* ---- all of them ---- */

static int status_of(const struct lab *lab)
{
	size_t settled = 0;

	for (size_t i = 0; i < lab->done; i++)
		settled += trial_settled(&lab->trials[i]);
	return lab->report.disagree || stopped ? CLI_EXIT_FAILED : settled ? 0 : EXIT_UNSUPPORTED;
}

static int open_report(struct lab *lab)
{
	const struct cli_options *o = lab->options;
	FILE *file = output_open(o);

	if (!file)
		return CLI_EXIT_FAILED;
	lab->format = o->json ? &lab_json : &lab_text;
	lab->report.out = xcalloc(1, sizeof(*lab->report.out));
	writer_init(lab->report.out, file);
	lab->report.style = (struct style){.color = output_color(o, file), .ascii = o->ascii, .eol = "\n"};
	lab->report.kernel = lab->kernel->release;
	lab->report.page_bytes = 1u << lab->kernel->page_shift;
	lab->keys = o->step ? open("/dev/tty", O_RDWR | O_CLOEXEC) : -1;
	if (o->step && lab->keys < 0) {
		fputs("ipctrace: --step needs a terminal to wait for a key on\n", stderr);
		return CLI_EXIT_USAGE;
	}
	return 0;
}

static void name_backends(struct lab *lab)
{
	char *at = lab->report.backends;
	size_t size = sizeof(lab->report.backends), len = 0;
	const char *why;

	for (size_t i = 0; i < mechanism_cnt && len < size; i++)
		if (lab->mechs & (1u << mechanisms[i]->id))
			len += snprintf(at + len, size - len, "%s%s %s", len ? ", " : "", mechanisms[i]->name,
					backend_name(witness_backend(lab->witness, mechanisms[i], &why)));
}

static int run_all(struct lab *lab)
{
	int err = 0, status;

	name_backends(lab);
	while (!err && !stopped && lab->done < lab->cnt) {
		struct trial *t = &lab->trials[lab->done];

		t->experiment = lab->chosen[lab->done];
		err = run_one(lab, t);
		forget_moments(t);
		lab->done++;
	}
	status = err ? CLI_EXIT_FAILED : status_of(lab);
	lab->report.trials = lab->done;
	if (!err && !stopped)
		lab->format->summary(&lab->report, lab->trials, lab->done, status);
	err = writer_flush(lab->report.out);
	output_complain(lab->options, err);
	return err ? CLI_EXIT_FAILED : status;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_stop};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

int lab_run(const struct cli_options *o, const struct kernel *k)
{
	struct lab lab = {.options = o, .kernel = k, .keys = -1};
	int status = choose_all(&lab);
	pid_t stage = 0;

	if (!status)
		status = open_report(&lab);
	if (!status) {
		stage = stage_open();
		if (stage < 0)
			fprintf(stderr, "ipctrace: cannot fork: %s\n", strerror(-stage));
		lab.trials = xcalloc(lab.cnt, sizeof(*lab.trials));
		catch_signals();
		status = stage < 0 ? CLI_EXIT_FAILED : 0;
	}
	if (!status && lab.mechs)
		status = witness_open(&lab.witness, o, k, lab.mechs, stage);
	if (!status)
		status = run_all(&lab);
	stage_close();
	witness_close(lab.witness);
	if (lab.report.out && lab.report.out->file != stdout)
		fclose(lab.report.out->file);
	free(lab.report.out);
	free(lab.trials);
	return status;
}
