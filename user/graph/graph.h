/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who talks to whom through what: actors (processes, or groups of them), objects,
 * and what went between. Made of a model; whatever is too much to be read is
 * merged into "other", so that the sums of all edges stay those of the model.
 */
#ifndef GRAPH_H
#define GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "graph/actor.h"
#include "model/model.h"

/* What is followed: which edges are the widest, and which actors and objects are kept. */
enum graph_weight {
	GRAPH_BYTES = 0,
	GRAPH_WAITS, /* time waited */
	GRAPH_WAKES,
	GRAPH_OPS,
};

/* The language that it is told in. */
enum graph_format {
	GRAPH_DOT = 0,
	GRAPH_SVG, /* drawn by Graphviz */
	GRAPH_JSON,
};

struct graph_options {
	enum actor_kind by;
	enum graph_weight weight;
	uint32_t nodes; /* actors kept, and as many objects; 0: all */
	bool idle;	/* objects that nobody used in the span, too */
};

/* Sums over what an edge or a node stands for. */
struct graph_sums {
	uint64_t bytes, ops, waits, wait_ns, open_waits, wakes;
};

struct graph_actor {
	struct actor actor;  /* of GRAPH_OTHER: all zero */
	uint32_t processes;  /* that it stands for */
	uint32_t actors;     /* merged into it; 1: only itself */
	bool other;
	struct graph_sums sums;
};

/* One object, several that the same actors use in the same way, or the rest of a mechanism. */
struct graph_object {
	const struct mechanism *mech;
	const struct object *object; /* the one that did most */
	uint32_t objects;
	bool other;
	uint32_t first_end, end_cnt; /* its edges: graph.edges[first_end…] */
	struct graph_sums sums;
};

enum graph_way {
	GRAPH_SENDS = OP_SEND,
	GRAPH_RECEIVES = OP_RECV,
	GRAPH_USES, /* opened, closed, set it up; what is neither sent nor received */
	GRAPH_HOLDS_SEND, /* has a descriptor of the end that nobody used */
	GRAPH_HOLDS_RECV,
	GRAPH_WAYS,
};

struct graph_edge {
	size_t actor, object;
	enum graph_way way;
	uint8_t ends; /* enum ipc_end: at which it was, of an object with two that are alike; 0: there are no such ends */
	struct graph_sums sums;
	/*
	 * The process that waited longest here and how long, its threads together. Of an edge that stands for several
	 * processes it is at least so long. A sum over all of them would be no share of anybody's time.
	 */
	const struct process *waiter;
	uint64_t waiter_ns;
};

/* wakes out of waits on object, of tasks of wakee. */
struct graph_wakeup {
	const char *kind; /* of a waker that is no process: waker_name(); else NULL */
	size_t waker, wakee, object; /* waker of no meaning when there is a kind */
	uint64_t wakes;
};

struct graph {
	struct graph_actor *actors; /* most first, "other" last */
	size_t actor_cnt;
	struct graph_object *objects; /* most first, those of the rest last */
	size_t object_cnt;
	struct graph_edge *edges; /* by object, then actor, then way */
	size_t edge_cnt;
	struct graph_wakeup *wakeups; /* most first */
	size_t wakeup_cnt;
	uint64_t forgotten; /* objects that are gone for too long: in no sum here */
	struct graph_sums sums;
};

/* Strings point into the model, which must outlive it. */
void graph_build(struct graph *g, const struct model *m, enum span span, const struct graph_options *options);
void graph_free(struct graph *g);

/* What an edge or node weighs by this measure. */
double graph_weigh(const struct graph_sums *sums, enum graph_weight weight);

const char *graph_weight_name(enum graph_weight weight); /* "bytes", "waits", "wakes", "ops" */
const char *graph_way_name(enum graph_way way);		 /* "send", "recv", "use", "hold-send", "hold-recv" */

/* For the graph's own files: merges what is beyond options->nodes, and what is used alike. */
void graph_reduce(struct graph *g, const struct graph_options *options);
void graph_sums_add(struct graph_sums *to, const struct graph_sums *from);

#endif
