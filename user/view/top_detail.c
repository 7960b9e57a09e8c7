// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One object, all that is known of it: endpoints, causes, histograms, wakers, the ring as it stands. */
#include "model/hist.h"
#include "out/escape.h"
#include "out/units.h"
#include "view/top.h"

#define BAR 40 /* cells */

static void put_ring(struct top_lines *l, const struct object *o)
{
	struct mech_room room;
	char bar[BAR + 1], most[32] = "";
	uint64_t used, all;

	object_room(o, &room);
	used = room.used_slots != ROOM_UNKNOWN ? room.used_slots : room.used_bytes;
	all = room.used_slots != ROOM_UNKNOWN ? room.slots : room.bytes;
	if (used == ROOM_UNKNOWN || all == ROOM_UNKNOWN || !all)
		return;
	for (unsigned i = 0; i < BAR; i++)
		bar[i] = i * all < used * BAR ? '#' : '.';
	bar[BAR] = '\0';
	if (room.used_slots != ROOM_UNKNOWN && room.max_slots != ROOM_UNKNOWN)
		snprintf(most, sizeof(most), ", most %llu", (unsigned long long)room.max_slots);
	top_addf(l, "  [%s] %llu of %llu %s%s", bar, (unsigned long long)used, (unsigned long long)all,
		 room.used_slots != ROOM_UNKNOWN ? "slots" : "bytes", most);
}

static void put_causes(struct top_lines *l, const struct side *side)
{
	char text[256] = "";
	size_t len = 0;

	for (unsigned i = 0; i < CAUSE_MAX && len < sizeof(text); i++)
		if (side->causes[i] && cause_name(i))
			len += snprintf(text + len, sizeof(text) - len, "  %s %llu", cause_name(i),
					(unsigned long long)side->causes[i]);
	if (len)
		top_addf(l, "        waits by cause:%s", text);
}

static void put_errors(struct top_lines *l, const struct object *o, enum ipc_op op)
{
	char text[256] = "", number[ERROR_NAME_LEN];
	struct error_sum sum = { 0 };
	size_t len = 0;

	object_errors(o, op, SPAN_TOTAL, &sum);
	for (unsigned i = 0; i < sum.cnt && len < sizeof(text); i++)
		len += snprintf(text + len, sizeof(text) - len, "  %s %llu", error_name(sum.rows[i].error, number),
				(unsigned long long)sum.rows[i].count);
	if (len)
		top_addf(l, "        failed:%s", text);
}

static void put_figures(struct top_lines *l, const struct capability *can, enum ipc_op op, const struct side *side)
{
	const bool waits = can_waits(can);
	const struct {
		int cells;
		bool known;
		double value;
		enum unit unit;
	} figures[] = {
		{ 12, true, side->ops, UNIT_NUMBER },
		{ 12, true, side->bytes, UNIT_BYTES },
		{ 9, waits, side->waits, UNIT_NUMBER },
		{ 9, waits, side->wait_ns, UNIT_NS },
		{ 9, waits, side->sched_delay_ns, UNIT_NS },
		{ 9, can_wakes(can), side->wakes, UNIT_NUMBER },
		{ 9, waits && can_see(can, UNSEEN_SPURIOUS), side->spurious_wakes, UNIT_NUMBER },
	};
	char text[256] = "", cell[TOP_CELL_LEN];
	size_t len = 0;

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		len += snprintf(text + len, sizeof(text) - len, "%s",
				top_cell(cell, figures[i].cells, figures[i].known, figures[i].value, figures[i].unit));
	top_addf(l, "  %-7s%s", op_name(op), text);
}

static void put_sides(struct top_lines *l, const struct object *o)
{
	top_addf(l, "since the start   OPS       BYTES    WAITS   WAITED    DELAY    WAKES  IN VAIN")->bold = true;
	for (unsigned op = 0; op < OP_MAX; op++) {
		struct side side;

		object_side(o, op, SPAN_TOTAL, &side);
		if (!side.ops && !side.open_waits && !side.wakes)
			continue;
		put_figures(l, o->can, op, &side);
		put_causes(l, &side);
		put_errors(l, o, op);
	}
}

