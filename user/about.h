/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a session is about: which mechanisms it traces and how, with which filters,
 * on what machine, since when. Made of what was loaded, or read from a recording;
 * the model and the reports need nothing else of either.
 */
#ifndef ABOUT_H
#define ABOUT_H

#include "cli.h"
#include "kernel.h"
#include "model/capability.h"
#include "programs.h"
#include "view/view.h"

struct about {
	struct report_start start; /* points into this */
	uint32_t page_size;
	struct capability can[MECH_MAX]; /* by mechanism id */
};

/* Never NULL. profile: enum ipc_profile, what is collected. */
struct about *about_session(const struct cli_options *o, const struct kernel *k, const struct programs *p,
			    uint32_t profile);
void about_free(struct about *a);

/* As JSON text, malloc'ed. */
char *about_to_json(const struct about *a);

/*
 * The same back. NULL: it is none, with the reason in why[size]. mechs: only
 * these, a bit each; 0: all that it has.
 */
struct about *about_from_json(const char *text, size_t len, uint32_t mechs, char *why, size_t size);

/* Mechanisms of it, a bit each. */
uint32_t about_mechanisms(const struct about *a);

#endif
