/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A table of objects: which columns fit, how wide each one is. Column widths only
 * grow from one printing to the next, so that a table that is drawn over stands
 * still.
 */
#ifndef OUT_TABLE_H
#define OUT_TABLE_H

#include "column.h"
#include "out/style.h"
#include "out/writer.h"

#define TABLE_COLUMNS 64

struct table {
	const struct column *columns[TABLE_COLUMNS]; /* that may be shown, in order */
	bool asked[TABLE_COLUMNS];		     /* by name: shown whatever the room */
	int want[TABLE_COLUMNS];		     /* widest content so far */
	int least[TABLE_COLUMNS];		     /* the same, with what can be cut cut */
	int width[TABLE_COLUMNS];		     /* of the last layout; 0: not shown */
	unsigned cnt;
	int laid_out; /* style.width of the last layout */
};

/*
 * The columns of spec, "NAME,NAME" instead of the usual ones or "+NAME,+NAME"
 * added to them; NULL: the usual ones. profile: what is collected; usual columns
 * that need more are left out. Returns 0; -EINVAL when there is no such column,
 * whose name is then in unknown; -E2BIG when there are too many.
 */
int table_init(struct table *t, const char *spec, uint32_t profile, char unknown[64]);

/* Prints the head and a line for each object. */
void table_print(struct table *t, struct writer *out, const struct object *const *objects, size_t cnt, enum span span,
		 const struct style *style);

#endif
