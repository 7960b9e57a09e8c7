// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/why_draw.h"

#include <stdlib.h>
#include <string.h>

#include "model/alloc.h"
#include "model/words.h"
#include "out/escape.h"
#include "out/json.h"
#include "out/units.h"

#define MAX_DEPTH 32	/* of a tree */
#define MAX_ENDERS 12	/* told of one wait */
#define MAX_CIRCLE 64

static void put_process(struct writer *out, const struct chain_process *p)
{
	char comm[128];

	escape_text(comm, sizeof(comm), p->comm, strlen(p->comm), true);
	writer_printf(out, "%s/%u", comm, p->pid);
}

/* "sends to pipe:[81234], full, 12s so far" */
static void put_wait(struct writer *out, const struct chain_wait *w)
{
	static const char *const doing[OP_MAX] = { "sends to", "receives from", "opens", "closes", "controls" };
	char name[512], took[UNIT_LEN];

	if (!w->mechanism) {
		writer_text(out, "waits for the exit of a child");
		return;
	}
	writer_printf(out, "%s %s", doing[w->op < OP_MAX ? w->op : OP_CTL], w->object);
	if (w->name) {
		escape_text(name, sizeof(name), w->name, strlen(w->name), true);
		writer_printf(out, " (%s)", name);
	}
	if (cause_name(w->cause))
		writer_printf(out, ", %s", cause_name(w->cause));
	format_unit(took, w->wait_ns, UNIT_NS);
	if (w->wait_ns)
		writer_printf(out, ", %s so far", took);
}

/* What an ender would have to do. */
static const char *remedy(const struct chain_wait *w)
{
	if (!w->mechanism)
		return "could exit";
	return w->op == OP_RECV ? "could send" : "could receive";
}

struct tree {
	struct writer *out;
	const struct chain *chain;
	const struct style *style;
	bool *above; /* processes on the way here */
};

static void indent(struct writer *out, unsigned depth)
{
	writer_repeat(out, "  ", depth);
}

static void branch(struct tree *t, size_t process, unsigned depth);

static void enders(struct tree *t, const struct chain_wait *w, unsigned depth)
{
	for (size_t i = 0; i < w->ender_cnt; i++) {
		size_t p = w->enders[i];

		indent(t->out, depth);
		if (i == MAX_ENDERS) {
			writer_printf(t->out, "and %zu more\n", w->ender_cnt - i);
			return;
		}
		put_process(t->out, &t->chain->processes[p]);
		writer_printf(t->out, " %s", remedy(w));
		if (t->above[p])
			writer_printf(t->out, ", %sand waits itself, see above%s\n", hue_on(t->style, HUE_ALARM),
				      hue_off(t->style, HUE_ALARM));
		else if (depth >= MAX_DEPTH)
			writer_text(t->out, "…\n");
		else
			branch(t, p, depth);
	}
	if (!w->closed) {
		indent(t->out, depth);
		writer_text(t->out, w->ender_cnt ? "or anybody else who opens it\n" : "nobody is known who could end it\n");
	}
}

/* Goes on in the line that names the process. */
static void branch(struct tree *t, size_t process, unsigned depth)
{
	const struct chain_process *p = &t->chain->processes[process];

	if (p->wait_cnt < p->task_cnt)
		writer_printf(t->out, p->task_cnt == 1 ? "; it runs, or waits for nothing that is known\n" :
							 "; %zu of its %u threads run, or wait for nothing that is known\n",
			      p->task_cnt - p->wait_cnt, p->task_cnt);
	else
		writer_text(t->out, p->stuck ? "; it is stuck\n" : "; it waits\n");
	t->above[process] = true;
	for (size_t i = 0; i < p->wait_cnt; i++) {
		const struct chain_wait *w = &t->chain->waits[p->first_wait + i];

		indent(t->out, depth + 1);
		if (p->task_cnt > 1)
			writer_printf(t->out, "thread %u ", w->tid);
		put_wait(t->out, w);
		writer_char(t->out, '\n');
		enders(t, w, depth + 2);
	}
	t->above[process] = false;
}

void why_tree(struct writer *out, const struct chain *c, size_t process, const struct style *style)
{
	struct tree t = { out, c, style, xcalloc(c->process_cnt, sizeof(bool)) };

	put_process(out, &c->processes[process]);
	branch(&t, process, 0);
	free(t.above);
}

/* The wait by which a circle goes on. */
static const struct chain_wait *way_on(const struct chain *c, size_t process)
{
	const struct chain_process *p = &c->processes[process];

	for (size_t i = 0; i < p->wait_cnt; i++)
		if (c->waits[p->first_wait + i].ender_cnt)
			return &c->waits[p->first_wait + i];
	return NULL;
}

