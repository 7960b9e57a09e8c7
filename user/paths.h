/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Paths of files that were open before us, where the programs cannot tell them:
 * 5.10 lets no iterator call bpf_d_path(). The holder's descriptors can.
 */
#ifndef PATHS_H
#define PATHS_H

#include "programs.h"

/* After a pass: what it found held and has no name gets one, where /proc knows it. */
void paths_find(struct programs *p);

#endif
