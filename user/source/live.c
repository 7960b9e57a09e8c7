// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "clock.h"
#include "model/alloc.h"
#include "source/live_prune.h"
#include "source/live_stacks.h"
#include "source/live_wakes.h"
#include "source/window.h"

#define BATCH 1024 /* rows a call; a hash bucket must fit, and none is near that long */

struct live {
	struct programs *programs;
	struct ring_buffer *events;
	live_event_fn on_event;
	void *arg;
	uint64_t start_ns;
	uint64_t stop_ns; /* 0: it goes on */
	uint64_t holders_read; /* by which pass; 0: none */
	struct prune *prune;
	struct live_stacks *stacks; /* NULL: none are collected */
};

static int on_sample(void *ctx, void *data, size_t size)
{
	struct live *l = ctx;

	if (size >= sizeof(struct ipc_event))
		l->on_event(l->arg, data);
	return 0;
}

int live_open(struct live **out, struct programs *p, live_event_fn on_event, void *arg)
{
	struct live *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->programs = p;
	l->on_event = on_event;
	l->arg = arg;
	l->start_ns = clock_ns();
	l->prune = live_prune_new(p);
	l->stacks = live_stacks_new(p);
	if (on_event) {
		l->events = ring_buffer__new(programs_map(p, "events"), on_sample, l, NULL);
		if (!l->events) {
			int err = -errno;

			live_close(l);
			return err;
		}
	}
	*out = l;
	return 0;
}

void live_stopped(struct live *l)
{
	l->stop_ns = clock_ns();
}

void live_close(struct live *l)
{
	if (!l)
		return;
	ring_buffer__free(l->events);
	prune_free(l->prune);
	live_stacks_free(l->stacks);
	free(l);
}

/* In the order in which the model wants them; edges are rows of an array, holders are no map. */
static const char *const maps[] = {
	"processes", "objects", "sleepers", "edges", "errors", "wakes", "hists", "residency", "parts", "names",
	"stack_waits",
};

struct reading {
	struct snapshot *s;
	live_part_fn on_part; /* NULL: the snapshot takes all */
	void *arg;
};

/* The rows from `from` on, which were just read. */
static void look_at_new(const struct live *l, const struct snapshot_table *t, const struct snapshot_rows *rows, size_t from)
{
	const struct snapshot_rows new = {
		.keys = (char *)rows->keys + from * t->key_size,
		.values = (char *)rows->values + from * t->value_size,
		.cnt = rows->cnt - from,
	};

	prune_look(l->prune, t, &new);
}

static void hand_over(const struct reading *r, struct snapshot_rows *rows)
{
	if (!r->on_part || !rows->cnt)
		return;
	r->on_part(r->arg, r->s);
	rows->cnt = 0;
}

static uint64_t control_value(const struct live *l, uint32_t what)
{
	uint64_t value = 0;

	bpf_map_lookup_elem(programs_map(l->programs, "control_values"), &what, &value);
	return value;
}

/* Whoever names a row does so last, by its mechanism; it is taken back by us alone. */
static bool take_edge(const struct ipc_row *row, struct ipc_edge_key *key, struct ipc_edge *edge)
{
	if (!__atomic_load_n(&row->key.mech, __ATOMIC_ACQUIRE))
		return false;
	*key = row->key;
	*edge = row->edge;
	return key->mech;
}

static void read_edge_rows(const struct live *l, const struct snapshot_table *t, const struct reading *r,
			   const struct ipc_row *taken, uint32_t cnt)
{
	struct snapshot_rows *rows = snapshot_rows(r->s, t);
	size_t from = rows->cnt;

	snapshot_reserve(rows, t, rows->cnt + cnt);
	for (uint32_t i = 0; i < cnt; i++)
		rows->cnt += take_edge(&taken[i], &r->s->edges.keys[rows->cnt], &r->s->edges.values[rows->cnt]);
	look_at_new(l, t, rows, from);
	hand_over(r, rows);
}

