// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The section LAB of the manual page, with every claim in the table of experiments. */
#include <string.h>

#include "cli_roff.h"
#include "experiment/experiment.h"
#include "experiment/lab.h"

static const char *const prose[] = {
	"ipctrace lab puts claims about IPC to the kernel. Each experiment has real processes take one step after the other, "
	"shows after each what ipctrace saw (the operations, what changed in the object's state, who sleeps, the ring), and ends "
	"with figures and a verdict: holds; holds with a limit; does not hold here; not seen by this backend; not on this "
	"kernel. The last two are no verdicts on the claim and say what would be needed.",
	"The verdict is computed from the figures that the probes gave, never from what the scenario did. Beside it stands "
	"whether the scenario, which counts its own operations, agrees with the probes. Exit status: 0 they agree wherever an "
	"experiment could run, 1 they do not somewhere or a scenario did not come about, 77 no claim could be settled.",
	"With --json, a line of type experiment for each, with all that was seen after each step, and a line of type lab.",
	"The claims:",
};

void lab_man(FILE *out)
{
	for (size_t i = 0; i < sizeof(prose) / sizeof(prose[0]); i++)
		roff_prose(out, prose[i]);
	for (const struct family *const *f = families; *f; f++)
		for (size_t i = 0; i < (*f)->cnt; i++) {
			fputs(".TP\n", out);
			roff_bold(out, (*f)->experiments[i].id);
			fputc('\n', out);
			roff_sentence(out, (*f)->experiments[i].claim);
		}
}
