// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * comm;user frames;kernel frames_[k];pipe recv;empty;OBJECT;--;kernel frames_[k];user frames;woken by COMM NUMBER
 * with the outermost frame first before the dashes and last behind them, as off-wake-time graphs have it. What reads
 * alike is one line: a function has several places, and what a tracepoint calls depends on who else uses it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/alloc.h"
#include "view/folded.h"

/* Frames of one stack, by name. */
struct frames {
	const char *names[IPC_STACK_DEPTH];
	char unknown[IPC_STACK_DEPTH][24]; /* addresses that have no name */
	unsigned cnt;
};

static bool begins(const char *name, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (!strncmp(name, *prefixes, strlen(*prefixes)))
			return true;
	return false;
}

/* The program that looked, and the tracepoint that called it, are no part of what it saw. */
static unsigned drop_own(const struct frames *f)
{
	static const char *const own[] = { "bpf_get_stackid", "bpf_trace_run", "__bpf_trace_", "__traceiter_", NULL };
	unsigned first = 0;

	for (unsigned i = 0; i < f->cnt && i < 10; i++)
		if (begins(f->names[i], own))
			first = i + 1;
	return first;
}

/* What an interrupt came into has nothing to do with it. */
static unsigned drop_interrupted(const struct frames *f)
{
	static const char *const entries[] = { "asm_", "el1_", "el1h_", "el0_", "el0t_", "ret_from_intr", NULL };

	for (unsigned i = 0; i < f->cnt; i++)
		if (begins(f->names[i], entries))
			return i + 1;
	return f->cnt;
}

/*
 * A hooked function calls the trampoline, which calls the function behind its first
 * instruction: three frames for one.
 */
static void drop_trampolines(struct frames *f)
{
	static const char *const trampolines[] = { "bpf_trampoline_", NULL };
	unsigned cnt = 0;

	for (unsigned i = 0; i < f->cnt; i++) {
		if (!begins(f->names[i], trampolines))
			f->names[cnt++] = f->names[i];
		else if (cnt && i + 1 < f->cnt && !strcmp(f->names[i + 1], f->names[cnt - 1]))
			i++;
	}
	f->cnt = cnt;
}

static void name_frames(const struct model *m, struct frames *f, int32_t id, uint32_t tgid, uint32_t start)
{
	const struct ipc_stack *stack = model_stack(m, id);

	f->cnt = 0;
	if (id == STACK_LOST)
		f->names[f->cnt++] = "[lost]";
	for (unsigned i = 0; stack && i < IPC_STACK_DEPTH && stack->frames[i]; i++) {
		const char *name = model_symbol(m, stack->frames[i], tgid, start);

		if (!name) {
			snprintf(f->unknown[i], sizeof(f->unknown[i]), "0x%llx", (unsigned long long)stack->frames[i]);
			name = f->unknown[i];
		}
		f->names[f->cnt++] = name;
	}
}

static void kernel_frames(const struct model *m, struct frames *f, int32_t id)
{
	name_frames(m, f, id, 0, 0);
	drop_trampolines(f);
}

static void put(FILE *out, const char *name, bool kernel)
{
	char text[5 * IPC_NAME_LEN];

	folded_frame(text, sizeof(text), name);
	fprintf(out, "%s%s;", text, kernel ? "_[k]" : "");
}

static void put_sleeper(FILE *out, const struct model *m, const struct ipc_stack_key *key)
{
	struct frames f;

	name_frames(m, &f, key->user, key->tgid, key->start);
	for (unsigned i = f.cnt; i-- > 0;)
		put(out, f.names[i], false);
	kernel_frames(m, &f, key->kernel);
	for (unsigned i = f.cnt, first = drop_own(&f); i-- > first;)
		put(out, f.names[i], true);
}

static void put_waker(FILE *out, const struct model *m, const struct ipc_stack_key *key)
{
	struct frames f;
	unsigned end;

	kernel_frames(m, &f, key->waker_kernel);
	end = key->waker_kind == WAKER_INTERRUPT ? drop_interrupted(&f) : f.cnt;
	for (unsigned i = drop_own(&f); i < end; i++)
		put(out, f.names[i], true);
	name_frames(m, &f, key->waker_user, key->waker, key->waker_start);
	for (unsigned i = 0; i < f.cnt; i++)
		put(out, f.names[i], false);
}

static const char *comm_of(const struct model *m, uint32_t tgid, uint32_t start)
{
	const struct process *p = process_find(m, tgid, start);

	return p && *p->comm ? p->comm : "?";
}

static void put_object(FILE *out, const struct model *m, const struct ipc_stack_key *key, const struct mechanism *mech)
{
	char id[64] = "", name[IPC_NAME_LEN + 1], text[64];

	snprintf(text, sizeof(text), "%s %s", mech->name, op_name(key->op));
	put(out, text, false);
	put(out, cause_name(key->cause) ?: "?", false);
	mech->format_id(&key->obj, id, sizeof(id));
	put(out, model_object_name(m, &key->obj, name) ? name : id, false);
}

/* All of a line but its number. */
static void put_wait(FILE *out, const struct model *m, const struct ipc_stack_key *key, const struct mechanism *mech)
{
	char waker[128];

	put(out, comm_of(m, key->tgid, key->start), false);
	put_sleeper(out, m, key);
	put_object(out, m, key, mech);
	put(out, "--", false);
	put_waker(out, m, key);
	folded_frame(waker, sizeof(waker),
		     key->waker ? comm_of(m, key->waker, key->waker_start) :
		     key->waker_kind == WAKER_TASK ? "?" : waker_name(key->waker_kind));
	fprintf(out, "woken by %s", waker);
}

struct line {
	char *text;
	struct ipc_stack_sum sum;
	UT_hash_handle hh;
};

static void add_line(struct line **lines, char *text, const struct ipc_stack_sum *sum)
{
	struct line *l;

	HASH_FIND_STR(*lines, text, l);
	if (l) {
		free(text);
	} else {
		l = xcalloc(1, sizeof(*l));
		l->text = text;
		HASH_ADD_KEYPTR(hh, *lines, l->text, strlen(l->text), l);
	}
	l->sum.waits += sum->waits;
	l->sum.wait_ns += sum->wait_ns;
}

static int by_text(const struct line *a, const struct line *b)
{
	return strcmp(a->text, b->text);
}

static void print_lines(struct report *r, struct line *lines)
{
	struct line *l, *next;

	HASH_SRT(hh, lines, by_text);
	HASH_ITER(hh, lines, l, next) {
		writer_text(&r->out, l->text);
		writer_printf(&r->out, " %llu\n", (unsigned long long)folded_number(r, l->sum.waits, l->sum.wait_ns));
		HASH_DEL(lines, l);
		free(l->text);
		free(l);
	}
}

void folded_stacks(struct report *r)
{
	struct line *lines = NULL;

	for (size_t i = 0; i < r->model->stacks.cnt; i++) {
		const struct stack_wait *w = &r->model->stacks.waits[i];
		const struct mechanism *mech = mechanism_by_id(w->key.obj.mech);
		char *text = NULL;
		size_t size;
		FILE *out = mech ? must_have(open_memstream(&text, &size)) : NULL;

		if (!out)
			continue;
		put_wait(out, r->model, &w->key, mech);
		fclose(out);
		add_line(&lines, must_have(text), &w->sum);
	}
	print_lines(r, lines);
}
