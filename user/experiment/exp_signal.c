// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about signals. */
#include "lab/scenario.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "experiment/experiment.h"

enum { SENDER, TARGET };

#define ASLEEP ASLEEP_IN(SYS_rt_sigsuspend)
#define RT (SIGRTMIN + 1)

static void no_objects(void)
{
}

static void caught(int signal)
{
	(void)signal;
}

static void look_at(int pid, int sig)
{
	struct object *o;

	if (sig >= SIGRTMIN)
		o = watched("signal", "signal:[%d:SIGRTMIN+%d]", pid, sig - SIGRTMIN);
	else
		o = watched("signal", "signal:[%d:SIG%s]", pid, sigabbrev_np(sig));
	certain(o, SEND, OPS);
}

/* One was sent to the nth that is looked at. */
static void sent(unsigned nth)
{
	count(object_nth(nth), SEND, OPS, 1);
}

static void catch_usr1(unsigned who)
{
	if (who != TARGET)
		return;
	on_signal(SIGUSR1, caught, 0);
	look_at(getpid(), SIGUSR1);
}

/* With the mask that it has. */
static void suspend(void)
{
	sigset_t mask;

	CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
	enter_call();
	syscall(SYS_rt_sigsuspend, &mask, 8);
}

static void kill_usr1(void)
{
	CHECK(kill(cast_pid(TARGET), SIGUSR1) == 0);
	sent(0);
}

/* ---- sig-path ---- */

static void judge_path(const struct evidence *e, struct verdict *v)
{
	if (num(e, "sent") == 1 && num(e, "taken") == 1 && num(e, "handled") == 1 && num(e, "delay_ns") > 0)
		holds(v, e, "{sent} sent by {sender}, {taken} taken {delay_ns/1000} us later by a handler: between the two the target was "
			    "woken, and came to it on its way back to user mode");
	else
		refuted(v, e, "{sent} sent, {taken} taken, {handled} by a handler, after {delay_ns} ns");
}

/* ---- sig-blocked ---- */

static void block_usr1(unsigned who)
{
	sigset_t set;

	catch_usr1(who);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (who == TARGET)
		CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
}

static void unblock_all(void)
{
	sigset_t none;

	sigemptyset(&none);
	CHECK(sigprocmask(SIG_SETMASK, &none, NULL) == 0);
}

static void judge_blocked(const struct evidence *e, struct verdict *v)
{
	if (num(e, "sent") == 1 && num(e, "pending") == 1 && !num(e, "before") && num(e, "taken") == 1)
		holds(v, e, "{sent} sent, {before} taken: it was pending; the target unblocked it and took {taken}, {delay_ns/1000} us after "
			    "it was sent");
	else
		refuted(v, e, "{sent} sent, {pending} pending, {before} taken while it was blocked, {taken} after");
}

/* ---- sig-coalesce ---- */

static void block_both(unsigned who)
{
	sigset_t set;

	if (who != TARGET)
		return;
	catch_usr1(who);
	on_signal(RT, caught, 0);
	look_at(getpid(), RT);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, RT);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
}

static void send_two_each(void)
{
	for (int i = 0; i < 2; i++) {
		kill_usr1();
		CHECK(kill(cast_pid(TARGET), RT) == 0);
		sent(1);
	}
}

static void judge_coalesce(const struct evidence *e, struct verdict *v)
{
	if (num(e, "sent") == 2 && num(e, "lost") == 1 && num(e, "taken") == 1 && num(e, "rt_sent") == 2 && !num(e, "rt_lost") &&
	    num(e, "rt_taken") == 2)
		holds(v, e, "SIGUSR1: {sent} sent while blocked, {lost} lost in the one pending, {taken} taken. A real-time signal: {rt_sent} "
			    "sent, {rt_lost} lost, {rt_taken} taken");
	else
		refuted(v, e, "SIGUSR1: {sent} sent, {lost} lost, {taken} taken; real-time: {rt_sent}, {rt_lost}, {rt_taken}");
}

/* ---- sig-source ---- */

static void three_sources(unsigned who)
{
	if (who == TARGET) {
		catch_usr1(who);
		on_signal(SIGALRM, caught, 0);
		look_at(getpid(), SIGALRM);
		look_at(getpid(), SIGSEGV);
	}
}

static void set_alarm(void)
{
	const struct itimerval soon = {.it_value.tv_usec = 1000};

	CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
	suspend();
	sent(1);
}

static void fault(void)
{
	volatile uintptr_t nowhere = 8;

	sent(2);
	*(volatile int *)nowhere = 1;
}

static void judge_source(const struct evidence *e, struct verdict *v)
{
	const char *process = word(e, "process"), *timer = word(e, "timer"), *broken = word(e, "fault");

	if (strcmp(process, "process") || !strcmp(timer, "process") || !strcmp(broken, "process"))
		refuted(v, e, "kill: '{process}', the timer's: '{timer}', the fault's: '{fault}'");
	else if (strcmp(timer, "timer") || strcmp(broken, "fault"))
		limited(v, e, "kill() by a '{process}'; SIGALRM by the '{timer}', SIGSEGV by the '{fault}': this backend tells no more of what "
			      "is no process");
	else
		limited(v, e, "kill() by a '{process}', SIGALRM by a '{timer}', SIGSEGV by a '{fault}'; a terminal's was not tried");
}

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
}

static void kill_for_good(void)
{
	CHECK(kill(cast_pid(TARGET), SIGKILL) == 0);
	sent(1);
}

