// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From the model to the whole graph: every actor, every object, nothing merged yet. */
#include "graph/graph.h"

#include <string.h>

#include "model/alloc.h"

struct known {
	size_t index;
	UT_hash_handle hh;
	char key[];
};

struct builder {
	struct graph *graph;
	const struct model *model;
	enum span span;
	const struct graph_options *options;
	struct known *actors;
	struct known *processes; /* by key, of those counted already */
	size_t actor_cap, object_cap, edge_cap, wakeup_cap;
};

const char *graph_weight_name(enum graph_weight weight)
{
	static const char *const names[] = { "bytes", "waits", "wakes", "ops" };

	return names[weight];
}

const char *graph_way_name(enum graph_way way)
{
	static const char *const names[GRAPH_WAYS] = { "send", "recv", "use", "hold-send", "hold-recv" };

	return names[way];
}

double graph_weigh(const struct graph_sums *sums, enum graph_weight weight)
{
	switch (weight) {
	case GRAPH_WAITS:
		return sums->wait_ns;
	case GRAPH_WAKES:
		return sums->wakes;
	case GRAPH_OPS:
		return sums->ops;
	default:
		return sums->bytes;
	}
}

void graph_sums_add(struct graph_sums *to, const struct graph_sums *from)
{
	to->bytes += from->bytes;
	to->ops += from->ops;
	to->waits += from->waits;
	to->wait_ns += from->wait_ns;
	to->open_waits += from->open_waits;
	to->wakes += from->wakes;
}

/* Room for one more element, zeroed, of an array that grows by half. */
static void *grow(void *array, size_t cnt, size_t *cap, size_t size)
{
	if (cnt == *cap) {
		*cap += *cap / 2 + 16;
		array = xreallocarray(array, *cap, size);
	}
	memset((char *)array + size * cnt, 0, size);
	return array;
}

#define APPEND(array, cnt, cap) (*(array) = grow(*(array), *(cnt), cap, sizeof(**(array))), &(*(array))[(*(cnt))++])

/* Is the key new? index is then noted for it. */
static struct known *know(struct known **all, const char *key, size_t len, size_t index, bool *is_new)
{
	struct known *k;

	HASH_FIND(hh, *all, key, len, k);
	*is_new = !k;
	if (k)
		return k;
	k = xcalloc(1, sizeof(*k) + len);
	k->index = index;
	memcpy(k->key, key, len);
	HASH_ADD(hh, *all, key[0], len, k);
	return k;
}

static void forget(struct known **all)
{
	struct known *k, *next;

	HASH_ITER(hh, *all, k, next) {
		HASH_DEL(*all, k);
		free(k);
	}
}

static size_t find_actor(struct builder *b, const struct process *p)
{
	struct actor actor = actor_of(p, b->options->by);
	struct graph_actor *a;
	char key[ACTOR_KEY_LEN];
	size_t len = actor_key(&actor, key), index;
	bool is_new;

	index = know(&b->actors, key, len, b->graph->actor_cnt, &is_new)->index;
	if (is_new) {
		a = APPEND(&b->graph->actors, &b->graph->actor_cnt, &b->actor_cap);
		a->actor = actor;
		a->actors = 1;
	}
	know(&b->processes, (const char *)&p->key, sizeof(p->key), 0, &is_new);
	b->graph->actors[index].processes += is_new && p->key.tgid;
	return index;
}

static void sums_of_side(struct graph_sums *sums, const struct side *side)
{
	*sums = (struct graph_sums){ side->bytes, side->ops, side->waits, side->wait_ns, side->open_waits, side->wakes };
}

static bool is_nothing(const struct graph_sums *sums)
{
	return !sums->ops && !sums->waits && !sums->open_waits && !sums->wakes;
}

static void add_edge(struct builder *b, size_t object, const struct endpoint *e, enum graph_way way,
		     const struct graph_sums *sums)
{
	size_t actor = find_actor(b, e->process);
	struct graph_edge *edge = APPEND(&b->graph->edges, &b->graph->edge_cnt, &b->edge_cap);

	*edge = (struct graph_edge){ .actor = actor, .object = object, .way = way, .sums = *sums,
				     .waiter = e->process, .waiter_ns = sums->wait_ns };
	graph_sums_add(&b->graph->actors[actor].sums, sums);
	graph_sums_add(&b->graph->objects[object].sums, sums);
	graph_sums_add(&b->graph->sums, sums);
}

