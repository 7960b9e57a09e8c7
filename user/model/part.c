// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>

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

/* In which pass this one was found last. */
static uint32_t last_pass(const struct object *o)
{
	uint32_t pass = 0;

	for (const struct part *p = o->parts; p; p = p->next)
		if (p->now.words[IPC_PART_PASS] > pass)
			pass = p->now.words[IPC_PART_PASS];
	return pass;
}

static bool is_shown(const struct part *p, const struct mech_parts *kind, enum span span, uint32_t pass)
{
	struct ipc_part counts;

	if (p->key.part < kind->first || p->key.part > kind->last || (kind->of_pass && p->now.words[IPC_PART_PASS] != pass))
		return false;
	part_counts(p->object->model, p, span, &counts);
	return !kind->counts || counts.sends || counts.recvs;
}

const struct part **parts_of(const struct object *o, const struct mech_parts *kind, enum span span, size_t *cnt)
{
	const struct part **all;
	uint32_t pass = last_pass(o);
	size_t n = 0;

	*cnt = 0;
	if (!(kind->backends & SEEN_BY(o->can->backend)) || !(o->can->profile & PROFILE_DETAIL) ||
	    (kind->of_pass && !object_sample_is_new(o)))
		return NULL;
	for (const struct part *p = o->parts; p; p = p->next)
		n += is_shown(p, kind, span, pass);
	all = xcalloc(n + 1, sizeof(*all));
	for (const struct part *p = o->parts; p; p = p->next)
		if (is_shown(p, kind, span, pass))
			all[(*cnt)++] = p;
	qsort(all, *cnt, sizeof(*all), compare);
	return all;
}

void part_label(const struct mech_parts *kind, const struct part *p, char label[PART_LABEL_LEN])
{
	long long number = p->key.part - kind->first;

	if (kind->labels)
		snprintf(label, PART_LABEL_LEN, "%s", kind->labels[number]);
	else
		snprintf(label, PART_LABEL_LEN, kind->is_signed ? "%lld" : "%llu", number);
}

const char *part_word_name(const struct mech_parts *kind, const struct part *p, unsigned word)
{
	const char *const *names = kind->names[word];
	uint32_t value = p->now.words[word];

	for (uint32_t i = 0; names && names[i]; i++)
		if (i == value)
			return names[i];
	return NULL;
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
