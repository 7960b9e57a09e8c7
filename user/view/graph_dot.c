// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A graph in the DOT language: boxes act, the rest is acted on; what is wide moves much, what is red waits long. */
#include <math.h>
#include <stdlib.h>

#include "model/alloc.h"
#include "out/escape.h"
#include "out/units.h"
#include "view/graph.h"

#define NAME_CELLS 32	  /* of a name in a node */
#define LABELS 60	  /* edges with figures; the others are thin anyway */
#define LEAST_LABEL 1.0	  /* what weighs nothing has none when there are more */
#define WAKEUPS 40	  /* arcs from waker to wakee */
#define WIDEST 6.0	  /* points */
#define WAITS_SOME 0.1	  /* of the time: told in colour */
#define WAITS_MOST 0.5

static const char *const fills[] = { "#fff3d6", "#e3f3e1", "#fde2e0", "#e8e3f6", "#dff2f4", "#f6e6ef", "#eef0d8" };

/* Within quotes: what escape_text() made safe, with the two characters that DOT takes for its own, and the HTML one. */
static void put_text(struct writer *out, const char *name, bool keep_end)
{
	char buf[5 * 256 + 8];

	escape_text(buf, sizeof(buf), name, 256, false);
	cut_text(buf, sizeof(buf), NAME_CELLS, keep_end, false);
	for (const char *at = buf; *at; at++) {
		if (*at == '"' || *at == '\\')
			writer_char(out, '\\');
		if (*at == '&')
			writer_text(out, "&amp;");
		else
			writer_char(out, *at);
	}
}

static void put_actor(struct writer *out, const struct graph_actor *a, size_t i, enum actor_kind by)
{
	const struct process *p = a->actor.process;

	writer_printf(out, "\tp%zu [shape=box style=\"rounded,filled\" fillcolor=\"%s\" label=\"", i,
		      a->other ? "#eeeeee" : "#dbe9f6");
	if (a->other) {
		writer_printf(out, "%u other%s\\n%u processes\"]\n", a->actors, a->actors == 1 ? "" : "s", a->processes);
		return;
	}
	if (a->actor.name)
		put_text(out, a->actor.name, by >= ACTOR_CGROUP);
	else
		writer_text(out, by == ACTOR_CONTAINER ? "no container" : by == ACTOR_UNIT ? "no unit" : "?");
	if (by == ACTOR_PROCESS && p->key.tgid)
		writer_printf(out, "\\n%u", p->key.tgid);
	if (by == ACTOR_PROCESS && p->ns_tgid && p->ns_tgid != p->key.tgid)
		writer_printf(out, " (%u)", p->ns_tgid);
	if (by != ACTOR_PROCESS && a->processes > 1)
		writer_printf(out, "\\n%u processes", a->processes);
	writer_text(out, "\"]\n");
}

/* Of a single object: how full it is, who holds whom up. */
static void put_state(struct writer *out, const struct object *o)
{
	const char *verdict = verdict_name(object_verdict(o, SPAN_TOTAL));
	struct mech_room room;
	bool destroyed = false;

	object_room(o, &room);
	object_destroyed(o, &destroyed);
	writer_text(out, "\\n");
	if (!destroyed && room.used_slots != ROOM_UNKNOWN && room.slots != ROOM_UNKNOWN)
		writer_printf(out, "%llu/%llu  ", (unsigned long long)room.used_slots, (unsigned long long)room.slots);
	if (verdict)
		writer_text(out, verdict);
}

