/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who killed it? A process that ends by a signal, and who or what sent that. */
#include "lab/signal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void signal_died(struct object *o, struct task *t, int sig)
{
	join_signaled(t, sig);
	count_as(o, RECV, OPS, 1, t);
	fact(o, INTERNALS, "killed", 1);
	fact(o, INTERNALS, "handled", 0);
	fact(o, RESIDENCY, "count", 1);
}

void signal_sleeper(void *arg)
{
	(void)arg;
	enter_call();
	for (;;)
		signal_pause();
}

static void killed_by_process(int sig)
{
	struct task *t = spawn("victim", signal_sleeper, NULL);
	struct object *o = signal_object(task_pid(t), sig);

	await_asleep(t, 1, SYS_SIGNAL_PAUSE);
	must_kill(o, task_pid(t), sig);
	ended_by(o, getpid(), 0, "process");
	signal_died(o, t, sig);
	fact(o, INTERNALS, "generated", 1);
}

static void run_term(unsigned n)
{
	(void)n;
	killed_by_process(SIGTERM);
}

static void run_kill(unsigned n)
{
	(void)n;
	killed_by_process(SIGKILL);
}

/* Core dumps are taken another way through the kernel. */
static void run_quit(unsigned n)
{
	struct rlimit none = {0};

	(void)n;
	CHECK(setrlimit(RLIMIT_CORE, &none) == 0);
	killed_by_process(SIGQUIT);
}

static void asleep_thread(void *arg)
{
	(void)arg;
	advance();
	for (;;)
		signal_pause();
}

static void many_threads(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++)
		await_step(spawn_thread("", asleep_thread, NULL), 1);
	enter_call();
	for (;;)
		signal_pause();
}

/* Every thread ends; the process has died once. */
static void run_threads(unsigned n)
{
	struct task *t = spawn("many-threads", many_threads, &n);
	struct object *o = signal_object(task_pid(t), SIGTERM);

	await_asleep(t, 1, SYS_SIGNAL_PAUSE);
	must_kill(o, task_pid(t), SIGTERM);
	ended_by(o, getpid(), 0, "process");
	signal_died(o, t, SIGTERM);
}

static void null_pointer(void *arg)
{
	struct rlimit none = {0};

	(void)arg;
	CHECK(setrlimit(RLIMIT_CORE, &none) == 0);
	await_gate(1);
	*(volatile int *)arg = 1;
}

static void run_fault(unsigned n)
{
	struct task *t = spawn("null-pointer", null_pointer, NULL);
	struct object *o = signal_object(task_pid(t), SIGSEGV);

	(void)n;
	open_gate(1);
	signal_died(o, t, SIGSEGV);
	count_kind(o, SEND, "fault", 1);
	ended_by(o, 0, 0, "fault");
}

static void broken_pipe(void *arg)
{
	int fds[2];

	(void)arg;
	CHECK(pipe(fds) == 0 && close(fds[0]) == 0);
	await_gate(1);
	CHECK(write(fds[1], "x", 1) == 1);
}

static void run_sigpipe(unsigned n)
{
	struct task *t = spawn("broken-pipe", broken_pipe, NULL);
	struct object *o = signal_object(task_pid(t), SIGPIPE);

	(void)n;
	open_gate(1);
	signal_died(o, t, SIGPIPE);
	count_kind(o, SEND, "kernel", 1);
	ended_by(o, 0, 0, "kernel");
}

static void alarmed(void *arg)
{
	struct itimerval soon = {.it_value = {.tv_usec = 1000}};

	(void)arg;
	await_gate(1);
	CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
	signal_sleeper(NULL);
}

static void run_alarm(unsigned n)
{
	struct task *t = spawn("alarmed", alarmed, NULL);
	struct object *o = signal_object(task_pid(t), SIGALRM);

	(void)n;
	open_gate(1);
	signal_died(o, t, SIGALRM);
	count_kind(o, SEND, "timer", 1);
	ended_by(o, 0, 0, "timer");
}

static void timed(void *arg)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
	struct itimerspec soon = {.it_value = {.tv_nsec = 1000000}};
	timer_t timer;

	(void)arg;
	await_gate(1);
	CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	CHECK(timer_settime(timer, 0, &soon, NULL) == 0);
	signal_sleeper(NULL);
}

