// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a scenario counted itself, beside each call, against what the probes saw. */
#include "lab/truth_store.h"

#include "experiment/stage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

static const char *const sides[SIDE_CNT] = {"send", "recv", "open", "close", "ctl"};
static const char *const keys[KEY_CNT] = {[OPS] = "ops",	 [BYTES] = "bytes", [COPIED] = "copied_bytes",
					  [MOVED] = "moved_bytes", [COPIES] = "copies", [WAITS] = "waits",
					  [WAKES] = "wakes"};

struct comparison {
	unsigned cnt, missed;
	char *differs;
	size_t size;
};

/* NULL: not seen by this backend. */
static struct json_object *member(const struct json_object *o, const char *key)
{
	struct json_object *value = NULL;

	if (o)
		json_object_object_get_ex(o, key, &value);
	return value;
}

/* What the probes know to have missed may be short. */
static void compare_one(struct comparison *c, const char *side, const char *key, struct json_object *value, uint64_t min,
			uint64_t max)
{
	uint64_t saw;

	if (!value)
		return;
	saw = json_object_get_int64(value);
	c->cnt++;
	if ((saw >= min || c->missed) && saw <= max)
		return;
	if (!*c->differs)
		snprintf(c->differs, c->size, "%s.%s is %llu in the probes, %llu in the scenario", side, key,
			 (unsigned long long)saw, (unsigned long long)min);
}

static void compare_figures(struct comparison *c, const struct object *o, const struct json_object *seen)
{
	for (int side = SEND; side < SIDE_CNT; side++)
		for (int key = OPS; key < KEY_CNT; key++) {
			const struct figure *f = &o->figures[side][key];
			uint64_t n = f->n;

			if (f->known == UNKNOWN || !keys[key])
				continue;
			compare_one(c, sides[side], keys[key], member(member(seen, sides[side]), keys[key]),
				    f->known == RANGE ? f->min : n, f->known == RANGE ? f->max : n);
		}
}

static void compare_errors(struct comparison *c, const struct object *o, const struct json_object *seen)
{
	for (int side = SEND; side <= RECV; side++) {
		struct json_object *errors = member(member(seen, sides[side]), "errors");

		for (int i = 0; errors && !o->errors[side].unknown && i < MAX_ERRORS; i++) {
			unsigned cnt = o->errors[side].rows[i].cnt;
			struct json_object *none = json_object_new_int(0), *saw;
			const char *name = strerrorname_np(o->errors[side].rows[i].number);

			if (cnt) {
				saw = member(errors, name);
				saw = !saw && o->errors[side].rows[i].number == EINTR ? member(errors, "ERESTARTSYS") : saw;
				compare_one(c, sides[side], name, saw ? saw : none, cnt, cnt);
			}
			json_object_put(none);
		}
	}
}

unsigned stage_compare(unsigned nth, const struct json_object *seen, unsigned missed, char *differs, size_t size)
{
	struct comparison c = {.missed = missed, .differs = differs, .size = size};
	const struct object *o = &truth->objects[nth];

	*differs = '\0';
	compare_figures(&c, o, seen);
	compare_errors(&c, o, seen);
	return c.cnt;
}

unsigned stage_objects(void)
{
	return truth->object_cnt;
}

const char *stage_object_mech(unsigned nth)
{
	return truth->objects[nth].mech;
}

const char *stage_object_key(unsigned nth)
{
	return truth->objects[nth].key;
}
