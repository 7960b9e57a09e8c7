// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Semaphore sets: operations, values, errors, control, what stays behind. */
#include "lab/sem.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct set s;

static void end_set(void)
{
	set_facts(s);
	set_remove(s);
}

/* Calls of one operation and of many, by two processes; nobody ever waits. */
static void giver(void *arg)
{
	for (unsigned i = 0; i < *(unsigned *)arg; i++)
		must_semop(s, V(0, 5), V(2, 1));
}

static void run_basic(unsigned n)
{
	struct task *t;

	s = set_new(0, 3);
	t = spawn("giver", giver, &n);
	join(t);
	for (unsigned i = 0; i < n; i++) {
		must_semop(s, P(0, 3));
		must_semop(s, P(0, 1), V(1, 2), P(2, 1));
	}
	end_set();
}

/* Every way to fail that leaves the set as it is. */
static void run_errors(unsigned n)
{
	struct sembuf many[501];

	s = set_new(0, 2);
	for (unsigned i = 0; i < 501; i++)
		many[i] = V(0, 1);
	for (unsigned i = 0; i < n; i++) {
		CHECK(op_semop(s, (struct sembuf[]){NOWAIT(P(0, 1))}, 1, -1) < 0 && errno == EAGAIN);
		CHECK(op_semop(s, (struct sembuf[]){V(0, 1), V(2, 1)}, 2, -1) < 0 && errno == EFBIG);
		CHECK(op_semop(s, (struct sembuf[]){V(0, 32767), V(0, 1)}, 2, -1) < 0 && errno == ERANGE);
		CHECK(op_semop(s, many, 501, -1) < 0 && errno == E2BIG);
	}
	must_semop(s, V(1, 32767));
	CHECK(op_semctl(s, 2, GETVAL, NULL) < 0 && errno == EINVAL);
	CHECK(op_semctl(s, 0, SETVAL, (void *)40000) < 0 && errno == ERANGE);
	end_set();
}

/* Every command on a set. */
static void run_control(unsigned n)
{
	unsigned short values[13] = {7, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 11, 13};
	struct semid_ds ds;

	s = set_new(0x1bc7a1, 13);
	for (unsigned i = 0; i < n; i++) {
		CHECK(op_semctl(s, 0, SETALL, values) == 0);
		set_value(s, 1, 29);
		CHECK(op_semctl(s, 1, GETVAL, NULL) == 29);
		CHECK(op_semctl(s, 1, GETPID, NULL) == getpid());
		CHECK(op_semctl(s, 0, GETNCNT, NULL) == 0);
		CHECK(op_semctl(s, 0, GETZCNT, NULL) == 0);
		CHECK(op_semctl(s, 0, IPC_STAT, &ds) == 0);
		CHECK(op_semctl(s, 0, IPC_SET, &ds) == 0);
	}
	end_set();
}

/* Several processes take turns: each call is seen, and the value is what they leave. */
static void worker(void *arg)
{
	await_gate(1);
	for (unsigned i = 0; i < *(unsigned *)arg; i++) {
		must_semop(s, P(0, 1));
		must_semop(s, V(0, 1));
	}
}

static void run_turns(unsigned n)
{
	struct task *t[5];

	s = set_new(0, 1);
	uncertain_waits(s.o); /* how often they meet is chance */
	set_value(s, 0, 1);
	for (unsigned i = 0; i < 5; i++)
		t[i] = spawn("turn", worker, &n);
	open_gate(1);
	for (unsigned i = 0; i < 5; i++)
		join(t[i]);
	end_set();
}

/* The same id in two namespaces: two sets. */
static void in_new_namespace(void *arg)
{
	int *id = arg;

	if (unshare(CLONE_NEWIPC))
		give_up(OUTCOME_UNSUPPORTED, "no IPC namespace of our own: %s", strerror(errno));
	s = set_new(0, 1);
	if (*id >= 0 && *id != s.id)
		give_up(OUTCOME_UNESTABLISHED, "ids %d and %d in fresh namespaces", *id, s.id);
	*id = s.id;
	must_semop(s, V(0, 7));
	must_semop(s, P(0, 4));
	end_set();
	advance();
	await_gate(1);
}

