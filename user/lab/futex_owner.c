/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Locks that have their owner's TID in them: who is waited for, and what becomes of one whose owner dies. */
#include "lab/futex.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct object *o;
static uint32_t *word;

static void shared_lock(void)
{
	int fd;

	word = shared_memory(&fd);
	o = object_shared_word(fd, 0);
}

static long pi(int op, enum side side)
{
	return op_futex(o, side, word, op, 0, NULL, NULL, 0, NULL, side);
}

static void pi_owner(void *arg)
{
	(void)arg;
	CHECK(pi(FUTEX_LOCK_PI, RECV) == 0);
	advance();
	await_gate_held(1);
	CHECK(pi(FUTEX_UNLOCK_PI, SEND) == 0);
}

static void pi_heir(void *arg)
{
	(void)arg;
	CHECK(*word); /* looked at first, as every user of such a lock does: the page is in its memory then */
	CHECK(pi(FUTEX_LOCK_PI, RECV) == 0);
	CHECK(*word & FUTEX_OWNER_DIED);
}

/* What both kinds leave when the owner has been killed while another waited. */
static void owner_dies(struct task *owner, struct task *heir)
{
	await_blocked(heir, 1, SYS_futex, o, RECV, VALUE);
	send_signal(owner, SIGKILL);
	join_signaled(owner, SIGKILL);
	woken_by(o, owner, heir); /* by its end, which is no operation */
	join(heir);
	fact(o, INTERNALS, "owner_died", 1);
	fact(o, INTERNALS, "waited_for", (uint64_t)task_pid(owner));
}

/* It goes to the first in line, who is told by a bit of the word. */
static void run_pi_died(unsigned n)
{
	struct task *owner, *heir;

	(void)n;
	shared_lock();
	owner = spawn("pi-owner", pi_owner, NULL);
	await_step(owner, 1);
	CHECK((*word & FUTEX_TID_MASK) == (uint32_t)task_pid(owner));
	heir = spawn("pi-heir", pi_heir, NULL);
	owner_dies(owner, heir);
	fact(o, INTERNALS, "owner", (uint64_t)task_pid(heir));
	fact(o, INTERNALS, "pi_ops", 2);
}

static void end_at_once(void *arg)
{
	(void)arg;
}

/* What one has already, and what a thread has that is not there. */
static void run_pi_errors(unsigned n)
{
	struct task *gone = spawn("gone", end_at_once, NULL);

	join(gone);
	shared_lock();
	*word = (uint32_t)task_pid(gone);
	for (unsigned i = 0; i < n; i++)
		CHECK(pi(FUTEX_LOCK_PI, RECV) < 0 && errno == ESRCH);
	fact(o, INTERNALS, "owner", 0);
	*word = 0;
	CHECK(pi(FUTEX_LOCK_PI, RECV) == 0);
	for (unsigned i = 0; i < n; i++)
		CHECK(pi(FUTEX_LOCK_PI, RECV) < 0 && errno == EDEADLK);
	CHECK(pi(FUTEX_UNLOCK_PI, SEND) == 0);
	CHECK(pi(FUTEX_UNLOCK_PI, SEND) < 0 && errno == EPERM);
	fact(o, INTERNALS, "owner_died", 0);
	fact(o, INTERNALS, "contended_share", 0);
	fact(o, INTERNALS, "pi_ops", 2 * n + 3);
}

static pthread_mutex_t *mutex;
#define OFFSET 416

static void mutex_owner(void *arg)
{
	(void)arg;
	CHECK(pthread_mutex_lock(mutex) == 0); /* nobody else wants it: the kernel is not called */
	advance();
	await_gate(1);
}

static void mutex_heir(void *arg)
{
	(void)arg;
	enter_call();
	count(o, RECV, OPS, 1);
	CHECK(pthread_mutex_lock(mutex) == EOWNERDEAD);
}

/* The kernel marks it as the owner's list of robust locks says, and wakes who sleeps. */
static void run_robust(unsigned n)
{
	const char *path = scratch_path("robust");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct task *owner, *heir;
	pthread_mutexattr_t kind;
	char *memory;

	(void)n;
	CHECK(fd >= 0 && ftruncate(fd, (off_t)page_size()) == 0);
	memory = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(memory != MAP_FAILED);
	mutex = (pthread_mutex_t *)(memory + OFFSET);
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
	CHECK(pthread_mutex_init(mutex, &kind) == 0);
	o = object_named_word("mutex %s+0x%zx", path, OFFSET);
	owner = spawn("robust-owner", mutex_owner, NULL);
	await_step(owner, 1);
	heir = spawn("robust-heir", mutex_heir, NULL);
	owner_dies(owner, heir);
	fact(o, INTERNALS, "owner", 0);
	fact(o, INTERNALS, "value", FUTEX_WAITERS | FUTEX_OWNER_DIED);
	fact(o, INTERNALS, "contended_share", 1);
}

static void held_waiter(void *arg)
{
	(void)arg;
	CHECK(pi(FUTEX_LOCK_PI, RECV) == 0);
}

/* Asleep for a lock before the start: its owner is found with the sleeper. */
static void run_held_pi(unsigned n)
{
	struct task *owner, *waiter;

	(void)n;
	shared_lock();
	owner = spawn("held-pi-owner", pi_owner, NULL);
	await_step(owner, 1);
	waiter = spawn("held-pi-waiter", held_waiter, NULL);
	await_asleep(waiter, 1, SYS_futex);
	fact(o, INTERNALS, "owner", (uint64_t)task_pid(owner));
	if (!hold())
		return;
	object_restart(o);
	facts_forget(o);
	endpoints_without_counts(o);
	uncertain(o, RECV, OPS);
	count_wait(o, RECV, VALUE);
	count_wake_by(o, SEND, owner, waiter);
	open_gate(1);
	join(owner);
	join(waiter);
	fact(o, INTERNALS, "owner_died", 0);
}

static const struct scenario scenarios[] = {
	{"futex-pi-died", "the owner of a lock that passes on priority is killed while another waits", run_pi_died, 0},
	{"futex-pi-errors", "such locks of nobody, of oneself and of another", run_pi_errors, 5},
	{"futex-robust", "the owner of a robust mutex is killed while another waits", run_robust, 0},
	{"held-futex-pi", "a process asleep before the start for a lock that another owns", run_held_pi, 0},
};
REGISTER_SCENARIOS(scenarios, "futex");
