/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who killed it, across PID namespaces: from outside, from within, and the end of the namespace itself. */
#include "lab/signal.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Shared with those inside; PIDs as they know themselves. */
static struct {
	_Atomic pid_t victim, killer;
	atomic_bool reaped; /* the victim */
	bool kills;	    /* the killer does */
	bool ends;	    /* init does, before the victim is dead */
} *inside;

/* What the host calls it: the nth child of a process of the host's. */
static pid_t host_child(pid_t parent, unsigned nth)
{
	char path[64];
	int child = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	f = fopen(path, "re");
	if (!f)
		give_up(OUTCOME_UNSUPPORTED, "no %s here", path);
	for (unsigned i = 0; i <= nth; i++)
		if (fscanf(f, "%d", &child) != 1)
			child = 0;
	fclose(f);
	return child;
}

static void inner_victim(void)
{
	rename_self("inner-victim");
	inside->victim = getpid();
	for (;;)
		pause();
}

static void inner_killer(void)
{
	rename_self("inner-killer");
	inside->killer = getpid();
	await_gate(1);
	if (inside->kills)
		CHECK(kill(inside->victim, SIGKILL) == 0);
	await_gate(2);
	_exit(0);
}

static void inner_init(void)
{
	pid_t victim, killer;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	rename_self("inner-init");
	victim = fork();
	if (!victim)
		inner_victim();
	killer = fork();
	if (!killer)
		inner_killer();
	CHECK(victim > 0 && killer > 0);
	/* who is dead and gone gets no other SIGKILL at the end of the namespace */
	if (!inside->ends)
		CHECK(waitpid(victim, NULL, 0) == victim);
	inside->reaped = true;
	await_gate(2);
	_exit(0);
}

static void namespace_maker(void *arg)
{
	pid_t pid;

	(void)arg;
	if (unshare(CLONE_NEWPID))
		give_up(OUTCOME_UNSUPPORTED, "no PID namespaces: %s", strerror(errno));
	pid = fork(); /* the init: PID 1 there, known here by this number */
	CHECK(pid >= 0);
	if (!pid)
		inner_init();
	while (waitpid(pid, NULL, 0) < 0)
		;
}

struct inhabitants {
	struct task *maker;
	pid_t init, victim, killer; /* as the host has them */
	struct object *o;	    /* SIGKILL of the victim */
};

static void populate(struct inhabitants *in, bool kills, bool ends)
{
	inside = mmap(NULL, sizeof(*inside), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(inside != MAP_FAILED);
	inside->kills = kills;
	inside->ends = ends;
	in->maker = spawn("namespace", namespace_maker, NULL);
	for (unsigned i = 0; !(inside->killer && inside->victim) && i < 6000; i++)
		usleep(10000);
	if (!inside->killer || !inside->victim)
		give_up(OUTCOME_UNSUPPORTED, "no processes in a PID namespace");
	in->init = host_child(task_pid(in->maker), 0);
	in->victim = host_child(in->init, 0);
	in->killer = host_child(in->init, 1);
	CHECK(in->init && in->victim && in->killer && in->victim != inside->victim);
	in->o = signal_object(in->victim, SIGKILL);
}

/* The namespace ends, too. */
static void victim_died(const struct inhabitants *in)
{
	while (!inside->reaped)
		usleep(1000);
	open_gate(2);
	join(in->maker);
	count_as_pid(in->o, RECV, OPS, 1, in->victim, inside->victim, "inner-victim");
	fact(in->o, INTERNALS, "killed", 1);
}

/* From outside: the host's number and the namespace's own. */
static void run_outside(unsigned n)
{
	struct inhabitants in;

	(void)n;
	populate(&in, false, false);
	must_kill(in.o, in.victim, SIGKILL);
	ended_by(in.o, getpid(), getpid(), "process");
	fact(in.o, INTERNALS, "seen_pid", 0);
	victim_died(&in);
}

/* By a neighbour, who has a number that the victim knows, and another one for the host. */
static void run_inside(unsigned n)
{
	struct inhabitants in;

	(void)n;
	populate(&in, true, false);
	open_gate(1);
	victim_died(&in);
	count_as_pid(in.o, SEND, OPS, 1, in.killer, inside->killer, "inner-killer");
	ended_by(in.o, in.killer, inside->killer, "process");
	fact(in.o, INTERNALS, "seen_pid", (uint64_t)inside->killer);
}

/* With its init ends all that is in a namespace: init kills it. */
static void run_end(unsigned n)
{
	struct inhabitants in;

	(void)n;
	populate(&in, false, true);
	victim_died(&in);
	count_as_pid(in.o, SEND, OPS, 1, in.init, 1, "inner-init");
	ended_by(in.o, in.init, 1, "process");
}

static const struct scenario scenarios[] = {
	{"sig-killed-namespace", "SIGKILL into a PID namespace", run_outside, 0},
	{"sig-killed-inside", "SIGKILL within a PID namespace", run_inside, 0},
	{"sig-killed-ns-end", "the end of its PID namespace", run_end, 0},
};
REGISTER_SCENARIOS(scenarios, "signal");
