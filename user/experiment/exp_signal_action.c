// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about what becomes of a signal: default actions, handlers, what cannot be refused. */
#include "experiment/scene_signal.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- sig-default, sig-ignore, sig-catch ---- */

static void default_usr1(unsigned who)
{
	if (who == TARGET)
		look_at(getpid(), SIGUSR1);
}

static void ignore_usr1(unsigned who)
{
	if (who == TARGET)
		signal(SIGUSR1, SIG_IGN);
	default_usr1(who);
}

static void judge_default(const struct evidence *e, struct verdict *v)
{
	if (num(e, "sent") == 1 && num(e, "killed") == 1 && num(e, "taken") == 1)
		holds(v, e, "{sent} SIGUSR1 sent, taken by the default action: the process died of it");
	else
		refuted(v, e, "{sent} SIGUSR1 sent, {taken} taken, {killed} killed by it");
}

static void judge_ignore(const struct evidence *e, struct verdict *v)
{
	if (num(e, "sent") == 1 && num(e, "ignored") == 1 && !num(e, "taken"))
		holds(v, e, "{sent} SIGUSR1 sent: {ignored} ignored when it was sent, {taken} taken: it never was pending");
	else
		refuted(v, e, "{sent} SIGUSR1 sent, {ignored} ignored, {taken} taken");
}

static void judge_catch(const struct evidence *e, struct verdict *v)
{
	if (num(e, "sent") == 1 && num(e, "handled") == 1)
		holds(v, e, "{sent} SIGUSR1 sent, {handled} taken by the handler");
	else
		refuted(v, e, "{sent} SIGUSR1 sent, {handled} taken by the handler");
}

/* ---- sig-uncatchable ---- */

static void refuse_everything(unsigned who)
{
	sigset_t all;

	if (who != TARGET)
		return;
	sigfillset(&all);
	CHECK(sigprocmask(SIG_BLOCK, &all, NULL) == 0);
	CHECK(signal(SIGKILL, caught) == SIG_ERR && signal(SIGSTOP, caught) == SIG_ERR);
	look_at(getpid(), SIGUSR1);
	look_at(getpid(), SIGKILL);
	look_at(getpid(), SIGSTOP);
}

/* 'S' asleep, 'T' stopped. */
static char state_of(int pid)
{
	char path[64], line[256] = "", *state;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	CHECK(f && fgets(line, sizeof(line), f));
	fclose(f);
	state = strrchr(line, ')');
	CHECK(state && strlen(state) > 2);
	return state[2];
}

static void stop_and_go_on(void)
{
	CHECK(kill(cast_pid(TARGET), SIGSTOP) == 0);
	sent(2);
	while (state_of(cast_pid(TARGET)) != 'T')
		sched_yield();
	CHECK(kill(cast_pid(TARGET), SIGCONT) == 0);
}

static void kill_for_good(void)
{
	CHECK(kill(cast_pid(TARGET), SIGKILL) == 0);
	sent(1);
}

static void judge_uncatchable(const struct evidence *e, struct verdict *v)
{
	if (num(e, "usr1") == 1 && num(e, "usr1_taken") == 0 && num(e, "stop") == 1 && num(e, "stopped") == 1 && num(e, "kill") == 1 &&
	    num(e, "killed") == 1)
		holds(v, e, "the target blocks all it can, and no handler was taken for SIGKILL and SIGSTOP: SIGUSR1 was sent {usr1} time and "
			    "not taken; SIGSTOP {stop} time, which stopped it ({stopped}); SIGKILL {kill} time, and it died of it ({killed})");
	else
		refuted(v, e, "SIGUSR1 {usr1} sent, {usr1_taken} taken; SIGSTOP {stop} sent, stopped by it {stopped}; SIGKILL {kill} sent, "
			      "killed by it {killed}");
}

/* ---- sig-table ---- */

static void try_default(unsigned nth, int sig)
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid)
		for (;;)
			pause();
	look_at(pid, sig);
	CHECK(kill(pid, sig) == 0);
	sent(nth);
	if (sig == SIGSTOP || sig == SIGTSTP)
		CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	else if (sig != SIGCHLD)
		CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	if (sig == SIGSTOP || sig == SIGTSTP || sig == SIGCHLD) {
		CHECK(kill(pid, SIGKILL) == 0);
		CHECK(waitpid(pid, &status, 0) == pid);
	}
}

