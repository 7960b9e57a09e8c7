/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One run of an experiment: what was seen at each moment, and what follows. */
#ifndef TRIAL_H
#define TRIAL_H

#include <stdint.h>

#include "experiment/experiment.h"
#include "out/style.h"
#include "out/writer.h"
#include "view/ring_state.h"

#define TRIAL_OBJECTS 8 /* more are not shown and give no figures */

/* What was seen of one object. */
struct sight {
	const char *mech;
	char *text;		      /* its JSON; NULL: nothing */
	struct json_object *document; /* the same, read */
	struct ring_state ring;	      /* found: it has one */
};

struct moment {
	unsigned cnt;
	struct sight sights[TRIAL_OBJECTS];
};

struct trial {
	const struct experiment *experiment;
	struct moment moments[STEPS_MAX + 1]; /* the scene, then after each step */
	unsigned moment_cnt;
	struct evidence evidence;
	struct verdict verdict;
	unsigned compared; /* figures of the scenario with those of the probes; 0: it did not come to that */
	char differs[192]; /* empty: they agree */
	uint64_t missed;   /* operations that the probes know to have missed meanwhile */
};

/* It ran to its end, and what the scenario counted is not what the probes saw, or it should have run and did not. */
bool trial_disagrees(const struct trial *t);
/* There is a verdict on the claim. */
bool trial_settled(const struct trial *t);

unsigned experiment_steps(const struct experiment *x);
const char *step_actor(const struct experiment *x, const struct step *step);

/* What all reports need to know. */
struct lab_report {
	struct writer *out;
	struct style style;
	const char *kernel; /* its release */
	unsigned page_bytes;
	char backends[320]; /* "pipe (function)" */
	unsigned count[VERDICT_CNT], disagree, trials;
};

/* For people (lab_text.c), and for programs (lab_json.c). */
struct lab_format {
	void (*begin)(struct lab_report *r, const struct experiment *x);
	void (*moment)(struct lab_report *r, const struct trial *t); /* the last of its moments */
	void (*again)(struct lab_report *r, const struct trial *t); /* what it came to may be for what was missed: once more */
	void (*end)(struct lab_report *r, const struct trial *t);
	void (*summary)(struct lab_report *r, const struct trial *trials, size_t cnt, int status);
};

extern const struct lab_format lab_text, lab_json;

#endif
