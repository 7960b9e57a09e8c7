/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A task of a scenario, in shared memory: task.c runs it, asleep.c looks at it from outside. */
#ifndef TASK_H
#define TASK_H

#include "lab/scenario.h"

#include <pthread.h>

/* Long enough for an emulated machine; a scenario that needs it has failed. */
#define PATIENCE_S 240

struct task {
	pid_t pid;
	_Atomic pid_t tid;
	bool is_thread;
	pthread_t thread;
	atomic_uint calls;
	atomic_uint steps;
	atomic_bool marked;
	atomic_ulong sleeps_before;
	void (*body)(void *arg);
	void *arg;
	char name[16];
};

#endif