static void judge_uncatchable(const struct evidence *e, struct verdict *v)
{
	if (num(e, "usr1") == 1 && num(e, "usr1_taken") == 0 && num(e, "kill") == 1 && num(e, "killed") == 1)
		holds(v, e, "the target blocks all it can, and no handler was taken for SIGKILL: SIGUSR1 was sent {usr1} time and not taken, "
			    "SIGKILL {kill} time, and the process died of it");
	else
		refuted(v, e, "SIGUSR1 {usr1} sent, {usr1_taken} taken; SIGKILL {kill} sent, killed by it {killed}");
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

/* ---- sig-no-data ---- */

static void catch_rt(unsigned who)
{
	if (who != TARGET)
		return;
	on_signal(RT, caught, 0);
	look_at(getpid(), RT);
}

static void queue_4711(void)
{
	CHECK(sigqueue(cast_pid(TARGET), RT, (union sigval){.sival_int = 4711}) == 0);
	sent(0);
}

static void judge_no_data(const struct evidence *e, struct verdict *v)
{
	if (num(e, "values") == 1 && num(e, "value") == 4711)
		refuted(v, e, "sigqueue() carries one: {values} signal came with a value, {value}");
	else
		holds(v, e, "{values} signals came with a value");
}

#define SENT {"sent", "signals sent", "send.ops"}
#define TAKEN {"taken", "signals taken", "recv.ops"}

static const struct experiment experiments[] = {
	{
		.id = "sig-path",
		.claim = "kill marks the signal pending; it is delivered on the way back to user mode",
		.said_by = "D5", .mechs = "signal", .cast = {"sender", "target"}, .set = no_objects, .enter = catch_usr1,
		.steps = {
			{"sleeps until a signal comes", suspend, TARGET, .sleeps_in = ASLEEP},
			{"sends SIGUSR1", kill_usr1, SENDER, .ends = ACTOR(TARGET)},
		},
		.figures = {
			SENT, TAKEN,
			{"handled", "of them by a handler", "internals.handled"},
			{"delay_ns", "nanoseconds from sent to taken", "residency_ns.sum"},
			{"sender", "sent by", "endpoints.role=send.0.comm"},
		},
		.judge = judge_path,
	},
	{
		.id = "sig-blocked",
		.claim = "a blocked signal stays pending until it is unblocked",
		.said_by = "D5", .mechs = "signal", .cast = {"sender", "target"}, .set = no_objects, .enter = block_usr1,
		.steps = {
			{"sends SIGUSR1, which the target blocks", kill_usr1, SENDER},
			{"unblocks it", unblock_all, TARGET},
		},
		.figures = {
			SENT,
			{"pending", "pending, while it is blocked", "internals.pending", 1},
			{"before", "taken while it is blocked", "recv.ops", 1},
			TAKEN,
			{"delay_ns", "nanoseconds from sent to taken", "residency_ns.sum"},
			{"pending_2", "pending at the end", "internals.pending", .optional = true},
		},
		.judge = judge_blocked,
	},
	{
		.id = "sig-coalesce",
		.claim = "a second standard signal while one is pending is lost; real-time ones queue",
		.said_by = "D5", .mechs = "signal", .cast = {"sender", "target"}, .set = no_objects, .enter = block_both,
		.steps = {
			{"sends SIGUSR1 and SIGRTMIN+1, both blocked, twice each", send_two_each, SENDER},
			{"unblocks them", unblock_all, TARGET},
		},
		.figures = {
			SENT,
			{"lost", "found one pending, and were lost in it", "internals.coalesced"},
			TAKEN,
			{"rt_sent", "real-time signals sent", "send.ops", .object = 1},
			{"rt_pending", "of them pending", "internals.pending", 1, .object = 1, .optional = true},
			{"rt_lost", "of them lost", "internals.coalesced", .object = 1},
			{"rt_taken", "real-time signals taken", "recv.ops", .object = 1},
		},
		.judge = judge_coalesce,
	},
	{
		.id = "sig-source",
		.claim = "sources: kernel fault, process, terminal, timer",
		.said_by = "D5", .mechs = "signal", .cast = {"sender", "target"}, .set = no_objects, .enter = three_sources,
		.steps = {
			{"sleeps until a signal comes", suspend, TARGET, .sleeps_in = ASLEEP},
			{"sends SIGUSR1", kill_usr1, SENDER, .ends = ACTOR(TARGET)},
			{"sets a timer and sleeps until SIGALRM", set_alarm, TARGET},
			{"writes to address 8", fault, TARGET, .kills = true},
		},
		.figures = {
			{"process", "what sent SIGUSR1", "endpoints.role=send.0.kind"},
			{"timer", "what sent SIGALRM", "endpoints.role=send.0.kind", .object = 1},
			{"fault", "what sent SIGSEGV", "endpoints.role=send.0.kind", .object = 2},
		},
		.judge = judge_source,
	},
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
			{"sends SIGKILL", kill_for_good, SENDER, .ends = ACTOR(TARGET)},
		},
		.figures = {
			{"usr1", "SIGUSR1 sent", "send.ops"},
			{"usr1_taken", "of them taken", "recv.ops"},
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
	{
		.id = "sig-no-data",
		.claim = "a signal carries no data",
		.said_by = "D5", .mechs = "signal", .cast = {"sender", "target"}, .set = no_objects, .enter = catch_rt,
		.steps = {
			{"sleeps until a signal comes", suspend, TARGET, .sleeps_in = ASLEEP},
			{"queues SIGRTMIN+1 with the value 4711", queue_4711, SENDER, .ends = ACTOR(TARGET)},
		},
		.figures = {
			SENT,
			{"values", "of them with a value", "internals.values"},
			{"value", "the value", "internals.last_value"},
		},
		.judge = judge_no_data,
	},
};

const struct family family_signal = {"signal", "signals", experiments, sizeof(experiments) / sizeof(experiments[0])};
