/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the experiments with signals share: a sender, a target, and the signals that are looked at. */
#ifndef SCENE_SIGNAL_H
#define SCENE_SIGNAL_H

#include "lab/scenario.h"

#include <signal.h>
#include <sys/syscall.h>

#include "experiment/experiment.h"

enum { SENDER, TARGET };

#define ASLEEP ASLEEP_IN(SYS_rt_sigsuspend)

void no_objects(void); /* to set the scene */
void caught(int signal); /* a handler */
void look_at(int pid, int sig); /* another object: signals of that kind to that process */
void sent(unsigned nth); /* one was sent, of the nth that is looked at */
void catch_usr1(unsigned who); /* to enter: the target has a handler, and SIGUSR1 to it is looked at */

/* Steps. */
void suspend(void); /* until a signal comes, with the mask that it has */
void suspend_with(const sigset_t *mask); /* with these signals blocked meanwhile */
void kill_usr1(void); /* to the target; the first that is looked at */

/* Figures of the first that is looked at. */
#define SENT {"sent", "signals sent", "send.ops"}
#define TAKEN {"taken", "signals taken", "recv.ops"}

#endif
