// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Snapshots in, objects and totals out: spans, order of rows, what comes, goes and comes back. */
#include <errno.h>
#include <stdio.h>

#include "reading.h"
#include "tap.h"

static uint64_t sent(const struct model *m, enum span span)
{
	struct side side;

	total_side(m, MECH_PIPE, OP_SEND, span, &side);
	return side.bytes;
}

/* What the objects that are left say together. */
static uint64_t sent_by_objects(const struct model *m, enum span span)
{
	uint64_t bytes = 0;

	model_for_each_object(m, o) {
		struct side side;

		object_side(o, OP_SEND, span, &side);
		bytes += side.bytes;
	}
	return bytes;
}

static void check_spans(void)
{
	struct model *m = reading_model(PROFILE_WAITS);
	struct ipc_object_id id = pipe_id(7);
	struct error_sum errors;
	struct snapshot s = { 0 };
	const struct object *o;
	struct side side;

	reading_at(&s, 1000);
	add_process(&s, 11, "writer");
	add_new_object(&s, id);
	add_transfer(&s, id, OP_SEND, 11, 5, 500, 5, 0)->failed = 2;
	add_transfer(&s, id, OP_SEND, 12, 1, 100, 5, 0);
	add_error(&s, id, OP_SEND, 11, EAGAIN, 2);
	model_update(m, &s);
	o = model_object(m, &id);
	ok(o && o->endpoints && o->endpoints->next && !o->endpoints->next->next, "an object with two endpoints");
	object_side(o, OP_SEND, SPAN_TOTAL, &side);
	is_int(side.bytes, 600, "they are summed");
	is_int(sent(m, SPAN_INTERVAL), 600, "all of it in the first interval");
	is_int(model_span_ns(m, SPAN_INTERVAL), SECOND, "which began with the counting");

	reading_at(&s, 3000);
	add_new_object(&s, id);
	add_transfer(&s, id, OP_SEND, 12, 1, 100, 5, 0);
	add_transfer(&s, id, OP_SEND, 11, 8, 900, 8, 0)->failed = 3;
	add_error(&s, id, OP_SEND, 11, EAGAIN, 2);
	add_error(&s, id, OP_SEND, 11, EPIPE, 1);
	model_update(m, &s);
	object_side(o, OP_SEND, SPAN_INTERVAL, &side);
	is_int(side.bytes, 400, "bytes of the interval");
	is_int(side.ops, 3, "operations of the interval");
	is_int(side.failed, 1, "failures of the interval");
	is_int(sent(m, SPAN_TOTAL), 1000, "total");
	is_int(sent(m, SPAN_INTERVAL), 400, "total of the interval");
	object_errors(o, OP_SEND, SPAN_INTERVAL, &errors);
	ok(errors.cnt == 1 && errors.rows[0].error == EPIPE && errors.rows[0].count == 1, "errors of the interval");
	total_errors(m, MECH_PIPE, OP_SEND, SPAN_TOTAL, &errors);
	ok(errors.cnt == 2 && errors.rows[0].count == 2, "errors in all");
	total_errors(m, MECH_PIPE, OP_SEND, SPAN_INTERVAL, &errors);
	is_int(errors.cnt, 1, "errors of the interval in all");
	is_int(model_span_ns(m, SPAN_INTERVAL), 2 * SECOND, "length of the interval");
	is_str(o->endpoints->next->process->comm, "writer", "a name that was read once stays");

	reading_at(&s, 4000);
	add_new_object(&s, id);
	add_transfer(&s, id, OP_SEND, 12, 1, 100, 5, 0);
	model_update(m, &s);
	object_side(o, OP_SEND, SPAN_INTERVAL, &side);
	is_int(side.bytes, 0, "an edge that was not read did nothing in the interval");
	object_side(o, OP_SEND, SPAN_TOTAL, &side);
	is_int(side.bytes, 1000, "but keeps what it did");
	ok(!object_active(o, SPAN_INTERVAL), "nothing happened to it");
	snapshot_free(&s);
	model_free(m);
}

