/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waiting for a word and waking who waits: private and shared, in vain and in time. */
#include "lab/futex.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#define WORD_OFFSET 52 /* of the shared word, in the second page */

static struct object *o;
static uint32_t private_word, *word;
static int private_flag;

/* Waits for value after value: each is there until the waker, who saw us asleep, raises it. */
static void waiter(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++)
		CHECK(futex_wait_on(o, word, FUTEX_WAIT | private_flag, i) == 0);
}

static void wake_each(struct task *t, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_futex, o, RECV, VALUE);
		__atomic_store_n(word, i + 1, __ATOMIC_SEQ_CST);
		CHECK(futex_wake_on(o, word, FUTEX_WAKE | private_flag, 1) == 1);
		count_wake(o, SEND, t);
	}
	join(t);
	certain(o, RECV, SPURIOUS);
	fact(o, INTERNALS, "empty_wakes", 0);
	fact(o, INTERNALS, "changed", 0);
	fact(o, INTERNALS, "timeouts", 0);
	fact(o, INTERNALS, "requeued", 0);
	fact(o, INTERNALS, "value", n);
	fact(o, INTERNALS, "contended_share", 1);
}

static void private_one(void)
{
	word = &private_word;
	private_flag = FUTEX_PRIVATE_FLAG;
	o = object_private_word(word);
}

/* Thread to thread. */
static void run_private(unsigned n)
{
	private_one();
	wake_each(spawn_thread("", waiter, &n), n);
}

static int shared_fd;

/* The other process has the file at another address. */
static void far_waiter(void *arg)
{
	char *memory = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, shared_fd, (off_t)page_size());

	CHECK(memory != MAP_FAILED && memory + WORD_OFFSET != (char *)word);
	word = (uint32_t *)(memory + WORD_OFFSET);
	waiter(arg);
}

static void shared_one(void)
{
	word = (uint32_t *)((char *)shared_memory(&shared_fd) + page_size() + WORD_OFFSET);
	o = object_shared_word(shared_fd, page_size() + WORD_OFFSET);
}

/* Process to process, by file and offset. */
static void run_shared(unsigned n)
{
	shared_one();
	wake_each(spawn("far-waiter", far_waiter, &n), n);
}

/* Nobody is there: not at all, or not for these bits; and waits for a value that is gone. */
static void run_vain(unsigned n)
{
	private_one();
	*word = 7;
	for (unsigned i = 0; i < n; i++) {
		CHECK(futex_wake_on(o, word, FUTEX_WAKE_PRIVATE, 1) == 0);
		fact_add(o, INTERNALS, "empty_wakes", 1);
		if (i % 3)
			continue;
		CHECK(futex_wait_on(o, word, FUTEX_WAIT_PRIVATE, 8) < 0 && errno == EAGAIN);
		fact_add(o, INTERNALS, "changed", 1);
	}
	fact(o, INTERNALS, "value", 7);
	fact(o, INTERNALS, "contended_share", 0);
}

static void bits_waiter(void *arg)
{
	(void)arg;
	CHECK(op_futex(o, RECV, word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 4, NULL, RECV) == 0);
}

/* Wakes for other bits pass it by. */
static void run_bits(unsigned n)
{
	struct task *t;

	private_one();
	t = spawn_thread("", bits_waiter, NULL);
	await_blocked(t, 1, SYS_futex, o, RECV, VALUE);
	for (unsigned i = 0; i < n; i++) {
		CHECK(op_futex(o, SEND, word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 3, NULL, SEND) == 0);
		fact_add(o, INTERNALS, "empty_wakes", 1);
	}
	CHECK(op_futex(o, SEND, word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 12, NULL, SEND) == 1);
	count_wake(o, SEND, t);
	join(t);
}

/* The clock ends them: no peer wakes. Long enough to be asleep when it does, on an emulated machine too. */
static void run_timeout(unsigned n)
{
	const struct timespec wait = {.tv_nsec = 150000000};

	private_one();
	for (unsigned i = 0; i < n; i++) {
		CHECK(op_futex(o, RECV, word, FUTEX_WAIT_PRIVATE, 0, &wait, NULL, 0, NULL, RECV) < 0);
		CHECK(errno == ETIMEDOUT);
		count_wait(o, RECV, VALUE);
		fact_add(o, INTERNALS, "timeouts", 1);
	}
}

