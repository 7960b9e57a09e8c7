// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/alloc.h"
#include "model/model.h"

struct model *model_new(const struct model_config *config)
{
	struct model *m = xcalloc(1, sizeof(*m));

	m->config = *config;
	if (!m->config.page_size)
		m->config.page_size = 4096;
	if (!m->config.gone_max)
		m->config.gone_max = MODEL_GONE_MAX;
	for (unsigned mech = 0; mech < MECH_MAX; mech++)
		if (config->can[mech].backend != BACKEND_NONE && mechanism_by_id(mech))
			m->totals[mech] = xcalloc(1, sizeof(*m->totals[mech]));
	return m;
}

static void free_totals(struct model *m)
{
	model_for_each_mech(m, mech) {
		for (unsigned op = 0; op < OP_MAX; op++)
			errors_free(m->totals[mech]->errors[op]);
		free(m->totals[mech]);
	}
}

void model_free(struct model *m)
{
	if (!m)
		return;
	objects_free(m);
	processes_free(m);
	stacks_free(m);
	free_totals(m);
	cursor_free(&m->edge_rows);
	cursor_free(&m->hist_rows);
	cursor_free(&m->holder_rows);
	cursor_free(&m->wake_rows);
	index_free(&m->objects);
	index_free(&m->endpoints);
	index_free(&m->wakes);
	index_free(&m->parts);
	free(m->waits);
	free(m->carried);
	free(m);
}

static void begin_interval(struct total *t)
{
	for (unsigned op = 0; op < OP_MAX; op++) {
		memset(t->sides[op][SPAN_INTERVAL], 0, sizeof(t->sides[op][SPAN_INTERVAL]));
		for (unsigned k = 0; k < HIST_KINDS; k++)
			memset(t->hists[op][k][SPAN_INTERVAL], 0, sizeof(t->hists[op][k][SPAN_INTERVAL]));
	}
	t->missed_before = t->missed;
	memset(t->residency[SPAN_INTERVAL], 0, sizeof(t->residency[SPAN_INTERVAL]));
	memset(t->in_progress, 0, sizeof(t->in_progress));
}

/* What the last update left is turned over before anything is forgotten. */
void model_begin(struct model *m, const struct snapshot *head)
{
	m->before_ns = m->tick ? m->now_ns : head->start_ns;
	m->tick++;
	m->start_ns = head->start_ns;
	m->now_ns = head->now_ns;
	m->stop_ns = head->stop_ns;
	m->seen_cnt = 0;
	m->losses_before = m->losses;
	model_for_each_mech(m, mech)
		begin_interval(m->totals[mech]);
	waits_turn(m);
	objects_forget(m, m->config.gone_max);
	stacks_begin(m);
	cursor_begin(&m->process_rows);
	cursor_begin(&m->object_rows);
	cursor_begin(&m->edge_rows);
	cursor_begin(&m->hist_rows);
	cursor_begin(&m->holder_rows);
	cursor_begin(&m->wake_rows);
}

void model_feed(struct model *m, const struct snapshot *part)
{
	processes_update(m, part);
	objects_update(m, part);
	waits_update(m, part);
	edges_update(m, part);
	wakes_update(m, part);
	parts_update(m, part);
	stacks_update(m, part);
}

void model_end(struct model *m, const struct snapshot *tail)
{
	m->losses = tail->losses;
	m->missed_by_op_known = tail->missed_by_op_known;
	model_for_each_mech(m, mech)
		m->totals[mech]->missed = tail->missed_by_mech[mech];
	m->missed_charged = tail->missed_charged;
	waits_settle(m);
	edges_settle(m);
	objects_settle(m);
	processes_sweep(m);
}

void model_update(struct model *m, const struct snapshot *s)
{
	model_begin(m, s);
	model_feed(m, s);
	model_end(m, s);
}

uint64_t model_span_ns(const struct model *m, enum span span)
{
	uint64_t from = span == SPAN_TOTAL ? m->start_ns : m->before_ns;

	return m->now_ns > from ? m->now_ns - from : 1;
}

void model_losses(const struct model *m, enum span span, struct losses *losses)
{
	*losses = m->losses;
	if (span == SPAN_TOTAL)
		return;
	losses->missed -= m->losses_before.missed;
	losses->map_full -= m->losses_before.map_full;
	losses->ring_full -= m->losses_before.ring_full;
	losses->unresolved -= m->losses_before.unresolved;
}

bool losses_any(const struct losses *losses)
{
	return losses->missed || losses->map_full || losses->ring_full || losses->unresolved;
}
