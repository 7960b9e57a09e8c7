// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `ipctrace top`: what the keys do. What is drawn are lines that were made from the model at the last report. */
#include "view/top.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/alloc.h"
#include "out/escape.h"
#include "out/units.h"

struct top_state {
	struct screen *screen;
	struct top_view view, back; /* back: the list that a drill-down came from */
	struct top_lines lines;
	size_t first, picked; /* rows below the head */
	size_t back_picked;
	struct ipc_object_id picked_object; /* stays marked when the order changes; mech 0: by place */
	bool paused, typing, fresh; /* fresh: there was a report */
};

static const char help_text[] =
	"ipctrace top: keys\n"
	"  o p w         objects; processes (or groups, see --by); who sends to whom\n"
	"  Tab           the next of these\n"
	"  Enter, Right  what is marked: an object in detail; a process's objects\n"
	"  Esc, Left     back\n"
	"  Up Down PgUp PgDn Home End\n"
	"  /             filter as you type, by name, PID, object, mechanism, cgroup;\n"
	"                Enter keeps it, Esc drops it. Digits alone are a PID.\n"
	"  < >           sort by the column before, after; 0: the usual order\n"
	"  r             the other way round\n"
	"  space         pause: what is shown stands still, counting goes on\n"
	"  h ?           this help\n"
	"  q             end\n"
	"\n"
	"Rates are those of the last interval; details are since the start.\n"
	"A dash is what is not known.";

/* Two lines over the rows: one is the title, one the head of a list. */
static size_t head_of(const struct top_state *t)
{
	return t->view.mode < TOP_MODES;
}

static size_t row_cnt(const struct top_state *t)
{
	return t->lines.cnt > head_of(t) ? t->lines.cnt - head_of(t) : 0;
}

static int page(const struct top_state *t)
{
	int rows, width, lines;

	screen_size(t->screen, &rows, &width);
	lines = rows - 2 - (int)head_of(t);
	return lines > 0 ? lines : 1;
}

static struct top_line *picked_line(struct top_state *t)
{
	return t->picked < row_cnt(t) ? &t->lines.lines[head_of(t) + t->picked] : NULL;
}

/* Keeps the mark on its object, and the mark on the screen. */
static void settle(struct top_state *t)
{
	size_t cnt = row_cnt(t), lines = page(t);

	for (size_t i = 0; t->picked_object.mech && i < cnt; i++)
		if (!memcmp(&t->lines.lines[head_of(t) + i].object, &t->picked_object, sizeof(t->picked_object))) {
			t->picked = i;
			break;
		}
	if (t->picked >= cnt)
		t->picked = cnt ? cnt - 1 : 0;
	if (t->picked < t->first)
		t->first = t->picked;
	if (t->picked >= t->first + lines)
		t->first = t->picked - lines + 1;
	if (t->first + lines > cnt)
		t->first = cnt > lines ? cnt - lines : 0;
}

static void print(struct report *r, size_t first, size_t cnt)
{
	struct top_state *t = r->top;

	if (t->fresh && t->view.mode == TOP_OBJECTS)
		top_print(&t->lines, r, t->view.width, first, cnt);
}

/* All that the screen shows, if any of it was not on it before. */
static void print_page(struct report *r)
{
	struct top_state *t = r->top;
	size_t end = t->first + page(t) < row_cnt(t) ? t->first + page(t) : row_cnt(t);

	if (!t->lines.lines[0].text)
		print(r, t->first, end - t->first);
	for (size_t i = t->first; i < end; i++)
		if (!t->lines.lines[head_of(t) + i].text)
			print(r, t->first, end - t->first);
}

static void make_lines(struct report *r)
{
	struct top_state *t = r->top;
	const struct object *o;
	int rows, width;

	top_lines_clear(&t->lines);
	screen_size(t->screen, &rows, &width);
	t->view.width = width;
	t->view.rows = t->first + 4 * rows + 100;
	if (t->view.mode == TOP_HELP) {
		top_add(&t->lines, help_text);
	} else if (!t->fresh) {
		top_add(&t->lines, "the first interval is not over");
	} else if (t->view.mode == TOP_DETAIL) {
		o = model_object(r->model, &t->view.object);
		if (o)
			top_detail(&t->lines, r, o, width);
		else
			top_add(&t->lines, "it is gone");
	} else {
		top_list(&t->lines, r, &t->view);
	}
	settle(t);
	if (t->paused) /* what is looked at later, too, is as it was now */
		print(r, 0, row_cnt(t));
}

