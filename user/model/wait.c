// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/alloc.h"
#include "model/model.h"

void waits_turn(struct model *m)
{
	struct wait *waits = m->carried;
	size_t cap = m->carried_cap;

	for (size_t i = 0; i < m->carried_cnt; i++)
		if (m->carried[i].edge)
			m->carried[i].edge->carried = NULL;
	for (size_t i = 0; i < m->wait_cnt; i++) {
		struct edge *edge = m->waits[i].edge;

		if (!edge || !edge->waits)
			continue; /* the list was moved with its first wait */
		edge->carried = edge->waits;
		edge->waits = NULL;
	}
	m->carried = m->waits;
	m->carried_cnt = m->wait_cnt;
	m->carried_cap = m->wait_cap;
	m->waits = waits;
	m->wait_cap = cap;
	m->wait_cnt = 0;
}

static void read_run(const struct model *m, const struct ipc_run *run, uint32_t tid, struct wait *w)
{
	bool asleep = run->flags & RUN_SLEEPS;
	uint64_t end_ns = run->flags & RUN_WOKEN ? run->wake_ns : m->now_ns;

	w->tgid = run->tgid;
	w->tid = tid;
	w->open = asleep && !(run->flags & RUN_WOKEN);
	w->preexisting = run->flags & RUN_PREEXISTING;
	w->cause = run->cause < CAUSE_MAX ? run->cause : CAUSE_NONE;
	w->own_cause = run->own_cause < CAUSE_MAX ? run->own_cause : CAUSE_NONE;
	w->since_ns = run->sleep_ns;
	w->length_ns = asleep && end_ns > run->sleep_ns ? end_ns - run->sleep_ns : 0;
	w->wait_ns = run->wait_ns + w->length_ns;
	w->sched_delay_ns = run->sched_delay_ns;
	w->waits = run->waits;
	w->own_waits = run->own_waits;
	w->lock_waits = run->lock_waits;
	w->io_waits = run->io_waits;
	w->wakes = run->wakes;
	w->other_wakes = run->other_wakes;
	w->spurious = run->spurious;
	memcpy(w->comm, run->comm, IPC_COMM_LEN);
	w->comm[IPC_COMM_LEN] = '\0';
}

/* The edge that the operation will be counted on; NULL: its object is not known, or not traced. */
static struct edge *edge_of_run(struct model *m, const struct ipc_run *run, const struct ipc_object_id *id, uint8_t op)
{
	struct endpoint *e;
	struct object *o;

	if (run->flags & RUN_UNRESOLVED || op >= OP_MAX)
		return NULL;
	o = object_get(m, id);
	if (!o)
		return NULL;
	object_seen(m, o);
	e = endpoint_get(m, o, run->tgid, run->start);
	process_name(e->process, run->comm);
	return edge_get(e, op);
}

static void enter(struct model *m, const struct ipc_run *run, struct wait *w)
{
	struct object *o = w->edge->endpoint->object;
	struct side *in_progress = &m->totals[w->mech]->in_progress[w->op];

	w->next = w->edge->waits;
	w->edge->waits = w;
	if (w->open) {
		o->waiting_tick = m->tick;
		in_progress->open_waits++;
	}
	/* what it slept before counting began is no figure of ours, though the kernel will add it at its end */
	if (m->tick == 1 && w->preexisting && run->sleep_ns < m->start_ns)
		w->edge->before_start_ns += m->start_ns - run->sleep_ns;
}

/* An open by path sleeps for a partner: of what, only its end will tell. Other opens just take time. */
static bool is_partnerless(const struct ipc_run *run)
{
	return (run->flags & RUN_UNRESOLVED) && run->cause == CAUSE_PARTNER;
}

void waits_settle(struct model *m)
{
	for (size_t i = 0; i < m->carried_cnt; i++) {
		const struct wait *w = &m->carried[i];
		struct side *in_progress;

		if (!w->edge || !w->open)
			continue;
		in_progress = &m->totals[w->mech]->in_progress[w->op];
		in_progress->waits++;
		in_progress->causes[w->cause]++;
	}
}

/* Edges refer to waits: when those move, they are listed anew. */
static void make_room(struct model *m, size_t cnt)
{
	if (cnt <= m->wait_cap)
		return;
	m->wait_cap = cnt + cnt / 8;
	m->waits = xreallocarray(m->waits, m->wait_cap, sizeof(*m->waits));
	for (size_t i = 0; i < m->wait_cnt; i++)
		if (m->waits[i].edge)
			m->waits[i].edge->waits = NULL;
	for (size_t i = 0; i < m->wait_cnt; i++) {
		struct wait *w = &m->waits[i];

		if (!w->edge)
			continue;
		w->next = w->edge->waits;
		w->edge->waits = w;
	}
}

void waits_update(struct model *m, const struct snapshot *s)
{
	make_room(m, m->wait_cnt + s->sleepers.cnt);
	for (size_t i = 0; i < s->sleepers.cnt; i++) {
		const struct ipc_run *run = &s->sleepers.values[i];
		bool second = run->flags & RUN_SECOND;
		const struct ipc_object_id *id = second ? &run->obj2 : &run->obj;
		struct wait *w = &m->waits[m->wait_cnt];

		memset(w, 0, sizeof(*w));
		w->op = second ? run->op2 : run->op;
		w->mech = id->mech;
		w->edge = edge_of_run(m, run, id, w->op);
		read_run(m, run, s->sleepers.keys[i], w);
		if (!w->edge && !(w->open && is_partnerless(run)))
			continue;
		if (w->edge)
			enter(m, run, w);
		m->wait_cnt++;
	}
}

void waits_add(const struct edge *edge, __u64 *words)
{
	struct side *side = (struct side *)words; /* all but its last word */

	for (const struct wait *w = edge->waits; w; w = w->next) {
		side->waits += w->waits;
		side->wait_ns += w->wait_ns;
		side->sched_delay_ns += w->sched_delay_ns;
		side->causes[w->own_cause] += w->own_waits;
		side->causes[CAUSE_LOCK] += w->lock_waits;
		side->causes[CAUSE_IO] += w->io_waits;
		side->wakes += w->wakes;
		side->other_wakes += w->other_wakes;
		side->spurious_wakes += w->spurious;
	}
	side->wait_ns -= side->wait_ns < edge->before_start_ns ? side->wait_ns : edge->before_start_ns;
}
