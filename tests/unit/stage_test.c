// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Every experiment can be acted a second time, beside what the first time left: where operations were missed it is. */
#include "experiment/stage.h"
#include "experiment/trial.h"
#include "tap.h"

/* enum stage_outcome */
static int act(const struct experiment *x, char *why, size_t size)
{
	unsigned steps = experiment_steps(x), n = 0;
	bool going = stage_begin(x);
	const char *said;
	int outcome;

	while (going && n < steps)
		going = stage_step(++n);
	outcome = stage_end(&said);
	snprintf(why, size, "%s", said);
	return outcome;
}

static void twice(const struct experiment *x)
{
	char first[256], second[256];
	int outcome = act(x, first, sizeof(first));

	ok(outcome == STAGE_OK || outcome == STAGE_ABSENT, "%s: acted (%s)", x->id, first);
	ok(act(x, second, sizeof(second)) == outcome, "%s: and once more (%s)", x->id, second);
}

int main(void)
{
	if (!ok(stage_open() > 0, "the stage opens"))
		return done_testing();
	for (const struct family *const *f = families; *f; f++)
		for (size_t i = 0; i < (*f)->cnt; i++)
			twice(&(*f)->experiments[i]);
	stage_close();
	return done_testing();
}
