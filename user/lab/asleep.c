/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Seeing another task asleep, for certain. It is taken from /proc/TID/syscall: the
 * kernel answers only after the task has really left the CPU and the run queue
 * (wait_task_inactive), where the 'S' of /proc/TID/stat is set a moment earlier.
 * Which call it is asleep in is told by a number that it raises before every call.
 */
#include "lab/task.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void enter_call(void)
{
	atomic_fetch_add(&self()->calls, 1);
}

unsigned calls_of(const struct task *t)
{
	return atomic_load(&t->calls);
}

static bool proc_read(const struct task *t, const char *file, char *text, size_t size)
{
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", t->pid, t->tid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, size - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	return len > 0;
}

/* The number of the system call it sleeps in; -1: it runs, or sleeps elsewhere. */
static long sleeping_in(const struct task *t)
{
	char line[256], *state;
	long nr;

	if (!proc_read(t, "syscall", line, sizeof(line)))
		give_up(OUTCOME_UNESTABLISHED, "cannot see what %s (%d) sleeps in", t->name, t->tid);
	if (line[0] < '0' || line[0] > '9')
		return -1;
	nr = strtol(line, NULL, 10);
	/* Stopped by a debugger at the door of the call is not asleep in it. */
	if (!proc_read(t, "stat", line, sizeof(line)) || !(state = strrchr(line, ')')) ||
	    strncmp(state, ") S", 3))
		return -1;
	return nr;
}

bool is_asleep(const struct task *t, long nr)
{
	return sleeping_in(t) == nr;
}

static bool out_of_patience(const struct timespec *start)
{
	struct timespec now;

	sched_yield();
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - start->tv_sec > PATIENCE_S;
}

void await_asleep(struct task *t, unsigned nth, long nr)
{
	struct timespec start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!t->tid || calls_of(t) < nth || sleeping_in(t) != nr)
		if (out_of_patience(&start))
			give_up(OUTCOME_UNESTABLISHED,
				"%s not asleep in call %u, system call %ld, after %d s", t->name,
				nth, nr, PATIENCE_S);
	if (calls_of(t) != nth)
		give_up(OUTCOME_UNESTABLISHED, "%s is in call %u, not in %u", t->name, calls_of(t),
			nth);
}

void await_blocked(struct task *t, unsigned nth, long nr, struct object *o, enum side side,
		   enum cause cause)
{
	await_asleep(t, nth, nr);
	count_wait(o, side, cause);
}

static unsigned long sleeps_of(const struct task *t)
{
	static const char label[] = "\nvoluntary_ctxt_switches:";
	char text[4096];
	const char *found;

	CHECK(proc_read(t, "status", text, sizeof(text)));
	found = strstr(text, label);
	CHECK(found);
	return strtoul(found + sizeof(label) - 1, NULL, 10);
}

void mark_sleeps(void)
{
	self()->sleeps_before = sleeps_of(self());
	self()->marked = true;
}

unsigned sleeps_since_mark(struct task *t)
{
	return (unsigned)(sleeps_of(t) - t->sleeps_before);
}

void await_sleep(struct task *t, unsigned kth, long nr)
{
	struct timespec start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!t->marked || sleeps_since_mark(t) < kth || sleeping_in(t) != nr)
		if (out_of_patience(&start))
			give_up(OUTCOME_UNESTABLISHED,
				"%s not asleep for the %u. time in system call %ld after %d s",
				t->name, kth, nr, PATIENCE_S);
}