/* Rows in any order, some missing, some new: every sum stays right. */
static void check_orders(void)
{
	enum { OBJECTS = 211, PROCESSES = 7 };
	static uint64_t bytes[OBJECTS][PROCESSES];
	struct model *m = reading_model(0);
	struct snapshot s = { 0 };
	bool right = true;

	srand(5);
	for (unsigned n = 1; n <= 53; n++) {
		uint64_t grown = 0, all = 0;
		unsigned shift = rand() % OBJECTS, step = rand() % 4 ? 1 : 10;

		reading_at(&s, n * 1000);
		for (unsigned i = 0; i < OBJECTS; i++)
			add_new_object(&s, pipe_id(1000 + (i * step + shift) % OBJECTS));
		for (unsigned i = 0; i < OBJECTS; i++) {
			unsigned k = (i * step + shift) % OBJECTS;

			for (unsigned p = 0; p < PROCESSES; p++) {
				uint64_t more = rand() % 3 ? 0 : rand() % 1000;

				if (!bytes[k][p] && !more)
					continue;
				bytes[k][p] += more;
				grown += more;
				all += bytes[k][p];
				add_transfer(&s, pipe_id(1000 + k), OP_SEND, p + 1, 1, bytes[k][p], 1, 0);
			}
		}
		model_update(m, &s);
		right &= sent(m, SPAN_TOTAL) == all && sent(m, SPAN_INTERVAL) == grown &&
			 sent_by_objects(m, SPAN_TOTAL) == all && sent_by_objects(m, SPAN_INTERVAL) == grown;
	}
	ok(right, "53 readings of 211 objects in changing order");
	snapshot_free(&s);
	model_free(m);
}

/* Fed in parts of one row each, the same comes out. */
static void check_parts(void)
{
	struct model *m = reading_model(PROFILE_WAITS);
	struct snapshot s = { 0 };
	uint64_t open = 0;

	for (unsigned n = 1; n <= 2; n++) {
		reading_at(&s, n * 1000);
		model_begin(m, &s);
		for (unsigned i = 0; i < 300; i++) {
			snapshot_clear(&s);
			add_new_object(&s, pipe_id(i));
			model_feed(m, &s);
		}
		for (unsigned i = 0; i < 300; i++) {
			snapshot_clear(&s);
			add_sleeper(&s, pipe_id(i % 150), OP_SEND, 1000 + i, "w", CAUSE_FULL, START_NS);
			model_feed(m, &s);
		}
		for (unsigned i = 0; i < 300; i++) {
			snapshot_clear(&s);
			add_transfer(&s, pipe_id(i), OP_SEND, 9, n, 100 * n, n, 0);
			model_feed(m, &s);
		}
		reading_at(&s, n * 1000);
		s.losses.missed = s.missed_charged = s.missed_by_mech[MECH_PIPE].ended[OP_RECV] = n;
		model_end(m, &s);
	}
	is_int(sent(m, SPAN_TOTAL), 60000, "bytes of 300 parts");
	is_int(sent(m, SPAN_INTERVAL), 30000, "of the second interval");
	is_int(m->wait_cnt, 300, "300 waits");
	model_for_each_object(m, o) {
		struct side side;

		object_side(o, OP_SEND, SPAN_TOTAL, &side);
		open += side.open_waits == 2 && side.wait_ns == 2 * 2 * SECOND;
	}
	is_int(open, 150, "two on each of 150 objects");
	is_int(m->losses.missed - m->losses_before.missed, 1, "losses of the interval");
	ok(!total_exact(m, MECH_PIPE) && total_exact(m, MECH_FIFO), "whose totals are not exact");
	snapshot_free(&s);
	model_free(m);
}

