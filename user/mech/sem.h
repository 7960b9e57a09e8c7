/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef MECH_SEM_H
#define MECH_SEM_H

#include "mech.h"

/* struct sem_internals of bpf/sem.bpf.h */
enum sem_word {
	SEM_NSEMS = 0,
	SEM_KEY,
	SEM_LIVE,
	SEM_VALUE,
};

/* ipc_edge.counters; enum sem_counter of bpf/sem.bpf.h */
enum sem_counter {
	SEM_OPS = 0,
	SEM_RAISED = 1,
	SEM_LOWERED = 2,
	SEM_UNDOS = 4,
	SEM_TIMEOUTS = 5,
};

extern const struct mech_field sem_fields[];
extern const struct mech_derived sem_derived[];
extern const struct mech_parts sem_parts[];

bool sem_newer(const uint32_t *a, const uint32_t *b);

#endif
