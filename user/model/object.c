// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The life of objects: made, read, settled after each update, kept when gone, forgotten. */
#include <stdio.h>

#include "model/alloc.h"
#include "model/hist.h"
#include "model/model.h"

static bool match(const void *item, const void *key)
{
	return !memcmp(&((const struct object *)item)->id, key, sizeof(struct ipc_object_id));
}

struct object *model_object(const struct model *m, const struct ipc_object_id *id)
{
	return index_find(&m->objects, index_hash(id, sizeof(*id)), match, id);
}

struct object *object_get(struct model *m, const struct ipc_object_id *id)
{
	struct object *o = model_object(m, id);

	if (o)
		return o;
	if (id->mech >= MECH_MAX || !m->totals[id->mech])
		return NULL;
	o = xlines(sizeof(*o));
	o->id = *id;
	o->mech = mechanism_by_id(id->mech);
	o->can = &m->config.can[id->mech];
	o->model = m;
	o->row = CURSOR_NO_ROW;
	o->first_tick = o->changed_tick = m->tick;
	o->prev = m->last;
	if (m->last)
		m->last->next = o;
	else
		m->first = o;
	m->last = o;
	m->object_cnt++;
	m->totals[id->mech]->objects++;
	index_add(&m->objects, index_hash(id, sizeof(*id)), o);
	return o;
}

void object_seen(struct model *m, struct object *o)
{
	if (o->tick == m->tick)
		return;
	o->tick = m->tick;
	m->seen_cnt++;
}

/* It leaves the indices with all that is its own. */
static void object_unlink(struct model *m, struct object *o)
{
	index_remove(&m->objects, index_hash(&o->id, sizeof(o->id)), o);
	for (struct endpoint *e = o->endpoints; e; e = e->next)
		endpoint_unlink(m, e);
	for (struct wake *w = o->wakes; w; w = w->next)
		wake_unlink(m, w);
	for (struct part *p = o->parts; p; p = p->next)
		part_unlink(m, p);
}

void object_replaced(struct model *m, struct object *o)
{
	object_unlink(m, o);
	o->replaced = true;
}

static bool is_object(const struct object *o, const struct ipc_object_id *id)
{
	return o && !memcmp(&o->id, id, sizeof(*id)) && !o->replaced;
}

static void read_object(struct model *m, struct object *o, const struct ipc_object *row)
{
	if (o->raw.flags != row->flags || o->raw.creations != row->creations ||
	    o->raw.destructions != row->destructions)
		o->changed_tick = m->tick;
	o->raw = *row;
	object_seen(m, o);
}

/* raw: struct ipc_name.path, which need not end in a NUL. */
static void name_text(const struct mechanism *mech, const struct ipc_object_id *id, const char *raw, char text[IPC_NAME_LEN + 1])
{
	if (mech->format_name)
		mech->format_name(id, raw, text, IPC_NAME_LEN);
	else
		snprintf(text, IPC_NAME_LEN + 1, "%.*s", IPC_NAME_LEN, raw);
}

static void take_name(struct object *o, const char *raw)
{
	char text[IPC_NAME_LEN + 1];

	name_text(o->mech, &o->id, raw, text);
	o->name = must_have(strdup(text));
}

bool model_object_name(const struct model *m, const struct ipc_object_id *id, char name[IPC_NAME_LEN + 1])
{
	const struct object *o = model_object(m, id);
	const struct mechanism *mech = mechanism_by_id(id->mech);
	struct ipc_name raw;

	if (o && o->name)
		return snprintf(name, IPC_NAME_LEN + 1, "%s", o->name);
	if (o || !mech || !m->config.object_name || !m->config.object_name(m->config.ctx, id, &raw) || !raw.path[0])
		return false;
	name_text(mech, id, raw.path, name);
	return true;
}

static void read_names(struct model *m, const struct snapshot *s)
{
	for (size_t i = 0; i < s->names.cnt; i++) {
		struct object *o = model_object(m, &s->names.keys[i]);

		if (!o || o->name || !s->names.values[i].path[0]) /* empty: it is just being written */
			continue;
		take_name(o, s->names.values[i].path);
	}
}

