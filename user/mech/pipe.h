/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What pipes and FIFOs share: a FIFO is a pipe whose inode has a name. */
#ifndef MECH_PIPE_H
#define MECH_PIPE_H

#include "mech.h"

/* struct pipe_internals of bpf/pipe.bpf.h */
enum pipe_word {
	PIPE_HEAD = 0,
	PIPE_TAIL,
	PIPE_RING_SIZE,
	PIPE_MAX_USAGE,
	PIPE_READERS,
	PIPE_WRITERS,
	PIPE_FILES,
	PIPE_R_COUNTER,
	PIPE_W_COUNTER,
	PIPE_NR_ACCOUNTED,
	PIPE_POLL_USAGE,
	PIPE_KEPT_PAGES,
	PIPE_SET_UP, /* the stamp when PIPE_RING_SIZE to PIPE_NR_ACCOUNTED were read; not shown */
};

#define PIPE_COUNTER_TRIMMED 5 /* of an edge: kept pages given back again (7.2 and later) */

extern const struct mech_field pipe_fields[];
extern const struct mech_derived pipe_derived[];

void pipe_room(const struct object *o, struct mech_room *room);
bool pipe_newer(const uint32_t *a, const uint32_t *b);
void pipe_join(uint32_t *state, const uint32_t *other);
bool pipe_ends(const struct object *o, uint32_t *senders, uint32_t *receivers);
bool pipe_advance(const struct object *o, uint32_t *count);

#define PIPE_CAUSES                        \
	{                                  \
		[OP_SEND] = CAUSE_FULL,    \
		[OP_RECV] = CAUSE_EMPTY,   \
		[OP_OPEN] = CAUSE_PARTNER, \
		[OP_CLOSE] = CAUSE_LOCK,   \
		[OP_CTL] = CAUSE_LOCK,     \
	}

/* Between entry and exit of a system call pages come and go; a last close may have no call at all. */
#define PIPE_UNSEEN                                                                                        \
	{                                                                                                  \
		[BACKEND_SYSCALL] = UNSEEN_CLOSE | UNSEEN_DESTRUCTION | UNSEEN_SPURIOUS | UNSEEN_COUNTER(COUNTER_KEPT) | \
				    UNSEEN_COUNTER(PIPE_COUNTER_TRIMMED),                                  \
	}

#endif