static void put_object(struct writer *out, const struct graph_object *o, size_t i)
{
	char id[64];

	writer_printf(out, "\to%zu [shape=ellipse style=filled fillcolor=\"%s\" label=\"", i,
		      o->other ? "#eeeeee" : fills[o->mech->id % (sizeof(fills) / sizeof(fills[0]))]);
	if (o->other) {
		writer_printf(out, "%u other %s\"]\n", o->objects, o->mech->name);
		return;
	}
	if (o->objects > 1) {
		writer_printf(out, "%u %s alike\"]\n", o->objects, o->mech->name);
		return;
	}
	o->mech->format_id(&o->object->id, id, sizeof(id));
	if (o->object->name)
		writer_printf(out, "%s ", o->mech->name);
	put_text(out, o->object->name ? o->object->name : id, true);
	put_state(out, o->object);
	writer_text(out, "\"]\n");
}

static int falling(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* The weight that an edge must have to be labelled. */
static double label_limit(const struct graph *g, enum graph_weight weight)
{
	double *weights = xcalloc(g->edge_cnt, sizeof(*weights)), limit;

	for (size_t i = 0; i < g->edge_cnt; i++)
		weights[i] = graph_weigh(&g->edges[i].sums, weight);
	qsort(weights, g->edge_cnt, sizeof(*weights), falling);
	limit = g->edge_cnt > LABELS ? fmax(weights[LABELS - 1], LEAST_LABEL) : 0;
	free(weights);
	return limit;
}

static void put_figures(struct writer *out, const struct graph_edge *e, const struct graph_caption *c)
{
	const struct graph_sums *s = &e->sums;
	char text[UNIT_LEN];

	if (s->bytes) {
		format_unit(text, s->bytes, UNIT_BYTES);
		writer_printf(out, "%sB", text);
	} else if (s->ops) {
		format_unit(text, s->ops, UNIT_COUNT);
		writer_printf(out, "%s ops", text);
	}
	if (s->wait_ns && (c->options.weight == GRAPH_WAITS || e->waiter_ns > c->span_ns * WAITS_SOME)) {
		format_unit(text, s->wait_ns, UNIT_NS);
		writer_printf(out, "%swaits %s", s->bytes || s->ops ? "\\n" : "", text);
	}
	if (s->wakes && c->options.weight == GRAPH_WAKES) {
		format_unit(text, s->wakes, UNIT_COUNT);
		writer_printf(out, "\\nwakes %s", text);
	}
}

static const char *color_of(const struct graph_edge *e, uint64_t span_ns)
{
	if (e->waiter_ns > span_ns * WAITS_MOST)
		return "#c62828";
	return e->waiter_ns > span_ns * WAITS_SOME ? "#e08a00" : "#5f6b7a";
}

/* Of a large graph what weighs most, and where somebody waits: the rest is there to see who is connected. */
static bool is_labelled(const struct graph_edge *e, const struct graph_caption *c, double weight, double limit)
{
	if (e->way >= GRAPH_HOLDS_SEND)
		return false;
	return weight >= limit || e->waiter_ns > c->span_ns * WAITS_SOME;
}

static void put_edge(struct writer *out, const struct graph_edge *e, const struct graph_caption *c, double most,
		     double limit)
{
	static const char *const styles[GRAPH_WAYS] = {
		[GRAPH_USES] = " dir=none style=dotted",
		[GRAPH_HOLDS_SEND] = " style=dashed",
		[GRAPH_HOLDS_RECV] = " style=dashed",
	};
	bool to_actor = e->way == GRAPH_RECEIVES || e->way == GRAPH_HOLDS_RECV;
	double weight = graph_weigh(&e->sums, c->options.weight);

	writer_printf(out, to_actor ? "\to%zu -> p%zu" : "\tp%zu -> o%zu", to_actor ? e->object : e->actor,
		      to_actor ? e->actor : e->object);
	writer_printf(out, " [penwidth=%.2f color=\"%s\"%s", 0.8 + (most > 0 ? WIDEST * sqrt(weight / most) : 0),
		      color_of(e, c->span_ns), styles[e->way] ? styles[e->way] : "");
	if (is_labelled(e, c, weight, limit)) {
		writer_text(out, " label=\"");
		put_figures(out, e, c);
		writer_char(out, '"');
	}
	writer_text(out, "]\n");
}

/*
 * Who sends or receives has opened it, too: that is worth an edge of its own only if somebody waited or was
 * woken. Who holds or has set up one of many does not tell anything.
 */
static bool is_aside(const struct graph *g, size_t i)
{
	const struct graph_edge *e = &g->edges[i], *before = i ? &g->edges[i - 1] : NULL;

	if (e->way >= GRAPH_HOLDS_SEND)
		return g->objects[e->object].other;
	return e->way == GRAPH_USES && !e->sums.wait_ns && !e->sums.wakes &&
	       (g->objects[e->object].other || (before && before->object == e->object && before->actor == e->actor));
}

static bool is_told(const struct graph *g, const struct graph_object *o)
{
	for (uint32_t i = 0; i < o->end_cnt; i++)
		if (!is_aside(g, o->first_end + i))
			return true;
	return false;
}

/* Only where wakeups are what was asked for: they double the arcs. */
static void put_wakeups(struct writer *out, const struct graph *g)
{
	for (size_t i = 0, cnt = 0; i < g->wakeup_cnt && cnt < WAKEUPS; i++) {
		const struct graph_wakeup *w = &g->wakeups[i];

		if (w->kind)
			continue;
		cnt++;
		writer_printf(out, "\tp%zu -> p%zu [style=dotted color=\"#7b3fa0\" fontcolor=\"#7b3fa0\" constraint=false "
				   "label=\"wakes %llu\"]\n",
			      w->waker, w->wakee, (unsigned long long)w->wakes);
	}
}

static void put_caption(struct writer *out, const struct graph *g, const struct graph_caption *c)
{
	const struct losses *l = &c->losses;

	writer_printf(out, "%s, %.1f s\\lwidth: %s; orange and red: a process waited more than %.0f%% and %.0f%% of the time\\l",
		      c->mechanisms, c->span_ns / 1e9, graph_weight_name(c->options.weight), 100 * WAITS_SOME,
		      100 * WAITS_MOST);
	if (g->forgotten)
		writer_printf(out, "not here: %llu objects that ended early\\l", (unsigned long long)g->forgotten);
	if (losses_any(l))
		writer_printf(out, "lost: %llu missed, %llu map full, %llu ring full, %llu unresolved\\l",
			      (unsigned long long)l->missed, (unsigned long long)l->map_full,
			      (unsigned long long)l->ring_full, (unsigned long long)l->unresolved);
}

void graph_dot(struct writer *out, const struct graph *g, const struct graph_caption *c)
{
	double most = 0, limit = label_limit(g, c->options.weight);

	writer_text(out, "digraph ipctrace {\n"
			 "\tgraph [rankdir=LR nodesep=0.2 ranksep=0.9 fontname=\"DejaVu Sans\" fontsize=10 labeljust=l "
			 "label=\"");
	put_caption(out, g, c);
	writer_text(out, "\"]\n\tnode [fontname=\"DejaVu Sans\" fontsize=10 margin=\"0.1,0.05\" color=\"#8a94a0\"]\n"
			 "\tedge [fontname=\"DejaVu Sans\" fontsize=8 arrowsize=0.6]\n");
	for (size_t i = 0; i < g->actor_cnt; i++)
		put_actor(out, &g->actors[i], i, c->options.by);
	for (size_t i = 0; i < g->object_cnt; i++)
		if (is_told(g, &g->objects[i])) /* else it was made or found, and that is all */
			put_object(out, &g->objects[i], i);
	for (size_t i = 0; i < g->edge_cnt; i++) {
		double weight = graph_weigh(&g->edges[i].sums, c->options.weight);

		most = weight > most ? weight : most;
	}
	for (size_t i = 0; i < g->edge_cnt; i++)
		if (!is_aside(g, i))
			put_edge(out, &g->edges[i], c, most, limit);
	if (c->options.weight == GRAPH_WAKES)
		put_wakeups(out, g);
	writer_text(out, "}\n");
}
