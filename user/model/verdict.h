/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One word on who holds whom up. The first row that applies is taken; w and r are
 * the shares of the span that senders waited because the object was full, and
 * receivers because it was empty (open waits included, per endpoint):
 *
 *	waits-partner	an open waits for the other end
 *	no-reader	it still exists and nobody holds the receiving end; since the start: only if nothing came through
 *	no-writer	the same for the sending end
 *	(unknown)	waits are not collected
 *	idle		nothing was sent, received or waited for
 *	reader-bound	w >= 10 % and w >= 2 r: the receiver is the bottleneck
 *	writer-bound	r >= 10 % and r >= 2 w: the sender is
 *	lockstep	both >= 10 %: each waits for the other in turn
 *	balanced	neither
 */
#ifndef MODEL_VERDICT_H
#define MODEL_VERDICT_H

#include "model/object.h"

#define VERDICT_WAIT_SHARE 0.10
#define VERDICT_DOMINANCE 2.0

enum verdict {
	VERDICT_UNKNOWN = 0,
	VERDICT_IDLE,
	VERDICT_BALANCED,
	VERDICT_READER_BOUND,
	VERDICT_WRITER_BOUND,
	VERDICT_LOCKSTEP,
	VERDICT_NO_READER,
	VERDICT_NO_WRITER,
	VERDICT_WAITS_PARTNER,
};

enum verdict object_verdict(const struct object *o, enum span span);

/* "reader-bound"; NULL for VERDICT_UNKNOWN. */
const char *verdict_name(enum verdict verdict);

#endif
