// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdarg.h>
#include <stdlib.h>

#include "graph/graph.h"
#include "model/alloc.h"
#include "out/cell.h"
#include "out/escape.h"
#include "out/units.h"
#include "view/top.h"

/* ---- lines ---- */

void top_lines_clear(struct top_lines *l)
{
	for (size_t i = 0; i < l->cnt; i++)
		free(l->lines[i].text);
	l->cnt = l->left_out = 0;
}

void top_lines_free(struct top_lines *l)
{
	top_lines_clear(l);
	free(l->lines);
	*l = (struct top_lines){ 0 };
}

static struct top_line *new_line(struct top_lines *l)
{
	if (l->cnt == l->cap) {
		l->cap += l->cap / 2 + 64;
		l->lines = xreallocarray(l->lines, l->cap, sizeof(*l->lines));
	}
	l->lines[l->cnt] = (struct top_line){ 0 };
	return &l->lines[l->cnt++];
}

static void set_text(struct top_line *line, const char *text, size_t len)
{
	free(line->text);
	line->text = must_have(strndup(text, len));
}

struct top_line *top_add(struct top_lines *l, const char *text)
{
	struct top_line *line;

	do {
		size_t len = strcspn(text, "\n");

		line = new_line(l);
		set_text(line, text, len);
		text += len + (text[len] == '\n');
	} while (*text);
	return line;
}