static void put_open_waits(struct top_lines *l, const struct edge *edge)
{
	char text[UNIT_LEN], name[128];

	for (const struct wait *w = edge ? edge->waits : NULL; w; w = w->next) {
		if (!w->open)
			continue;
		escape_text(name, sizeof(name), w->comm, sizeof(w->comm), false);
		format_unit(text, w->length_ns, UNIT_NS);
		top_addf(l, "        task %u %s sleeps: %s, for %s", w->tid, name, cause_name(w->cause) ?: "?", text)->bold = true;
	}
}

static void put_endpoint(struct top_lines *l, const struct endpoint *e)
{
	const struct process *p = e->process;
	char name[128], inner[32] = "", place[160] = "", sent[UNIT_LEN], received[UNIT_LEN];
	struct side send = { 0 }, recv = { 0 };

	edge_side(e->edges[OP_SEND], SPAN_TOTAL, &send);
	edge_side(e->edges[OP_RECV], SPAN_TOTAL, &recv);
	format_unit(sent, send.bytes, UNIT_BYTES);
	format_unit(received, recv.bytes, UNIT_BYTES);
	escape_text(name, sizeof(name), p->comm, sizeof(p->comm), false);
	if (p->ns_tgid && p->ns_tgid != p->key.tgid)
		snprintf(inner, sizeof(inner), " (%u)", p->ns_tgid);
	if (p->cgroup && p->cgroup->path) {
		escape_text(place, sizeof(place), p->cgroup->path, IPC_NAME_LEN, false);
		cut_text(place, sizeof(place), 36, true, false);
	}
	top_addf(l, "  %s/%u%s  sent %s in %llu, received %s in %llu, holds %u+%u  %s", name, p->key.tgid, inner, sent,
		 (unsigned long long)send.ops, received, (unsigned long long)recv.ops, e->holds_now ? e->holds[OP_SEND] : 0,
		 e->holds_now ? e->holds[OP_RECV] : 0, place);
	for (unsigned op = 0; op < OP_MAX; op++)
		put_open_waits(l, e->edges[op]);
}

static void put_hist(struct top_lines *l, const char *title, const struct ipc_hist *h, enum unit unit)
{
	uint64_t most = 0;
	char low[UNIT_LEN], bar[BAR + 1];

	for (unsigned i = 0; i < IPC_HIST_SLOTS; i++)
		most = h->slots[i] > most ? h->slots[i] : most;
	if (!most)
		return;
	top_add(l, title)->bold = true;
	for (unsigned i = 0; i < IPC_HIST_SLOTS; i++) {
		unsigned cells = (h->slots[i] * BAR + most - 1) / most;

		if (!h->slots[i])
			continue;
		memset(bar, '#', cells);
		bar[cells] = '\0';
		format_unit(low, hist_lower(i), unit);
		top_addf(l, "  from %6s %9llu %s", low, (unsigned long long)h->slots[i], bar);
	}
}

static void put_hists(struct top_lines *l, const struct object *o)
{
	static const struct {
		enum ipc_op op;
		enum ipc_hist_kind kind;
		const char *title;
		enum unit unit;
	} hists[] = {
		{ OP_SEND, HIST_SIZE, "size of sends", UNIT_BYTES },	{ OP_SEND, HIST_LATENCY, "latency of sends", UNIT_NS },
		{ OP_SEND, HIST_WAIT, "waits of sends", UNIT_NS },	{ OP_RECV, HIST_SIZE, "size of receives", UNIT_BYTES },
		{ OP_RECV, HIST_LATENCY, "latency of receives", UNIT_NS }, { OP_RECV, HIST_WAIT, "waits of receives", UNIT_NS },
	};
	struct ipc_hist h;

	if (!can_latency(o->can)) {
		top_add(l, "histograms: with -H");
		return;
	}
	for (size_t i = 0; i < sizeof(hists) / sizeof(hists[0]); i++) {
		memset(&h, 0, sizeof(h));
		if (object_hist(o, hists[i].op, hists[i].kind, SPAN_TOTAL, &h))
			put_hist(l, hists[i].title, &h, hists[i].unit);
	}
	memset(&h, 0, sizeof(h));
	if (object_residency(o, SPAN_TOTAL, &h))
		put_hist(l, "residency", &h, UNIT_NS);
}

