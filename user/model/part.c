// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/alloc.h"
#include "model/model.h"

_Static_assert(sizeof(struct ipc_part_key) == 24, "hashed as a whole");

static bool match(const void *item, const void *key)
{
	return !memcmp(&((const struct part *)item)->key, key, sizeof(struct ipc_part_key));
}

static struct part *part_get(struct model *m, const struct ipc_part_key *key)
{
	uint32_t hash = index_hash(key, sizeof(*key));
	struct part *p = index_find(&m->parts, hash, match, key);
	struct object *o;

	if (p)
		return p;
	o = model_object(m, &key->obj);
	if (!o)
		return NULL; /* the first operation on it has not ended yet: next time */
	p = xcalloc(1, sizeof(*p));
	p->key = *key;
	p->object = o;
	p->next = o->parts;
	o->parts = p;
	index_add(&m->parts, hash, p);
	return p;
}

void parts_update(struct model *m, const struct snapshot *s)
{
	for (size_t i = 0; i < s->parts.cnt; i++) {
		struct part *p = part_get(m, &s->parts.keys[i]);

		if (!p || p->object->tick != m->tick)
			continue;
		p->before = p->now;
		p->now = s->parts.values[i];
		p->tick = m->tick;
	}
}

static int compare(const void *a, const void *b)
{
	const struct part *x = *(const struct part *const *)a, *y = *(const struct part *const *)b;

	return (x->key.part > y->key.part) - (x->key.part < y->key.part);
}

const struct part **parts_sorted(const struct object *o, size_t *cnt)
{
	const struct part **all;
	size_t n = 0;

	for (const struct part *p = o->parts; p; p = p->next)
		n++;
	all = xcalloc(n + 1, sizeof(*all));
	*cnt = n;
	for (const struct part *p = o->parts; p; p = p->next)
		all[--n] = p;
	qsort(all, *cnt, sizeof(*all), compare);
	return all;
}

void part_counts(const struct model *m, const struct part *p, enum span span, struct ipc_part *counts)
{
	*counts = p->now;
	if (span == SPAN_TOTAL)
		return;
	*counts = (struct ipc_part){ 0 };
	if (p->tick != m->tick)
		return;
	counts->sends = p->now.sends - p->before.sends;
	counts->recvs = p->now.recvs - p->before.recvs;
}

void part_unlink(struct model *m, struct part *p)
{
	index_remove(&m->parts, index_hash(&p->key, sizeof(p->key)), p);
}

void parts_free_of(struct object *o)
{
	for (struct part *p = o->parts, *next; p; p = next) {
		next = p->next;
		free(p);
	}
	o->parts = NULL;
}