/* Objects leave the maps by the thousand; a few are kept, the totals know all. */
static void check_gone(void)
{
	struct model_config config = reading_config(BACKEND_FUNCTION, PROFILE_WAITS);
	struct snapshot s = { 0 };
	uint64_t unknown;
	struct model *m;
	int64_t balance;

	config.gone_max = 10;
	m = model_new(&config);
	for (unsigned n = 1; n <= 100; n++) {
		reading_at(&s, n * 1000);
		for (unsigned i = n; i < n + 5; i++) {
			struct ipc_object *o = add_new_object(&s, pipe_id(i));

			o->flags = OBJECT_DESTROYED;
			o->destructions = 1;
			o->discarded_bytes = 100 + (i == 50); /* of one, a byte was not seen to go in */
			add_transfer(&s, pipe_id(i), OP_SEND, 3, 1, 100, 1, 0);
			add_wake(&s, pipe_id(i), WAKER_TASK, 3, 4, 1);
		}
		model_update(m, &s);
	}
	is_int(total_objects(m, MECH_PIPE, SPAN_TOTAL), 104, "objects ever seen");
	is_int(sent(m, SPAN_TOTAL), 10400, "bytes in all");
	is_int(m->gone_cnt, 11, "those kept"); /* forgotten at the next update */
	is_int(m->object_cnt, 16, "and those that are there");
	ok(total_balance(m, MECH_PIPE, &balance, &unknown) && balance == -1 && !unknown, "the balance knows them all");
	reading_at(&s, 200000);
	model_update(m, &s);
	model_update(m, &s);
	is_int(m->gone_cnt, 10, "no more than gone_max");
	is_int(m->object_cnt, 10, "and nothing else");
	is_int(sent(m, SPAN_TOTAL), 10400, "bytes in all, still");
	is_int(sent(m, SPAN_INTERVAL), 0, "nothing new");
	snapshot_free(&s);
	model_free(m);
}

/* One reading without an object, a failed one for instance, and it is back with nothing counted twice. */
static void check_back_again(void)
{
	struct model *m = reading_model(PROFILE_WAITS);
	struct ipc_object_id id = pipe_id(7);
	struct snapshot s = { 0 };

	for (unsigned n = 1; n <= 3; n++) {
		reading_at(&s, n * 1000);
		if (n != 2) {
			add_new_object(&s, id);
			add_transfer(&s, id, OP_SEND, 3, 1, 100 * n, 1, 0);
		}
		model_update(m, &s);
		if (n == 2)
			ok(model_object(m, &id)->gone, "it is gone");
	}
	ok(!model_object(m, &id)->gone && !m->gone_cnt, "it is back");
	is_int(sent(m, SPAN_TOTAL), 300, "nothing is counted twice");
	is_int(sent(m, SPAN_INTERVAL), 200, "nor is it new");
	is_int(total_objects(m, MECH_PIPE, SPAN_TOTAL), 1, "it is one object");
	snapshot_free(&s);
	model_free(m);
}

/* What was destroyed and left the readings is over: what has its number later is another one, however it is read first. */
static void check_room_given_back(void)
{
	struct model *m = reading_model(PROFILE_WAITS);
	struct ipc_object_id id = pipe_id(7);
	struct snapshot s = { 0 };

	reading_at(&s, 1000);
	add_new_object(&s, id)->flags = OBJECT_DESTROYED;
	add_transfer(&s, id, OP_SEND, 3, 5, 100, 1, 0);
	model_update(m, &s);
	reading_at(&s, 2000);
	model_update(m, &s);
	ok(!model_object(m, &id), "nothing has that number now");
	reading_at(&s, 3000);
	add_new_object(&s, id);
	add_transfer(&s, id, OP_SEND, 3, 2, 30, 1, 0);
	model_update(m, &s);
	is_int(total_objects(m, MECH_PIPE, SPAN_TOTAL), 2, "the next one is another object");
	is_int(sent(m, SPAN_TOTAL), 130, "and both count");
	is_int(sent(m, SPAN_INTERVAL), 30, "each once");
	reading_at(&s, 4000); /* of one that was not destroyed the rows go, too, and come back in the middle of a reading */
	model_update(m, &s);
	reading_at(&s, 5000);
	add_transfer(&s, id, OP_SEND, 3, 1, 7, 1, 0);
	model_update(m, &s);
	is_int(sent(m, SPAN_TOTAL), 137, "an edge that comes back before its object is new");
	is_int(sent(m, SPAN_INTERVAL), 7, "all of it");
	snapshot_free(&s);
	model_free(m);
}

