// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Pipes and FIFOs: names, states, what follows from the ring, whether bytes add up. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inode.h"
#include "reading.h"
#include "tap.h"

static struct model *m;
static struct snapshot s;

static void begin(uint32_t profile)
{
	model_free(m);
	m = reading_model(profile);
}

static const struct object *object(struct ipc_object_id id)
{
	return model_object(m, &id);
}

/* A derived figure, or -1 when it is unknown. */
static double derived(struct ipc_object_id id, const char *name, enum span span)
{
	const struct object *o = object(id);
	double value;

	for (const struct mech_derived *d = o->mech->derived; d->name; d++)
		if (!strcmp(d->name, name))
			return d->get(o, span, &value) ? value : -1;
	return -2;
}

static void check_names(void)
{
	const struct mechanism *pipe_mech = mechanism_by_name("pipe"), *fifo_mech = mechanism_by_name("fifo");
	struct ipc_object_id id = pipe_id(81234), parsed;
	char text[64], path[] = "/tmp/pipe_test.XXXXXX", fifo[64];
	struct stat st;
	int fds[2];

	ok(pipe_mech && fifo_mech && !mechanism_by_name("pip") && !mechanism_by_id(31), "the registry");
	is_str(backend_name(BACKEND_SYSCALL), "syscall", "a backend's name");
	pipe_mech->format_id(&id, text, sizeof(text));
	is_str(text, "pipe:[81234]", "a pipe's id");
	pipe_mech->format_id(&id, text, 8);
	is_str(text, "pipe:[8", "in little room");
	if (pipe(fds) || fstat(fds[0], &st))
		return;
	snprintf(text, sizeof(text), "pipe:[%lu]", (unsigned long)st.st_ino);
	is_int(pipe_mech->parse_id(text, &parsed), 0, "%s is read", text);
	ok(parsed.id == st.st_ino && parsed.domain == inode_device(st.st_dev) && parsed.mech == MECH_PIPE &&
	   !parsed.pad, "and is that pipe");
	static const char *const wrong[] = { "pipe:[12", "pipe:[12]x", "pipe:[]", "pipe:12", "12", "", "fifo:[1:2:3]" };
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		is_int(pipe_mech->parse_id(wrong[i], &parsed), -EINVAL, "'%s' is no pipe", wrong[i]);

	id = fifo_id(77);
	fifo_mech->format_id(&id, text, sizeof(text));
	is_str(text, "fifo:[8:1:77]", "a FIFO's id");
	ok(!fifo_mech->parse_id(text, &parsed) && !memcmp(&id, &parsed, sizeof(id)), "and back");
	is_int(fifo_mech->parse_id("/nonexistent/fifo", &parsed), -ENOENT, "no such path");
	is_int(fifo_mech->parse_id("/", &parsed), -EINVAL, "a path that is no FIFO");
	if (!mkdtemp(path))
		return;
	snprintf(fifo, sizeof(fifo), "%s/f", path);
	if (!mkfifo(fifo, 0600) && !stat(fifo, &st)) {
		is_int(fifo_mech->parse_id(fifo, &parsed), 0, "a FIFO's path is read, nothing waits for a partner");
		ok(parsed.id == st.st_ino && parsed.mech == MECH_FIFO, "and is that FIFO");
	}
	unlink(fifo);
	rmdir(path);
}

/* The ring across 2^32, and for longer than 32 bits can tell. */
static void check_wrap(void)
{
	struct ipc_object_id id = pipe_id(5);
	struct mech_room room;

	begin(PROFILE_WAITS);
	for (unsigned n = 1; n <= 18; n++) {
		uint32_t head = 0xf0000000u + n * 0x30000000u;
		struct ipc_object *o;

		reading_at(&s, n * 1000);
		o = add_object(&s, id);
		o->flags = OBJECT_PREEXISTING | OBJECT_SAMPLED;
		o->base_state[PIPE_HEAD] = 0xf0000000u;
		o->base_state[PIPE_TAIL] = 0xf0000000u - 13;
		o->base_state[PIPE_RING_SIZE] = 16;
		add_transfer(&s, id, OP_SEND, 3, n, 100, head, head - 3)->counters[COUNTER_PAGE_CHUNKS] =
			n * 0x30000000ull + 2 * n;
		model_update(m, &s);
	}
	ok(derived(id, "new_slots", SPAN_TOTAL) == 18.0 * 0x30000000, "slots beyond 2^32");
	ok(derived(id, "new_slots", SPAN_INTERVAL) == 0x30000000, "of the interval");
	ok(derived(id, "merged_writes", SPAN_TOTAL) == 36, "merges");
	ok(derived(id, "merged_writes", SPAN_INTERVAL) == 2, "of the interval");
	object_room(object(id), &room);
	is_int(room.used_slots, 3, "slots in use");
	is_int(room.max_slots, 13, "most slots: what was there at first");
	is_int(room.bytes, 65536, "capacity");
	is_int(room.used_bytes, 100, "bytes inside: nothing came out");
}

