/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Signals that are waited for: by pause, sigsuspend, sigwaitinfo, signalfd; and waits that end without one. */
#include "lab/signal.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* ---- waits ---- */

static void pauser(void *arg)
{
	unsigned n = *(unsigned *)arg;
	struct object *o;

	on_signal(SIGUSR1, signal_nothing, 0);
	o = signal_mine(0);
	for (unsigned i = 0; i < n; i++) {
		enter_call();
		CHECK(signal_pause() == -1 && errno == EINTR);
		count(o, RECV, OPS, 1);
	}
}

static void suspender(void *arg)
{
	unsigned n = *(unsigned *)arg;
	struct object *o;
	sigset_t none;

	sigemptyset(&none);
	on_signal(SIGUSR1, signal_nothing, 0);
	block_signal(SIGUSR1);
	o = signal_mine(0);
	for (unsigned i = 0; i < n; i++) {
		enter_call();
		CHECK(sigsuspend(&none) == -1 && errno == EINTR);
		count(o, RECV, OPS, 1);
	}
}

static void sigwaiter(void *arg)
{
	unsigned n = *(unsigned *)arg;
	struct object *o;
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	block_signal(SIGUSR1);
	o = signal_mine(0);
	for (unsigned i = 0; i < n; i++) {
		enter_call();
		CHECK(sigwaitinfo(&set, &info) == SIGUSR1 && info.si_pid == getppid());
		count(o, RECV, OPS, 1);
	}
}

/* It may be any of two: which object it was is known only at the end. */
static void choosy(void *arg)
{
	unsigned n = *(unsigned *)arg;
	struct object *o;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	o = signal_mine(0);
	for (unsigned i = 0; i < n; i++) {
		enter_call();
		CHECK(sigwaitinfo(&set, NULL) == SIGUSR1);
		count(o, RECV, OPS, 1);
	}
}

static int usr1_fd(int flags)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	block_signal(SIGUSR1);
	fd = signalfd(-1, &set, flags);
	CHECK(fd >= 0);
	return fd;
}

static void fd_reader(void *arg)
{
	unsigned n = *(unsigned *)arg;
	struct signalfd_siginfo info;
	struct object *o;
	int fd = usr1_fd(SFD_CLOEXEC);

	o = signal_mine(0);
	for (unsigned i = 0; i < n; i++) {
		enter_call();
		CHECK(read(fd, &info, sizeof(info)) == sizeof(info) && info.ssi_signo == SIGUSR1);
		count(o, RECV, OPS, 1);
	}
}

static void waits(const char *name, void (*body)(void *), long nr, unsigned n, const char *how)
{
	struct task *t = spawn(name, body, &n);
	struct object *o = signal_object(task_pid(t), SIGUSR1);

	certain_waits(o);
	open_gate(1);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, nr, o, RECV, EMPTY);
		must_kill(o, task_pid(t), SIGUSR1);
		count_wake(o, SEND, t);
	}
	join(t);
	fact(o, INTERNALS, "generated", n);
	fact(o, INTERNALS, how, n);
	fact(o, INTERNALS, "coalesced", 0);
	fact(o, INTERNALS, "by_default", 0);
	fact(o, RESIDENCY, "count", n);
	fact(o, CAPACITY, "slots", 1);
	fact(o, DEPTH, "max_slots", 1);
	fact(o, DEPTH, "slots", 0);
}

static void run_pause(unsigned n)
{
	waits("pauser", pauser, SYS_SIGNAL_PAUSE, n, "handled");
}

static void run_suspend(unsigned n)
{
	waits("suspender", suspender, SYS_rt_sigsuspend, n, "handled");
}

static void run_sigwait(unsigned n)
{
	waits("sigwaiter", sigwaiter, SYS_rt_sigtimedwait, n, "sigwait");
}

static void run_sigwait_any(unsigned n)
{
	waits("choosy", choosy, SYS_rt_sigtimedwait, n, "sigwait");
}

static void run_signalfd(unsigned n)
{
	waits("signalfd-reader", fd_reader, SYS_read, n, "signalfd");
}

