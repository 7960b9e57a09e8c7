/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Graphs: who is in one, what is merged, and that merging moves no figure. */
#include "graph/graph.h"
#include "reading.h"
#include "tap.h"

#define CROWD 211 /* writers, each with a pipe to one collector */

static uint64_t sum_of(const struct graph *g, enum graph_way way)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < g->edge_cnt; i++)
		if (g->edges[i].way == way)
			sum += g->edges[i].sums.bytes;
	return sum;
}

static uint64_t wakes_of(const struct graph *g)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < g->wakeup_cnt; i++)
		sum += g->wakeups[i].wakes;
	return sum;
}

static const struct graph_edge *edge_between(const struct graph *g, uint32_t pid, enum graph_way way)
{
	for (size_t i = 0; i < g->edge_cnt; i++) {
		const struct graph_actor *a = &g->actors[g->edges[i].actor];

		if (!a->other && a->actor.process->key.tgid == pid && g->edges[i].way == way)
			return &g->edges[i];
	}
	return NULL;
}

/* cat reads what dd writes; sh holds both ends, yes sleeps in a pipe that only its holder could read. */
static struct model *small(struct snapshot *s)
{
	struct model *m = reading_model(PROFILE_ALL);
	struct ipc_edge *e;

	reading_at(s, 1000);
	add_process(s, 1, "dd");
	add_process(s, 2, "cat");
	add_process(s, 3, "sh");
	add_process(s, 4, "yes");
	add_new_object(s, pipe_id(11));
	add_new_object(s, pipe_id(12));
	add_new_object(s, pipe_id(13));
	add_transfer(s, pipe_id(11), OP_SEND, 1, 7, 7777, 7, 5);
	e = add_transfer(s, pipe_id(11), OP_RECV, 2, 5, 5555, 7, 5);
	e->waits = 3;
	e->wait_ns = 300 * MS;
	add_holder(s, pipe_id(11), OP_SEND, 3, 1);
	add_wake(s, pipe_id(11), WAKER_TASK, 1, 2, 3);
	add_wake(s, pipe_id(11), WAKER_TIMER, 0, 2, 2);
	add_sleeper(s, pipe_id(12), OP_SEND, 4, "yes", CAUSE_FULL, START_NS);
	add_holder(s, pipe_id(12), OP_RECV, 3, 1);
	model_update(m, s);
	return m;
}

static void test_whole(void)
{
	const struct graph_options options = { .by = ACTOR_PROCESS, .nodes = 24 };
	struct snapshot s = { 0 };
	struct model *m = small(&s);
	const struct graph_edge *e;
	struct graph g;

	graph_build(&g, m, SPAN_TOTAL, &options);
	is_int(g.actor_cnt, 4, "four processes");
	is_int(g.object_cnt, 3, "three pipes");
	e = edge_between(&g, 1, GRAPH_SENDS);
	ok(e && e->sums.bytes == 7777 && e->sums.ops == 7, "what dd sent");
	e = edge_between(&g, 2, GRAPH_RECEIVES);
	ok(e && e->sums.bytes == 5555 && e->sums.waits == 3 && e->sums.wait_ns == 300 * MS, "what cat received");
	e = edge_between(&g, 4, GRAPH_SENDS);
	ok(e && !e->sums.bytes && e->sums.open_waits == 1, "yes waits");
	ok(edge_between(&g, 3, GRAPH_HOLDS_RECV) != NULL, "sh could end that: nobody else reads");
	ok(!edge_between(&g, 3, GRAPH_HOLDS_SEND), "but an end that is used is not its");
	is_str(g.actors[0].actor.name, "dd", "who moved most comes first");
	is_str(g.actors[2].actor.name, "yes", "waits count, too: it moved nothing");
	is_int(g.wakeup_cnt, 2, "two wakers");
	ok(!g.wakeups[0].kind && g.wakeups[0].wakes == 3 && !strcmp(g.wakeups[1].kind, "timer") && g.wakeups[1].wakes == 2,
	   "a task, and the timer");
	graph_free(&g);
	model_free(m);
	snapshot_free(&s);
}

static struct model *crowd(struct snapshot *s)
{
	struct model *m = reading_model(PROFILE_ALL);

