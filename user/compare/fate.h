/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What becomes of a sender that finds it full, of who is interrupted, and of who is left alone. */
#ifndef COMPARE_FATE_H
#define COMPARE_FATE_H

#include "compare/pair.h"

enum fate_kind {
	FATE_UNKNOWN = 0, /* not tried, or not to be told */
	FATE_ERROR,	  /* the call failed: error */
	FATE_SLEEPS,	  /* it slept */
	FATE_SLEEPS_ON,	  /* it slept, and nothing ended that */
	FATE_DONE,	  /* it went through, result bytes */
	FATE_END,	  /* it said that there is nothing more */
};

struct fate {
	enum fate_kind kind;
	int error;	  /* errno */
	int64_t result;
	bool sigpipe;
	const char *cause; /* of the sleep, by the probes; NULL: not known */
};

struct fates {
	bool tried;
	int error; /* errno: it could not be tried */
	bool full_known;	/* it was filled in the time there was: else not the next three either */
	uint64_t capacity_bytes, capacity_sends; /* taken before it was full */
	bool never_full;		/* it takes all, and drops */
	struct fate full;		/* a send that finds it full and may wait */
	struct fate send_interrupted, receive_interrupted;
	struct fate receiver_died;	/* for the sender, at a full one */
	struct fate sender_died;	/* for the receiver, at an empty one */
};

/* Why does this process sleep? NULL: not known. May be NULL itself. */
typedef const char *fate_cause(void *arg, pid_t pid, enum end end);

void fate_try(const struct transport *t, size_t size, fate_cause *cause, void *arg, struct fates *fates);

/* "EINTR", "sleeps (full)", "EPIPE, SIGPIPE"; "" when it is unknown. */
void fate_text(const struct fate *fate, char *buf, size_t size);

#endif
