/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef VIEW_DOCTOR_H
#define VIEW_DOCTOR_H

#include "cli.h"
#include "kernel.h"

/*
 * `ipctrace doctor`: what this kernel and these privileges allow, which backend
 * each mechanism takes and what would have to change for a better one. Found by
 * trying: everything is loaded and attached, and let go. Returns the exit status,
 * EXIT_UNSUPPORTED when no mechanism can be traced.
 */
int view_doctor(const struct cli_options *o, const struct kernel *k);

#endif
