/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System V objects outlive their makers. A scenario removes its own; one that fails,
 * or is told to end, may not come to that. What is made is noted in memory that all
 * its processes share, and the first process removes it whenever it does not end well.
 * Those of another IPC namespace go with it, and their ids mean others' objects here.
 */
#include "lab/scenario.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_MADE 512

static struct {
	atomic_uint cnt;
	bool interrupted; /* it ended as it was told to, before its time */
	struct {
		enum sysv kind;
		int id;
		ino_t space; /* IPC namespace */
	} made[MAX_MADE];
} *notes;
static pid_t first;

static ino_t own_space(void)
{
	struct stat st;

	return stat("/proc/self/ns/ipc", &st) ? 0 : st.st_ino;
}

void sysv_remove_left(void)
{
	ino_t space = own_space();

	if (!notes || getpid() != first)
		return;
	for (unsigned i = 0; i < MAX_MADE && i < atomic_load(&notes->cnt); i++) {
		if (notes->made[i].space != space)
			continue;
		if (notes->made[i].kind == SYSV_SHM)
			shmctl(notes->made[i].id, IPC_RMID, NULL);
		else if (notes->made[i].kind == SYSV_SEM)
			semctl(notes->made[i].id, 0, IPC_RMID);
		else
			msgctl(notes->made[i].id, IPC_RMID, NULL);
	}
}

static void at_exit(int status, void *arg)
{
	(void)arg;
	if (status || notes->interrupted)
		sysv_remove_left();
}

/* All that is called here may be: they are system calls. */
static void on_end(int signal_nr)
{
	sysv_remove_left();
	signal(signal_nr, SIG_DFL);
	raise(signal_nr);
}

void sysv_init(void)
{
	first = getpid();
	notes = mmap(NULL, sizeof(*notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(notes != MAP_FAILED);
	CHECK(on_exit(at_exit, NULL) == 0);
}

void sysv_made(enum sysv kind, int id)
{
	static const int ends[] = {SIGHUP, SIGINT, SIGTERM};
	unsigned nth = atomic_fetch_add(&notes->cnt, 1);

	CHECK(nth < MAX_MADE);
	notes->made[nth].kind = kind;
	notes->made[nth].id = id;
	notes->made[nth].space = own_space();
	for (unsigned i = 0; getpid() == first && i < sizeof(ends) / sizeof(ends[0]); i++)
		on_signal(ends[i], on_end, SA_RESETHAND);
}

void sysv_forget(void)
{
	atomic_store(&notes->cnt, 0);
}

void sysv_interrupted(void)
{
	notes->interrupted = true;
}
