// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "experiment/lab_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "out/escape.h"
#include "out/units.h"
#include "view/ring_draw.h"

#define COLUMNS 80
#define INDENT 4
#define EVENTS_MAX 6 /* lines of operations in one step */
#define SLOTS_MAX 5

static struct json_object *get(const struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	if (o && json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, key, &value);
	return value;
}

static const char *text_of(const struct json_object *o, const char *key)
{
	struct json_object *value = get(o, key);

	return value ? json_object_get_string(value) : NULL;
}

static int64_t number_of(const struct json_object *o, const char *key)
{
	return json_object_get_int64(get(o, key));
}

static size_t length(const struct json_object *list)
{
	return list ? json_object_array_length(list) : 0;
}

/* ---- operations ---- */

static void draw_event(FILE *out, const struct lab_report *r, const struct json_object *e)
{
	int64_t result = number_of(e, "result");
	char took[UNIT_LEN] = "", who[64], answer[32];

	if (get(e, "pid"))
		snprintf(who, sizeof(who), "%s/%" PRId64, text_of(e, "comm"), number_of(e, "pid"));
	else
		snprintf(who, sizeof(who), "%s", text_of(e, "kind"));
	if (result < 0 && strerrorname_np(-result))
		snprintf(answer, sizeof(answer), "%s", strerrorname_np(-result));
	else
		snprintf(answer, sizeof(answer), "%" PRId64, result);
	fprintf(out, "%*s%s%s %-18s %-5s", INDENT, "", hue_on(&r->style, HUE_DIM), r->style.ascii ? ">" : "›", who,
		text_of(e, "op") ?: "");
	if (get(e, "size_bytes"))
		fprintf(out, " of %-6" PRId64, number_of(e, "size_bytes"));
	else
		fprintf(out, "%10s", "");
	fprintf(out, " = %-7s", answer);
	if (get(e, "latency_ns")) {
		format_unit(took, number_of(e, "latency_ns"), UNIT_NS);
		fprintf(out, " %6s", took);
	}
	if (number_of(e, "wait_ns")) {
		format_unit(took, number_of(e, "wait_ns"), UNIT_NS);
		fprintf(out, ", slept %s", took);
		if (text_of(e, "cause"))
			fprintf(out, " (%s)", text_of(e, "cause"));
	}
	fprintf(out, "%s\n", hue_off(&r->style, HUE_DIM));
}

static void draw_events(FILE *out, const struct lab_report *r, const struct json_object *now,
			const struct json_object *before)
{
	struct json_object *all = get(now, "events");
	size_t from = length(get(before, "events")), cnt = length(all);

	for (size_t i = from; i < cnt && i < from + EVENTS_MAX; i++)
		draw_event(out, r, json_object_array_get_idx(all, i));
	if (cnt > from + EVENTS_MAX)
		fprintf(out, "%*sand %zu more operations\n", INDENT + 2, "", cnt - from - EVENTS_MAX);
}

/* ---- words of state ---- */

/* Text that flows in lines of COLUMNS, word by word of any width. */
struct flow {
	FILE *out;
	int column;
};

static void put(struct flow *f, const char *text, int width)
{
	if (f->column && f->column + 2 + width > COLUMNS) {
		fputc('\n', f->out);
		f->column = 0;
	}
	f->column += f->column ? fprintf(f->out, "  ") : fprintf(f->out, "%*s", INDENT, "");
	fputs(text, f->out);
	f->column += width;
}

static void flow_end(struct flow *f)
{
	if (f->column)
		fputc('\n', f->out);
}

static bool is_figure(const struct json_object *value)
{
	return json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double);
}

/* By these the newer of two states is told: they change always, and say nothing of the object. */
static bool is_stamp(const char *name)
{
	return !strcmp(name, "when") || !strcmp(name, "seq");
}

/* At first all that is not 0; later what changed, and from what. */
static void draw_words(FILE *out, const struct lab_report *r, const struct json_object *now,
		       const struct json_object *before)
{
	struct json_object *words = get(get(now, "object"), "internals");
	struct json_object *were = get(get(before, "object"), "internals");
	struct flow f = {.out = out};

	if (!words)
		return;
	json_object_object_foreach(words, name, value) {
		struct json_object *was = get(were, name);
		char text[128], old[32], new[32];

		if (!is_figure(value) || is_stamp(name))
			continue;
		snprintf(new, sizeof(new), "%s", json_object_get_string(value));
		snprintf(old, sizeof(old), "%s", was ? json_object_get_string(was) : "0");
		if (!strcmp(old, new))
			continue;
		if (was)
			snprintf(text, sizeof(text), "%s %s%s%s%s%s", name, old, r->style.ascii ? "->" : "→",
				 r->style.color ? "\033[33m" : "", new, r->style.color ? "\033[0m" : "");
		else
			snprintf(text, sizeof(text), "%s %s", name, new);
		put(&f, text,
		    strlen(name) + 1 + strlen(new) + (was ? strlen(old) + (r->style.ascii ? 2 : 1) : 0));
	}
	flow_end(&f);
}