/* A receiver's end that is seen after the sender's that it made room for. */
static void check_most_bytes(uint64_t resizes, uint64_t most)
{
	struct ipc_object_id id = pipe_id(5);
	struct mech_room room;
	struct ipc_object *o;

	begin(PROFILE_WAITS | PROFILE_DETAIL);
	reading_at(&s, 1000);
	o = add_new_object(&s, id);
	o->max_bytes = 65536 + 4096;
	add_transfer(&s, id, OP_SEND, 3, 17, 17 * 4096, 17, 1)->counters[COUNTER_RESIZES] = resizes;
	model_update(m, &s);
	object_room(object(id), &room);
	is_int(room.max_bytes, most, resizes ? "a ring that was resized may have held more" : "never more than fits into the ring");
}

static void check_pages(void)
{
	struct ipc_object_id id = pipe_id(5);
	struct ipc_edge *e;

	begin(PROFILE_WAITS | PROFILE_DETAIL);
	for (unsigned n = 1; n <= 2; n++) {
		reading_at(&s, n * 1000);
		add_new_object(&s, id);
		e = add_transfer(&s, id, OP_SEND, 3, 20 * n, 20 * n * 5000, 38 * n, 38 * n);
		e->counters[COUNTER_PAGE_CHUNKS] = 40 * n;
		e->counters[COUNTER_SPLICED_SLOTS] = 3 * n;
		e->counters[COUNTER_PACKETS] = 1;
		e->state[PIPE_KEPT_PAGES] = n;
		e = add_transfer(&s, id, OP_RECV, 4, 20, 20 * n * 5000, 38 * n, 38 * n);
		e->counters[COUNTER_KEPT] = 30 * n;
		e->counters[PIPE_COUNTER_TRIMMED] = 2 * n;
		e->state[PIPE_KEPT_PAGES] = n;
		model_update(m, &s);
	}
	ok(derived(id, "new_slots", SPAN_TOTAL) == 76, "new slots");
	ok(derived(id, "merged_writes", SPAN_TOTAL) == 80 + 6 - 76, "merged: chunks and spliced slots, less new ones");
	ok(derived(id, "spliced_slots", SPAN_INTERVAL) == 3, "spliced in the interval");
	ok(derived(id, "pages_reused", SPAN_TOTAL) == 60 - 4 - 2, "kept, less given back, less still there");
	ok(derived(id, "pages_reused", SPAN_INTERVAL) == 30 - 2 - 1, "of the interval");
	ok(derived(id, "pages_allocated", SPAN_TOTAL) == 76 - 6 - 54, "the others were allocated");
	ok(derived(id, "bytes_per_slot", SPAN_TOTAL) == 200000.0 / 76, "bytes per slot");
	ok(derived(id, "packets", SPAN_TOTAL) == 1 && derived(id, "packets", SPAN_INTERVAL) == 0, "packets");
	begin(PROFILE_WAITS);
	model_update(m, &s);
	ok(derived(id, "pages_reused", SPAN_TOTAL) == -1, "unknown without the profile");
	ok(derived(id, "pages_allocated", SPAN_TOTAL) == -1, "so are the others");
}