static void read_residency(struct model *m, const struct snapshot *s)
{
	for (size_t i = 0; i < s->residency.cnt; i++) {
		const struct ipc_residency *row = &s->residency.values[i];
		struct object *o = model_object(m, &s->residency.keys[i]);
		struct total *total;

		if (!o)
			continue;
		if (!o->residency)
			o->residency = xcalloc(1, sizeof(*o->residency));
		o->unfollowed = row->unfollowed;
		total = m->totals[o->id.mech];
		tally_update(o->residency, (const __u64 *)&row->hist, HIST_WORDS, total->residency[SPAN_TOTAL],
			     total->residency[SPAN_INTERVAL]);
	}
}

void objects_update(struct model *m, const struct snapshot *s)
{
	for (size_t i = 0; i < s->objects.cnt; i++) {
		const struct ipc_object *row = &s->objects.values[i];
		struct object *o = cursor_guess(&m->object_rows), *ahead = cursor_ahead(&m->object_rows, 6);

		if (ahead)
			fetch(ahead, offsetof(struct object, state));
		if (!is_object(o, &s->objects.keys[i]))
			o = object_get(m, &s->objects.keys[i]);
		if (o && o->raw.first_ns && row->first_ns && o->raw.first_ns != row->first_ns) {
			object_replaced(m, o);
			o = object_get(m, &s->objects.keys[i]);
		}
		if (!o)
			continue;
		cursor_take(&m->object_rows, o, &o->row);
		read_object(m, o, row);
	}
	read_names(m, s);
	read_residency(m, s);
}

static void join(const struct object *o, uint32_t *state, const uint32_t *other)
{
	if (o->mech->join)
		o->mech->join(state, other);
}

void object_note_state(struct object *o, const uint32_t *words)
{
	uint32_t other[IPC_STATE_WORDS];

	if (!o->mech->newer)
		return;
	if (o->fresh_tick == o->model->tick && !o->mech->newer(words, o->fresh)) {
		join(o, o->fresh, words);
		return;
	}
	memcpy(other, o->fresh, sizeof(other));
	memcpy(o->fresh, words, sizeof(o->fresh));
	if (o->fresh_tick == o->model->tick)
		join(o, o->fresh, other);
	o->fresh_tick = o->model->tick;
}

static bool is_read(const struct object *o, const uint32_t *words)
{
	static const uint32_t never[IPC_STATE_WORDS];

	return o->mech->newer && o->mech->newer(words, never);
}

/* The first sample may have been taken before the counting began. */
static bool is_sampled_anew(const struct model *m, const struct object *o)
{
	return (o->raw.flags & OBJECT_SAMPLED) && (o->raw.last_ns > m->before_ns || o->first_tick == m->tick);
}

/* It was read when the object went, or after the last operation was counted. */
static bool is_last_state(const struct model *m, const struct object *o)
{
	const struct ipc_object *raw = &o->raw;

	return (raw->flags & OBJECT_DESTROYED) ||
	       ((raw->flags & OBJECT_SAMPLED) && m->stop_ns && raw->last_ns >= m->stop_ns);
}

/*
 * Where a ring starts again, its indices do not tell which of two states is the
 * newer one: then what this update brought counts, and once more what the next
 * one brings, for a state that was read before the new start may be among it.
 */
static void settle_state(struct model *m, struct object *o)
{
	uint32_t epochs = o->raw.creations + o->raw.destructions + o->resizes;
	bool again = epochs != o->epochs;

	o->epochs = epochs;
	if (is_last_state(m, o)) {
		if (is_read(o, o->raw.state)) {
			memcpy(o->fresh, o->raw.state, sizeof(o->fresh));
			o->fresh_tick = m->tick;
			again = true;
		}
	} else if (is_sampled_anew(m, o) && (!again || o->fresh_tick != m->tick)) {
		object_note_state(o, o->raw.state);
	}
	if (o->fresh_tick != m->tick || !is_read(o, o->fresh))
		return;
	if (!again && !o->unsettled) {
		if (!o->mech->newer(o->fresh, o->state)) {
			join(o, o->state, o->fresh);
			return;
		}
		join(o, o->fresh, o->state);
	}
	o->unsettled = again && o->first_tick != m->tick;
	memcpy(o->state_before, o->state, sizeof(o->state));
	memcpy(o->state, o->fresh, sizeof(o->state));
	o->state_tick = m->tick;
}