struct top_line *top_addf(struct top_lines *l, const char *format, ...)
{
	char text[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return top_add(l, text);
}

const char *top_cell(char buf[TOP_CELL_LEN], int cells, bool known, double value, enum unit unit)
{
	char text[UNIT_LEN] = "–";
	int width;

	if (known)
		format_unit(text, value, unit);
	width = text_width(text);
	snprintf(buf, TOP_CELL_LEN, "%*s%s", cells > width ? cells - width : 0, "", text);
	return buf;
}

/* ---- objects ---- */

static bool has(const char *text, const char *filter)
{
	return text && strcasestr(text, filter);
}

/* Digits alone are a PID: inodes, ports and paths have the same ones by chance. */
static bool is_pid(const char *filter)
{
	return *filter && strspn(filter, "0123456789") == strlen(filter);
}

static bool process_matches(const struct process *p, const char *name, const char *filter)
{
	if (is_pid(filter))
		return strtoul(filter, NULL, 10) == p->key.tgid;
	return has(name, filter) || (p->cgroup && has(p->cgroup->path, filter));
}

static bool matches(const struct object *o, const char *filter)
{
	char id[64];

	if (!*filter)
		return true;
	o->mech->format_id(&o->id, id, sizeof(id));
	if (!is_pid(filter) && (has(id, filter) || has(o->name, filter) || has(o->mech->name, filter)))
		return true;
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		if (process_matches(e->process, e->process->comm, filter))
			return true;
	return false;
}

static const struct column *sort_column(struct report *r, const struct top_view *v)
{
	unsigned at = v->sort[TOP_OBJECTS];

	if (at && at <= r->table.cnt)
		return r->table.columns[at - 1];
	return r->options.sort ? column_by_name(r->options.sort) : NULL;
}

/* All of the formatting is for who looks: of 300 objects that are listed 40 are seen. */
static void list_objects(struct top_lines *l, struct report *r, const struct top_view *v)
{
	const struct column *column = sort_column(r, v);
	int direction = v->sort[TOP_OBJECTS] ? 0 : r->options.sort_direction;
	size_t offered = 0;

	if (v->reversed[TOP_OBJECTS])
		direction = direction ? -direction : column && column->order == COLUMN_RISING ? -1 : 1;
	selection_begin(&r->selection, column, direction, v->rows);
	model_for_each_object(r->model, o) {
		if (o->gone || !matches(o, v->filter))
			continue;
		offered++;
		selection_offer(&r->selection, o, SPAN_INTERVAL);
	}
	selection_end(&r->selection);
	new_line(l);
	for (size_t i = 0; i < r->selection.cnt; i++)
		*new_line(l) = (struct top_line){ .can_pick = true, .object = r->selection.objects[i]->id };
	l->left_out = offered - r->selection.cnt;
}

void top_print(struct top_lines *l, struct report *r, int width, size_t first, size_t cnt)
{
	struct writer *out = xcalloc(1, sizeof(*out));
	struct style style = { .ascii = r->options.ascii, .eol = "\n", .width = width };
	char *text = NULL;
	size_t len = 0;
	FILE *memory = must_have(open_memstream(&text, &len));

	writer_init(out, memory);
	table_print(&r->table, out, r->selection.objects + first, cnt, SPAN_INTERVAL, &style);
	writer_flush(out);
	fclose(memory);
	for (const char *at = text, *end; (end = strchr(at, '\n')); at = end + 1)
		set_text(at == text ? l->lines : &l->lines[++first], at, end - at);
	free(text);
	free(out);
}

/* ---- processes and pairs, of a graph of the interval that leaves nothing out ---- */

struct entry {
	const struct graph_actor *from, *to; /* to: of a pair */
	const struct mechanism *mech;	     /* of a pair */
	size_t from_index, to_index;
	struct graph_sums sums;
	bool bytes_known;
	struct ipc_object_id object; /* the one that most went through */
	uint64_t most;
	uint32_t objects;
};

static const char *const process_sorts[] = { "usual", "bytes", "ops", "wait", "wakes", "name" };
static unsigned sorted_by;
static int sign;

static double weigh(const struct entry *e)
{
	static const enum graph_weight weights[] = { GRAPH_BYTES, GRAPH_BYTES, GRAPH_OPS, GRAPH_WAITS, GRAPH_WAKES };

	if (!sorted_by)
		return e->sums.bytes + 1024.0 * e->sums.ops + e->sums.wait_ns / 1e3;
	return graph_weigh(&e->sums, weights[sorted_by]);
}

static int by_choice(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (sorted_by < 5) {
		double p = weigh(x), q = weigh(y);

		if (p != q)
			return p < q ? sign : -sign;
	}
	return sign * strcmp(x->from->actor.name ?: "", y->from->actor.name ?: "");
}

static void sort_entries(struct entry *all, size_t cnt, const struct top_view *v)
{
	sorted_by = v->sort[v->mode];
	sign = v->reversed[v->mode] ? -1 : 1;
	qsort(all, cnt, sizeof(*all), by_choice);
}

static void actor_text(char buf[CELL_LEN + 64], const struct graph_actor *a, int room)
{
	struct style style = { 0 };
	char cell[CELL_LEN];

	if (a->actor.kind == ACTOR_PROCESS) {
		process_format(cell, a->actor.process->comm, a->actor.process->key.tgid, room, &style);
	} else {
		escape_text(cell, sizeof(cell), a->actor.name ?: "none", IPC_NAME_LEN, false);
		cut_text(cell, sizeof(cell), room, true, false);
	}
	snprintf(buf, CELL_LEN + 64, "%s%*s", cell, room > text_width(cell) ? room - text_width(cell) : 0, "");
}

/* Of the mechanism, or, without one, of any that is traced. */
static bool is_known(const struct model *m, const struct mechanism *mech, bool (*can)(const struct capability *can))
{
	model_for_each_mech(m, id)
		if ((!mech || mech->id == id) && can(&m->config.can[id]))
			return true;
	return false;
}

/* The rates of an interval, in the columns of both lists. */
static void sums_text(char *buf, size_t size, const struct entry *e, const struct model *m)
{
	uint64_t span_ns = model_span_ns(m, SPAN_INTERVAL);
	double per_s = span_ns ? 1e9 / span_ns : 0;
	char bytes[TOP_CELL_LEN], ops[TOP_CELL_LEN], wait[TOP_CELL_LEN], wakes[TOP_CELL_LEN];

	snprintf(buf, size, "%s %s %s %s %5u", top_cell(bytes, 7, e->bytes_known, e->sums.bytes * per_s, UNIT_BYTES),
		 top_cell(ops, 6, true, e->sums.ops * per_s, UNIT_COUNT),
		 top_cell(wait, 6, is_known(m, e->mech, can_waits), span_ns ? (double)e->sums.wait_ns / span_ns : 0,
			  UNIT_PERCENT),
		 top_cell(wakes, 7, is_known(m, e->mech, can_wakes), e->sums.wakes * per_s, UNIT_COUNT), e->objects);
}

#define SUMS_HEAD "BYTES/s  OPS/s   WAIT WAKES/s  OBJS"
#define SUMS_WIDTH 36

static bool actor_matches(const struct actor *a, const char *filter)
{
	return process_matches(a->process, a->name, filter);
}

static bool entry_matches(const struct entry *e, const char *filter)
{
	return !*filter || actor_matches(&e->from->actor, filter) || (e->to && actor_matches(&e->to->actor, filter)) ||
	       (e->mech && has(e->mech->name, filter));
}

/* What finds its objects. A long path is cut, which finds those of its neighbours, too. */
static void filter_for(char filter[TOP_FILTER_LEN], const struct actor *a)
{
	if (a->kind != ACTOR_PROCESS)
		snprintf(filter, TOP_FILTER_LEN, "%s", a->name ?: "");
	else if (a->process->key.tgid)
		snprintf(filter, TOP_FILTER_LEN, "%u", a->process->key.tgid);
}

static void put_entries(struct top_lines *l, struct entry *all, size_t cnt, const struct report *r,
			const struct top_view *v)
{
	bool pairs = v->mode == TOP_PAIRS;
	int room = v->width - SUMS_WIDTH - (pairs ? 12 : 1);
	char from[CELL_LEN + 64], to[CELL_LEN + 64], sums[5 * TOP_CELL_LEN];
	size_t shown = 0;

	room = pairs ? room / 2 : room;
	room = room < 8 ? 8 : room > 40 ? 40 : room;
	sort_entries(all, cnt, v);
	if (pairs)
		top_addf(l, "%-*s %-*s %-8s %s", room, "FROM", room, "TO", "MECH", SUMS_HEAD);
	else
		top_addf(l, "%-*s %s", room, "WHO", SUMS_HEAD);
	for (size_t i = 0; i < cnt; i++) {
		struct top_line *line;

		if (!entry_matches(&all[i], v->filter))
			continue;
		if (shown++ >= v->rows) {
			l->left_out++;
			continue;
		}
		actor_text(from, all[i].from, room);
		sums_text(sums, sizeof(sums), &all[i], r->model);
		if (pairs) {
			actor_text(to, all[i].to, room);
			line = top_addf(l, "%s %s %-8s %s", from, to, all[i].mech->name, sums);
		} else {
			line = top_addf(l, "%s %s", from, sums);
		}
		line->can_pick = true;
		line->object = all[i].object;
		if (!pairs)
			filter_for(line->filter, &all[i].from->actor);
	}
}

static void list_processes(struct top_lines *l, const struct graph *g, const struct report *r, const struct top_view *v)
{
	struct entry *all = xcalloc(g->actor_cnt, sizeof(*all));

	for (size_t i = 0; i < g->actor_cnt; i++)
		all[i] = (struct entry){ .from = &g->actors[i], .sums = g->actors[i].sums, .bytes_known = true };
	for (size_t i = 0; i < g->edge_cnt; i++) /* an actor's edges of one object follow each other */
		if (!i || g->edges[i - 1].object != g->edges[i].object || g->edges[i - 1].actor != g->edges[i].actor)
			all[g->edges[i].actor].objects++;
	put_entries(l, all, g->actor_cnt, r, v);
	free(all);
}

struct pair {
	struct entry entry;
	UT_hash_handle hh;
	size_t key[3];
};

/* What is sent at one end of a socket is received at the other. Without such ends anybody may receive it. */
static bool reaches(const struct graph_edge *from, const struct graph_edge *to)
{
	uint8_t opposite = (from->ends & END_FIRST ? END_SECOND : 0) | (from->ends & END_SECOND ? END_FIRST : 0);

	return from->way == GRAPH_SENDS && to->way == GRAPH_RECEIVES && (!from->ends || !to->ends || opposite & to->ends);
}

/* With one at an end it is its bytes; with several at both ends nobody saw whose went to whom. */
static void add_pair(struct pair **all, const struct graph *g, const struct graph_edge *from, const struct graph_edge *to,
		     unsigned senders, unsigned receivers)
{
	const struct graph_object *o = &g->objects[from->object];
	size_t key[3] = { from->actor, to->actor, o->mech->id };
	struct graph_sums sums = receivers == 1 ? from->sums : to->sums;
	struct pair *p;

	HASH_FIND(hh, *all, key, sizeof(key), p);
	if (!p) {
		p = xcalloc(1, sizeof(*p));
		memcpy(p->key, key, sizeof(key));
		p->entry = (struct entry){ .from = &g->actors[from->actor], .to = &g->actors[to->actor], .mech = o->mech,
					   .bytes_known = true, .object = o->object->id };
		HASH_ADD(hh, *all, key, sizeof(p->key), p);
	}
	if (senders > 1 && receivers > 1) {
		sums.bytes = 0;
		p->entry.bytes_known = false;
	}
	graph_sums_add(&p->entry.sums, &sums);
	p->entry.objects++;
	if (sums.bytes > p->entry.most) {
		p->entry.most = sums.bytes;
		p->entry.object = o->object->id;
	}
}

static void add_pairs_of(struct pair **all, const struct graph *g, const struct graph_object *o)
{
	const struct graph_edge *edges = &g->edges[o->first_end];
	unsigned *senders = xcalloc(o->end_cnt, sizeof(*senders)), *receivers = xcalloc(o->end_cnt, sizeof(*receivers));

	for (uint32_t i = 0; i < o->end_cnt; i++)
		for (uint32_t j = 0; j < o->end_cnt; j++) {
			receivers[i] += reaches(&edges[i], &edges[j]);
			senders[j] += reaches(&edges[i], &edges[j]);
		}
	for (uint32_t i = 0; i < o->end_cnt; i++)
		for (uint32_t j = 0; j < o->end_cnt; j++)
			if (reaches(&edges[i], &edges[j]) &&
			    (edges[i].actor != edges[j].actor || senders[j] + receivers[i] == 2))
				add_pair(all, g, &edges[i], &edges[j], senders[j], receivers[i]);
	free(senders);
	free(receivers);
}

static void list_pairs(struct top_lines *l, const struct graph *g, const struct report *r, const struct top_view *v)
{
	struct pair *all = NULL, *p, *next;
	struct entry *entries;
	size_t cnt = 0;

	for (size_t i = 0; i < g->object_cnt; i++)
		add_pairs_of(&all, g, &g->objects[i]);
	entries = xcalloc(HASH_COUNT(all), sizeof(*entries));
	HASH_ITER(hh, all, p, next) {
		entries[cnt++] = p->entry;
		HASH_DEL(all, p);
		free(p);
	}
	put_entries(l, entries, cnt, r, v);
	free(entries);
}

void top_list(struct top_lines *l, struct report *r, const struct top_view *v)
{
	const struct graph_options options = { .by = r->options.by };
	struct graph g;

	if (v->mode == TOP_OBJECTS) {
		list_objects(l, r, v);
		return;
	}
	graph_build(&g, r->model, SPAN_INTERVAL, &options);
	if (v->mode == TOP_PROCESSES)
		list_processes(l, &g, r, v);
	else
		list_pairs(l, &g, r, v);
	graph_free(&g);
}

unsigned top_sort_cnt(struct report *r, enum top_mode mode)
{
	return mode == TOP_OBJECTS ? r->table.cnt + 1 : sizeof(process_sorts) / sizeof(process_sorts[0]);
}

const char *top_sort_name(struct report *r, const struct top_view *v)
{
	const struct column *column;

	if (v->mode != TOP_OBJECTS)
		return process_sorts[v->sort[v->mode]];
	column = sort_column(r, v);
	return column ? column->name : "usual";
}
