// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who is stuck, and who only waits: chains put together by hand. */
#include <stdlib.h>

#include "chain/chain.h"
#include "tap.h"

#define MAX 16

static struct chain c;

static void begin(size_t processes)
{
	chain_free(&c);
	c.processes = calloc(processes, sizeof(*c.processes));
	c.waits = calloc(MAX, sizeof(*c.waits));
	c.process_cnt = processes;
	for (size_t i = 0; i < processes; i++) {
		c.processes[i].pid = 101 + 2 * i;
		c.processes[i].task_cnt = 1;
	}
}

/* Waits of one process must be added one after the other. b: CHAIN_NONE: for a only. */
static struct chain_wait *add(size_t process, bool closed, size_t a, size_t b)
{
	struct chain_wait *w = &c.waits[c.wait_cnt];

	w->process = process;
	w->closed = closed;
	w->enders = calloc(2, sizeof(*w->enders));
	w->enders[w->ender_cnt++] = a;
	if (b != CHAIN_NONE)
		w->enders[w->ender_cnt++] = b;
	if (!c.processes[process].wait_cnt++)
		c.processes[process].first_wait = c.wait_cnt;
	c.wait_cnt++;
	return w;
}

/* "0>1 2>3>4": every circle, by index. */
static const char *circles(void)
{
	static char text[128];
	size_t at = 0, circle[MAX], cnt, len = 0;

	text[0] = '\0';
	chain_solve(&c);
	while ((cnt = chain_circle(&c, &at, circle, MAX)))
		for (size_t i = 0; i < cnt; i++)
			len += snprintf(text + len, sizeof(text) - len, "%s%zu", i ? ">" : len ? " " : "", circle[i]);
	return text;
}

int main(void)
{
	begin(2);
	add(0, true, 1, CHAIN_NONE);
	add(1, true, 0, CHAIN_NONE);
	is_str(circles(), "0>1", "two that wait for each other");
	is_int(chain_next(&c, 1), 0, "one for the other");
	is_int(chain_followers(&c, 0), 0, "nobody is the root of a circle");

	begin(2);
	add(0, true, 1, CHAIN_NONE);
	is_str(circles(), "", "a wait for somebody who runs");
	is_int(chain_followers(&c, 1), 1, "whom one waits for");
	is_int(chain_next(&c, 0), CHAIN_NONE, "who is not stuck leads nowhere");

	begin(2);
	add(0, true, 1, CHAIN_NONE);
	add(1, false, 0, CHAIN_NONE);
	is_str(circles(), "", "a wait that somebody unknown could end");

	begin(3);
	add(0, true, 1, 2);
	add(1, true, 0, CHAIN_NONE);
	is_str(circles(), "", "another holder that runs lets everybody go");
	ok(!c.processes[0].stuck && !c.processes[1].stuck, "and neither is stuck");

	begin(3);
	add(0, true, 1, 2);
	add(1, true, 0, CHAIN_NONE);
	add(2, true, 0, CHAIN_NONE);
	is_str(circles(), "0>1", "another holder that waits for the same does not");
	ok(c.processes[2].stuck, "it is stuck, too");

	begin(2);
	c.processes[1].task_cnt = 2;
	add(0, true, 1, CHAIN_NONE);
	add(1, true, 0, CHAIN_NONE);
	is_str(circles(), "", "a second thread that runs");
	add(1, true, 0, CHAIN_NONE);
	is_str(circles(), "0>1", "a second thread that waits, too");

	begin(1);
	add(0, true, 0, CHAIN_NONE);
	is_str(circles(), "0", "a reader of its own pipe");

	begin(5);
	add(0, true, 1, CHAIN_NONE);
	add(1, true, 2, CHAIN_NONE);
	add(2, true, 1, CHAIN_NONE);
	add(3, true, 4, CHAIN_NONE);
	add(4, true, 3, CHAIN_NONE);
	is_str(circles(), "1>2 3>4", "two circles, and one that leads into the first");
	ok(c.processes[0].stuck, "who leads into it is stuck");

	begin(4);
	add(0, true, 1, CHAIN_NONE);
	add(1, true, 2, CHAIN_NONE);
	add(2, true, 3, CHAIN_NONE);
	is_str(circles(), "", "a chain with an end");
	is_int(chain_followers(&c, 3), 3, "all wait for the last");
	is_int(chain_followers(&c, 1), 0, "who waits itself is no root");

	is_int(chain_find(&c, 105), 2, "by PID");
	is_int(chain_find(&c, 104), CHAIN_NONE, "no such PID");
	is_int(chain_find(&c, 1000), CHAIN_NONE, "nor this");
	chain_free(&c);
	return done_testing();
}
