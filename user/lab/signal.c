/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the scenarios of signals share; signals that are blocked, ignored, queued: what becomes of them. */
#include "lab/signal.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct object *signal_object(pid_t pid, int sig)
{
	struct object *o;

	if (sig > SIGRTMIN)
		o = object_new("signal", "signal:[%d:SIGRTMIN+%d]", pid, sig - SIGRTMIN);
	else
		o = object_new("signal", "signal:[%d:SIG%s]", pid, sigabbrev_np(sig));
	uncertain(o, CTL, OPS);
	return o;
}

void signal_sent(struct object *o, int ret)
{
	count(o, SEND, OPS, 1);
	if (ret)
		count_error(o, SEND, errno);
}

void must_kill(struct object *o, pid_t pid, int sig)
{
	int ret = kill(pid, sig);

	CHECK(ret == 0);
	signal_sent(o, ret);
}

void block_signal(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
}

void unblock_signal(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
}

void signal_nothing(int sig)
{
	(void)sig;
}

int signal_pause(void)
{
#ifdef SYS_pause
	return syscall(SYS_pause);
#else
	sigset_t blocked;

	CHECK(sigprocmask(SIG_BLOCK, NULL, &blocked) == 0);
	return syscall(SYS_rt_sigsuspend, &blocked, 8);
#endif
}

struct object *signal_mine(unsigned nth)
{
	await_gate(1);
	return object_nth(nth);
}

/* ---- blocked, ignored, queued ---- */

static atomic_uint *handled_cnt;

static void counting(int sig)
{
	(void)sig;
	(*handled_cnt)++;
}

static void never_takes(void *arg)
{
	block_signal(*(int *)arg);
	advance();
	await_gate(1);
}

/* Blocked, and its process ends: so does the signal. */
static void run_pending(unsigned n)
{
	int sig = SIGUSR2;
	struct task *t = spawn("sig-pending", never_takes, &sig);
	struct object *o = signal_object(task_pid(t), sig);

	await_step(t, 1);
	for (unsigned i = 0; i < n; i++)
		must_kill(o, task_pid(t), sig);
	open_gate(1);
	join(t);
	fact(o, TOP, "destroyed", 1);
	fact(o, INTERNALS, "handled", 0);
}

