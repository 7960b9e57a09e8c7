// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about System V semaphores. */
#include "lab/sem.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "experiment/experiment.h"

enum { GIVER, TAKER };

static struct set s;

/* Waits, and what the end of a process does, are the verdicts' affair. */
static void new_set(int semaphores)
{
	s = set_new(IPC_PRIVATE, semaphores);
	uncertain_waits(s.o);
	uncertain(s.o, CLOSE, OPS);
}

static void one_semaphore(void)
{
	new_set(1);
}

static void two_semaphores(void)
{
	new_set(2);
}

static void remove_set(void)
{
	semctl(s.id, 0, IPC_RMID);
}

static void p1(void)
{
	must_semop(s, P(0, 1));
}

static void p2(void)
{
	must_semop(s, P(0, 2));
}

static void v1(void)
{
	must_semop(s, V(0, 1));
}

static void setval_2(void)
{
	set_value(s, 0, 2);
}

static void wait_zero(void)
{
	must_semop(s, Z(0));
}

#define ASLEEP ASLEEP_IN(SYS_semop)

/* ---- sem-p ---- */

static void judge_p(const struct evidence *e, struct verdict *v)
{
	if (num(e, "asleep") == 1 && num(e, "semncnt") == 1 && num(e, "value_waits") == 1 && num(e, "wakes") == 1 && !num(e, "value"))
		holds(v, e, "sem_op -1 on the value 0: asleep for {wait_ns/1000} us, cause 'value', semncnt {semncnt}; the V woke it, and "
			    "the value is {value}: taken at once");
	else
		refuted(v, e, "sem_op -1 on the value 0: {asleep} asleep, semncnt {semncnt}, {value_waits} waits for 'value', {wakes} "
			      "wakeups, value {value} at the end");
}

/* ---- sem-v ---- */

static void judge_v(const struct evidence *e, struct verdict *v)
{
	if (num(e, "first") == 0 && num(e, "value_1") == 1 && num(e, "second") == 1 && num(e, "value") == 0)
		holds(v, e, "a waiter wants 2: the first V raised the value to {value_1} and woke nobody, the second gave {second} wakeup; "
			    "after it the value is {value}");
	else
		refuted(v, e, "a waiter wants 2: the first V gave {first} wakeups, value {value_1}; the second {second}, value {value}");
}

/* ---- sem-zero ---- */

static void judge_zero(const struct evidence *e, struct verdict *v)
{
	if (num(e, "semzcnt") == 1 && num(e, "zero_waits") == 1 && !num(e, "first") && num(e, "second") == 1 && !num(e, "value"))
		holds(v, e, "sem_op 0 on the value 2: asleep, cause 'zero', semzcnt {semzcnt}; a P to 1 woke nobody, the P to {value} "
			    "gave {second} wakeup");
	else
		refuted(v, e, "sem_op 0: semzcnt {semzcnt}, {zero_waits} waits for 'zero', {first} wakeups at 1, {second} at {value}");
}

/* ---- sem-nowait ---- */

static void p_nowait(void)
{
	CHECK(op_semop(s, &NOWAIT(P(0, 1)), 1, -1) == -1 && errno == EAGAIN);
}

static void judge_nowait(const struct evidence *e, struct verdict *v)
{
	if (num(e, "eagain") == 1 && !num(e, "waits") && !num(e, "value"))
		holds(v, e, "{eagain} EAGAIN, {waits} waits, value {value} as before");
	else
		refuted(v, e, "{eagain} EAGAIN, {waits} waits, value {value}");
}

/* ---- sem-rmid ---- */

static void p_removed(void)
{
	CHECK(op_semop(s, &P(0, 1), 1, -1) == -1 && errno == EIDRM);
}

static void remove_it(void)
{
	set_remove(s);
}

static void judge_rmid(const struct evidence *e, struct verdict *v)
{
	if (num(e, "asleep") == 1 && num(e, "wakes") == 1 && num(e, "eidrm") == 1)
		holds(v, e, "the removal by {who} gave {wakes} wakeup, and the wait ended in {eidrm} EIDRM");
	else
		refuted(v, e, "{asleep} asleep, {wakes} wakeups by the removal, {eidrm} EIDRM");
}

/* ---- sem-eintr ---- */

static void caught(int signal)
{
	(void)signal;
}

static void catch_usr2(unsigned who)
{
	if (who != TAKER)
		return;
	on_signal(SIGUSR2, caught, SA_RESTART);
	watched("signal", "signal:[%d:SIGUSR2]", getpid());
}

static void p_interrupted(void)
{
	CHECK(op_semop(s, &P(0, 1), 1, -1) == -1 && errno == EINTR);
}

static void signal_taker(void)
{
	CHECK(kill(cast_pid(TAKER), SIGUSR2) == 0);
}

