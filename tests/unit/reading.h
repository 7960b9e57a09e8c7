/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Snapshots written by hand: each add_*() appends a zeroed row to fill in. The
 * pointers hold until the next row of the same kind is added.
 */
#ifndef READING_H
#define READING_H

#include <stdlib.h>
#include <string.h>

#include "mech/pipe.h"
#include "model/model.h"
#include "source/snapshot.h"

#define SECOND 1000000000ull
#define MS 1000000ull
#define START_NS (100 * SECOND)

#define APPEND(rows, ...)                                                                       \
	({                                                                                      \
		if ((rows)->cnt == (rows)->cap) {                                               \
			(rows)->cap = (rows)->cap ? 2 * (rows)->cap : 16;                       \
			(rows)->keys = reallocarray((rows)->keys, (rows)->cap, sizeof(*(rows)->keys));       \
			(rows)->values = reallocarray((rows)->values, (rows)->cap, sizeof(*(rows)->values)); \
		}                                                                               \
		(rows)->keys[(rows)->cnt] = (__typeof__(*(rows)->keys))__VA_ARGS__;             \
		memset(&(rows)->values[(rows)->cnt], 0, sizeof(*(rows)->values));               \
		&(rows)->values[(rows)->cnt++];                                                 \
	})

/* A process started at a time that follows from its PID. */
static inline uint32_t start_of(uint32_t tgid)
{
	return tgid ? tgid * 7 + 1 : 0;
}

static inline struct ipc_object_id pipe_id(uint64_t inode)
{
	return (struct ipc_object_id){ .id = inode, .domain = 15, .mech = MECH_PIPE };
}

static inline struct ipc_object_id fifo_id(uint64_t inode)
{
	return (struct ipc_object_id){ .id = inode, .domain = 8 << 20 | 1, .mech = MECH_FIFO };
}

/* The next reading, so many milliseconds after the start. */
static inline void reading_at(struct snapshot *s, uint64_t ms)
{
	snapshot_clear(s);
	s->start_ns = START_NS;
	s->now_ns = START_NS + ms * MS;
	s->missed_by_op_known = 1;
}

static inline struct ipc_edge_key edge_key(struct ipc_object_id id, enum ipc_op op, uint32_t tgid)
{
	return (struct ipc_edge_key){ id.id, id.domain, id.mech, op, tgid, start_of(tgid) };
}

static inline struct ipc_edge *add_edge(struct snapshot *s, struct ipc_object_id id, enum ipc_op op, uint32_t tgid)
{
	struct ipc_edge_key key = edge_key(id, op, tgid);

	return APPEND(&s->edges, key);
}

/* The usual edge: ops operations that copied bytes bytes, which left the ring at head and tail. */
static inline struct ipc_edge *add_transfer(struct snapshot *s, struct ipc_object_id id, enum ipc_op op, uint32_t tgid,
					    uint64_t ops, uint64_t bytes, uint32_t head, uint32_t tail)
{
	struct ipc_edge *e = add_edge(s, id, op, tgid);

	e->ops = ops;
	e->bytes = bytes;
	e->copies = ops;
	if (op == OP_SEND)
		e->counters[COUNTER_PAGE_CHUNKS] = ops;
	e->state[PIPE_HEAD] = head;
	e->state[PIPE_TAIL] = tail;
	e->state[PIPE_RING_SIZE] = e->state[PIPE_MAX_USAGE] = e->state[PIPE_NR_ACCOUNTED] = 16;
	e->state[PIPE_READERS] = e->state[PIPE_WRITERS] = e->state[PIPE_R_COUNTER] = e->state[PIPE_W_COUNTER] = 1;
	e->state[PIPE_FILES] = 2;
	e->depth = e->max_depth = head - tail;
	return e;
}

static inline struct ipc_object *add_object(struct snapshot *s, struct ipc_object_id id)
{
	struct ipc_object *o = APPEND(&s->objects, id);

	o->first_ns = s->start_ns;
	return o;
}

/* One that was made while we watched. */
static inline struct ipc_object *add_new_object(struct snapshot *s, struct ipc_object_id id)
{
	struct ipc_object *o = add_object(s, id);

	o->creations = 1;
	return o;
}

/* As the kernel does: all 16 bytes may be the name. */
static inline void set_comm(char comm[IPC_COMM_LEN], const char *name)
{
	for (unsigned i = 0; i < IPC_COMM_LEN && name[i]; i++)
		comm[i] = name[i];
}

