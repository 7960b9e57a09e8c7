/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The columns of a table of objects, once: name, help, unit, how much room, what
 * must be collected, how to get the value. -o, -S, the man page and the table
 * follow. A mechanism's internals are columns too, under their own names.
 */
#ifndef COLUMN_H
#define COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/model.h"
#include "model/hist.h"
#include "model/verdict.h"
#include "out/units.h"

/* What a cell holds; how it is shown follows. */
enum value_type {
	VALUE_NUMBER = 0, /* number, in the column's unit */
	VALUE_TEXT,	  /* text, raw bytes */
	VALUE_PATH,	  /* text, cut at its start */
	VALUE_PROCESS,	  /* text, number, other: a name, a PID, the PID in its own namespace (0: not known); how many more there are */
	VALUE_FRACTION,	  /* number of other: 12/16 */
};

struct value {
	enum value_type type;
	const char *text;  /* lives as long as the row, or longer */
	double number, other;
	uint32_t more;
	enum verdict verdict; /* of VALUE_TEXT: what colour it has */
};

/* An object over a span, with the sums that several columns want, made once. */
struct row {
	const struct object *object;
	enum span span;
	uint32_t known_sides; /* bit per operation: sides[] is filled */
	struct side sides[OP_MAX];
	char id[64];
};

void row_init(struct row *row, const struct object *o, enum span span);
const struct side *row_side(struct row *row, enum ipc_op op);

enum column_order {
	COLUMN_FALLING = 0, /* -S: largest first */
	COLUMN_RISING = 1,
};

struct column {
	const char *name; /* of -o and -S, in any case */
	const char *head; /* over the column */
	const char *help;
	enum unit unit;	  /* of its numbers; UNIT_NONE: text */
	enum column_order order;
	uint8_t rank;	  /* 1 to 99: in the default table, lower ones are kept longest when it is
			     narrow; 100 on: joins where it is wide; 0: only when asked for */
	uint8_t min;	  /* cells, at least; the head's width when 0 */
	bool shrinks;	  /* can be cut to min */
	uint32_t needs;	  /* enum ipc_profile: without all of them it is unknown */
	uint32_t unseen;  /* enum unseen: with any of them, too */
	bool (*get)(const struct column *column, struct row *row, struct value *value); /* false: unknown */
	/* for the getter */
	uint8_t ops;	  /* bit per operation */
	uint8_t end;	  /* enum ipc_end: of endpoints at that one; 0: of any */
	uint16_t word;	  /* offset in struct side: summed over ops */
	bool rate;	  /* of that sum: per second */
};

extern const struct column columns[];
extern const size_t column_cnt;

/*
 * The column of this name, in any case: one of columns[], or an internal of any
 * mechanism, made at the first call and never freed. NULL: there is none.
 */
const struct column *column_by_name(const char *name);

/* Every name that column_by_name() knows, once. */
void column_for_each_name(void (*take)(void *arg, const char *name), void *arg);

/* Getters of what is no sum over sides (column_get.c). */
typedef bool column_get_fn(const struct column *column, struct row *row, struct value *value);
column_get_fn get_id, get_object, get_path, get_mechanism, get_process, get_endpoints, get_seen, get_verdict;
column_get_fn get_copied, get_ring, get_most, get_inside, get_balance, get_wait_share, get_latency, get_residency;
column_get_fn get_internal, get_cgroup, get_container, get_unit;

/* The value, or false where it is unknown: not collected, not seen by the backend, not of this mechanism. */
bool column_value(const struct column *column, struct row *row, struct value *value);

#endif