static void judge_eintr(const struct evidence *e, struct verdict *v)
{
	if (num(e, "eintr") == 1 && num(e, "signals") == 1 && !num(e, "wakes"))
		holds(v, e, "{signals} signal by {sender} ended the wait in {eintr} EINTR, though the handler asked for SA_RESTART; no "
			    "operation woke it");
	else
		refuted(v, e, "{signals} signals, {eintr} EINTR, {wakes} wakeups by operations");
}

/* ---- sem-atomic ---- */

static void set_0_to_1(void)
{
	set_value(s, 0, 1);
}

static void p_both(void)
{
	must_semop(s, P(0, 1), P(1, 1));
}

static void v_second(void)
{
	must_semop(s, V(1, 1));
}

static void judge_atomic(const struct evidence *e, struct verdict *v)
{
	if (num(e, "first_0") == 1 && num(e, "first_1") == 0 && num(e, "asleep") == 1 && !num(e, "then_0") && !num(e, "then_1"))
		holds(v, e, "one call wants one unit of each of two, the values are 1 and 0: it sleeps, and the values still are {first_0} "
			    "and {first_1}; a V on the second, and both are taken: {then_0} and {then_1}");
	else
		refuted(v, e, "the values while it sleeps ({asleep} asleep): {first_0} and {first_1}; after the V: {then_0} and {then_1}");
}

/* ---- sem-any-step ---- */

static void v7(void)
{
	must_semop(s, V(0, 7));
}

static void p3(void)
{
	must_semop(s, P(0, 3));
}

static void judge_any_step(const struct evidence *e, struct verdict *v)
{
	if (num(e, "raised") == 7 && num(e, "lowered") == 3 && num(e, "value") == 4 && num(e, "calls") == 2)
		holds(v, e, "{calls} calls: one raised it by {raised}, one lowered it by {lowered}; value {value}");
	else
		refuted(v, e, "{calls} calls raised it by {raised} and lowered it by {lowered}; value {value}");
}

/* ---- sem-undo ---- */

static void setval_3(void)
{
	set_value(s, 0, 3);
}

static void p2_undo(void)
{
	must_semop(s, UNDO(P(0, 2)));
}

static void die(void)
{
	raise(SIGKILL);
}

static void judge_undo(const struct evidence *e, struct verdict *v)
{
	if (num(e, "lowered") == 1 && num(e, "asleep") == 1 && num(e, "wakes") == 1 && num(e, "end") == 0)
		holds(v, e, "value 3, lowered by 2 with SEM_UNDO: {lowered}; a waiter for 3 slept; the end of the process, killed, gave the "
			    "2 back and {wakes} wakeup, and the waiter took 3: value {end}");
	else
		refuted(v, e, "value {lowered} after the P with SEM_UNDO, {asleep} asleep; the end of the process gave {wakes} wakeups, "
			      "value {end}");
}

/* ---- sem-no-data ---- */

static void judge_no_data(const struct evidence *e, struct verdict *v)
{
	if (num(e, "vs") == 1 && num(e, "ps") == 1 && !num(e, "bytes_v") && !num(e, "bytes_p"))
		holds(v, e, "{vs} V and {ps} P: {bytes_v} and {bytes_p} bytes of payload");
	else
		refuted(v, e, "{vs} V and {ps} P: {bytes_v} and {bytes_p} bytes");
}

/* ---- sem-setval ---- */

static void judge_setval(const struct evidence *e, struct verdict *v)
{
	if (num(e, "value") || num(e, "eagain") != 1 || num(e, "then") != 1)
		refuted(v, e, "a new set's value is {value}; EAGAIN {eagain} times before SETVAL, value {then} after it and a P");
	else
		limited(v, e, "before SETVAL its value is {value} here (POSIX leaves it open), and a P finds nothing: {eagain} EAGAIN; after "
			      "SETVAL 2 a P left {then}. Between semget and SETVAL others can use it");
}

/* ---- sem-leak ---- */

static void judge_leak(const struct evidence *e, struct verdict *v)
{
	if (num(e, "value") == 7 && num(e, "then") == 4)
		holds(v, e, "its only user was killed; the set is still there with the value {value}, and another process went on with it: "
			    "{then}");
	else
		refuted(v, e, "after its user's death the value is {value}, then {then}");
}

static void v7_and_die(void)
{
	v7();
	die();
}

