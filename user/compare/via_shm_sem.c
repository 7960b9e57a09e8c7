// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Slots in a System V segment, counted by two System V semaphores: free ones and filled ones. */
#include <errno.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "compare/transport.h"

#define BYTES 65536 /* as many as a pipe has, but at least two slots */

enum { FREE, FILLED };

static int attach(struct channel *c)
{
	int id = shmget(IPC_PRIVATE, c->memory_size, 0600), err;

	if (id < 0)
		return -errno;
	c->memory = shmat(id, NULL, 0);
	err = c->memory == (void *)-1 ? -errno : 0;
	shmctl(id, IPC_RMID, NULL); /* it lives until the last detach */
	return err;
}

static int open_slots(struct channel *c)
{
	unsigned short values[2] = { 0, 0 };
	union {
		unsigned short *array;
	} arg = { .array = values };

	c->stride = (c->size + 63) / 64 * 64;
	c->slots = c->stride * 2 > BYTES ? 2 : BYTES / c->stride;
	c->memory_size = c->slots * c->stride;
	values[FREE] = c->slots;
	c->id[SENDER] = semget(IPC_PRIVATE, 2, 0600);
	if (c->id[SENDER] < 0)
		return -errno;
	if (semctl(c->id[SENDER], 0, SETALL, arg))
		return -errno;
	return attach(c);
}

static int change(struct channel *c, int sem, int by, bool wait)
{
	struct sembuf op = { .sem_num = sem, .sem_op = by, .sem_flg = wait ? 0 : IPC_NOWAIT };

	c->calls++;
	return semop(c->id[SENDER], &op, 1) ? -errno : 0;
}

static char *slot(const struct channel *c)
{
	return c->memory + c->turn % c->slots * c->stride;
}

static char *room(struct channel *c, bool wait, int *error)
{
	*error = change(c, FREE, -1, wait);
	return *error ? NULL : slot(c);
}

static ssize_t fill(struct channel *c, const char *buf, size_t n, bool wait)
{
	int err = change(c, FILLED, 1, wait);

	(void)buf;
	c->turn++;
	return err ? err : (ssize_t)n;
}

static const char *arrival(struct channel *c, int *error)
{
	*error = change(c, FILLED, -1, true);
	return *error ? NULL : slot(c);
}

static int taken(struct channel *c)
{
	c->turn++;
	return change(c, FREE, 1, true);
}

static void close_slots(struct channel *c)
{
	semctl(c->id[SENDER], 0, IPC_RMID);
	if (c->memory && c->memory != (void *)-1)
		shmdt(c->memory);
}

const struct transport transport_shm_sem = {
	.name = "shm+sem",
	.mechanisms = "sem,shm",
	.how = "slots in a System V segment, two System V semaphores",
	.borders = true,
	.open = open_slots,
	.room = room,
	.send = fill,
	.arrival = arrival,
	.taken = taken,
	.close = close_slots,
};
