// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A graph that can be read: actors beyond the limit become one, objects that the
 * same actors use in the same way become one, and of those beyond the limit one a
 * mechanism. Nothing is dropped: sums of edges only move together.
 */
#include <string.h>

#include "graph/graph.h"
#include "model/alloc.h"

#define CHOSEN_WORTH 4 /* the measure that was asked for, beside those that were not */

struct ranked {
	size_t index;
	double score, own;
};

struct group {
	size_t index;
	UT_hash_handle hh;
	size_t key[];
};

static double share(double part, double all)
{
	return all > 0 ? part / all : 0;
}

/* Shares, so that what moves no bytes (a semaphore) stands beside what does. */
static double score(const struct graph *g, const struct graph_sums *s, enum graph_weight weight)
{
	return CHOSEN_WORTH * share(graph_weigh(s, weight), graph_weigh(&g->sums, weight)) +
	       share(s->bytes, g->sums.bytes) + share(s->wait_ns, g->sums.wait_ns) + share(s->wakes, g->sums.wakes) +
	       share(s->ops, g->sums.ops) + share(s->open_waits, g->sums.open_waits);
}

static int by_score(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	if (x->own != y->own)
		return x->own < y->own ? 1 : -1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static int by_place(const void *a, const void *b)
{
	const struct graph_edge *x = a, *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	if (x->actor != y->actor)
		return x->actor < y->actor ? -1 : 1;
	return (int)x->way - (int)y->way;
}

static int by_nodes(const struct graph_wakeup *x, const struct graph_wakeup *y)
{
	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	if (x->waker != y->waker)
		return x->waker < y->waker ? -1 : 1;
	return x->wakee < y->wakee ? -1 : x->wakee > y->wakee;
}

static int by_wakes(const void *a, const void *b)
{
	const struct graph_wakeup *x = a, *y = b;

	if (x->wakes != y->wakes)
		return x->wakes < y->wakes ? 1 : -1;
	return by_nodes(x, y);
}

static void join_edge(struct graph_edge *to, const struct graph_edge *from)
{
	to->ends |= from->ends;
	if (to->waiter == from->waiter) {
		to->waiter_ns += from->waiter_ns;
	} else if (to->waiter_ns < from->waiter_ns) {
		to->waiter = from->waiter;
		to->waiter_ns = from->waiter_ns;
	}
	graph_sums_add(&to->sums, &from->sums);
}

/* Sorts the edges, makes one of those between the same two, tells each object where its own are. */
static void join_edges(struct graph *g)
{
	size_t cnt = 0;

	qsort(g->edges, g->edge_cnt, sizeof(*g->edges), by_place);
	for (size_t i = 0; i < g->edge_cnt; i++) {
		if (cnt && !by_place(&g->edges[cnt - 1], &g->edges[i]))
			join_edge(&g->edges[cnt - 1], &g->edges[i]);
		else
			g->edges[cnt++] = g->edges[i];
	}
	g->edge_cnt = cnt;
	for (size_t i = 0; i < g->object_cnt; i++)
		g->objects[i].end_cnt = 0;
	for (size_t i = 0; i < cnt; i++) {
		struct graph_object *o = &g->objects[g->edges[i].object];

		if (!o->end_cnt++)
			o->first_end = i;
	}
}

static int by_ends(const void *a, const void *b)
{
	const struct graph_wakeup *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return by_nodes(x, y);
}

static void join_wakeups(struct graph *g)
{
	size_t cnt = 0;

	qsort(g->wakeups, g->wakeup_cnt, sizeof(*g->wakeups), by_ends);
	for (size_t i = 0; i < g->wakeup_cnt; i++) {
		if (cnt && !by_ends(&g->wakeups[cnt - 1], &g->wakeups[i]))
			g->wakeups[cnt - 1].wakes += g->wakeups[i].wakes;
		else
			g->wakeups[cnt++] = g->wakeups[i];
	}
	g->wakeup_cnt = cnt;
	qsort(g->wakeups, cnt, sizeof(*g->wakeups), by_wakes);
}

/* to[old] is the new index of an actor. */
static void move_actors(struct graph *g, const size_t *to)
{
	for (size_t i = 0; i < g->edge_cnt; i++)
		g->edges[i].actor = to[g->edges[i].actor];
	for (size_t i = 0; i < g->wakeup_cnt; i++) {
		g->wakeups[i].waker = g->wakeups[i].kind ? 0 : to[g->wakeups[i].waker];
		g->wakeups[i].wakee = to[g->wakeups[i].wakee];
	}
}

static void move_objects(struct graph *g, const size_t *to)
{
	for (size_t i = 0; i < g->edge_cnt; i++)
		g->edges[i].object = to[g->edges[i].object];
	for (size_t i = 0; i < g->wakeup_cnt; i++)
		g->wakeups[i].object = to[g->wakeups[i].object];
}

/* By what an actor does, or by the best object that it uses: so that both ends of one are kept, or neither. */
static void rank_actors(const struct graph *g, enum graph_weight weight, struct ranked *ranks)
{
	for (size_t i = 0; i < g->actor_cnt; i++) {
		double own = score(g, &g->actors[i].sums, weight);

		ranks[i] = (struct ranked){ i, own, own };
	}
	for (size_t i = 0; i < g->edge_cnt; i++) {
		double through = score(g, &g->objects[g->edges[i].object].sums, weight);
		struct ranked *r = &ranks[g->edges[i].actor];

		if (through > r->score)
			r->score = through;
	}
	qsort(ranks, g->actor_cnt, sizeof(*ranks), by_score);
}

/* Most first; what is beyond the limit, unless it is a single one, goes into one at the end. */
static void reduce_actors(struct graph *g, const struct graph_options *o)
{
	struct ranked *ranks = xcalloc(g->actor_cnt, sizeof(*ranks));
	struct graph_actor *actors = xcalloc(g->actor_cnt, sizeof(*actors));
	size_t *to = xcalloc(g->actor_cnt, sizeof(*to)), kept = g->actor_cnt, cnt = 0;

	if (o->nodes && g->actor_cnt > o->nodes + 1)
		kept = o->nodes;
	rank_actors(g, o->weight, ranks);
	for (size_t i = 0; i < g->actor_cnt; i++) {
		const struct graph_actor *from = &g->actors[ranks[i].index];

		to[ranks[i].index] = i < kept ? i : kept;
		if (i <= kept) {
			actors[i] = *from;
			actors[i].other = i == kept;
			cnt = i + 1;
			continue;
		}
		actors[kept].processes += from->processes;
		actors[kept].actors += from->actors;
		graph_sums_add(&actors[kept].sums, &from->sums);
	}
	free(g->actors);
	g->actors = actors;
	g->actor_cnt = cnt;
	move_actors(g, to);
	join_edges(g);
	free(to);
	free(ranks);
}

/* Objects that may stand for each other have the same key: a mechanism, and who does what. */
static struct group *key_of(const struct graph *g, const struct graph_object *o, size_t *size)
{
	struct group *group;

	*size = (1 + 2 * (size_t)o->end_cnt) * sizeof(group->key[0]);
	group = xcalloc(1, sizeof(*group) + *size);
	group->key[0] = o->mech->id;
	for (uint32_t i = 0; i < o->end_cnt; i++) {
		group->key[1 + 2 * i] = g->edges[o->first_end + i].actor;
		group->key[2 + 2 * i] = g->edges[o->first_end + i].way;
	}
	return group;
}

static void absorb(struct graph_object *to, const struct graph_object *from, enum graph_weight weight)
{
	if (graph_weigh(&from->sums, weight) > graph_weigh(&to->sums, weight))
		to->object = from->object;
	to->objects += from->objects;
	graph_sums_add(&to->sums, &from->sums);
}

static void join_alike(struct graph *g, enum graph_weight weight)
{
	size_t *to = xcalloc(g->object_cnt, sizeof(*to)), cnt = 0, size;
	struct group *groups = NULL, *group, *found, *next;

	for (size_t i = 0; i < g->object_cnt; i++) {
		group = key_of(g, &g->objects[i], &size);
		HASH_FIND(hh, groups, group->key, size, found);
		if (found) {
			absorb(&g->objects[to[i] = found->index], &g->objects[i], weight);
			free(group);
			continue;
		}
		to[i] = group->index = cnt;
		HASH_ADD(hh, groups, key[0], size, group);
		g->objects[cnt++] = g->objects[i];
	}
	HASH_ITER(hh, groups, group, next) {
		HASH_DEL(groups, group);
		free(group);
	}
	g->object_cnt = cnt;
	move_objects(g, to);
	join_edges(g);
	free(to);
}

/* Most first, then one for the rest of each mechanism. */
static void reduce_objects(struct graph *g, const struct graph_options *o)
{
	struct ranked *ranks = xcalloc(g->object_cnt, sizeof(*ranks));
	struct graph_object *objects = xcalloc(g->object_cnt, sizeof(*objects));
	size_t *to = xcalloc(g->object_cnt, sizeof(*to)), others[MECH_MAX], kept = g->object_cnt, cnt;

	memset(others, 0xff, sizeof(others));
	if (o->nodes && g->object_cnt > o->nodes)
		kept = o->nodes;
	for (size_t i = 0; i < g->object_cnt; i++)
		ranks[i] = (struct ranked){ i, score(g, &g->objects[i].sums, o->weight), 0 };
	qsort(ranks, g->object_cnt, sizeof(*ranks), by_score);
	cnt = kept;
	for (size_t i = 0; i < g->object_cnt; i++) {
		const struct graph_object *from = &g->objects[ranks[i].index];
		size_t *other = &others[from->mech->id];

		if (i < kept) {
			objects[to[ranks[i].index] = i] = *from;
		} else if (*other == SIZE_MAX) {
			objects[to[ranks[i].index] = *other = cnt] = *from;
			objects[cnt++].other = from->objects > 1;
		} else {
			objects[to[ranks[i].index] = *other].other = true;
			absorb(&objects[*other], from, o->weight);
		}
	}
	free(g->objects);
	g->objects = objects;
	g->object_cnt = cnt;
	move_objects(g, to);
	join_edges(g);
	free(to);
	free(ranks);
}

void graph_reduce(struct graph *g, const struct graph_options *o)
{
	reduce_actors(g, o);
	if (o->nodes && g->object_cnt > o->nodes)
		join_alike(g, o->weight);
	reduce_objects(g, o);
	join_wakeups(g);
}
