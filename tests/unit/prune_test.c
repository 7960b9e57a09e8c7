// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What goes, when, and what stays: rows written by hand, in maps that are snapshots. */
#include "reading.h"
#include "source/prune.h"
#include "tap.h"

#define ROOM 20 /* rows of each table: 8 are more than three eighths */

/* The kernel's side: its rows, and what happens to them between being read and being taken out. */
struct kernel_side {
	struct snapshot s;
	unsigned removed;
	uint64_t late_ops; /* of an edge that goes, since it was read */
	bool revives;	   /* an object that goes is made anew before it does */
};

static void take_out(struct snapshot_rows *rows, const struct snapshot_table *t, size_t i)
{
	char *keys = rows->keys, *values = rows->values;

	rows->cnt--;
	memmove(keys + i * t->key_size, keys + (i + 1) * t->key_size, (rows->cnt - i) * t->key_size);
	memmove(values + i * t->value_size, values + (i + 1) * t->value_size, (rows->cnt - i) * t->value_size);
}

static uint64_t remove_row(void *ctx, const struct snapshot_table *t, const void *key)
{
	struct kernel_side *k = ctx;
	struct snapshot_rows *rows = snapshot_rows(&k->s, t);
	uint64_t ops = 0;

	for (size_t i = 0; i < rows->cnt; i++) {
		if (memcmp((char *)rows->keys + i * t->key_size, key, t->key_size))
			continue;
		if (!strcmp(t->name, "edges"))
			ops = k->s.edges.values[i].ops + k->late_ops;
		take_out(rows, t, i);
		k->removed++;
		return ops;
	}
	ok(false, "a row of %s that goes is there", t->name);
	return 0;
}

static bool look_at_row(void *ctx, const struct ipc_object_id *id, struct ipc_object *row)
{
	struct kernel_side *k = ctx;

	for (size_t i = 0; i < k->s.objects.cnt; i++) {
		if (memcmp(&k->s.objects.keys[i], id, sizeof(*id)))
			continue;
		*row = k->s.objects.values[i];
		if (k->revives) {
			row->creations++;
			row->flags = 0;
		}
		return true;
	}
	return false;
}

static struct prune *begin(struct kernel_side *k, uint32_t found, uint32_t lifeless)
{
	struct prune_config config = {
		.found = found, .lifeless = lifeless, .remove = remove_row, .look = look_at_row, .ctx = k,
	};

	memset(k, 0, sizeof(*k));
	for (size_t i = 0; i < snapshot_table_cnt; i++)
		config.room[i] = ROOM;
	return prune_new(&config);
}

static void end(struct kernel_side *k, struct prune *p)
{
	snapshot_free(&k->s);
	prune_free(p);
}

/* A reading, ms after the start; the last pass was pass_ms after it. Returns how many rows went. */
static unsigned reading(struct kernel_side *k, struct prune *p, uint64_t ms, uint64_t pass_ms)
{
	static const char *const order[] = { "processes", "objects", "sleepers", "edges", "errors", "wakes", "hists", "residency", "parts", "names" };
	unsigned before = k->removed;

	prune_begin(p, START_NS + ms * MS, START_NS + pass_ms * MS);
	for (unsigned n = 0; n < sizeof(order) / sizeof(order[0]); n++)
		for (size_t i = 0; i < snapshot_table_cnt; i++)
			if (!strcmp(snapshot_tables[i].name, order[n]))
				prune_look(p, &snapshot_tables[i], snapshot_rows(&k->s, &snapshot_tables[i]));
	prune_end(p);
	return k->removed - before;
}

/* Another table is full, so that rows go. */
static void press(struct kernel_side *k)
{
	for (uint32_t i = 0; i < ROOM; i++) {
		struct ipc_process_key key = { .tgid = 1000 + i, .start = 1 };

		APPEND(&k->s.processes, key);
	}
}

static struct ipc_object *add_destroyed(struct kernel_side *k, struct ipc_object_id id, uint64_t end_ms)
{
	struct ipc_object *o = add_new_object(&k->s, id);

	o->flags = OBJECT_DESTROYED;
	o->last_ns = START_NS + end_ms * MS;
	return o;
}

/* One row of everything that an object can have: an edge, an error, a wakeup, histograms, residency, a part, a name. */
static void add_all(struct kernel_side *k, struct ipc_object_id id)
{
	struct ipc_error_key error = { .edge = edge_key(id, OP_SEND, 3), .error = 11 };
	struct ipc_part_key part = { .obj = id, .part = 7 };

	add_transfer(&k->s, id, OP_SEND, 3, 5, 100, 1, 0);
	APPEND(&k->s.errors, error);
	add_wake(&k->s, id, WAKER_TASK, 3, 4, 1);
	add_hists(&k->s, id, OP_SEND, 3);
	APPEND(&k->s.residency, id);
	APPEND(&k->s.parts, part);
	APPEND(&k->s.names, id);
}

