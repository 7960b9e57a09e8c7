// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Of an object that stays while processes come and go, what those did that are
 * gone becomes one endpoint's, "exited": a log's socket would otherwise keep
 * every process that ever wrote to it.
 */
#include "model/alloc.h"
#include "model/hist.h"
#include "model/model.h"

#define KEPT 32 /* endpoints and pairs of an object that stay apart */

/* Its rows were read no more: nothing is added to what it did. */
static bool is_past(const struct model *m, const struct endpoint *e)
{
	if (!e->process->key.tgid || !e->process->exited || e->process->tick == m->tick || e->hold_tick == m->tick)
		return false;
	for (unsigned op = 0; op < OP_MAX; op++) {
		const struct edge *edge = e->edges[op];

		if (edge && (edge->tick == m->tick || edge->waits || edge->carried))
			return false;
	}
	return true;
}

static void fold_edge(struct edge *to, const struct edge *from)
{
	tally_fold(&to->counts, &from->counts);
	to->before_start_ns += from->before_start_ns;
	for (const struct error_count *e = from->errors; e; e = e->next) {
		struct error_count *sum = errors_get(&to->errors, e->error);

		sum->now += e->now;
		sum->before += e->now;
	}
	if (from->hists && !to->hists)
		to->hists = xcalloc(HIST_KINDS, sizeof(*to->hists));
	for (unsigned k = 0; from->hists && k < HIST_KINDS; k++)
		tally_fold(&to->hists[k], &from->hists[k]);
}

static void fold_endpoint(struct endpoint *to, const struct endpoint *from)
{
	for (unsigned op = 0; op < OP_MAX; op++)
		if (from->edges[op])
			fold_edge(edge_get(to, op), from->edges[op]);
	to->held_ends |= from->held_ends;
}

static void fold_endpoints(struct model *m, struct object *o)
{
	struct endpoint **at = &o->endpoints, *e;

	while ((e = *at)) {
		if (!is_past(m, e)) {
			at = &e->next;
			continue;
		}
		*at = e->next; /* before a new one comes to stand at the head */
		fold_endpoint(endpoint_get(m, o, 0, ENDPOINT_EXITED), e);
		endpoint_unlink(m, e);
		endpoint_free(e);
	}
}

/* Its row is gone, or it was none. */
static bool has_exited(const struct model *m, uint32_t *tgid, uint32_t *start)
{
	const struct process *p = *tgid ? process_find(m, *tgid, *start) : NULL;

	if (!*tgid || (p && (!p->exited || p->tick == m->tick)))
		return false;
	*tgid = 0;
	*start = ENDPOINT_EXITED;
	return true;
}

static void fold_wakes(struct model *m, struct object *o)
{
	struct wake **at = &o->wakes, *w;

	while ((w = *at)) {
		struct ipc_wake_key key = w->key;
		bool waker = key.waker_kind == WAKER_TASK && has_exited(m, &key.waker, &key.waker_start);
		bool wakee = has_exited(m, &key.wakee, &key.wakee_start);

		if (w->tick == m->tick || !(waker || wakee)) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		wake_unlink(m, w);
		wake_fold(m, o, &key, w->now);
		free(w);
	}
}

static bool is_long(const struct object *o)
{
	unsigned endpoints = 0, wakes = 0;

	for (const struct endpoint *e = o->endpoints; e && endpoints <= KEPT; e = e->next)
		endpoints++;
	for (const struct wake *w = o->wakes; w && wakes <= KEPT; w = w->next)
		wakes++;
	return endpoints > KEPT || wakes > KEPT;
}

void objects_fold(struct model *m)
{
	model_for_each_object(m, o) {
		if (o->gone || !is_long(o))
			continue;
		fold_wakes(m, o); /* while the processes are still known */
		fold_endpoints(m, o);
	}
}
