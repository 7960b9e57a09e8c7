/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The two processes at the ends of a channel. They and their parent meet in a
 * page of shared memory that they look at now and then: no mechanism under test
 * is used for it.
 */
#ifndef COMPARE_PAIR_H
#define COMPARE_PAIR_H

#include <stdatomic.h>

#include "compare/transport.h"

#define PAIR_LATENCIES 4096
#define PAIR_TRIALS 5

/* What one end says of its work. */
struct end_report {
	uint64_t messages, bytes; /* whole messages sent, or received whole */
	uint64_t wrong;		  /* received, but not what was sent */
	uint64_t refused;	  /* sends that found it full and could not wait */
	uint64_t calls;		  /* system calls, by the transport's own count */
	uint64_t switches;	  /* context switches of the process, both kinds */
	uint64_t cpu_ns;	  /* of user and kernel */
	uint64_t begin_ns, end_ns;
	int error;		  /* -errno */
};

struct pair_control {
	_Atomic uint32_t ready[2], go, finished[2], leave;
	_Atomic uint64_t last;	   /* messages in all, known before the last one is sent; 0: not yet */
	_Atomic uint64_t awaited;  /* messages that the receiver has called for */
	_Atomic uint64_t stamp_ns; /* when the sender began the message under way */
	_Atomic uint32_t trial;	   /* the one that is wanted, from 1 */
	_Atomic uint32_t begun, tried;
	int64_t outcome[PAIR_TRIALS]; /* of trials: bytes, or -errno */
	_Atomic uint32_t sigpipes;
	bool filled;		   /* it was seen full, or takes all */
	struct end_report end[2];
	uint64_t limit_ns;	   /* for the sending */
	uint64_t count;		   /* messages at most; 0: any */
	uint64_t latency_cnt, latencies_ns[PAIR_LATENCIES];
};

struct pair {
	const struct transport *transport;
	struct channel channel;
	struct pair_control *control;
	char *buffer; /* of this end, with the headroom before it and room for a part behind it */
	pid_t pid[2]; /* 0: gone */
};

typedef void pair_body(struct pair *p);

/* Opens the channel. 0 or -errno; pair_close() is due in either case. */
int pair_open(struct pair *p, const struct transport *t, size_t size);

/* Makes the processes and waits until both stand before their work. 0 or -errno. */
int pair_start(struct pair *p, pair_body *const body[2]);
void pair_go(struct pair *p);

/*
 * Until both say that they have finished. 0, the first error of theirs, or
 * -ETIMEDOUT: they took longer than that, or the receiver so long after the sender.
 */
extern uint64_t pair_grace_ns;
int pair_await(struct pair *p, uint64_t limit_ns);

/* Kills what is left of them, and waits for it. */
void pair_kill(struct pair *p, enum end end);
void pair_close(struct pair *p);

/* Somebody wants us to end: no new pair is started, pairs under way are killed. */
extern volatile int pair_interrupted;

uint64_t pair_now_ns(void);
void pair_sleep_us(unsigned us);

/* ---- messages (message.c) ---- */

/* One operation's worth: the first part of message seq. Bytes, or -errno. */
ssize_t message_try(struct pair *p, uint64_t seq, bool wait);
/* All of it, tried again as long as it is refused. 0 or -errno. */
int message_send(struct pair *p, uint64_t seq);
/* One operation at the other end. Bytes, 0: the end; or -errno. */
ssize_t message_take(struct pair *p);
/* All of message seq; *when: CLOCK_MONOTONIC of its last byte. 0, -errno; -EPIPE: it ended. */
int message_receive(struct pair *p, uint64_t seq, uint64_t *when);
/*
 * The next one that arrives whole, of what may lose some. 0, or 1: the descriptor's
 * time limit passed without, and the sender has finished or this gives up.
 */
int message_receive_some(struct pair *p, bool gives_up);

#endif
