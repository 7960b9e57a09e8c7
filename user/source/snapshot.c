// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "source/snapshot.h"

#define FOR_ALL_ROWS(DO, s)  \
	DO((s)->edges);      \
	DO((s)->objects);    \
	DO((s)->processes);  \
	DO((s)->holders);    \
	DO((s)->errors);     \
	DO((s)->wakes);      \
	DO((s)->hists);      \
	DO((s)->residency);  \
	DO((s)->parts);      \
	DO((s)->sleepers);   \
	DO((s)->names)

#define CLEAR_ROWS(rows) ((rows).cnt = 0)

#define FREE_ROWS(rows)               \
	do {                          \
		free((rows).keys);    \
		free((rows).values);  \
	} while (0)

void snapshot_clear(struct snapshot *s)
{
	FOR_ALL_ROWS(CLEAR_ROWS, s);
	s->now_ns = 0;
	s->stop_ns = 0;
	memset(&s->losses, 0, sizeof(s->losses));
	s->missed_by_op_known = 0;
	memset(s->missed_by_mech, 0, sizeof(s->missed_by_mech));
	s->missed_charged = 0;
}

void snapshot_free(struct snapshot *s)
{
	FOR_ALL_ROWS(FREE_ROWS, s);
	memset(s, 0, sizeof(*s));
}
