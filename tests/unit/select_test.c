// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The exact filter: which objects are kept, reading by reading, when the rows that they are kept for go. */
#include "reading.h"
#include "source/select.h"
#include "tap.h"

#define WORKER 3
#define SERVER 4

/* Pipe 7 is the server's, and of a worker while that is there; pipe 11 is the server's alone. */
static void read_rows(struct snapshot *s, bool worker, bool seven)
{
	reading_at(s, 1000);
	add_process(s, SERVER, "server");
	if (worker)
		add_process(s, WORKER, "worker");
	for (unsigned inode = 7; inode <= 11; inode += 4) {
		if (inode == 7 && !seven)
			continue;
		add_new_object(s, pipe_id(inode));
		add_transfer(s, pipe_id(inode), OP_RECV, SERVER, 1, 10, 1, 1);
		if (worker && inode == 7)
			add_transfer(s, pipe_id(inode), OP_SEND, WORKER, 1, 10, 1, 0);
	}
}

static bool has_object(const struct snapshot *s, uint64_t inode)
{
	for (size_t i = 0; i < s->objects.cnt; i++)
		if (s->objects.keys[i].id == inode)
			return true;
	return false;
}

/* Either side by another of its processes. */
static void check_sides(void)
{
	struct cli_options o = { .src = { .comm = "worker" }, .dst = { .comm = "server" } };
	struct wanted *wanted = NULL;
	struct snapshot s = { 0 };

	read_rows(&s, true, true);
	snapshot_select(&s, &o, -1, false, &wanted);
	is_int(s.objects.cnt == 1 && has_object(&s, 7), 1, "one that sends and one that receives: both are met");
	read_rows(&s, false, true);
	snapshot_select(&s, &o, -1, false, &wanted);
	is_int(s.objects.cnt == 1 && has_object(&s, 7), 1, "and stay so");
	snapshot_free(&s);
	wanted_free(wanted);
}

int main(void)
{
	struct cli_options o = { .either = { .comm = "worker" } };
	struct wanted *wanted = NULL;
	struct snapshot s = { 0 };

	ok(snapshot_selects(&o, false), "a filter is asked for");
	read_rows(&s, false, true);
	snapshot_select(&s, &o, -1, false, &wanted);
	is_int(s.objects.cnt, 0, "nobody of that name: nothing is kept");
	read_rows(&s, true, true);
	snapshot_select(&s, &o, -1, false, &wanted);
	is_int(s.objects.cnt == 1 && has_object(&s, 7), 1, "its object is kept, and no other");
	is_int(s.edges.cnt, 2, "with both its ends");
	read_rows(&s, false, true);
	snapshot_select(&s, &o, -1, false, &wanted);
	is_int(s.objects.cnt == 1 && has_object(&s, 7), 1, "and is still when the worker's rows are gone");
	is_int(s.edges.cnt, 1, "with what is left");
	read_rows(&s, false, false);
	snapshot_select(&s, &o, -1, false, &wanted);
	is_int(s.objects.cnt + s.edges.cnt, 0, "until its own are");
	read_rows(&s, false, true);
	snapshot_select(&s, &o, -1, false, &wanted);
	is_int(s.objects.cnt, 0, "what has its number then is another one");
	snapshot_free(&s);
	wanted_free(wanted);
	check_sides();
	return done_testing();
}
