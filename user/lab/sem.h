/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* System calls on semaphore sets that count themselves, for all scenarios of them. */
#ifndef LAB_SEM_H
#define LAB_SEM_H

#include "lab/scenario.h"

#include <sys/sem.h>

#define V(number, units) ((struct sembuf){(number), (units), 0})
#define P(number, units) ((struct sembuf){(number), (short)-(units), 0})
#define Z(number) ((struct sembuf){(number), 0, 0})
#define UNDO(op) ((struct sembuf){(op).sem_num, (op).sem_op, SEM_UNDO})
#define NOWAIT(op) ((struct sembuf){(op).sem_num, (op).sem_op, IPC_NOWAIT})

struct set {
	struct object *o;
	int id;
};

/* key 0: private. What was there under the key before is removed. Its values are 0. */
struct set set_new(key_t key, int semaphores);
void set_remove(struct set s);

/* One call of these operations. timeout_ms -1: semop; else semtimedop. 0, or -1 with errno. */
int op_semop(struct set s, struct sembuf *ops, size_t cnt, long timeout_ms);
int op_semctl(struct set s, int number, int command, void *arg);

/* The common ones, which must succeed. */
#define must_semop(s, ...)                                                                          \
	must_semops(s, (struct sembuf[]){__VA_ARGS__},                                              \
		    sizeof((struct sembuf[]){__VA_ARGS__}) / sizeof(struct sembuf))
void must_semops(struct set s, struct sembuf *ops, size_t cnt);
void set_value(struct set s, int number, int value);

/* What the set must look like at the end. */
void set_facts(struct set s);

#endif