/* Blocked until step 1 is answered by gate 2; then takes what there is. */
static void blocker(void *arg)
{
	int sig = *(int *)arg;
	struct object *o;
	unsigned taken;

	handled_cnt = mmap(NULL, sizeof(*handled_cnt), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	on_signal(sig, counting, 0);
	block_signal(sig);
	o = signal_mine(0);
	advance();
	await_gate(2);
	unblock_signal(sig);
	taken = *handled_cnt;
	count(o, RECV, OPS, taken);
}

static void run_coalesce(unsigned n)
{
	int sig = SIGUSR1;
	struct task *t = spawn("blocker", blocker, &sig);
	struct object *o = signal_object(task_pid(t), sig);

	open_gate(1);
	await_step(t, 1);
	for (unsigned i = 0; i < n; i++)
		must_kill(o, task_pid(t), sig);
	open_gate(2);
	join(t);
	fact(o, INTERNALS, "generated", n);
	fact(o, INTERNALS, "coalesced", n - 1);
	fact(o, INTERNALS, "found_blocked", n);
	fact(o, INTERNALS, "handled", 1);
	fact(o, DEPTH, "max_slots", 1);
	fact(o, RESIDENCY, "count", 1);
}

static void run_ignored(unsigned n)
{
	struct object *o = signal_object(getpid(), SIGUSR2);

	on_signal(SIGUSR2, SIG_IGN, 0);
	for (unsigned i = 0; i < n; i++)
		must_kill(o, getpid(), SIGUSR2);
	fact(o, INTERNALS, "ignored", n);
	fact(o, INTERNALS, "handled", 0);
	fact(o, INTERNALS, "action", 1);
	fact(o, INTERNALS, "seen_pid", (uint64_t)getpid());
	fact(o, DEPTH, "max_slots", 0);
	fact(o, RESIDENCY, "count", 0);
}

static void run_queue(unsigned n)
{
	int sig = SIGRTMIN + 3;
	struct task *t = spawn("blocker", blocker, &sig);
	struct object *o = signal_object(task_pid(t), sig);
	struct rlimit limit = {.rlim_cur = 10007, .rlim_max = 10007};

	CHECK(prlimit(task_pid(t), RLIMIT_SIGPENDING, &limit, NULL) == 0);
	open_gate(1);
	await_step(t, 1);
	for (unsigned i = 0; i < n; i++)
		signal_sent(o, sigqueue(task_pid(t), sig, (union sigval){.sival_int = (int)(1000 + i)}));
	open_gate(2);
	join(t);
	fact(o, INTERNALS, "generated", n);
	fact(o, INTERNALS, "values", n);
	fact(o, INTERNALS, "last_value", 1000 + n - 1);
	fact(o, INTERNALS, "found_blocked", n);
	fact(o, INTERNALS, "handled", n);
	fact(o, INTERNALS, "coalesced", 0);
	fact(o, CAPACITY, "slots", 10007);
	fact(o, DEPTH, "max_slots", n);
	fact(o, DEPTH, "slots", 0);
	fact(o, RESIDENCY, "count", n);
}

/* No room in the queue: with a value it is refused, without it arrives and says nothing. */
static void run_overflow(unsigned n)
{
	int sig = SIGRTMIN + 1;
	struct task *t = spawn("blocker", blocker, &sig);
	struct object *o = signal_object(task_pid(t), sig);
	struct rlimit none = {0};

	CHECK(prlimit(task_pid(t), RLIMIT_SIGPENDING, &none, NULL) == 0);
	open_gate(1);
	await_step(t, 1);
	for (unsigned i = 0; i < n; i++)
		signal_sent(o, sigqueue(task_pid(t), sig, (union sigval){.sival_int = 7}));
	for (unsigned i = 0; i < 3; i++)
		must_kill(o, task_pid(t), sig);
	open_gate(2);
	join(t);
	fact(o, INTERNALS, "generated", 3);
	fact(o, INTERNALS, "info_lost", 3);
	fact(o, INTERNALS, "handled", 1);
	fact(o, CAPACITY, "slots", 0);
	fact(o, DEPTH, "slots", 0);
}

/* ---- threads, refusals ---- */

static atomic_bool thread_done;

static void thread_target(void *arg)
{
	(void)arg;
	while (!thread_done)
		sched_yield();
}

static void run_thread(unsigned n)
{
	struct object *o = signal_object(getpid(), SIGUSR1);
	struct task *t;

	on_signal(SIGUSR1, signal_nothing, SA_RESTART);
	t = spawn_thread("thread-target", thread_target, NULL);
	enter_call();
	while (!task_tid(t))
		sched_yield();
	for (unsigned i = 0; i < n; i++) {
		signal_sent(o, (int)syscall(SYS_tgkill, getpid(), task_tid(t), SIGUSR1));
		sched_yield();
	}
	thread_done = true;
	join(t);
	fact(o, INTERNALS, "to_thread", n);
	fact(o, INTERNALS, "generated", n);
	uncertain(o, RECV, OPS); /* as many as were not coalesced */
	endpoints_without_counts(o);
}

static void stranger(void *arg)
{
	unsigned n = *(unsigned *)arg;
	struct object *o = object_nth(0);

	CHECK(setresuid(65534, 65534, 65534) == 0);
	for (unsigned i = 0; i < n; i++) {
		int ret = kill(getppid(), SIGUSR1);

		CHECK(ret == -1 && errno == EPERM);
		signal_sent(o, ret);
	}
	CHECK(kill(getppid(), 0) == -1); /* asks, and is no signal */
}

static void run_refused(unsigned n)
{
	struct object *o = signal_object(getpid(), SIGUSR1);

	join(spawn("stranger", stranger, &n));
	fact(o, INTERNALS, "generated", 0);
}

static const struct scenario scenarios[] = {
	{"sig-coalesce", "blocked, sent N times, taken once", run_coalesce, 101},
	{"sig-pending", "blocked until its process ends", run_pending, 3},
	{"sig-ignored", "sent to who ignores it", run_ignored, 101},
	{"sig-queue", "N real-time signals with values, blocked, then taken", run_queue, 101},
	{"sig-overflow", "no room in the queue", run_overflow, 31},
	{"sig-thread", "tgkill() of one thread", run_thread, 101},
	{"sig-refused", "kill() without the right to", run_refused, 31},
};
REGISTER_SCENARIOS(scenarios, "signal");

/* Without what only more than the default view asks for. */
static const struct blind blind[] = {
	{"signal", "brief", "residency_ns"},
	{"signal", "brief", "internals.action"}, /* it has to be read by address */
};
REGISTER_BLIND(blind);
