// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about the way of a signal: sent, pending, taken; by whom, with what. */
#include "experiment/scene_signal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define RT (SIGRTMIN + 1)

/* ---- sig-path ---- */

/* On two CPUs, where there are two. */
static void on_own_cpu(unsigned who)
{
	if (who != DIRECTOR)
		pin_to_cpu(who);
	catch_usr1(who);
}

static void judge_path(const struct evidence *e, struct verdict *v)
{
	if (num(e, "sent") == 1 && num(e, "taken") == 1 && num(e, "handled") == 1 && num(e, "delay_ns") > 0)
		holds(v, e, "{sent} sent by {sender} on CPU {sent_on}, {taken} taken by a handler on CPU {taken_on}, {delay_ns/1000} us later: "
			    "between the two the target was woken there, and came to it on its way back to user mode");
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

static int keyboard = -1; /* the other end of the target's terminal */

static void open_terminal(void)
{
	keyboard = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (keyboard < 0)
		absent("pseudo terminals (CONFIG_UNIX98_PTYS, a mounted devpts)");
	CHECK(grantpt(keyboard) == 0 && unlockpt(keyboard) == 0);
}

/* A session of its own: the first terminal that its leader opens becomes its controlling one. */
static void four_sources(unsigned who)
{
	if (who != TARGET)
		return;
	CHECK(setsid() > 0 && open(ptsname(keyboard), O_RDWR) >= 0);
	catch_usr1(who);
	on_signal(SIGALRM, caught, 0);
	on_signal(SIGINT, caught, 0);
	look_at(getpid(), SIGALRM);
	look_at(getpid(), SIGSEGV);
	look_at(getpid(), SIGINT);
}

static void press_ctrl_c(void)
{
	sent(3);
	CHECK(write(keyboard, "\003", 1) == 1);
}

static void set_alarm(void)
{
	const struct itimerval soon = {.it_value.tv_usec = 1000};
	sigset_t alarm, before;

	/* it may be over before the target sleeps, which would then sleep for ever */
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	CHECK(sigprocmask(SIG_BLOCK, &alarm, &before) == 0);
	CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
	suspend_with(&before);
	CHECK(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
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
	static const char *const others[] = {"timer", "fault", "terminal"};
	bool told = true;

	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		told &= !strcmp(word(e, others[i]), others[i]);
		if (strcmp(word(e, others[i]), "process"))
			continue;
		refuted(v, e, "what the %s sent is said to come from a process", others[i]);
		return;
	}
	if (strcmp(word(e, "process"), "process"))
		refuted(v, e, "kill() is said to come from '{process}'");
	else if (told)
		holds(v, e, "kill() came from a '{process}', SIGALRM from a '{timer}', SIGSEGV from a '{fault}', SIGINT from a '{terminal}'");
	else
		limited(v, e, "kill() came from a '{process}'; SIGALRM from '{timer}', SIGSEGV from '{fault}', SIGINT from '{terminal}': no more "
			      "is known here of what is no process");
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

static const struct experiment experiments[] = {
	{
		.id = "sig-path",
		.claim = "kill marks the signal pending; it is delivered on the way back to user mode",
		.said_by = "D5", .mechs = "signal", .cast = {"sender", "target"}, .set = no_objects, .enter = on_own_cpu,
		.steps = {
			{"is bound to another CPU, and sleeps until a signal comes", suspend, TARGET, .sleeps_in = ASLEEP},
			{"sends SIGUSR1", kill_usr1, SENDER, .ends = ACTOR(TARGET)},
		},
		.figures = {
			SENT, TAKEN,
			{"handled", "of them by a handler", "internals.handled"},
			{"sent_on", "CPU that it was sent on", "events.op=send.0.internals.cpu"},
			{"taken_on", "CPU that it was taken on", "events.op=recv.0.internals.cpu"},
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
		.said_by = "D5", .mechs = "signal", .cast = {"sender", "target"}, .set = open_terminal, .enter = four_sources,
		.steps = {
			{"sleeps until a signal comes", suspend, TARGET, .sleeps_in = ASLEEP},
			{"sends SIGUSR1", kill_usr1, SENDER, .ends = ACTOR(TARGET)},
			{"sets a timer and sleeps until SIGALRM", set_alarm, TARGET},
			{"sleeps until a signal comes", suspend, TARGET, .sleeps_in = ASLEEP},
			{"presses Ctrl-C on the target's terminal", press_ctrl_c, SENDER, .ends = ACTOR(TARGET)},
			{"writes to address 8", fault, TARGET, .kills = true},
		},
		.figures = {
			{"process", "what sent SIGUSR1", "endpoints.role=send.0.kind"},
			{"timer", "what sent SIGALRM", "endpoints.role=send.0.kind", .object = 1},
			{"fault", "what sent SIGSEGV", "endpoints.role=send.0.kind", .object = 2},
			{"terminal", "what sent SIGINT", "endpoints.role=send.0.kind", .object = 3},
		},
		.judge = judge_source,
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
