/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hooks and system calls that pipes and FIFOs have in common. */
#ifndef PIPE_HOOKS_H
#define PIPE_HOOKS_H

#include "../mech.h"

extern const struct mech_hook pipe_hooks[];
extern const struct mech_syscall pipe_syscalls[];

#endif
