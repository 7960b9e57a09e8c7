/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What takes rows out of the maps of running programs. */
#ifndef LIVE_PRUNE_H
#define LIVE_PRUNE_H

#include "programs.h"
#include "source/prune.h"

/* For the maps of p, which must outlive it. */
struct prune *live_prune_new(struct programs *p);

#endif