static void run_timer(unsigned n)
{
	struct task *t = spawn("timed", timed, NULL);
	struct object *o = signal_object(task_pid(t), SIGUSR2);

	(void)n;
	open_gate(1);
	signal_died(o, t, SIGUSR2);
	count_kind(o, SEND, "timer", 1);
	ended_by(o, 0, 0, "timer");
}

static void on_terminal(void *arg)
{
	int fd;

	CHECK(setsid() > 0);
	fd = open(arg, O_RDWR); /* the first of a session's leader becomes its terminal */
	CHECK(fd >= 0);
	signal_sleeper(NULL);
}

static void on_terminal_alone(void *arg)
{
	close_range(3, ~0u, 0); /* the other end, too */
	on_terminal(arg);
}

/* The key is pressed at the other end of a pseudo terminal. */
static void run_terminal(unsigned n)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct object *o;
	struct task *t;

	(void)n;
	if (master < 0)
		give_up(OUTCOME_UNSUPPORTED, "no pseudo terminals here");
	CHECK(grantpt(master) == 0 && unlockpt(master) == 0);
	t = spawn("on-terminal", on_terminal, ptsname(master));
	o = signal_object(task_pid(t), SIGINT);
	await_asleep(t, 1, SYS_SIGNAL_PAUSE);
	CHECK(write(master, "\003", 1) == 1);
	signal_died(o, t, SIGINT);
	count_kind(o, SEND, "terminal", 1);
	ended_by(o, 0, 0, "terminal");
}

static void profiled(void *arg)
{
	struct itimerval soon = {.it_value = {.tv_usec = 1000}};

	(void)arg;
	await_gate(1);
	CHECK(setitimer(ITIMER_PROF, &soon, NULL) == 0);
	for (;;)
		;
}

/* A timer of CPU time goes off while its process runs. */
static void run_profiler(unsigned n)
{
	struct task *t = spawn("profiled", profiled, NULL);
	struct object *o = signal_object(task_pid(t), SIGPROF);

	(void)n;
	open_gate(1);
	signal_died(o, t, SIGPROF);
	count_kind(o, SEND, "timer", 1);
	ended_by(o, 0, 0, "timer");
}

/* The line goes dead: the other end of a pseudo terminal is closed. */
static void run_hangup(unsigned n)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct object *o;
	struct task *t;

	(void)n;
	if (master < 0)
		give_up(OUTCOME_UNSUPPORTED, "no pseudo terminals here");
	CHECK(grantpt(master) == 0 && unlockpt(master) == 0);
	t = spawn("on-terminal", on_terminal_alone, ptsname(master));
	o = signal_object(task_pid(t), SIGHUP);
	await_asleep(t, 1, SYS_SIGNAL_PAUSE);
	close_fd(master);
	signal_died(o, t, SIGHUP);
	count_kind(o, SEND, "terminal", 2); /* the second one to its job, to which it belongs, when it ends */
	ended_by(o, 0, 0, "terminal");
}

static struct task *heir;

static void orphan(void *arg)
{
	(void)arg;
	CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0);
	advance();
	signal_sleeper(NULL);
}

static void parent(void *arg)
{
	(void)arg;
	heir = spawn("orphan", orphan, NULL);
	await_step(heir, 1);
	*(pid_t *)arg = task_pid(heir);
	advance();
	await_gate(1);
}