static void title(const struct report *r, char *buf, size_t size)
{
	const struct top_state *t = r->top;
	char in[UNIT_LEN], out[UNIT_LEN], loss[96] = "";
	uint64_t sent = 0, received = 0, span = model_span_ns(r->model, SPAN_INTERVAL);
	struct losses l;

	model_for_each_mech(r->model, mech) {
		struct side side;

		total_side(r->model, mech, OP_SEND, SPAN_INTERVAL, &side);
		sent += side.bytes;
		total_side(r->model, mech, OP_RECV, SPAN_INTERVAL, &side);
		received += side.bytes;
	}
	format_unit(in, span ? sent * 1e9 / span : 0, UNIT_BYTES);
	format_unit(out, span ? received * 1e9 / span : 0, UNIT_BYTES);
	model_losses(r->model, SPAN_TOTAL, &l);
	if (losses_any(&l))
		snprintf(loss, sizeof(loss), "  LOST: %llu missed %llu no room %llu unresolved", (unsigned long long)l.missed,
			 (unsigned long long)(l.map_full + l.ring_full), (unsigned long long)l.unresolved);
	snprintf(buf, size, "ipctrace %.1f s  %u objects  in %s/s  out %s/s%s%s", model_span_ns(r->model, SPAN_TOTAL) / 1e9,
		 r->model->object_cnt - r->model->gone_cnt, in, out, loss, t->paused ? "  PAUSED" : "");
}

static void foot(struct report *r, char *buf, size_t size)
{
	static const char *const names[] = { "objects", "processes", "pairs" };
	const struct top_state *t = r->top;
	char filter[5 * TOP_FILTER_LEN + 8] = "";

	escape_text(filter, sizeof(filter), t->view.filter, TOP_FILTER_LEN, false);
	if (t->typing)
		snprintf(buf, size, "/%s_", filter);
	else if (t->view.mode >= TOP_MODES)
		snprintf(buf, size, "Esc back  space pause  h help  q end");
	else
		snprintf(buf, size, "%s by %s%s%s%s, %zu%s  o p w / < > r Enter space h q", names[t->view.mode],
			 top_sort_name(r, &t->view), t->view.reversed[t->view.mode] ? " reversed" : "", *filter ? ", with " : "", filter,
			 row_cnt(t) + t->lines.left_out, t->lines.left_out ? "" : " in all");
}

static void draw(struct report *r)
{
	struct top_state *t = r->top;
	char over[512], under[1024];

	print_page(r);
	title(r, over, sizeof(over));
	foot(r, under, sizeof(under));
	screen_draw(t->screen, over, &t->lines, head_of(t), t->first,
		    t->view.mode < TOP_MODES ? head_of(t) + t->picked : SIZE_MAX, under);
}

static void change(struct report *r)
{
	make_lines(r);
	draw(r);
}

static void move(struct top_state *t, long by)
{
	struct top_line *line;
	size_t cnt = row_cnt(t);

	if (t->view.mode >= TOP_MODES) { /* there is no mark: the text moves */
		t->first = by < 0 && (size_t)-by > t->first ? 0 : t->first + by;
		t->picked = t->first;
		if (by > 0) {
			t->picked = t->first + page(t) - 1;
			t->picked = t->picked < cnt ? t->picked : cnt ? cnt - 1 : 0;
		}
	} else {
		t->picked = by < 0 && (size_t)-by > t->picked ? 0 : t->picked + by;
	}
	t->picked_object.mech = 0;
	settle(t);
	line = picked_line(t);
	if (line)
		t->picked_object = line->object;
}

/* Not all of a long list has been made, and the next page is among what has not. */
static bool is_near_end(const struct top_state *t)
{
	return t->lines.left_out && t->first + 2 * page(t) > row_cnt(t);
}

#define BEYOND (1l << 30) /* more rows than there are */

/* The last of all: not all of a long list has been made. */
static void go_to_end(struct top_state *t)
{
	if (t->view.mode >= TOP_MODES) {
		move(t, BEYOND);
		return;
	}
	t->first = t->picked = BEYOND;
	t->picked_object.mech = 0;
}

static void go_to(struct top_state *t, enum top_mode mode)
{
	t->view.mode = mode;
	t->first = t->picked = 0;
	t->picked_object.mech = 0;
}

static void enter(struct top_state *t)
{
	const struct top_line *line = picked_line(t);

	if (t->view.mode >= TOP_MODES || !line || !line->can_pick)
		return;
	t->back = t->view;
	t->back_picked = t->picked;
	if (*line->filter) {
		memcpy(t->view.filter, line->filter, sizeof(t->view.filter));
		go_to(t, TOP_OBJECTS);
	} else if (line->object.mech) {
		t->view.object = line->object;
		go_to(t, TOP_DETAIL);
	}
}

static void back(struct top_state *t)
{
	if (t->view.mode >= TOP_MODES) {
		struct top_view was = t->back;

		t->view = was;
		go_to(t, was.mode);
		t->picked = t->back_picked;
	} else {
		*t->view.filter = '\0';
	}
}

