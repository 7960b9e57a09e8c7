/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a scenario knows about its objects, in memory that all its processes share. */
#include "lab/task.h"
#include "lab/truth_store.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

struct truth *truth;

void truth_init(void)
{
	truth = mmap(NULL, sizeof(*truth), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	CHECK(truth != MAP_FAILED);
}

static void lock(void)
{
	while (atomic_flag_test_and_set(&truth->lock))
		;
}

static void unlock(void)
{
	atomic_flag_clear(&truth->lock);
}

struct object *object_new(const char *mech, const char *key_format, ...)
{
	struct object *o;
	va_list args;

	CHECK(truth->object_cnt < MAX_OBJECTS);
	o = &truth->objects[truth->object_cnt++];
	o->mech = mech;
	va_start(args, key_format);
	vsnprintf(o->key, sizeof(o->key), key_format, args);
	va_end(args);
	for (int side = SEND; side <= RECV; side++)
		for (int key = OPS; key <= COPIES; key++)
			certain(o, side, key);
	certain(o, CTL, OPS);
	return o;
}

struct object *object_pipe(int fds[2], int flags)
{
	struct object *o;
	struct stat st;

	CHECK(pipe2(fds, flags) == 0);
	CHECK(fstat(fds[0], &st) == 0);
	o = object_new("pipe", "pipe:[%ju]", (uintmax_t)st.st_ino);
	/* It makes and opens the pipe: one open, whoever uses the ends later. */
	certain(o, OPEN, OPS);
	count(o, OPEN, OPS, 1);
	return o;
}

struct object *object_fifo(const char *path)
{
	struct object *o = object_new("fifo", "%s", path);

	CHECK(mkfifo(path, 0600) == 0);
	certain(o, OPEN, OPS);
	o->opens_wait = true;
	return o;
}

struct object *object_nth(unsigned n)
{
	return &truth->objects[n];
}

const char *object_key(const struct object *o)
{
	return o->key;
}

static const char PROCESS[] = "process";

static struct endpoint *endpoint_of(struct object *o, pid_t pid, const char *kind, const char *comm)
{
	struct endpoint *e;

	lock();
	for (e = truth->endpoints; e < truth->endpoints + truth->endpoint_cnt; e++)
		if (e->o == o && e->pid == pid && e->kind == kind)
			break;
	if (e == truth->endpoints + truth->endpoint_cnt) {
		CHECK(truth->endpoint_cnt < MAX_ENDPOINTS);
		e->o = o;
		e->pid = pid;
		e->kind = kind;
		snprintf(e->comm, sizeof(e->comm), "%s", comm);
		truth->endpoint_cnt++;
	}
	unlock();
	return e;
}

/* This process's row; the last one is remembered, operations come in runs. */
static struct endpoint *own_endpoint(struct object *o)
{
	static __thread struct endpoint *last;
	struct endpoint *e = last;
	pid_t pid = getpid();
	char comm[16];

	if (e && e->o == o && e->pid == pid)
		return e;
	prctl(PR_GET_NAME, comm);
	last = endpoint_of(o, pid, PROCESS, comm);
	return last;
}

void at_end(struct object *o, const char *end)
{
	own_endpoint(o)->end = end;
}

void count_kind(struct object *o, enum side side, const char *kind, uint64_t n)
{
	atomic_fetch_add(&o->figures[side][OPS].n, n);
	atomic_fetch_add(&endpoint_of(o, 0, kind, kind)->ops[side], n);
}

void count_as_pid(struct object *o, enum side side, enum key key, uint64_t n, pid_t pid, pid_t ns_pid, const char *comm)
{
	struct endpoint *e = endpoint_of(o, pid, PROCESS, comm);

	atomic_fetch_add(&o->figures[side][key].n, n);
	e->ns_pid = ns_pid;
	if (key == OPS)
		atomic_fetch_add(&e->ops[side], n);
}

void count_as(struct object *o, enum side side, enum key key, uint64_t n, const struct task *t)
{
	count_as_pid(o, side, key, n, task_pid(t), 0, t->name);
}

void ended_by(struct object *o, pid_t pid, pid_t ns_pid, const char *kind)
{
	o->ended_pid = pid;
	o->ended_ns_pid = ns_pid;
	o->ended_kind = kind;
}

static void largest(atomic_ullong *most, uint64_t n)
{
	unsigned long long was = atomic_load(most);

	while (was < n && !atomic_compare_exchange_weak(most, &was, n))
		;
}

void count(struct object *o, enum side side, enum key key, uint64_t n)
{
	atomic_fetch_add(&o->figures[side][key].n, n);
	if (key == COPIED && n)
		count(o, side, COPIES, 1);
	if (key == OPS)
		atomic_fetch_add(&own_endpoint(o)->ops[side], n);
	else if (key == BYTES) {
		atomic_fetch_add(&own_endpoint(o)->bytes[side], n);
		largest(&o->largest[side], n);
	}
}

void count_by_anyone(struct object *o, enum side side, enum key key, uint64_t n)
{
	atomic_fetch_add(&o->figures[side][key].n, n);
	if (key == COPIED && n)
		count_by_anyone(o, side, COPIES, 1);
	if (key == BYTES)
		largest(&o->largest[side], n);
}

void hidden_from_syscalls(struct object *o, enum side side, enum key key, uint64_t n)
{
	atomic_fetch_add(&o->hidden[side][key], n);
	if (key == COPIED && n)
		hidden_from_syscalls(o, side, COPIES, 1);
}

void count_error(struct object *o, enum side side, int error)
{
	struct errors *e = &o->errors[side];
	unsigned i = 0;

	lock();
	while (i < MAX_ERRORS && e->rows[i].cnt && e->rows[i].number != error)
		i++;
	CHECK(i < MAX_ERRORS);
	e->rows[i].number = error;
	e->rows[i].cnt++;
	unlock();
}

void count_wait(struct object *o, enum side side, enum cause cause)
{
	count(o, side, WAITS, 1);
	atomic_fetch_add(&o->causes[side][cause], 1);
}

void count_wake(struct object *o, enum side side, const struct task *wakee)
{
	count_wake_by(o, side, self(), wakee);
}

void count_wake_by(struct object *o, enum side side, const struct task *by, const struct task *wakee)
{
	count(o, side, WAKES, 1);
	woken_by(o, by, wakee);
}

void woken_by(struct object *o, const struct task *by, const struct task *wakee)
{
	struct wakes *w = truth->wakes;
	pid_t waker = task_pid(by), pid = task_pid(wakee);

	lock();
	while (w < truth->wakes + truth->wakes_cnt &&
	       (w->o != o || w->waker != waker || w->wakee != pid))
		w++;
	CHECK(w < truth->wakes + MAX_WAKES);
	if (w == truth->wakes + truth->wakes_cnt)
		truth->wakes_cnt++;
	*w = (struct wakes){o, waker, pid, w->cnt + 1};
	unlock();
}

void certain(struct object *o, enum side side, enum key key)
{
	o->figures[side][key].known = EXACT;
}

void uncertain(struct object *o, enum side side, enum key key)
{
	o->figures[side][key].known = UNKNOWN;
}

void uncertain_errors(struct object *o, enum side side)
{
	o->errors[side].unknown = true;
}

void certain_waits(struct object *o)
{
	o->waits_known = true;
	for (int side = SEND; side <= OPEN; side++) {
		if (side == OPEN && !o->opens_wait)
			continue;
		certain(o, side, WAITS);
		certain(o, side, WAKES);
	}
}

void uncertain_waits(struct object *o)
{
	o->waits_known = false;
	for (int side = SEND; side < SIDE_CNT; side++) {
		uncertain(o, side, WAITS);
		uncertain(o, side, WAKES);
	}
}

void range(struct object *o, enum side side, enum key key, uint64_t min, uint64_t max)
{
	struct figure *f = &o->figures[side][key];

	f->known = RANGE;
	f->min = min;
	f->max = max;
}

void fact_range(struct object *o, enum group group, const char *name, uint64_t min, uint64_t max)
{
	CHECK(o->fact_cnt < MAX_FACTS);
	o->facts[o->fact_cnt++] = (struct fact){.group = group, .name = name, .min = min, .max = max};
}

void fact(struct object *o, enum group group, const char *name, uint64_t value)
{
	fact_range(o, group, name, value, value);
}

void fact_bytes(struct object *o, const char *name, uint64_t sum)
{
	fact(o, INTERNALS, name, sum);
	o->facts[o->fact_cnt - 1].of_bytes = true;
}

void fact_partly_hidden(struct object *o, const char *name, uint64_t value, uint64_t hidden)
{
	fact(o, INTERNALS, name, value);
	o->facts[o->fact_cnt - 1].hidden = hidden;
}

void woken_by_softirq(struct object *o)
{
	o->by_softirq = true;
}

void fact_add(struct object *o, enum group group, const char *name, uint64_t n)
{
	struct fact *f = o->facts;

	lock();
	while (f < o->facts + o->fact_cnt && (f->group != group || strcmp(f->name, name)))
		f++;
	CHECK(f < o->facts + MAX_FACTS);
	if (f == o->facts + o->fact_cnt)
		o->facts[o->fact_cnt++] = (struct fact){.group = group, .name = name};
	f->largest = n > f->largest ? n : f->largest;
	f->min += n;
	f->max += n;
	unlock();
}

void fact_own(struct object *o, const char *name, uint64_t n)
{
	struct endpoint *e = own_endpoint(o);
	unsigned i = 0;

	while (i < MAX_OWN && e->own[i].name && strcmp(e->own[i].name, name))
		i++;
	CHECK(i < MAX_OWN);
	e->own[i].name = name;
	e->own[i].n += n;
}

void facts_forget(struct object *o)
{
	o->fact_cnt = 0;
	for (unsigned i = 0; i < truth->endpoint_cnt; i++)
		if (truth->endpoints[i].o == o)
			memset(truth->endpoints[i].own, 0, sizeof(truth->endpoints[i].own));
}

void endpoints_without_counts(struct object *o)
{
	o->anonymous_endpoints = true;
}

void object_restart(struct object *o)
{
	for (int side = SEND; side < SIDE_CNT; side++) {
		for (int key = OPS; key < KEY_CNT; key++)
			o->figures[side][key].n = 0;
		for (int cause = EMPTY; cause < CAUSE_CNT; cause++)
			o->causes[side][cause] = 0;
		memset(&o->errors[side], 0, sizeof(o->errors[side]));
		for (unsigned i = 0; i < truth->endpoint_cnt; i++)
			if (truth->endpoints[i].o == o)
				truth->endpoints[i].ops[side] = truth->endpoints[i].bytes[side] = 0;
	}
}
