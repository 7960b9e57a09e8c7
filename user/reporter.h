/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From the command line and what a session is about to a report (view/view.h). */
#ifndef REPORTER_H
#define REPORTER_H

#include <stdio.h>

#include "about.h"
#include "cli.h"

struct reporter; /* opaque */

/* enum ipc_profile that the columns asked for cannot do without. */
uint32_t reporter_needs(const struct cli_options *o);

/* listen_fd: of an export, from server_bind(). 0, or -errno with the reason on stderr. about and m must outlive it. */
int reporter_open(struct reporter **out, const struct cli_options *o, const struct about *about, const struct model *m,
		  FILE *file, int listen_fd);
void reporter_close(struct reporter *r);

int reporter_start(struct reporter *r); /* as report_start() */
struct report *reporter_report(struct reporter *r);

#endif
