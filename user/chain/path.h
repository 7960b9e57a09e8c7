/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The critical path of a command: from its end back to its beginning, always by
 * the task without which it would not have gone on. Where a task was woken or made
 * by another one of the command the path goes on with that one; where nobody of the
 * command ended a sleep, the sleep itself is a part of it. The parts add up to the
 * whole time. Pure: fed by hand in tests, by view/path.c otherwise.
 *
 * It says what would have to be shorter for all to be shorter, and nothing of by
 * how much: another path may be nearly as long.
 */
#ifndef CHAIN_PATH_H
#define CHAIN_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipctrace.h"
#include "steps.h"

/* A step of a task, see steps.h. */
struct path_step {
	uint64_t at_ns;	   /* when it was woken, made, or exited */
	uint64_t sleep_ns; /* of a wakeup: since when it slept; 0: not seen */
	uint32_t tid, tgid;
	uint32_t waker_tid, waker_tgid; /* 0: no task */
	int32_t syscall;   /* that it slept in; negative: not known */
	uint8_t step;	   /* enum ipc_step */
	char comm[IPC_COMM_LEN]; /* of the task, then */
	char waker_comm[IPC_COMM_LEN];
};

/* An operation in which a task waited. */
struct path_call {
	uint64_t begin_ns, end_ns;
	struct ipc_object_id object;
	uint32_t tid;
	uint8_t op, cause;
};

struct path_part {
	uint64_t from_ns, to_ns;
	uint32_t tid, tgid; /* 0: what was before the first step that is known */
	bool waits;	    /* the task slept, and nobody of the command ended that */
	/* How the path goes on: the step of another task that this one brought about, or, when it waits, its own end. */
	const struct path_step *step; /* NULL: the command ends */
	const struct path_call *call; /* what was waited in; NULL: no operation that was traced */
};

struct path {
	struct path_step *steps;
	struct path_call *calls;
	size_t step_cnt, call_cnt, step_cap, call_cap;
	size_t max; /* of each that are kept; then the oldest make way */
	uint64_t steps_seen, calls_seen;

	struct path_part *parts; /* in the order of time, once solved */
	size_t part_cnt, part_cap;
};

void path_init(struct path *p, size_t max);
void path_free(struct path *p);

/* In any order. */
void path_add_step(struct path *p, const struct path_step *s);
void path_add_call(struct path *p, const struct path_call *c);

/*
 * Finds the parts, from begin_ns on or from when the first task of the command was let go. The command ends with
 * the last thread of the process that no step made. False: its end is not known. Nothing may be added afterwards.
 */
bool path_solve(struct path *p, uint64_t begin_ns);

/* Steps and operations that made way for later ones: what came of them is not known, or told by system call. */
uint64_t path_not_kept(const struct path *p);

/* From the first part to the last, ns; 0: there are none. */
uint64_t path_length_ns(const struct path *p);

#endif
