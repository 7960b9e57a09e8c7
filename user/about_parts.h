/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a struct about is put together: for what makes one. Strings are kept, all of them, until about_free(). */
#ifndef ABOUT_PARTS_H
#define ABOUT_PARTS_H

#include "about.h"

struct about_list {
	const char **words; /* NULL-terminated */
	size_t cnt;
};

struct about_mechanism {
	const struct mechanism *mech;
	enum backend backend;
	struct about_list hooks, unhooked;
	const char *note;
};

struct about_parts {
	struct about about; /* first: it is what others see */
	struct about_mechanism mechanisms[MECH_MAX];
	size_t mechanism_cnt;
	struct report_mechanism *shown;
	struct report_filter *filters;
	size_t filter_cnt;
	struct about_list kept;
};

struct about_parts *about_new(void);
const char *about_keep(struct about_parts *a, const char *text);
struct about_mechanism *about_add_mechanism(struct about_parts *a, const struct mechanism *mech,
					    const struct capability *can);
void about_add_hook(struct about_parts *a, struct about_list *list, const char *hook);
void about_add_filter(struct about_parts *a, const char *name, const char *value);
struct about *about_done(struct about_parts *a); /* after the last of the above */

#endif
