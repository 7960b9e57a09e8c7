/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stacks by their number, and names for their frames, which are kept once they are known. */
#ifndef KNOWN_STACKS_H
#define KNOWN_STACKS_H

#include "source/snapshot.h"

#include <uthash.h>

struct known_stack {
	uint32_t id;
	struct ipc_stack stack;
	UT_hash_handle hh;
};

struct known_symbol {
	struct symbol_key key;
	struct symbol symbol;
	UT_hash_handle hh;
};

/* All 0: empty. */
struct known_stacks {
	struct known_stack *stacks;
	struct known_symbol *symbols;
};

void known_stacks_free(struct known_stacks *k);

/* The stack of this number, or name of this address. NULL: not known. */
struct ipc_stack *known_stack_find(const struct known_stacks *k, uint32_t id);
struct symbol *known_symbol_find(const struct known_stacks *k, const struct symbol_key *key);

/* A new one, all 0: it must not be known. */
struct ipc_stack *known_stack_add(struct known_stacks *k, uint32_t id);
struct symbol *known_symbol_add(struct known_stacks *k, const struct symbol_key *key);

#endif
