// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain/chain.h"

#include <string.h>

#include "model/alloc.h"

static bool process_stuck(const struct chain *c, const struct chain_process *p)
{
	if (!p->task_cnt || p->wait_cnt < p->task_cnt)
		return false; /* some task runs, or waits for we know not what */
	for (size_t i = 0; i < p->wait_cnt; i++)
		if (!c->waits[p->first_wait + i].stuck)
			return false;
	return true;
}

static bool wait_stuck(const struct chain *c, const struct chain_wait *w)
{
	if (!w->closed)
		return false;
	for (size_t i = 0; i < w->ender_cnt; i++)
		if (!c->processes[w->enders[i]].stuck)
			return false;
	return true;
}

void chain_solve(struct chain *c)
{
	bool changed = true;

	for (size_t i = 0; i < c->wait_cnt; i++)
		c->waits[i].stuck = c->waits[i].closed;
	for (size_t i = 0; i < c->process_cnt; i++)
		c->processes[i].stuck = true;
	while (changed) { /* each round lets somebody go: at most as many as there are */
		changed = false;
		for (size_t i = 0; i < c->process_cnt; i++) {
			struct chain_process *p = &c->processes[i];

			if (p->stuck && !process_stuck(c, p)) {
				p->stuck = false;
				changed = true;
			}
		}
		for (size_t i = 0; i < c->wait_cnt; i++) {
			struct chain_wait *w = &c->waits[i];

			if (w->stuck && !wait_stuck(c, w)) {
				w->stuck = false;
				changed = true;
			}
		}
	}
}

size_t chain_next(const struct chain *c, size_t process)
{
	const struct chain_process *p = &c->processes[process];

	for (size_t i = 0; p->stuck && i < p->wait_cnt; i++)
		if (c->waits[p->first_wait + i].ender_cnt)
			return c->waits[p->first_wait + i].enders[0];
	return CHAIN_NONE;
}

/* From each stuck process on, once around: a circle is told by its lowest process only. */
size_t chain_circle(const struct chain *c, size_t *at, size_t *circle, size_t max)
{
	for (; *at < c->process_cnt; (*at)++) {
		size_t cnt = 0, p = *at;
		bool lowest = true;

		do {
			if (cnt < max)
				circle[cnt] = p;
			cnt++;
			p = chain_next(c, p);
			lowest &= p != CHAIN_NONE && p >= *at;
		} while (lowest && p != *at && cnt <= c->process_cnt);
		if (lowest && p == *at) {
			(*at)++;
			return cnt;
		}
	}
	return 0;
}

static size_t count_followers(const struct chain *c, size_t process, bool *seen)
{
	size_t cnt = 0;

	for (size_t i = 0; i < c->wait_cnt; i++) {
		const struct chain_wait *w = &c->waits[i];

		for (size_t e = 0; e < w->ender_cnt && !seen[w->process]; e++) {
			if (w->enders[e] != process)
				continue;
			seen[w->process] = true;
			cnt += 1 + count_followers(c, w->process, seen);
		}
	}
	return cnt;
}

size_t chain_followers(const struct chain *c, size_t process)
{
	bool *seen;
	size_t cnt;

	if (c->processes[process].wait_cnt)
		return 0;
	seen = xcalloc(c->process_cnt, sizeof(*seen));
	seen[process] = true;
	cnt = count_followers(c, process, seen);
	free(seen);
	return cnt;
}

size_t chain_find(const struct chain *c, uint32_t pid)
{
	size_t low = 0, high = c->process_cnt;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c->processes[mid].pid < pid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < c->process_cnt && c->processes[low].pid == pid ? low : CHAIN_NONE;
}

void chain_free(struct chain *c)
{
	for (size_t i = 0; i < c->wait_cnt; i++)
		free(c->waits[i].enders);
	free(c->waits);
	free(c->processes);
	*c = (struct chain){ 0 };
}
