// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "about_parts.h"

#include <stdlib.h>
#include <string.h>

#include "model/alloc.h"

struct about_parts *about_new(void)
{
	return xcalloc(1, sizeof(struct about_parts));
}

static void add(struct about_list *list, const char *word)
{
	list->words = xreallocarray(list->words, list->cnt + 2, sizeof(*list->words));
	list->words[list->cnt++] = word;
	list->words[list->cnt] = NULL;
}

const char *about_keep(struct about_parts *a, const char *text)
{
	add(&a->kept, xstrdup(text));
	return a->kept.words[a->kept.cnt - 1];
}

struct about_mechanism *about_add_mechanism(struct about_parts *a, const struct mechanism *mech,
					    const struct capability *can)
{
	struct about_mechanism *m = &a->mechanisms[a->mechanism_cnt++];

	m->mech = mech;
	m->backend = can->backend;
	a->about.can[mech->id] = *can;
	return m;
}

void about_add_hook(struct about_parts *a, struct about_list *list, const char *hook)
{
	add(list, about_keep(a, hook));
}

void about_add_filter(struct about_parts *a, const char *name, const char *value)
{
	a->filters = xreallocarray(a->filters, a->filter_cnt + 1, sizeof(*a->filters));
	a->filters[a->filter_cnt].name = about_keep(a, name);
	a->filters[a->filter_cnt++].value = about_keep(a, value);
}

struct about *about_done(struct about_parts *a)
{
	a->shown = xcalloc(a->mechanism_cnt, sizeof(*a->shown));
	for (size_t i = 0; i < a->mechanism_cnt; i++) {
		const struct about_mechanism *m = &a->mechanisms[i];

		a->shown[i] = (struct report_mechanism){ m->mech, m->backend, m->hooks.words, m->unhooked.words,
							 m->note };
	}
	a->about.start.mechanisms = a->shown;
	a->about.start.mechanism_cnt = a->mechanism_cnt;
	a->about.start.filters = a->filters;
	a->about.start.filter_cnt = a->filter_cnt;
	return &a->about;
}

uint32_t about_mechanisms(const struct about *a)
{
	uint32_t mechs = 0;

	for (size_t i = 0; i < a->start.mechanism_cnt; i++)
		mechs |= 1u << a->start.mechanisms[i].mech->id;
	return mechs;
}

void about_free(struct about *about)
{
	struct about_parts *a = (struct about_parts *)about;

	if (!a)
		return;
	for (size_t i = 0; i < a->mechanism_cnt; i++) {
		free(a->mechanisms[i].hooks.words);
		free(a->mechanisms[i].unhooked.words);
	}
	for (size_t i = 0; i < a->kept.cnt; i++)
		free((char *)a->kept.words[i]);
	free(a->kept.words);
	free(a->shown);
	free(a->filters);
	free(a);
}
