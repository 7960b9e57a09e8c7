// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The critical path of COMMAND: what `ipctrace chain -- COMMAND` tells when it has ended. */
#include "chain/path.h"

#include <stdlib.h>

#include "chain/call_name.h"
#include "model/alloc.h"
#include "out/escape.h"
#include "out/units.h"
#include "steps.h"
#include "view/json_parts.h"
#include "view/report.h"

#define MAX_KEPT (1u << 20) /* steps, and as many operations: 120 MiB */
#define MAX_ROWS 20

struct named_process {
	uint32_t tgid;
	char comm[IPC_COMM_LEN + 1];
	UT_hash_handle hh;
};

/* Parts that say the same. */
struct path_row {
	uint64_t from_ns, time_ns; /* of the first; of all */
	uint32_t parts;
	UT_hash_handle hh;
	char text[];
};

struct path_view {
	struct path path;
	struct named_process *processes;
	struct path_row *rows;
	bool by_command; /* there are too many processes to tell of each */
};

static void start(struct report *r)
{
	r->path = xcalloc(1, sizeof(*r->path));
	path_init(&r->path->path, MAX_KEPT);
}

/* As it was called last. */
static void name_process(struct path_view *v, uint32_t tgid, const char comm[IPC_COMM_LEN])
{
	struct named_process *p;

	HASH_FIND(hh, v->processes, &tgid, sizeof(tgid), p);
	if (!p) {
		p = xcalloc(1, sizeof(*p));
		p->tgid = tgid;
		HASH_ADD(hh, v->processes, tgid, sizeof(tgid), p);
	}
	memcpy(p->comm, comm, IPC_COMM_LEN);
}

static const char *comm_of(const struct path_view *v, uint32_t tgid)
{
	struct named_process *p;

	HASH_FIND(hh, v->processes, &tgid, sizeof(tgid), p);
	return p ? p->comm : "?";
}

static void take_step(struct path_view *v, const struct ipc_event *e)
{
	bool by_task = e->waker_kind == WAKER_TASK;

	struct path_step s = { .at_ns = e->wake_ns, .sleep_ns = e->sleep_ns, .tid = e->tid, .tgid = e->tgid,
			       .waker_tid = by_task ? e->depth : 0, .waker_tgid = by_task ? e->waker : 0,
			       .syscall = e->result, .step = e->op };

	memcpy(s.comm, e->comm, sizeof(s.comm));
	memcpy(s.waker_comm, e->state, sizeof(s.waker_comm));
	name_process(v, e->tgid, e->comm);
	path_add_step(&v->path, &s);
}

static void event(struct report *r, const struct ipc_event *e)
{
	if (e->obj.mech == MECH_NONE)
		take_step(r->path, e);
	else if (!e->kind && e->known & EVENT_WAIT && e->wait_ns)
		path_add_call(&r->path->path,
			      &(struct path_call){ .begin_ns = e->time_ns - (e->latency_ns ?: e->wait_ns), .end_ns = e->time_ns,
						   .object = e->obj, .tid = e->tid, .op = e->op, .cause = e->cause });
}

/* ---- as text ---- */

static void put_process(FILE *out, const struct path_view *v, uint32_t tgid, const char *comm)
{
	char text[128];

	escape_text(text, sizeof(text), comm, IPC_COMM_LEN, true);
	fprintf(out, v->by_command ? "%s" : "%s/%u", text, tgid);
}

/* "recv pipe:[81234], empty", or the system call. */
static void put_wait(FILE *out, const struct report *r, const struct path_step *s, const struct path_call *c)
{
	const struct mechanism *mech = c ? mechanism_by_id(c->object.mech) : NULL;
	char id[64], raw[IPC_NAME_LEN + 1], name[512];

	if (!mech) {
		if (call_name(s->syscall))
			fprintf(out, "%s", call_name(s->syscall));
		else
			fprintf(out, s->syscall < 0 ? "no system call" : "system call %d", s->syscall);
		return;
	}
	mech->format_id(&c->object, id, sizeof(id));
	fprintf(out, "%s %s", op_name(c->op), r->path->by_command ? mech->name : id);
	if (!r->path->by_command && model_object_name(r->model, &c->object, raw)) {
		escape_text(name, sizeof(name), raw, strlen(raw), true);
		fprintf(out, " (%s)", name);
	}
	if (cause_name(c->cause))
		fprintf(out, ", %s", cause_name(c->cause));
}

