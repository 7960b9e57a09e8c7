// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "out/cell.h"
#include "out/escape.h"
#include "out/table.h"

#define RANK_EXTRA 100 /* from here on only where there is room to spare */

static int add(struct table *t, const struct column *column, bool asked)
{
	for (unsigned i = 0; i < t->cnt; i++)
		if (t->columns[i] == column) {
			t->asked[i] |= asked;
			return 0;
		}
	if (t->cnt == TABLE_COLUMNS)
		return -E2BIG;
	t->columns[t->cnt] = column;
	t->asked[t->cnt] = asked;
	t->want[t->cnt++] = 0;
	return 0;
}

static void add_usual(struct table *t, uint32_t profile)
{
	for (size_t i = 0; i < column_cnt; i++)
		if (columns[i].rank && (columns[i].needs & profile) == columns[i].needs)
			add(t, &columns[i], false);
}

int table_init(struct table *t, const char *spec, uint32_t profile, char unknown[64])
{
	memset(t, 0, sizeof(*t));
	if (!spec || *spec == '+')
		add_usual(t, profile);
	while (spec && *spec) {
		const char *name = spec + (*spec == '+');
		size_t len = strcspn(name, ",");
		const struct column *column;
		int err;

		snprintf(unknown, 64, "%.*s", (int)len, name);
		column = column_by_name(unknown);
		if (!column)
			return -EINVAL;
		err = add(t, column, true);
		if (err)
			return err;
		spec = name + len + (name[len] == ',');
	}
	return 0;
}

/* What can be cut starts as wide as its head, numbers as wide as they usually get. */
static void forget_widths(struct table *t)
{
	for (unsigned i = 0; i < t->cnt; i++) {
		const struct column *column = t->columns[i];
		int width = strlen(column->head);

		if (!column->shrinks && column->min > width)
			width = column->min;
		t->want[i] = t->least[i] = width;
	}
}

/* The least that a cell can do with: names of processes and paths can be cut, nothing else. */
static int least_of(const struct column *column, const struct value *value, int width)
{
	bool can_be_cut = value && (value->type == VALUE_PATH || value->type == VALUE_PROCESS);

	return can_be_cut && column->shrinks && width > column->min ? column->min : width;
}

/* The next column by rank that was not yet looked at; those that were asked for first. */
static int next_by_rank(const struct table *t, const bool *looked_at)
{
	int best = -1, best_rank = 0;

	for (unsigned i = 0; i < t->cnt; i++) {
		int rank = t->asked[i] ? 0 : t->columns[i]->rank;

		if (looked_at[i] || (best >= 0 && rank >= best_rank))
			continue;
		best = i;
		best_rank = rank;
	}
	return best;
}

/* Takes columns by rank while they fit: the usual ones at their least, further ones only beside the rest in full. */
static void choose(struct table *t, int room)
{
	bool looked_at[TABLE_COLUMNS] = { false };
	int used_least = -1, used_want = -1, i; /* no gap before the first one */

	memset(t->width, 0, sizeof(t->width));
	while ((i = next_by_rank(t, looked_at)) >= 0) {
		bool extra = !t->asked[i] && t->columns[i]->rank >= RANK_EXTRA;
		int used = extra ? used_want + 1 + t->want[i] : used_least + 1 + t->least[i];

		if ((extra && !room) || (room && used > room && used_least >= 0))
			return;
		looked_at[i] = true;
		t->width[i] = t->want[i];
		used_least += 1 + t->least[i];
		used_want += 1 + t->want[i];
	}
}

static int total_width(const struct table *t)
{
	int total = -1;

	for (unsigned i = 0; i < t->cnt; i++)
		total += t->width[i] ? 1 + t->width[i] : 0;
	return total;
}

/* The widest column that can give way does, cell by cell. */
static void shrink(struct table *t, int room)
{
	while (room && total_width(t) > room) {
		int widest = -1;

		for (unsigned i = 0; i < t->cnt; i++)
			if (t->width[i] > t->least[i] && (widest < 0 || t->width[i] > t->width[widest]))
				widest = i;
		if (widest < 0)
			return;
		t->width[widest]--;
	}
}

static const struct value *value_of(const struct column *column, struct row *row, struct value *value)
{
	return column_value(column, row, value) ? value : NULL;
}

static void measure(struct table *t, const struct object *const *objects, size_t cnt, enum span span,
		    const struct style *style)
{
	if (t->laid_out != style->width || !t->want[0])
		forget_widths(t);
	t->laid_out = style->width;
	for (size_t r = 0; r < cnt; r++) {
		struct row row;

		row_init(&row, objects[r], span);
		for (unsigned i = 0; i < t->cnt; i++) {
			char text[CELL_LEN];
			struct value v;
			const struct value *value = value_of(t->columns[i], &row, &v);
			int width = cell_format(text, t->columns[i], value, 0, style);
			int least = least_of(t->columns[i], value, width);

			if (width > t->want[i])
				t->want[i] = width;
			if (least > t->least[i])
				t->least[i] = least;
		}
	}
}

static void print_cell(struct writer *out, const char *text, int width, int room, bool right, bool last, enum hue hue,
		       const struct style *style)
{
	if (right)
		writer_repeat(out, " ", room - width);
	writer_text(out, hue_on(style, hue));
	writer_text(out, text);
	writer_text(out, hue_off(style, hue));
	if (!right && !last)
		writer_repeat(out, " ", room - width);
	if (!last)
		writer_char(out, ' ');
}

static void print_head(const struct table *t, struct writer *out, int last, const struct style *style)
{
	writer_text(out, hue_on(style, HUE_HEAD));
	for (int i = 0; i <= last; i++)
		if (t->width[i])
			print_cell(out, t->columns[i]->head, strlen(t->columns[i]->head), t->width[i],
				   cell_is_right(t->columns[i]), i == last, HUE_NONE, style);
	writer_text(out, hue_off(style, HUE_HEAD));
	writer_text(out, style->eol);
}

static void print_row(const struct table *t, struct writer *out, const struct object *o, enum span span, int last,
		      const struct style *style)
{
	struct row row;

	row_init(&row, o, span);
	for (int i = 0; i <= last; i++) {
		char text[CELL_LEN];
		const struct value *value;
		struct value v;
		int width;

		if (!t->width[i])
			continue;
		value = value_of(t->columns[i], &row, &v);
		width = cell_format(text, t->columns[i], value, t->width[i], style);
		print_cell(out, text, width, t->width[i], cell_is_right(t->columns[i]), i == last, cell_hue(value), style);
	}
	writer_text(out, style->eol);
}

void table_print(struct table *t, struct writer *out, const struct object *const *objects, size_t cnt, enum span span,
		 const struct style *style)
{
	int last = -1;

	measure(t, objects, cnt, span, style);
	choose(t, style->width);
	shrink(t, style->width);
	for (unsigned i = 0; i < t->cnt; i++)
		if (t->width[i])
			last = i;
	print_head(t, out, last, style);
	for (size_t r = 0; r < cnt; r++)
		print_row(t, out, objects[r], span, last, style);
}