/* The first rows of their array: those behind were never used. */
static int read_edges(const struct live *l, const struct snapshot_table *t, const struct reading *r)
{
	int fd = programs_map(l->programs, "rows");
	uint64_t used = control_value(l, CONTROL_ROWS);
	struct window w = { 0 };
	int err = 0;

	for (uint64_t at = 0; at < used && !err; at += WINDOW) {
		err = window_open(&w, fd, sizeof(struct ipc_row), at);
		if (err)
			break;
		for (uint32_t i = 0; i < w.cnt && at + i < used; i += BATCH)
			read_edge_rows(l, t, r, (const struct ipc_row *)w.rows + i, w.cnt - i < BATCH ? w.cnt - i : BATCH);
		window_close(&w);
	}
	return err;
}

/* The rows of a hash from `from` on, which were just read. */
static int look_at_batch(const struct live *l, const struct snapshot_table *t, struct snapshot *s,
			 const struct snapshot_rows *rows, size_t from)
{
	int err = 0;

	if (SNAPSHOT_TABLE_IS(t, wakes))
		err = live_wakes_add(l->programs, s->wakes.keys + from, s->wakes.values + from, rows->cnt - from);
	if (SNAPSHOT_TABLE_IS(t, stack_waits)) /* which stay, whatever goes */
		live_stacks_look(l->stacks, s->stack_waits.keys + from, rows->cnt - from);
	else
		look_at_new(l, t, rows, from);
	return err;
}

/* All rows of a hash. The kernel ends a batch walk with ENOENT; the rows of that call are good. */
static int read_table(const struct live *l, const struct snapshot_table *t, const struct reading *r)
{
	struct snapshot_rows *rows = snapshot_rows(r->s, t);
	int fd = programs_map(l->programs, t->name);
	bool more = fd >= 0, first = true;
	uint32_t token;

	while (more) {
		uint32_t cnt = BATCH;
		int err;

		snapshot_reserve(rows, t, rows->cnt + BATCH);
		err = bpf_map_lookup_batch(fd, first ? NULL : &token, &token, (char *)rows->keys + rows->cnt * t->key_size,
					   (char *)rows->values + rows->cnt * t->value_size, &cnt, NULL);
		if (err && errno != ENOENT)
			return -errno;
		more = !err;
		first = false;
		rows->cnt += cnt;
		err = look_at_batch(l, t, r->s, rows, rows->cnt - cnt);
		if (err)
			return err;
		hand_over(r, rows);
	}
	return 0;
}

_Static_assert(sizeof(struct ipc_row) % 16 == 0 && sizeof(struct ipc_kept) % 16 == 0, "a window is whole pages");

/* Copies what is kept in a row: false when it is nobody's, or became so meanwhile. */
static bool take_kept(const struct ipc_kept *row, uint32_t *tid, struct ipc_run *run)
{
	*tid = __atomic_load_n(&row->tid, __ATOMIC_ACQUIRE);
	if (!*tid)
		return false;
	memcpy(run, &row->run, sizeof(*run));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&row->tid, __ATOMIC_RELAXED) == *tid;
}

static void read_kept(const struct live *l, const struct snapshot_table *t, const struct reading *r, const struct window *w)
{
	struct snapshot_rows *rows = snapshot_rows(r->s, t);
	const struct ipc_kept *kept = w->rows;
	size_t had = rows->cnt;

	for (uint32_t i = 0; i < w->cnt; i++) {
		if (!kept[i].tid)
			continue;
		snapshot_reserve(rows, t, (rows->cnt / BATCH + 1) * BATCH);
		rows->cnt += take_kept(&kept[i], &r->s->sleepers.keys[rows->cnt], &r->s->sleepers.values[rows->cnt]);
	}
	look_at_new(l, t, rows, had);
	hand_over(r, rows);
}

