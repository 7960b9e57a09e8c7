// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Events as Chrome trace JSON: one track a task, slices of operations and in them of
 * waits, arrows from who woke to who was woken. An arrow needs two operations of two
 * tasks, which end in any order: those that wait for their other half are kept.
 */
#include <stdlib.h>

#include "model/alloc.h"
#include "model/error.h"
#include "view/json_parts.h"
#include "view/report.h"

#define KEPT 512 /* operations and wakeups whose other half may still come */

struct kept_op {
	struct ipc_object_id obj;
	uint32_t tgid, tid;
	uint64_t begin_ns, end_ns;
};

struct kept_wakeup {
	struct ipc_object_id obj;
	uint32_t waker, tgid, tid; /* tgid 0: none */
	uint64_t wake_ns;
};

struct named_task {
	uint32_t tid;
	UT_hash_handle hh;
};

struct chrome {
	struct named_task *tasks, *processes;
	struct kept_op ops[KEPT];
	struct kept_wakeup wakeups[KEPT];
	size_t next_op, next_wakeup;
	uint64_t arrows;
};

/* Microseconds since the start of the session, to the nanosecond. */
static void time_us(struct json *j, const char *key, uint64_t ns)
{
	json_key(j, key);
	writer_printf(j->out, "%llu.%03llu", (unsigned long long)(ns / 1000), (unsigned long long)(ns % 1000));
}

static uint64_t since_start(const struct report *r, uint64_t ns)
{
	return ns > r->about->start_ns ? ns - r->about->start_ns : 0;
}

/* An element of the list, each on its own line. Left open, for more. */
static void element(struct report *r, const char *phase, uint32_t tgid, uint32_t tid)
{
	struct json *j = &r->json;

	if (j->comma)
		writer_char(j->out, ',');
	writer_char(j->out, '\n');
	j->comma = false;
	json_open(j, NULL, '{');
	json_string(j, "ph", phase);
	json_uint(j, "pid", tgid);
	json_uint(j, "tid", tid);
}

static bool is_known(struct named_task **all, uint32_t tid)
{
	struct named_task *t;

	HASH_FIND(hh, *all, &tid, sizeof(tid), t);
	if (t)
		return true;
	t = xcalloc(1, sizeof(*t));
	t->tid = tid;
	HASH_ADD(hh, *all, tid, sizeof(tid), t);
	return false;
}

static void metadata(struct report *r, const char *kind, uint32_t tgid, uint32_t tid, const char *name)
{
	element(r, "M", tgid, tid);
	json_string(&r->json, "name", kind);
	json_open(&r->json, "args", '{');
	json_string(&r->json, "name", name);
	json_close(&r->json, '}');
	json_close(&r->json, '}');
}

static void name_task(struct report *r, uint32_t tgid, uint32_t tid, const char *comm)
{
	if (!is_known(&r->chrome->processes, tgid))
		metadata(r, "process_name", tgid, tid, comm);
	if (!is_known(&r->chrome->tasks, tid))
		metadata(r, "thread_name", tgid, tid, comm);
}

/* A moment, where nobody saw how long it took. */
static void instant(struct report *r, uint32_t tgid, uint32_t tid, const char *category, uint64_t ns)
{
	struct json *j = &r->json;

	element(r, "i", tgid, tid);
	json_string(j, "s", "t");
	json_string(j, "cat", category);
	time_us(j, "ts", since_start(r, ns));
}

static void slice(struct report *r, uint32_t tgid, uint32_t tid, const char *category, uint64_t begin_ns, uint64_t end_ns)
{
	struct json *j = &r->json;

	element(r, "X", tgid, tid);
	json_string(j, "cat", category);
	time_us(j, "ts", since_start(r, begin_ns));
	time_us(j, "dur", since_start(r, end_ns) - since_start(r, begin_ns));
}

/* s: from the waker's slice, f: to that of the woken. */
static void arrow_end(struct report *r, const char *phase, uint32_t tgid, uint32_t tid, uint64_t ns)
{
	struct json *j = &r->json;

	element(r, phase, tgid, tid);
	json_string(j, "cat", "wakeup");
	json_string(j, "name", "wakeup");
	json_uint(j, "id", r->chrome->arrows);
	if (*phase == 'f')
		json_string(j, "bp", "e");
	time_us(j, "ts", since_start(r, ns));
	json_close(j, '}');
}

static bool woke(const struct kept_op *op, const struct kept_wakeup *w)
{
	return op->tgid == w->waker && op->tid != w->tid && op->begin_ns <= w->wake_ns && w->wake_ns <= op->end_ns &&
	       !memcmp(&op->obj, &w->obj, sizeof(op->obj));
}

static void arrow(struct report *r, const struct kept_op *from, struct kept_wakeup *to)
{
	r->chrome->arrows++;
	arrow_end(r, "s", from->tgid, from->tid, to->wake_ns);
	arrow_end(r, "f", to->tgid, to->tid, to->wake_ns);
	to->tgid = 0;
}

static void keep_op(struct report *r, const struct kept_op *op)
{
	struct chrome *c = r->chrome;

	for (size_t i = 0; i < KEPT; i++)
		if (c->wakeups[i].tgid && woke(op, &c->wakeups[i]))
			arrow(r, op, &c->wakeups[i]);
	c->ops[c->next_op++ % KEPT] = *op;
}

