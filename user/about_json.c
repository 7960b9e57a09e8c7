// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A recording's first block: what the session was about, and how its tables are laid out. */
#include <json-c/json.h>
#include <string.h>

#include "about_parts.h"
#include "model/alloc.h"
#include "source/snapshot.h"

static struct json_object *text(const char *s)
{
	return s ? json_object_new_string(s) : NULL;
}

static struct json_object *words(const char *const *list)
{
	struct json_object *array = json_object_new_array();

	for (; list && *list; list++)
		json_object_array_add(array, text(*list));
	return array;
}

static struct json_object *mechanism(const struct report_mechanism *m, const struct capability *can)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "name", text(m->mech->name));
	json_object_object_add(j, "backend", text(backend_name(m->backend)));
	json_object_object_add(j, "profile", json_object_new_int64(can->profile));
	json_object_object_add(j, "unseen", json_object_new_int64(can->unseen));
	json_object_object_add(j, "hooks", words(m->hooks));
	json_object_object_add(j, "unhooked", words(m->unhooked));
	json_object_object_add(j, "note", text(m->note));
	return j;
}

static struct json_object *mechanisms_of(const struct about *a)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < a->start.mechanism_cnt; i++) {
		const struct report_mechanism *m = &a->start.mechanisms[i];

		json_object_array_add(array, mechanism(m, &a->can[m->mech->id]));
	}
	return array;
}

static struct json_object *filters_of(const struct about *a)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < a->start.filter_cnt; i++) {
		struct json_object *pair = json_object_new_array();

		json_object_array_add(pair, text(a->start.filters[i].name));
		json_object_array_add(pair, text(a->start.filters[i].value));
		json_object_array_add(array, pair);
	}
	return array;
}

/* A reader of another version sees by this whether it can read the rest. */
static struct json_object *tables(void)
{
	struct json_object *j = json_object_new_object();

	for (size_t i = 0; i < snapshot_table_cnt; i++) {
		struct json_object *sizes = json_object_new_array();

		json_object_array_add(sizes, json_object_new_int64(snapshot_tables[i].key_size));
		json_object_array_add(sizes, json_object_new_int64(snapshot_tables[i].value_size));
		json_object_object_add(j, snapshot_tables[i].name, sizes);
	}
	json_object_object_add(j, "event", json_object_new_int64(sizeof(struct ipc_event)));
	return j;
}

char *about_to_json(const struct about *a)
{
	struct json_object *j = json_object_new_object();
	char *copy;

	json_object_object_add(j, "version", text(a->start.version));
	json_object_object_add(j, "kernel", text(a->start.kernel));
	json_object_object_add(j, "machine", text(a->start.machine));
	json_object_object_add(j, "time", text(a->start.time));
	json_object_object_add(j, "start_ns", json_object_new_int64(a->start.start_ns));
	json_object_object_add(j, "interval_s", json_object_new_double(a->start.interval_s));
	json_object_object_add(j, "page_size", json_object_new_int64(a->page_size));
	json_object_object_add(j, "mechanisms", mechanisms_of(a));
	json_object_object_add(j, "filters", filters_of(a));
	json_object_object_add(j, "tables", tables());
	copy = xstrdup(json_object_to_json_string_ext(j, JSON_C_TO_STRING_PLAIN));
	json_object_put(j);
	return copy;
}

/* Of what is not there: "", 0. */
static const char *string_of(struct json_object *j, const char *key)
{
	const char *s = json_object_get_string(json_object_object_get(j, key));

	return s ? s : "";
}

static int64_t number_of(struct json_object *j, const char *key)
{
	return json_object_get_int64(json_object_object_get(j, key));
}

static size_t length_of(struct json_object *array)
{
	return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

static bool same_tables(struct json_object *j)
{
	struct json_object *mine = tables(), *theirs = json_object_object_get(j, "tables");
	bool same = theirs && json_object_equal(mine, theirs);

	json_object_put(mine);
	return same;
}

static enum backend backend_of(const char *name)
{
	for (enum backend b = BACKEND_NONE; b < BACKEND_CNT; b++)
		if (!strcmp(backend_name(b), name))
			return b;
	return BACKEND_NONE;
}

static void add_words(struct about_parts *a, struct about_list *list, struct json_object *array)
{
	for (size_t i = 0; i < length_of(array); i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(array, i));

		about_add_hook(a, list, word ? word : "");
	}
}

static void add_mechanism(struct about_parts *a, struct json_object *j, uint32_t mechs)
{
	const struct mechanism *mech = mechanism_by_name(string_of(j, "name"));
	struct capability can = { 0 };
	struct about_mechanism *m;

	if (!mech || (mechs && !(mechs & 1u << mech->id)) || a->mechanism_cnt == MECH_MAX)
		return;
	can.backend = backend_of(string_of(j, "backend"));
	can.profile = number_of(j, "profile");
	can.unseen = number_of(j, "unseen");
	m = about_add_mechanism(a, mech, &can);
	add_words(a, &m->hooks, json_object_object_get(j, "hooks"));
	add_words(a, &m->unhooked, json_object_object_get(j, "unhooked"));
	if (*string_of(j, "note"))
		m->note = about_keep(a, string_of(j, "note"));
}

static void add_filter(struct about_parts *a, struct json_object *pair)
{
	const char *name, *value;

	if (length_of(pair) != 2)
		return;
	name = json_object_get_string(json_object_array_get_idx(pair, 0));
	value = json_object_get_string(json_object_array_get_idx(pair, 1));
	if (name && value)
		about_add_filter(a, name, value);
}

static struct about *read_about(struct json_object *j, uint32_t mechs)
{
	struct json_object *list = json_object_object_get(j, "mechanisms"), *filters = json_object_object_get(j, "filters");
	struct about_parts *a = about_new();

	a->about.start.version = about_keep(a, string_of(j, "version"));
	a->about.start.kernel = about_keep(a, string_of(j, "kernel"));
	a->about.start.machine = about_keep(a, string_of(j, "machine"));
	a->about.start.time = about_keep(a, string_of(j, "time"));
	a->about.start.start_ns = number_of(j, "start_ns");
	a->about.start.interval_s = json_object_get_double(json_object_object_get(j, "interval_s"));
	a->about.page_size = number_of(j, "page_size");
	for (size_t i = 0; i < length_of(list); i++)
		add_mechanism(a, json_object_array_get_idx(list, i), mechs);
	for (size_t i = 0; i < length_of(filters); i++)
		add_filter(a, json_object_array_get_idx(filters, i));
	return about_done(a);
}

struct about *about_from_json(const char *json, size_t len, uint32_t mechs, char *why, size_t size)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *j = json_tokener_parse_ex(tokener, json, len);
	struct about *a = NULL;

	if (!json_object_is_type(j, json_type_object)) {
		snprintf(why, size, "its first block is damaged");
	} else if (!same_tables(j)) {
		snprintf(why, size, "it was written by ipctrace %s, whose figures are laid out otherwise",
			 string_of(j, "version"));
	} else {
		a = read_about(j, mechs);
		if (!a->start.mechanism_cnt) {
			snprintf(why, size, "it has no such mechanism");
			about_free(a);
			a = NULL;
		}
	}
	json_object_put(j);
	json_tokener_free(tokener);
	return a;
}
