/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A process on an object, and one edge for every kind of operation that it did there. */
#ifndef MODEL_ENDPOINT_H
#define MODEL_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/error.h"
#include "model/process.h"
#include "model/side.h"
#include "model/tally.h"
#include "model/wait.h"

struct model;
struct object;
struct snapshot;

struct edge {
	struct endpoint *endpoint;
	struct tally counts;	    /* SIDE_WORDS */
	struct tally *hists;	    /* HIST_KINDS; NULL: none were read */
	struct error_count *errors;
	struct wait *waits;	    /* operations in progress at the last update */
	struct wait *carried;	    /* those of the update before */
	uint64_t before_start_ns;   /* part of wait_ns that lies before the start of counting */
	uint32_t tick;		    /* update that last read it */
	uint32_t row, hists_row;
	uint8_t op;
};

struct endpoint_key {
	struct ipc_object_id obj;
	struct ipc_process_key process;
};
_Static_assert(sizeof(struct endpoint_key) == 24, "hashed as a whole");

struct endpoint {
	struct object *object;
	struct process *process;
	struct endpoint *next;	    /* of the same object */
	struct edge *edges[OP_MAX]; /* NULL: no operation of this kind */
	uint32_t holds[2];	    /* descriptors of the sending and receiving end when the iterator passed */
	uint32_t hold_rows[2];
	uint32_t hold_tick;	    /* update that last read them */
	uint8_t held_ends;	    /* enum ipc_end: of those */
	bool holds_now;		    /* as of the last pass; else it did once */
};

/* What an endpoint is to its object. A process that both sends and receives has both roles. */
enum role {
	ROLE_SEND = OP_SEND,
	ROLE_RECV = OP_RECV,
	ROLE_CTL = OP_CTL, /* only opened, closed or set it up */
};

/* The endpoint of this process on the object, and its edge: made when they are not there. */
struct endpoint *endpoint_find(const struct model *m, const struct endpoint_key *key); /* NULL: not there */
struct endpoint *endpoint_get(struct model *m, struct object *o, uint32_t tgid, uint32_t start);
struct edge *edge_get(struct endpoint *e, enum ipc_op op);

bool endpoint_has_role(const struct endpoint *e, enum role role);

/* Which ends of an object with two alike it used or holds, enum ipc_end; 0: none is known, or there are no such ends. */
uint8_t endpoint_ends(const struct endpoint *e);

/* The same of the operations of one edge over the span. */
uint8_t edge_ends(const struct edge *edge, enum span span);

/* Adds the edge's figures over the span to `side`; edge may be NULL. */
void edge_side(const struct edge *edge, enum span span, struct side *side);

/* Adds the edge's histogram; returns false when none was read. */
bool edge_hist(const struct edge *edge, enum ipc_hist_kind kind, enum span span, struct ipc_hist *sum);

void edge_errors(const struct edge *edge, enum span span, struct error_sum *sum);

/* Takes the rows of edges and all that belongs to them: errors, histograms, holders. */
void edges_update(struct model *m, const struct snapshot *s);
/* After all rows: edges of which there are only operations in progress. */
void edges_settle(struct model *m);

bool endpoint_is(const struct endpoint *e, const struct endpoint_key *key);

/* It can no longer be found. */
void endpoint_unlink(struct model *m, struct endpoint *e);
/* It is unlinked, and its object's list is the caller's affair. */
void endpoint_free(struct endpoint *e);

#endif
