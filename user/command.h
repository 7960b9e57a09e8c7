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

/*
 * Can this be started, as execvp(3) looks for it? Returns 0, or the errno that it would fail with: then
 * nothing needs to be set up for it. What only exec itself finds out (a format, a missing interpreter) is not told.
 */
int command_check(const char *file);

/* What a shell's exit status is when a command could not be started for this errno: 127, it is not there, or 126. */
int command_exit_status(int error);

/* Forks the held child. No pipe is made: it would be in the figures. Returns 0 or -errno. */
int command_fork(struct command *c, char **argv);

/* Lets it run. */
void command_go(struct command *c);

/* Collects its end if there is one, without waiting. Returns c->ended. */
bool command_reap(struct command *c);

/* A child that was never let go is killed. */
void command_abandon(struct command *c);

#endif