static const struct experiment experiments[] = {
	{
		.id = "sem-p",
		.claim = "sem_op < 0 waits until the value allows it (semncnt)",
		.said_by = "D1 D3", .mechs = "sem", .cast = {"giver", "taker"}, .set = one_semaphore, .strike = remove_set,
		.steps = {
			{"lowers 0 by 1, and sleeps", p1, TAKER, .sleeps_in = ASLEEP},
			{"raises it by 1", v1, GIVER, .ends = ACTOR(TAKER)},
		},
		.figures = {
			{"asleep", "asleep", "waiting.op=recv.#", 1},
			{"semncnt", "semncnt", "internals.semncnt", 1},
			{"value_waits", "waits for the cause 'value'", "recv.causes.value"},
			{"wait_ns", "nanoseconds asleep", "recv.wait_ns"},
			{"wakes", "wakeups given by V", "send.wakes"},
			{"value", "value at the end", "internals.value_0"},
		},
		.judge = judge_p,
	},
	{
		.id = "sem-v",
		.claim = "sem_op > 0 adds and wakes waiters",
		.said_by = "D1 D3", .mechs = "sem", .cast = {"giver", "taker"}, .set = one_semaphore, .strike = remove_set,
		.steps = {
			{"lowers 0 by 2, and sleeps", p2, TAKER, .sleeps_in = ASLEEP},
			{"raises it by 1: not enough", v1, GIVER},
			{"raises it by 1", v1, GIVER, .ends = ACTOR(TAKER)},
		},
		.figures = {
			{"first", "wakeups given by the first V", "send.wakes", 2},
			{"value_1", "value after it", "internals.value_0", 2},
			{"second", "wakeups given by the second", "send.wakes", 3, 2},
			{"value", "value at the end", "internals.value_0"},
		},
		.judge = judge_v,
	},
	{
		.id = "sem-zero",
		.claim = "sem_op = 0 waits for zero (semzcnt)",
		.said_by = "D3", .mechs = "sem", .cast = {"lowerer", "waiter"}, .set = one_semaphore, .strike = remove_set,
		.steps = {
			{"sets the value to 2", setval_2, GIVER},
			{"waits for zero, and sleeps", wait_zero, TAKER, .sleeps_in = ASLEEP},
			{"lowers it by 1", p1, GIVER},
			{"lowers it by 1", p1, GIVER, .ends = ACTOR(TAKER)},
		},
		.figures = {
			{"semzcnt", "semzcnt", "internals.semzcnt", 2},
			{"zero_waits", "waits for the cause 'zero'", "recv.causes.zero"},
			{"first", "wakeups given by the P to 1", "recv.wakes", 3},
			{"second", "wakeups given by the P to 0", "recv.wakes", 4, 3},
			{"value", "value at the end", "internals.value_0"},
		},
		.judge = judge_zero,
	},
	{
		.id = "sem-nowait",
		.claim = "IPC_NOWAIT: EAGAIN",
		.said_by = "D3", .mechs = "sem", .cast = {"giver", "taker"}, .set = one_semaphore, .strike = remove_set,
		.steps = {{"lowers 0 by 1 with IPC_NOWAIT: EAGAIN", p_nowait, TAKER}},
		.figures = {
			{"eagain", "calls that ended in EAGAIN", "recv.errors.EAGAIN"},
			{"waits", "waits", "recv.waits"},
			{"value", "value", "internals.value_0"},
		},
		.judge = judge_nowait,
	},
	{
		.id = "sem-rmid",
		.claim = "a removed set: EIDRM",
		.said_by = "D3", .mechs = "sem", .cast = {"remover", "taker"}, .set = one_semaphore, .strike = remove_set,
		.steps = {
			{"lowers 0 by 1, and sleeps", p_removed, TAKER, .sleeps_in = ASLEEP},
			{"removes the set (IPC_RMID)", remove_it, GIVER, .ends = ACTOR(TAKER)},
		},
		.figures = {
			{"asleep", "asleep", "waiting.op=recv.#", 1},
			{"wakes", "wakeups given by the removal", "ctl.wakes"},
			{"eidrm", "calls that ended in EIDRM", "recv.errors.EIDRM"},
			{"who", "who removed it", "events.op=ctl.-1.comm", .optional = true},
		},
		.judge = judge_rmid,
	},
	{
		.id = "sem-eintr",
		.claim = "a caught signal: EINTR",
		.said_by = "D3", .mechs = "sem,signal", .cast = {"sender", "taker"}, .set = one_semaphore, .enter = catch_usr2,
		.strike = remove_set,
		.steps = {
			{"lowers 0 by 1, and sleeps", p_interrupted, TAKER, .sleeps_in = ASLEEP},
			{"sends SIGUSR2, which the taker catches", signal_taker, GIVER, .ends = ACTOR(TAKER)},
		},
		.figures = {
			{"eintr", "calls that ended in EINTR", "recv.errors.EINTR"},
			{"signals", "SIGUSR2 sent to the taker", "send.ops", .object = 1},
			{"sender", "by", "endpoints.role=send.0.comm", .object = 1},
			{"wakes", "wakeups given by operations", "send.wakes"},
		},
		.judge = judge_eintr,
	},
	{
		.id = "sem-atomic",
		.claim = "several operations in one call are all done or none",
		.said_by = "D3", .mechs = "sem", .cast = {"giver", "taker"}, .set = two_semaphores, .strike = remove_set,
		.steps = {
			{"sets the first value to 1; the second is 0", set_0_to_1, GIVER},
			{"lowers both by 1 in one call, and sleeps", p_both, TAKER, .sleeps_in = ASLEEP},
			{"raises the second by 1", v_second, GIVER, .ends = ACTOR(TAKER)},
		},
		.figures = {
			{"asleep", "asleep", "waiting.op=recv.#", 2},
			{"first_0", "the first value meanwhile", "internals.value_0", 2},
			{"first_1", "the second value", "internals.value_1", 2},
			{"then_0", "the first value at the end", "internals.value_0"},
			{"then_1", "the second value", "internals.value_1"},
		},
		.judge = judge_atomic,
	},
	{
		.id = "sem-any-step",
		.claim = "steps are not only +1 and -1",
		.said_by = "D3", .mechs = "sem", .cast = {"giver", "taker"}, .set = one_semaphore, .strike = remove_set,
		.steps = {
			{"raises it by 7 in one call", v7, GIVER},
			{"lowers it by 3 in one call", p3, TAKER},
		},
		.figures = {
			{"calls", "operations", "internals.operations"},
			{"raised", "units added", "internals.raised"},
			{"lowered", "units taken", "internals.lowered"},
			{"value", "value", "internals.value_0"},
		},
		.judge = judge_any_step,
	},
	{
		.id = "sem-undo",
		.claim = "SEM_UNDO is given back at exit",
		.said_by = "D3", .mechs = "sem", .cast = {"holder", "waiter"}, .set = one_semaphore, .strike = remove_set,
		.steps = {
			{"sets the value to 3", setval_3, GIVER},
			{"lowers it by 2 with SEM_UNDO", p2_undo, GIVER},
			{"lowers it by 3, and sleeps", p3, TAKER, .sleeps_in = ASLEEP},
			{"is killed", die, GIVER, .kills = true, .ends = ACTOR(TAKER)},
		},
		.figures = {
			{"lowered", "value after the P with SEM_UNDO", "internals.value_0", 2},
			{"asleep", "asleep", "waiting.op=recv.#", 3},
			{"wakes", "wakeups given by the end of the process", "close.wakes"},
			{"given_back", "units given back by it", "internals.undo_raised", .optional = true},
			{"end", "value at the end", "internals.value_0"},
		},
		.judge = judge_undo,
	},
	{
		.id = "sem-no-data",
		.claim = "it carries no data",
		.said_by = "D1 D2 D3", .mechs = "sem", .cast = {"giver", "taker"}, .set = one_semaphore, .strike = remove_set,
		.steps = {
			{"raises it by 1", v1, GIVER},
			{"lowers it by 1", p1, TAKER},
		},
		.figures = {
			{"vs", "V operations", "send.ops"},
			{"ps", "P operations", "recv.ops"},
			{"bytes_v", "bytes of payload in", "send.bytes"},
			{"bytes_p", "bytes of payload out", "recv.bytes"},
		},
		.judge = judge_no_data,
	},
	{
		.id = "sem-setval",
		.claim = "a set must be initialised",
		.said_by = "D3", .mechs = "sem", .cast = {"giver", "taker"}, .set = one_semaphore, .strike = remove_set,
		.steps = {
			{"lowers the new semaphore with IPC_NOWAIT: EAGAIN", p_nowait, TAKER},
			{"sets the value to 2", setval_2, GIVER},
			{"lowers it by 1", p1, TAKER},
		},
		.figures = {
			{"value", "value of a new semaphore", "internals.value_0", 1},
			{"eagain", "calls that ended in EAGAIN before SETVAL", "recv.errors.EAGAIN", 1},
			{"then", "value after SETVAL 2 and a P", "internals.value_0"},
		},
		.judge = judge_setval,
	},
	{
		.id = "sem-leak",
		.claim = "a set stays until it is removed",
		.said_by = "D3", .mechs = "sem", .cast = {"user", "heir"}, .set = one_semaphore, .strike = remove_set,
		.steps = {
			{"raises it by 7 and is killed", v7_and_die, GIVER, .kills = true},
			{"lowers it by 3", p3, TAKER},
		},
		.figures = {
			{"value", "value, its user dead", "internals.value_0", 1},
			{"left_behind", "it exists, and nobody who used it does", "internals.left_behind", 1, .optional = true},
			{"then", "value after the heir's P", "internals.value_0"},
		},
		.judge = judge_leak,
	},
};

const struct family family_sem = {"sem", "System V semaphores", experiments, sizeof(experiments) / sizeof(experiments[0])};
