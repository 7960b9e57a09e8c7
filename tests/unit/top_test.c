/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `ipctrace top` lists: what was not collected is a dash, and no zero. */
#include <stdlib.h>

#include "reading.h"
#include "tap.h"
#include "view/top.h"

/* A word of 97 bytes from 11 to 12. */
static struct report *reported(uint32_t profile)
{
	struct report *r = calloc(1, sizeof(*r));
	struct model *m = reading_model(profile);
	struct snapshot s = { 0 };

	reading_at(&s, 1000);
	add_process(&s, 11, "teller");
	add_process(&s, 12, "hearer");
	add_new_object(&s, pipe_id(7));
	add_transfer(&s, pipe_id(7), OP_SEND, 11, 1, 97, 1, 0);
	add_transfer(&s, pipe_id(7), OP_RECV, 12, 1, 97, 1, 1);
	model_update(m, &s);
	snapshot_free(&s);
	r->model = m;
	return r;
}

static void done(struct report *r, struct top_lines *l)
{
	top_lines_free(l);
	model_free((struct model *)r->model);
	free(r);
}

static const struct top_line *find(const struct top_lines *l, const char *beginning)
{
	static const struct top_line none = { .text = "" };

	for (size_t i = 0; i < l->cnt; i++)
		if (!strncmp(l->lines[i].text, beginning, strlen(beginning)))
			return &l->lines[i];
	return &none;
}

static const char *line_with(const struct top_lines *l, const char *beginning)
{
	return find(l, beginning)->text;
}

static void test_detail(void)
{
	struct top_lines l = { 0 };
	struct report *r = reported(0);
	const struct ipc_object_id id = pipe_id(7);

	top_detail(&l, r, model_object(r->model, &id), 100);
	is_str(line_with(&l, "  send"), "  send              1          97        –        –        –        –        –",
	       "counts only: no waits, no wakeups");
	done(r, &l);
	r = reported(PROFILE_ALL);
	l = (struct top_lines){ 0 };
	top_detail(&l, r, model_object(r->model, &id), 100);
	is_str(line_with(&l, "  send"), "  send              1          97        0        0        0        0        0", "nobody waited");
	done(r, &l);
}

static void list(struct top_lines *l, struct report *r, enum top_mode mode, const char *filter)
{
	struct top_view v = { .mode = mode, .rows = 100, .width = 100 };

	top_lines_free(l);
	snprintf(v.filter, sizeof(v.filter), "%s", filter);
	top_list(l, r, &v);
}

static void test_lists(void)
{
	struct top_lines l = { 0 };
	struct report *r = reported(0);

	list(&l, r, TOP_PROCESSES, "");
	is_int(l.cnt, 3, "a head and two processes");
	is_str(find(&l, "teller/11")->filter, "11", "Enter: its objects");
	ok(strstr(line_with(&l, "teller/11"), " 97      1      –       –     1"), "neither share waited nor wakeups");
	r->options.by = ACTOR_COMMAND;
	list(&l, r, TOP_PROCESSES, "");
	is_str(find(&l, "teller")->filter, "teller", "of a group those of all of it");
	list(&l, r, TOP_PAIRS, "12");
	is_int(l.cnt, 2, "a pair by the PID of who receives");
	list(&l, r, TOP_PAIRS, "13");
	is_int(l.cnt, 1, "none of another's");
	done(r, &l);
	r = reported(PROFILE_ALL);
	l = (struct top_lines){ 0 };
	list(&l, r, TOP_PROCESSES, "");
	ok(strstr(line_with(&l, "teller/11"), " 97      1     0%       0     1"), "nobody waited");
	done(r, &l);
}

int main(void)
{
	test_detail();
	test_lists();
	return done_testing();
}