static inline struct ipc_process *add_process(struct snapshot *s, uint32_t tgid, const char *comm)
{
	struct ipc_process *p = APPEND(&s->processes, { tgid, start_of(tgid) });

	set_comm(p->comm, comm);
	return p;
}

static inline void add_error(struct snapshot *s, struct ipc_object_id id, enum ipc_op op, uint32_t tgid, uint32_t error,
			     uint64_t count)
{
	struct ipc_error_key key = { .edge = edge_key(id, op, tgid), .error = error };

	*APPEND(&s->errors, key) = count;
}

static inline void add_wake(struct snapshot *s, struct ipc_object_id id, enum ipc_waker kind, uint32_t waker,
			    uint32_t wakee, uint64_t count)
{
	struct ipc_wake_key key = { id.id, id.domain, id.mech, kind, waker, start_of(waker), wakee, start_of(wakee) };

	*APPEND(&s->wakes, key) = count;
}

static inline void add_holder(struct snapshot *s, struct ipc_object_id id, enum ipc_op op, uint32_t tgid, uint32_t cnt)
{
	struct ipc_holder_key key = { .id = id.id, .domain = id.domain, .mech = id.mech, .op = op, .tgid = tgid,
				      .start = start_of(tgid) };

	*APPEND(&s->holders, key) = cnt;
}

/* Asleep since `since_ns` in its first wait. */
static inline struct ipc_run *add_sleeper(struct snapshot *s, struct ipc_object_id id, enum ipc_op op, uint32_t tgid,
					  const char *comm, enum ipc_cause cause, uint64_t since_ns)
{
	struct ipc_run *run = APPEND(&s->sleepers, tgid);

	run->obj = id;
	run->op = op;
	run->tgid = run->tid = tgid;
	run->start = start_of(tgid);
	run->flags = RUN_SLEEPS;
	run->cause = run->own_cause = cause;
	run->waits = run->own_waits = 1;
	run->sleep_ns = since_ns;
	set_comm(run->comm, comm);
	return run;
}

static inline struct ipc_edge_hists *add_hists(struct snapshot *s, struct ipc_object_id id, enum ipc_op op,
					       uint32_t tgid)
{
	struct ipc_edge_key key = edge_key(id, op, tgid);

	return APPEND(&s->hists, key);
}

static inline struct ipc_residency *add_residency(struct snapshot *s, struct ipc_object_id id)
{
	return APPEND(&s->residency, id);
}

/* Frames from the innermost on. */
static inline void add_stack(struct snapshot *s, uint32_t id, const uint64_t *frames, unsigned cnt)
{
	memcpy(APPEND(&s->stacks, id)->frames, frames, cnt * sizeof(*frames));
}

static inline void add_symbol_name(struct snapshot *s, uint64_t address, uint32_t tgid, const char *name)
{
	struct symbol_key key = { address, tgid, start_of(tgid) };

	strncpy(APPEND(&s->symbols, key)->name, name, SYMBOL_LEN);
}

static inline void add_stack_wait(struct snapshot *s, struct ipc_stack_key key, uint64_t waits, uint64_t wait_ns)
{
	struct ipc_stack_sum *sum;

	key.start = start_of(key.tgid);
	key.waker_start = start_of(key.waker);
	sum = APPEND(&s->stack_waits, key);
	sum->waits = waits;
	sum->wait_ns = wait_ns;
}

static inline void add_name(struct snapshot *s, struct ipc_object_id id, const char *name)
{
	strncpy(APPEND(&s->names, id)->path, name, IPC_NAME_LEN);
}

/* A model of pipes and FIFOs, function backend, everything collected. */
#define PROFILE_ALL (PROFILE_WAITS | PROFILE_LATENCY | PROFILE_RESIDENCY | PROFILE_DETAIL | PROFILE_EVENTS)

static inline struct model_config reading_config(enum backend backend, uint32_t profile)
{
	struct model_config config = { .page_size = 4096 };

	/* what is told here is of these two, however many more there are */
	config.can[MECH_PIPE] = capability_of(mechanism_by_id(MECH_PIPE), backend, profile);
	config.can[MECH_FIFO] = capability_of(mechanism_by_id(MECH_FIFO), backend, profile);
	return config;
}

static inline struct model *reading_model(uint32_t profile)
{
	struct model_config config = reading_config(BACKEND_FUNCTION, profile);

	return model_new(&config);
}

#endif