/* What breaks the count of slots makes it unknown, never wrong. */
static void check_unknown(void)
{
	struct ipc_object_id id = pipe_id(5);
	struct ipc_edge *e;

	begin(PROFILE_WAITS);
	reading_at(&s, 1000);
	add_object(&s, id); /* first seen by an operation */
	add_transfer(&s, id, OP_SEND, 3, 20, 100, 500, 500);
	model_update(m, &s);
	ok(derived(id, "new_slots", SPAN_TOTAL) == -1, "where its head began is not known");
	ok(derived(id, "merged_writes", SPAN_TOTAL) == -1, "nor what was merged");

	begin(PROFILE_WAITS);
	reading_at(&s, 1000);
	add_new_object(&s, id);
	add_transfer(&s, id, OP_SEND, 3, 20, 100, 23, 3);
	model_update(m, &s);
	ok(derived(id, "merged_writes", SPAN_TOTAL) == -1, "more slots than writes: some were not seen");
	ok(derived(id, "new_slots", SPAN_TOTAL) == 23, "though the slots are known");

	for (unsigned followed = 0; followed < 2; followed++) {
		begin(PROFILE_WAITS);
		for (unsigned n = 1; n <= 2; n++) {
			struct ipc_object *o;

			reading_at(&s, n * 1000);
			o = add_new_object(&s, id);
			if (n == 2 && followed) {
				o->counters[RING_EARLIER_HEADS] = 3;
				o->counters[RING_RESIZES_FOLLOWED] = 1;
			}
			add_transfer(&s, id, OP_RECV, 4, 1, 100, 20, 3);
			if (n == 1) {
				add_transfer(&s, id, OP_SEND, 3, 20, 100, 20, 0);
				model_update(m, &s);
				continue;
			}
			/* resized with 17 slots in use: its head is 17 now; then two more */
			e = add_edge(&s, id, OP_CTL, 3);
			e->ops = e->counters[COUNTER_RESIZES] = 1;
			memcpy(e->state, s.edges.values[0].state, sizeof(e->state));
			e->state[PIPE_HEAD] = 17;
			e->state[PIPE_TAIL] = 0;
			add_transfer(&s, id, OP_SEND, 3, 22, 100, 19, 0);
			model_update(m, &s);
		}
		is_int(object_state(object(id))[PIPE_HEAD], 19, "after a resize the ring's state is the new one");
		ok(derived(id, "new_slots", SPAN_TOTAL) == (followed ? 22 : -1), "slots across a resize, %s",
		   followed ? "followed" : "not followed");
	}
}

/* States of one moment before and after a resize: what was read after the end counts, whatever they say. */
static void check_last_state(void)
{
	struct ipc_object_id id = pipe_id(5);
	struct ipc_object *o;
	struct ipc_edge *e;

	begin(PROFILE_WAITS);
	reading_at(&s, 1000);
	s.stop_ns = s.now_ns;
	o = add_new_object(&s, id);
	o->flags = OBJECT_SAMPLED;
	o->last_ns = s.stop_ns + 1;
	o->counters[RING_EARLIER_HEADS] = 36;
	o->counters[RING_RESIZES_FOLLOWED] = 1;
	memcpy(o->state, (uint32_t[IPC_STATE_WORDS]){ [PIPE_HEAD] = 1, [PIPE_TAIL] = 1, [PIPE_RING_SIZE] = 2 },
	       sizeof(o->state));
	add_transfer(&s, id, OP_SEND, 3, 1, 100, 37, 0);
	e = add_edge(&s, id, OP_CTL, 3);
	e->ops = e->counters[COUNTER_RESIZES] = 1;
	model_update(m, &s);
	is_int(object_state(object(id))[PIPE_TAIL], 1, "the last sample is the state");
	ok(derived(id, "new_slots", SPAN_TOTAL) == 37, "slots across a resize at the end");
	s.stop_ns = 0;
}

/* A FIFO's ring is made and goes, three times; the head begins at 0 again. */
static void check_fifo_rings(void)
{
	static const struct {
		uint32_t head, tail, heads;
		unsigned creations, destructions;
		double slots;
	} at[] = { { 100, 100, 0, 1, 0, 100 }, { 0, 0, 100, 1, 1, 100 },   { 3, 1, 100, 2, 1, 103 },
		   { 7, 7, 107, 2, 2, 107 },   { 5, 5, 107, 3, 2, 112 },   { 9, 8, 107, 3, 2, 116 } };
	struct ipc_object_id id = fifo_id(5);

	begin(PROFILE_WAITS | PROFILE_DETAIL);
	for (unsigned n = 0; n < sizeof(at) / sizeof(at[0]); n++) {
		struct ipc_object *o;

		reading_at(&s, (n + 1) * 1000);
		o = add_object(&s, id);
		o->creations = at[n].creations;
		o->destructions = at[n].destructions;
		o->counters[RING_EARLIER_HEADS] = at[n].heads;
		if (at[n].destructions == at[n].creations) {
			o->flags = OBJECT_DESTROYED;
			o->last_ns = s.now_ns;
			o->state[PIPE_HEAD] = o->state[PIPE_TAIL] = 7;
			o->state[PIPE_RING_SIZE] = 16;
		}
		add_transfer(&s, id, OP_SEND, 3, n < 2 ? 1 : n, 100, n == 1 ? 100 : at[n].head, n == 1 ? 100 : at[n].tail);
		model_update(m, &s);
		ok(derived(id, "new_slots", SPAN_TOTAL) == at[n].slots, "slots of %u rings", at[n].creations);
	}
	ok(derived(id, "new_slots", SPAN_INTERVAL) == 4, "slots of the interval");
	ok(derived(id, "pages_reused", SPAN_TOTAL) == -1, "kept pages went with each ring: not known");
}

