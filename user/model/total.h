/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sums over all objects of a mechanism, those that were forgotten included: they
 * are made of what each reading added, not of the objects that are left.
 */
#ifndef MODEL_TOTAL_H
#define MODEL_TOTAL_H

#include <stdbool.h>
#include <stdint.h>

#include "model/error.h"
#include "model/hist.h"
#include "model/side.h"
#include "model/span.h"
#include "source/snapshot.h"

struct model;

struct total {
	uint64_t objects;	  /* ever seen */
	uint64_t forgotten;	  /* of those, dropped from the model */
	int64_t forgotten_balance;
	uint64_t forgotten_unbalanced; /* whose balance was not known */
	__u64 sides[OP_MAX][SPAN_CNT][SIDE_WORDS];
	__u64 hists[OP_MAX][HIST_KINDS][SPAN_CNT][HIST_WORDS];
	__u64 residency[SPAN_CNT][HIST_WORDS];
	struct error_count *errors[OP_MAX];
	struct side in_progress[OP_MAX]; /* open_waits; and of carried waits: waits and causes */
	struct missed_ops missed, missed_before;
};

/* What our hooks missed of one kind of operation, as the kernel counts. */
struct missed {
	uint64_t ended; /* not counted */
	uint64_t begun; /* counted, without waits and wakeups */
	bool shared;	/* any of it may be another mechanism's, which has the same hooks */
};

void total_side(const struct model *m, enum ipc_mech mech, enum ipc_op op, enum span span, struct side *side);
void total_errors(const struct model *m, enum ipc_mech mech, enum ipc_op op, enum span span, struct error_sum *sum);
void total_hist(const struct model *m, enum ipc_mech mech, enum ipc_op op, enum ipc_hist_kind kind, enum span span,
		struct ipc_hist *hist);
void total_residency(const struct model *m, enum ipc_mech mech, enum span span, struct ipc_hist *hist);

/* Objects seen since the start, or active in the interval. */
uint64_t total_objects(const struct model *m, enum ipc_mech mech, enum span span);

/* op: or OP_EITHER. false: not known of this mechanism. */
bool total_missed(const struct model *m, enum ipc_mech mech, enum ipc_op op, enum span span, struct missed *missed);

/* Nothing of this mechanism is known or feared to have been lost since the start. */
bool total_exact(const struct model *m, enum ipc_mech mech);

/* Sum of the known balances; *unknown: objects that have none. false: no object has one. */
bool total_balance(const struct model *m, enum ipc_mech mech, int64_t *bytes, uint64_t *unknown);

#endif
