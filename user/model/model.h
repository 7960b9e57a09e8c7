/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The model: what snapshots say, kept as objects, endpoints, waits and wakeups,
 * with every figure since the start and since the update before. Pure: it knows
 * neither BPF nor the terminal nor /proc.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/capability.h"
#include "model/cursor.h"
#include "model/endpoint.h"
#include "model/index.h"
#include "model/object.h"
#include "model/process.h"
#include "model/stack.h"
#include "model/total.h"
#include "model/wait.h"
#include "source/snapshot.h"

#define MODEL_GONE_MAX 1024 /* default of model_config.gone_max */

struct model_config {
	struct capability can[MECH_MAX]; /* by mechanism id; see capability_of() */
	uint32_t page_size;		 /* bytes; 0: 4096 */
	uint32_t gone_max;		 /* objects kept after they left the snapshots; 0: the default */
	/* The path of a cgroup; false when it cannot be told. NULL: no paths. Called once per id. */
	bool (*cgroup_path)(void *ctx, uint64_t id, char *path, size_t size);
	/* What the programs call an object that no update has brought yet. NULL: cannot be asked. */
	bool (*object_name)(void *ctx, const struct ipc_object_id *id, struct ipc_name *name);
	void *ctx;
};

struct model {
	struct model_config config;
	uint32_t tick; /* updates so far */
	uint64_t start_ns, before_ns, now_ns, stop_ns; /* CLOCK_MONOTONIC; stop_ns 0: it goes on */

	struct object *first, *last; /* all objects, gone ones too */
	struct object *gone_first, *gone_last;
	uint32_t object_cnt, gone_cnt, seen_cnt; /* all, gone, seen by this update */

	struct process *processes;
	struct cgroup *cgroups;
	struct index objects, endpoints, wakes, parts;
	struct cursor object_rows, edge_rows, hist_rows, holder_rows, wake_rows, process_rows;

	struct wait *waits, *carried; /* operations in progress now, and at the update before */
	size_t wait_cnt, wait_cap, carried_cnt, carried_cap;

	struct stacks stacks;

	struct total *totals[MECH_MAX]; /* NULL: not traced */
	struct losses losses, losses_before;
	bool missed_by_op_known;
	uint64_t missed_charged; /* part of losses.missed that is some operation's */
};

struct model *model_new(const struct model_config *config);
void model_free(struct model *m);

/*
 * Takes a reading, which may be changed afterwards. Readings must be of rising
 * now_ns. Objects that left the snapshots are kept, up to gone_max of them; the
 * totals stay exact.
 */
void model_update(struct model *m, const struct snapshot *s);

/*
 * The same in pieces, for a source that would rather not hold 10,000 objects at
 * once: begin with the times, feed rows in any number of parts, end with the
 * losses. Every row once; processes, objects, sleepers and edges in this order,
 * then all the others. A part may be reused as soon as it was fed.
 */
void model_begin(struct model *m, const struct snapshot *head);
void model_feed(struct model *m, const struct snapshot *part);
void model_end(struct model *m, const struct snapshot *tail);

uint64_t model_span_ns(const struct model *m, enum span span);
void model_losses(const struct model *m, enum span span, struct losses *losses);
bool losses_any(const struct losses *losses);

/* The object with this id that is there now, NULL: none. */
struct object *model_object(const struct model *m, const struct ipc_object_id *id);

/* Its name as text, NUL-terminated, whether an update has brought it or not; false: it has none, or none is known. */
bool model_object_name(const struct model *m, const struct ipc_object_id *id, char name[IPC_NAME_LEN + 1]);

/* Every mechanism that is traced. */
#define model_for_each_mech(m, mech)                          \
	for (unsigned mech = 0; mech < MECH_MAX; mech++)      \
		if ((m)->totals[mech])

#define model_for_each_object(m, o) for (struct object *o = (m)->first; o; o = o->next)

/* For the model's own files: the object, made when it is not there; NULL: of no mechanism that is traced. */
struct object *object_get(struct model *m, const struct ipc_object_id *id);
void object_seen(struct model *m, struct object *o);
/* Rows with its id are another object's from now on. */
void object_replaced(struct model *m, struct object *o);

#endif
