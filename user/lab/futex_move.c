/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls that work on more than one word: requeue, wake-op, waitv; and locks that pass on priority. */
#include "lab/futex.h"

#include <errno.h>
#include <unistd.h>

#define CROWD 5

/* Not in the headers of every machine that this is built on. */
#define NR_FUTEX_WAITV 449
#define NR_FUTEX_WAKE 454
#define NR_FUTEX_WAIT 455
#define NR_FUTEX_REQUEUE 456
#define SIZE_U32 2
#define ANY_BIT 0xfffffffful
#define MANY 3

static struct object *a, *b;
static uint32_t *words; /* words[0] is a, words[17] b */
#define A (&words[0])
#define B (&words[17])

static void two_words(void)
{
	int fd;

	words = shared_memory(&fd);
	a = object_shared_word(fd, 0);
	b = object_shared_word(fd, 17 * sizeof(uint32_t));
}

static void waiter_on_a(void *arg)
{
	(void)arg;
	CHECK(futex_wait_on(a, A, FUTEX_WAIT, 0) == 0);
}

static void waiter_on_b(void *arg)
{
	(void)arg;
	CHECK(futex_wait_on(b, B, FUTEX_WAIT, 0) == 0);
}

/* The first is woken, the others are moved to b and woken there, one by one, in their order. */
static void requeue_crowd(long (*requeue)(unsigned cnt))
{
	struct task *tasks[CROWD];

	for (unsigned i = 0; i < CROWD; i++) {
		tasks[i] = spawn("requeued", waiter_on_a, NULL);
		await_blocked(tasks[i], 1, SYS_futex, a, RECV, VALUE);
	}
	CHECK(requeue(CROWD) == CROWD);
	count_wake(a, SEND, tasks[0]);
	join(tasks[0]);
	for (unsigned i = 1; i < CROWD; i++) {
		CHECK(futex_wake_on(b, B, FUTEX_WAKE, 1) == 1);
		count_wake(b, SEND, tasks[i]);
		join(tasks[i]);
	}
	fact_add(a, INTERNALS, "requeued", CROWD - 1);
	fact(a, INTERNALS, "received", 0);
	fact_add(b, INTERNALS, "received", CROWD - 1);
	fact(b, INTERNALS, "empty_wakes", 0);
}

static long cmp_requeue(unsigned cnt)
{
	return op_futex(a, SEND, A, FUTEX_CMP_REQUEUE, 1, (void *)(uintptr_t)cnt, B, 0, b, CTL);
}

static void run_requeue(unsigned n)
{
	(void)n;
	two_words();
	requeue_crowd(cmp_requeue);
}

struct vector_word {
	uint64_t value, address;
	uint32_t flags, reserved;
};

static long requeue2(unsigned cnt)
{
	const struct vector_word from_to[2] = {{0, (uintptr_t)A, SIZE_U32, 0}, {0, (uintptr_t)B, SIZE_U32, 0}};
	long ret;

	enter_call();
	ret = syscall(NR_FUTEX_REQUEUE, from_to, 0, 1, cnt);
	futex_ended(b, CTL, ret);
	return futex_ended(a, SEND, ret);
}

static void waiter2(void *arg)
{
	(void)arg;
	enter_call();
	CHECK(futex_ended(a, RECV, syscall(NR_FUTEX_WAIT, A, 0ul, ANY_BIT, SIZE_U32, NULL, 0)) == 0);
}

/* The calls of 6.7, each for itself. */
static void run_futex2(unsigned n)
{
	struct task *t;

	(void)n;
	if (syscall(NR_FUTEX_WAKE, &n, ANY_BIT, 1, SIZE_U32 | FUTEX_PRIVATE_FLAG) < 0 && errno == ENOSYS)
		give_up(OUTCOME_UNSUPPORTED, "no futex_wake() before 6.7");
	two_words();
	t = spawn("waiter2", waiter2, NULL);
	await_blocked(t, 1, NR_FUTEX_WAIT, a, RECV, VALUE);
	enter_call();
	CHECK(futex_ended(a, SEND, syscall(NR_FUTEX_WAKE, A, ANY_BIT, 1, SIZE_U32)) == 1);
	count_wake(a, SEND, t);
	join(t);
	requeue_crowd(requeue2);
}

