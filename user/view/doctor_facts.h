/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef VIEW_DOCTOR_FACTS_H
#define VIEW_DOCTOR_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli.h"
#include "kernel.h"
#include "programs.h"

/* One thing that was looked at, and what follows from it. */
struct fact {
	const char *name;
	char value[64];
	bool ok;
	const char *note; /* when it is not ok: what it costs, what to do; else NULL or a remark */
};

#define FACTS_MAX 24

/* Fills facts[FACTS_MAX]; returns how many. */
size_t doctor_kernel_facts(const struct kernel *k, struct fact *facts);
size_t doctor_privilege_facts(const struct kernel *k, struct fact *facts);

/*
 * What to change for the function backend, when st does not have it: up to max
 * lines into changes. Returns how many; 0 when there is nothing to gain.
 */
size_t doctor_changes(const struct cli_options *o, const struct kernel *k, const struct mech_status *st,
		      const char **changes, size_t max);

#endif
