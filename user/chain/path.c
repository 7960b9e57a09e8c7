// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain/path.h"

#include <stdlib.h>

#include "model/alloc.h"

#define FIRST_CAP 1024

void path_init(struct path *p, size_t max)
{
	*p = (struct path){ .max = max };
}

void path_free(struct path *p)
{
	free(p->steps);
	free(p->calls);
	free(p->parts);
	*p = (struct path){ 0 };
}

static void *grow(void *array, size_t size, size_t cnt, size_t *cap, size_t max)
{
	if (cnt < *cap || cnt == max)
		return array;
	*cap = *cap ? *cap * 2 : FIRST_CAP;
	*cap = *cap < max ? *cap : max;
	return xreallocarray(array, *cap, size);
}

void path_add_step(struct path *p, const struct path_step *s)
{
	p->steps = grow(p->steps, sizeof(*s), p->step_cnt, &p->step_cap, p->max);
	p->steps[p->step_cnt < p->max ? p->step_cnt++ : p->steps_seen % p->max] = *s;
	p->steps_seen++;
}

void path_add_call(struct path *p, const struct path_call *c)
{
	p->calls = grow(p->calls, sizeof(*c), p->call_cnt, &p->call_cap, p->max);
	p->calls[p->call_cnt < p->max ? p->call_cnt++ : p->calls_seen % p->max] = *c;
	p->calls_seen++;
}

static int by_task(uint32_t tid_a, uint64_t ns_a, uint32_t tid_b, uint64_t ns_b)
{
	if (tid_a != tid_b)
		return tid_a < tid_b ? -1 : 1;
	return ns_a < ns_b ? -1 : ns_a > ns_b;
}

static int compare_steps(const void *a, const void *b)
{
	const struct path_step *x = a, *y = b;

	return by_task(x->tid, x->at_ns, y->tid, y->at_ns);
}

static int compare_calls(const void *a, const void *b)
{
	const struct path_call *x = a, *y = b;

	return by_task(x->tid, x->end_ns, y->tid, y->end_ns);
}

/* How many steps stand before this task's at that time. */
static size_t steps_before(const struct path *p, uint32_t tid, uint64_t ns)
{
	size_t low = 0, high = p->step_cnt;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (by_task(p->steps[mid].tid, p->steps[mid].at_ns, tid, ns) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The last wakeup of the task before that time, or how it was made; NULL: neither is known. */
static const struct path_step *last_step(const struct path *p, uint32_t tid, uint64_t before_ns)
{
	for (size_t i = steps_before(p, tid, before_ns); i && p->steps[i - 1].tid == tid; i--)
		if (p->steps[i - 1].step != STEP_EXIT)
			return &p->steps[i - 1];
	return NULL;
}

static bool is_of_command(const struct path *p, uint32_t tid)
{
	size_t i = steps_before(p, tid, 0);

	return tid && i < p->step_cnt && p->steps[i].tid == tid;
}

/* The operation that the task was woken out of. */
static const struct path_call *call_of(const struct path *p, const struct path_step *s)
{
	size_t low = 0, high = p->call_cnt;

	while (low < high) { /* the first that ended after it */
		size_t mid = (low + high) / 2;

		if (by_task(p->calls[mid].tid, p->calls[mid].end_ns, s->tid, s->at_ns) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == p->call_cnt || p->calls[low].tid != s->tid || p->calls[low].begin_ns > s->at_ns)
		return NULL;
	return &p->calls[low];
}

/* By a task of the command: that is the first that is known of it. */
static bool was_made(const struct path *p, uint32_t tid)
{
	size_t i = steps_before(p, tid, 0);

	return i < p->step_cnt && p->steps[i].tid == tid && p->steps[i].step == STEP_FORK;
}

/* The last exit of a process that no step made. */
static const struct path_step *find_end(const struct path *p)
{
	const struct path_step *end = NULL;

	for (size_t i = 0; i < p->step_cnt; i++) {
		const struct path_step *s = &p->steps[i];

		if (s->step == STEP_EXIT && (!end || s->at_ns > end->at_ns) && !was_made(p, s->tgid))
			end = s;
	}
	return end;
}

static struct path_part *add_part(struct path *p, uint64_t from_ns, uint64_t to_ns)
{
	struct path_part *part;

	p->parts = grow(p->parts, sizeof(*p->parts), p->part_cnt, &p->part_cap, SIZE_MAX);
	part = &p->parts[p->part_cnt++];
	*part = (struct path_part){ .from_ns = from_ns, .to_ns = to_ns };
	return part;
}

static void reverse(struct path *p)
{
	for (size_t i = 0, j = p->part_cnt; i + 1 < j; i++) {
		struct path_part part = p->parts[i];

		p->parts[i] = p->parts[--j];
		p->parts[j] = part;
	}
}

/* Backwards: each round is before the one that came before it. */
static void walk(struct path *p, const struct path_step *end, uint64_t begin_ns)
{
	uint32_t tid = end->tid, tgid = end->tgid;
	const struct path_step *next = NULL; /* that the task brought about at to_ns */
	uint64_t to_ns = end->at_ns;

	while (to_ns > begin_ns) {
		const struct path_step *s = last_step(p, tid, to_ns);
		uint64_t from_ns = s && s->at_ns > begin_ns ? s->at_ns : begin_ns;
		struct path_part *part = add_part(p, from_ns, to_ns);

		part->step = next;
		part->call = next && next->step == STEP_WAKE ? call_of(p, next) : NULL;
		if (s || tgid == end->tgid) { /* else it is not known who made it, nor when */
			part->tid = tid;
			part->tgid = tgid;
		}
		if (!s || s->at_ns <= begin_ns)
			return;
		to_ns = s->at_ns;
		next = s;
		if (is_of_command(p, s->waker_tid) && s->waker_tid != tid) {
			tid = s->waker_tid;
			tgid = s->waker_tgid;
			continue;
		}
		if (s->step == STEP_FORK || (!s->sleep_ns && !last_step(p, tid, to_ns)))
			return; /* somebody else's doing: the command is let go */
		if (!s->sleep_ns || s->sleep_ns >= to_ns)
			continue;
		part = add_part(p, s->sleep_ns > begin_ns ? s->sleep_ns : begin_ns, to_ns);
		part->tid = tid;
		part->tgid = tgid;
		part->waits = true;
		part->step = s;
		part->call = call_of(p, s);
		to_ns = s->sleep_ns;
		next = s;
	}
}

bool path_solve(struct path *p, uint64_t begin_ns)
{
	const struct path_step *end;

	if (p->step_cnt)
		qsort(p->steps, p->step_cnt, sizeof(*p->steps), compare_steps);
	if (p->call_cnt)
		qsort(p->calls, p->call_cnt, sizeof(*p->calls), compare_calls);
	end = find_end(p);
	if (end)
		walk(p, end, begin_ns);
	reverse(p);
	return end;
}

uint64_t path_not_kept(const struct path *p)
{
	return p->steps_seen - p->step_cnt + p->calls_seen - p->call_cnt;
}

uint64_t path_length_ns(const struct path *p)
{
	return p->part_cnt ? p->parts[p->part_cnt - 1].to_ns - p->parts[0].from_ns : 0;
}