/* An inode number is used again: another object, though all keys are equal. */
static void check_replaced(void)
{
	struct model *m = reading_model(PROFILE_WAITS);
	struct ipc_object_id id = pipe_id(7);
	struct snapshot s = { 0 };

	for (unsigned n = 1; n <= 3; n++) {
		reading_at(&s, n * 1000);
		add_new_object(&s, id)->first_ns = START_NS + n / 2 * SECOND;
		add_transfer(&s, id, OP_SEND, 3, n == 3 ? 2 : 1, n == 3 ? 150 : 100, 1, 0);
		add_wake(&s, id, WAKER_TASK, 3, 4, 5);
		add_holder(&s, id, OP_RECV, 4, 1);
		add_hists(&s, id, OP_SEND, 3)->hist[HIST_SIZE].slots[7] = n == 3 ? 2 : 1;
		model_update(m, &s);
	}
	is_int(total_objects(m, MECH_PIPE, SPAN_TOTAL), 2, "two objects");
	is_int(sent(m, SPAN_TOTAL), 250, "both counted");
	is_int(sent(m, SPAN_INTERVAL), 50, "the second one went on");
	ok(m->first->replaced && m->first->gone && m->first->wakes->now == 5, "the first keeps what was its own");
	ok(model_object(m, &id) == m->last && m->last->wakes->now == 5, "the second is found");
	snapshot_free(&s);
	model_free(m);
}

static void check_strangers(void)
{
	struct model_config config = reading_config(BACKEND_FUNCTION, 0);
	struct snapshot s = { 0 };
	struct model *m;

	config.can[MECH_FIFO].backend = BACKEND_NONE;
	m = model_new(&config);
	reading_at(&s, 1000);
	add_new_object(&s, fifo_id(1));
	add_transfer(&s, fifo_id(1), OP_SEND, 3, 1, 100, 1, 0);
	add_transfer(&s, (struct ipc_object_id){ .id = 1, .mech = 31 }, OP_SEND, 3, 1, 100, 1, 0);
	add_transfer(&s, (struct ipc_object_id){ .id = 1, .mech = 999 }, OP_SEND, 3, 1, 100, 1, 0);
	add_edge(&s, pipe_id(4), 77, 3)->ops = 1;
	add_transfer(&s, pipe_id(5), OP_SEND, 3, 1, 100, 1, 0); /* its own row was not read, or found no room */
	add_holder(&s, pipe_id(6), OP_RECV, 3, 1);
	add_holder(&s, pipe_id(6), 77, 3, 1);
	add_wake(&s, pipe_id(6), WAKER_INTERRUPT, 0, 3, 1);
	add_error(&s, pipe_id(6), OP_SEND, 3, EAGAIN, 1);
	add_hists(&s, pipe_id(6), OP_SEND, 3);
	add_residency(&s, pipe_id(6));
	add_name(&s, pipe_id(6), "x");
	add_sleeper(&s, fifo_id(1), OP_SEND, 3, "w", CAUSE_FULL, START_NS);
	add_sleeper(&s, pipe_id(5), 200, 3, "w", CAUSE_FULL, START_NS);
	model_update(m, &s);
	model_update(m, &s);
	is_int(m->object_cnt, 1, "only what is traced and was used becomes an object");
	is_int(sent(m, SPAN_TOTAL), 100, "and only that is counted");
	is_int(m->wait_cnt, 0, "nor do others wait");
	snapshot_free(&s);
	model_free(m);
}

/* Losses: whose totals are short by how much, and whose may be. */
static void check_losses(void)
{
	static const struct {
		struct losses losses;
		uint64_t missed_sends; /* charged to pipes */
		bool by_op, pipe_exact, fifo_exact, known;
	} cases[] = {
		{ { 0, 0, 0, 0 }, 0, true, true, true, true },	 { { 3, 0, 0, 0 }, 3, true, false, true, true },
		{ { 4, 0, 0, 0 }, 3, true, false, false, true }, { { 3, 0, 0, 0 }, 0, false, false, false, false },
		{ { 0, 1, 0, 0 }, 0, true, false, false, true }, { { 0, 0, 1, 0 }, 0, true, true, true, true },
		{ { 0, 0, 0, 1 }, 0, true, false, false, true }, { { 0, 0, 0, 0 }, 0, false, true, true, true },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct model *m = reading_model(0);
		struct snapshot s = { 0 };
		struct missed missed;
		bool known;

		reading_at(&s, 1000);
		s.losses = cases[i].losses;
		s.missed_by_op_known = cases[i].by_op;
		s.missed_by_mech[MECH_PIPE].ended[OP_SEND] = cases[i].missed_sends;
		s.missed_charged = cases[i].missed_sends;
		model_update(m, &s);
		known = total_missed(m, MECH_PIPE, OP_SEND, SPAN_INTERVAL, &missed);
		ok(total_exact(m, MECH_PIPE) == cases[i].pipe_exact && total_exact(m, MECH_FIFO) == cases[i].fifo_exact,
		   "losses %u: whose totals are exact", i);
		ok(known == cases[i].known && (!known || missed.ended == cases[i].missed_sends), "and how many are missing");
		model_update(m, &s);
		total_missed(m, MECH_PIPE, OP_SEND, SPAN_INTERVAL, &missed);
		is_int(missed.ended, 0, "none in the next interval");
		snapshot_free(&s);
		model_free(m);
	}
}

