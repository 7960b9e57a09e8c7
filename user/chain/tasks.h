/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every task, from /proc: whether it slept, in which system call, and whether it has slept ever since. */
#ifndef CHAIN_TASKS_H
#define CHAIN_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipctrace.h"

struct chain_task {
	uint32_t pid, tid, ppid;
	char comm[IPC_COMM_LEN + 1]; /* of the process, raw bytes */
	bool sleeps;	    /* interruptibly or not; false: runs, stopped, dead */
	uint64_t switches;  /* times it left a CPU so far */
	bool waits_child;   /* in wait4() or waitid() */
	int64_t child;	    /* whose exit: a PID, -1: any child */
};

struct chain_tasks {
	struct chain_task *tasks; /* by PID, then TID */
	size_t cnt, cap;
};

/* Reads all of them; those that end meanwhile are left out. 0 or -errno: there is no /proc. */
int chain_tasks_read(struct chain_tasks *t);

/* Did the task sleep from the first reading to the second without a break? Then what it waits for is one thing. */
bool chain_slept_on(const struct chain_tasks *first, const struct chain_tasks *second, uint32_t pid, uint32_t tid);

void chain_tasks_free(struct chain_tasks *t);

#endif
