/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The full-screen view, in three steps: a list or an object's details as lines of
 * text (top_lists.c, top_detail.c), the lines on a terminal (top_screen.c), and the
 * keys between them (top.c). Only top_screen.c knows ncurses.
 */
#ifndef VIEW_TOP_H
#define VIEW_TOP_H

#include "graph/actor.h"
#include "out/units.h"
#include "view/report.h"

enum top_mode {
	TOP_OBJECTS = 0,
	TOP_PROCESSES, /* or what they are grouped by */
	TOP_PAIRS,     /* who sends to whom */
	TOP_MODES,
	TOP_DETAIL,    /* of one object */
	TOP_HELP,
};

#define TOP_FILTER_LEN 64

struct top_line {
	char *text; /* NULL: of an object, not printed yet */
	bool can_pick;
	bool bold;
	struct ipc_object_id object; /* that Enter shows; mech 0: none */
	char filter[TOP_FILTER_LEN]; /* for objects: those that Enter lists; empty: none */
};

struct top_lines {
	struct top_line *lines;
	size_t cnt, cap;
	size_t left_out; /* that there would be more */
};

/* What is looked at. */
struct top_view {
	enum top_mode mode;
	char filter[TOP_FILTER_LEN]; /* shown is what has this in a name; empty: all */
	unsigned sort[TOP_MODES];    /* which column; 0: the usual order */
	bool reversed[TOP_MODES];
	struct ipc_object_id object; /* of TOP_DETAIL */
	size_t rows;		     /* that are wanted */
	int width;
};

void top_lines_clear(struct top_lines *l);
void top_lines_free(struct top_lines *l);
/* text may be of several lines; the last one added is returned, until the next call. */
struct top_line *top_add(struct top_lines *l, const char *text);
__attribute__((format(printf, 2, 3))) struct top_line *top_addf(struct top_lines *l, const char *format, ...);

/* A figure at the right of so many cells, a dash where it is not known. */
#define TOP_CELL_LEN 32
const char *top_cell(char buf[TOP_CELL_LEN], int cells, bool known, double value, enum unit unit);

/* A line of head, then the rows: of objects without their texts. */
void top_list(struct top_lines *l, struct report *r, const struct top_view *v);
/* Before the model changes: the texts of cnt objects from `first` on, and of the head, which is as wide as these need it. */
void top_print(struct top_lines *l, struct report *r, int width, size_t first, size_t cnt);
void top_detail(struct top_lines *l, struct report *r, const struct object *o, int width);
/* The name of the column that a list is sorted by, and how many there are to choose from. */
const char *top_sort_name(struct report *r, const struct top_view *v);
unsigned top_sort_cnt(struct report *r, enum top_mode mode);

/* ---- the terminal ---- */

enum top_key {
	TOP_KEY_NONE = -1,
	TOP_KEY_UP = 0x1000,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_ENTER,
	TOP_KEY_BACK, /* Escape */
	TOP_KEY_ERASE,
	TOP_KEY_TAB,
	TOP_KEY_RESIZE,
};

struct screen; /* opaque */

/* -ENOTTY: no terminal; -EINVAL: TERM is not known. The terminal is as it was after screen_close() or exit(). */
int screen_open(struct screen **out, FILE *terminal, bool color, bool ascii);
void screen_close(struct screen *s);
void screen_size(struct screen *s, int *rows, int *width);
/* Lines from `first` on, between a title and a foot; picked: the one that is marked, SIZE_MAX: none. */
void screen_draw(struct screen *s, const char *title, const struct top_lines *l, size_t head, size_t first, size_t picked,
		 const char *foot);
int screen_key(struct screen *s); /* a character or enum top_key; TOP_KEY_NONE: none now */

#endif
