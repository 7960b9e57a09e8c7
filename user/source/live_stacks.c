// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/live_stacks.h"

#include <bpf/bpf.h>
#include <uthash.h>

#include "model/alloc.h"
#include "source/symbols.h"

struct stack_read {
	uint32_t id;
	struct ipc_stack stack;
	UT_hash_handle hh;
};

struct symbol_read {
	struct symbol_key key;
	struct symbol symbol; /* empty: not known */
	UT_hash_handle hh;
};

struct live_stacks {
	int stacks; /* the map */
	struct symbols *names;
	struct stack_read *known;
	struct symbol_read *symbols;
	size_t named; /* of symbols */
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
	struct symbol_read *symbol, *next_symbol;
	struct stack_read *stack, *next;

	if (!l)
		return;
	HASH_ITER(hh, l->known, stack, next) {
		HASH_DEL(l->known, stack);
		free(stack);
	}
	HASH_ITER(hh, l->symbols, symbol, next_symbol) {
		HASH_DEL(l->symbols, symbol);
		free(symbol);
	}
	symbols_free(l->names);
	free(l);
}

static const struct stack_read *stack_of(struct live_stacks *l, int32_t id)
{
	struct stack_read *k;

	if (id < 0)
		return NULL;
	HASH_FIND(hh, l->known, &id, sizeof(id), k);
	if (k)
		return k;
	k = xcalloc(1, sizeof(*k));
	k->id = id;
	bpf_map_lookup_elem(l->stacks, &k->id, &k->stack);
	HASH_ADD(hh, l->known, id, sizeof(k->id), k);
	return k;
}

static void name_frame(struct live_stacks *l, const struct symbol_key *key)
{
	struct symbol_read *k;

	HASH_FIND(hh, l->symbols, key, sizeof(*key), k);
	if (k)
		return;
	k = xcalloc(1, sizeof(*k));
	k->key = *key;
	l->named += symbols_find(l->names, key, &k->symbol);
	HASH_ADD(hh, l->symbols, key, sizeof(k->key), k);
}

static void name_frames(struct live_stacks *l, int32_t id, uint32_t tgid, uint32_t start)
{
	const struct stack_read *k = stack_of(l, id);

	for (unsigned i = 0; k && i < IPC_STACK_DEPTH && k->stack.frames[i]; i++)
		name_frame(l, &(struct symbol_key){ k->stack.frames[i], tgid, start });
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
	struct symbol_read *symbol, *next_symbol;
	struct stack_read *stack, *next;

	if (!l)
		return;
	snapshot_reserve(snapshot_rows(s, snapshot_table("stacks")), snapshot_table("stacks"), HASH_COUNT(l->known));
	HASH_ITER(hh, l->known, stack, next) {
		s->stacks.keys[s->stacks.cnt] = stack->id;
		s->stacks.values[s->stacks.cnt++] = stack->stack;
	}
	snapshot_reserve(snapshot_rows(s, snapshot_table("symbols")), snapshot_table("symbols"), l->named);
	HASH_ITER(hh, l->symbols, symbol, next_symbol) {
		if (!*symbol->symbol.name)
			continue;
		s->symbols.keys[s->symbols.cnt] = symbol->key;
		s->symbols.values[s->symbols.cnt++] = symbol->symbol;
	}
}