static void put_part(FILE *out, const struct report *r, const struct path_part *part)
{
	const struct path_step *s = part->step;

	if (!part->tid) {
		fprintf(out, "not known");
		return;
	}
	put_process(out, r->path, part->tgid, part->waits ? s->comm : comm_of(r->path, part->tgid));
	if (part->waits) {
		fprintf(out, " waits in ");
		put_wait(out, r, s, part->call);
		if (s->waker_tid) {
			fprintf(out, ", woken by ");
			put_process(out, r->path, s->waker_tgid, s->waker_comm);
		}
		return;
	}
	fprintf(out, " runs");
	if (!s) {
		fprintf(out, ", and the command ends");
	} else if (s->tid != part->tid) {
		fprintf(out, s->step == STEP_FORK ? ", until it makes " : ", until it wakes ");
		put_process(out, r->path, s->tgid, s->comm);
		if (s->step == STEP_WAKE) {
			fprintf(out, " in ");
			put_wait(out, r, s, part->call);
		}
	}
}

static void add_row(struct path_view *v, const struct path_part *part, const char *text, size_t len)
{
	struct path_row *row;

	HASH_FIND(hh, v->rows, text, len, row);
	if (!row) {
		row = xcalloc(1, sizeof(*row) + len + 1);
		memcpy(row->text, text, len);
		row->from_ns = part->from_ns;
		HASH_ADD(hh, v->rows, text[0], len, row);
	}
	row->time_ns += part->to_ns - part->from_ns;
	row->parts++;
}

static void forget_rows(struct path_view *v)
{
	struct path_row *row, *next;

	HASH_ITER(hh, v->rows, row, next) {
		HASH_DEL(v->rows, row);
		free(row);
	}
}

static void make_rows(struct report *r)
{
	struct path_view *v = r->path;
	char *text = NULL;
	size_t len = 0;
	FILE *out = must_have(open_memstream(&text, &len));

	for (size_t i = 0; i < v->path.part_cnt; i++) {
		rewind(out);
		put_part(out, r, &v->path.parts[i]);
		fflush(out);
		add_row(v, &v->path.parts[i], text, len);
	}
	fclose(out);
	free(text);
}

static int by_time(const struct path_row *a, const struct path_row *b)
{
	return a->time_ns < b->time_ns ? 1 : a->time_ns > b->time_ns ? -1 : 0;
}

static void print_row(struct report *r, uint64_t at_ns, uint64_t time_ns, uint32_t parts, const char *text)
{
	char took[UNIT_LEN], share[UNIT_LEN];
	uint64_t all_ns = path_length_ns(&r->path->path);

	format_unit(took, time_ns, UNIT_NS);
	format_unit(share, all_ns ? (double)time_ns / all_ns : 0, UNIT_PERCENT);
	writer_printf(&r->out, "%8.3f %5s %5s %6u %s\n", at_ns / 1e9, took, share, parts, text);
}

/* In the order of time where all of it can be told, else the longest. */
static void print_rows(struct report *r)
{
	struct path_view *v = r->path;
	uint64_t begin_ns = v->path.parts[0].from_ns, others_ns = 0, first_ns = UINT64_MAX;
	struct path_row *row, *next;
	uint32_t rows = 0, others = 0;

	make_rows(r);
	if (HASH_COUNT(v->rows) > MAX_ROWS) {
		forget_rows(v);
		v->by_command = true;
		make_rows(r);
	}
	if (HASH_COUNT(v->rows) > MAX_ROWS)
		HASH_SRT(hh, v->rows, by_time);
	writer_text(&r->out, "      AT  TIME SHARE  PARTS\n");
	HASH_ITER(hh, v->rows, row, next) {
		if (rows++ < MAX_ROWS) {
			print_row(r, row->from_ns - begin_ns, row->time_ns, row->parts, row->text);
			continue;
		}
		others_ns += row->time_ns;
		others += row->parts;
		first_ns = row->from_ns < first_ns ? row->from_ns : first_ns;
	}
	if (others)
		print_row(r, first_ns - begin_ns, others_ns, others, "other");
	forget_rows(v);
}

/* ---- as JSON ---- */

