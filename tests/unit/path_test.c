/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The critical path, of steps written by hand: times in milliseconds. */
#include "chain/path.h"

#include <stdio.h>

#include "tap.h"

#define MS 1000000ull

static void woken(struct path *p, uint32_t tid, unsigned sleep, unsigned at, uint32_t waker)
{
	path_add_step(p, &(struct path_step){ .at_ns = at * MS, .sleep_ns = sleep * MS, .tid = tid, .tgid = tid,
					      .waker_tid = waker, .waker_tgid = waker, .syscall = -1, .step = STEP_WAKE });
}

static void made(struct path *p, uint32_t tid, unsigned at, uint32_t by)
{
	path_add_step(p, &(struct path_step){ .at_ns = at * MS, .tid = tid, .tgid = tid, .waker_tid = by, .waker_tgid = by,
					      .step = STEP_FORK });
}

static void exits(struct path *p, uint32_t tid, unsigned at)
{
	path_add_step(p, &(struct path_step){ .at_ns = at * MS, .tid = tid, .tgid = tid, .step = STEP_EXIT });
}

/* "10+5 7 runs", for each part, joined by "; ". */
static const char *told(struct path *p, unsigned begin)
{
	static char text[1024];
	size_t len = 0;

	*text = '\0';
	if (!path_solve(p, begin * MS))
		return "no end";
	for (size_t i = 0; i < p->part_cnt; i++)
		len += snprintf(text + len, sizeof(text) - len, "%s%llu+%llu %u %s", i ? "; " : "",
				(unsigned long long)(p->parts[i].from_ns / MS),
				(unsigned long long)((p->parts[i].to_ns - p->parts[i].from_ns) / MS), p->parts[i].tid,
				p->parts[i].waits ? "waits" : "runs");
	return text;
}

/* 1 is let go at 10 by a stranger, makes 2, waits for its exit; 2 sleeps. */
static void child(struct path *p)
{
	woken(p, 1, 0, 10, 99);
	made(p, 2, 20, 1);
	woken(p, 1, 25, 80, 2);
	woken(p, 2, 30, 70, 0);
	exits(p, 2, 79);
	exits(p, 1, 90);
}

static void test_child(void)
{
	struct path p;

	path_init(&p, 100);
	child(&p);
	is_str(told(&p, 0), "10+10 1 runs; 20+10 2 runs; 30+40 2 waits; 70+10 2 runs; 80+10 1 runs", "a child that sleeps");
	is_int(path_length_ns(&p), 80 * MS, "the parts make up the whole");
	ok(p.parts[0].step && p.parts[0].step->step == STEP_FORK && p.parts[0].step->tid == 2, "the first makes the second");
	ok(p.parts[1].step == p.parts[2].step && p.parts[2].step->tid == 2, "which goes to sleep");
	ok(p.parts[3].step->step == STEP_WAKE && p.parts[3].step->tid == 1, "and wakes the first");
	ok(!p.parts[4].step, "with which all ends");
	path_free(&p);
}

/* 2 writes to 3 only at 50; 4 is busy until 60 and wakes nobody that matters. */
static void test_pipeline(void)
{
	struct path p;
	const struct ipc_object_id pipe = { .id = 7, .mech = MECH_PIPE };

	path_init(&p, 100);
	woken(&p, 1, 0, 10, 99);
	made(&p, 2, 11, 1);
	made(&p, 3, 12, 1);
	made(&p, 4, 13, 1);
	woken(&p, 3, 20, 50, 2);
	exits(&p, 2, 51);
	woken(&p, 1, 15, 52, 2);
	exits(&p, 4, 60);
	woken(&p, 1, 53, 61, 4);
	exits(&p, 3, 75);
	woken(&p, 1, 62, 76, 3);
	exits(&p, 1, 80);
	path_add_call(&p, &(struct path_call){ .begin_ns = 19 * MS, .end_ns = 51 * MS, .object = pipe, .tid = 3, .op = OP_RECV,
					       .cause = CAUSE_EMPTY });
	path_add_call(&p, &(struct path_call){ .begin_ns = 55 * MS, .end_ns = 56 * MS, .object = pipe, .tid = 3, .op = OP_RECV });
	path_add_call(&p, &(struct path_call){ .begin_ns = 77 * MS, .end_ns = 78 * MS, .object = pipe, .tid = 1, .op = OP_SEND });
	is_str(told(&p, 0), "10+1 1 runs; 11+39 2 runs; 50+26 3 runs; 76+4 1 runs", "who is busy beside it is not on it");
	ok(p.parts[1].call && p.parts[1].call->cause == CAUSE_EMPTY && p.parts[1].call->op == OP_RECV,
	   "the wait that a part ends is the operation around it");
	ok(!p.parts[2].call, "and no other one's");
	path_free(&p);
}

static void test_strangers(void)
{
	struct path p;

	path_init(&p, 100);
	woken(&p, 1, 0, 10, 99);
	woken(&p, 1, 20, 30, 99);
	woken(&p, 1, 0, 40, 0);
	exits(&p, 5, 95); /* it was there before: nobody made it */
	made(&p, 6, 35, 1);
	exits(&p, 6, 99);
	exits(&p, 1, 100);
	is_str(told(&p, 0), "10+10 1 runs; 20+10 1 waits; 30+10 1 runs; 40+60 1 runs",
	       "a stranger's wakeup is a wait; one whose sleep was not seen takes no time");
	path_free(&p);
	path_init(&p, 100);
	is_str(told(&p, 0), "no end", "nothing");
	made(&p, 2, 20, 1);
	exits(&p, 2, 30);
	is_str(told(&p, 0), "no end", "the end of a process that was made is not the command's");
	path_free(&p);
}

/* What was forgotten leaves a beginning that is not known, and no wrong one. */
static void test_forgotten(void)
{
	struct path p;

	path_init(&p, 3);
	made(&p, 3, 20, 2);
	made(&p, 2, 11, 1);
	woken(&p, 1, 15, 60, 3);
	woken(&p, 3, 30, 50, 0);
	exits(&p, 1, 70);
	is_int(p.step_cnt, 3, "as many as fit");
	is_int(path_not_kept(&p), 2, "the others are counted");
	is_str(told(&p, 5), "5+25 0 runs; 30+20 3 waits; 50+10 3 runs; 60+10 1 runs", "the rest is said not to be known");
	path_free(&p);
}

/* Two that answer each other at the same nanosecond, and one that wakes itself, come to an end. */
static void test_ends(void)
{
	struct path p;

	path_init(&p, 100);
	woken(&p, 1, 0, 10, 99);
	made(&p, 2, 11, 1);
	woken(&p, 1, 12, 20, 2);
	woken(&p, 2, 12, 20, 1);
	woken(&p, 1, 25, 30, 1);
	woken(&p, 1, 31, 31, 0);
	exits(&p, 1, 40);
	is_str(told(&p, 0), "10+1 1 runs; 11+9 2 runs; 20+5 1 runs; 25+5 1 waits; 30+1 1 runs; 31+9 1 runs", "it ends");
	path_free(&p);
}

int main(void)
{
	test_child();
	test_pipeline();
	test_strangers();
	test_forgotten();
	test_ends();
	return done_testing();
}
