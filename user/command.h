/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* COMMAND: made early with all our privileges, held before its first instruction, let go when the hooks are in. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

struct command {
	pid_t pid;    /* 0: none */
	bool released; /* it runs, or has run */
	bool ended;
	int status;   /* exit status as a shell gives it: 128 + n for signal n, 126 and 127 when it could not start */
	int error;    /* errno of execvp, 0: it started */
	volatile int *exec_errno; /* shared with the child */
};

/* Forks the held child. No pipe is made: it would be in the figures. Returns 0 or -errno. */
int command_fork(struct command *c, char **argv);

/* Lets it run. */
void command_go(struct command *c);

/* Collects its end if there is one, without waiting. Returns c->ended. */
bool command_reap(struct command *c);

/* A child that was never let go is killed. */
void command_abandon(struct command *c);

#endif