/* The reading that meets a new ring has states of both, and the old one's head is larger. The next one tells. */
static void check_stale_state(void)
{
	static const uint32_t heads[] = { 100, 200, 4, 6 };
	struct ipc_object_id id = fifo_id(5);

	begin(PROFILE_WAITS);
	for (unsigned n = 0; n < 4; n++) {
		struct ipc_object *o;

		reading_at(&s, (n + 1) * 1000);
		o = add_object(&s, id);
		o->creations = n ? 2 : 1;
		o->destructions = n != 0;
		o->counters[RING_EARLIER_HEADS] = n ? 200 : 0;
		add_transfer(&s, id, OP_SEND, 3, n + 1, 100, heads[n], heads[n]);
		model_update(m, &s);
		if (n > 1)
			is_int(object_state(object(id))[PIPE_HEAD], heads[n], "head of the new ring, reading %u", n + 1);
	}
	ok(derived(id, "new_slots", SPAN_TOTAL) == 206, "slots of both");
}

/*
 * With --counts an operation does not look at the ring: what a pass saw is the state
 * until something is done, and again when it is over.
 */
static void check_counts(enum backend backend)
{
	const bool followed = backend == BACKEND_SYSCALL;
	struct model_config config = reading_config(backend, 0);
	struct ipc_object_id id = pipe_id(5);
	struct mech_room room;

	model_free(m);
	m = model_new(&config);
	for (unsigned n = 1; n <= 3; n++) {
		struct ipc_object *o;
		struct ipc_edge *e;

		reading_at(&s, n * 1000);
		s.stop_ns = n == 3 ? s.now_ns : 0;
		o = add_object(&s, id);
		o->flags = OBJECT_SAMPLED | OBJECT_PREEXISTING;
		o->last_ns = n == 3 ? s.stop_ns + 1 : s.start_ns;
		o->state[PIPE_HEAD] = n == 3 ? 11 : 2;
		o->state[PIPE_RING_SIZE] = o->state[PIPE_MAX_USAGE] = 16;
		if (n > 1) {
			e = add_edge(&s, id, OP_SEND, 3);
			e->ops = 7;
			if (followed) {
				memcpy(e->state, o->state, sizeof(e->state));
				e->state[PIPE_HEAD] = 11;
			}
		}
		model_update(m, &s);
		object_room(object(id), &room);
		if (n == 2 && !followed) {
			ok(!object_state(object(id)), "a state from before its operations is none");
			ok(room.used_slots == ROOM_UNKNOWN && room.max_slots == ROOM_UNKNOWN, "nor is how full it is known");
		} else {
			is_int(room.used_slots, n == 1 ? 2 : 11, "reading %u: what is inside", n);
			ok((room.max_slots == ROOM_UNKNOWN) == !followed, "and whether the most that was is known");
		}
	}
	s.stop_ns = 0;
}

/* Nobody looked into it, but the last operation left it empty. While it is used, rows need not fit together. */
static void check_unsampled_balance(struct ipc_object_id id)
{
	static const struct {
		unsigned out, tail;
		bool stopped, known;
	} cases[] = { { 100, 7, true, true },  { 100, 7, false, true },	  { 90, 7, true, true },
		      { 90, 7, false, false }, { 100, 6, true, false } };
	int64_t balance;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool known;

		begin(PROFILE_WAITS);
		reading_at(&s, 1000);
		s.stop_ns = cases[i].stopped ? s.now_ns : 0;
		add_new_object(&s, id);
		add_transfer(&s, id, OP_SEND, 3, 1, 100, 7, 0);
		add_transfer(&s, id, OP_RECV, 4, 1, cases[i].out, 7, cases[i].tail);
		model_update(m, &s);
		known = object_balance(object(id), &balance);
		ok(known == cases[i].known && (!known || balance == 100 - (int)cases[i].out),
		   "%u of 100 bytes came out, %u slots of 7, %s", cases[i].out, cases[i].tail,
		   cases[i].stopped ? "at the end" : "so far");
	}
}

