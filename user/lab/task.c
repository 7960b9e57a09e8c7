/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes and threads of a scenario: how they start, end, and meet without a pipe. */
#include "lab/task.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_TASKS 1024
static struct {
	atomic_uint gate;
	unsigned task_cnt;
	struct task tasks[MAX_TASKS];
} *shared;

static __thread struct task *me;

static struct task *task_new(const char *name)
{
	struct task *t;

	if (!shared) {
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		CHECK(shared != MAP_FAILED);
	}
	CHECK(shared->task_cnt < MAX_TASKS);
	t = &shared->tasks[shared->task_cnt++];
	snprintf(t->name, sizeof(t->name), "%s", name);
	return t;
}

struct task *self(void)
{
	if (!me) { /* the first process */
		me = task_new("");
		me->pid = getpid();
		me->tid = gettid();
	}
	return me;
}

void rename_self(const char *name)
{
	prctl(PR_SET_NAME, name);
}

struct task *spawn(const char *name, void (*body)(void *arg), void *arg)
{
	pid_t parent = self()->pid, pid;
	struct task *t = task_new(name);

	pid = fork();
	CHECK(pid >= 0);
	if (pid) {
		t->tid = pid;
		t->pid = pid;
		return t;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(OUTCOME_FAILED);
	me = t;
	t->pid = getpid();
	t->tid = t->pid;
	rename_self(name);
	body(arg);
	_exit(0);
}

static void *thread_main(void *arg)
{
	me = arg;
	me->tid = gettid();
	if (me->name[0])
		rename_self(me->name);
	me->body(me->arg);
	return NULL;
}

struct task *spawn_thread(const char *name, void (*body)(void *arg), void *arg)
{
	pid_t pid = self()->pid;
	struct task *t = task_new(name);

	t->pid = pid;
	t->is_thread = true;
	t->body = body;
	t->arg = arg;
	CHECK(pthread_create(&t->thread, NULL, thread_main, t) == 0);
	return t;
}

static int wait_for(struct task *t)
{
	int status;

	while (waitpid(t->pid, &status, 0) < 0)
		CHECK(errno == EINTR);
	return status;
}

void join(struct task *t)
{
	int status;

	if (t->is_thread) {
		CHECK(pthread_join(t->thread, NULL) == 0);
		return;
	}
	status = wait_for(t);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		exit(WEXITSTATUS(status)); /* it has said why */
	if (!WIFEXITED(status))
		FAIL("%s: killed by signal %d", t->name, WTERMSIG(status));
}

void join_signaled(struct task *t, int signal)
{
	int status = wait_for(t);

	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == signal);
}

pid_t task_pid(const struct task *t)
{
	return t->pid;
}

pid_t task_tid(const struct task *t)
{
	return t->tid;
}

void pin_to_cpu(unsigned nth)
{
	cpu_set_t allowed, one;
	unsigned cnt;

	CHECK(sched_getaffinity(0, sizeof(allowed), &allowed) == 0);
	cnt = (unsigned)CPU_COUNT(&allowed);
	nth %= cnt;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed) || nth--)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		CHECK(sched_setaffinity(0, sizeof(one), &one) == 0);
		return;
	}
}

void on_signal(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	CHECK(sigaction(signal, &action, NULL) == 0);
}

void send_signal(const struct task *t, int signal)
{
	CHECK(t->is_thread ? tgkill(t->pid, t->tid, signal) == 0 : kill(t->pid, signal) == 0);
}

/* ---- meeting ---- */

static void word_raise(atomic_uint *word, unsigned value)
{
	atomic_store(word, value);
	syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static bool word_await(atomic_uint *word, unsigned value)
{
	const struct timespec patience = {.tv_sec = PATIENCE_S};
	unsigned now;

	while ((now = atomic_load(word)) < value)
		if (syscall(SYS_futex, word, FUTEX_WAIT, now, &patience, NULL, 0) < 0 &&
		    errno == ETIMEDOUT)
			return false;
	return true;
}

void advance(void)
{
	word_raise(&self()->steps, self()->steps + 1);
}

void await_step(struct task *t, unsigned step)
{
	if (!word_await(&t->steps, step))
		give_up(OUTCOME_UNESTABLISHED, "%s did not reach step %u in %d s", t->name, step,
			PATIENCE_S);
}

void open_gate(unsigned value)
{
	self();
	word_raise(&shared->gate, value);
}

void await_gate_held(unsigned value)
{
	self();
	while (!word_await(&shared->gate, value))
		; /* who holds a state is in no hurry */
}

void await_gate(unsigned value)
{
	self();
	if (!word_await(&shared->gate, value))
		give_up(OUTCOME_UNESTABLISHED, "gate %u was not opened in %d s", value, PATIENCE_S);
}