static void try_table(void)
{
	static const int sigs[] = {SIGINT, SIGKILL, SIGSTOP, SIGSEGV, SIGALRM, SIGCHLD, SIGTSTP};

	for (unsigned i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		try_default(i, sigs[i]);
}

static void judge_table(const struct evidence *e, struct verdict *v)
{
	if (num(e, "int") == 1 && num(e, "kill") == 1 && num(e, "segv") == 1 && num(e, "alrm") == 1 && num(e, "stop") == 1 &&
	    num(e, "tstp") == 1 && num(e, "chld") == 1)
		holds(v, e, "killed by SIGINT, SIGKILL, SIGSEGV, SIGALRM; stopped by SIGSTOP, SIGTSTP; SIGCHLD ignored: each by the default "
			    "action, once");
	else
		refuted(v, e, "killed by SIGINT {int}, SIGKILL {kill}, SIGSEGV {segv}, SIGALRM {alrm}; stopped by SIGSTOP {stop}, SIGTSTP "
			      "{tstp}; SIGCHLD ignored {chld}");
}

static const struct experiment experiments[] = {
	{
		.id = "sig-default",
		.claim = "default action",
		.said_by = "D5", .mechs = "signal", .cast = {"sender", "target"}, .set = no_objects, .enter = default_usr1,
		.steps = {
			{"sleeps until a signal comes", suspend, TARGET, .kills = true, .sleeps_in = ASLEEP},
			{"sends SIGUSR1", kill_usr1, SENDER, .ends = ACTOR(TARGET)},
		},
		.figures = {
			SENT, TAKEN,
			{"killed", "the process died of it", "internals.killed"},
		},
		.judge = judge_default,
	},
	{
		.id = "sig-ignore",
		.claim = "ignored",
		.said_by = "D5", .mechs = "signal", .cast = {"sender", "target"}, .set = no_objects, .enter = ignore_usr1,
		.steps = {
			{"sleeps until a signal comes", suspend, TARGET, .sleeps_in = ASLEEP},
			{"sends SIGUSR1", kill_usr1, SENDER},
		},
		.figures = {
			SENT, TAKEN,
			{"ignored", "ignored when they were sent", "internals.ignored"},
		},
		.judge = judge_ignore,
	},
	{
		.id = "sig-catch",
		.claim = "handled",
		.said_by = "D5", .mechs = "signal", .cast = {"sender", "target"}, .set = no_objects, .enter = catch_usr1,
		.steps = {
			{"sleeps until a signal comes", suspend, TARGET, .sleeps_in = ASLEEP},
			{"sends SIGUSR1", kill_usr1, SENDER, .ends = ACTOR(TARGET)},
		},
		.figures = {
			SENT, TAKEN,
			{"handled", "of them by a handler", "internals.handled"},
		},
		.judge = judge_catch,
	},
	{
		.id = "sig-uncatchable",
		.claim = "SIGKILL and SIGSTOP cannot be caught",
		.said_by = "D5", .mechs = "signal", .cast = {"sender", "target"}, .set = no_objects, .enter = refuse_everything,
		.steps = {
			{"has all signals blocked, and sleeps", suspend, TARGET, .kills = true, .sleeps_in = ASLEEP},
			{"sends SIGUSR1", kill_usr1, SENDER},
			{"sends SIGSTOP, sees it stopped, and sends SIGCONT", stop_and_go_on, SENDER},
			{"sends SIGKILL", kill_for_good, SENDER, .ends = ACTOR(TARGET)},
		},
		.figures = {
			{"usr1", "SIGUSR1 sent", "send.ops"},
			{"usr1_taken", "of them taken", "recv.ops"},
			{"stop", "SIGSTOP sent", "send.ops", .object = 2},
			{"stopped", "the process was stopped by it", "internals.stopped", .object = 2},
			{"kill", "SIGKILL sent", "send.ops", .object = 1},
			{"killed", "the process died of it", "internals.killed", .object = 1},
		},
		.judge = judge_uncatchable,
	},
	{
		.id = "sig-table",
		.claim = "defaults of SIGINT, SIGKILL, SIGSTOP, SIGSEGV, SIGALRM, SIGCHLD and SIGTSTP",
		.said_by = "D5", .mechs = "signal", .cast = {"sender"}, .set = no_objects,
		.steps = {{"forks a child for each, and sends it", try_table, SENDER}},
		.figures = {
			{"int", "killed by SIGINT", "internals.killed", .object = 0},
			{"kill", "killed by SIGKILL", "internals.killed", .object = 1},
			{"stop", "stopped by SIGSTOP", "internals.stopped", .object = 2},
			{"segv", "killed by SIGSEGV", "internals.killed", .object = 3},
			{"alrm", "killed by SIGALRM", "internals.killed", .object = 4},
			{"chld", "SIGCHLD ignored", "internals.ignored", .object = 5},
			{"tstp", "stopped by SIGTSTP", "internals.stopped", .object = 6},
		},
		.judge = judge_table,
	},
};

const struct family family_signal_action = {"signal", "signals", experiments, sizeof(experiments) / sizeof(experiments[0])};