static void add_uses(struct builder *b, size_t object, const struct endpoint *e)
{
	struct graph_sums sums;
	struct side side = { 0 };

	for (unsigned op = OP_OPEN; op < OP_MAX; op++)
		edge_side(e->edges[op], b->span, &side);
	sums_of_side(&sums, &side);
	if (!is_nothing(&sums))
		add_edge(b, object, e, GRAPH_USES, &sums);
}

/*
 * An end that somebody uses has many idle holders, heirs mostly; one that nobody uses, while the other one is
 * used, has those that should.
 */
static void add_holders(struct builder *b, size_t object, const struct object *o, const bool used[2])
{
	static const struct graph_sums none;

	if (!used[OP_SEND] && !used[OP_RECV] && !b->options->idle)
		return;
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		for (unsigned op = OP_SEND; op <= OP_RECV; op++)
			if (!used[op] && e->holds[op] && e->holds_now)
				add_edge(b, object, e, op == OP_SEND ? GRAPH_HOLDS_SEND : GRAPH_HOLDS_RECV, &none);
}

/* Who sleeps has not used an end yet. */
static uint8_t ends_of(const struct endpoint *e, unsigned op, enum span span)
{
	return edge_ends(e->edges[op], span) ?: endpoint_ends(e);
}

static void add_object(struct builder *b, const struct object *o)
{
	struct graph_object *object = APPEND(&b->graph->objects, &b->graph->object_cnt, &b->object_cap);
	size_t index = b->graph->object_cnt - 1;
	bool used[2] = { false };

	object->mech = o->mech;
	object->object = o;
	object->objects = 1;
	for (const struct endpoint *e = o->endpoints; e; e = e->next) {
		for (unsigned op = OP_SEND; op <= OP_RECV; op++) {
			struct graph_sums sums;
			struct side side = { 0 };

			edge_side(e->edges[op], b->span, &side);
			sums_of_side(&sums, &side);
			if (is_nothing(&sums))
				continue;
			used[op] = true;
			add_edge(b, index, e, (enum graph_way)op, &sums);
			b->graph->edges[b->graph->edge_cnt - 1].ends = ends_of(e, op, b->span);
		}
		add_uses(b, index, e);
	}
	add_holders(b, index, o, used);
}

/* Whoever is woken has waited, and so is an actor already; a waker may be none. */
static void add_wakeups(struct builder *b, size_t object, const struct object *o)
{
	for (const struct wake *w = o->wakes; w; w = w->next) {
		const struct process *waker = process_find(b->model, w->key.waker, w->key.waker_start);
		const struct process *wakee = process_find(b->model, w->key.wakee, w->key.wakee_start);
		uint64_t wakes = wake_count(b->model, w, b->span);
		struct graph_wakeup *wakeup;
		size_t from = 0, to;

		if (!wakes || !wakee)
			continue;
		if (waker)
			from = find_actor(b, waker);
		to = find_actor(b, wakee);
		wakeup = APPEND(&b->graph->wakeups, &b->graph->wakeup_cnt, &b->wakeup_cap);
		*wakeup = (struct graph_wakeup){ waker ? NULL : waker_name(w->key.waker_kind), from, to, object, wakes };
	}
}

void graph_build(struct graph *g, const struct model *m, enum span span, const struct graph_options *options)
{
	struct builder b = { .graph = g, .model = m, .span = span, .options = options };

	*g = (struct graph){ 0 };
	model_for_each_object(m, o)
		if (options->idle || object_active(o, span)) {
			add_object(&b, o);
			add_wakeups(&b, g->object_cnt - 1, o);
		}
	model_for_each_mech(m, mech)
		g->forgotten += m->totals[mech]->forgotten;
	forget(&b.actors);
	forget(&b.processes);
	graph_reduce(g, options);
}

void graph_free(struct graph *g)
{
	free(g->actors);
	free(g->objects);
	free(g->edges);
	free(g->wakeups);
	*g = (struct graph){ 0 };
}
