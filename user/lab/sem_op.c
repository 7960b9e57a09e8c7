// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One call is one attempt; what the kernel answered is what is added to the truth. */
#include "lab/sem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char *const sums[] = {"operations", "raised", "lowered", "undo_operations"};

struct set set_new(key_t key, int semaphores)
{
	struct set s;
	struct stat st;
	int old = key ? semget(key, 0, 0) : -1;

	if (old >= 0)
		CHECK(semctl(old, 0, IPC_RMID) == 0);
	CHECK(stat("/proc/self/ns/ipc", &st) == 0);
	s.id = semget(key, semaphores, IPC_CREAT | IPC_EXCL | 0600);
	CHECK(s.id >= 0);
	sysv_made(SYSV_SEM, s.id);
	s.o = object_new("sem", "sem:[%ju:%d]", (uintmax_t)st.st_ino, s.id);
	certain(s.o, OPEN, OPS);
	certain(s.o, CLOSE, OPS);
	count(s.o, OPEN, OPS, 1);
	certain_waits(s.o);
	certain(s.o, CTL, WAKES);
	certain(s.o, CLOSE, WAKES);
	fact(s.o, TOP, "created", 1);
	fact(s.o, INTERNALS, "semaphores", (uint64_t)semaphores);
	fact(s.o, INTERNALS, "key", (uint32_t)key);
	for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++)
		fact_add(s.o, INTERNALS, sums[i], 0);
	return s;
}

void set_remove(struct set s)
{
	CHECK(op_semctl(s, 0, IPC_RMID, NULL) == 0);
	fact(s.o, TOP, "destroyed", 1);
	fact(s.o, INTERNALS, "left_behind", 0);
}

static void add_up(struct set s, const struct sembuf *ops, size_t cnt, bool done)
{
	fact_add(s.o, INTERNALS, "operations", cnt);
	for (size_t i = 0; i < cnt; i++) {
		if (ops[i].sem_flg & SEM_UNDO)
			fact_add(s.o, INTERNALS, "undo_operations", 1);
		if (done && ops[i].sem_op > 0)
			fact_add(s.o, INTERNALS, "raised", (uint64_t)ops[i].sem_op);
		else if (done)
			fact_add(s.o, INTERNALS, "lowered", (uint64_t)-ops[i].sem_op);
	}
}

/* One that may wait receives. */
static enum side side_of(const struct sembuf *ops, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		if (ops[i].sem_op <= 0)
			return RECV;
	return cnt ? SEND : RECV;
}

int op_semop(struct set s, struct sembuf *ops, size_t cnt, long timeout_ms)
{
	const struct timespec timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000000};
	enum side side = side_of(ops, cnt);
	int ret, error;

	enter_call();
	ret = timeout_ms < 0 ? (int)syscall(SYS_semop, s.id, ops, cnt) :
			       (int)syscall(SYS_semtimedop, s.id, ops, cnt, &timeout);
	error = errno;
	count(s.o, side, OPS, 1);
	if (ret < 0)
		count_error(s.o, side, error);
	add_up(s, ops, cnt, ret == 0);
	errno = error;
	return ret;
}

int op_semctl(struct set s, int number, int command, void *arg)
{
	int ret, error;

	enter_call();
	ret = (int)syscall(SYS_semctl, s.id, number, command, arg);
	error = errno;
	count(s.o, CTL, OPS, 1);
	if (ret < 0)
		count_error(s.o, CTL, error);
	errno = error;
	return ret;
}

void must_semops(struct set s, struct sembuf *ops, size_t cnt)
{
	if (op_semop(s, ops, cnt, -1))
		FAIL("semop on %s: %s", object_key(s.o), strerror(errno));
}

void set_value(struct set s, int number, int value)
{
	CHECK(op_semctl(s, number, SETVAL, (void *)(intptr_t)value) == 0);
}

void set_facts(struct set s)
{
	static const char *const names[] = {"value_0", "value_1", "value_2", "value_3", "value_4", "value_5",
					    "value_6", "value_7", "value_8", "value_9", "value_10"};
	unsigned short values[512];
	struct semid_ds ds;

	CHECK(op_semctl(s, 0, IPC_STAT, &ds) == 0);
	CHECK(ds.sem_nsems <= 512 && op_semctl(s, 0, GETALL, values) == 0);
	for (unsigned i = 0; i < 11 && i < ds.sem_nsems; i++)
		fact(s.o, INTERNALS, names[i], values[i]);
}
