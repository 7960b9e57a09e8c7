// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/alloc.h"
#include "model/hist.h"
#include "model/model.h"

bool endpoint_is(const struct endpoint *e, const struct endpoint_key *key)
{
	return !memcmp(&e->object->id, &key->obj, sizeof(key->obj)) &&
	       !memcmp(&e->process->key, &key->process, sizeof(key->process));
}

static bool match(const void *item, const void *key)
{
	return endpoint_is(item, key);
}

struct endpoint *endpoint_find(const struct model *m, const struct endpoint_key *key)
{
	return index_find(&m->endpoints, index_hash(key, sizeof(*key)), match, key);
}

void endpoint_unlink(struct model *m, struct endpoint *e)
{
	struct endpoint_key key = { .obj = e->object->id, .process = e->process->key };

	index_remove(&m->endpoints, index_hash(&key, sizeof(key)), e);
}

struct endpoint *endpoint_get(struct model *m, struct object *o, uint32_t tgid, uint32_t start)
{
	struct endpoint_key key = { .obj = o->id, .process = { .tgid = tgid, .start = start } };
	struct endpoint *e = endpoint_find(m, &key);

	if (e)
		return e;
	e = xcalloc(1, sizeof(*e));
	e->object = o;
	e->process = process_get(m, tgid, start);
	e->process->users++;
	e->next = o->endpoints;
	e->hold_rows[0] = e->hold_rows[1] = CURSOR_NO_ROW;
	o->endpoints = e;
	index_add(&m->endpoints, index_hash(&key, sizeof(key)), e);
	return e;
}

struct edge *edge_get(struct endpoint *e, enum ipc_op op)
{
	struct edge *edge = e->edges[op];

	if (edge)
		return edge;
	edge = xcalloc(1, sizeof(*edge));
	edge->endpoint = e;
	edge->op = op;
	edge->row = edge->hists_row = CURSOR_NO_ROW;
	e->edges[op] = edge;
	return edge;
}

void endpoint_free(struct endpoint *e)
{
	for (unsigned op = 0; op < OP_MAX; op++) {
		struct edge *edge = e->edges[op];

		if (!edge)
			continue;
		tally_free(&edge->counts);
		for (unsigned k = 0; edge->hists && k < HIST_KINDS; k++)
			tally_free(&edge->hists[k]);
		free(edge->hists);
		errors_free(edge->errors);
		free(edge);
	}
	e->process->users--;
	free(e);
}

bool endpoint_has_role(const struct endpoint *e, enum role role)
{
	bool sends = e->edges[OP_SEND] || e->holds[OP_SEND], recvs = e->edges[OP_RECV] || e->holds[OP_RECV];

	switch (role) {
	case ROLE_SEND: return sends;
	case ROLE_RECV: return recvs;
	default: return !sends && !recvs;
	}
}

static bool has_ends(const struct object *o)
{
	return o->mech->has_ends && o->mech->has_ends(o);
}

uint8_t edge_ends(const struct edge *edge, enum span span)
{
	struct side side = { 0 };
	uint64_t first;

	if (!edge || edge->op == OP_OPEN /* made by one for both */ || !has_ends(edge->endpoint->object))
		return 0;
	edge_side(edge, span, &side);
	first = side.counters[edge->endpoint->object->mech->first_ops];
	return (first ? END_FIRST : 0) | (side.ops > first ? END_SECOND : 0);
}

uint8_t endpoint_ends(const struct endpoint *e)
{
	uint8_t ends = 0;

	if (!has_ends(e->object))
		return 0;
	for (unsigned op = 0; op < OP_MAX; op++)
		ends |= edge_ends(e->edges[op], SPAN_TOTAL);
	return e->held_ends | ends;
}

static bool is_current(const struct edge *edge)
{
	return edge->tick == edge->endpoint->object->model->tick;
}

void edge_side(const struct edge *edge, enum span span, struct side *side)
{
	if (!edge)
		return;
	if (span == SPAN_TOTAL || is_current(edge))
		tally_sum(&edge->counts, span, (__u64 *)side);
	for (const struct wait *w = edge->waits; w; w = w->next)
		side->open_waits += w->open;
	if (span == SPAN_TOTAL)
		return;
	for (const struct wait *w = edge->carried; w; w = w->next) {
		side->waits += w->open;
		side->causes[w->cause] += w->open;
	}
}

bool edge_hist(const struct edge *edge, enum ipc_hist_kind kind, enum span span, struct ipc_hist *sum)
{
	if (!edge || !edge->hists)
		return false;
	if (span == SPAN_TOTAL || is_current(edge))
		tally_sum(&edge->hists[kind], span, (__u64 *)sum);
	return true;
}

void edge_errors(const struct edge *edge, enum span span, struct error_sum *sum)
{
	if (edge)
		errors_sum(sum, edge->errors, span, edge->endpoint->object->model->tick);
}
