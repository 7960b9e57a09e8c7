// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/export.h"

#include <string.h>

#include "export/families.h"
#include "model/error.h"

#define SECONDS(ns) ((ns) / 1e9)
#define VALUES(...) ((const char *const[]){ __VA_ARGS__ })

static const struct model *model_of(const struct export_state *x)
{
	return x->report->model;
}

static const char *mech_name(unsigned mech)
{
	return mechanism_by_id(mech)->name;
}

/* ---- the tool ---- */

static void build_info(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	const struct report_start *about = x->report->about;

	metrics_count(m, f, VALUES(about->version, about->kernel, about->machine), 1);
}

static void mechanism_info(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	model_for_each_mech(model_of(x), mech)
		metrics_count(m, f, VALUES(mech_name(mech), backend_name(model_of(x)->config.can[mech].backend)), 1);
}

static void elapsed(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	metrics_sample(m, f, NULL, SECONDS(model_span_ns(model_of(x), SPAN_TOTAL)));
}

static void losses(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	struct losses l;

	model_losses(model_of(x), SPAN_TOTAL, &l);
	metrics_count(m, f, VALUES("missed"), l.missed);
	metrics_count(m, f, VALUES("map_full"), l.map_full);
	metrics_count(m, f, VALUES("ring_full"), l.ring_full);
	metrics_count(m, f, VALUES("unresolved"), l.unresolved);
}

static void own_cpu(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	if (x->report->own_asked)
		metrics_sample(m, f, NULL, SECONDS(x->report->own.user_ns));
}

static void own_resident(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	if (x->report->own_asked)
		metrics_count(m, f, NULL, x->report->own.rss_bytes);
}

static void own_maps(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	if (x->report->own_asked)
		metrics_count(m, f, NULL, x->report->own.map_bytes);
}

static void own_runs(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	if (x->report->own_runs_known)
		metrics_count(m, f, NULL, x->report->own.runs);
}

static void own_run_time(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	if (x->report->own_runs_known)
		metrics_sample(m, f, NULL, SECONDS(x->report->own.run_ns));
}

/* ---- mechanisms ---- */

typedef void side_fn(const struct metrics *m, const struct metric *f, unsigned mech, enum ipc_op op,
		     const struct side *side, const struct capability *can);

static void each_side(const struct metrics *m, const struct metric *f, const struct export_state *x, side_fn *sample)
{
	model_for_each_mech(model_of(x), mech)
		for (unsigned op = 0; op < OP_MAX; op++) {
			const struct capability *can = &model_of(x)->config.can[mech];
			struct side side;

			if (!can_op(can, op))
				continue;
			total_side(model_of(x), mech, op, SPAN_TOTAL, &side);
			sample(m, f, mech, op, &side, can);
		}
}

static bool carries_data(enum ipc_op op)
{
	return op == OP_SEND || op == OP_RECV;
}

static void operations_of(const struct metrics *m, const struct metric *f, unsigned mech, enum ipc_op op,
			  const struct side *side, const struct capability *can)
{
	(void)can;
	metrics_count(m, f, VALUES(mech_name(mech), op_name(op)), side->ops);
}

static void bytes_of(const struct metrics *m, const struct metric *f, unsigned mech, enum ipc_op op,
		     const struct side *side, const struct capability *can)
{
	(void)can;
	if (carries_data(op))
		metrics_count(m, f, VALUES(mech_name(mech), op_name(op)), side->bytes);
}

static void copied_of(const struct metrics *m, const struct metric *f, unsigned mech, enum ipc_op op,
		      const struct side *side, const struct capability *can)
{
	if (carries_data(op) && can_see(can, UNSEEN_MOVED))
		metrics_count(m, f, VALUES(mech_name(mech), op_name(op)), side_copied_bytes(side));
}

static void waits_of(const struct metrics *m, const struct metric *f, unsigned mech, enum ipc_op op,
		     const struct side *side, const struct capability *can)
{
	for (unsigned cause = 0; can_waits(can) && cause < CAUSE_MAX; cause++)
		if (cause_name(cause) && side->causes[cause])
			metrics_count(m, f, VALUES(mech_name(mech), op_name(op), cause_name(cause)), side->causes[cause]);
}

static void wait_time_of(const struct metrics *m, const struct metric *f, unsigned mech, enum ipc_op op,
			 const struct side *side, const struct capability *can)
{
	if (can_waits(can))
		metrics_sample(m, f, VALUES(mech_name(mech), op_name(op)), SECONDS(side->wait_ns));
}

static void open_waits_of(const struct metrics *m, const struct metric *f, unsigned mech, enum ipc_op op,
			  const struct side *side, const struct capability *can)
{
	if (can_waits(can))
		metrics_count(m, f, VALUES(mech_name(mech), op_name(op)), side->open_waits);
}

static void wakeups_of(const struct metrics *m, const struct metric *f, unsigned mech, enum ipc_op op,
		       const struct side *side, const struct capability *can)
{
	if (can_wakes(can))
		metrics_count(m, f, VALUES(mech_name(mech), op_name(op)), side->wakes);
}

