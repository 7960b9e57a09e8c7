// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * comm;user frames;kernel frames_[k];pipe recv;empty;OBJECT;--;kernel frames_[k];user frames;woken by COMM MICROSECONDS
 * with the outermost frame first before the dashes and last behind them, as off-wake-time graphs have it.
 */
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

static void put(struct writer *out, const char *name, bool kernel)
{
	char text[5 * IPC_NAME_LEN];

	folded_frame(text, sizeof(text), name);
	writer_printf(out, "%s%s;", text, kernel ? "_[k]" : "");
}

static void put_sleeper(struct report *r, const struct ipc_stack_key *key)
{
	struct frames f;

	name_frames(r->model, &f, key->user, key->tgid, key->start);
	for (unsigned i = f.cnt; i-- > 0;)
		put(&r->out, f.names[i], false);
	kernel_frames(r->model, &f, key->kernel);
	for (unsigned i = f.cnt, first = drop_own(&f); i-- > first;)
		put(&r->out, f.names[i], true);
}

static void put_waker(struct report *r, const struct ipc_stack_key *key)
{
	struct frames f;
	unsigned end;

	kernel_frames(r->model, &f, key->waker_kernel);
	end = key->waker_kind == WAKER_INTERRUPT ? drop_interrupted(&f) : f.cnt;
	for (unsigned i = drop_own(&f); i < end; i++)
		put(&r->out, f.names[i], true);
	name_frames(r->model, &f, key->waker_user, key->waker, key->waker_start);
	for (unsigned i = 0; i < f.cnt; i++)
		put(&r->out, f.names[i], false);
}

static const char *comm_of(const struct model *m, uint32_t tgid, uint32_t start)
{
	const struct process *p = process_find(m, tgid, start);

	return p && *p->comm ? p->comm : "?";
}

static void put_object(struct report *r, const struct ipc_stack_key *key, const struct mechanism *mech)
{
	char id[64] = "", name[IPC_NAME_LEN + 1], text[64];

	snprintf(text, sizeof(text), "%s %s", mech->name, op_name(key->op));
	put(&r->out, text, false);
	put(&r->out, cause_name(key->cause) ?: "?", false);
	mech->format_id(&key->obj, id, sizeof(id));
	if (model_object_name(r->model, &key->obj, name))
		put(&r->out, name, false);
	else
		put(&r->out, id, false);
}

static int by_key(const void *a, const void *b)
{
	const struct stack_wait *x = a, *y = b;

	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static void put_wait(struct report *r, const struct stack_wait *w)
{
	const struct ipc_stack_key *key = &w->key;
	const struct mechanism *mech = mechanism_by_id(key->obj.mech);
	char waker[128];

	if (!mech)
		return;
	put(&r->out, comm_of(r->model, key->tgid, key->start), false);
	put_sleeper(r, key);
	put_object(r, key, mech);
	put(&r->out, "--", false);
	put_waker(r, key);
	folded_frame(waker, sizeof(waker),
		     key->waker ? comm_of(r->model, key->waker, key->waker_start) :
		     key->waker_kind == WAKER_TASK ? "?" : waker_name(key->waker_kind));
	writer_printf(&r->out, "woken by %s %llu\n", waker, (unsigned long long)((w->sum.wait_ns + 500) / 1000));
}

void folded_stacks(struct report *r)
{
	size_t cnt = r->model->stacks.cnt;
	struct stack_wait *waits = xcalloc(cnt, sizeof(*waits));

	memcpy(waits, r->model->stacks.waits, cnt * sizeof(*waits));
	qsort(waits, cnt, sizeof(*waits), by_key);
	for (size_t i = 0; i < cnt; i++)
		put_wait(r, &waits[i]);
	free(waits);
}
