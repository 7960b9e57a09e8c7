// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>
#include <strings.h>

#include "column.h"
#include "model/alloc.h"

#define SEND (1 << OP_SEND)
#define RECV (1 << OP_RECV)
#define ANY ((1 << OP_MAX) - 1)

static column_get_fn get_sum;

#define SUM(which, figure) .get = get_sum, .ops = (which), .word = offsetof(struct side, figure)

const struct column columns[] = {
	{ .name = "object", .head = "OBJECT", .help = "which one: its path where it has one, else its id",
	  .order = COLUMN_RISING, .rank = 1, .min = 12, .shrinks = true, .get = get_object },
	{ .name = "writer", .head = "WRITER",
	  .help = "the process that sent most, and how many others use or hold that end",
	  .order = COLUMN_RISING, .rank = 4, .min = 8, .shrinks = true, .get = get_process, .ops = SEND },
	{ .name = "reader", .head = "READER",
	  .help = "the process that received most, and how many others use or hold that end",
	  .order = COLUMN_RISING, .rank = 5, .min = 8, .shrinks = true, .get = get_process, .ops = RECV },
	{ .name = "ring", .head = "RING", .help = "slots in use, of how many",
	  .unit = UNIT_COUNT, .rank = 6, .min = 5, .get = get_ring },
	{ .name = "in", .head = "IN/s", .help = "bytes sent per second",
	  .unit = UNIT_BYTES, .rank = 3, SUM(SEND, bytes), .rate = true },
	{ .name = "out", .head = "OUT/s", .help = "bytes received per second",
	  .unit = UNIT_BYTES, .rank = 101, SUM(RECV, bytes), .rate = true },
	{ .name = "ops", .head = "OPS/s", .help = "sends and receives per second",
	  .unit = UNIT_COUNT, .rank = 8, SUM(SEND | RECV, ops), .rate = true },
	{ .name = "wait-w", .head = "WAITw", .help = "part of the time that writers waited",
	  .unit = UNIT_PERCENT, .rank = 7, .needs = PROFILE_WAITS, .get = get_wait_share, .ops = SEND },
	{ .name = "wait-r", .head = "WAITr", .help = "part of the time that readers waited",
	  .unit = UNIT_PERCENT, .rank = 7, .needs = PROFILE_WAITS, .get = get_wait_share, .ops = RECV },
	{ .name = "waits-w", .head = "WAITSw", .help = "how often writers waited", .unit = UNIT_COUNT, .rank = 102,
	  .needs = PROFILE_WAITS, .unseen = UNSEEN_WAITS, SUM(SEND, waits) },
	{ .name = "waits-r", .head = "WAITSr", .help = "how often readers waited", .unit = UNIT_COUNT, .rank = 102,
	  .needs = PROFILE_WAITS, .unseen = UNSEEN_WAITS, SUM(RECV, waits) },
	{ .name = "wakes", .head = "WAKES", .help = "wakeups given to sleepers on the object", .unit = UNIT_COUNT,
	  .rank = 9, .needs = PROFILE_WAITS, .unseen = UNSEEN_WAKES, SUM(ANY, wakes) },
	{ .name = "spurious", .head = "SPUR", .help = "wakeups in vain: the sleeper slept on", .unit = UNIT_COUNT,
	  .rank = 105, .needs = PROFILE_WAITS, .unseen = UNSEEN_WAITS | UNSEEN_SPURIOUS, SUM(ANY, spurious_wakes) },
	{ .name = "errors", .head = "ERR", .help = "operations that failed", .unit = UNIT_COUNT, .rank = 103,
	  SUM(ANY, failed) },
	{ .name = "lat-w", .head = "LATw", .help = "mean latency of sends", .unit = UNIT_NS, .rank = 104,
	  .needs = PROFILE_LATENCY, .get = get_latency, .ops = SEND },
	{ .name = "lat-r", .head = "LATr", .help = "mean latency of receives", .unit = UNIT_NS, .rank = 104,
	  .needs = PROFILE_LATENCY, .get = get_latency, .ops = RECV },
	{ .name = "residency", .head = "RESID", .help = "mean time that data sat inside", .unit = UNIT_NS,
	  .rank = 106, .needs = PROFILE_RESIDENCY, .get = get_residency },
	{ .name = "verdict", .head = "VERDICT", .help = "who holds whom up, in a word",
	  .order = COLUMN_RISING, .rank = 2, .needs = PROFILE_WAITS, .get = get_verdict },

	/* only when asked for */
	{ .name = "id", .head = "ID", .help = "id, even where there is a path",
	  .order = COLUMN_RISING, .min = 12, .get = get_id },
	{ .name = "name", .head = "NAME", .help = "path",
	  .order = COLUMN_RISING, .min = 8, .shrinks = true, .get = get_path },
	{ .name = "mech", .head = "MECH", .help = "mechanism", .order = COLUMN_RISING, .get = get_mechanism },
	{ .name = "seen", .head = "SEEN", .help = "before: older than the trace; new; ended; whole: new and ended",
	  .order = COLUMN_RISING, .min = 6, .get = get_seen },
	{ .name = "endpoints", .head = "ENDS", .help = "processes that use or hold an end", .unit = UNIT_COUNT,
	  .get = get_endpoints },
	{ .name = "first", .head = "FIRST", .help = "of an object whose two ends are alike: who is at the first one",
	  .order = COLUMN_RISING, .min = 8, .shrinks = true, .get = get_process, .ops = SEND | RECV, .end = END_FIRST },
	{ .name = "second", .head = "SECOND", .help = "and who is at the other one",
	  .order = COLUMN_RISING, .min = 8, .shrinks = true, .get = get_process, .ops = SEND | RECV, .end = END_SECOND },
	{ .name = "cgroup-w", .head = "CGROUPw", .help = "the cgroup of the process that sent most",
	  .order = COLUMN_RISING, .min = 8, .shrinks = true, .get = get_cgroup, .ops = SEND },
	{ .name = "cgroup-r", .head = "CGROUPr", .help = "the cgroup of the process that received most",
	  .order = COLUMN_RISING, .min = 8, .shrinks = true, .get = get_cgroup, .ops = RECV },
	{ .name = "container-w", .head = "CTRw", .help = "the container of the process that sent most; none: it is in none",
	  .order = COLUMN_RISING, .min = 8, .shrinks = true, .get = get_container, .ops = SEND },
	{ .name = "container-r", .head = "CTRr", .help = "the container of the process that received most; none: it is in none",
	  .order = COLUMN_RISING, .min = 8, .shrinks = true, .get = get_container, .ops = RECV },
	{ .name = "unit-w", .head = "UNITw", .help = "the systemd unit of the process that sent most; none: it is in none",
	  .order = COLUMN_RISING, .min = 8, .shrinks = true, .get = get_unit, .ops = SEND },
	{ .name = "unit-r", .head = "UNITr", .help = "the systemd unit of the process that received most; none: it is in none",
	  .order = COLUMN_RISING, .min = 8, .shrinks = true, .get = get_unit, .ops = RECV },
	{ .name = "sends", .head = "SENDS", .help = "send operations", .unit = UNIT_COUNT, SUM(SEND, ops) },
	{ .name = "recvs", .head = "RECVS", .help = "receive operations", .unit = UNIT_COUNT, SUM(RECV, ops) },
	{ .name = "sent", .head = "SENT", .help = "bytes sent", .unit = UNIT_BYTES, SUM(SEND, bytes) },
	{ .name = "received", .head = "RECVD", .help = "bytes received", .unit = UNIT_BYTES, SUM(RECV, bytes) },
	{ .name = "bytes", .head = "BYTES", .help = "bytes sent and received", .unit = UNIT_BYTES,
	  SUM(SEND | RECV, bytes) },
	{ .name = "copied", .head = "COPIED", .help = "bytes that the kernel copied, in and out", .unit = UNIT_BYTES,
	  .unseen = UNSEEN_MOVED, .get = get_copied, .ops = SEND | RECV },
	{ .name = "moved", .head = "MOVED", .help = "bytes that changed hands without a copy", .unit = UNIT_BYTES,
	  .unseen = UNSEEN_MOVED, SUM(SEND | RECV, moved_bytes) },
	{ .name = "inside", .head = "INSIDE", .help = "bytes inside now", .unit = UNIT_BYTES, .get = get_inside },
	{ .name = "most", .head = "MOST", .help = "most slots in use seen, of how many",
	  .unit = UNIT_COUNT, .min = 5, .get = get_most },
	{ .name = "balance", .head = "BALANCE",
	  .help = "bytes in, less out, discarded and inside: 0, or something was missed",
	  .unit = UNIT_NUMBER, .get = get_balance },
	{ .name = "waited", .head = "WAITED", .help = "time waited, all tasks together", .unit = UNIT_NS,
	  .needs = PROFILE_WAITS, .unseen = UNSEEN_WAITS, SUM(ANY, wait_ns) },
	{ .name = "delay", .head = "DELAY", .help = "time from woken to running, all tasks together",
	  .unit = UNIT_NS, .needs = PROFILE_WAITS, .unseen = UNSEEN_WAITS, SUM(ANY, sched_delay_ns) },
};
const size_t column_cnt = sizeof(columns) / sizeof(columns[0]);