static void put_wakers(struct top_lines *l, const struct object *o)
{
	char from[128], to[128];

	if (o->wakes)
		top_add(l, "who woke whom")->bold = true;
	for (const struct wake *w = o->wakes; w; w = w->next) {
		const struct process *waker = process_find(o->model, w->key.waker, w->key.waker_start);
		const struct process *wakee = process_find(o->model, w->key.wakee, w->key.wakee_start);

		escape_text(from, sizeof(from), waker ? waker->comm : waker_name(w->key.waker_kind), IPC_COMM_LEN, false);
		escape_text(to, sizeof(to), wakee ? wakee->comm : "?", IPC_COMM_LEN, false);
		top_addf(l, "  %s/%u -> %s/%u  %llu times", from, w->key.waker, to, w->key.wakee, (unsigned long long)w->now);
	}
}

static void put_internals(struct top_lines *l, const struct object *o)
{
	uint32_t word;
	char text[128] = "  ";
	double value;

	top_add(l, "internals")->bold = true;
	for (unsigned i = 0; o->mech->fields && o->mech->fields[i].name; i++)
		if (object_word(o, i, &word))
			top_addf(l, "  %-20s %u", o->mech->fields[i].name, word);
	for (const struct mech_derived *d = o->mech->derived; d && d->name; d++) {
		if (!d->get(o, SPAN_TOTAL, &value))
			continue;
		format_unit(text, value, UNIT_NUMBER);
		top_addf(l, "  %-20s %s", d->name, text);
	}
}

#define PARTS_SHOWN 64 /* of a kind: a queue may have had thousands of types */

static void put_part(struct top_lines *l, const struct mech_parts *kind, const struct part *p)
{
	const uint64_t numbers[] = { p->now.sends, p->now.recvs };
	char text[256], label[PART_LABEL_LEN];
	size_t len;

	part_label(kind, p, label);
	len = snprintf(text, sizeof(text), "  %-10s", label);
	if (kind->counts)
		len += snprintf(text + len, sizeof(text) - len, "  sent %llu  received %llu", (unsigned long long)numbers[0],
				(unsigned long long)numbers[1]);
	for (unsigned i = 0; i < 2 && kind->numbers[i]; i++)
		len += snprintf(text + len, sizeof(text) - len, numbers[i] == INT64_MAX ? "  %s EOF" : "  %s %llu", kind->numbers[i],
				(unsigned long long)numbers[i]);
	for (unsigned i = 0; i < IPC_PART_WORDS && kind->words[i] && len < sizeof(text); i++) {
		const char *name = part_word_name(kind, p, i);

		if (name)
			len += snprintf(text + len, sizeof(text) - len, "  %s", name);
		else if (p->now.words[i] == IPC_STATE_ABSENT)
			len += snprintf(text + len, sizeof(text) - len, "  %s -", kind->words[i]);
		else
			len += snprintf(text + len, sizeof(text) - len, "  %s %u", kind->words[i], p->now.words[i]);
	}
	top_add(l, text);
}

/* What the JSON has one by one: priorities, semaphores, ranges. */
static void put_parts(struct top_lines *l, const struct object *o)
{
	for (const struct mech_parts *kind = o->mech->parts; kind && kind->name; kind++) {
		const struct part **all;
		size_t cnt;

		all = parts_of(o, kind, SPAN_TOTAL, &cnt);
		if (cnt)
			top_add(l, kind->name)->bold = true;
		for (size_t i = 0; i < cnt && i < PARTS_SHOWN; i++)
			put_part(l, kind, all[i]);
		if (cnt > PARTS_SHOWN)
			top_addf(l, "  and %zu more", cnt - PARTS_SHOWN);
		free(all);
	}
}

void top_detail(struct top_lines *l, struct report *r, const struct object *o, int width)
{
	const char *verdict = verdict_name(object_verdict(o, SPAN_INTERVAL));
	char id[64], name[1400] = "";

	(void)r;
	o->mech->format_id(&o->id, id, sizeof(id));
	if (o->name)
		escape_text(name, sizeof(name), o->name, IPC_NAME_LEN, false);
	cut_text(name, sizeof(name), width > 40 ? width - 34 : 8, true, false);
	top_addf(l, "%s %s  %s%s", id, name, verdict ?: "", o->gone ? "  (it is gone)" : object_preexisting(o) ? "  (since before)" : "");
	put_ring(l, o);
	put_sides(l, o);
	top_add(l, "endpoints")->bold = true;
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		put_endpoint(l, e);
	put_parts(l, o);
	put_wakers(l, o);
	put_hists(l, o);
	put_internals(l, o);
}
