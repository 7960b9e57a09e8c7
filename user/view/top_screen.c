// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <unistd.h>

#include "model/alloc.h"
#include "out/escape.h"
#include "view/top.h"

#define ESCAPE 27
#define ESCAPE_MS 25 /* a key of several bytes is complete by then */

struct screen {
	SCREEN *curses;
	bool ascii;
};

static struct screen *open_screen;

static void restore(void)
{
	if (open_screen)
		endwin();
}

int screen_open(struct screen **out, FILE *terminal, bool color, bool ascii)
{
	struct screen *s;

	if (!isatty(fileno(terminal)) || !isatty(STDIN_FILENO))
		return -ENOTTY;
	setlocale(LC_CTYPE, "");
	set_escdelay(ESCAPE_MS);
	s = xcalloc(1, sizeof(*s));
	s->ascii = ascii;
	s->curses = newterm(NULL, terminal, stdin);
	if (!s->curses) {
		free(s);
		return -EINVAL;
	}
	open_screen = s;
	atexit(restore);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	if (color && has_colors()) {
		start_color();
		use_default_colors();
	}
	*out = s;
	return 0;
}

void screen_close(struct screen *s)
{
	if (!s)
		return;
	endwin();
	open_screen = NULL;
	delscreen(s->curses);
	free(s);
}

void screen_size(struct screen *s, int *rows, int *width)
{
	(void)s;
	getmaxyx(stdscr, *rows, *width);
}

/* ncurses goes on in the next row with what does not fit into this one. */
static void put(const struct screen *s, int row, const char *text, int width, attr_t how)
{
	char cut[4096];

	snprintf(cut, sizeof(cut), "%s", text);
	cut_text(cut, sizeof(cut), width, false, s->ascii);
	attrset(how);
	mvaddnstr(row, 0, cut, -1);
	if (how & A_REVERSE) /* all of the line */
		for (int x = getcurx(stdscr); x > 0 && x < width && getcury(stdscr) == row; x++)
			addch(' ');
	attrset(A_NORMAL);
}

void screen_draw(struct screen *s, const char *title, const struct top_lines *l, size_t head, size_t first, size_t picked,
		 const char *foot)
{
	int rows, width, row = 0;

	screen_size(s, &rows, &width);
	erase();
	put(s, row++, title, width, A_BOLD);
	for (size_t i = 0; i < head && i < l->cnt && row < rows - 1; i++)
		put(s, row++, l->lines[i].text ?: "", width, A_REVERSE);
	for (size_t i = head + first; i < l->cnt && row < rows - 1; i++, row++)
		put(s, row, l->lines[i].text, width,
		    i == picked ? A_BOLD | A_REVERSE : l->lines[i].bold ? A_BOLD : A_NORMAL);
	if (rows > 1)
		put(s, rows - 1, foot, width, A_REVERSE);
	refresh();
}

int screen_key(struct screen *s)
{
	static const struct {
		int curses, key;
	} keys[] = {
		{ KEY_UP, TOP_KEY_UP }, { KEY_DOWN, TOP_KEY_DOWN }, { KEY_PPAGE, TOP_KEY_PAGE_UP },
		{ KEY_NPAGE, TOP_KEY_PAGE_DOWN }, { KEY_HOME, TOP_KEY_HOME }, { KEY_END, TOP_KEY_END },
		{ KEY_ENTER, TOP_KEY_ENTER }, { '\r', TOP_KEY_ENTER }, { '\n', TOP_KEY_ENTER }, { ESCAPE, TOP_KEY_BACK },
		{ KEY_LEFT, TOP_KEY_BACK }, { KEY_RIGHT, TOP_KEY_ENTER }, { KEY_BACKSPACE, TOP_KEY_ERASE },
		{ 127, TOP_KEY_ERASE }, { 8, TOP_KEY_ERASE }, { '\t', TOP_KEY_TAB }, { KEY_RESIZE, TOP_KEY_RESIZE },
	};
	int key = getch();

	(void)s;
	if (key == ERR)
		return TOP_KEY_NONE;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].curses == key)
			return keys[i].key;
	return key < 256 ? key : TOP_KEY_RESIZE; /* of no meaning: draw again */
}