void row_init(struct row *row, const struct object *o, enum span span)
{
	row->object = o;
	row->span = span;
	row->known_sides = 0;
}

const struct side *row_side(struct row *row, enum ipc_op op)
{
	if (!(row->known_sides >> op & 1)) {
		object_side(row->object, op, row->span, &row->sides[op]);
		row->known_sides |= 1u << op;
	}
	return &row->sides[op];
}

static bool get_sum(const struct column *c, struct row *row, struct value *value)
{
	double sum = 0;

	for (unsigned op = 0; op < OP_MAX; op++)
		if (c->ops >> op & 1)
			sum += *(const __u64 *)((const char *)row_side(row, op) + c->word);
	value->type = VALUE_NUMBER;
	value->number = c->rate ? sum * 1e9 / object_span_ns(row->object, row->span) : sum;
	return true;
}

static const struct column *internal_column(const char *name, const char *help, uint32_t needs)
{
	static struct column *made[64];
	static size_t made_cnt;
	struct column *c;

	for (size_t i = 0; i < made_cnt; i++)
		if (strcmp(made[i]->name, name) == 0)
			return made[i];
	if (made_cnt == sizeof(made) / sizeof(made[0]))
		return NULL;
	c = xcalloc(1, sizeof(*c));
	*c = (struct column){ .name = name, .head = name, .help = help, .unit = UNIT_NUMBER, .needs = needs,
			      .get = get_internal };
	made[made_cnt++] = c;
	return c;
}

