// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How the columns that are no sum over operations get their values. */
#include <string.h>

#include "column.h"

static bool number(struct value *value, double n)
{
	value->type = VALUE_NUMBER;
	value->number = n;
	return true;
}

static bool text(struct value *value, enum value_type type, const char *s)
{
	value->type = type;
	value->text = s;
	return s;
}

static bool fraction(struct value *value, uint64_t used, uint64_t all)
{
	value->type = VALUE_FRACTION;
	value->number = used;
	value->other = all;
	return used != ROOM_UNKNOWN && all != ROOM_UNKNOWN;
}

/* The one operation of a column that is about one. */
static enum ipc_op op_of(const struct column *c)
{
	return __builtin_ctz(c->ops);
}

bool get_id(const struct column *c, struct row *row, struct value *value)
{
	(void)c;
	row->object->mech->format_id(&row->object->id, row->id, sizeof(row->id));
	return text(value, VALUE_TEXT, row->id);
}

bool get_object(const struct column *c, struct row *row, struct value *value)
{
	return row->object->name ? get_path(c, row, value) : get_id(c, row, value);
}

bool get_path(const struct column *c, struct row *row, struct value *value)
{
	(void)c;
	return text(value, VALUE_PATH, row->object->name);
}

bool get_mechanism(const struct column *c, struct row *row, struct value *value)
{
	(void)c;
	return text(value, VALUE_TEXT, row->object->mech->name);
}

/* Whether it is what the column asks for, by its role or its end. */
static bool is_asked(const struct column *c, const struct endpoint *e)
{
	return c->end ? endpoint_ends(e) & c->end : endpoint_has_role(e, (enum role)op_of(c));
}

/* The endpoint that did most in the role or at the end, else one that holds it; and how many others there are. */
static const struct endpoint *find_busiest(const struct column *c, const struct row *row, uint32_t *more)
{
	const struct endpoint *best = NULL;
	uint64_t most = 0;

	*more = 0;
	for (const struct endpoint *e = row->object->endpoints; e; e = e->next) {
		struct side side = { 0 };
		uint64_t did;

		if (!is_asked(c, e))
			continue;
		for (unsigned op = 0; op < OP_MAX; op++)
			if (c->ops >> op & 1)
				edge_side(e->edges[op], row->span, &side);
		did = side.bytes + side.ops + side.open_waits;
		*more += best != NULL;
		if (best && did <= most)
			continue;
		best = e;
		most = did;
	}
	return best;
}

bool get_process(const struct column *c, struct row *row, struct value *value)
{
	const struct endpoint *best = find_busiest(c, row, &value->more);

	if (!best)
		return false;
	value->number = best->process->key.tgid;
	value->other = best->process->ns_tgid;
	return text(value, VALUE_PROCESS, best->process->comm);
}

static const struct cgroup *cgroup_of(const struct column *c, const struct row *row)
{
	uint32_t more;
	const struct endpoint *best = find_busiest(c, row, &more);

	return best && best->process->cgroup && best->process->cgroup->path ? best->process->cgroup : NULL;
}

bool get_cgroup(const struct column *c, struct row *row, struct value *value)
{
	const struct cgroup *cgroup = cgroup_of(c, row);

	return cgroup && text(value, VALUE_PATH, cgroup->path);
}

bool get_container(const struct column *c, struct row *row, struct value *value)
{
	const struct cgroup *cgroup = cgroup_of(c, row);

	return cgroup && text(value, VALUE_TEXT, cgroup->container ?: "none");
}

bool get_unit(const struct column *c, struct row *row, struct value *value)
{
	const struct cgroup *cgroup = cgroup_of(c, row);

	return cgroup && text(value, VALUE_TEXT, cgroup->unit ?: "none");
}

bool get_endpoints(const struct column *c, struct row *row, struct value *value)
{
	unsigned cnt = 0;

	(void)c;
	for (const struct endpoint *e = row->object->endpoints; e; e = e->next)
		cnt += !endpoint_has_role(e, ROLE_CTL);
	return number(value, cnt);
}

bool get_seen(const struct column *c, struct row *row, struct value *value)
{
	bool created, destroyed, knows_created = object_created(row->object, &created);

	(void)c;
	if (object_destroyed(row->object, &destroyed) && destroyed)
		return text(value, VALUE_TEXT, created ? "whole" : "ended");
	if (object_preexisting(row->object))
		return text(value, VALUE_TEXT, "before");
	return knows_created && created && text(value, VALUE_TEXT, "new");
}

bool get_verdict(const struct column *c, struct row *row, struct value *value)
{
	(void)c;
	value->verdict = object_verdict(row->object, row->span);
	return text(value, VALUE_TEXT, verdict_name(value->verdict));
}

bool get_copied(const struct column *c, struct row *row, struct value *value)
{
	uint64_t copied = 0;

	for (unsigned op = 0; op < OP_MAX; op++)
		if (c->ops >> op & 1)
			copied += side_copied_bytes(row_side(row, op));
	return number(value, copied);
}

bool get_ring(const struct column *c, struct row *row, struct value *value)
{
	struct mech_room room;

	(void)c;
	object_room(row->object, &room);
	return fraction(value, room.used_slots, room.slots);
}

bool get_most(const struct column *c, struct row *row, struct value *value)
{
	struct mech_room room;

	(void)c;
	object_room(row->object, &room);
	return fraction(value, room.max_slots, room.slots);
}

bool get_inside(const struct column *c, struct row *row, struct value *value)
{
	struct mech_room room;

	(void)c;
	object_room(row->object, &room);
	return number(value, room.used_bytes) && room.used_bytes != ROOM_UNKNOWN;
}

bool get_balance(const struct column *c, struct row *row, struct value *value)
{
	int64_t balance;

	(void)c;
	return object_balance(row->object, &balance) && number(value, balance);
}

bool get_wait_share(const struct column *c, struct row *row, struct value *value)
{
	double share;

	return object_wait_share(row->object, op_of(c), row->span, &share) && number(value, share);
}

bool get_latency(const struct column *c, struct row *row, struct value *value)
{
	const struct side *side = row_side(row, op_of(c));

	return side->ops && number(value, (double)side->latency_ns / side->ops);
}

bool get_residency(const struct column *c, struct row *row, struct value *value)
{
	struct ipc_hist hist;

	(void)c;
	return object_residency(row->object, row->span, &hist) && hist_count(&hist) && number(value, hist_mean(&hist));
}

/* By the column's name, in the mechanism's fields or derived figures. */
bool get_internal(const struct column *c, struct row *row, struct value *value)
{
	const struct mechanism *mech = row->object->mech;
	uint32_t word;

	for (unsigned i = 0; mech->fields && mech->fields[i].name; i++)
		if (strcmp(mech->fields[i].name, c->name) == 0)
			return object_word(row->object, i, &word) && number(value, word);
	for (unsigned i = 0; mech->derived && mech->derived[i].name; i++)
		if (strcmp(mech->derived[i].name, c->name) == 0) {
			value->type = VALUE_NUMBER;
			return mech->derived[i].get(row->object, row->span, &value->number);
		}
	return false;
}