/* ---- who sleeps ---- */

static void draw_waiting(FILE *out, const struct lab_report *r, const struct json_object *now)
{
	struct json_object *all = get(get(now, "object"), "waiting");

	for (size_t i = 0; i < length(all) && i < EVENTS_MAX; i++) {
		struct json_object *w = json_object_array_get_idx(all, i);
		char took[UNIT_LEN];

		format_unit(took, number_of(w, "wait_ns"), UNIT_NS);
		fprintf(out, "%*s%sasleep in %s: %s/%" PRId64 " for %s, cause %s%s\n", INDENT, "",
			hue_on(&r->style, HUE_NOTE), text_of(w, "op"), text_of(w, "comm"), number_of(w, "pid"), took,
			text_of(w, "cause") ? text_of(w, "cause") : "?", hue_off(&r->style, HUE_NOTE));
	}
	if (length(all) > EVENTS_MAX)
		fprintf(out, "%*sand %zu more asleep\n", INDENT, "", length(all) - EVENTS_MAX);
}

/* ---- messages by a number, the highest first ---- */

static void draw_parts(FILE *out, const struct lab_report *r, const struct json_object *now)
{
	struct json_object *words = get(get(now, "object"), "internals");

	if (!words)
		return;
	json_object_object_foreach(words, name, parts) {
		if (!json_object_is_type(parts, json_type_object))
			continue; /* a figure */
		json_object_object_foreach(parts, number, part) {
			int64_t inside = number_of(part, "sends") - number_of(part, "recvs");

			if (!get(part, "sends"))
				continue; /* no messages, but words about something */

			fprintf(out, "%*s%.*s %-6s ", INDENT, "", (int)strlen(name), name, number);
			for (int64_t i = 0; i < inside && i < 40; i++)
				fputs(r->style.ascii ? "#" : "■", out);
			fprintf(out, "%s%" PRId64 " inside (%" PRId64 " in, %" PRId64 " out)\n", inside ? " " : "", inside,
				number_of(part, "sends"), number_of(part, "recvs"));
		}
	}
}

/* ---- all of it ---- */

static void draw_room(FILE *out, const struct json_object *object, const char *key, const char *unit)
{
	struct json_object *used = get(get(object, "depth"), key), *room = get(get(object, "capacity"), key);

	if (used && room)
		fprintf(out, "  %" PRId64 "/%" PRId64 " %s", json_object_get_int64(used), json_object_get_int64(room), unit);
	else if (used)
		fprintf(out, "  %" PRId64 " %s", json_object_get_int64(used), unit);
}

static void draw_name(FILE *out, const struct lab_report *r, const struct json_object *object)
{
	const char *id = text_of(object, "id"), *name = text_of(object, "name");
	char text[128];

	escape_text(text, sizeof(text), name ? name : id, 128, r->style.ascii);
	cut_text(text, sizeof(text), 44, true, r->style.ascii);
	fprintf(out, "%*s%s%s %s%s", INDENT, "", hue_on(&r->style, HUE_HEAD), text_of(object, "mechanism"), text,
		hue_off(&r->style, HUE_HEAD));
	draw_room(out, object, "slots", "slots");
	draw_room(out, object, "bytes", "bytes");
	if (get(object, "destroyed") && json_object_get_boolean(get(object, "destroyed")))
		fputs("  destroyed", out);
	fputc('\n', out);
}

static void draw_ring(FILE *out, const struct lab_report *r, const struct sight *now)
{
	struct ring_style style = {.ascii = r->style.ascii, .color = r->style.color, .page_bytes = r->page_bytes};

	if (!now->ring.found)
		return;
	ring_picture(out, &now->ring, &style);
	if (now->ring.slot_cnt)
		ring_slots(out, &now->ring, &style, SLOTS_MAX);
}

void state_draw(FILE *out, const struct lab_report *r, const struct sight *now, const struct sight *before)
{
	const struct json_object *was = before ? before->document : NULL;
	struct json_object *object = get(now->document, "object");

	if (!object) {
		fprintf(out, "%*s%s: nothing was seen yet\n", INDENT, "", now->mech);
		return;
	}
	draw_events(out, r, now->document, was);
	draw_name(out, r, object);
	draw_words(out, r, now->document, was);
	draw_waiting(out, r, now->document);
	draw_parts(out, r, now->document);
	draw_ring(out, r, now);
}