size_t why_deadlocks(struct writer *out, const struct chain *c, const struct style *style)
{
	size_t at = 0, circle[MAX_CIRCLE], cnt, deadlocks = 0;

	while ((cnt = chain_circle(c, &at, circle, MAX_CIRCLE))) {
		writer_printf(out, "%sdeadlock of %zu process%s%s\n", hue_on(style, HUE_ALARM), cnt, cnt == 1 ? "" : "es",
			      hue_off(style, HUE_ALARM));
		for (size_t i = 0; i < cnt && i < MAX_CIRCLE; i++) {
			const struct chain_wait *w = way_on(c, circle[i]);

			writer_text(out, "  ");
			put_process(out, &c->processes[circle[i]]);
			writer_char(out, ' ');
			put_wait(out, w);
			writer_text(out, "; ");
			put_process(out, &c->processes[w->enders[0]]);
			writer_printf(out, " %s\n", remedy(w));
		}
		if (cnt > MAX_CIRCLE)
			writer_printf(out, "  and %zu more\n", cnt - MAX_CIRCLE);
		deadlocks++;
	}
	return deadlocks;
}

struct root {
	size_t process, followers;
};

static int by_followers(const void *a, const void *b)
{
	const struct root *x = a, *y = b;

	if (x->followers != y->followers)
		return x->followers < y->followers ? 1 : -1;
	return x->process < y->process ? -1 : x->process > y->process;
}

void why_roots(struct writer *out, const struct chain *c, size_t max)
{
	struct root *roots = xcalloc(c->process_cnt, sizeof(*roots));
	size_t cnt = 0;

	for (size_t i = 0; i < c->process_cnt; i++) {
		roots[cnt] = (struct root){ i, chain_followers(c, i) };
		cnt += roots[cnt].followers > 0;
	}
	qsort(roots, cnt, sizeof(*roots), by_followers);
	for (size_t i = 0; i < cnt && i < max; i++) {
		writer_printf(out, "%zu wait%s for ", roots[i].followers, roots[i].followers == 1 ? "s" : "");
		put_process(out, &c->processes[roots[i].process]);
		writer_char(out, '\n');
	}
	if (cnt > max)
		writer_printf(out, "and for %zu more\n", cnt - max);
	free(roots);
}

/* ---- JSON ---- */

static void json_wait(struct json *j, const struct chain *c, const struct chain_wait *w)
{
	json_open(j, NULL, '{');
	json_uint(j, "tid", w->tid);
	json_string(j, "for", w->mechanism ? "object" : "child");
	json_string(j, "mechanism", w->mechanism);
	json_string(j, "object", w->mechanism ? w->object : NULL);
	json_string(j, "name", w->name);
	json_string(j, "op", w->mechanism ? op_name(w->op) : NULL);
	json_string(j, "cause", cause_name(w->cause));
	json_uint_or_null(j, "wait_ns", w->wait_ns, w->wait_ns);
	json_open(j, "enders", '[');
	for (size_t i = 0; i < w->ender_cnt; i++)
		json_uint(j, NULL, c->processes[w->enders[i]].pid);
	json_close(j, ']');
	json_bool(j, "closed", w->closed);
	json_bool(j, "stuck", w->stuck);
	json_close(j, '}');
}

static void json_process(struct json *j, const struct chain *c, const struct chain_process *p)
{
	json_open(j, NULL, '{');
	json_uint(j, "pid", p->pid);
	json_string(j, "comm", p->comm);
	json_uint(j, "tasks", p->task_cnt);
	json_bool(j, "stuck", p->stuck);
	json_open(j, "waits", '[');
	for (size_t i = 0; i < p->wait_cnt; i++)
		json_wait(j, c, &c->waits[p->first_wait + i]);
	json_close(j, ']');
	json_close(j, '}');
}

void why_json(struct writer *out, const struct chain *c, size_t process)
{
	size_t at = 0, circle[MAX_CIRCLE], cnt;
	struct json j = { .out = out };

	json_open(&j, NULL, '{');
	json_string(&j, "type", "chain");
	json_uint(&j, "schema", 1);
	json_uint_or_null(&j, "pid", process != CHAIN_NONE, process == CHAIN_NONE ? 0 : c->processes[process].pid);
	json_open(&j, "processes", '[');
	for (size_t i = 0; i < c->process_cnt; i++)
		if (c->processes[i].wait_cnt || i == process)
			json_process(&j, c, &c->processes[i]);
	json_close(&j, ']');
	json_open(&j, "deadlocks", '[');
	while ((cnt = chain_circle(c, &at, circle, MAX_CIRCLE))) {
		json_open(&j, NULL, '[');
		for (size_t i = 0; i < cnt && i < MAX_CIRCLE; i++)
			json_uint(&j, NULL, c->processes[circle[i]].pid);
		json_close(&j, ']');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	json_end_line(&j);
}
