/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef MECH_LOCK_H
#define MECH_LOCK_H

#include "mech.h"

/* struct lock_internals of bpf/lock.bpf.h */
enum lock_word {
	LOCK_WORD_KIND = 0,
	LOCK_WORD_TYPE,
	LOCK_WORD_START,
	LOCK_WORD_START_HIGH,
	LOCK_WORD_END,
	LOCK_WORD_END_HIGH,
	LOCK_WORD_FLOCKS,
	LOCK_WORD_POSIX,
	LOCK_WORD_OFD,
	LOCK_WORD_LEASES,
	LOCK_WORD_HOLDER,
};

/* ipc_edge.counters; enum lock_counter of bpf/lock.bpf.h */
enum lock_counter {
	LOCK_WRITES = 0,
	LOCK_FLOCK = 1,
	LOCK_POSIX = 2,
	LOCK_OFD = 4,
	LOCK_LEASE = 5,
	BREAK_TIMEOUTS = 0, /* of an open */
};

/* ipc_object.counters; enum lock_object_counter of bpf/lock.bpf.h */
enum lock_object_counter {
	LOCKS_UNTOLD = 3,
	REQUESTS_UNTOLD = 4,
};

extern const struct mech_field lock_fields[];
extern const struct mech_derived lock_derived[];
extern const struct mech_parts lock_parts[];

void lock_room(const struct object *o, struct mech_room *room);

#endif
