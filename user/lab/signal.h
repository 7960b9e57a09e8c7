/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the scenarios of signals share. */
#ifndef LAB_SIGNAL_H
#define LAB_SIGNAL_H

#include "lab/scenario.h"

struct object *signal_object(pid_t pid, int sig);
void signal_sent(struct object *o, int ret); /* counts an attempt of this process; errno as it left it */
void must_kill(struct object *o, pid_t pid, int sig);
void block_signal(int sig);
void unblock_signal(int sig);

#endif