static void check_destroyed(void)
{
	struct kernel_side k;
	struct prune *p = begin(&k, 0, 0);

	add_destroyed(&k, pipe_id(7), 500);
	add_all(&k, pipe_id(7));
	add_new_object(&k.s, pipe_id(11));
	add_all(&k, pipe_id(11));
	is_int(reading(&k, p, 9000, 0), 0, "nothing goes while there is room");
	is_int(reading(&k, p, 10000, 0), 0, "however often it is read");
	press(&k);
	is_int(reading(&k, p, 11000, 0), 0, "room is short");
	is_int(reading(&k, p, 12000, 0), 8, "the next reading is the last of what was destroyed");
	is_int(k.s.objects.cnt == 1 && k.s.objects.keys[0].id == 11, 1, "the other object stays");
	ok(k.s.edges.cnt == 1 && k.s.errors.cnt == 1 && k.s.wakes.cnt == 1 && k.s.hists.cnt == 1 && k.s.residency.cnt == 1 &&
		   k.s.parts.cnt == 1 && k.s.names.cnt == 1, "with all that is its own");
	is_int(reading(&k, p, 13000, 0), 0, "and goes on doing so");
	is_int(prune_missed(p), 0, "nothing was missed");
	end(&k, p);
}

static void check_not_yet(void)
{
	struct kernel_side k;
	struct prune *p = begin(&k, 0, 0);

	press(&k);
	add_destroyed(&k, pipe_id(7), 11001);
	add_all(&k, pipe_id(7));
	reading(&k, p, 11000, 0);
	is_int(reading(&k, p, 12000, 0), 0, "destroyed less than a second ago: it stays");
	k.s.edges.values[0].ops++;
	is_int(reading(&k, p, 13001, 0), 0, "an operation ended since: it stays");
	is_int(reading(&k, p, 13500, 0), 0, "for a second");
	is_int(reading(&k, p, 14002, 0), 0, "then it is found to be no more");
	add_sleeper(&k.s, pipe_id(7), OP_SEND, 3, "writer", CAUSE_FULL, START_NS);
	is_int(reading(&k, p, 15000, 0), 0, "somebody sleeps on it: it stays");
	k.s.sleepers.cnt = 0;
	reading(&k, p, 15500, 0);
	reading(&k, p, 16100, 0);
	k.revives = true;
	is_int(reading(&k, p, 17000, 0), 0, "made anew between reading and going: it stays");
	k.revives = false;
	k.late_ops = 3;
	is_int(reading(&k, p, 18100, 0), 8, "it goes");
	is_int(prune_missed(p), 3, "operations in the last moment are told as missed");
	end(&k, p);
}

static void check_unseen_end(void)
{
	struct kernel_side k;
	struct prune *p = begin(&k, 1u << MECH_PIPE, 0);
	struct ipc_object *o;

	press(&k);
	add_new_object(&k.s, pipe_id(7))->first_ns = START_NS + 100 * MS;
	add_all(&k, pipe_id(7));
	reading(&k, p, 11000, 50);
	is_int(prune_pass_share(p), 3, "only a pass can tell, and there is no room left");
	is_int(reading(&k, p, 12000, 50), 0, "the last one was before it: it stays");
	o = add_new_object(&k.s, pipe_id(11));
	o->first_ns = START_NS + 100 * MS;
	o->last_ns = START_NS + 12501 * MS;
	o->flags = OBJECT_SAMPLED;
	add_all(&k, pipe_id(11));
	reading(&k, p, 13000, 12500);
	is_int(reading(&k, p, 14000, 12500), 8, "a pass did not find it: it goes");
	is_int(k.s.objects.cnt == 1 && k.s.objects.keys[0].id == 11, 1, "what it found stays");
	end(&k, p);
}

/* All are alive: passes that bring nothing become rare, until one does. */
static void check_barren(void)
{
	struct kernel_side k;
	struct prune *p = begin(&k, 1u << MECH_PIPE, 0);
	struct ipc_object *o;

	press(&k);
	o = add_new_object(&k.s, pipe_id(7));
	o->first_ns = START_NS;
	add_all(&k, pipe_id(7));
	for (unsigned i = 0; i < 7; i++) {
		o = &k.s.objects.values[0];
		o->flags = OBJECT_SAMPLED;
		o->last_ns = START_NS + (10001 + i * 1000) * MS;
		reading(&k, p, 11000 + i * 1000, 10000 + i * 1000);
		is_int(prune_pass_share(p), 3 << (i < 4 ? i : 4), "%u passes brought nothing", i);
	}
	reading(&k, p, 20000, 19000);
	is_int(reading(&k, p, 21000, 19000), 8, "one does");
	press(&k);
	reading(&k, p, 22000, 21500);
	is_int(prune_pass_share(p), 3, "and the next one comes as soon as at first");
	end(&k, p);
}

static uint32_t exit_at(uint64_t ms)
{
	return (START_NS + ms * MS) >> IPC_START_SHIFT;
}

static struct ipc_process *add_exited(struct kernel_side *k, uint32_t tgid, uint64_t ms)
{
	struct ipc_process_key key = { .tgid = tgid, .start = start_of(tgid) };
	struct ipc_process *row = APPEND(&k->s.processes, key);

