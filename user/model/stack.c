// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/stack.h"

#include "model/alloc.h"
#include "model/model.h"

void stacks_begin(struct model *m)
{
	m->stacks.cnt = 0;
}

static void add_wait(struct stacks *s, const struct ipc_stack_key *key, const struct ipc_stack_sum *sum)
{
	if (s->cnt == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 256;
		s->waits = xreallocarray(s->waits, s->cap, sizeof(*s->waits));
	}
	s->waits[s->cnt++] = (struct stack_wait){ *key, *sum };
}

static void add_stack(struct stacks *s, uint32_t id, const struct ipc_stack *stack)
{
	struct known_stack *k;

	HASH_FIND(hh, s->known, &id, sizeof(id), k);
	if (k)
		return;
	k = xcalloc(1, sizeof(*k));
	k->id = id;
	k->stack = *stack;
	HASH_ADD(hh, s->known, id, sizeof(id), k);
}

static void add_symbol(struct stacks *s, const struct symbol_key *key, const struct symbol *symbol)
{
	struct known_symbol *k;

	HASH_FIND(hh, s->symbols, key, sizeof(*key), k);
	if (k)
		return;
	k = xcalloc(1, sizeof(*k));
	k->key = *key;
	k->symbol = *symbol;
	k->symbol.name[SYMBOL_LEN - 1] = '\0'; /* it may come from a file */
	HASH_ADD(hh, s->symbols, key, sizeof(*key), k);
}

void stacks_update(struct model *m, const struct snapshot *s)
{
	for (size_t i = 0; i < s->stack_waits.cnt; i++)
		add_wait(&m->stacks, &s->stack_waits.keys[i], &s->stack_waits.values[i]);
	for (size_t i = 0; i < s->stacks.cnt; i++)
		add_stack(&m->stacks, s->stacks.keys[i], &s->stacks.values[i]);
	for (size_t i = 0; i < s->symbols.cnt; i++)
		add_symbol(&m->stacks, &s->symbols.keys[i], &s->symbols.values[i]);
}

void stacks_free(struct model *m)
{
	struct known_symbol *symbol, *next_symbol;
	struct known_stack *stack, *next;

	HASH_ITER(hh, m->stacks.known, stack, next) {
		HASH_DEL(m->stacks.known, stack);
		free(stack);
	}
	HASH_ITER(hh, m->stacks.symbols, symbol, next_symbol) {
		HASH_DEL(m->stacks.symbols, symbol);
		free(symbol);
	}
	free(m->stacks.waits);
}

bool model_has_stacks(const struct model *m)
{
	model_for_each_mech(m, mech)
		if (m->config.can[mech].profile & PROFILE_STACKS)
			return true;
	return false;
}

const struct ipc_stack *model_stack(const struct model *m, int32_t id)
{
	struct known_stack *k;
	uint32_t number = id;

	if (id < 0)
		return NULL;
	HASH_FIND(hh, m->stacks.known, &number, sizeof(number), k);
	return k ? &k->stack : NULL;
}

const char *model_symbol(const struct model *m, uint64_t address, uint32_t tgid, uint32_t start)
{
	const struct symbol_key key = { address, tgid, start };
	struct known_symbol *k;

	HASH_FIND(hh, m->stacks.symbols, &key, sizeof(key), k);
	return k ? k->symbol.name : NULL;
}
