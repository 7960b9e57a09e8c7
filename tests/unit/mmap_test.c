// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Shared mappings: names, and what follows from counters and states, of an object and of each process. */
#include <errno.h>

#include "reading.h"
#include "tap.h"

/* As bpf/mmap.bpf.h has them. */
enum { MAPPINGS = 0, SIZE_LOW = 2, SIZE_HIGH = 3, PAGES = 4 };
enum { INHERITED = 0, MINOR = 1, MAJOR = 2, BEYOND = 3, WRITES = 4 };

static struct model *m;
static struct snapshot s;
static const struct ipc_object_id id = { .id = 26, .domain = 254 << 20 | 3, .mech = MECH_MMAP };

static void begin(enum backend backend)
{
	struct model_config config = { .page_size = 4096 };

	model_free(m);
	config.can[MECH_MMAP] = capability_of(mechanism_by_id(MECH_MMAP), backend, PROFILE_ALL);
	m = model_new(&config);
}

/* A derived figure, or -1 when it is unknown. */
static double derived(const char *name)
{
	const struct object *o = model_object(m, &id);
	double value;

	for (const struct mech_derived *d = o->mech->derived; d->name; d++)
		if (!strcmp(d->name, name))
			return d->get(o, SPAN_TOTAL, &value) ? value : -1;
	return -2;
}


static struct ipc_edge *add_calls(enum ipc_op op, uint32_t tgid, uint64_t ops)
{
	struct ipc_edge *e = add_edge(&s, id, op, tgid);

	e->ops = ops;
	e->state[MAPPINGS] = 4;
	e->state[SIZE_LOW] = 4097;
	e->state[SIZE_HIGH] = 2;
	e->state[PAGES] = 7;
	e->state[IPC_STATE_STAMP] = 1;
	return e;
}

static void check_names(void)
{
	const struct mechanism *mech = mechanism_by_name("mmap");
	struct ipc_object_id parsed;
	char text[64];

	mech->format_id(&id, text, sizeof(text));
	is_str(text, "mmap:[254:3:26]", "a file's id");
	is_int(mech->parse_id(text, &parsed), 0, "is read");
	ok(!memcmp(&parsed, &id, sizeof(id)), "and is that file");
	is_int(mech->parse_id("/", &parsed), -EINVAL, "a directory is not mapped");
	is_int(mech->parse_id("/nonesuch", &parsed), -ENOENT, "nor what is not there");
}

static void check_function(void)
{
	struct mech_room room;
	struct ipc_edge *open;
	uint64_t own;

	begin(BACKEND_FUNCTION);
	reading_at(&s, 1000);
	add_new_object(&s, id);
	open = add_calls(OP_OPEN, 10, 5);
	open->failed = 2;
	open->counters[INHERITED] = 3;
	open->counters[MINOR] = 11;
	open->max_depth = 6;
	add_calls(OP_OPEN, 11, 0)->counters[MINOR] = 13;
	add_calls(OP_CLOSE, 11, 4);
	model_update(m, &s);
	is_int(derived("mappings_ever"), 6, "three by mmap, which failed twice, and three by fork");
	is_int(derived("splits"), 2, "four are there and four went: two more than ever came");
	is_int(derived("minor_faults"), 24, "faults of both processes");
	is_int(derived("major_faults"), 0, "none of another kind");
	is_int(derived("processes"), 2, "two processes");
	ok(endpoint_counter(endpoint_find(m, &(struct endpoint_key){ id, { 11, start_of(11) } }), MINOR, SPAN_TOTAL, &own) &&
		   own == 13, "faults of one of them");
	object_room(model_object(m, &id), &room);
	ok(room.bytes == 2 * (1ull << 32) + 4097, "the size, beyond 32 bits");
	is_int(room.used_slots, 4, "mappings now");
	is_int(room.max_slots, 6, "most mappings");
	is_int(room.used_bytes, 7 * 4096, "bytes in memory");
}

static void check_syscall(void)
{
	struct mech_room room;

	begin(BACKEND_SYSCALL);
	reading_at(&s, 1000);
	add_new_object(&s, id);
	add_calls(OP_OPEN, 10, 5)->counters[WRITES] = 3;
	model_update(m, &s);
	is_int(derived("mapped_to_write"), 3, "the syscall backend sees how it was mapped");
	is_int(derived("inherited"), -1, "but no forks");
	is_int(derived("mappings_ever"), -1, "so not how many there were");
	is_int(derived("splits"), -1, "nor splits");
	is_int(derived("processes"), -1, "nor all processes");
	is_int(derived("minor_faults"), -1, "and no faults");
	object_room(model_object(m, &id), &room);
	ok(room.max_slots == ROOM_UNKNOWN, "the most mappings may have been more than it saw");
}

int main(void)
{
	check_names();
	check_function();
	check_syscall();
	model_free(m);
	snapshot_free(&s);
	return done_testing();
}
