/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How text is drawn: colours, characters, room. */
#ifndef OUT_STYLE_H
#define OUT_STYLE_H

#include <stdbool.h>

struct style {
	bool color;
	bool ascii;
	int width;	 /* cells of a line; 0: no limit */
	const char *eol; /* "\n"; on a terminal that is drawn over, with what clears the rest of the line */
};

enum hue {
	HUE_NONE = 0,
	HUE_HEAD,  /* bold */
	HUE_DIM,
	HUE_NOTE,  /* yellow: worth a look */
	HUE_ALARM, /* red: wrong, or lost */
};

/* Escape sequences; empty without color. */
static inline const char *hue_on(const struct style *style, enum hue hue)
{
	static const char *const on[] = { "", "\033[1m", "\033[2m", "\033[33m", "\033[31m" };

	return style->color ? on[hue] : "";
}

static inline const char *hue_off(const struct style *style, enum hue hue)
{
	return style->color && hue != HUE_NONE ? "\033[0m" : "";
}

static inline const char *unknown_mark(const struct style *style)
{
	return style->ascii ? "-" : "–";
}

#endif
