// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A delta: struct delta_head, then of each table of snapshot_tables[] struct
 * delta_rows, the keys that are new or changed, their values, and the keys that
 * are gone; keys in the order of memcmp().
 */
#include "source/delta.h"

#include <errno.h>
#include <string.h>

#include "model/alloc.h"

#define DELTA_WHOLE 1u /* head.flags: the state before is forgotten */

/* Everything of a snapshot that is no table; its layout is part of the format (BLOCK_VERSION). */
struct delta_head {
	uint32_t kind, flags;
	uint64_t now_ns, start_ns, stop_ns;
	struct losses losses;
	uint64_t missed_by_op_known, missed_charged;
	struct missed_ops missed_by_mech[MECH_MAX];
};

struct delta_rows {
	uint32_t changed, gone;
};

static char *at(const void *rows, size_t i, size_t size)
{
	return (char *)rows + i * size;
}

struct order {
	const char *keys;
	size_t size;
};

static int by_key(const void *a, const void *b, void *arg)
{
	const struct order *o = arg;

	return memcmp(o->keys + *(const uint32_t *)a * o->size, o->keys + *(const uint32_t *)b * o->size, o->size);
}

/* The rows in the order of their keys. */
static uint32_t *sorted(const struct snapshot_rows *rows, const struct snapshot_table *t)
{
	struct order order = { rows->keys, t->key_size };
	uint32_t *index = xreallocarray(NULL, rows->cnt, sizeof(*index));

	for (size_t i = 0; i < rows->cnt; i++)
		index[i] = i;
	qsort_r(index, rows->cnt, sizeof(*index), by_key, &order);
	return index;
}

static void put_row(struct snapshot_rows *rows, const struct snapshot_table *t, const void *key, const void *value)
{
	memcpy(at(rows->keys, rows->cnt, t->key_size), key, t->key_size);
	memcpy(at(rows->values, rows->cnt++, t->value_size), value, t->value_size);
}

/* One table: sorts now, compares it with the sorted state row by row, and makes it the state. */
static void write_table(struct bytes *out, struct snapshot_rows *state, const struct snapshot_rows *now,
			const struct snapshot_table *t)
{
	uint32_t *index = sorted(now, t);
	struct snapshot_rows next = { 0 };
	struct bytes values = { 0 }, gone = { 0 };
	size_t head_at = out->len, old = 0;
	struct delta_rows head = { 0 };

	snapshot_reserve(&next, t, now->cnt);
	bytes_put(out, &head, sizeof(head));
	for (size_t i = 0; i < now->cnt; i++) {
		const char *key = at(now->keys, index[i], t->key_size), *value = at(now->values, index[i], t->value_size);
		int order = 1;

		while (old < state->cnt && (order = memcmp(at(state->keys, old, t->key_size), key, t->key_size)) < 0) {
			bytes_put(&gone, at(state->keys, old++, t->key_size), t->key_size);
			head.gone++;
			order = 1;
		}
		put_row(&next, t, key, value);
		if (order == 0 && !memcmp(at(state->values, old++, t->value_size), value, t->value_size))
			continue;
		bytes_put(out, key, t->key_size);
		bytes_put(&values, value, t->value_size);
		head.changed++;
	}
	for (; old < state->cnt; old++, head.gone++)
		bytes_put(&gone, at(state->keys, old, t->key_size), t->key_size);
	memcpy(out->data + head_at, &head, sizeof(head));
	bytes_put(out, values.data, values.len);
	bytes_put(out, gone.data, gone.len);
	bytes_free(&values);
	bytes_free(&gone);
	free(index);
	free(state->keys);
	free(state->values);
	*state = next;
}

void delta_write(struct bytes *out, struct snapshot *state, const struct snapshot *s, enum delta_kind kind, bool whole)
{
	struct delta_head head = {
		.kind = kind,
		.flags = whole ? DELTA_WHOLE : 0,
		.now_ns = s->now_ns,
		.start_ns = s->start_ns,
		.stop_ns = s->stop_ns,
		.losses = s->losses,
		.missed_by_op_known = s->missed_by_op_known,
		.missed_charged = s->missed_charged,
	};

	memcpy(head.missed_by_mech, s->missed_by_mech, sizeof(head.missed_by_mech));
	bytes_put(out, &head, sizeof(head));
	if (whole)
		snapshot_clear(state);
	for (size_t i = 0; i < snapshot_table_cnt; i++)
		write_table(out, snapshot_rows(state, &snapshot_tables[i]), snapshot_rows(s, &snapshot_tables[i]),
			    &snapshot_tables[i]);
}

/* What is left of a delta. */
struct reader {
	const unsigned char *data;
	size_t len;
};

/* NULL: there is less. */
static const void *take(struct reader *r, size_t cnt, size_t size)
{
	const void *data = r->data;

	if (cnt && size > r->len / cnt)
		return NULL;
	r->data += cnt * size;
	r->len -= cnt * size;
	return data;
}

static int apply_table(struct reader *r, struct snapshot_rows *state, const struct snapshot_table *t)
{
	const struct delta_rows *head_at = take(r, 1, sizeof(*head_at));
	struct snapshot_rows next = { 0 };
	const char *keys, *values, *gone;
	size_t changed = 0, lost = 0;
	struct delta_rows head;

	if (!head_at)
		return -EBADMSG;
	memcpy(&head, head_at, sizeof(head));
	keys = take(r, head.changed, t->key_size);
	values = keys ? take(r, head.changed, t->value_size) : NULL;
	gone = values ? take(r, head.gone, t->key_size) : NULL;
	if (!gone)
		return -EBADMSG;
	snapshot_reserve(&next, t, state->cnt + head.changed);
	for (size_t old = 0; old < state->cnt || changed < head.changed;) {
		const char *key = old < state->cnt ? at(state->keys, old, t->key_size) : NULL;
		int order = !key ? 1 : changed == head.changed ? -1 : memcmp(key, keys + changed * t->key_size, t->key_size);

		if (order < 0 && lost < head.gone && !memcmp(key, gone + lost * t->key_size, t->key_size))
			lost++;
		else if (order < 0)
			put_row(&next, t, key, at(state->values, old, t->value_size));
		if (order >= 0) {
			put_row(&next, t, keys + changed * t->key_size, values + changed * t->value_size);
			changed++;
		}
		old += order <= 0;
	}
	free(state->keys);
	free(state->values);
	*state = next;
	return lost == head.gone ? 0 : -EBADMSG;
}

int delta_apply(const struct bytes *in, struct snapshot *state, enum delta_kind *kind)
{
	struct reader r = { in->data, in->len };
	const void *head_at = take(&r, 1, sizeof(struct delta_head));
	struct delta_head head;

	if (!head_at)
		return -EBADMSG;
	memcpy(&head, head_at, sizeof(head));
	if (head.flags & DELTA_WHOLE)
		snapshot_clear(state);
	*kind = head.kind;
	state->now_ns = head.now_ns;
	state->start_ns = head.start_ns;
	state->stop_ns = head.stop_ns;
	state->losses = head.losses;
	state->missed_by_op_known = head.missed_by_op_known;
	state->missed_charged = head.missed_charged;
	memcpy(state->missed_by_mech, head.missed_by_mech, sizeof(head.missed_by_mech));
	for (size_t i = 0; i < snapshot_table_cnt && r.len; i++) { /* of an earlier version: without the last tables */
		int err = apply_table(&r, snapshot_rows(state, &snapshot_tables[i]), &snapshot_tables[i]);

		if (err)
			return err;
	}
	return r.len ? -EBADMSG : 0;
}
