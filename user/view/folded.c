// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Waits as folded stacks, which flamegraph.pl and others draw; microseconds, or their number. Of events:
 * who waited, in what, why, on which object, who ended the last wait of the operation.
 * With --stacks, of all waits: where in the program and in the kernel it waited, and then,
 * from the inside out, from where it was woken (folded_stacks.c).
 */
#include <stdlib.h>

#include "model/alloc.h"
#include "out/escape.h"
#include "view/folded.h"

struct stack {
	uint64_t waits; /* operations that waited */
	uint64_t wait_ns;
	uint32_t waker; /* tgid; its name may come after its first wakeup */
	const char *kind;
	UT_hash_handle hh;
	char key[]; /* the frames before the waker's, then the waker */
};

struct folded {
	struct stack *stacks;
};

/* A frame ends at ';', and the last blank of a line stands before the number. */
void folded_frame(char *buf, size_t size, const char *text)
{
	escape_text(buf, size, text, IPC_NAME_LEN, false);
	for (char *at = buf; *at; at++)
		if (*at == ';' || *at == '\n')
			*at = ',';
}

uint64_t folded_number(const struct report *r, uint64_t waits, uint64_t wait_ns)
{
	return r->options.kind == REPORT_FOLDED_WAITS ? waits : (wait_ns + 500) / 1000;
}

static void start(struct report *r)
{
	r->folded = xcalloc(1, sizeof(*r->folded));
}

static void add(struct folded *f, const char *frames, const char *kind, uint32_t waker, uint64_t wait_ns)
{
	char key[2048];
	size_t len = snprintf(key, sizeof(key), "%s;%s;%u", frames, kind, waker);
	struct stack *s;

	len = len < sizeof(key) ? len : sizeof(key) - 1;
	HASH_FIND(hh, f->stacks, key, len, s);
	if (!s) {
		s = xcalloc(1, sizeof(*s) + len + 1);
		memcpy(s->key, key, len + 1);
		s->kind = kind;
		s->waker = waker;
		HASH_ADD(hh, f->stacks, key[0], len, s);
	}
	s->waits++;
	s->wait_ns += wait_ns;
}

static void event(struct report *r, const struct ipc_event *e)
{
	const struct mechanism *mech = mechanism_by_id(e->obj.mech);
	char comm[128], object[1400], id[64] = "", name[IPC_NAME_LEN + 1], frames[1900];

	if (e->kind || !mech || !(e->known & EVENT_WAIT) || !e->wait_ns)
		return;
	snprintf(id, sizeof(id), "%.*s", IPC_COMM_LEN, e->comm);
	folded_frame(comm, sizeof(comm), id);
	mech->format_id(&e->obj, id, sizeof(id));
	folded_frame(object, sizeof(object), model_object_name(r->model, &e->obj, name) ? name : id);
	snprintf(frames, sizeof(frames), "%s;%s %s;%s;%s", comm, mech->name, op_name(e->op), cause_name(e->cause) ?: "?",
		 object);
	add(r->folded, frames, waker_name(e->waker_kind), e->waker_kind == WAKER_TASK ? e->waker : 0, e->wait_ns);
}

static const char *comm_of(const struct model *m, uint32_t tgid)
{
	struct process *p, *next;

	HASH_ITER(hh, m->processes, p, next)
		if (p->key.tgid == tgid && *p->comm)
			return p->comm;
	return "?";
}

static int by_key(const struct stack *a, const struct stack *b)
{
	return strcmp(a->key, b->key);
}

static void summary(struct report *r)
{
	struct stack *s, *next;
	char waker[128];

	if (model_has_stacks(r->model)) {
		folded_stacks(r);
		return;
	}
	HASH_SRT(hh, r->folded->stacks, by_key);
	HASH_ITER(hh, r->folded->stacks, s, next) {
		size_t frames = strrchr(s->key, ';') - s->key;

		while (s->key[frames - 1] != ';')
			frames--;
		writer_put(&r->out, s->key, frames);
		folded_frame(waker, sizeof(waker), s->waker ? comm_of(r->model, s->waker) : s->kind);
		writer_printf(&r->out, "woken by %s %llu\n", waker,
			      (unsigned long long)folded_number(r, s->waits, s->wait_ns));
	}
}

static void end(struct report *r)
{
	struct stack *s, *next;

	if (!r->folded)
		return;
	HASH_ITER(hh, r->folded->stacks, s, next) {
		HASH_DEL(r->folded->stacks, s);
		free(s);
	}
	free(r->folded);
}

const struct view view_folded = {
	.name = "folded",
	.start = start,
	.event = event,
	.summary = summary,
	.end = end,
};
