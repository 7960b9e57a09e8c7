/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the scenarios of signals share. */
#ifndef LAB_SIGNAL_H
#define LAB_SIGNAL_H

#include <sys/syscall.h>

#include "lab/scenario.h"

struct object *signal_object(pid_t pid, int sig);
void signal_sent(struct object *o, int ret); /* counts an attempt of this process; errno as it left it */
void must_kill(struct object *o, pid_t pid, int sig);
/* It has died of it: joins it, and counts what it took. */
void signal_died(struct object *o, struct task *t, int sig);
void signal_sleeper(void *arg); /* a task's body: pauses for ever, in its first call */
/* The object is made when the target's PID is known: the target finds it behind gate 1. */
struct object *signal_mine(unsigned nth);
void signal_nothing(int sig); /* a handler */
void block_signal(int sig);
void unblock_signal(int sig);

/* Sleep until a signal has been handled; -1, EINTR. Where there is no pause(2), the C library's sleeps in ppoll, for anything. */
#ifdef SYS_pause
#define SYS_SIGNAL_PAUSE SYS_pause
#else
#define SYS_SIGNAL_PAUSE SYS_rt_sigsuspend
#endif
int signal_pause(void);

#endif