const struct column *column_by_name(const char *name)
{
	for (size_t i = 0; i < column_cnt; i++)
		if (strcasecmp(columns[i].name, name) == 0)
			return &columns[i];
	for (size_t m = 0; m < mechanism_cnt; m++) {
		const struct mech_field *f = mechanisms[m]->fields;
		const struct mech_derived *d = mechanisms[m]->derived;

		for (; f && f->name; f++)
			if (strcasecmp(f->name, name) == 0)
				return internal_column(f->name, f->help, 0);
		for (; d && d->name; d++)
			if (strcasecmp(d->name, name) == 0)
				return internal_column(d->name, d->help, mechanisms[m]->derived_needs);
	}
	return NULL;
}

static bool has_internal(const struct mechanism *mech, const char *name)
{
	for (const struct mech_field *f = mech->fields; f && f->name; f++)
		if (strcmp(f->name, name) == 0)
			return true;
	for (const struct mech_derived *d = mech->derived; d && d->name; d++)
		if (strcmp(d->name, name) == 0)
			return true;
	return false;
}

/* FIFOs have what pipes have. */
static bool is_taken(size_t mech, const char *name)
{
	for (size_t m = 0; m < mech; m++)
		if (has_internal(mechanisms[m], name))
			return true;
	return false;
}

void column_for_each_name(void (*take)(void *arg, const char *name), void *arg)
{
	for (size_t i = 0; i < column_cnt; i++)
		take(arg, columns[i].name);
	for (size_t m = 0; m < mechanism_cnt; m++) {
		for (const struct mech_field *f = mechanisms[m]->fields; f && f->name; f++)
			if (!is_taken(m, f->name))
				take(arg, f->name);
		for (const struct mech_derived *d = mechanisms[m]->derived; d && d->name; d++)
			if (!is_taken(m, d->name))
				take(arg, d->name);
	}
}

bool column_value(const struct column *column, struct row *row, struct value *value)
{
	const struct capability *can = row->object->can;

	if ((can->profile & column->needs) != column->needs || !can_see(can, column->unseen))
		return false;
	value->verdict = VERDICT_UNKNOWN;
	return column->get(column, row, value);
}
