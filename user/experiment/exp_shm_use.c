// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about what shared memory is good for: speed, and what it does not do by itself. */
#include "lab/futex.h"
#include "lab/sem.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "experiment/experiment.h"

enum { FIRST, SECOND };

/* ---- shm-no-sync ---- */

static uint32_t *counters, seen_value;
static struct object *words[2];
static struct set s;

static void two_counters(void)
{
	int fd;

	counters = shared_memory(&fd);
	for (unsigned i = 0; i < 2; i++) {
		words[i] = object_shared_word(fd, i * sizeof(uint32_t));
		uncertain_waits(words[i]);
	}
	s = set_new(IPC_PRIVATE, 1);
	set_value(s, 0, 1);
	uncertain_waits(s.o);
	uncertain(s.o, CLOSE, OPS);
}

static void remove_set(void)
{
	semctl(s.id, 0, IPC_RMID, NULL);
}

/* A wake of nobody has the kernel look at the word: that is how a probe can see what is in it. */
static void tell(unsigned nth)
{
	CHECK(futex_wake_on(words[nth], &counters[nth], FUTEX_WAKE, 1) == 0);
}

static void read_first(void)
{
	seen_value = counters[0];
}

static void add_to_first(void)
{
	counters[0] = seen_value + 1;
	tell(0);
}

static void read_and_add(void)
{
	read_first();
	add_to_first();
}

static void take_and_read(void)
{
	must_semop(s, P(0, 1));
	seen_value = counters[1];
}

static void add_and_give(void)
{
	counters[1] = seen_value + 1;
	tell(1);
	must_semop(s, V(0, 1));
}

static void take_add_and_give(void)
{
	take_and_read();
	add_and_give();
}

static void judge_no_sync(const struct evidence *e, struct verdict *v)
{
	if (num(e, "told") == 2 && num(e, "value") == 1 && num(e, "told_2") == 2 && num(e, "value_2") == 2 && num(e, "waits") == 1)
		holds(v, e, "{told} processes added 1 and the counter is {value}: one addition is lost. With a semaphore around read and "
			    "write {told_2} additions made it {value_2}; {waits} process had to wait, {wait_ns/1000} us");
	else
		refuted(v, e, "{told} additions made {value}; with a semaphore {told_2} made {value_2}, after {waits} waits");
}

/* ---- shm-fastest ---- */

#define ROUNDS 13
#define SMALL 61u
#define LARGE 62467u /* fits into a pipe */

/* Two ways to pass the same messages: a pipe there and one back, and memory with a word that says whose turn it is. */
static struct lane {
	struct object *there, *back, *turn;
	int there_fds[2], back_fds[2];
	uint32_t *word;
	char *memory;
	size_t size;
} lanes[2] = {{.size = SMALL}, {.size = LARGE}};

static void two_lanes(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct lane *l = &lanes[i];
		int fd;

		l->there = object_pipe(l->there_fds, 0);
		l->back = object_pipe(l->back_fds, 0);
		l->word = shared_memory(&fd);
		l->turn = object_shared_word(fd, 0);
		uncertain_waits(l->turn);
		l->memory = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		CHECK(l->memory != MAP_FAILED);
		memset(l->memory, 0, LARGE); /* who inherits it finds its pages there */
	}
}

/* Each message is made anew, and looked through. */
static void make(char *at, size_t size, unsigned nth)
{
	memset(at, (int)(nth % 251 + 1), size);
}

static void check(const char *at, size_t size, unsigned nth)
{
	unsigned char expected = nth % 251 + 1, all = 0;

	for (size_t i = 0; i < size; i++)
		all |= (unsigned char)at[i] ^ expected;
	CHECK(!all);
}

static void send_by_pipe(const struct lane *l)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		make(payload(l->size), l->size, i);
		CHECK(op_write(l->there, l->there_fds[1], payload(l->size), l->size) == (ssize_t)l->size);
		must_read(l->back, l->back_fds[0], 1, 1);
	}
}

static void answer_by_pipe(const struct lane *l)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		must_read(l->there, l->there_fds[0], l->size, l->size);
		check(payload(l->size), l->size, i);
		must_write(l->back, l->back_fds[1], 1);
	}
}

static void await_turn(const struct lane *l, uint32_t turn)
{
	for (uint32_t now; (now = __atomic_load_n(l->word, __ATOMIC_ACQUIRE)) != turn;)
		futex_wait_on(l->turn, l->word, FUTEX_WAIT, now);
}

static void give_turn(const struct lane *l, uint32_t turn)
{
	__atomic_store_n(l->word, turn, __ATOMIC_RELEASE);
	CHECK(futex_wake_on(l->turn, l->word, FUTEX_WAKE, 1) >= 0);
}

static void send_by_memory(const struct lane *l)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		make(l->memory, l->size, i);
		give_turn(l, 2 * i + 1);
		await_turn(l, 2 * i + 2);
	}
}

