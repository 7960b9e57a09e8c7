// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "model/alloc.h"

#define TABLE(rows)                                                                                            \
	{                                                                                                      \
		#rows, offsetof(struct snapshot, rows), sizeof(*((struct snapshot *)0)->rows.keys),            \
			sizeof(*((struct snapshot *)0)->rows.values)                                           \
	}

const struct snapshot_table snapshot_tables[] = {
	TABLE(edges), TABLE(objects), TABLE(processes), TABLE(holders),	 TABLE(errors), TABLE(wakes),
	TABLE(hists), TABLE(residency), TABLE(parts),	TABLE(sleepers), TABLE(names),
	TABLE(stack_waits), TABLE(stacks), TABLE(symbols),
};
const size_t snapshot_table_cnt = sizeof(snapshot_tables) / sizeof(snapshot_tables[0]);

const struct snapshot_table *snapshot_table(const char *name)
{
	size_t i = 0;

	while (strcmp(snapshot_tables[i].name, name))
		i++;
	return &snapshot_tables[i];
}

struct snapshot_rows *snapshot_rows(const struct snapshot *s, const struct snapshot_table *t)
{
	return (struct snapshot_rows *)((char *)s + t->offset);
}

void snapshot_reserve(struct snapshot_rows *rows, const struct snapshot_table *t, size_t cap)
{
	if (cap <= rows->cap)
		return;
	rows->keys = xreallocarray(rows->keys, cap, t->key_size);
	rows->values = xreallocarray(rows->values, cap, t->value_size);
	rows->cap = cap;
}

void snapshot_copy(struct snapshot *to, const struct snapshot *from)
{
	struct snapshot old = *to;

	*to = *from; /* all that is no table */
	for (size_t i = 0; i < snapshot_table_cnt; i++) {
		const struct snapshot_table *t = &snapshot_tables[i];
		const struct snapshot_rows *rows = snapshot_rows(from, t);
		struct snapshot_rows *copy = snapshot_rows(to, t);

		*copy = *snapshot_rows(&old, t);
		snapshot_reserve(copy, t, rows->cnt);
		copy->cnt = rows->cnt;
		if (!rows->cnt)
			continue;
		memcpy(copy->keys, rows->keys, rows->cnt * t->key_size);
		memcpy(copy->values, rows->values, rows->cnt * t->value_size);
	}
}

void snapshot_clear(struct snapshot *s)
{
	for (size_t i = 0; i < snapshot_table_cnt; i++)
		snapshot_rows(s, &snapshot_tables[i])->cnt = 0;
	s->now_ns = 0;
	s->stop_ns = 0;
	memset(&s->losses, 0, sizeof(s->losses));
	s->missed_by_op_known = 0;
	memset(s->missed_by_mech, 0, sizeof(s->missed_by_mech));
	s->missed_charged = 0;
}

void snapshot_free(struct snapshot *s)
{
	for (size_t i = 0; i < snapshot_table_cnt; i++) {
		free(snapshot_rows(s, &snapshot_tables[i])->keys);
		free(snapshot_rows(s, &snapshot_tables[i])->values);
	}
	memset(s, 0, sizeof(*s));
}
