// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From rows to edges: the part of an update that meets every row of the largest maps. */
#include "model/alloc.h"
#include "model/hist.h"
#include "model/model.h"

#define BYTES_WORD (offsetof(struct side, bytes) / sizeof(__u64))
#define WAIT_WORD (offsetof(struct side, wait_ns) / sizeof(__u64))
#define RESIZES_WORD (offsetof(struct side, counters) / sizeof(__u64) + COUNTER_RESIZES)

static bool is_edge(const struct edge *edge, const struct ipc_edge_key *key)
{
	const struct ipc_object_id *id;
	const struct ipc_process_key *process;

	if (!edge || edge->op != key->op || edge->endpoint->object->replaced)
		return false;
	id = &edge->endpoint->object->id;
	process = &edge->endpoint->process->key;
	return id->id == key->id && process->tgid == key->tgid && id->domain == key->domain && id->mech == key->mech &&
	       process->start == key->start;
}

static struct edge *edge_find(struct model *m, const struct ipc_edge_key *key, bool make)
{
	struct endpoint_key k = { .obj = { .id = key->id, .domain = key->domain, .mech = key->mech },
				  .process = { .tgid = key->tgid, .start = key->start } };
	struct endpoint *e;
	struct object *o;

	if (key->op >= OP_MAX)
		return NULL;
	e = endpoint_find(m, &k);
	if (!make)
		return e ? e->edges[key->op] : NULL;
	if (!e) {
		o = object_get(m, &k.obj);
		if (!o)
			return NULL;
		e = endpoint_get(m, o, key->tgid, key->start);
	}
	return edge_get(e, key->op);
}

/* Only what this update saw is noted by row: the rest may be forgotten before the next one. */
static bool is_seen(const struct model *m, const struct endpoint *e)
{
	return e->object->tick == m->tick;
}

/* What objects are sorted by at every interval, without adding up the figures of all of them. */
static void weigh(const struct model *m, struct object *o, const struct edge *edge)
{
	if (o->weighed_tick != m->tick)
		o->moved_bytes = o->waited_ns = 0;
	o->weighed_tick = m->tick;
	o->moved_bytes += tally_get(&edge->counts, BYTES_WORD, SPAN_INTERVAL);
	o->waited_ns += tally_get(&edge->counts, WAIT_WORD, SPAN_INTERVAL);
}

/* words: what was read of it, or NULL: only its operations in progress are known. */
static bool edge_update(struct model *m, struct edge *edge, const __u64 *words)
{
	struct object *o = edge->endpoint->object;
	struct total *total = m->totals[o->id.mech];
	__u64 sum[SIDE_WORDS];

	if (edge->waits || edge->before_start_ns || !words) {
		if (words)
			memcpy(sum, words, sizeof(sum));
		else
			memset(sum, 0, sizeof(sum));
		waits_add(edge, sum);
		words = sum;
	}
	edge->tick = m->tick;
	if (!tally_update(&edge->counts, words, SIDE_WORDS, total->sides[edge->op][SPAN_TOTAL],
			  total->sides[edge->op][SPAN_INTERVAL]))
		return false;
	o->changed_tick = m->tick;
	if (edge->op == OP_SEND || edge->op == OP_RECV)
		weigh(m, o, edge);
	if (edge->op == OP_CTL)
		o->resizes += tally_get(&edge->counts, RESIZES_WORD, SPAN_INTERVAL);
	return true;
}

/* What the next rows are about, while this one is counted. */
static void fetch_ahead(const struct model *m)
{
	const struct edge *far = cursor_ahead(&m->edge_rows, 12), *near = cursor_ahead(&m->edge_rows, 6);

	if (far)
		fetch(far, sizeof(*far));
	if (near) { /* itself here by now */
		fetch(near->counts.words, 3 * CACHE_LINE);
		fetch(near->endpoint, offsetof(struct endpoint, next));
	}
	near = cursor_ahead(&m->edge_rows, 3);
	if (near)
		fetch(near->endpoint->object, offsetof(struct object, raw));
}

/* It had left the readings, and its own row did not come back: it was read before the object was made anew. */
static bool has_returned(const struct object *o)
{
	return o->gone && o->tick != o->model->tick;
}

/* The row did nothing itself: others may have changed its words. */
static void note_shared_words(const struct model *m, struct object *o, const uint32_t *words)
{
	if (!o->mech->newer || !o->mech->newer(words, o->state))
		return;
	o->changed_tick = m->tick;
	object_note_state(o, words);
}

