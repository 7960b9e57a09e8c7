// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The array of slots as it lies in memory, with the two marks that run around it.
 * A cell wide enough shows where in its page the unread bytes are; a narrow one,
 * how many they are. Rings of more than 256 slots share cells.
 */
#include <string.h>

#include "view/ring_draw.h"

#define ROW_CHARS 64
#define MAX_CELLS 256
#define MARGIN 8

struct picture {
	const struct ring_state *ring;
	const struct ring_style *style;
	uint32_t scale; /* slots that share a cell */
	uint32_t cells;
	uint32_t row_cells;
	uint32_t width; /* of a cell, without what separates it from the next */
	bool separated;
};

static void lay_out(struct picture *p)
{
	p->scale = p->ring->ring_size > MAX_CELLS ? p->ring->ring_size / MAX_CELLS : 1;
	p->cells = p->ring->ring_size / p->scale;
	p->row_cells = p->cells < ROW_CHARS ? p->cells : ROW_CHARS;
	p->separated = p->cells < ROW_CHARS;
	p->width = p->separated ? ROW_CHARS / p->cells - 1 : 1;
	if (p->width > 15)
		p->width = 15;
}

static const char *glyph_level(const struct ring_style *style, uint64_t part, uint64_t whole)
{
	static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const ascii[] = { "-", "-", "-", "=", "=", "=", "=", "#" };
	unsigned level = !part ? 0 : part >= whole ? 7 : part * 8 / whole;

	return style->ascii ? ascii[level] : blocks[level];
}

static const char *page_color(const struct ipc_ring_slot *slot)
{
	static const struct {
		const char *word, *color;
	} colors[] = { { "anonymous", "\033[32m" }, { "page_cache", "\033[36m" }, { "user", "\033[33m" } };
	struct ring_page page;

	ring_page(slot, &page);
	for (size_t i = 0; page.word && i < sizeof(colors) / sizeof(colors[0]); i++)
		if (strcmp(colors[i].word, page.word) == 0)
			return colors[i].color;
	return "\033[35m";
}

/* One slot in a wide cell: each character is a part of the page. */
static void draw_extent(FILE *out, const struct picture *p, const struct ipc_ring_slot *slot)
{
	uint64_t page = p->style->page_bytes, offset = slot->offset % page, len = slot->len;

	for (uint64_t i = 0; i < p->width; i++) {
		uint64_t from = i * page / p->width, to = (i + 1) * page / p->width;
		bool filled = offset < to && offset + len > from;

		fputs(!filled ? " " : p->style->ascii ? "#" : "█", out);
	}
}

/* How many slots from tail on this one is; those below `used` are in use. */
static uint32_t distance(const struct ring_state *r, uint32_t index)
{
	return (index - r->tail) & (r->ring_size - 1);
}

static void repeat(FILE *out, const char *glyph, uint32_t times)
{
	while (times--)
		fputs(glyph, out);
}

static void draw_slot(FILE *out, const struct picture *p, uint32_t index)
{
	const struct ring_state *r = p->ring;
	uint32_t at = distance(r, index);

	if (at >= r->used) {
		repeat(out, p->separated ? " " : p->style->ascii ? "." : "·", p->width);
	} else if (at >= r->slot_cnt || !r->readable) {
		repeat(out, p->style->ascii ? "?" : "▒", p->width);
	} else {
		if (p->style->color)
			fputs(page_color(&r->slots[at]), out);
		if (p->width > 1)
			draw_extent(out, p, &r->slots[at]);
		else
			fputs(glyph_level(p->style, r->slots[at].len, p->style->page_bytes), out);
		if (p->style->color)
			fputs("\033[0m", out);
	}
}

/* Several slots in one cell: how many of them are in use. */
static void draw_shared(FILE *out, const struct picture *p, uint32_t cell)
{
	uint32_t in_use = 0;

	for (uint32_t i = 0; i < p->scale; i++)
		in_use += distance(p->ring, cell * p->scale + i) < p->ring->used;
	if (in_use)
		fputs(glyph_level(p->style, in_use, p->scale), out);
	else
		fputs(p->style->ascii ? "." : "·", out);
}

/* A mark over or under the cell that `position` falls into, when it is in the row that begins with `first`. */
static void draw_mark(FILE *out, const struct picture *p, uint32_t first, uint32_t position, bool is_head)
{
	static const char *const marks[2][2] = { { "▲", "^" }, { "▼", "v" } };
	const char *mark = marks[is_head][p->style->ascii];
	uint32_t index = position & (p->ring->ring_size - 1), cell = index / p->scale, column;
	char label[24];

	if (cell < first || cell >= first + p->row_cells)
		return;
	column = MARGIN + (p->separated ? (cell - first) * (p->width + 1) + 1 + (p->width - 1) / 2 : cell - first);
	snprintf(label, sizeof(label), "%s %u", is_head ? "head" : "tail", index);
	if (cell - first < p->row_cells / 2)
		fprintf(out, "%*s%s %s\n", (int)column, "", mark, label);
	else
		fprintf(out, "%*s%s %s\n", (int)(column - strlen(label) - 1), "", label, mark);
}

static void draw_row(FILE *out, const struct picture *p, uint32_t first)
{
	const char *bar = p->separated ? p->style->ascii ? "|" : "│" : "";

	draw_mark(out, p, first, p->ring->head, true);
	fprintf(out, "%*u ", MARGIN - 1, first * p->scale);
	for (uint32_t i = first; i < first + p->row_cells; i++) {
		fputs(bar, out);
		if (p->scale > 1)
			draw_shared(out, p, i);
		else
			draw_slot(out, p, i);
	}
	fprintf(out, "%s\n", bar);
	draw_mark(out, p, first, p->ring->tail, false);
}

void ring_picture(FILE *out, const struct ring_state *r, const struct ring_style *style)
{
	struct picture p = { .ring = r, .style = style };

	if (!r->ring_size)
		return;
	lay_out(&p);
	for (uint32_t first = 0; first < p.cells; first += p.row_cells)
		draw_row(out, &p, first);
	if (p.scale > 1)
		fprintf(out, "%*sa cell stands for %u slots\n", MARGIN, "", p.scale);
}
