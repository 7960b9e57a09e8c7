// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/alloc.h"
#include "model/model.h"

_Static_assert(sizeof(struct ipc_wake_key) == 32, "hashed as a whole");

static bool match(const void *item, const void *key)
{
	return !memcmp(&((const struct wake *)item)->key, key, sizeof(struct ipc_wake_key));
}

static struct wake *wake_find(const struct model *m, const struct ipc_wake_key *key)
{
	return index_find(&m->wakes, index_hash(key, sizeof(*key)), match, key);
}

static struct wake *wake_make(struct model *m, struct object *o, const struct ipc_wake_key *key)
{
	struct wake *w;

	w = xcalloc(1, sizeof(*w));
	w->key = *key;
	w->row = CURSOR_NO_ROW;
	w->object = o;
	w->next = o->wakes;
	o->wakes = w;
	index_add(&m->wakes, index_hash(key, sizeof(*key)), w);
	return w;
}

static struct wake *wake_get(struct model *m, const struct ipc_wake_key *key)
{
	struct ipc_object_id id = { .id = key->id, .domain = key->domain, .mech = key->mech };
	struct wake *w = wake_find(m, key);
	struct object *o;

	if (w)
		return w;
	o = model_object(m, &id);
	return o ? wake_make(m, o, key) : NULL; /* the first operation on it has not ended yet: next time */
}

void wake_fold(struct model *m, struct object *o, const struct ipc_wake_key *key, uint64_t cnt)
{
	struct wake *w = wake_find(m, key);

	if (!w)
		w = wake_make(m, o, key);
	w->now += cnt; /* such a pair is in no reading: of its interval there is nothing */
}

void wakes_update(struct model *m, const struct snapshot *s)
{
	for (size_t i = 0; i < s->wakes.cnt; i++) {
		const struct ipc_wake_key *key = &s->wakes.keys[i];
		struct wake *w = cursor_guess(&m->wake_rows);

		if (!w || w->object->replaced || memcmp(&w->key, key, sizeof(*key)))
			w = wake_get(m, key);
		if (!w || w->tick == m->tick || w->object->tick != m->tick)
			continue;
		cursor_take(&m->wake_rows, w, &w->row);
		w->before = w->now;
		w->now = s->wakes.values[i];
		w->tick = m->tick;
	}
}

uint64_t wake_count(const struct model *m, const struct wake *w, enum span span)
{
	if (span == SPAN_TOTAL)
		return w->now;
	return w->tick == m->tick && w->now > w->before ? w->now - w->before : 0;
}

const char *waker_name(enum ipc_waker kind)
{
	static const char *const names[] = {
		[WAKER_TASK] = "task",	   [WAKER_INTERRUPT] = "interrupt", [WAKER_TIMER] = "timer",
		[WAKER_SIGNAL] = "signal", [WAKER_REMOVAL] = "removal",
	};

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "task";
}

size_t wakes_top(const struct model *m, enum ipc_mech mech, enum span span, const struct wake **top, size_t max)
{
	size_t cnt = 0;

	model_for_each_object(m, o) {
		if (o->id.mech != mech)
			continue;
		for (const struct wake *w = o->wakes; w; w = w->next) {
			uint64_t count = wake_count(m, w, span);
			size_t at = cnt;

			if (!count)
				continue;
			while (at > 0 && wake_count(m, top[at - 1], span) < count)
				at--;
			if (at == max)
				continue;
			if (cnt < max)
				cnt++;
			memmove(&top[at + 1], &top[at], (cnt - 1 - at) * sizeof(*top));
			top[at] = w;
		}
	}
	return cnt;
}

void wake_unlink(struct model *m, struct wake *w)
{
	index_remove(&m->wakes, index_hash(&w->key, sizeof(w->key)), w);
}

void wakes_free_of(struct object *o)
{
	for (struct wake *w = o->wakes, *next; w; w = next) {
		next = w->next;
		free(w);
	}
	o->wakes = NULL;
}
