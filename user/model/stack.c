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
	if (!known_stack_find(&s->known, id))
		*known_stack_add(&s->known, id) = *stack;
}

static void add_symbol(struct stacks *s, const struct symbol_key *key, const struct symbol *symbol)
{
	struct symbol *new;

	if (known_symbol_find(&s->known, key))
		return;
	new = known_symbol_add(&s->known, key);
	*new = *symbol;
	new->name[SYMBOL_LEN - 1] = '\0'; /* it may come from a file */
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
	known_stacks_free(&m->stacks.known);
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
	return id < 0 ? NULL : known_stack_find(&m->stacks.known, id);
}

const char *model_symbol(const struct model *m, uint64_t address, uint32_t tgid, uint32_t start)
{
	const struct symbol_key key = { address, tgid, start };
	const struct symbol *symbol = known_symbol_find(&m->stacks.known, &key);

	return symbol ? symbol->name : NULL;
}
