/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waits by where they began and from where they were ended, since the start. */
#ifndef MODEL_STACK_H
#define MODEL_STACK_H

#include <stdbool.h>

#include "source/known_stacks.h"

struct model;

struct stack_wait {
	struct ipc_stack_key key;
	struct ipc_stack_sum sum;
};

struct stacks {
	struct stack_wait *waits; /* of the last reading */
	size_t cnt, cap;
	struct known_stacks known;
};

void stacks_begin(struct model *m);
void stacks_update(struct model *m, const struct snapshot *s);
void stacks_free(struct model *m);

/* Were they collected? */
bool model_has_stacks(const struct model *m);

/* NULL: there is none, enum ipc_stack_id included. */
const struct ipc_stack *model_stack(const struct model *m, int32_t id);

/* Raw bytes; NULL: not known. tgid and start 0: of the kernel. */
const char *model_symbol(const struct model *m, uint64_t address, uint32_t tgid, uint32_t start);

#endif
