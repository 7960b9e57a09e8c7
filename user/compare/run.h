/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How fast, and how long one takes. */
#ifndef COMPARE_RUN_H
#define COMPARE_RUN_H

#include "compare/pair.h"

/* A stream of messages, as fast as they go, all checked. */
struct flow {
	double bytes_per_s, messages_per_s; /* received, from the first send to the last receive */
	uint64_t sent, received, wrong, lost; /* messages */
	uint64_t refused, calls, switches;    /* of both ends */
	double cpu_ns;			      /* a message sent, of both ends */
};

struct latency {
	uint64_t cnt;
	uint64_t median_ns, p99_ns; /* from before the send to the last byte at the other end, which slept */
};

struct run_limits {
	uint64_t limit_ns; /* after which no new message is begun */
	uint64_t count;	   /* messages at most; 0: any */
};

/* Called when both ends have done their work and still exist. */
typedef void run_look(void *arg, const pid_t pid[2]);

/* 0 or -errno. look may be NULL. */
int run_flow(const struct transport *t, size_t size, const struct run_limits *limits, run_look *look, void *arg,
	     struct flow *flow);
int run_latency(const struct transport *t, size_t size, const struct run_limits *limits, struct latency *latency);

/* What making and checking messages takes by itself, in one process: bytes per second. */
double run_baseline(size_t size, uint64_t limit_ns);

#endif
