/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the tool costs by itself: its programs in the kernel, its maps, its process.
 * The kernel measures programs only while somebody asks, for it reads the clock
 * twice a run then; so that is switched on for the time of --self alone.
 */
#ifndef OWN_COST_H
#define OWN_COST_H

#include "model/own.h"
#include "programs.h"

/*
 * Lets the kernel measure every BPF program of the machine until the descriptor is
 * closed. -EPERM without CAP_SYS_ADMIN, -EINVAL before 5.8.
 */
int own_cost_begin(void);

/* Everything since the start; program figures are 0 while nobody lets the kernel measure. */
void own_cost_read(const struct programs *p, struct own *own);

#endif
