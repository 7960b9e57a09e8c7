/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The numbers that bpf/signal.bpf.h counts under. */
#ifndef MECH_SIGNAL_H
#define MECH_SIGNAL_H

#include "mech.h"

#define SIGNAL_MAX 64
#define SIGNAL_REALTIME 32 /* queued from here on */
#define SIGNAL_RTMIN 34	   /* the C library keeps two for itself */

enum signal_word {
	SIGNAL_WORD_SEQ = 0,
	SIGNAL_WORD_PENDING,
	SIGNAL_WORD_BLOCKED,
	SIGNAL_WORD_ACTION,
	SIGNAL_WORD_LIMIT,
	SIGNAL_WORD_VALUE = 6,
	SIGNAL_WORD_QUEUED = 8,
	SIGNAL_WORD_TAKEN,
	SIGNAL_WORD_CODE,
	SIGNAL_WORD_VALUE_HIGH,
};

enum signal_sent {
	SENT_COALESCED = 0,
	SENT_IGNORED,
	SENT_BLOCKED,
	SENT_INFO_LOST,
	SENT_VALUES,
	SENT_TO_THREAD,
};

enum signal_taken {
	TAKEN_HANDLED = 0,
	TAKEN_KILLED,
	TAKEN_STOPPED,
	TAKEN_DISCARDED,
	TAKEN_SIGWAIT,
	TAKEN_SIGNALFD,
};

extern const struct mech_hook signal_hooks[];

#endif