/* ---- receives that fail ---- */

static void run_timeout(unsigned n)
{
	const struct timespec soon = {.tv_nsec = 53000000}, now = {0}; /* soon: not before it sleeps, on a slow machine */
	struct object *o = signal_object(getpid(), SIGUSR1);
	sigset_t set;

	certain_waits(o);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	block_signal(SIGUSR1);
	for (unsigned i = 0; i < n; i++) {
		mark_sleeps();
		CHECK(sigtimedwait(&set, NULL, i % 2 ? &soon : &now) == -1 && errno == EAGAIN);
		count(o, RECV, OPS, 1);
		count_error(o, RECV, EAGAIN);
		if (i % 2 && sleeps_since_mark(self())) /* unless it lost its CPU for so long on its way to sleep */
			count_wait(o, RECV, EMPTY);
	}
	fact(o, INTERNALS, "sigwait", 0);
	fact(o, INTERNALS, "generated", 0);
}

/* A signal for which nobody waits ends the wait for another one. */
static void interrupted(void *arg)
{
	unsigned n = *(unsigned *)arg;
	struct object *o, *other;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	block_signal(SIGUSR1);
	on_signal(SIGUSR2, signal_nothing, 0);
	o = signal_mine(0);
	other = object_nth(1);
	for (unsigned i = 0; i < n; i++) {
		enter_call();
		CHECK(sigwaitinfo(&set, NULL) == -1 && errno == EINTR);
		count(o, RECV, OPS, 1);
		count_error(o, RECV, EINTR);
		count(other, RECV, OPS, 1);
	}
}

static void run_interrupted(unsigned n)
{
	struct task *t = spawn("interrupted", interrupted, &n);
	struct object *o = signal_object(task_pid(t), SIGUSR1);
	struct object *other = signal_object(task_pid(t), SIGUSR2);

	certain_waits(o);
	certain_waits(other);
	open_gate(1);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_rt_sigtimedwait, o, RECV, EMPTY);
		must_kill(other, task_pid(t), SIGUSR2);
	}
	join(t);
	fact(other, INTERNALS, "handled", n);
}

/* Three signals pending, one read; then a read of nothing. */
static void run_signalfd_many(unsigned n)
{
	static const int sigs[] = {SIGUSR1, SIGUSR2, SIGHUP};
	struct signalfd_siginfo info[4];
	struct object *o[3];
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (int i = 0; i < 3; i++) {
		sigaddset(&set, sigs[i]);
		o[i] = signal_object(getpid(), sigs[i]);
		fact(o[i], INTERNALS, "signalfd", n);
		fact(o[i], INTERNALS, "found_blocked", n);
		certain_waits(o[i]);
	}
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	CHECK(fd >= 0);
	for (unsigned round = 0; round < n; round++) {
		for (int i = 0; i < 3; i++)
			must_kill(o[i], getpid(), sigs[i]);
		CHECK(read(fd, info, sizeof(info)) == 3 * sizeof(info[0]));
		for (int i = 0; i < 3; i++)
			count(o[i], RECV, OPS, 1);
	}
	CHECK(read(fd, info, sizeof(info)) == -1 && errno == EAGAIN);
}

static const struct scenario scenarios[] = {
	{"sig-pause", "every signal ends a pause()", run_pause, 101},
	{"sig-suspend", "every signal ends a sigsuspend()", run_suspend, 101},
	{"sig-sigwait", "every signal ends a sigwaitinfo()", run_sigwait, 101},
	{"sig-sigwait-any", "a wait for either of two", run_sigwait_any, 101},
	{"sig-signalfd", "every signal ends a read of a signalfd", run_signalfd, 101},
	{"sig-signalfd-many", "three signals in one read; a read of none", run_signalfd_many, 31},
	{"sig-timeout", "sigtimedwait() in vain", run_timeout, 31},
	{"sig-interrupted", "sigwaitinfo() ended by another signal", run_interrupted, 31},
};
REGISTER_SCENARIOS(scenarios, "signal");
