/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* System V message queues under test, by system calls that count themselves. */
#ifndef LAB_MSG_H
#define LAB_MSG_H

#include "lab/scenario.h"

#include <sys/ipc.h>
#include <sys/msg.h>

#define MSG_TEXT_MAX 8192

struct queue {
	struct object *o;
	int id;
};

/* A new queue of this namespace and its key; limit: its msg_qbytes, 0: as the kernel has it (no control operation). */
struct queue queue_new(int key, size_t limit);
void queue_limit(struct queue q, size_t limit);
/* IPC_RMID; what is still inside is thrown away. */
void queue_remove(struct queue q);

int op_msgsnd(struct queue q, long type, size_t size, int flags);
ssize_t op_msgrcv(struct queue q, size_t size, long type, int flags);
void must_send(struct queue q, long type, size_t size);
/* `type` is the argument of msgrcv; the message must have this size and type. */
void must_receive(struct queue q, long type, int flags, size_t size, long got_type);

#endif
