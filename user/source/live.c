// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define BATCH 1024 /* rows a call; a hash bucket must fit, and none is near that long */

struct live {
	struct programs *programs;
	struct ring_buffer *events;
	live_event_fn on_event;
	void *arg;
	uint64_t start_ns;
	uint64_t stop_ns; /* 0: it goes on */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

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
	l->start_ns = now_ns();
	if (on_event) {
		l->events = ring_buffer__new(programs_map(p, "events"), on_sample, l, NULL);
		if (!l->events) {
			free(l);
			return -errno;
		}
	}
	*out = l;
	return 0;
}

void live_stopped(struct live *l)
{
	l->stop_ns = now_ns();
}

void live_close(struct live *l)
{
	if (!l)
		return;
	ring_buffer__free(l->events);
	free(l);
}

static void *grown(void *old, size_t rows, size_t size)
{
	void *more = realloc(old, rows * size);

	if (!more)
		abort();
	return more;
}

/* All rows of a hash. The kernel ends a batch walk with ENOENT; the rows of that call are good. */
static int read_rows(int fd, void **keys, size_t key_size, void **values, size_t value_size, size_t *cnt, size_t *cap)
{
	uint32_t token;
	bool more = true, first = true;

	*cnt = 0;
	if (fd < 0)
		return 0;
	while (more) {
		uint32_t rows = BATCH;
		int err;

		if (*cap < *cnt + BATCH) {
			*cap = *cnt + BATCH;
			*keys = grown(*keys, *cap, key_size);
			*values = grown(*values, *cap, value_size);
		}
		err = bpf_map_lookup_batch(fd, first ? NULL : &token, &token, (char *)*keys + *cnt * key_size,
					   (char *)*values + *cnt * value_size, &rows, NULL);
		if (err && errno != ENOENT)
			return -errno;
		*cnt += rows;
		more = !err;
		first = false;
	}
	return 0;
}

#define READ_ROWS(map, rows)                                                                                  \
	read_rows(programs_map(l->programs, map), (void **)&(rows).keys, sizeof(*(rows).keys),                \
		  (void **)&(rows).values, sizeof(*(rows).values), &(rows).cnt, &(rows).cap)

static void read_losses(struct live *l, struct snapshot *s)
{
	uint64_t count[LOSS_MAX] = {};
	int fd = programs_map(l->programs, "losses");

	for (uint32_t i = 0; i < LOSS_MAX; i++)
		bpf_map_lookup_elem(fd, &i, &count[i]);
	s->losses.missed = count[LOSS_MISSED] + programs_missed(l->programs, s->missed_by_mech, &s->missed_charged);
	s->losses.map_full = count[LOSS_MAP_FULL];
	s->losses.ring_full = count[LOSS_RING_FULL];
	s->losses.unresolved = count[LOSS_UNRESOLVED];
	s->missed_by_op_known = 1;
}

/* names has a struct of its own on this side: the key is part of the row. */
static int read_names(struct live *l, struct snapshot *s)
{
	SNAPSHOT_ROWS(struct ipc_object_id, struct ipc_name) raw = {};
	int err = READ_ROWS("names", raw);

	if (s->names.cap < raw.cnt) {
		s->names.cap = raw.cnt;
		s->names.keys = grown(s->names.keys, raw.cnt, sizeof(*s->names.keys));
		s->names.values = grown(s->names.values, raw.cnt, sizeof(*s->names.values));
	}
	s->names.cnt = raw.cnt;
	for (size_t i = 0; i < raw.cnt; i++) {
		s->names.keys[i] = raw.keys[i];
		s->names.values[i].obj = raw.keys[i];
		memcpy(s->names.values[i].name, raw.values[i].path, IPC_NAME_LEN);
	}
	free(raw.keys);
	free(raw.values);
	return err;
}

/* One row a holder, with how many descriptors it has: equal keys stand together. */
static void read_holders(struct live *l, struct snapshot *s)
{
	size_t cnt;
	const struct ipc_holder_key *all = programs_holders(l->programs, &cnt);

	if (s->holders.cap < cnt) {
		s->holders.cap = cnt;
		s->holders.keys = grown(s->holders.keys, cnt, sizeof(*s->holders.keys));
		s->holders.values = grown(s->holders.values, cnt, sizeof(*s->holders.values));
	}
	s->holders.cnt = 0;
	for (size_t i = 0; i < cnt; i++) {
		size_t n = s->holders.cnt;

		if (n && !memcmp(&s->holders.keys[n - 1], &all[i], sizeof(*all))) {
			s->holders.values[n - 1]++;
			continue;
		}
		s->holders.keys[n] = all[i];
		s->holders.values[n] = 1;
		s->holders.cnt++;
	}
}

int live_read(struct live *l, struct snapshot *s)
{
	int err;

	s->now_ns = now_ns();
	s->start_ns = l->start_ns;
	s->stop_ns = l->stop_ns;
	if ((err = READ_ROWS("edges", s->edges)) || (err = READ_ROWS("objects", s->objects)) ||
	    (err = READ_ROWS("processes", s->processes)) || (err = READ_ROWS("errors", s->errors)) || (err = READ_ROWS("wakes", s->wakes)) ||
	    (err = READ_ROWS("hists", s->hists)) || (err = READ_ROWS("residency", s->residency)) ||
	    (err = READ_ROWS("parts", s->parts)) ||
	    (err = READ_ROWS("sleepers", s->sleepers)) || (err = read_names(l, s)))
		return err;
	read_holders(l, s);
	read_losses(l, s);
	return 0;
}

int live_poll(struct live *l, int timeout_ms)
{
	int n = l->events ? ring_buffer__poll(l->events, timeout_ms) : 0;

	return n < 0 ? n : 0;
}