static void answer_by_memory(const struct lane *l)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		await_turn(l, 2 * i + 1);
		check(l->memory, l->size, i);
		give_turn(l, 2 * i + 2);
	}
}

#define EXCHANGE(name, nth, way)             \
	static void send_##name(void)        \
	{                                    \
		send_by_##way(&lanes[nth]);  \
	}                                    \
	static void answer_##name(void)      \
	{                                    \
		answer_by_##way(&lanes[nth]); \
	}

EXCHANGE(small_pipe, 0, pipe)
EXCHANGE(small_memory, 0, memory)
EXCHANGE(large_pipe, 1, pipe)
EXCHANGE(large_memory, 1, memory)

static void judge_fastest(const struct evidence *e, struct verdict *v)
{
	static const char figures[] = "13 messages and answers of 61 bytes: {small_shm/1000} us, through pipes {small_pipe/1000} us; of "
				      "62467 bytes: {large_shm/1000} us, through pipes {large_pipe/1000} us";

	if (num(e, "large_shm") <= 0 || num(e, "small_shm") <= 0 || num(e, "large_pipe") <= 0 || num(e, "small_pipe") <= 0)
		unseen(v, e, "some of the exchanges took no time");
	else if (num(e, "large_shm") >= num(e, "large_pipe"))
		refuted(v, e, "%s. 'ipctrace compare' measures it against more, and without probes", figures);
	else if (num(e, "small_shm") >= num(e, "small_pipe"))
		limited(v, e, "%s: what is saved is the copying, and each message still has to wake its receiver", figures);
	else
		holds(v, e, "%s. 'ipctrace compare' measures it against more, and without probes", figures);
}

#define IN_READ ASLEEP_IN(SYS_read)
#define IN_FUTEX ASLEEP_IN(SYS_futex)

static const struct experiment experiments[] = {
	{
		.id = "shm-no-sync",
		.claim = "it does not synchronise: unsynchronised writers lose updates",
		.said_by = "D1 D2 D3 D5", .mechs = "futex,sem", .cast = {"first", "second"}, .set = two_counters, .strike = remove_set,
		.steps = {
			{"reads the counter", read_first, FIRST},
			{"reads it, and writes 1 more", read_and_add, SECOND},
			{"writes 1 more than what it read", add_to_first, FIRST},
			{"takes the semaphore, and reads the second counter", take_and_read, FIRST},
			{"wants the semaphore for the same, and sleeps", take_add_and_give, SECOND, .sleeps_in = ASLEEP_IN(SYS_semop)},
			{"writes 1 more, and gives the semaphore back", add_and_give, FIRST, .ends = ACTOR(SECOND)},
		},
		.figures = {
			{"told", "additions that were told", "send.ops", 3},
			{"value", "the counter then", "internals.value", 3},
			{"told_2", "additions with a semaphore", "send.ops", .object = 1},
			{"value_2", "the second counter then", "internals.value", .object = 1},
			{"waits", "waits for the semaphore", "recv.waits", .object = 2},
			{"wait_ns", "nanoseconds of them", "recv.wait_ns", .object = 2},
		},
		.judge = judge_no_sync,
	},
	{
		.id = "shm-fastest",
		.claim = "it is the fastest",
		.said_by = "D1 D2 D3", .mechs = "pipe,futex", .cast = {"first", "second"}, .set = two_lanes,
		.steps = {
			{"will answer messages of 61 bytes in a pipe", answer_small_pipe, SECOND, .sleeps_in = IN_READ},
			{"sends 13 of them, one after the other", send_small_pipe, FIRST, .ends = ACTOR(SECOND)},
			{"will answer the same in shared memory", answer_small_memory, SECOND, .sleeps_in = IN_FUTEX},
			{"sends 13 of them", send_small_memory, FIRST, .ends = ACTOR(SECOND)},
			{"will answer messages of 62467 bytes in a pipe", answer_large_pipe, SECOND, .sleeps_in = IN_READ},
			{"sends 13 of them", send_large_pipe, FIRST, .ends = ACTOR(SECOND)},
			{"will answer the same in shared memory", answer_large_memory, SECOND, .sleeps_in = IN_FUTEX},
			{"sends 13 of them", send_large_memory, FIRST, .ends = ACTOR(SECOND)},
		},
		.figures = {
			{"small_pipe", "ns from first to last message, pipe", "events.op=send.~time_ns", .object = 0},
			{"small_shm", "the same in shared memory", "events.op=send.~time_ns", .object = 2},
			{"large_pipe", "ns from first to last large one, pipe", "events.op=send.~time_ns", .object = 3},
			{"large_shm", "the same in shared memory", "events.op=send.~time_ns", .object = 5},
		},
		.judge = judge_fastest,
	},
};

const struct family family_shm_use = {"shm", "shared memory", experiments, sizeof(experiments) / sizeof(experiments[0])};