static void keep_wakeup(struct report *r, const struct kept_wakeup *w)
{
	struct chrome *c = r->chrome;
	struct kept_wakeup *kept = &c->wakeups[c->next_wakeup++ % KEPT];

	*kept = *w;
	for (size_t i = 0; i < KEPT && kept->tgid; i++)
		if (c->ops[i].tgid && woke(&c->ops[i], kept))
			arrow(r, &c->ops[i], kept);
}

static void start(struct report *r)
{
	struct json *j = &r->json;

	r->chrome = xcalloc(1, sizeof(*r->chrome));
	json_open(j, NULL, '{');
	json_string(j, "displayTimeUnit", "ns");
	json_open(j, "otherData", '{');
	json_string(j, "ipctrace", r->about->version);
	json_string(j, "kernel", r->about->kernel);
	json_string(j, "time", r->about->time);
	json_close(j, '}');
	json_open(j, "traceEvents", '[');
}

static void object_text(const struct report *r, const struct ipc_object_id *id, char *text, size_t size)
{
	const struct mechanism *mech = mechanism_by_id(id->mech);
	char name[IPC_NAME_LEN + 1], plain[64] = "";

	if (mech)
		mech->format_id(id, plain, sizeof(plain));
	if (mech && model_object_name(r->model, id, name))
		snprintf(text, size, "%s %s", mech->name, name);
	else
		snprintf(text, size, "%s", plain);
}

/* The last wait of an operation, whose place is known; of those before it the length alone. */
static void wait_slice(struct report *r, const struct ipc_event *e)
{
	char name[64];

	snprintf(name, sizeof(name), "wait: %s", cause_name(e->cause) ?: "?");
	slice(r, e->tgid, e->tid, "wait", e->sleep_ns, e->wake_ns);
	json_string(&r->json, "name", name);
	json_open(&r->json, "args", '{');
	json_string(&r->json, "ended_by", waker_name(e->waker_kind));
	json_uint_or_null(&r->json, "waker_pid", e->waker, e->waker);
	json_uint(&r->json, "all_waits_ns", e->wait_ns);
	json_close(&r->json, '}');
	json_close(&r->json, '}');
	if (e->waker_kind == WAKER_TASK && e->waker)
		keep_wakeup(r, &(struct kept_wakeup){ e->obj, e->waker, e->tgid, e->tid, e->wake_ns });
}

static void event(struct report *r, const struct ipc_event *e)
{
	uint64_t begin = e->known & EVENT_LATENCY ? e->time_ns - e->latency_ns : e->time_ns;
	char object[IPC_NAME_LEN + 64], name[sizeof(object) + 16], comm[IPC_COMM_LEN + 1] = "", number[ERROR_NAME_LEN];
	struct json *j = &r->json;

	if (e->kind) /* a timer, a terminal: no task does it */
		return;
	snprintf(comm, sizeof(comm), "%.*s", IPC_COMM_LEN, e->comm);
	name_task(r, e->tgid, e->tid, comm);
	object_text(r, &e->obj, object, sizeof(object));
	snprintf(name, sizeof(name), "%s %s", op_name(e->op), object);
	if (e->known & EVENT_LATENCY)
		slice(r, e->tgid, e->tid, "ipc", begin, e->time_ns);
	else
		instant(r, e->tgid, e->tid, "ipc", e->time_ns);
	json_string(j, "name", name);
	json_open(j, "args", '{');
	json_string(j, "object", object);
	json_int(j, "result", e->result);
	json_string(j, "error", e->result < 0 ? error_name(-e->result, number) : NULL);
	json_uint_or_null(j, "size_bytes", e->known & EVENT_SIZE, e->size);
	json_close(j, '}');
	json_close(j, '}');
	keep_op(r, &(struct kept_op){ e->obj, e->tgid, e->tid, begin, e->time_ns });
	if (e->sleep_ns >= begin && e->wake_ns > e->sleep_ns && e->wake_ns <= e->time_ns)
		wait_slice(r, e);
}

/* What was not over at the end has no event. */
static void open_wait(struct report *r, const struct wait *w)
{
	char object[IPC_NAME_LEN + 64] = "", name[sizeof(object) + 64];

	if (w->edge)
		object_text(r, &w->edge->endpoint->object->id, object, sizeof(object));
	name_task(r, w->tgid, w->tid, w->comm);
	snprintf(name, sizeof(name), "wait: %s (%s %s, not over)", cause_name(w->cause) ?: "?", op_name(w->op), object);
	slice(r, w->tgid, w->tid, "wait", w->since_ns, w->since_ns + w->length_ns);
	json_string(&r->json, "name", name);
	json_close(&r->json, '}');
}

static void summary(struct report *r)
{
	struct json *j = &r->json;
	struct losses l;

	for (size_t i = 0; i < r->model->wait_cnt; i++)
		if (r->model->waits[i].open)
			open_wait(r, &r->model->waits[i]);
	writer_char(j->out, '\n');
	json_close(j, ']');
	model_losses(r->model, SPAN_TOTAL, &l);
	json_losses(j, "metadata", &l);
	json_close(j, '}');
	json_end_line(j);
}

static void forget(struct named_task **all)
{
	struct named_task *t, *next;

	HASH_ITER(hh, *all, t, next) {
		HASH_DEL(*all, t);
		free(t);
	}
}

static void end(struct report *r)
{
	if (!r->chrome)
		return;
	forget(&r->chrome->tasks);
	forget(&r->chrome->processes);
	free(r->chrome);
}

const struct view view_chrome = {
	.name = "chrome",
	.start = start,
	.event = event,
	.summary = summary,
	.end = end,
};