static void ignore(int signal)
{
	(void)signal;
}

static void interrupted_waiter(void *arg)
{
	unsigned n = *(unsigned *)arg;

	on_signal(SIGUSR2, ignore, 0);
	for (unsigned i = 0; i < n; i++)
		CHECK(futex_wait_on(o, word, FUTEX_WAIT, 0) < 0 && errno == EINTR);
}

static void run_signal(unsigned n)
{
	struct task *t;

	shared_one();
	t = spawn("interrupted", interrupted_waiter, &n);
	for (unsigned i = 0; i < n; i++) {
		await_blocked(t, i + 1, SYS_futex, o, RECV, VALUE);
		send_signal(t, SIGUSR2);
	}
	join(t);
}

/* Words of one process, and of processes that have them at the same address. */
static void many_calls(void *arg)
{
	unsigned n = *(unsigned *)arg;

	for (unsigned i = 0; i < n; i++) {
		CHECK(futex_wake_on(o, word, FUTEX_WAKE | private_flag, 1) == 0);
		fact_add(o, INTERNALS, "empty_wakes", 1);
	}
}

static void run_storm(unsigned n)
{
	struct task *threads[3];

	private_one();
	for (unsigned i = 0; i < 3; i++)
		threads[i] = spawn_thread("", many_calls, &n);
	for (unsigned i = 0; i < 3; i++)
		join(threads[i]);
}

static void own_word(void *arg)
{
	o = object_nth(*(unsigned *)arg);
	CHECK(futex_wake_on(o, word, FUTEX_WAKE_PRIVATE, 1) == 0);
}

/* A private word at the same address in two processes is two words. */
static void run_same_address(unsigned n)
{
	struct task *t;
	unsigned second = 1;

	private_one();
	(void)n;
	t = spawn("own-word", own_word, &second);
	object_new("futex", "futex:[%d:0x%jx]", task_pid(t), (uintmax_t)(uintptr_t)word);
	join(t);
	CHECK(futex_wake_on(o, word, FUTEX_WAKE_PRIVATE, 1) == 0);
}

/* Asleep before ipctrace starts, on a private and on a shared word. */
static void held(struct task *t)
{
	await_asleep(t, 1, SYS_futex);
	if (!hold())
		return;
	object_restart(o);
	endpoints_without_counts(o);
	uncertain(o, RECV, OPS);
	count_wait(o, RECV, VALUE);
	__atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
	CHECK(futex_wake_on(o, word, FUTEX_WAKE | private_flag, 1) == 1);
	count_wake(o, SEND, t);
	join(t);
}

static void run_held_private(unsigned n)
{
	sigset_t set;

	n = 1;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1); /* is for the first thread: see hold() */
	CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	private_one();
	held(spawn_thread("", waiter, &n));
}

static void run_held_shared(unsigned n)
{
	n = 1;
	shared_one();
	held(spawn("held-waiter", far_waiter, &n));
}

static const struct scenario scenarios[] = {
	{"futex-private", "a thread waits for a word, another changes it and wakes it", run_private, 211},
	{"futex-shared", "the same between processes, at two addresses of one file", run_shared, 211},
	{"futex-vain", "wakes that find nobody, waits for a value that is gone", run_vain, 1009},
	{"futex-bits", "wakes for other bits than the sleeper's", run_bits, 13},
	{"futex-timeout", "waits that the clock ends", run_timeout, 3},
	{"futex-signal", "waits that signals end", run_signal, 11},
	{"futex-storm", "three threads wake nobody as fast as they can", run_storm, 5003},
	{"futex-same-address", "one address, two processes, two private words", run_same_address, 0},
	{"held-futex-private", "a thread asleep on a word before the start", run_held_private, 0},
	{"held-futex-shared", "a process asleep on a shared word before the start", run_held_shared, 0},
};
REGISTER_SCENARIOS(scenarios, "futex");

/* Without what only more than the default view asks for. */
static const struct blind blind[] = {
	{"futex", "brief", "internals.value"},
	{"futex", "brief", "internals.owner"},
	{"futex", "brief", "internals.owner_died"},
	{"futex", "brief", "internals.waited_for"},
};
REGISTER_BLIND(blind);
