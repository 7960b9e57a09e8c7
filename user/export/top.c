// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "export/top.h"

#include <string.h>

#include "model/alloc.h"

#define DECAY 0.95     /* of what a slot did, an interval later */
#define MUCH_BUSIER 2.0
#define QUIET 1e-3     /* a score below which a slot may be given away */

/* What may get a slot, with what it did in this interval. */
struct candidate {
	char name[TOP_NAME_LEN];
	struct ipc_object_id id;
	double score;
	struct top_counts *counts; /* NULL: of an object, whose mechanism is one */
	struct top_sums of[OP_MAX]; /* of an object */
	struct top_slot *slot;
	UT_hash_handle hh;
};

void top_init(struct top *t, unsigned cnt)
{
	*t = (struct top){ .slots = xcalloc(cnt, sizeof(*t->slots)), .cnt = cnt };
}

void top_free(struct top *t)
{
	free(t->slots);
	*t = (struct top){ 0 };
}

static void add(struct top_sums *to, const struct side *side)
{
	to->ops += side->ops;
	to->bytes += side->bytes;
	to->wait_ns += side->wait_ns;
}

/* An operation, a KiB, a millisecond of waiting are worth the same. */
static double score_of(const struct side *side)
{
	return side->ops + side->bytes / 1024.0 + side->wait_ns / 1e6;
}

static bool is_quiet(const struct model *m, const struct object *o)
{
	return o->changed_tick != m->tick && o->waiting_tick != m->tick;
}

static void decay(struct top *t)
{
	for (unsigned i = 0; i < t->cnt; i++)
		t->slots[i].score *= DECAY;
}

/* A free slot, else the quietest if the candidate is worth it; NULL: none. */
static struct top_slot *slot_for(struct top *t, const struct candidate *c)
{
	struct top_slot *weakest = NULL;

	for (unsigned i = 0; i < t->cnt; i++) {
		if (!t->slots[i].used)
			return &t->slots[i];
		if (!weakest || t->slots[i].score < weakest->score)
			weakest = &t->slots[i];
	}
	if (weakest && (weakest->score < QUIET || c->score > MUCH_BUSIER * weakest->score))
		return weakest;
	return NULL;
}

static void take(struct top_slot *slot, const struct candidate *c)
{
	memset(slot, 0, sizeof(*slot));
	slot->used = true;
	slot->id = c->id;
	memcpy(slot->name, c->name, sizeof(slot->name));
}

static int busiest_first(const struct candidate *a, const struct candidate *b)
{
	if (a->score != b->score)
		return a->score < b->score ? 1 : -1;
	return strcmp(a->name, b->name);
}

static void sum(struct top_counts *to, const struct candidate *c)
{
	for (unsigned mech = 0; mech < MECH_MAX; mech++)
		for (unsigned op = 0; op < OP_MAX; op++) {
			const struct top_sums *from = c->counts ? &c->counts->of[mech][op] : &c->of[op];

			if (!c->counts && mech != c->id.mech)
				continue;
			to->of[mech][op].ops += from->ops;
			to->of[mech][op].bytes += from->bytes;
			to->of[mech][op].wait_ns += from->wait_ns;
		}
}

static void find_slot(struct top *t, struct candidate *c)
{
	for (unsigned i = 0; i < t->cnt; i++) {
		struct top_slot *slot = &t->slots[i];

		if (!slot->used || memcmp(&slot->id, &c->id, sizeof(c->id)) || strcmp(slot->name, c->name))
			continue;
		c->slot = slot;
		slot->score += c->score;
	}
}

/* Whoever had it may have been busy, too: just not enough. */
static void give_slot(struct top *t, struct candidate *all, struct candidate *c)
{
	struct top_slot *slot = strcmp(c->name, TOP_OTHER) ? slot_for(t, c) : NULL;

	if (!slot)
		return;
	for (struct candidate *other = slot->used ? all : NULL; other; other = other->hh.next)
		if (other->slot == slot)
			other->slot = NULL;
	take(slot, c);
	slot->score = c->score;
	c->slot = slot;
}

/* Gives out slots, busiest first, and counts. Frees the candidates. */
static void settle(struct top *t, struct candidate *all)
{
	struct candidate *c, *next;

	HASH_SRT(hh, all, busiest_first);
	HASH_ITER(hh, all, c, next)
		find_slot(t, c);
	HASH_ITER(hh, all, c, next)
		if (!c->slot)
			give_slot(t, all, c);
	HASH_ITER(hh, all, c, next)
		sum(c->slot ? &c->slot->counts : &t->others, c);
	HASH_ITER(hh, all, c, next) {
		HASH_DEL(all, c);
		free(c->counts);
		free(c);
	}
}

static void add_object(struct candidate **all, const struct object *o)
{
	struct candidate *c = xcalloc(1, sizeof(*c));

	c->id = o->id;
	o->mech->format_id(&o->id, c->name, sizeof(c->name));
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		for (unsigned op = 0; op < OP_MAX; op++) {
			struct side side = { 0 };

			edge_side(e->edges[op], SPAN_INTERVAL, &side);
			add(&c->of[op], &side);
			c->score += score_of(&side);
		}
	HASH_ADD(hh, *all, id, sizeof(c->id), c);
}

void top_objects(struct top *t, const struct model *m)
{
	struct candidate *all = NULL;

	decay(t);
	for (unsigned i = 0; i < t->cnt; i++) {
		const struct object *o = t->slots[i].used ? model_object(m, &t->slots[i].id) : NULL;

		if (!o || o->gone) /* its last interval is over */
			t->slots[i].used = false;
	}
	model_for_each_object(m, o)
		if (!o->replaced && !is_quiet(m, o))
			add_object(&all, o);
	settle(t, all);
}

static void add_endpoint(struct candidate **all, const struct endpoint *e, enum actor_kind by)
{
	struct actor a = actor_of(e->process, by);
	char name[TOP_NAME_LEN] = "";
	struct candidate *c;

	if (by == ACTOR_PROCESS)
		snprintf(name, sizeof(name), "%s/%u", a.name ? a.name : "", a.process->key.tgid);
	else
		snprintf(name, sizeof(name), "%s", a.name ? a.name : "");
	HASH_FIND_STR(*all, name, c);
	if (!c) {
		c = xcalloc(1, sizeof(*c));
		memcpy(c->name, name, sizeof(name));
		c->counts = xcalloc(1, sizeof(*c->counts));
		HASH_ADD_STR(*all, name, c);
	}
	for (unsigned op = 0; op < OP_MAX; op++) {
		struct side side = { 0 };

		edge_side(e->edges[op], SPAN_INTERVAL, &side);
		add(&c->counts->of[e->object->id.mech][op], &side);
		c->score += score_of(&side);
	}
}

void top_groups(struct top *t, const struct model *m, enum actor_kind by)
{
	struct candidate *all = NULL;

	decay(t);
	model_for_each_object(m, o) {
		if (o->replaced || is_quiet(m, o))
			continue;
		for (const struct endpoint *e = o->endpoints; e; e = e->next)
			add_endpoint(&all, e, by);
	}
	settle(t, all);
}