/* The 32-bit count may have wrapped, or a torn reading set it back a little. */
static void settle_advance(struct model *m, struct object *o)
{
	uint32_t count;

	if (!o->mech->advance || !o->mech->advance(o, &count)) {
		o->advance_known = false;
		return;
	}
	o->advance_known = true;
	if (count == (uint32_t)o->advance)
		return;
	o->advance_before = o->advance;
	o->advance += (int32_t)(count - (uint32_t)o->advance);
	o->advance_tick = m->tick;
}

/* What is received while descriptors are inside is at least before them in the queue: they are on their way. */
static void settle_descriptors(struct model *m, struct object *o)
{
	struct side received;
	uint32_t cnt;

	if (!o->mech->descriptors)
		return;
	if (!o->mech->descriptors(o, &cnt) || !cnt) {
		o->passing_ns = 0;
		return;
	}
	object_side(o, OP_RECV, SPAN_INTERVAL, &received);
	if (!o->passing_ns || received.ops > received.failed)
		o->passing_ns = m->now_ns;
}

/* What was destroyed is over: an object that has its id later is another one. */
static void leave(struct model *m, struct object *o)
{
	if ((o->raw.flags & OBJECT_DESTROYED) && !o->replaced)
		object_replaced(m, o);
	o->gone = true;
	o->changed_tick = m->tick;
	m->gone_cnt++;
	if (o->queued)
		return;
	o->queued = true;
	o->gone_next = NULL;
	if (m->gone_last)
		m->gone_last->gone_next = o;
	else
		m->gone_first = o;
	m->gone_last = o;
}

void objects_settle(struct model *m)
{
	const struct object *ahead = m->first;

	for (unsigned i = 0; i < 6 && ahead; i++)
		ahead = ahead->next;
	model_for_each_object(m, o) {
		if (ahead) {
			fetch(ahead, offsetof(struct object, wakes));
			ahead = ahead->next;
		}
		if (o->tick != m->tick) {
			if (!o->gone)
				leave(m, o);
			continue;
		}
		if (o->gone) {
			o->gone = false;
			m->gone_cnt--;
		}
		if (o->changed_tick == m->tick || o->raw.last_ns > m->before_ns) {
			settle_state(m, o);
			settle_advance(m, o);
			settle_descriptors(m, o);
		}
	}
}

static void object_free(struct model *m, struct object *o)
{
	if (!o->replaced)
		object_unlink(m, o);
	if (o->prev)
		o->prev->next = o->next;
	else
		m->first = o->next;
	if (o->next)
		o->next->prev = o->prev;
	else
		m->last = o->prev;
	for (struct endpoint *e = o->endpoints, *next; e; e = next) {
		next = e->next;
		endpoint_free(e);
	}
	wakes_free_of(o);
	parts_free_of(o);
	if (o->residency)
		tally_free(o->residency);
	free(o->residency);
	free(o->name);
	free(o);
	m->object_cnt--;
}

void objects_forget(struct model *m, uint32_t gone_max)
{
	while (m->gone_first && m->gone_cnt > gone_max) {
		struct object *o = m->gone_first;
		struct total *total = m->totals[o->id.mech];
		int64_t balance;

		m->gone_first = o->gone_next;
		if (!m->gone_first)
			m->gone_last = NULL;
		o->queued = false;
		if (!o->gone)
			continue;
		total->forgotten++;
		if (object_balance(o, &balance))
			total->forgotten_balance += balance;
		else
			total->forgotten_unbalanced++;
		m->gone_cnt--;
		object_free(m, o);
	}
}

void objects_free(struct model *m)
{
	while (m->first)
		object_free(m, m->first);
	cursor_free(&m->object_rows);
}
