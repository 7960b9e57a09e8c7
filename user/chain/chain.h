/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who waits for whom. A task that sleeps in an operation waits for any of the
 * processes that could end it; a process is stuck when all its tasks wait for
 * nobody but stuck ones. What is left after everyone was let go whom somebody
 * could still wake is a deadlock: a knot, in the words of the OR model of
 * Chandy, Misra and Haas. Pure: fed by hand in tests, by build.c otherwise.
 */
#ifndef CHAIN_H
#define CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipctrace.h"

#define CHAIN_NONE ((size_t)-1)

struct chain_wait {
	uint32_t tid;
	size_t process;	      /* whose task it is */
	char object[64];      /* "pipe:[81234]"; "" when it is no object: the exit of a child */
	const char *name;     /* a path, raw bytes; NULL: none */
	const char *mechanism; /* NULL: no object */
	uint8_t op, cause;    /* enum ipc_op, enum ipc_cause */
	uint64_t wait_ns;     /* so far; 0: not known */
	size_t *enders;	      /* processes that could end it, rising */
	size_t ender_cnt;
	bool closed;	      /* nobody else could, as things are */
	bool stuck;
};

struct chain_process {
	uint32_t pid, ppid;
	char comm[IPC_COMM_LEN + 1]; /* raw bytes */
	uint32_t task_cnt;	     /* of which wait_cnt wait for something that is known */
	size_t first_wait, wait_cnt; /* in chain.waits, together */
	bool stuck;
};

struct chain {
	struct chain_process *processes; /* by rising PID */
	size_t process_cnt;
	struct chain_wait *waits; /* by process */
	size_t wait_cnt;
};

/* Fills in stuck, of waits and processes. Their lists must be in the order that is said above. */
void chain_solve(struct chain *c);

/*
 * The stuck process that `process` waits for: of its first stuck wait's enders the
 * first. CHAIN_NONE: it is not stuck, or nobody at all could end its wait.
 */
size_t chain_next(const struct chain *c, size_t process);

/*
 * A deadlock as a circle of processes, each waiting for the next and the last for
 * the first. Writes at most max of them, returns how many they are; 0: there are
 * no more. *at: 0 at first, then as it was left.
 */
size_t chain_circle(const struct chain *c, size_t *at, size_t *circle, size_t max);

/*
 * How many processes wait for this one, directly or through others, when it is not
 * stuck itself and waits for nothing that is known: the root of a chain.
 */
size_t chain_followers(const struct chain *c, size_t process);

size_t chain_find(const struct chain *c, uint32_t pid); /* CHAIN_NONE: not there */
void chain_free(struct chain *c);

#endif