static void read_edges(struct model *m, const struct snapshot *s)
{
	for (size_t i = 0; i < s->edges.cnt; i++) {
		const struct ipc_edge *row = &s->edges.values[i];
		struct edge *edge = cursor_guess(&m->edge_rows);
		struct object *o;

		fetch_ahead(m);
		if (!is_edge(edge, &s->edges.keys[i]))
			edge = edge_find(m, &s->edges.keys[i], true);
		if (edge && has_returned(edge->endpoint->object)) {
			object_replaced(m, edge->endpoint->object);
			edge = edge_find(m, &s->edges.keys[i], true);
		}
		if (!edge || edge->tick == m->tick)
			continue;
		cursor_take(&m->edge_rows, edge, &edge->row);
		o = edge->endpoint->object;
		object_seen(m, o);
		if (!edge_update(m, edge, (const __u64 *)row)) {
			if (o->mech->shared_words)
				note_shared_words(m, o, row->state);
			continue;
		}
		o->changed_ns = m->now_ns;
		object_note_state(o, row->state);
		if (row->max_depth > o->max_depth)
			o->max_depth = row->max_depth;
	}
}

static void read_errors(struct model *m, const struct snapshot *s)
{
	for (size_t i = 0; i < s->errors.cnt; i++) {
		const struct ipc_error_key *key = &s->errors.keys[i];
		struct edge *edge = edge_find(m, &key->edge, false);
		struct error_count *count, *total;
		uint64_t grown;

		if (!edge)
			continue;
		count = errors_get(&edge->errors, key->error);
		count->before = count->now;
		count->now = s->errors.values[i];
		count->tick = m->tick;
		grown = count->now - count->before;
		total = errors_get(&m->totals[key->edge.mech]->errors[key->edge.op], key->error);
		if (total->tick != m->tick)
			total->before = total->now;
		total->tick = m->tick;
		total->now += grown;
	}
}

static void read_hists(struct model *m, const struct snapshot *s)
{
	for (size_t i = 0; i < s->hists.cnt; i++) {
		const struct ipc_hist *hists = s->hists.values[i].hist;
		struct edge *edge = cursor_guess(&m->hist_rows);

		if (!is_edge(edge, &s->hists.keys[i]))
			edge = edge_find(m, &s->hists.keys[i], false);
		if (!edge || !is_seen(m, edge->endpoint))
			continue;
		cursor_take(&m->hist_rows, edge, &edge->hists_row);
		if (!edge->hists)
			edge->hists = xcalloc(HIST_KINDS, sizeof(*edge->hists));
		for (unsigned k = 0; k < HIST_KINDS; k++) {
			__u64(*total)[HIST_WORDS] = m->totals[s->hists.keys[i].mech]->hists[edge->op][k];

			tally_update(&edge->hists[k], (const __u64 *)&hists[k], HIST_WORDS, total[SPAN_TOTAL],
				     total[SPAN_INTERVAL]);
		}
	}
}

/* Holders do not make objects: what holds an object that is gone is stale. */
static void read_holders(struct model *m, const struct snapshot *s)
{
	for (size_t i = 0; i < s->holders.cnt; i++) {
		const struct ipc_holder_key *key = &s->holders.keys[i];
		struct endpoint_key k = { .obj = { .id = key->id, .domain = key->domain, .mech = key->mech },
					  .process = { .tgid = key->tgid, .start = key->start } };
		struct endpoint *e = cursor_guess(&m->holder_rows);
		struct object *o;

		if (key->op > OP_RECV)
			continue;
		if (!e || e->object->replaced || !endpoint_is(e, &k)) {
			o = model_object(m, &k.obj);
			if (!o)
				continue;
			e = endpoint_get(m, o, key->tgid, key->start);
		}
		if (!is_seen(m, e))
			continue;
		cursor_take(&m->holder_rows, e, &e->hold_rows[key->op]);
		if (e->hold_tick != m->tick) {
			e->holds[OP_SEND] = e->holds[OP_RECV] = 0;
			e->held_ends = 0;
			e->holds_now = false;
			e->hold_tick = m->tick;
		}
		e->holds[key->op] += s->holders.values[i];
		e->held_ends |= key->end & END_BOTH;
		e->holds_now |= !(key->end & END_PAST);
	}
}

void edges_update(struct model *m, const struct snapshot *s)
{
	read_edges(m, s);
	read_errors(m, s);
	read_hists(m, s);
	read_holders(m, s);
}

void edges_settle(struct model *m)
{
	for (size_t i = 0; i < m->wait_cnt; i++) {
		struct edge *edge = m->waits[i].edge;

		if (edge && edge->tick != m->tick)
			edge_update(m, edge, NULL);
	}
}