static void run_namespaces(unsigned n)
{
	int *id = mmap(NULL, sizeof(*id), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct task *first, *other;

	(void)n;
	CHECK(id != MAP_FAILED);
	*id = -1;
	/* the first stays until the second is there: else that may get its number */
	first = spawn("first-namespace", in_new_namespace, id);
	await_step(first, 1);
	other = spawn("other-namespace", in_new_namespace, id);
	await_step(other, 1);
	open_gate(1);
	join(first);
	join(other);
}

/* Not one of those who use the set: it removes it when whoever watches this scenario has ended. */
static void remove_later(void)
{
	pid_t shell = getppid(), watcher = 1;
	char path[64], line[512] = "";
	int fd, status;

	snprintf(path, sizeof(path), "/proc/%d/stat", shell);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && read(fd, line, sizeof(line) - 1) > 0);
	CHECK(strrchr(line, ')') && sscanf(strrchr(line, ')'), ") %*c %d", &watcher) == 1);
	status = fork();
	CHECK(status >= 0);
	if (!status) {
		struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, watcher, 0), .events = POLLIN};

		setsid();
		if (fork())
			_exit(0);
		fd = open("/dev/null", O_RDWR);
		for (int i = 0; i <= 2; i++)
			dup2(fd, i);
		poll(&end, 1, 60000);
		semctl(s.id, 0, IPC_RMID);
		_exit(0);
	}
	CHECK(wait(&status) > 0);
}

static void leaves_set(void *arg)
{
	(void)arg;
	must_semop(s, V(1, 3));
	must_semop(s, P(1, 1));
}

/* Everybody who used the set ends, and the set stays. */
static void run_left(unsigned n)
{
	(void)n;
	s = set_new(0x1bc7a3, 2);
	join(spawn("leaves-set", leaves_set, NULL));
	set_facts(s);
	fact(s.o, TOP, "destroyed", 0);
	fact(s.o, INTERNALS, "left_behind", 1);
	remove_later();
}

/* More semaphores than state words have room for. */
static void run_many(unsigned n)
{
	static char names[512][24];
	unsigned short values[512];

	CHECK(n <= 256);
	s = set_new(0x1bc7a4, (int)n);
	for (unsigned i = 0; i < n; i++)
		values[i] = (unsigned short)(7 * i + 1);
	CHECK(op_semctl(s, 0, SETALL, values) == 0);
	must_semop(s, P(n - 1, 3), V(n - 2, 2));
	for (unsigned i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "values.%u.value", i);
		if (i % 11 == 0 || i + 3 > n)
			fact(s.o, INTERNALS, names[i], 7 * i + 1 - (i == n - 1) * 3 + (i == n - 2) * 2);
	}
	remove_later();
}

static const struct scenario scenarios[] = {
	{"sem-basic", "calls of one operation and of several", run_basic, 211},
	{"sem-errors", "every call fails, in one of four ways", run_errors, 31},
	{"sem-control", "every command of semctl, N times", run_control, 31},
	{"sem-turns", "5 processes take turns", run_turns, 307},
	{"sem-namespaces", "the same id in two IPC namespaces", run_namespaces, 0},
	{"sem-many", "a set of N semaphores, every value known", run_many, 101},
	{"sem-left", "a set that outlives all who used it", run_left, 0},
};
REGISTER_SCENARIOS(scenarios, "sem");

/* Without what only more than the default view asks for. */
static const struct blind blind[] = {
	{"sem", "brief", "internals.values.*"},
	{"sem", "brief", "internals.undo.*"},
};
REGISTER_BLIND(blind);
