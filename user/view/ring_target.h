/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef VIEW_RING_TARGET_H
#define VIEW_RING_TARGET_H

#include "view/ring_state.h"

/*
 * Finds what TARGET means: PID:FD, or what a mechanism's parse_id() takes. Nothing
 * is opened: that would change who reads and writes. Returns 0, or -errno with the
 * reason printed; free target->name in either case.
 */
int ring_target__find(struct ring_target *target, const char *spec);

#endif