/* One call wakes a sleeper on each of its words: b is 0 and becomes 1. */
static void run_wake_op(unsigned n)
{
	struct task *first, *second;

	(void)n;
	two_words();
	first = spawn("first-word", waiter_on_a, NULL);
	second = spawn("second-word", waiter_on_b, NULL);
	await_blocked(first, 1, SYS_futex, a, RECV, VALUE);
	await_blocked(second, 1, SYS_futex, b, RECV, VALUE);
	CHECK(op_futex(a, SEND, A, FUTEX_WAKE_OP, 1, (void *)1, B, FUTEX_OP(FUTEX_OP_SET, 1, FUTEX_OP_CMP_EQ, 0), b, SEND) == 2);
	count_wake(a, SEND, first);
	count_wake(b, SEND, second);
	join(first);
	join(second);
	fact(b, INTERNALS, "value", 1);
}

static void many_waiter(void *arg)
{
	struct vector_word vector[MANY];

	(void)arg;
	for (unsigned i = 0; i < MANY; i++)
		vector[i] = (struct vector_word){0, (uintptr_t)(i == MANY - 1 ? B : A + i), SIZE_U32, 0};
	enter_call();
	CHECK(futex_ended(b, RECV, syscall(NR_FUTEX_WAITV, vector, MANY, 0, NULL, 0)) == MANY - 1);
}

/* Three words, of which the last is woken: it counts there. */
static void run_many(unsigned n)
{
	struct task *t;

	(void)n;
	if (syscall(NR_FUTEX_WAITV, NULL, 0, 0, NULL, 0) < 0 && errno == ENOSYS)
		give_up(OUTCOME_UNSUPPORTED, "no futex_waitv() before 5.16");
	two_words();
	t = spawn("many-waiter", many_waiter, NULL);
	await_blocked(t, 1, NR_FUTEX_WAITV, b, RECV, VALUE);
	CHECK(futex_wake_on(b, B, FUTEX_WAKE, 1) == 1);
	count_wake(b, SEND, t);
	join(t);
}

static long pi(int op, enum side side)
{
	fact_add(a, INTERNALS, "pi_ops", 1);
	return op_futex(a, side, A, op, 0, NULL, NULL, 0, NULL, side);
}

static void pi_contender(void *arg)
{
	(void)arg;
	CHECK(pi(FUTEX_TRYLOCK_PI, RECV) < 0 && errno == EAGAIN);
	CHECK(pi(FUTEX_LOCK_PI, RECV) == 0);
	CHECK(pi(FUTEX_UNLOCK_PI, SEND) == 0);
}

/* The lock goes from one to the other through the kernel. */
static void run_pi(unsigned n)
{
	struct task *t;

	two_words();
	for (unsigned i = 0; i < n; i++) {
		CHECK(pi(FUTEX_LOCK_PI, RECV) == 0);
		t = spawn("contender", pi_contender, NULL);
		await_blocked(t, 2, SYS_futex, a, RECV, VALUE);
		CHECK(pi(FUTEX_UNLOCK_PI, SEND) == 0);
		count_wake(a, SEND, t);
		join(t);
	}
}

static const struct scenario scenarios[] = {
	{"futex-requeue", "one sleeper is woken, four are moved to another word", run_requeue, 0},
	{"futex-2", "the same by the calls of 6.7", run_futex2, 0},
	{"futex-wake-op", "one call wakes on two words", run_wake_op, 0},
	{"futex-many", "a wait on three words", run_many, 0},
	{"futex-pi", "a lock that passes on priority, handed over N times", run_pi, 7},
};
REGISTER_SCENARIOS(scenarios, "futex");
