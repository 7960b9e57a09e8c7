/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef VIEW_RING_DRAW_H
#define VIEW_RING_DRAW_H

#include <stdbool.h>
#include <stdio.h>

#include "out/writer.h"
#include "view/ring_state.h"

struct ring_style {
	bool ascii;
	bool color;
	unsigned page_bytes;
	unsigned max_lines; /* of the whole; the table of slots gives way first. 0: no limit */
};

/* The ring in text, at most 80 columns wide save for a FIFO's path. */
void ring_draw(FILE *out, const struct ring_state *r, const struct ring_target *target, const struct ring_style *style);

/* The picture alone: up to 256 cells between the marks of head and tail (ring_picture.c). */
void ring_picture(FILE *out, const struct ring_state *r, const struct ring_style *style);

/* The slots in use, a line each, at most so many. */
void ring_slots(FILE *out, const struct ring_state *r, const struct ring_style *style, size_t rows);

/* One line of JSON: {"type":"ring",…} */
void ring_json(struct writer *out, const struct ring_state *r, const struct ring_target *target, unsigned page_bytes,
	       uint64_t elapsed_ns);

#endif