/* It asked to be told when its parent ends: the parent's end is what kills it. */
static void run_parent(unsigned n)
{
	pid_t *child = mmap(NULL, sizeof(*child), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct object *o;
	struct task *t;
	int status;

	(void)n;
	CHECK(child != MAP_FAILED);
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	t = spawn("parent", parent, child);
	await_step(t, 1);
	o = signal_object(*child, SIGUSR1);
	open_gate(1);
	join(t);
	CHECK(waitpid(*child, &status, 0) == *child && WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
	count_as(o, SEND, OPS, 1, t);
	count_as_pid(o, RECV, OPS, 1, *child, 0, "orphan");
	ended_by(o, task_pid(t), 0, "process");
	fact(o, INTERNALS, "killed", 1);
}

/* ---- memory ---- */

static void hungry(void *arg)
{
	size_t size = 256u << 20;
	char *memory;
	FILE *f;

	f = fopen(arg, "we");
	CHECK(f && fprintf(f, "%d", getpid()) > 0 && !fclose(f));
	await_gate(1);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
	memset(memory, 1, size);
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

/* A memory cgroup of the second version, or of the first. */
static bool memory_cgroup(char *dir, size_t size, const char *limit)
{
	static const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/run/ipc-scenario-cgroup"};
	char path[256];

	mkdir(roots[2], 0700);
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) && access("/sys/fs/cgroup/memory", F_OK))
		mount("none", roots[2], "cgroup2", 0, NULL);
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/cgroup.subtree_control", roots[i]);
		write_file(path, "+memory");
		snprintf(dir, size, "%s/ipc-scenario-%d", roots[i], getpid());
		if (mkdir(dir, 0700))
			continue;
		snprintf(path, sizeof(path), "%s/memory.swap.max", dir);
		write_file(path, "0");
		snprintf(path, sizeof(path), "%s/%s", dir, i == 1 ? "memory.limit_in_bytes" : "memory.max");
		if (write_file(path, limit))
			return true;
		rmdir(dir);
	}
	return false;
}

static void in_cgroup(void *arg)
{
	FILE *f = fopen(arg, "we");

	CHECK(f && fprintf(f, "%d", getpid()) > 0 && !fclose(f));
	signal_sleeper(NULL);
}

/* All of a cgroup at once, by a word written to a file: whoever writes it. */
static void run_cgroup(unsigned n)
{
	char dir[128], procs[160], kills[160];
	struct object *o;
	struct task *t;

	(void)n;
	if (!memory_cgroup(dir, sizeof(dir), "max"))
		give_up(OUTCOME_UNSUPPORTED, "no cgroups here");
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", dir);
	snprintf(kills, sizeof(kills), "%s/cgroup.kill", dir);
	if (access(kills, W_OK)) {
		rmdir(dir);
		give_up(OUTCOME_UNSUPPORTED, "no cgroup.kill here (5.14)");
	}
	t = spawn("in-cgroup", in_cgroup, procs);
	o = signal_object(task_pid(t), SIGKILL);
	await_asleep(t, 1, SYS_SIGNAL_PAUSE);
	CHECK(write_file(kills, "1"));
	signal_sent(o, 0);
	ended_by(o, getpid(), 0, "process");
	signal_died(o, t, SIGKILL);
	while (rmdir(dir) && errno == EBUSY)
		usleep(10000);
}

static void run_oom(unsigned n)
{
	char dir[128], procs[160];
	struct object *o;
	struct task *t;

	(void)n;
	if (!memory_cgroup(dir, sizeof(dir), "16777216"))
		give_up(OUTCOME_UNSUPPORTED, "no memory cgroups here");
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", dir);
	t = spawn("hungry", hungry, procs);
	o = signal_object(task_pid(t), SIGKILL);
	open_gate(1);
	signal_died(o, t, SIGKILL);
	count_kind(o, SEND, "oom-killer", 1);
	ended_by(o, 0, 0, "oom-killer");
	while (rmdir(dir) && errno == EBUSY)
		usleep(10000);
}

static const struct scenario scenarios[] = {
	{"sig-killed-term", "SIGTERM of another process", run_term, 0},
	{"sig-killed-kill", "SIGKILL of another process", run_kill, 0},
	{"sig-killed-quit", "a signal that would dump core", run_quit, 0},
	{"sig-killed-threads", "a process of many threads", run_threads, 7},
	{"sig-killed-fault", "its own fault", run_fault, 0},
	{"sig-killed-pipe", "a write to a pipe that nobody reads", run_sigpipe, 0},
	{"sig-killed-alarm", "an interval timer", run_alarm, 0},
	{"sig-killed-timer", "a POSIX timer", run_timer, 0},
	{"sig-killed-terminal", "Ctrl-C at its terminal", run_terminal, 0},
	{"sig-killed-profiler", "a timer of CPU time", run_profiler, 0},
	{"sig-killed-hangup", "its terminal's other end is closed", run_hangup, 0},
	{"sig-killed-parent", "its parent's end (PR_SET_PDEATHSIG)", run_parent, 0},
	{"sig-killed-cgroup", "all of a cgroup is killed", run_cgroup, 0},
	{"sig-killed-oom", "the OOM killer of a cgroup", run_oom, 0},
};
REGISTER_SCENARIOS(scenarios, "signal");