	row->exited = exit_at(ms);
	return row;
}

static void check_lifeless(void)
{
	struct kernel_side k;
	struct prune *p = begin(&k, 0, 1u << MECH_PIPE);
	struct ipc_process *user;

	press(&k);
	add_new_object(&k.s, pipe_id(7));
	add_transfer(&k.s, pipe_id(7), OP_SEND, 3, 5, 100, 1, 0);
	user = add_exited(&k, 3, 0);
	user->exited = 0;
	for (unsigned i = 0; i < 5; i++)
		is_int(reading(&k, p, 11000 + i * 1000, 11000 + i * 1000 - 1), 0, "its user lives: it stays");
	ok(!prune_pass_share(p), "no pass would tell");
	user->exited = exit_at(16500);
	is_int(reading(&k, p, 17000, 0), 0, "its user has exited");
	is_int(reading(&k, p, 18000, 0), 3, "all of it goes, and its user");
	end(&k, p);
}

/* A thread of it is still in a call: its name is needed. */
static void check_named(void)
{
	struct kernel_side k;
	struct prune *p = begin(&k, 0, 0);

	press(&k);
	add_exited(&k, 3, 100);
	add_sleeper(&k.s, pipe_id(7), OP_SEND, 3, "writer", CAUSE_FULL, START_NS);
	reading(&k, p, 11000, 0);
	is_int(reading(&k, p, 12000, 0), 0, "an operation in progress names it: it stays");
	k.s.sleepers.cnt = 0;
	is_int(reading(&k, p, 13000, 0), 1, "then it goes");
	end(&k, p);
}

static void check_exited(void)
{
	struct kernel_side k;
	struct prune *p = begin(&k, 0, 0);
	struct ipc_error_key error = { .edge = edge_key(pipe_id(7), OP_SEND, 3), .error = 11 };

	press(&k);
	add_new_object(&k.s, pipe_id(7));
	add_transfer(&k.s, pipe_id(7), OP_SEND, 3, 5, 100, 1, 0);
	add_transfer(&k.s, pipe_id(7), OP_RECV, 4, 5, 100, 1, 0);
	APPEND(&k.s.errors, error);
	add_wake(&k.s, pipe_id(7), WAKER_TASK, 3, 4, 5);
	add_wake(&k.s, pipe_id(7), WAKER_TASK, 4, 4, 5);
	add_exited(&k, 3, 11200);
	add_exited(&k, 5, 11200);
	reading(&k, p, 11000, 0);
	is_int(reading(&k, p, 12000, 0), 0, "they have exited, less than a second ago");
	is_int(reading(&k, p, 12500, 0), 5, "the edge goes, its error, the wakeup that names it, both processes");
	is_int(k.s.edges.cnt == 1 && k.s.edges.keys[0].tgid == 4, 1, "who lives keeps what he did");
	is_int(k.s.wakes.cnt == 1 && k.s.wakes.keys[0].waker == 4, 1, "and whom he woke");
	is_int(k.s.objects.cnt, 1, "the object stays");
	is_int(k.s.processes.cnt, ROOM, "so do all who live");
	end(&k, p);
}

/* Three eighths begin it, a quarter ends it. */
static void check_pressure(void)
{
	struct kernel_side k;
	struct prune *p = begin(&k, 0, 0);

	for (unsigned i = 0; i < 7; i++)
		add_destroyed(&k, pipe_id(i), 1);
	reading(&k, p, 10000, 0);
	is_int(reading(&k, p, 11000, 0), 0, "three eighths: there is room");
	add_destroyed(&k, pipe_id(99), 11500);
	reading(&k, p, 12000, 0);
	is_int(reading(&k, p, 12400, 0), 7, "one more: the old ones go");
	is_int(reading(&k, p, 13000, 0), 0, "there is room again");
	for (unsigned i = 200; i < 206; i++)
		add_new_object(&k.s, pipe_id(i));
	for (unsigned i = 300; i < 305; i++)
		add_destroyed(&k, pipe_id(i), 1);
	reading(&k, p, 14000, 0);
	is_int(reading(&k, p, 14100, 0), 6, "three eighths once more: what is old goes");
	is_int(reading(&k, p, 14200, 0), 0, "what lives is more than a quarter");
	add_destroyed(&k, pipe_id(400), 1);
	is_int(reading(&k, p, 18000, 0), 0, "nobody is in a hurry");
	is_int(reading(&k, p, 18100, 0), 1, "but so long goes what is old");
	for (unsigned i = 500; i < 507; i++)
		add_new_object(&k.s, pipe_id(i));
	add_destroyed(&k, pipe_id(401), 1);
	is_int(reading(&k, p, 18200, 0), 0, "five eighths: not at once");
	is_int(reading(&k, p, 18300, 0), 1, "more than that: at the next reading");
	end(&k, p);
}

int main(void)
{
	check_destroyed();
	check_not_yet();
	check_unseen_end();
	check_barren();
	check_lifeless();
	check_named();
	check_exited();
	check_pressure();
	return done_testing();
}