/* in - out - discarded - inside, in all the ways in which it is known or not. */
static void check_balance(void)
{
	static const struct {
		const char *what;
		uint32_t flags, creations;
		uint64_t base, inside, discarded, in, out, packets;
		unsigned sampled_ms; /* after the start; the counting ended at 2000 */
		bool known;
		int64_t balance;
	} cases[] = {
		{ "created and destroyed", OBJECT_DESTROYED, 1, 0, 0, 30, 100, 70, 0, 1500, true, 0 },
		{ "with a write that was missed", OBJECT_DESTROYED, 1, 0, 0, 30, 90, 70, 0, 1500, true, -10 },
		{ "whose bytes could not be read at its end", OBJECT_DESTROYED | OBJECT_INSIDE_UNKNOWN, 1, 0, 0, 30, 100,
		  70, 0, 1500, false, 0 },
		{ "sampled after the end", OBJECT_SAMPLED, 1, 0, 30, 0, 100, 70, 0, 2100, true, 0 },
		{ "sampled too early", OBJECT_SAMPLED, 1, 0, 30, 0, 100, 70, 0, 900, false, 0 },
		{ "never sampled", 0, 1, 0, 0, 0, 100, 70, 0, 0, false, 0 },
		{ "older than we", OBJECT_PREEXISTING | OBJECT_SAMPLED, 0, 50, 80, 0, 100, 70, 0, 2100, true, 0 },
		{ "older, with unknown bytes", OBJECT_PREEXISTING | OBJECT_SAMPLED | OBJECT_INSIDE_UNKNOWN, 0, 0, 80, 0,
		  100, 70, 0, 2100, false, 0 },
		{ "older, with a call in it whose end was not seen", OBJECT_PREEXISTING | OBJECT_SAMPLED | OBJECT_ENDED_UNSEEN, 0,
		  50, 80, 0, 100, 170, 0, 2100, false, 0 },
		{ "whose beginning nobody saw", OBJECT_SAMPLED, 0, 0, 30, 0, 100, 70, 0, 2100, false, 0 },
		{ "with packets that were cut", OBJECT_DESTROYED, 1, 0, 0, 0, 100, 70, 5, 1500, false, 0 },
		{ "with packets that were not", OBJECT_DESTROYED, 1, 0, 0, 30, 100, 70, 5, 1500, true, 0 },
	};
	struct ipc_object_id id = pipe_id(5);
	int64_t balance;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ipc_object *o;
		bool known;

		begin(PROFILE_WAITS);
		reading_at(&s, 2050);
		s.stop_ns = START_NS + 2000 * MS;
		o = add_object(&s, id);
		o->flags = cases[i].flags;
		o->creations = cases[i].creations;
		o->base_bytes = cases[i].base;
		o->inside_bytes = cases[i].inside;
		o->discarded_bytes = cases[i].discarded;
		o->last_ns = START_NS + cases[i].sampled_ms * MS;
		add_transfer(&s, id, OP_SEND, 3, 1, cases[i].in, 1, 0)->counters[COUNTER_PACKETS] = cases[i].packets;
		add_transfer(&s, id, OP_RECV, 4, 1, cases[i].out, 1, 0);
		model_update(m, &s);
		known = object_balance(object(id), &balance);
		ok(known == cases[i].known && (!known || balance == cases[i].balance), "balance of one %s", cases[i].what);
	}
	/* quiet since it was sampled, though the counting goes on */
	reading_at(&s, 1000);
	begin(PROFILE_WAITS);
	for (unsigned n = 1; n <= 2; n++) {
		struct ipc_object *o;

		reading_at(&s, n * 1000);
		o = add_new_object(&s, id);
		o->flags = OBJECT_SAMPLED;
		o->last_ns = START_NS + (n * 1000 - 500) * MS;
		o->inside_bytes = 100;
		add_transfer(&s, id, OP_SEND, 3, 1, 100, 1, 0);
		model_update(m, &s);
		ok(object_balance(object(id), &balance) == (n == 2), "balance of a quiet one, reading %u", n);
	}
	check_unsampled_balance(id);
	add_sleeper(&s, id, OP_SEND, 3, "w", CAUSE_FULL, START_NS);
	model_update(m, &s);
	ok(!object_balance(object(id), &balance), "a write in progress has put in what is not counted yet");
}

int main(void)
{
	check_names();
	check_wrap();
	check_most_bytes(0, 65536);
	check_most_bytes(1, 65536 + 4096);
	check_pages();
	check_unknown();
	check_last_state();
	check_fifo_rings();
	check_counts(BACKEND_FUNCTION);
	check_counts(BACKEND_SYSCALL);
	check_stale_state();
	check_balance();
	model_free(m);
	snapshot_free(&s);
	return done_testing();
}
