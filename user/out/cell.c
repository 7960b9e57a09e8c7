// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <string.h>

#include "out/cell.h"
#include "out/escape.h"

/* name, then a suffix that is never cut, in so much room. */
static int join(char buf[CELL_LEN], const char *name, const char *suffix, int room, const struct style *style)
{
	int suffix_len = strlen(suffix), width;

	width = escape_text(buf, CELL_LEN - 64, *name ? name : "?", IPC_NAME_LEN, style->ascii);
	if (room > 0 && width + suffix_len > room)
		width = cut_text(buf, CELL_LEN - 64, room - suffix_len, false, style->ascii);
	strcat(buf, suffix);
	return width + suffix_len;
}

int process_format(char buf[CELL_LEN], const char *comm, uint32_t pid, int room, const struct style *style)
{
	char suffix[16];

	snprintf(suffix, sizeof(suffix), pid ? "/%u" : "", pid); /* 0: the name of what is no process */
	return join(buf, comm, suffix, room, style);
}

#define NAME_KEPT 4 /* columns of a name that are worth more than what follows the PID */

/* "cat/4711(17) +2": 17 is the PID in a namespace of its own, 2 more there are; what does not fit is left out. */
static int format_process(char buf[CELL_LEN], const struct value *value, int room, const struct style *style)
{
	char suffix[48];
	int len = snprintf(suffix, sizeof(suffix), value->number ? "/%.0f" : "", value->number), more;
	bool inner = value->other && value->other != value->number;

	more = inner ? snprintf(suffix + len, sizeof(suffix) - len, "(%.0f)", value->other) : 0;
	len += room > 0 && len + more + NAME_KEPT > room ? 0 : more;
	suffix[len] = 0;
	more = value->more ? snprintf(suffix + len, sizeof(suffix) - len, " +%u", value->more) : 0;
	len += room > 0 && len + more >= room ? 0 : more;
	suffix[len] = 0;
	return join(buf, value->text, suffix, room, style);
}

static int format_text(char buf[CELL_LEN], const struct value *value, int room, const struct style *style)
{
	int width = escape_text(buf, CELL_LEN, value->text, IPC_NAME_LEN, style->ascii);

	if (room > 0 && width > room)
		width = cut_text(buf, CELL_LEN, room, value->type == VALUE_PATH, style->ascii);
	return width;
}

int cell_format(char buf[CELL_LEN], const struct column *column, const struct value *value, int room,
		const struct style *style)
{
	if (!value) {
		strcpy(buf, unknown_mark(style));
		return 1;
	}
	switch (value->type) {
	case VALUE_PROCESS:
		return format_process(buf, value, room, style);
	case VALUE_TEXT:
	case VALUE_PATH:
		return format_text(buf, value, room, style);
	case VALUE_FRACTION:
		return snprintf(buf, CELL_LEN, "%.0f/%.0f", value->number, value->other);
	default:
		format_unit(buf, value->number, column->unit);
		return strlen(buf);
	}
}

enum hue cell_hue(const struct value *value)
{
	if (!value)
		return HUE_DIM;
	switch (value->verdict) {
	case VERDICT_IDLE:
		return HUE_DIM;
	case VERDICT_READER_BOUND:
	case VERDICT_WRITER_BOUND:
	case VERDICT_WAITS_PARTNER:
		return HUE_NOTE;
	case VERDICT_NO_READER:
	case VERDICT_NO_WRITER:
		return HUE_ALARM;
	default:
		return HUE_NONE;
	}
}

bool cell_is_right(const struct column *column)
{
	return column->unit != UNIT_NONE;
}
