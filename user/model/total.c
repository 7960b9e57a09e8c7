// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "model/model.h"

/* What was read too early and taken back later can make an interval's sum negative. */
static void copy(__u64 *to, const __u64 *from, unsigned cnt)
{
	for (unsigned i = 0; i < cnt; i++)
		to[i] = (int64_t)from[i] > 0 ? from[i] : 0;
}

void total_side(const struct model *m, enum ipc_mech mech, enum ipc_op op, enum span span, struct side *side)
{
	const struct total *t = m->totals[mech];

	memset(side, 0, sizeof(*side));
	copy((__u64 *)side, t->sides[op][span], SIDE_WORDS);
	side->open_waits = t->in_progress[op].open_waits;
	if (span == SPAN_TOTAL)
		return;
	side->waits += t->in_progress[op].waits;
	for (unsigned i = 0; i < CAUSE_MAX; i++)
		side->causes[i] += t->in_progress[op].causes[i];
}

void total_errors(const struct model *m, enum ipc_mech mech, enum ipc_op op, enum span span, struct error_sum *sum)
{
	sum->cnt = 0;
	errors_sum(sum, m->totals[mech]->errors[op], span, m->tick);
}

void total_hist(const struct model *m, enum ipc_mech mech, enum ipc_op op, enum ipc_hist_kind kind, enum span span,
		struct ipc_hist *hist)
{
	copy((__u64 *)hist, m->totals[mech]->hists[op][kind][span], HIST_WORDS);
}

void total_residency(const struct model *m, enum ipc_mech mech, enum span span, struct ipc_hist *hist)
{
	copy((__u64 *)hist, m->totals[mech]->residency[span], HIST_WORDS);
}

uint64_t total_objects(const struct model *m, enum ipc_mech mech, enum span span)
{
	uint64_t cnt = 0;

	if (span == SPAN_TOTAL)
		return m->totals[mech]->objects;
	model_for_each_object(m, o)
		cnt += o->id.mech == mech && object_active(o, span);
	return cnt;
}

bool total_missed(const struct model *m, enum ipc_mech mech, enum ipc_op op, enum span span, struct missed *missed)
{
	const struct total *t = m->totals[mech];
	struct losses losses;

	model_losses(m, span, &losses);
	missed->ended = t->missed.ended[op] - (span == SPAN_INTERVAL ? t->missed_before.ended[op] : 0);
	missed->begun = t->missed.begun[op] - (span == SPAN_INTERVAL ? t->missed_before.begun[op] : 0);
	missed->shared = t->missed.shared;
	return m->missed_by_op_known || !losses.missed;
}

static bool missed_any(const struct missed_ops *ops)
{
	for (unsigned op = 0; op <= OP_EITHER; op++)
		if (ops->ended[op] || ops->begun[op])
			return true;
	return false;
}

/* What no mechanism is charged with may be anyone's. */
bool total_exact(const struct model *m, enum ipc_mech mech)
{
	uint64_t charged = m->missed_by_op_known ? m->missed_charged : 0;

	if (m->losses.map_full || m->losses.unresolved)
		return false;
	return charged >= m->losses.missed && !missed_any(&m->totals[mech]->missed);
}

bool total_balance(const struct model *m, enum ipc_mech mech, int64_t *bytes, uint64_t *unknown)
{
	const struct total *t = m->totals[mech];
	uint64_t known = t->forgotten - t->forgotten_unbalanced;
	int64_t balance;

	*bytes = t->forgotten_balance;
	*unknown = t->forgotten_unbalanced;
	model_for_each_object(m, o) {
		if (o->id.mech != mech)
			continue;
		if (object_balance(o, &balance)) {
			*bytes += balance;
			known++;
		} else {
			(*unknown)++;
		}
	}
	return known;
}