/* A hook that serves sends and receives: what it missed is of neither, and of the mechanism. */
static void check_either(void)
{
	struct model *m = reading_model(0);
	struct snapshot s = { 0 };
	struct missed missed;

	reading_at(&s, 1000);
	s.losses.missed = s.missed_charged = s.missed_by_mech[MECH_PIPE].ended[OP_EITHER] = 2;
	s.missed_by_op_known = true;
	model_update(m, &s);
	ok(!total_exact(m, MECH_PIPE) && total_exact(m, MECH_FIFO), "a send or a receive is missing: the totals are not exact");
	ok(total_missed(m, MECH_PIPE, OP_EITHER, SPAN_INTERVAL, &missed) && missed.ended == 2, "and how many");
	ok(total_missed(m, MECH_PIPE, OP_SEND, SPAN_INTERVAL, &missed) && missed.ended == 0, "of neither side");
	model_update(m, &s);
	total_missed(m, MECH_PIPE, OP_EITHER, SPAN_INTERVAL, &missed);
	is_int(missed.ended, 0, "none in the next interval");
	snapshot_free(&s);
	model_free(m);
}

static void check_processes(void)
{
	struct model_config config = reading_config(BACKEND_FUNCTION, 0);
	struct snapshot s = { 0 };
	struct model *m = model_new(&config);

	for (unsigned n = 1; n <= 64; n++) {
		reading_at(&s, n * 1000);
		for (unsigned i = 0; i < 50; i++)
			add_process(&s, n * 100 + i, "short");
		add_process(&s, 3, n < 10 ? "sh" : "dd");
		add_transfer(&s, pipe_id(5), OP_SEND, 3, 1, 100, 1, 0);
		model_update(m, &s);
	}
	ok(HASH_COUNT(m->processes) < 17 * 50, "processes that are gone are forgotten, %u are left",
	   HASH_COUNT(m->processes));
	is_str(process_find(m, 3, start_of(3))->comm, "dd", "the name follows exec");
	ok(!process_find(m, 3, start_of(4)), "a PID alone is no process");
	snapshot_free(&s);
	model_free(m);
}

static bool call_it_path(void *ctx, const struct ipc_object_id *id, struct ipc_name *name)
{
	(*(unsigned *)ctx)++;
	snprintf(name->path, sizeof(name->path), id->id == 8 ? "" : "/path");
	return id->id != 9;
}

/* The programs are asked for the name of what no reading has brought, and only for that. */
static void check_names(void)
{
	struct model_config config = reading_config(BACKEND_FUNCTION, 0);
	struct snapshot s = { 0 };
	struct ipc_object_id seen = pipe_id(5), strange = pipe_id(7), empty = pipe_id(8), unnamed = pipe_id(9);
	char name[IPC_NAME_LEN + 1];
	unsigned asked = 0;
	struct model *m;

	config.object_name = call_it_path;
	config.ctx = &asked;
	m = model_new(&config);
	reading_at(&s, 1000);
	add_new_object(&s, seen);
	model_update(m, &s);
	ok(!model_object_name(m, &seen, name) && !asked, "an object that is known to have no name");
	ok(model_object_name(m, &strange, name) && !strcmp(name, "/path"), "one that is not known yet");
	ok(!model_object_name(m, &empty, name), "one whose name is just being written");
	ok(!model_object_name(m, &unnamed, name) && asked == 3, "one without a name");
	snapshot_free(&s);
	model_free(m);
}

int main(void)
{
	check_names();
	check_spans();
	check_orders();
	check_parts();
	check_gone();
	check_room_given_back();
	check_back_again();
	check_replaced();
	check_strangers();
	check_losses();
	check_either();
	check_processes();
	return done_testing();
}
