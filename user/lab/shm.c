/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* System V shared memory: attached, inherited, touched, detached, marked and removed. */
#include "lab/scenario.h"

#include <errno.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY 0x1c980000
#define PAGES 7u
#define CROWD_MAX 31u

static struct object *o;
static int id;

static void segment_new(int key, size_t size)
{
	struct stat st;

	CHECK(stat("/proc/self/ns/ipc", &st) == 0);
	id = shmget(key, size, IPC_CREAT | IPC_EXCL | 0600);
	CHECK(id >= 0);
	sysv_made(SYSV_SHM, id);
	o = object_new("shm", "shm:[%ju:%d]", (uintmax_t)st.st_ino, id);
	for (int key_nr = OPS; key_nr <= COPIES; key_nr++) {
		uncertain(o, SEND, key_nr);
		uncertain(o, RECV, key_nr);
	}
	certain(o, OPEN, OPS);
	certain(o, CLOSE, OPS);
	count(o, CTL, OPS, 1);
	fact(o, CAPACITY, "bytes", size);
}

static char *attach(int flags)
{
	void *at = shmat(id, NULL, flags);

	count(o, OPEN, OPS, 1);
	CHECK(at != (void *)-1);
	return at;
}

static void detach(const char *at)
{
	CHECK(shmdt(at) == 0);
	count(o, CLOSE, OPS, 1);
}

static void touch(volatile char *at, unsigned pages, bool writes)
{
	for (unsigned i = 0; i < pages; i++) {
		if (writes)
			at[i * page_size()] = 1;
		else
			(void)at[i * page_size()];
	}
}

static void segment_remove(void)
{
	CHECK(shmctl(id, IPC_RMID, NULL) == 0);
	count(o, CTL, OPS, 1);
}

static void attacher(void *arg)
{
	char *at = attach(0);

	(void)arg;
	touch(at, PAGES - 2, true);
	touch(at, PAGES - 2, false); /* touched already */
	detach(at);
}

/* One after the other, each its own attachment and its own first touches. */
static void run_attach(unsigned n)
{
	segment_new(KEY + 1, PAGES * page_size() - 13);
	fact(o, TOP, "created", 1);
	for (unsigned i = 0; i < n; i++)
		join(spawn("shm-attacher", attacher, NULL));
	fact(o, INTERNALS, "pages_touched", n * (PAGES - 2));
	fact(o, INTERNALS, "inherited", 0);
	fact(o, INTERNALS, "pages", PAGES - 2);
	fact(o, INTERNALS, "nattch", 0);
	fact(o, INTERNALS, "marked", 0);
	fact(o, INTERNALS, "key", KEY + 1);
	fact(o, INTERNALS, "creator", (uint64_t)task_pid(self()));
	fact(o, DEPTH, "max_slots", 1);
	fact(o, TOP, "destroyed", 1);
	segment_remove();
}

static char *inherited;

static void heir(void *arg)
{
	(void)arg;
	touch(inherited, 3, false);
	advance();
	await_gate(1);
	count(o, CLOSE, OPS, 1); /* by its exit */
}

/* Children of a process that has it attached: no shmat, and no shmdt. */
static void run_fork(unsigned n)
{
	struct task *tasks[CROWD_MAX];

	CHECK(n <= CROWD_MAX);
	segment_new(IPC_PRIVATE, PAGES * page_size());
	inherited = attach(0);
	touch(inherited, 1, true);
	for (unsigned i = 0; i < n; i++) {
		tasks[i] = spawn("shm-heir", heir, NULL);
		await_step(tasks[i], 1);
	}
	open_gate(1);
	for (unsigned i = 0; i < n; i++)
		join(tasks[i]);
	detach(inherited);
	fact(o, INTERNALS, "inherited", n);
	fact(o, INTERNALS, "pages_touched", 1 + 3 * n);
	fact(o, INTERNALS, "pages", 3);
	fact(o, TOP, "destroyed", 1);
	segment_remove();
}

