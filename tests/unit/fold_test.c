// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Processes that come and go on an object that stays: nothing they did is lost, and they take no room for good. */
#include "reading.h"
#include "tap.h"

#define COMERS 1009 /* one a reading; the reader stays */
#define READER 3

static unsigned endpoint_cnt(const struct object *o)
{
	unsigned cnt = 0;

	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		cnt++;
	return cnt;
}

static unsigned wake_cnt(const struct object *o, uint64_t *sum)
{
	unsigned cnt = 0;

	*sum = 0;
	for (const struct wake *w = o->wakes; w; w = w->next) {
		*sum += w->now;
		cnt++;
	}
	return cnt;
}

/* The rows of one that is there now, and of the one before, which has exited and is read for the last time. */
static void add_comer(struct snapshot *s, struct ipc_object_id id, uint32_t tgid, bool exited)
{
	add_process(s, tgid, "comer")->exited = exited;
	add_transfer(s, id, OP_SEND, tgid, 2, 14, 1, 1)->failed = 1;
	add_error(s, id, OP_SEND, tgid, 11, 1);
	add_wake(s, id, WAKER_TASK, tgid, READER, 1);
	add_hists(s, id, OP_SEND, tgid)->hist[HIST_SIZE].slots[3] = 2;
}

static void come_and_go(struct model *m, struct ipc_object_id id)
{
	struct snapshot s = { 0 };

	for (unsigned n = 1; n <= COMERS + 1; n++) {
		reading_at(&s, n * 1000);
		add_new_object(&s, id);
		add_process(&s, READER, "reader");
		add_transfer(&s, id, OP_RECV, READER, n, 14 * n, 1, 1);
		if (n > 1)
			add_comer(&s, id, 100 + n - 1, true);
		if (n <= COMERS)
			add_comer(&s, id, 100 + n, false);
		model_update(m, &s);
	}
	snapshot_free(&s);
}

/* Their rows lack in a reading, but they are there: what they did stays theirs. */
static void check_still_there(void)
{
	struct model *m = reading_model(PROFILE_WAITS);
	struct snapshot s = { 0 };

	for (unsigned n = 1; n <= 50; n++) {
		reading_at(&s, n * 1000);
		add_new_object(&s, pipe_id(7));
		add_transfer(&s, pipe_id(7), OP_RECV, READER, n, 14 * n, 1, 1);
		for (unsigned i = 0; i < 100; i++) {
			add_process(&s, 100 + i, "comer")->exited = 1;
			if (n == 1)
				add_transfer(&s, pipe_id(7), OP_SEND, 100 + i, 2, 14, 1, 1);
		}
		model_update(m, &s);
	}
	is_int(endpoint_cnt(model_object(m, &(struct ipc_object_id){ .id = 7, .domain = 15, .mech = MECH_PIPE })), 101,
	       "who is still told of stays apart");
	snapshot_free(&s);
	model_free(m);
}

int main(void)
{
	struct model *m = reading_model(PROFILE_ALL);
	struct ipc_object_id id = pipe_id(7);
	struct ipc_hist hist = { 0 };
	struct error_sum errors = { 0 };
	const struct endpoint *exited;
	struct endpoint_key key = { .obj = id, .process = { 0, ENDPOINT_EXITED } };
	const struct object *o;
	struct side side;
	uint64_t wakes;

	come_and_go(m, id);
	o = model_object(m, &id);
	object_side(o, OP_SEND, SPAN_TOTAL, &side);
	is_int(side.ops, 2 * COMERS, "every send");
	is_int(side.bytes, 14 * COMERS, "every byte");
	object_side(o, OP_SEND, SPAN_INTERVAL, &side);
	is_int(side.ops, 0, "none of them is new");
	total_side(m, MECH_PIPE, OP_SEND, SPAN_TOTAL, &side);
	is_int(side.ops, 2 * COMERS, "so say the totals");
	object_errors(o, OP_SEND, SPAN_TOTAL, &errors);
	is_int(errors.cnt == 1 && errors.rows[0].count == COMERS, 1, "every error");
	object_hist(o, OP_SEND, HIST_SIZE, SPAN_TOTAL, &hist);
	is_int(hist.slots[3], 2 * COMERS, "every size");
	ok(endpoint_cnt(o) < 100, "%u endpoints are left", endpoint_cnt(o));
	ok(wake_cnt(o, &wakes) < 100, "%u pairs", wake_cnt(o, &wakes));
	is_int(wakes, COMERS, "which are of every wakeup");
	ok(HASH_COUNT(m->processes) < 100, "%u processes", HASH_COUNT(m->processes));
	exited = endpoint_find(m, &key);
	ok(exited && exited->edges[OP_SEND], "those that went are one endpoint") || (exit(done_testing()), 0);
	side = (struct side){ 0 };
	edge_side(exited->edges[OP_SEND], SPAN_TOTAL, &side);
	ok(side.ops > 2 * (COMERS - 100) && side.ops < 2 * COMERS, "with %llu sends", (unsigned long long)side.ops);
	is_str(exited->process->comm, "exited", "which is called so");
	model_free(m);
	check_still_there();
	return done_testing();
}
