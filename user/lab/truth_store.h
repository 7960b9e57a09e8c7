/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the truth lies in shared memory: truth.c counts it, truth_json.c says it. */
#ifndef TRUTH_STORE_H
#define TRUTH_STORE_H

#include "lab/scenario.h"

#define MAX_OBJECTS 320
#define MAX_ENDPOINTS 2048
#define MAX_WAKES 2048
#define MAX_ERRORS 4
#define MAX_FACTS 64
#define MAX_OWN 4

enum knowledge { UNKNOWN, EXACT, RANGE };

struct figure {
	atomic_ullong n;
	uint64_t min, max;
	enum knowledge known;
};

struct errors {
	struct {
		int number;
		unsigned cnt;
	} rows[MAX_ERRORS];
	bool unknown;
};

struct fact {
	enum group group;
	const char *name;
	uint64_t min, max;
	uint64_t largest; /* that one operation added (fact_add) */
	uint64_t hidden;  /* of it, what no system call tells */
	bool of_bytes;    /* it sums bytes of sends or receives: the largest of these may be missing from it */
};

struct object {
	const char *mech;
	char key[256];
	struct figure figures[SIDE_CNT][KEY_CNT];
	atomic_uint causes[SIDE_CNT][CAUSE_CNT];
	struct errors errors[SIDE_CNT];
	struct fact facts[MAX_FACTS];
	unsigned fact_cnt;
	bool anonymous_endpoints;
	bool waits_known;
	bool opens_wait;
	bool by_softirq; /* what is sent may be delivered by an interrupt, which then wakes */
	const char *ended_kind; /* NULL: not known */
	pid_t ended_pid, ended_ns_pid;
	atomic_ullong largest[SIDE_CNT]; /* bytes of one operation */
	atomic_ullong hidden[SIDE_CNT][KEY_CNT]; /* of the figures, what no system call tells */
};

struct endpoint {
	const struct object *o;
	pid_t pid; /* 0: no process */
	pid_t ns_pid; /* 0: not part of the truth */
	const char *kind;
	const char *end; /* NULL: not part of the truth */
	char comm[16];
	atomic_ullong ops[SIDE_CNT];
	atomic_ullong bytes[SIDE_CNT];
	struct {
		const char *name;
		uint64_t n;
	} own[MAX_OWN];
};

struct wakes {
	const struct object *o;
	pid_t waker, wakee;
	unsigned cnt;
};

/* Filled by all processes; the lock covers the growing tables, not the counting. */
struct truth {
	atomic_flag lock;
	struct object objects[MAX_OBJECTS];
	unsigned object_cnt;
	struct endpoint endpoints[MAX_ENDPOINTS];
	unsigned endpoint_cnt;
	struct wakes wakes[MAX_WAKES];
	unsigned wakes_cnt;
};

extern struct truth *truth;

/* scenario.c: what was registered for this scenario or for all; NULL ends it */
const struct blind *blind_nth(unsigned n, const char *scenario);

#endif
