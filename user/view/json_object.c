// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* OBJECT of the JSON. All keys always; null is what was not collected or cannot be seen. */
#include <stdio.h>
#include <stdlib.h>

#include "view/json_parts.h"
#include "view/report.h"

static void json_edge(struct json *j, const struct endpoint *e, enum ipc_op op, bool has_role, enum span span)
{
	const struct edge *edge = has_role ? e->edges[op] : NULL;
	const struct capability *can = e->object->can;
	struct side_parts p;

	memset(&p.side, 0, sizeof(p.side));
	p.errors.cnt = 0;
	edge_side(edge, span, &p.side);
	edge_errors(edge, span, &p.errors);
	for (unsigned k = 0; can_latency(can) && k < HIST_KINDS; k++) {
		memset(&p.hists[k], 0, sizeof(p.hists[k]));
		edge_hist(edge, k, span, &p.hists[k]);
	}
	json_side_open(j, op, &p, can);
	json_close(j, '}');
}

/* The PID in the process's own namespace, and which one that is. */
static void json_namespace(struct json *j, const struct process *p)
{
	json_uint_or_null(j, "ns_pid", p && p->ns_tgid, p ? p->ns_tgid : 0);
	json_uint_or_null(j, "pid_ns", p && p->pid_ns, p ? p->pid_ns : 0);
}

/* Of the process, whatever its role: one that has two is told of twice. */
static void json_shares(struct json *j, const struct endpoint *e, enum span span)
{
	bool collected = e->object->can->profile & PROFILE_WAITS;

	json_open(j, "internals", '{');
	for (const struct mech_share *s = e->object->mech->shares; s && s->name; s++) {
		uint64_t value;
		bool known = endpoint_counter(e, s->counter, span, &value);

		json_uint_or_null(j, s->name, known && collected, value);
	}
	json_close(j, '}');
}

static void json_endpoint(struct json *j, const struct endpoint *e, enum role role, enum span span)
{
	static const char *const ends[] = { NULL, "first", "second", "both" }; /* by enum ipc_end */

	json_open(j, NULL, '{');
	json_uint_or_null(j, "pid", e->process->key.tgid, e->process->key.tgid);
	json_string(j, "comm", e->process->comm);
	json_string(j, "kind", endpoint_kind_name(process_kind(e->process)));
	json_string(j, "cgroup", e->process->cgroup ? e->process->cgroup->path : NULL);
	json_string(j, "container", e->process->cgroup ? e->process->cgroup->container : NULL);
	json_string(j, "unit", e->process->cgroup ? e->process->cgroup->unit : NULL);
	json_string(j, "role", op_name((enum ipc_op)role));
	json_edge(j, e, OP_SEND, role == ROLE_SEND, span);
	json_edge(j, e, OP_RECV, role == ROLE_RECV, span);
	json_namespace(j, e->process);
	json_string(j, "end", ends[endpoint_ends(e)]);
	json_uint_or_null(j, "descriptors", role != ROLE_CTL && e->holds[role], role != ROLE_CTL ? e->holds[role] : 0);
	json_shares(j, e, span);
	json_close(j, '}');
}

