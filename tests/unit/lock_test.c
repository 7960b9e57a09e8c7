// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* File locks: names, ranges, and what follows from counters, errors, sleepers and holders. */
#include <errno.h>

#include "mech/lock.h"
#include "reading.h"
#include "tap.h"
#include "view/top.h"

static struct model *m;
static struct snapshot s;
static const struct ipc_object_id id = { .id = 4711, .domain = 8 << 20 | 1, .mech = MECH_LOCK };

static void begin(void)
{
	struct model_config config = { .page_size = 4096 };

	model_free(m);
	config.can[MECH_LOCK] = capability_of(mechanism_by_id(MECH_LOCK), BACKEND_FUNCTION, PROFILE_ALL);
	m = model_new(&config);
	reading_at(&s, 1000);
	add_object(&s, id);
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

static void check_names(void)
{
	const struct mechanism *mech = mechanism_by_name("lock");
	struct ipc_object_id parsed;
	char text[64];

	mech->format_id(&id, text, sizeof(text));
	is_str(text, "lock:[8:1:4711]", "a file's id");
	is_int(mech->parse_id(text, &parsed), 0, "is read");
	ok(!memcmp(&parsed, &id, sizeof(id)), "and is that file");
	is_int(mech->parse_id("/", &parsed), 0, "a path");
	ok(parsed.id && parsed.mech == MECH_LOCK, "is a file too");
	is_int(mech->parse_id("/no such file", &parsed), -ENOENT, "one that is not there");
	is_int(mech->parse_id("lock:[8:1:4711", &parsed), -EINVAL, "no id");
	is_int(mech->parse_id("pipe:[4711]", &parsed), -EINVAL, "a pipe is no lock");
}

static uint32_t *add_state(uint32_t kind, uint64_t start, uint64_t end)
{
	struct ipc_edge *e = add_edge(&s, id, OP_RECV, 10);

	e->ops = 1;
	e->max_depth = 9;
	e->state[LOCK_WORD_KIND] = kind;
	e->state[LOCK_WORD_START] = start;
	e->state[LOCK_WORD_START_HIGH] = start >> 32;
	e->state[LOCK_WORD_END] = end;
	e->state[LOCK_WORD_END_HIGH] = end >> 32;
	e->state[IPC_STATE_STAMP] = 1;
	return e->state;
}

static void check_ranges(void)
{
	struct mech_room room = { .used_slots = ROOM_UNKNOWN };
	uint32_t *state;

	begin();
	state = add_state(2, 100, 136);
	state[LOCK_WORD_FLOCKS] = 1;
	state[LOCK_WORD_POSIX] = 2;
	state[LOCK_WORD_OFD] = 3;
	state[LOCK_WORD_LEASES] = 1;
	model_update(m, &s);
	is_int(derived("range_start"), 100, "where a range starts");
	is_int(derived("range_bytes"), 37, "its length");
	lock_room(model_object(m, &id), &room);
	is_int(room.used_slots, 7, "locks held, of all kinds");
	is_int(room.max_slots, 9, "most that were");

	begin();
	add_state(3, 1ull << 33, (1ull << 33) + (1ull << 34) - 1);
	model_update(m, &s);
	ok(derived("range_start") == 8589934592.0, "beyond 4 GiB");
	ok(derived("range_bytes") == 17179869184.0, "and longer than that");

	begin();
	add_state(1, 0, INT64_MAX)[LOCK_WORD_FLOCKS] = IPC_STATE_ABSENT;
	model_update(m, &s);
	is_int(derived("range_bytes"), -1, "to the end of the file, wherever it is: no length");
	room.used_slots = ROOM_UNKNOWN;
	lock_room(model_object(m, &id), &room);
	ok(room.used_slots == ROOM_UNKNOWN, "too many to be counted: no depth");

	begin();
	model_update(m, &s);
	is_int(derived("range_start"), -1, "nothing asked for: no range");
}

static void check_requests(void)
{
	struct ipc_edge *e;

	begin();
	e = add_edge(&s, id, OP_RECV, 10);
	e->ops = 13;
	e->failed = 3;
	e->waits = 7;
	e->causes[CAUSE_HELD] = 5;
	e->causes[CAUSE_LOCK] = 2;
	e->spurious_wakes = 1;
	e->counters[LOCK_WRITES] = 9;
	e->counters[LOCK_OFD] = 4;
	add_edge(&s, id, OP_SEND, 10)->ops = 5;
	s.edges.values[1].counters[LOCK_OFD] = 3;
	e = add_edge(&s, id, OP_OPEN, 11);
	e->ops = 2;
	e->counters[LOCK_LEASE] = 2;
	e->counters[BREAK_TIMEOUTS] = 1;
	*APPEND(&s.errors, { .edge = edge_key(id, OP_RECV, 10), .error = EAGAIN }) = 2;
	*APPEND(&s.errors, { .edge = edge_key(id, OP_RECV, 10), .error = EDEADLK }) = 1;
	model_update(m, &s);
	is_int(derived("write_requests"), 9, "write locks asked for");
	is_int(derived("read_requests"), 4, "read locks are the others");
	is_int(derived("ofd_requests"), 4, "of a kind, without unlocks");
	is_int(derived("contended"), 4, "requests that waited, once each, for a lock and not for the kernel");
	is_int(derived("refused"), 2, "refused");
	is_int(derived("deadlocks"), 1, "a deadlock");
	is_int(derived("breaks"), 2, "leases that were broken");
	is_int(derived("break_timeouts"), 1, "without an answer");
}

static void check_waiting(void)
{
	begin();
	add_sleeper(&s, id, OP_RECV, 10, "one", CAUSE_HELD, START_NS);
	add_sleeper(&s, id, OP_OPEN, 11, "two", CAUSE_HELD, START_NS);
	add_sleeper(&s, id, OP_RECV, 12, "three", CAUSE_LOCK, START_NS);
	model_update(m, &s);
	is_int(derived("waiters"), 2, "two wait for what others hold");
}

static void add_row(uint64_t number, uint32_t pass, uint64_t start, uint64_t end, uint32_t kind, uint32_t pid)
{
	struct ipc_part *p = APPEND(&s.parts, { .obj = id, .part = number });

	p->sends = start;
	p->recvs = end;
	p->words[0] = kind;
	p->words[1] = 1;
	p->words[2] = pid;
	p->words[3] = 2;
	p->words[IPC_PART_PASS] = pass;
}

static const char *line_after(const struct top_lines *l, const char *heading)
{
	for (size_t i = 0; i + 1 < l->cnt; i++)
		if (!strcmp(l->lines[i].text, heading))
			return l->lines[i + 1].text;
	return "";
}

/* What an earlier pass has found, and what it found before something happened, is known no more. */
static void check_table(void)
{
	struct report r = { 0 };
	struct top_lines l = { 0 };
	const struct part **rows;
	size_t cnt;

	begin();
	s.objects.values[0].flags |= OBJECT_SAMPLED;
	s.objects.values[0].last_ns = START_NS + 500 * MS;
	add_row(0, 3, 100, 136, 2, 4711);
	add_row(1, 3, 200, INT64_MAX, 3, IPC_STATE_ABSENT);
	add_row(2, 2, 0, INT64_MAX, 1, 4711);
	add_row(1ull << 32, 3, 100, 100, 2, 4712);
	model_update(m, &s);
	rows = parts_of(model_object(m, &id), &lock_parts[0], SPAN_TOTAL, &cnt);
	ok(cnt == 2 && rows[0]->key.part == 0 && rows[1]->key.part == 1, "the ranges that the last pass found");
	free(rows);
	r.model = m;
	top_detail(&l, &r, model_object(m, &id), 100);
	is_str(line_after(&l, "ranges"), "  0           start 100  end 136  posix  write  pid 4711  waiters 2", "a range");
	is_str(line_after(&l, line_after(&l, "ranges")), "  1           start 200  end EOF  ofd  write  pid -  waiters 2", "of nobody's");
	is_str(line_after(&l, "requests"), "  0           start 100  end 100  posix  write  pid 4712", "a request");
	top_lines_free(&l);

	reading_at(&s, 2000);
	add_object(&s, id);
	s.objects.values[0].flags |= OBJECT_SAMPLED;
	s.objects.values[0].last_ns = START_NS + 500 * MS;
	add_edge(&s, id, OP_RECV, 10)->ops = 1;
	model_update(m, &s);
	ok(!parts_of(model_object(m, &id), &lock_parts[0], SPAN_TOTAL, &cnt), "a request later: not known");
}

static void check_newer(void)
{
	uint32_t a[IPC_STATE_WORDS] = { 0 }, b[IPC_STATE_WORDS] = { 0 }, never[IPC_STATE_WORDS] = { 0 };

	a[IPC_STATE_STAMP] = 7;
	b[IPC_STATE_STAMP] = 5;
	b[IPC_STATE_FINE] = 9;
	ok(mech_stamped_later(a, never) && !mech_stamped_later(never, a), "what was read is newer than what was not");
	ok(mech_stamped_later(a, b) && !mech_stamped_later(b, a), "the later stamp");
	b[IPC_STATE_STAMP] = 7;
	ok(!mech_stamped_later(a, b) && mech_stamped_later(b, a), "and its finer part");
}

int main(void)
{
	check_names();
	check_ranges();
	check_requests();
	check_waiting();
	check_table();
	check_newer();
	model_free(m);
	snapshot_free(&s);
	return done_testing();
}