#define OF_SIDES(name)                                                                                        \
	static void name(const struct metrics *m, const struct metric *f, const struct export_state *x)     \
	{                                                                                                     \
		each_side(m, f, x, name##_of);                                                                \
	}

OF_SIDES(operations)
OF_SIDES(bytes)
OF_SIDES(copied)
OF_SIDES(waits)
OF_SIDES(wait_time)
OF_SIDES(open_waits)
OF_SIDES(wakeups)

static void errors(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	char number[ERROR_NAME_LEN];
	struct error_sum sum;

	model_for_each_mech(model_of(x), mech)
		for (unsigned op = 0; op < OP_MAX; op++) {
			total_errors(model_of(x), mech, op, SPAN_TOTAL, &sum);
			for (unsigned i = 0; i < sum.cnt; i++)
				metrics_count(m, f,
					      VALUES(mech_name(mech), op_name(op), error_name(sum.rows[i].error, number)),
					      sum.rows[i].count);
		}
}

static void objects(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	uint64_t cnt[MECH_MAX] = { 0 };

	model_for_each_object(model_of(x), o)
		cnt[o->id.mech] += !o->gone;
	model_for_each_mech(model_of(x), mech)
		metrics_count(m, f, VALUES(mech_name(mech)), cnt[mech]);
}

static void objects_seen(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	model_for_each_mech(model_of(x), mech)
		metrics_count(m, f, VALUES(mech_name(mech)), total_objects(model_of(x), mech, SPAN_TOTAL));
}

/* What an alert asks for: a queue that is full for minutes has somebody who waits for so long. */
static void longest_wait(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	uint64_t longest[MECH_MAX][OP_MAX][CAUSE_MAX] = { 0 };
	const struct model *model = model_of(x);

	for (size_t i = 0; i < model->wait_cnt; i++) {
		const struct wait *w = &model->waits[i];
		uint64_t *most = &longest[w->mech][w->op][w->cause];

		if (w->open && w->mech < MECH_MAX && w->length_ns > *most)
			*most = w->length_ns;
	}
	model_for_each_mech(model, mech)
		for (unsigned op = 0; op < OP_MAX; op++)
			for (unsigned cause = 0; cause < CAUSE_MAX; cause++)
				if (longest[mech][op][cause] && cause_name(cause))
					metrics_sample(m, f, VALUES(mech_name(mech), op_name(op), cause_name(cause)),
						       SECONDS(longest[mech][op][cause]));
}

struct passing {
	bool known;
	uint64_t descriptors, longest_ns;
};

/* An end that closes takes what waits there with it: who sees neither that nor the object anew would tell of it forever. */
static void passing_of(const struct export_state *x, struct passing p[MECH_MAX])
{
	const struct model *model = model_of(x);

	memset(p, 0, MECH_MAX * sizeof(*p));
	model_for_each_object(model, o) {
		struct passing *to = &p[o->id.mech];
		uint64_t ns;
		uint32_t cnt;

		if (o->replaced || !object_descriptors(o, &cnt, &ns))
			continue;
		to->descriptors += cnt;
		to->longest_ns = ns > to->longest_ns ? ns : to->longest_ns;
	}
	model_for_each_mech(model, mech) {
		const struct capability *can = &model->config.can[mech];

		p[mech].known = mechanism_by_id(mech)->descriptors && can_see(can, UNSEEN_STATE) &&
				(can_see(can, UNSEEN_CLOSE) || x->report->deadlocks_known);
	}
}

static void descriptors(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	struct passing p[MECH_MAX];

	passing_of(x, p);
	model_for_each_mech(model_of(x), mech)
		if (p[mech].known)
			metrics_count(m, f, VALUES(mech_name(mech)), p[mech].descriptors);
}

static void longest_descriptors(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	struct passing p[MECH_MAX];

	passing_of(x, p);
	model_for_each_mech(model_of(x), mech)
		if (p[mech].known && p[mech].descriptors)
			metrics_sample(m, f, VALUES(mech_name(mech)), SECONDS(p[mech].longest_ns));
}

static void deadlocks(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	if (x->report->deadlocks_known)
		metrics_count(m, f, NULL, x->report->deadlocks);
}

/* ---- the busiest objects and groups ---- */

enum figure { FIGURE_OPS, FIGURE_BYTES, FIGURE_WAIT };

static void figure(const struct metrics *m, const struct metric *f, const char *const values[],
		   const struct top_sums *sums, enum figure which)
{
	if (which == FIGURE_OPS && sums->ops)
		metrics_count(m, f, values, sums->ops);
	if (which == FIGURE_BYTES && sums->bytes)
		metrics_count(m, f, values, sums->bytes);
	if (which == FIGURE_WAIT && sums->wait_ns)
		metrics_sample(m, f, values, SECONDS(sums->wait_ns));
}

static void figures(const struct metrics *m, const struct metric *f, const char *by, const char *name,
		    const struct top_counts *counts, enum figure which)
{
	for (unsigned mech = 0; mech < MECH_MAX; mech++)
		for (unsigned op = 0; op < OP_MAX; op++) {
			const struct top_sums *sums = &counts->of[mech][op];

			if (!sums->ops && !sums->bytes && !sums->wait_ns)
				continue;
			if (by)
				figure(m, f, VALUES(by, name, mech_name(mech), op_name(op)), sums, which);
			else
				figure(m, f, VALUES(mech_name(mech), name, op_name(op)), sums, which);
		}
}

static void figures_of(const struct metrics *m, const struct metric *f, const char *by, const struct top *t,
		       enum figure which)
{
	for (unsigned i = 0; i < t->cnt; i++)
		if (t->slots[i].used)
			figures(m, f, by, t->slots[i].name, &t->slots[i].counts, which);
	figures(m, f, by, TOP_OTHER, &t->others, which);
}

#define OF_TOP(name, top, by, which)                                                                         \
	static void name(const struct metrics *m, const struct metric *f, const struct export_state *x)    \
	{                                                                                                    \
		figures_of(m, f, by, &x->top, which);                                                        \
	}

OF_TOP(object_operations, objects, NULL, FIGURE_OPS)
OF_TOP(object_bytes, objects, NULL, FIGURE_BYTES)
OF_TOP(object_wait_time, objects, NULL, FIGURE_WAIT)
OF_TOP(group_operations, groups, actor_kind_name(x->by), FIGURE_OPS)
OF_TOP(group_bytes, groups, actor_kind_name(x->by), FIGURE_BYTES)
OF_TOP(group_wait_time, groups, actor_kind_name(x->by), FIGURE_WAIT)

static void object_fill(const struct metrics *m, const struct metric *f, const struct export_state *x)
{
	for (unsigned i = 0; i < x->objects.cnt; i++) {
		const struct top_slot *slot = &x->objects.slots[i];
		const struct object *o = slot->used ? model_object(model_of(x), &slot->id) : NULL;
		struct mech_room room;

		if (!o)
			continue;
		object_room(o, &room);
		if (room.used_slots != ROOM_UNKNOWN && room.slots != ROOM_UNKNOWN && room.slots)
			metrics_sample(m, f, VALUES(o->mech->name, slot->name), (double)room.used_slots / room.slots);
		else if (room.used_bytes != ROOM_UNKNOWN && room.bytes != ROOM_UNKNOWN && room.bytes)
			metrics_sample(m, f, VALUES(o->mech->name, slot->name), (double)room.used_bytes / room.bytes);
	}
}

static void (*const samples[METRIC_IDS])(const struct metrics *m, const struct metric *f, const struct export_state *x) = {
	[METRIC_ID_BUILD_INFO] = build_info,
	[METRIC_ID_MECHANISM_INFO] = mechanism_info,
	[METRIC_ID_ELAPSED_SECONDS] = elapsed,
	[METRIC_ID_LOSSES] = losses,
	[METRIC_ID_CPU_SECONDS] = own_cpu,
	[METRIC_ID_RESIDENT_MEMORY_BYTES] = own_resident,
	[METRIC_ID_MAP_MEMORY_BYTES] = own_maps,
	[METRIC_ID_PROGRAM_RUNS] = own_runs,
	[METRIC_ID_PROGRAM_SECONDS] = own_run_time,
	[METRIC_ID_OBJECTS] = objects,
	[METRIC_ID_OBJECTS_SEEN] = objects_seen,
	[METRIC_ID_OPERATIONS] = operations,
	[METRIC_ID_ERRORS] = errors,
	[METRIC_ID_TRANSFERRED_BYTES] = bytes,
	[METRIC_ID_COPIED_BYTES] = copied,
	[METRIC_ID_WAITS] = waits,
	[METRIC_ID_WAIT_SECONDS] = wait_time,
	[METRIC_ID_OPEN_WAITS] = open_waits,
	[METRIC_ID_LONGEST_OPEN_WAIT_SECONDS] = longest_wait,
	[METRIC_ID_WAKEUPS] = wakeups,
	[METRIC_ID_DESCRIPTORS_IN_FLIGHT] = descriptors,
	[METRIC_ID_LONGEST_DESCRIPTORS_IN_FLIGHT_SECONDS] = longest_descriptors,
	[METRIC_ID_DEADLOCKS] = deadlocks,
	[METRIC_ID_GROUP_OPERATIONS] = group_operations,
	[METRIC_ID_GROUP_TRANSFERRED_BYTES] = group_bytes,
	[METRIC_ID_GROUP_WAIT_SECONDS] = group_wait_time,
	[METRIC_ID_OBJECT_OPERATIONS] = object_operations,
	[METRIC_ID_OBJECT_TRANSFERRED_BYTES] = object_bytes,
	[METRIC_ID_OBJECT_WAIT_SECONDS] = object_wait_time,
	[METRIC_ID_OBJECT_FILL_RATIO] = object_fill,
};

void export_render(FILE *out, const struct export_state *x, bool open_metrics)
{
	const struct metrics m = { out, open_metrics };

	for (unsigned i = 0; i < METRIC_IDS; i++) {
		metrics_family(&m, &metric_families[i]);
		samples[i](&m, &metric_families[i], x);
	}
	metrics_end(&m);
}
