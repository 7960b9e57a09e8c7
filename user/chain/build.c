// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain/build.h"

#include <string.h>

#include "model/alloc.h"

struct builder {
	struct chain *chain;
	const struct model *model;
	const struct chain_tasks *before, *after;
};

static void add_processes(struct chain *c, const struct chain_tasks *t)
{
	c->processes = xcalloc(t->cnt, sizeof(*c->processes));
	for (size_t i = 0; i < t->cnt; i++) {
		struct chain_process *p = c->process_cnt ? &c->processes[c->process_cnt - 1] : NULL;

		if (!p || p->pid != t->tasks[i].pid) {
			p = &c->processes[c->process_cnt++];
			p->pid = t->tasks[i].pid;
			p->ppid = t->tasks[i].ppid;
			memcpy(p->comm, t->tasks[i].comm, sizeof(p->comm));
		}
		p->task_cnt++;
	}
}

/* Keeps the list rising, and each process in it once. */
static void add_ender(struct chain_wait *w, size_t process)
{
	size_t at = w->ender_cnt;

	if (process == CHAIN_NONE)
		return;
	while (at && w->enders[at - 1] > process)
		at--;
	if (at && w->enders[at - 1] == process)
		return;
	w->enders = xreallocarray(w->enders, w->ender_cnt + 1, sizeof(*w->enders));
	memmove(w->enders + at + 1, w->enders + at, (w->ender_cnt++ - at) * sizeof(*w->enders));
	w->enders[at] = process;
}

/* Whoever holds the other end: a receiver waits for who can send, a sender for who can receive. */
static bool holds_other_end(const struct endpoint *e, const struct endpoint *waiter, enum ipc_op op)
{
	uint8_t mine = endpoint_ends(waiter);

	if (!e->holds_now)
		return false;
	if (mine == END_FIRST || mine == END_SECOND)
		return e->held_ends & (END_BOTH & ~mine);
	return e->holds[op == OP_RECV ? OP_SEND : OP_RECV];
}

/*
 * Objects with a name can be opened by somebody who does not hold them yet. That
 * counts only where nobody but the waiter itself holds the other end, as a server
 * does that keeps its own FIFO open: else every named deadlock would be denied.
 */
static bool is_closed(const struct chain_wait *w, const struct object *o)
{
	bool others = false;

	for (size_t i = 0; i < w->ender_cnt; i++)
		others |= w->enders[i] != w->process;
	return w->ender_cnt && (others || !o->name);
}

static void add_object_wait(struct builder *b, const struct wait *wait, size_t process)
{
	const struct endpoint *waiter = wait->edge->endpoint;
	struct chain_wait *w = &b->chain->waits[b->chain->wait_cnt++];
	const struct object *o = waiter->object;

	*w = (struct chain_wait){ .tid = wait->tid, .process = process, .name = o->name, .mechanism = o->mech->name,
				  .op = wait->op, .cause = wait->cause, .wait_ns = wait->length_ns };
	o->mech->format_id(&o->id, w->object, sizeof(w->object));
	if (wait->cause == CAUSE_LOCK || wait->cause == CAUSE_IO || wait->op > OP_RECV)
		return; /* inside the kernel, or for an end that nobody holds yet */
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		if (holds_other_end(e, waiter, wait->op))
			add_ender(w, chain_find(b->chain, e->process->key.tgid));
	w->closed = is_closed(w, o);
}

static void add_child_wait(struct builder *b, const struct chain_task *t, size_t process)
{
	struct chain_wait *w = &b->chain->waits[b->chain->wait_cnt++];

	*w = (struct chain_wait){ .tid = t->tid, .process = process, .op = OP_RECV, .closed = true };
	for (size_t i = 0; i < b->chain->process_cnt; i++)
		if (b->chain->processes[i].ppid == t->pid && (t->child < 0 || t->child == b->chain->processes[i].pid))
			add_ender(w, i);
	w->closed = w->ender_cnt;
}

static const struct wait *wait_of(const struct model *m, uint32_t tid)
{
	for (size_t i = 0; i < m->wait_cnt; i++)
		if (m->waits[i].tid == tid && m->waits[i].open && m->waits[i].edge)
			return &m->waits[i];
	return NULL;
}

static void add_waits(struct builder *b)
{
	struct chain *c = b->chain;

	c->waits = xcalloc(b->after->cnt, sizeof(*c->waits));
	for (size_t i = 0; i < b->after->cnt; i++) {
		const struct chain_task *t = &b->after->tasks[i];
		size_t process = chain_find(c, t->pid);
		struct chain_process *p = &c->processes[process];
		const struct wait *wait;

		if (!p->wait_cnt)
			p->first_wait = c->wait_cnt;
		if (!chain_slept_on(b->before, b->after, t->pid, t->tid))
			continue;
		wait = wait_of(b->model, t->tid);
		if (wait)
			add_object_wait(b, wait, process);
		else if (t->waits_child)
			add_child_wait(b, t, process);
		else
			continue;
		p->wait_cnt++;
	}
}

void chain_build(struct chain *c, const struct model *m, const struct chain_tasks *before,
		 const struct chain_tasks *after)
{
	struct builder b = { c, m, before, after };

	*c = (struct chain){ 0 };
	add_processes(c, after);
	add_waits(&b);
	chain_solve(c);
}
