// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/graph.h"
#include "view/json_parts.h"

static void node_id(struct json *j, const char *key, char kind, size_t index)
{
	char id[24];

	snprintf(id, sizeof(id), "%c%zu", kind, index);
	json_string(j, key, id);
}

/* What is seen of some mechanism. */
static struct capability seen_of_any(const struct graph *g)
{
	struct capability any = { .unseen = ~0u };

	for (size_t i = 0; i < g->object_cnt; i++) {
		any.profile |= g->objects[i].object->can->profile;
		any.unseen &= g->objects[i].object->can->unseen;
	}
	return any;
}

/* What is not collected, or not seen by the mechanism's backend, is null. */
static void json_sums(struct json *j, const struct graph_sums *s, const struct capability *can)
{
	json_uint(j, "ops", s->ops);
	json_uint(j, "bytes", s->bytes);
	json_uint_or_null(j, "waits", can_waits(can), s->waits);
	json_uint_or_null(j, "wait_ns", can_waits(can), s->wait_ns);
	json_uint_or_null(j, "open_waits", can_waits(can), s->open_waits);
	json_uint_or_null(j, "wakes", can_wakes(can), s->wakes);
}

static void json_actor(struct json *j, const struct graph *g, size_t i, enum actor_kind by, const struct capability *can)
{
	const struct graph_actor *a = &g->actors[i];
	const struct process *p = a->other || by != ACTOR_PROCESS ? NULL : a->actor.process;

	json_open(j, NULL, '{');
	node_id(j, "node", 'p', i);
	json_string(j, "kind", a->other ? "other" : p && !p->key.tgid ? "kernel" : actor_kind_name(by));
	json_string(j, "name", a->actor.name && !a->other ? a->actor.name : NULL);
	json_uint_or_null(j, "pid", p && p->key.tgid, p ? p->key.tgid : 0);
	json_uint_or_null(j, "ns_pid", p && p->ns_tgid, p ? p->ns_tgid : 0);
	json_uint_or_null(j, "pid_ns", p && p->pid_ns, p ? p->pid_ns : 0);
	json_string(j, "cgroup", p && p->cgroup ? p->cgroup->path : NULL);
	json_string(j, "container", p && p->cgroup ? p->cgroup->container : NULL);
	json_string(j, "unit", p && p->cgroup ? p->cgroup->unit : NULL);
	json_uint(j, "processes", a->processes);
	json_uint(j, "merged", a->actors);
	json_sums(j, &a->sums, can);
	json_close(j, '}');
}

static void json_graph_object(struct json *j, const struct graph *g, size_t i)
{
	const struct graph_object *o = &g->objects[i];
	bool one = o->objects == 1;
	char id[64];

	o->mech->format_id(&o->object->id, id, sizeof(id));
	json_open(j, NULL, '{');
	node_id(j, "node", 'o', i);
	json_string(j, "kind", o->other ? "other" : "object");
	json_string(j, "mechanism", o->mech->name);
	json_string(j, "id", one ? id : NULL);
	json_string(j, "name", one ? o->object->name : NULL);
	json_uint(j, "objects", o->objects);
	json_sums(j, &o->sums, o->object->can);
	json_string(j, "verdict", one ? verdict_name(object_verdict(o->object, SPAN_TOTAL)) : NULL);
	json_close(j, '}');
}

static void json_graph_edge(struct json *j, const struct graph *g, const struct graph_edge *e)
{
	json_open(j, NULL, '{');
	node_id(j, "actor", 'p', e->actor);
	node_id(j, "object", 'o', e->object);
	json_string(j, "way", graph_way_name(e->way));
	json_sums(j, &e->sums, g->objects[e->object].object->can);
	json_uint_or_null(j, "longest_waiter_ns", can_waits(g->objects[e->object].object->can), e->waiter_ns);
	json_close(j, '}');
}

static void json_wakeup(struct json *j, const struct graph_wakeup *w)
{
	json_open(j, NULL, '{');
	if (w->kind)
		json_null(j, "waker");
	else
		node_id(j, "waker", 'p', w->waker);
	json_string(j, "kind", w->kind ? w->kind : "task");
	node_id(j, "wakee", 'p', w->wakee);
	node_id(j, "object", 'o', w->object);
	json_uint(j, "wakes", w->wakes);
	json_close(j, '}');
}

void graph_json(struct json *j, const struct graph *g, const struct graph_caption *c)
{
	const struct capability any = seen_of_any(g);

	json_open(j, NULL, '{');
	json_string(j, "type", "graph");
	json_uint(j, "schema", 1);
	json_string(j, "by", actor_kind_name(c->options.by));
	json_string(j, "weight", graph_weight_name(c->options.weight));
	json_seconds(j, "elapsed_s", c->span_ns);
	json_open(j, "actors", '[');
	for (size_t i = 0; i < g->actor_cnt; i++)
		json_actor(j, g, i, c->options.by, &any);
	json_close(j, ']');
	json_open(j, "objects", '[');
	for (size_t i = 0; i < g->object_cnt; i++)
		json_graph_object(j, g, i);
	json_close(j, ']');
	json_open(j, "edges", '[');
	for (size_t i = 0; i < g->edge_cnt; i++)
		json_graph_edge(j, g, &g->edges[i]);
	json_close(j, ']');
	json_open(j, "wakeups", '[');
	for (size_t i = 0; i < g->wakeup_cnt; i++)
		json_wakeup(j, &g->wakeups[i]);
	json_close(j, ']');
	json_uint(j, "forgotten", g->forgotten);
	json_losses(j, "loss", &c->losses);
	json_close(j, '}');
	json_end_line(j);
}
