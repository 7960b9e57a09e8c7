// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/live_stacks.h"

#include <bpf/bpf.h>

#include "model/alloc.h"
#include "source/known_stacks.h"
#include "source/symbols.h"

struct live_stacks {
	int stacks; /* the map */
	struct symbols *names;
	struct known_stacks known; /* a symbol may be empty: there is no name for it */
	size_t named;
};

struct live_stacks *live_stacks_new(const struct programs *p)
{
	struct live_stacks *l;

	if (!(programs_profile(p) & PROFILE_STACKS))
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->stacks = programs_map(p, "stacks");
	l->names = symbols_new();
	return l;
}

void live_stacks_free(struct live_stacks *l)
{
	if (!l)
		return;
	known_stacks_free(&l->known);
	symbols_free(l->names);
	free(l);
}

static const struct ipc_stack *stack_of(struct live_stacks *l, int32_t id)
{
	struct ipc_stack *stack;
	uint32_t number = id;

	if (id < 0)
		return NULL;
	stack = known_stack_find(&l->known, number);
	if (stack)
		return stack;
	stack = known_stack_add(&l->known, number);
	bpf_map_lookup_elem(l->stacks, &number, stack);
	return stack;
}

static void name_frame(struct live_stacks *l, const struct symbol_key *key)
{
	if (!known_symbol_find(&l->known, key))
		l->named += symbols_find(l->names, key, known_symbol_add(&l->known, key));
}

static void name_frames(struct live_stacks *l, int32_t id, uint32_t tgid, uint32_t start)
{
	const struct ipc_stack *stack = stack_of(l, id);

	for (unsigned i = 0; stack && i < IPC_STACK_DEPTH && stack->frames[i]; i++)
		name_frame(l, &(struct symbol_key){ stack->frames[i], tgid, start });
}

void live_stacks_look(struct live_stacks *l, const struct ipc_stack_key *keys, size_t cnt)
{
	for (size_t i = 0; l && i < cnt; i++) {
		name_frames(l, keys[i].kernel, 0, 0);
		name_frames(l, keys[i].waker_kernel, 0, 0);
		name_frames(l, keys[i].user, keys[i].tgid, keys[i].start);
		name_frames(l, keys[i].waker_user, keys[i].waker, keys[i].waker_start);
	}
}

void live_stacks_put(const struct live_stacks *l, struct snapshot *s)
{
	const struct known_symbol *symbol;
	const struct known_stack *stack;

	if (!l)
		return;
	snapshot_reserve(snapshot_rows(s, snapshot_table("stacks")), snapshot_table("stacks"), HASH_COUNT(l->known.stacks));
	for (stack = l->known.stacks; stack; stack = stack->hh.next) {
		s->stacks.keys[s->stacks.cnt] = stack->id;
		s->stacks.values[s->stacks.cnt++] = stack->stack;
	}
	snapshot_reserve(snapshot_rows(s, snapshot_table("symbols")), snapshot_table("symbols"), l->named);
	for (symbol = l->known.symbols; symbol; symbol = symbol->hh.next) {
		if (!*symbol->symbol.name)
			continue;
		s->symbols.keys[s->symbols.cnt] = symbol->key;
		s->symbols.values[s->symbols.cnt++] = symbol->symbol;
	}
}