/* Those that have a row of `kept`; then, from the hash, those whose row is another's. */
static int read_sleepers(const struct live *l, const struct snapshot_table *t, const struct reading *r)
{
	int fd = programs_map(l->programs, "kept"), err = 0;
	struct window w = { .cnt = WINDOW };

	for (uint32_t at = 0; !err && w.cnt; at += WINDOW) {
		err = window_open(&w, fd, sizeof(struct ipc_kept), at);
		if (err)
			break;
		read_kept(l, t, r, &w);
		window_close(&w);
	}
	return err ? err : read_table(l, t, r);
}

static void read_losses(struct live *l, struct snapshot *s)
{
	uint64_t count[LOSS_MAX] = {};
	int fd = programs_map(l->programs, "losses");

	for (uint32_t i = 0; i < LOSS_MAX; i++)
		bpf_map_lookup_elem(fd, &i, &count[i]);
	s->losses.missed = count[LOSS_MISSED] + programs_missed(l->programs, s->missed_by_mech, &s->missed_charged) +
			   prune_missed(l->prune);
	s->losses.map_full = count[LOSS_MAP_FULL];
	s->losses.ring_full = count[LOSS_RING_FULL];
	s->losses.unresolved = count[LOSS_UNRESOLVED];
	s->missed_by_op_known = 1;
}

/*
 * One row a holder, with how many descriptors it has: equal keys stand together. They are
 * those of the last pass: who takes parts keeps them.
 */
static void read_holders(struct live *l, const struct reading *r)
{
	const struct snapshot_table *t = snapshot_table("holders");
	struct snapshot *s = r->s;
	struct snapshot_rows *rows = snapshot_rows(s, t);
	size_t cnt;
	const struct ipc_holder_key *all = programs_holders(l->programs, &cnt);

	if (r->on_part && l->holders_read == programs_passes(l->programs))
		return;
	l->holders_read = programs_passes(l->programs);
	for (size_t i = 0; i < cnt; i++) {
		size_t n = rows->cnt;

		if (n && !memcmp(&s->holders.keys[n - 1], &all[i], sizeof(*all))) {
			s->holders.values[n - 1]++;
			continue;
		}
		if (n && n % BATCH == 0)
			hand_over(r, rows);
		n = rows->cnt++;
		snapshot_reserve(rows, t, (n / BATCH + 1) * BATCH);
		s->holders.keys[n] = all[i];
		s->holders.values[n] = 1;
	}
	hand_over(r, rows);
}

void live_begin(struct live *l, struct snapshot *s)
{
	snapshot_clear(s);
	s->now_ns = clock_ns();
	s->start_ns = l->start_ns;
	s->stop_ns = l->stop_ns;
}

int live_parts(struct live *l, struct snapshot *s, live_part_fn on_part, void *arg)
{
	const struct reading r = {s, on_part, arg};
	int err = 0;

	prune_begin(l->prune, s->now_ns, control_value(l, CONTROL_PASS_START_NS));
	for (size_t i = 0; !err && i < sizeof(maps) / sizeof(maps[0]); i++) {
		const struct snapshot_table *t = snapshot_table(maps[i]);

		if (SNAPSHOT_TABLE_IS(t, edges))
			err = read_edges(l, t, &r);
		else if (SNAPSHOT_TABLE_IS(t, sleepers))
			err = read_sleepers(l, t, &r);
		else
			err = read_table(l, t, &r);
	}
	if (err)
		return err;
	if (!l->stop_ns)
		prune_end(l->prune);
	read_holders(l, &r);
	live_stacks_put(l->stacks, s);
	read_losses(l, s);
	return 0;
}

bool live_wants_pass(const struct live *l)
{
	unsigned share = prune_pass_share(l->prune);

	return share && programs_pass_is_cheap(l->programs, share);
}

int live_read(struct live *l, struct snapshot *s)
{
	live_begin(l, s);
	return live_parts(l, s, NULL, NULL);
}

int live_poll(struct live *l, int timeout_ms)
{
	int n = l->events ? ring_buffer__poll(l->events, timeout_ms) : 0;

	return n < 0 ? n : 0;
}
