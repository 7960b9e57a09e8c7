/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `ipctrace top` lists: what was not collected is a dash, and no zero. */
#include <stdlib.h>

#include "mech/unix.h"
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

static void say(struct snapshot *s, struct ipc_object_id id, enum ipc_op op, uint32_t tgid, uint64_t bytes, bool first)
{
	struct ipc_edge *e = add_edge(s, id, op, tgid);

	e->ops = 1;
	e->bytes = bytes;
	e->counters[SOCKET_FIRST_OPS] = first;
	e->counters[SOCKET_FIRST_BYTES] = first ? bytes : 0;
	e->state[UNIX_TYPE] = e->state[UNIX_STATE] = 1;
}

/* A caller and a server talk through a pair of sockets, two others each write into a pipe and read from it. */
static void test_both_ways(void)
{
	const struct ipc_object_id pair = { .id = 9, .mech = MECH_UNIX };
	struct model_config config = reading_config(BACKEND_FUNCTION, PROFILE_ALL);
	struct report *r = calloc(1, sizeof(*r));
	struct top_lines l = { 0 };
	struct snapshot s = { 0 };
	struct model *m;

	config.can[MECH_UNIX] = capability_of(mechanism_by_id(MECH_UNIX), BACKEND_FUNCTION, PROFILE_ALL);
	m = model_new(&config);
	reading_at(&s, 1000);
	add_process(&s, 21, "caller");
	add_process(&s, 22, "server");
	add_process(&s, 23, "left");
	add_process(&s, 24, "right");
	add_new_object(&s, pair);
	say(&s, pair, OP_SEND, 21, 97, true);
	say(&s, pair, OP_RECV, 21, 31, true);
	say(&s, pair, OP_SEND, 22, 31, false);
	say(&s, pair, OP_RECV, 22, 97, false);
	add_new_object(&s, pipe_id(7));
	for (unsigned pid = 23; pid <= 24; pid++) {
		add_transfer(&s, pipe_id(7), OP_SEND, pid, 1, 11, 1, 0);
		add_transfer(&s, pipe_id(7), OP_RECV, pid, 1, 11, 2, 2);
	}
	model_update(m, &s);
	snapshot_free(&s);
	r->model = m;
	list(&l, r, TOP_PAIRS, "");
	is_int(l.cnt, 5, "a head and two pairs, each both ways");
	ok(strstr(line_with(&l, "caller/21"), " unix          97 "), "what the caller sent");
	ok(strstr(line_with(&l, "server/22"), " unix          31 "), "what it was answered");
	ok(strstr(line_with(&l, "left/23"), " pipe           – "), "who read whose is not known of a pipe");
	done(r, &l);
}

/* A number that is looked for is a process's, and no part of another number. */
static void test_pid(void)
{
	struct top_lines l = { 0 };
	struct report *r = reported(PROFILE_ALL);
	char unknown[64];

	table_init(&r->table, NULL, PROFILE_ALL, unknown);
	list(&l, r, TOP_OBJECTS, "11");
	is_int(l.cnt, 2, "an object by a PID");
	list(&l, r, TOP_OBJECTS, "7");
	is_int(l.cnt, 1, "none by a number that is no PID");
	list(&l, r, TOP_OBJECTS, "[7");
	is_int(l.cnt, 2, "but by how it is called");
	list(&l, r, TOP_OBJECTS, "1");
	is_int(l.cnt, 1, "part of a PID is another one");
	done(r, &l);
}

/* The usual order the other way round: those that did least come first. */
static void test_reversed(void)
{
	struct top_lines l = { 0 };
	struct report *r = reported(PROFILE_ALL);
	struct top_view v = { .mode = TOP_OBJECTS, .rows = 100, .width = 100 };
	struct snapshot s = { 0 };
	char unknown[64];

	reading_at(&s, 2000);
	add_new_object(&s, pipe_id(7));
	add_new_object(&s, pipe_id(8));
	add_transfer(&s, pipe_id(7), OP_SEND, 11, 2, 197, 2, 1);
	model_update((struct model *)r->model, &s);
	snapshot_free(&s);
	table_init(&r->table, NULL, PROFILE_ALL, unknown);
	top_list(&l, r, &v);
	is_int(l.lines[1].object.id, 7, "busiest first");
	v.reversed[TOP_OBJECTS] = true;
	top_list((top_lines_clear(&l), &l), r, &v);
	is_int(l.lines[1].object.id, 8, "idle first");
	is_int(l.lines[1].text == NULL, 1, "not printed yet");
	top_print(&l, r, 100, 1, 1);
	ok(l.lines[0].text && !l.lines[1].text && strstr(l.lines[2].text, "pipe:[7]"), "one is, and the head");
	done(r, &l);
}

int main(void)
{
	test_reversed();
	test_detail();
	test_lists();
	test_both_ways();
	test_pid();
	return done_testing();
}
