// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Operations in progress: what they add to sides, interval by interval, and what is left when they end. */
#include "reading.h"
#include "tap.h"

static struct side side_of(const struct model *m, struct ipc_object_id id, enum ipc_op op, enum span span)
{
	struct side side;

	object_side(model_object(m, &id), op, span, &side);
	return side;
}

static struct side total_of(const struct model *m, enum ipc_op op, enum span span)
{
	struct side side;

	total_side(m, MECH_PIPE, op, span, &side);
	return side;
}

/* A wait of 2.5 s that begins at 0.5 s, seen by four readings. */
static void check_long_wait(void)
{
	static const unsigned waited_ms[] = { 0, 500, 1000, 1000, 0 }; /* of each interval */
	struct model *m = reading_model(PROFILE_WAITS);
	struct ipc_object_id id = pipe_id(7);
	struct snapshot s = { 0 };
	uint64_t all_ns = 0;

	for (unsigned n = 1; n <= 4; n++) {
		struct side side, total;

		reading_at(&s, n * 1000);
		add_new_object(&s, id);
		if (n < 3) {
			add_sleeper(&s, id, OP_SEND, 3, "yes", CAUSE_FULL, START_NS + 500 * MS);
		} else {
			struct ipc_edge *e = add_transfer(&s, id, OP_SEND, 3, 1, 100, 1, 0);

			e->waits = e->causes[CAUSE_FULL] = 1;
			e->wait_ns = 2500 * MS;
		}
		model_update(m, &s);
		side = side_of(m, id, OP_SEND, SPAN_INTERVAL);
		total = total_of(m, OP_SEND, SPAN_INTERVAL);
		all_ns += side.wait_ns;
		is_int(side.wait_ns / MS, waited_ms[n], "waited in interval %u", n);
		is_int(side.waits, n < 4, "under way in interval %u", n);
		is_int(side.causes[CAUSE_FULL], n < 4, "with its cause");
		is_int(side.open_waits, n < 3, "open at its end");
		ok(!memcmp(&side, &total, sizeof(side)), "the total says the same");
		side = side_of(m, id, OP_SEND, SPAN_TOTAL);
		total = total_of(m, OP_SEND, SPAN_TOTAL);
		ok(side.waits == 1 && side.causes[CAUSE_FULL] == 1, "one wait in all");
		is_int(side.wait_ns, all_ns, "the intervals add up to the whole");
		ok(!memcmp(&side, &total, sizeof(side)), "the total says the same of the whole");
		is_int(side.ops, n >= 3, "an operation counts when it ends");
	}
	snapshot_free(&s);
	model_free(m);
}

/* Asleep since before the start: only what lies in our time counts, though the kernel will report it all. */
static void check_preexisting(void)
{
	struct model *m = reading_model(PROFILE_WAITS);
	struct ipc_object_id id = pipe_id(7);
	struct snapshot s = { 0 };
	const struct wait *w;
	struct side side;
	double share;

	for (unsigned n = 1; n <= 3; n++) {
		reading_at(&s, n * 1000);
		add_object(&s, id)->flags = OBJECT_PREEXISTING | OBJECT_SAMPLED;
		if (n < 3) {
			add_sleeper(&s, id, OP_SEND, 3, "yes", CAUSE_FULL, START_NS - 60 * SECOND)->flags |=
				RUN_PREEXISTING;
		} else {
			struct ipc_edge *e = add_edge(&s, id, OP_SEND, 3);

			e->waits = e->causes[CAUSE_FULL] = 1;
			e->wait_ns = 62500 * MS;
		}
		model_update(m, &s);
		side = side_of(m, id, OP_SEND, SPAN_INTERVAL);
		is_int(side.wait_ns / MS, n < 3 ? 1000 : 500, "waited in interval %u", n);
		if (n != 1)
			continue;
		w = m->first->endpoints->edges[OP_SEND]->waits;
		is_int(w->length_ns / MS, 61000, "its whole length so far");
		ok(w->open && w->preexisting, "and what it is");
		object_wait_share(m->first, OP_SEND, SPAN_INTERVAL, &share);
		ok(share == 1, "all of the interval");
		is_str(m->first->endpoints->process->comm, "yes", "a process without a row has the name it sleeps by");
	}
	side = side_of(m, id, OP_SEND, SPAN_TOTAL);
	is_int(side.wait_ns / MS, 2500, "in all");
	is_int(side.waits, 1, "once");
	snapshot_free(&s);
	model_free(m);
}

