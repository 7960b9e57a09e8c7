/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the C library makes of words: they are called what they are. */
#include "lab/futex.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static struct object *o;
static sem_t *sem;

/* The library's calls are not ours: so many as its algorithm makes of what we saw. */
static void library_call(enum side side)
{
	count(o, side, OPS, 1);
}

static void sem_waiter(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++) {
		library_call(RECV);
		enter_call();
		CHECK(sem_wait(sem) == 0);
	}
}

static void post_each(unsigned n)
{
	struct task *t = spawn("sem-waiter", sem_waiter, &n);

	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_futex, o, RECV, VALUE);
		library_call(SEND);
		CHECK(sem_post(sem) == 0);
		count_wake(o, SEND, t);
	}
	join(t);
}

static void run_named_sem(unsigned n)
{
	char name[64], path[96];

	snprintf(name, sizeof(name), "/ipc-scenario-%d", getpid());
	snprintf(path, sizeof(path), "/dev/shm/sem.%s", name + 1);
	sem = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
	if (sem == SEM_FAILED)
		give_up(OUTCOME_UNSUPPORTED, "no named semaphores here");
	o = object_named_word("semaphore %s+0x%zx", path, 0);
	post_each(n);
	sem_unlink(name);
}

#define OFFSET 832

static char *file_memory(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char *memory;

	CHECK(fd >= 0 && ftruncate(fd, (off_t)page_size()) == 0);
	memory = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(memory != MAP_FAILED);
	return memory + OFFSET;
}

static void run_unnamed_sem(unsigned n)
{
	const char *path = scratch_path("sem");

	sem = (sem_t *)file_memory(path);
	CHECK(sem_init(sem, 1, 0) == 0);
	o = object_named_word("semaphore %s+0x%zx", path, OFFSET);
	post_each(n);
}

static pthread_mutex_t *mutex;

static void contender(void *arg)
{
	(void)arg;
	enter_call();
	library_call(RECV);
	CHECK(pthread_mutex_lock(mutex) == 0);
	library_call(SEND); /* it does not know that nobody else waits */
	CHECK(pthread_mutex_unlock(mutex) == 0);
	fact_add(o, INTERNALS, "empty_wakes", 1);
}

static void run_mutex(unsigned n)
{
	const char *path = scratch_path("mutex");
	pthread_mutexattr_t shared;

	mutex = (pthread_mutex_t *)file_memory(path);
	pthread_mutexattr_init(&shared);
	pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	CHECK(pthread_mutex_init(mutex, &shared) == 0);
	o = object_named_word("mutex %s+0x%zx", path, OFFSET);
	for (unsigned i = 0; i < n; i++) {
		struct task *t;

		CHECK(pthread_mutex_lock(mutex) == 0);
		t = spawn("contender", contender, NULL);
		await_blocked(t, 1, SYS_futex, o, RECV, VALUE);
		library_call(SEND);
		CHECK(pthread_mutex_unlock(mutex) == 0);
		count_wake(o, SEND, t);
		join(t);
	}
}

static const struct scenario scenarios[] = {
	{"futex-sem-named", "a named POSIX semaphore, waited for and posted", run_named_sem, 23},
	{"futex-sem-file", "a semaphore in a mapped file", run_unnamed_sem, 7},
	{"futex-mutex", "a process-shared mutex in a mapped file, always contended", run_mutex, 7},
};
REGISTER_SCENARIOS(scenarios, "futex");