/* The last character, of however many bytes. */
static void erase_last(char *text)
{
	size_t len = strlen(text);

	while (len > 1 && (text[len - 1] & 0xc0) == 0x80)
		len--;
	if (len)
		text[len - 1] = '\0';
}

static void type(struct top_state *t, int key)
{
	size_t len = strlen(t->view.filter);

	if (key == TOP_KEY_ENTER)
		t->typing = false;
	else if (key == TOP_KEY_BACK)
		*t->view.filter = '\0', t->typing = false;
	else if (key == TOP_KEY_ERASE)
		erase_last(t->view.filter);
	else if (key >= ' ' && key < 256 && len + 1 < TOP_FILTER_LEN)
		t->view.filter[len] = key, t->view.filter[len + 1] = '\0';
	t->first = t->picked = 0;
	t->picked_object.mech = 0;
}

static void turn_sort(struct report *r, int by)
{
	struct top_view *v = &r->top->view;
	unsigned cnt;

	if (v->mode >= TOP_MODES)
		return;
	cnt = top_sort_cnt(r, v->mode);
	v->sort[v->mode] = by ? (v->sort[v->mode] + cnt + by) % cnt : 0;
}

static void turn_round(struct top_view *v)
{
	if (v->mode < TOP_MODES)
		v->reversed[v->mode] = !v->reversed[v->mode];
}

static void help(struct top_state *t)
{
	if (t->view.mode == TOP_HELP)
		return;
	if (t->view.mode < TOP_MODES) {
		t->back = t->view;
		t->back_picked = t->picked;
	}
	go_to(t, TOP_HELP);
}

/* Does the key change what is listed, and not only where one looks? Then lines are made anew, paused or not. */
static bool act(struct report *r, int key)
{
	struct top_state *t = r->top;

	switch (key) {
	case TOP_KEY_UP: move(t, -1); return false;
	case TOP_KEY_DOWN: move(t, 1); return is_near_end(t);
	case TOP_KEY_PAGE_UP: move(t, -page(t)); return false;
	case TOP_KEY_PAGE_DOWN: move(t, page(t)); return is_near_end(t);
	case TOP_KEY_HOME: move(t, -BEYOND); return false;
	case TOP_KEY_END: go_to_end(t); return true;
	case TOP_KEY_ENTER: enter(t); return true;
	case TOP_KEY_BACK: back(t); return true;
	case TOP_KEY_TAB: go_to(t, t->view.mode < TOP_MODES ? (t->view.mode + 1) % TOP_MODES : TOP_OBJECTS); return true;
	case 'o': go_to(t, TOP_OBJECTS); return true;
	case 'p': go_to(t, TOP_PROCESSES); return true;
	case 'w': go_to(t, TOP_PAIRS); return true;
	case '/': t->typing = t->view.mode < TOP_MODES; return true;
	case '<': turn_sort(r, -1); return true;
	case '>': turn_sort(r, 1); return true;
	case '0': turn_sort(r, 0); return true;
	case 'r': turn_round(&t->view); return true;
	case 'h':
	case '?': help(t); return true;
	default: return true;
	}
}

/* Every key that is there. Returns true at the one that ends it. */
static bool input(struct report *r)
{
	struct top_state *t = r->top;
	bool anew = false;
	int key;

	while ((key = screen_key(t->screen)) != TOP_KEY_NONE) {
		if (t->typing && key != TOP_KEY_RESIZE) {
			type(t, key);
			anew = true;
		} else if (key == 'q') {
			return true;
		} else if (key == ' ') {
			t->paused = !t->paused;
			anew = true;
		} else {
			anew |= act(r, key);
		}
	}
	if (anew)
		make_lines(r);
	draw(r);
	return false;
}

static void start(struct report *r)
{
	struct top_state *t = r->top = xcalloc(1, sizeof(*t));
	int err = screen_open(&t->screen, r->out.file, r->options.color, r->options.ascii);

	if (err) {
		fprintf(stderr, "ipctrace: top needs a terminal%s\n", err == -EINVAL ? " that is known: see TERM" : "");
		r->failed = err;
		return;
	}
	change(r);
}

static void interval(struct report *r)
{
	struct top_state *t = r->top;

	t->fresh = true;
	if (!t->paused)
		make_lines(r);
	draw(r);
}

static void end(struct report *r)
{
	if (!r->top)
		return;
	screen_close(r->top->screen);
	top_lines_free(&r->top->lines);
	free(r->top);
}

const struct view view_top = {
	.name = "top",
	.start = start,
	.interval = interval,
	.input = input,
	.end = end,
};
