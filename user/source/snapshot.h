/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a source hands to the model: the kernel's counts since the start, whole,
 * at one moment. A live source reads maps into it, a recording reads a file.
 * Nothing here knows BPF or the terminal.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "ipctrace.h"

/* Rows of one map: key and value arrays of equal length. */
#define SNAPSHOT_ROWS(key_type, value_type) \
	struct {                            \
		key_type *keys;             \
		value_type *values;         \
		size_t cnt, cap;            \
	}

/* Losses since the start; see enum ipc_loss for the programs' own counts. */
struct losses {
	uint64_t missed;     /* recursion misses of all programs + LOSS_MISSED */
	uint64_t map_full;
	uint64_t ring_full;
	uint64_t unresolved;
};

/* The name of the function that an address lies in. tgid and start 0: the kernel's, which all share. */
struct symbol_key {
	uint64_t address;
	uint32_t tgid;
	uint32_t start;
};

#define SYMBOL_LEN 96 /* bytes; a longer name is cut */

struct symbol {
	char name[SYMBOL_LEN]; /* NUL-terminated, raw bytes */
};

/*
 * Hooks of one mechanism that the kernel skipped (recursion), by operation. What
 * ended unseen is not counted at all; what began unseen is, without its waits and
 * the wakeups it gave. [OP_EITHER]: of hooks that serve sends and receives. shared:
 * with the other mechanisms that have the same hooks.
 */
struct missed_ops {
	uint64_t ended[OP_EITHER + 1];
	uint64_t begun[OP_EITHER + 1];
	uint64_t shared;
};

struct snapshot {
	uint64_t now_ns;   /* CLOCK_MONOTONIC of the reading */
	uint64_t start_ns; /* when counting began */
	uint64_t stop_ns;  /* when it ended; 0: it goes on. What is sampled later is exact */
	SNAPSHOT_ROWS(struct ipc_edge_key, struct ipc_edge) edges;
	SNAPSHOT_ROWS(struct ipc_object_id, struct ipc_object) objects;
	SNAPSHOT_ROWS(struct ipc_process_key, struct ipc_process) processes;
	SNAPSHOT_ROWS(struct ipc_holder_key, uint32_t) holders; /* value: descriptors held when the iterator passed */
	SNAPSHOT_ROWS(struct ipc_error_key, uint64_t) errors;
	SNAPSHOT_ROWS(struct ipc_wake_key, uint64_t) wakes;
	SNAPSHOT_ROWS(struct ipc_edge_key, struct ipc_edge_hists) hists;
	SNAPSHOT_ROWS(struct ipc_object_id, struct ipc_residency) residency;
	SNAPSHOT_ROWS(struct ipc_part_key, struct ipc_part) parts;
	SNAPSHOT_ROWS(uint32_t, struct ipc_run) sleepers; /* by TID: operations off the CPU now; RUN_SLEEPS: waiting */
	SNAPSHOT_ROWS(struct ipc_object_id, struct ipc_name) names; /* a FIFO's path; raw bytes, not yet escaped */
	SNAPSHOT_ROWS(struct ipc_stack_key, struct ipc_stack_sum) stack_waits;
	SNAPSHOT_ROWS(uint32_t, struct ipc_stack) stacks;     /* by number: those that stack_waits have */
	SNAPSHOT_ROWS(struct symbol_key, struct symbol) symbols; /* of their frames, as far as they are known */
	struct losses losses;
	uint32_t missed_by_op_known; /* 1 when the next two were read */
	struct missed_ops missed_by_mech[MECH_MAX];
	uint64_t missed_charged; /* part of losses.missed that is in missed_by_mech */
};

/* One map's rows as they lie in a snapshot, for what treats all maps alike. */
struct __attribute__((may_alias)) snapshot_rows {
	void *keys, *values;
	size_t cnt, cap;
};

/* Every map of a snapshot, in an order that recordings keep: append only. */
struct snapshot_table {
	const char *name;
	size_t offset; /* of its rows in struct snapshot */
	size_t key_size, value_size;
};
extern const struct snapshot_table snapshot_tables[];
extern const size_t snapshot_table_cnt;

/* Is this the table of that name, as a member of struct snapshot? */
#define SNAPSHOT_TABLE_IS(t, table) ((t)->offset == offsetof(struct snapshot, table))
const struct snapshot_table *snapshot_table(const char *name); /* there must be one */

struct snapshot_rows *snapshot_rows(const struct snapshot *s, const struct snapshot_table *t);

/* Room for cap rows; those that are there are kept. */
void snapshot_reserve(struct snapshot_rows *rows, const struct snapshot_table *t, size_t cap);

void snapshot_copy(struct snapshot *to, const struct snapshot *from);
void snapshot_clear(struct snapshot *s); /* keeps the memory for the next reading */
void snapshot_free(struct snapshot *s);

#endif
