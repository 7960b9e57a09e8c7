/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What can be known of a mechanism in this run: who hooks it, what is collected, what stays unseen. */
#ifndef MODEL_CAPABILITY_H
#define MODEL_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include "mech.h"

struct capability {
	enum backend backend; /* BACKEND_NONE: the mechanism is not traced */
	uint32_t profile;     /* enum ipc_profile: what is collected */
	uint32_t unseen;      /* enum unseen */
};

/* The caller adds what filters drop. */
static inline struct capability capability_of(const struct mechanism *mech, enum backend backend, uint32_t profile)
{
	return (struct capability){ backend, profile, mech_unseen(mech, backend, profile) };
}

static inline bool can_see(const struct capability *can, uint32_t unseen)
{
	return !(can->unseen & unseen);
}

static inline bool can_waits(const struct capability *can)
{
	return (can->profile & PROFILE_WAITS) && can_see(can, UNSEEN_WAITS);
}

static inline bool can_wakes(const struct capability *can)
{
	return (can->profile & PROFILE_WAITS) && can_see(can, UNSEEN_WAKES);
}

static inline bool can_latency(const struct capability *can)
{
	return can->profile & PROFILE_LATENCY;
}

static inline bool can_residency(const struct capability *can)
{
	return (can->profile & PROFILE_RESIDENCY) && can_see(can, UNSEEN_RESIDENCY);
}

/* Operations of this kind are seen. */
static inline bool can_op(const struct capability *can, enum ipc_op op)
{
	static const uint32_t unseen[OP_MAX] = {
		[OP_SEND] = UNSEEN_DATA,
		[OP_RECV] = UNSEEN_DATA,
		[OP_OPEN] = UNSEEN_OPEN,
		[OP_CLOSE] = UNSEEN_CLOSE,
		[OP_CTL] = UNSEEN_CTL,
	};

	return can_see(can, unseen[op]);
}

#endif
