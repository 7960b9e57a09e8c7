/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A value as text: escaped, in its unit, in so much room. */
#ifndef OUT_CELL_H
#define OUT_CELL_H

#include "column.h"
#include "out/style.h"

#define CELL_LEN 1536 /* a path of 255 bytes, each escaped to five, and more */

/*
 * Writes the value into buf; room: cells that it may take, 0: as many as it
 * needs. value NULL: unknown. Returns its width in cells.
 */
int cell_format(char buf[CELL_LEN], const struct column *column, const struct value *value, int room,
		const struct style *style);

/* "name/PID" with the name escaped and, where room (0: any) is short, cut; never the PID. */
int process_format(char buf[CELL_LEN], const char *comm, uint32_t pid, int room, const struct style *style);

enum hue cell_hue(const struct value *value);
bool cell_is_right(const struct column *column);

#endif
