/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signals that children and job control make. */
#include "lab/signal.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void leaves(void *arg)
{
	struct object *o = arg;

	count(o, SEND, OPS, 1); /* it will, by ending */
}

/* Each child's end is a signal to its parent; the child has sent it. */
static void run_child(unsigned n)
{
	struct object *o = signal_object(getpid(), SIGCHLD);
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	block_signal(SIGCHLD);
	for (unsigned i = 0; i < n; i++) {
		struct task *t = spawn("leaves", leaves, o);

		CHECK(sigwaitinfo(&set, &info) == SIGCHLD && info.si_pid == task_pid(t));
		count(o, RECV, OPS, 1);
		join(t);
	}
	fact(o, INTERNALS, "generated", n);
	fact(o, INTERNALS, "sigwait", n);
	fact(o, INTERNALS, "coalesced", 0);
	fact(o, INTERNALS, "last_code", CLD_EXITED);
	fact(o, RESIDENCY, "count", n);
}

static void idles(void *arg)
{
	(void)arg;
	enter_call();
	for (;;)
		signal_pause();
}

static void must_wait(struct task *t, int options, int code)
{
	siginfo_t info;

	CHECK(waitid(P_PID, (id_t)task_pid(t), &info, options) == 0 && info.si_code == code);
}

/* Stopped and continued; SIGCONT goes on without being delivered, its default being to be ignored. */
static void run_stop(unsigned n)
{
	struct task *t = spawn("stopped", idles, NULL);
	struct object *stop = signal_object(task_pid(t), SIGSTOP);
	struct object *cont = signal_object(task_pid(t), SIGCONT);
	struct object *kill_it = signal_object(task_pid(t), SIGKILL);

	await_asleep(t, 1, SYS_SIGNAL_PAUSE);
	for (unsigned i = 0; i < n; i++) {
		must_kill(stop, task_pid(t), SIGSTOP);
		must_wait(t, WSTOPPED, CLD_STOPPED);
		count_as(stop, RECV, OPS, 1, t);
		must_kill(cont, task_pid(t), SIGCONT);
		must_wait(t, WCONTINUED, CLD_CONTINUED);
	}
	must_kill(kill_it, task_pid(t), SIGKILL);
	ended_by(kill_it, getpid(), 0, "process");
	join_signaled(t, SIGKILL);
	count_as(kill_it, RECV, OPS, 1, t);
	fact(stop, INTERNALS, "stopped", n);
	fact(stop, INTERNALS, "by_default", n);
	fact(cont, INTERNALS, "generated", n);
	fact(cont, INTERNALS, "ignored", n);
	fact(cont, DEPTH, "slots", 0);
	fact(stop, RESIDENCY, "count", n);
}

/* A whole process group: one call, a signal for each member. */
static void run_group(unsigned n)
{
	struct task *members[64] = {NULL};
	struct object *o[64];

	CHECK(n <= 64);
	for (unsigned i = 0; i < n; i++) {
		members[i] = spawn("member", idles, NULL);
		o[i] = signal_object(task_pid(members[i]), SIGTERM);
		CHECK(setpgid(task_pid(members[i]), task_pid(members[0])) == 0);
		await_asleep(members[i], 1, SYS_SIGNAL_PAUSE);
	}
	CHECK(killpg(task_pid(members[0]), SIGTERM) == 0);
	for (unsigned i = 0; i < n; i++) {
		signal_sent(o[i], 0);
		ended_by(o[i], getpid(), 0, "process");
		join_signaled(members[i], SIGTERM);
		count_as(o[i], RECV, OPS, 1, members[i]);
		fact(o[i], INTERNALS, "killed", 1);
	}
}

static const struct scenario scenarios[] = {
	{"sig-child", "children that end", run_child, 31},
	{"sig-stop", "stopped and continued", run_stop, 31},
	{"sig-group", "a signal to a process group", run_group, 31},
};
REGISTER_SCENARIOS(scenarios, "signal");
