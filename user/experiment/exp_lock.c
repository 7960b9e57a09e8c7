// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about file locks. */
#include "lab/lock.h"

#include <errno.h>
#include <unistd.h>

#include "experiment/experiment.h"

enum { HOLDER, WAITER };

static struct locked l;
static int fd = -1;

static void locked_file(void)
{
	l = locked_new(stage_name());
	uncertain_waits(l.o);
}

static void open_own(unsigned who)
{
	if (who != DIRECTOR)
		fd = locked_open(l);
}

static void lock_10(void)
{
	must_range(l.o, fd, F_SETLK, F_WRLCK, 10, 10);
}

static void lock_30(void)
{
	must_range(l.o, fd, F_SETLK, F_WRLCK, 30, 10);
}

static void try_10(void)
{
	CHECK(op_range(l.o, fd, F_SETLK, F_WRLCK, SEEK_SET, 10, 10) < 0 && errno == EAGAIN);
}

static void want_10(void)
{
	must_range(l.o, fd, F_SETLKW, F_WRLCK, 10, 10);
}

static void want_30(void)
{
	CHECK(op_range(l.o, fd, F_SETLKW, F_WRLCK, SEEK_SET, 30, 10) < 0 && errno == EDEADLK);
}

static void unlock_10(void)
{
	must_range(l.o, fd, F_SETLK, F_UNLCK, 10, 10);
}

static void judge_blocks(const struct evidence *e, struct verdict *v)
{
	if (num(e, "held") == 2 && num(e, "refused") == 1 && num(e, "asleep") == 1 && num(e, "deadlocks") == 1 && num(e, "held_waits") == 1 &&
	    num(e, "wakes") == 1 && num(e, "then") == 2)
		holds(v, e, "two ranges of one file were held ({held} locks). For a range of the other's: F_SETLK {refused} EAGAIN; F_SETLKW "
			    "slept {wait_ns/1000} us, cause 'held', until {releaser} unlocked it. A wait that would close the circle: "
			    "{deadlocks} EDEADLK");
	else
		refuted(v, e, "{held} locks held; EAGAIN {refused} times, {asleep} asleep, {held_waits} waits for 'held', {deadlocks} EDEADLK, "
			      "{wakes} wakeups by unlocks, {then} locks at the end");
}

static const struct experiment experiments[] = {
	{
		.id = "lock-blocks",
		.claim = "a held lock blocks others until it is released",
		.said_by = "D4", .mechs = "lock", .cast = {"holder", "waiter"}, .set = locked_file, .enter = open_own,
		.steps = {
			{"locks bytes 10 to 19 (F_SETLK)", lock_10, HOLDER},
			{"locks bytes 30 to 39: another range", lock_30, WAITER},
			{"wants 10 to 19 without waiting: EAGAIN", try_10, WAITER},
			{"wants 10 to 19 (F_SETLKW), and sleeps", want_10, WAITER, .sleeps_in = ASLEEP_IN(SYS_fcntl)},
			{"wants 30 to 39: each would wait for the other: EDEADLK", want_30, HOLDER},
			{"unlocks 10 to 19", unlock_10, HOLDER, .ends = ACTOR(WAITER)},
		},
		.figures = {
			{"held", "locks held", "internals.posix", 2},
			{"refused", "requests refused (EAGAIN)", "internals.refused"},
			{"asleep", "asleep for a lock", "waiting.op=recv.#", 4},
			{"waiter", "who", "waiting.op=recv.0.comm", 4},
			{"deadlocks", "requests refused (EDEADLK)", "internals.deadlocks"},
			{"held_waits", "waits for the cause 'held'", "recv.causes.held"},
			{"wait_ns", "nanoseconds asleep", "recv.wait_ns"},
			{"wakes", "wakeups given by unlocks", "send.wakes"},
			{"releaser", "who gave them", "wakers.0.waker.comm"},
			{"then", "locks held at the end", "internals.posix"},
		},
		.judge = judge_blocks,
	},
};

const struct family family_lock = {"lock", "file locks", experiments, sizeof(experiments) / sizeof(experiments[0])};