static void json_endpoints(struct json *j, const struct object *o, enum span span)
{
	static const enum role roles[] = { ROLE_SEND, ROLE_RECV, ROLE_CTL };

	json_open(j, "endpoints", '[');
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		for (unsigned i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
			if (endpoint_has_role(e, roles[i]))
				json_endpoint(j, e, roles[i], span);
	json_close(j, ']');
}

static void json_wakers(struct json *j, const struct object *o, enum span span)
{
	json_open(j, "wakers", '[');
	for (const struct wake *w = o->wakes; w; w = w->next) {
		const struct process *waker = process_find(o->model, w->key.waker, w->key.waker_start);
		const struct process *wakee = process_find(o->model, w->key.wakee, w->key.wakee_start);
		uint64_t wakes = wake_count(o->model, w, span);

		if (!wakes)
			continue;
		json_open(j, NULL, '{');
		json_open(j, "waker", '{');
		json_uint_or_null(j, "pid", w->key.waker, w->key.waker);
		json_string(j, "comm", waker && *waker->comm ? waker->comm : NULL);
		json_string(j, "kind", waker_name(w->key.waker_kind));
		json_namespace(j, waker);
		json_close(j, '}');
		json_open(j, "wakee", '{');
		json_uint_or_null(j, "pid", w->key.wakee, w->key.wakee);
		json_string(j, "comm", wakee && *wakee->comm ? wakee->comm : NULL);
		json_namespace(j, wakee);
		json_close(j, '}');
		json_uint(j, "wakes", wakes);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* Who ended it, where the mechanism knows: the sender of the signal that a process died of. */
static void json_ended_by(struct json *j, const struct object *o)
{
	uint32_t tgid = o->raw.ended_tgid, start = o->raw.ended_start;
	const struct process *p = process_find(o->model, tgid, start);

	if (!tgid && !start) {
		json_null(j, "ended_by");
		return;
	}
	json_open(j, "ended_by", '{');
	json_uint_or_null(j, "pid", tgid, tgid);
	json_string(j, "comm", !tgid ? endpoint_kind_name(start) : p && *p->comm ? p->comm : NULL);
	json_string(j, "kind", endpoint_kind_name(tgid ? ENDPOINT_PROCESS : start));
	json_namespace(j, p);
	json_close(j, '}');
}

static void json_waiting(struct json *j, const struct object *o)
{
	json_open(j, "waiting", '[');
	for (const struct endpoint *e = o->endpoints; e && o->waiting_tick == o->model->tick; e = e->next)
		for (unsigned op = 0; op < OP_MAX; op++)
			for (const struct wait *w = e->edges[op] ? e->edges[op]->waits : NULL; w; w = w->next) {
				if (!w->open)
					continue;
				json_open(j, NULL, '{');
				json_uint(j, "pid", w->tgid);
				json_uint(j, "tid", w->tid);
				json_string(j, "comm", w->comm);
				json_string(j, "op", op_name(op));
				json_string(j, "cause", cause_name(w->cause));
				json_uint(j, "since_ns", w->since_ns);
				json_uint(j, "wait_ns", w->length_ns);
				json_bool(j, "preexisting", w->preexisting);
				json_close(j, '}');
			}
	json_close(j, ']');
}

static void json_part(struct json *j, const struct mech_parts *kind, const struct part *p, const struct ipc_part *counts)
{
	const uint64_t numbers[] = { p->now.sends, p->now.recvs };
	char label[PART_LABEL_LEN];

	part_label(kind, p, label);
	json_open(j, label, '{');
	if (kind->counts) {
		json_uint(j, "sends", counts->sends);
		json_uint(j, "recvs", counts->recvs);
	}
	for (unsigned i = 0; i < 2 && kind->numbers[i]; i++)
		json_uint(j, kind->numbers[i], numbers[i]);
	for (unsigned i = 0; i < IPC_PART_WORDS && kind->words[i]; i++)
		json_uint_or_null(j, kind->words[i], p->now.words[i] != IPC_STATE_ABSENT, p->now.words[i]);
	json_close(j, '}');
}

/* "priorities":{"0":{"sends":n,"recvs":n},…}: those of the span, or as they are now. */
static void json_parts(struct json *j, const struct object *o, const struct mech_parts *kind, enum span span)
{
	const struct part **all;
	size_t cnt;

	all = parts_of(o, kind, span, &cnt);
	if (!all) {
		json_null(j, kind->name);
		return;
	}
	json_open(j, kind->name, '{');
	for (size_t i = 0; i < cnt; i++) {
		struct ipc_part counts;

		part_counts(o->model, all[i], span, &counts);
		json_part(j, kind, all[i], &counts);
	}
	json_close(j, '}');
	free(all);
}

static void json_internals(struct json *j, const struct object *o, enum span span)
{
	const struct mech_derived *d = o->mech->derived;
	uint32_t word;

	json_open(j, "internals", '{');
	for (unsigned i = 0; o->mech->fields && o->mech->fields[i].name; i++) {
		bool known = object_word(o, i, &word);

		json_uint_or_null(j, o->mech->fields[i].name, known, word);
	}
	for (; d && d->name; d++) {
		double value;

		if (d->get(o, span, &value))
			json_double(j, d->name, value);
		else
			json_null(j, d->name);
	}
	for (const struct mech_parts *kind = o->mech->parts; kind && kind->name; kind++)
		json_parts(j, o, kind, span);
	json_close(j, '}');
}

static void json_room(struct json *j, const struct object *o)
{
	struct mech_room room;

	object_room(o, &room);
	json_open(j, "capacity", '{');
	json_uint_or_null(j, "slots", room.slots != ROOM_UNKNOWN, room.slots);
	json_uint_or_null(j, "bytes", room.bytes != ROOM_UNKNOWN, room.bytes);
	json_close(j, '}');
	json_open(j, "depth", '{');
	json_uint_or_null(j, "slots", room.used_slots != ROOM_UNKNOWN, room.used_slots);
	json_uint_or_null(j, "bytes", room.used_bytes != ROOM_UNKNOWN, room.used_bytes);
	json_uint_or_null(j, "max_slots", room.max_slots != ROOM_UNKNOWN, room.max_slots);
	json_uint_or_null(j, "max_bytes", room.max_bytes != ROOM_UNKNOWN, room.max_bytes);
	json_close(j, '}');
}

static void json_flag(struct json *j, const char *key, bool known, bool flag)
{
	if (known)
		json_bool(j, key, flag);
	else
		json_null(j, key);
}

static void json_object_side(struct json *j, const struct object *o, enum ipc_op op, enum span span)
{
	struct side_parts p;

	object_side(o, op, span, &p.side);
	object_errors(o, op, span, &p.errors);
	for (unsigned k = 0; can_latency(o->can) && k < HIST_KINDS; k++)
		object_hist(o, op, k, span, &p.hists[k]);
	json_side_open(j, op, &p, o->can);
	json_close(j, '}');
}

void json_object(struct json *j, const struct object *o, enum span span)
{
	const char *verdict = verdict_name(object_verdict(o, span));
	struct ipc_hist residency;
	bool flag, known;
	int64_t balance;
	char id[64];

	json_open(j, NULL, '{');
	json_string(j, "mechanism", o->mech->name);
	o->mech->format_id(&o->id, id, sizeof(id));
	json_string(j, "id", id);
	json_string(j, "name", o->name);
	known = object_created(o, &flag);
	json_flag(j, "created", known, flag);
	known = object_destroyed(o, &flag);
	json_flag(j, "destroyed", known, flag);
	json_bool(j, "preexisting", object_preexisting(o));
	json_room(j, o);
	for (unsigned op = 0; op < OP_MAX; op++)
		json_object_side(j, o, op, span);
	known = object_residency(o, span, &residency);
	json_hist(j, "residency_ns", known ? &residency : NULL);
	json_uint_or_null(j, "residency_unfollowed", known, o->unfollowed);
	json_internals(j, o, span);
	json_endpoints(j, o, span);
	json_wakers(j, o, span);
	json_waiting(j, o);
	json_ended_by(j, o);
	json_uint_or_null(j, "discarded_bytes", can_see(o->can, UNSEEN_DESTRUCTION), o->raw.discarded_bytes);
	if (object_balance(o, &balance))
		json_int(j, "balance_bytes", balance);
	else
		json_null(j, "balance_bytes");
	json_bool(j, "exact", object_exact(o));
	json_string(j, "verdict", verdict);
	json_close(j, '}');
}