	reading_at(s, 1000);
	add_process(s, 1, "collector");
	for (unsigned i = 0; i < CROWD; i++) {
		struct ipc_object_id id = i % 10 ? pipe_id(1000 + i) : fifo_id(1000 + i);

		add_process(s, 100 + i, i % 2 ? "odd" : "even");
		add_new_object(s, id);
		add_transfer(s, id, OP_SEND, 100 + i, 3, 1000 + i, 3, 0)->wait_ns = 20 * MS;
		add_transfer(s, id, OP_RECV, 1, 3, 1000 + i, 3, 0)->wait_ns = 3 * MS;
		add_wake(s, id, WAKER_TASK, 100 + i, 1, 2);
	}
	model_update(m, s);
	return m;
}

static void test_limits(void)
{
	const uint64_t all = CROWD * 1000ull + CROWD * (CROWD - 1) / 2;
	struct snapshot s = { 0 };
	struct model *m = crowd(&s);
	struct graph g;

	for (unsigned nodes = 0; nodes <= 30; nodes += 3) {
		const struct graph_options options = { .by = ACTOR_PROCESS, .nodes = nodes };
		unsigned processes = 0, objects = 0;

		graph_build(&g, m, SPAN_TOTAL, &options);
		if (nodes) {
			ok(g.actor_cnt <= nodes + 1, "%u: %zu actors", nodes, g.actor_cnt);
			ok(g.object_cnt <= nodes + 2, "%u: %zu objects", nodes, g.object_cnt);
			ok(g.actors[g.actor_cnt - 1].other, "%u: the others are one", nodes);
		}
		for (size_t i = 0; i < g.actor_cnt; i++)
			processes += g.actors[i].processes;
		for (size_t i = 0; i < g.object_cnt; i++)
			objects += g.objects[i].objects;
		is_int(processes, CROWD + 1, "%u: every process is in it", nodes);
		is_int(objects, CROWD, "%u: every object", nodes);
		is_int(sum_of(&g, GRAPH_SENDS), all, "%u: every byte sent", nodes);
		is_int(sum_of(&g, GRAPH_RECEIVES), all, "%u: every byte received", nodes);
		is_int(wakes_of(&g), 2 * CROWD, "%u: every wakeup", nodes);
		graph_free(&g);
	}
	model_free(m);
	snapshot_free(&s);
}

static const struct graph_edge *edge_of(const struct graph *g, const char *command, enum graph_way way)
{
	for (size_t i = 0; i < g->edge_cnt; i++)
		if (g->edges[i].way == way && !strcmp(g->actors[g->edges[i].actor].actor.name, command))
			return &g->edges[i];
	return NULL;
}

static void test_groups(void)
{
	const struct graph_options options = { .by = ACTOR_COMMAND, .nodes = 12 };
	struct snapshot s = { 0 };
	struct model *m = crowd(&s);
	const struct graph_edge *odd;
	uint64_t waited_ns = 0;
	struct graph g;

	graph_build(&g, m, SPAN_TOTAL, &options);
	is_int(g.actor_cnt, 3, "three commands");
	odd = edge_of(&g, "odd", GRAPH_SENDS);
	is_int(odd->sums.wait_ns, 105 * 20 * MS, "all that are odd waited");
	is_int(odd->waiter_ns, 20 * MS, "each of them but a moment");
	for (size_t i = 0; i < g.edge_cnt; i++)
		if (g.edges[i].way == GRAPH_RECEIVES)
			waited_ns += g.edges[i].waiter_ns;
	is_int(waited_ns, CROWD * 3 * MS, "one that waits in many is one");
	is_str(g.actors[0].actor.name, "collector", "the busiest");
	is_int(g.actors[1].processes + g.actors[2].processes, CROWD, "all writers");
	is_int(g.object_cnt, 3, "pipes from each, and FIFOs, which are all of even ones");
	ok(!g.objects[0].other && g.objects[0].objects > 80, "alike, and so one");
	graph_free(&g);
	model_free(m);
	snapshot_free(&s);
}

int main(void)
{
	test_whole();
	test_limits();
	test_groups();
	return done_testing();
}