/* Removed while it is attached: marked, and gone with the last detachment. */
static void run_marked(unsigned n)
{
	struct shmid_ds ds;
	char *at[CROWD_MAX];

	CHECK(n <= CROWD_MAX);
	segment_new(KEY + 2, 5);
	for (unsigned i = 0; i < n; i++)
		at[i] = attach(i % 2 ? SHM_RDONLY : 0);
	segment_remove();
	CHECK(shmctl(id, IPC_STAT, &ds) == 0 && ds.shm_nattch == n);
	count(o, CTL, OPS, 1);
	for (unsigned i = 0; i < n; i++)
		detach(at[i]);
	CHECK(shmctl(id, IPC_STAT, &ds) < 0 && errno == EINVAL); /* on no segment */
	fact(o, INTERNALS, "marked", 1);
	fact(o, INTERNALS, "pages_touched", 0);
	fact(o, DEPTH, "max_slots", n);
	fact(o, TOP, "destroyed", 1);
}

/* What fails on a segment that exists, and the commands that change it. */
static void run_control(unsigned n)
{
	struct shmid_ds ds;

	segment_new(KEY + 3, 3 * page_size());
	for (unsigned i = 0; i < n; i++) {
		count(o, OPEN, OPS, 1);
		CHECK(shmat(id, (void *)1, 0) == (void *)-1 && errno == EINVAL);
		count_error(o, OPEN, EINVAL);
		CHECK(shmctl(id, IPC_STAT, &ds) == 0 && shmctl(id, IPC_SET, &ds) == 0);
		CHECK(shmctl(id, SHM_LOCK, NULL) == 0 && shmctl(id, SHM_UNLOCK, NULL) == 0);
		CHECK(shmget(KEY + 3, 0, 0) == id);
		count(o, CTL, OPS, 5);
	}
	fact(o, TOP, "destroyed", 1);
	segment_remove();
}

static void in_a_namespace(void *arg)
{
	unsigned n = *(unsigned *)arg;

	if (unshare(CLONE_NEWIPC))
		give_up(OUTCOME_UNSUPPORTED, "no IPC namespace: errno %d", errno);
	segment_new(KEY + 4, n * page_size());
	CHECK(id == 0); /* the first of its namespace */
	inherited = attach(0);
	touch(inherited, n, true);
	advance();
	await_gate(1);
	detach(inherited);
	fact(o, INTERNALS, "pages_touched", n);
	segment_remove();
}

/* Two namespaces, two segments with the same id and the same key. */
static void run_namespaces(unsigned n)
{
	unsigned more = n + 6;
	struct task *a = spawn("shm-ns-a", in_a_namespace, &n), *b;

	await_step(a, 1);
	b = spawn("shm-ns-b", in_a_namespace, &more);
	await_step(b, 1);
	open_gate(1);
	join(a);
	join(b);
}

static void holder(void *arg)
{
	(void)arg;
	inherited = attach(0);
	touch(inherited, 2, true);
	advance();
	await_gate(1);
	touch(inherited, 5, true);
	detach(inherited);
}

/* Attached and touched before the start. */
static void run_held(unsigned n)
{
	struct task *t;

	(void)n;
	segment_new(KEY + 5, PAGES * page_size());
	t = spawn("held-shm", holder, NULL);
	await_step(t, 1);
	if (!hold()) {
		segment_remove();
		return;
	}
	object_restart(o);
	fact(o, TOP, "created", 0);
	fact(o, TOP, "preexisting", 1);
	fact(o, DEPTH, "max_slots", 1);
	fact(o, INTERNALS, "key", KEY + 5);
	open_gate(1);
	join(t);
	fact(o, INTERNALS, "pages_touched", 3);
	segment_remove();
}

static const struct scenario scenarios[] = {
	{"shm-attach", "N processes attach, touch and detach", run_attach, 31},
	{"shm-fork", "N children inherit an attachment, and exit with it", run_fork, 7},
	{"shm-marked", "removed while it is attached N times", run_marked, 7},
	{"shm-control", "failures, and the commands of shmctl", run_control, 31},
	{"shm-namespaces", "the same id in two IPC namespaces", run_namespaces, 5},
	{"held-shm", "a segment attached and touched before the start", run_held, 0},
};
REGISTER_SCENARIOS(scenarios, "shm");

static const struct blind blind[] = {
	{"shm", "syscall", "close.*"},
	{"shm", "syscall", "destroyed"}, /* with a detachment, or not at all */
	{"shm", "syscall", "internals.inherited"},
	{"shm", "syscall", "internals.pages_touched"},
	{"shm", "syscall", "internals.pages"}, /* a system call's end does not look so deep */
	{"shm", "syscall", "internals.marked"},
};
REGISTER_BLIND(blind);