static void json_process(struct json *j, const char *key, uint32_t tid, uint32_t tgid, const char *comm)
{
	char text[IPC_COMM_LEN + 1];

	if (!tid) {
		json_null(j, key);
		return;
	}
	json_open(j, key, '{');
	json_uint(j, "pid", tgid);
	json_uint(j, "tid", tid);
	snprintf(text, sizeof(text), "%.*s", IPC_COMM_LEN, comm);
	json_string(j, "comm", text);
	json_close(j, '}');
}

/* How a part ends: which task goes on, and what it waited in. */
static void json_next(struct json *j, const struct report *r, const struct path_part *part)
{
	static const char *const words[] = { [STEP_WAKE] = "wakes", [STEP_FORK] = "makes" };
	const struct path_step *s = part->step;
	const struct path_call *c = part->call;
	const struct mechanism *mech = c ? mechanism_by_id(c->object.mech) : NULL;
	char id[64] = "", name[IPC_NAME_LEN + 1];

	json_string(j, "does", !part->tid ? NULL : part->waits ? "waits" : "runs");
	json_string(j, "then", !s ? "ends" : part->waits ? "goes on" : s->tid == part->tid ? "waits" : words[s->step]);
	json_process(j, "next", s ? s->tid : 0, s ? s->tgid : 0, s ? s->comm : "");
	if (mech)
		mech->format_id(&c->object, id, sizeof(id));
	json_string(j, "mechanism", mech ? mech->name : NULL);
	json_string(j, "object", mech ? id : NULL);
	json_string(j, "name", mech && model_object_name(r->model, &c->object, name) ? name : NULL);
	json_string(j, "op", mech ? op_name(c->op) : NULL);
	json_string(j, "cause", mech ? cause_name(c->cause) : NULL);
	json_string(j, "call", s && s->step == STEP_WAKE ? call_name(s->syscall) : NULL);
	json_process(j, "woken_by", s && part->waits ? s->waker_tid : 0, s ? s->waker_tgid : 0, s ? s->waker_comm : "");
	json_uint_or_null(j, "slept_ns", s && s->sleep_ns, s ? s->at_ns - s->sleep_ns : 0);
}

static void print_json(struct report *r)
{
	const struct path *p = &r->path->path;
	struct json *j = &r->json;
	struct losses l;

	json_open(j, NULL, '{');
	json_string(j, "type", "path");
	json_uint(j, "schema", 1);
	json_seconds(j, "elapsed_s", path_length_ns(p));
	json_uint(j, "not_kept", path_not_kept(p));
	json_open(j, "parts", '[');
	for (size_t i = 0; i < p->part_cnt; i++) {
		const struct path_part *part = &p->parts[i];

		json_open(j, NULL, '{');
		json_seconds(j, "at_s", part->from_ns - p->parts[0].from_ns);
		json_uint(j, "time_ns", part->to_ns - part->from_ns);
		json_process(j, "who", part->tid, part->tgid, part->waits ? part->step->comm : comm_of(r->path, part->tgid));
		json_next(j, r, part);
		json_close(j, '}');
	}
	json_close(j, ']');
	model_losses(r->model, SPAN_TOTAL, &l);
	json_losses(j, "loss", &l);
	json_close(j, '}');
	json_end_line(j);
}

static void summary(struct report *r)
{
	struct path_view *v = r->path;
	bool known = path_solve(&v->path, r->about->start_ns);

	if (r->options.json) {
		print_json(r);
		return;
	}
	if (known && v->path.part_cnt) {
		writer_printf(&r->out, "critical path of %.3f s, in %zu parts\n", path_length_ns(&v->path) / 1e9, v->path.part_cnt);
		print_rows(r);
		if (path_not_kept(&v->path))
			writer_printf(&r->out, "not kept: the first %llu wakeups and waits\n",
				      (unsigned long long)path_not_kept(&v->path));
	} else {
		writer_text(&r->out, "no critical path: no step of a command that ended is known\n");
	}
	if (report_losses(r, SPAN_TOTAL))
		writer_char(&r->out, '\n');
}

static void end(struct report *r)
{
	struct named_process *p, *next;

	if (!r->path)
		return;
	HASH_ITER(hh, r->path->processes, p, next) {
		HASH_DEL(r->path->processes, p);
		free(p);
	}
	path_free(&r->path->path);
	free(r->path);
}

const struct view view_path = {
	.name = "path",
	.start = start,
	.event = event,
	.summary = summary,
	.end = end,
};