/* One operation, many waits: those that ended count while it goes on; a woken one is not open. */
static void check_many_waits(void)
{
	struct model *m = reading_model(PROFILE_WAITS);
	struct ipc_object_id id = pipe_id(7);
	struct snapshot s = { 0 };
	struct ipc_run *run;
	struct side side;

	reading_at(&s, 1000);
	add_new_object(&s, id);
	run = add_sleeper(&s, id, OP_SEND, 3, "w", CAUSE_LOCK, START_NS + 900 * MS);
	run->own_cause = CAUSE_FULL;
	run->waits = 12;
	run->own_waits = 10;
	run->lock_waits = 2;
	run->wait_ns = 300 * MS;
	run->sched_delay_ns = 7 * MS;
	run->wakes = 4;
	run = add_sleeper(&s, id, OP_RECV, 4, "r", CAUSE_EMPTY, START_NS + 700 * MS);
	run->flags |= RUN_WOKEN;
	run->wake_ns = START_NS + 800 * MS;
	run = add_sleeper(&s, id, OP_RECV, 5, "off", CAUSE_EMPTY, START_NS);
	run->flags = 0; /* preempted: it waits for a processor, not for the pipe */
	run->waits = run->own_waits = 3;
	run->wait_ns = 40 * MS;
	model_update(m, &s);
	side = side_of(m, id, OP_SEND, SPAN_TOTAL);
	ok(side.waits == 12 && side.causes[CAUSE_FULL] == 10 && side.causes[CAUSE_LOCK] == 2, "waits by cause");
	is_int(side.wait_ns / MS, 400, "ended ones and the open one");
	is_int(side.sched_delay_ns / MS, 7, "scheduling delay so far");
	is_int(side.wakes, 4, "wakeups given so far");
	is_int(side.open_waits, 1, "one is open");
	side = side_of(m, id, OP_RECV, SPAN_TOTAL);
	is_int(side.open_waits, 0, "a woken reader does not wait any more");
	is_int(side.wait_ns / MS, 140, "its wait ended when it was woken; that of a preempted one is over");
	is_int(side.waits, 4, "they are counted");

	reading_at(&s, 2000); /* the writer's operation ends */
	add_new_object(&s, id);
	add_edge(&s, id, OP_SEND, 3)->ops = 1;
	s.edges.values[0].waits = s.edges.values[0].causes[CAUSE_FULL] = 15;
	s.edges.values[0].wait_ns = 450 * MS;
	model_update(m, &s);
	side = side_of(m, id, OP_SEND, SPAN_INTERVAL);
	is_int(side.wait_ns / MS, 50, "the rest comes at the end");
	is_int(side.waits, 4, "three more, and the one that went on");
	snapshot_free(&s);
	model_free(m);
}

static void add_ended_reads(struct snapshot *s)
{
	for (unsigned i = 0; i < 300; i++) {
		struct ipc_edge *e = add_transfer(s, pipe_id(7), OP_RECV, 100 + i, 1, 1, 300, i);

		e->waits = e->causes[CAUSE_EMPTY] = i ? 1 : 2;
		e->wait_ns = e->waits * 2100 * MS;
	}
}

/* 300 readers of one pipe, two threads of one of them; then a splice between two pipes, and an open by path. */
static void check_who(void)
{
	struct model *m = reading_model(PROFILE_WAITS);
	struct ipc_object_id none = { 0 };
	struct snapshot s = { 0 };
	struct ipc_run *run;
	double share;

	for (unsigned n = 1; n <= 3; n++) {
		reading_at(&s, n * 1000);
		add_new_object(&s, pipe_id(7));
		if (n == 3)
			add_ended_reads(&s);
		for (unsigned i = 0; n < 3 && i < 300; i++)
			add_sleeper(&s, pipe_id(7), OP_RECV, 100 + i, "r", CAUSE_EMPTY, START_NS)->tid = 100 + i;
		if (n < 3) {
			run = add_sleeper(&s, pipe_id(7), OP_RECV, 100, "second", CAUSE_EMPTY, START_NS);
			s.sleepers.keys[s.sleepers.cnt - 1] = run->tid = 9100;
		}
		run = add_sleeper(&s, pipe_id(8), OP_RECV, 50, "splicer", CAUSE_FULL, START_NS);
		run->flags |= RUN_SECOND;
		run->obj2 = pipe_id(9);
		run->op2 = OP_SEND;
		run = add_sleeper(&s, none, OP_OPEN, 60, "opener", CAUSE_PARTNER, START_NS);
		run->flags |= RUN_UNRESOLVED;
		run = add_sleeper(&s, none, OP_OPEN, 61, "disk", CAUSE_IO, START_NS);
		run->flags |= RUN_UNRESOLVED;
		model_update(m, &s);
	}
	is_int(side_of(m, pipe_id(7), OP_RECV, SPAN_TOTAL).waits, 301, "what was seen of a wait stays counted");
	is_int(side_of(m, pipe_id(7), OP_RECV, SPAN_INTERVAL).waits, 301, "301 were under way at its beginning");
	is_int(side_of(m, pipe_id(9), OP_SEND, SPAN_TOTAL).open_waits, 1, "a splice waits on its second pipe");
	ok(!model_object(m, &(struct ipc_object_id){ .id = 8, .domain = 15, .mech = MECH_PIPE }),
	   "and not on its first");
	is_int(m->wait_cnt, 2, "an open that waits for a partner is listed, one that waits for a disk is not");
	ok(!m->waits[1].edge && m->waits[1].tgid == 60, "though of what is not known");

	reading_at(&s, 4000);
	add_new_object(&s, pipe_id(7));
	add_ended_reads(&s);
	for (unsigned i = 0; i < 300; i++)
		add_sleeper(&s, pipe_id(7), OP_RECV, 100 + i, "r", CAUSE_EMPTY, START_NS + 3500 * MS);
	model_update(m, &s);
	is_int(side_of(m, pipe_id(7), OP_RECV, SPAN_INTERVAL).open_waits, 300, "300 wait");
	object_wait_share(model_object(m, &(struct ipc_object_id){ .id = 7, .domain = 15, .mech = MECH_PIPE }), OP_RECV,
			  SPAN_INTERVAL, &share);
	ok(share > 0.49 && share < 0.51, "half of the time each");
	snapshot_free(&s);
	model_free(m);
}

int main(void)
{
	check_long_wait();
	check_preexisting();
	check_many_waits();
	check_who();
	return done_testing();
}
