/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls on locked files that count themselves, for all scenarios of file locks. */
#ifndef LAB_LOCK_H
#define LAB_LOCK_H

#include "lab/scenario.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>

#define WHOLE_FILE 0 /* as a length: to its end, wherever that is */

struct locked {
	struct object *o;
	const char *path;
};

/* A file of its own, 1009 bytes long, and nobody has it open. */
struct locked locked_new(const char *name);
int locked_open(struct locked l); /* another open file every time; counts nothing */

/* One attempt each, 0 or -1 with errno. */
int op_flock(struct object *o, int fd, int operation);
int op_range(struct object *o, int fd, int cmd, short type, short whence, off_t start, off_t length);
int op_lease(struct object *o, int fd, int type);
/* An open that must meet a lease; the descriptor, or -1 with errno. */
int op_break(struct locked l, int flags);

void must_flock(struct object *o, int fd, int operation);
void must_range(struct object *o, int fd, int cmd, short type, off_t start, off_t length);
void must_lease(struct object *o, int fd, int type);

/* For how long the system waits for a lease's holder to answer; what it was before. */
int lease_break_time(int seconds);

/* This process's close, or its end, that is about to give up locks of its. */
void about_to_release(struct object *o);

/* So many requests had to wait, so many woken tasks slept on. */
void lock_facts(struct object *o, uint64_t contended, uint64_t in_vain);

#endif
