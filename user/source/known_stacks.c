// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/known_stacks.h"

#include "model/alloc.h"

void known_stacks_free(struct known_stacks *k)
{
	struct known_symbol *symbol, *next_symbol;
	struct known_stack *stack, *next;

	HASH_ITER(hh, k->stacks, stack, next) {
		HASH_DEL(k->stacks, stack);
		free(stack);
	}
	HASH_ITER(hh, k->symbols, symbol, next_symbol) {
		HASH_DEL(k->symbols, symbol);
		free(symbol);
	}
}

struct ipc_stack *known_stack_find(const struct known_stacks *k, uint32_t id)
{
	struct known_stack *found;

	HASH_FIND(hh, k->stacks, &id, sizeof(id), found);
	return found ? &found->stack : NULL;
}

struct ipc_stack *known_stack_add(struct known_stacks *k, uint32_t id)
{
	struct known_stack *stack = xcalloc(1, sizeof(*stack));

	stack->id = id;
	HASH_ADD(hh, k->stacks, id, sizeof(stack->id), stack);
	return &stack->stack;
}

struct symbol *known_symbol_find(const struct known_stacks *k, const struct symbol_key *key)
{
	struct known_symbol *found;

	HASH_FIND(hh, k->symbols, key, sizeof(*key), found);
	return found ? &found->symbol : NULL;
}

struct symbol *known_symbol_add(struct known_stacks *k, const struct symbol_key *key)
{
	struct known_symbol *symbol = xcalloc(1, sizeof(*symbol));

	symbol->key = *key;
	HASH_ADD(hh, k->symbols, key, sizeof(symbol->key), symbol);
	return &symbol->symbol;
}
