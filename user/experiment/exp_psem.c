// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Claims about POSIX semaphores: a word of memory in a file, and futex calls only when somebody must sleep. */
#include "lab/futex.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "experiment/experiment.h"

enum { FIRST, SECOND };

#define UNCONTENDED 101

static struct object *file, *word_in_it, *longest;
static sem_t *sem;
static char name[64], long_name[NAME_MAX + 2];

/* As sem_open() makes it, but mapped by nobody yet. */
static struct stat make_semaphore(const char *sem_name)
{
	char path[sizeof("/dev/shm/sem.") + NAME_MAX];
	struct stat st;
	sem_t image;
	int fd;

	snprintf(path, sizeof(path), "/dev/shm/sem.%s", sem_name + 1);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ENOENT)
		absent("a memory file system at /dev/shm");
	CHECK(fd >= 0 && sem_init(&image, 1, 0) == 0);
	CHECK(write(fd, &image, sizeof(image)) == sizeof(image) && fstat(fd, &st) == 0);
	close_fd(fd);
	return st;
}

static struct object *watched_file(const struct stat *st)
{
	struct object *o = watched("mmap", "mmap:[%u:%u:%ju]", major(st->st_dev), minor(st->st_dev), (uintmax_t)st->st_ino);

	certain(o, OPEN, OPS);
	return o;
}

static struct stat one_semaphore(void)
{
	struct stat st;

	snprintf(name, sizeof(name), "/ipctrace-%s-%d", stage_name(), (int)getpid());
	st = make_semaphore(name);
	file = watched_file(&st);
	return st;
}

static void open_as(const char *as)
{
	sem = sem_open(as, 0);
	CHECK(sem != SEM_FAILED);
	count(file, OPEN, OPS, 1);
}

static void open_it(void)
{
	open_as(name);
}

static void unlink_all(void)
{
	sem_unlink(name);
	if (*long_name)
		sem_unlink(long_name);
}

/* ---- psem-name ---- */

/* As long as may be, behind the "sem." of the library. */
static void short_and_long(void)
{
	struct stat st;

	one_semaphore();
	memset(long_name, 'x', NAME_MAX - 3);
	long_name[0] = '/';
	long_name[NAME_MAX - 3] = '\0';
	st = make_semaphore(long_name);
	longest = watched_file(&st);
}

static void open_without_slash(void)
{
	open_as(name + 1);
}

static void open_with_slashes(void)
{
	char two[sizeof(name) + 4];

	snprintf(two, sizeof(two), "/in%s", name);
	CHECK(sem_open(two, O_CREAT, 0600, 0) == SEM_FAILED && errno == EINVAL);
}

static void open_long(void)
{
	CHECK(sem_open(long_name, 0) != SEM_FAILED);
	count(longest, OPEN, OPS, 1);
}

static void open_too_long(void)
{
	char longer[sizeof(long_name) + 1];

	snprintf(longer, sizeof(longer), "%sx", long_name);
	CHECK(sem_open(longer, O_CREAT, 0600, 0) == SEM_FAILED && errno == ENAMETOOLONG);
}

static void judge_name(const struct evidence *e, struct verdict *v)
{
	if (strncmp(word(e, "name"), "/dev/shm/sem.", 13) || num(e, "slash") != 1 || num(e, "long") != 1)
		refuted(v, e, "found as '{name}': {slash} mapping by the name with a slash, {none} by that without; {long} by the longest");
	else if (num(e, "none") == 1)
		limited(v, e, "it is the file {name}. By the name with a slash it was mapped ({slash}), but by that without one, too "
			      "({none}): this C library asks for none. The longest name that was mapped ({long}) has 251 characters "
			      "behind its slash: 'sem.' before them makes it NAME_MAX");
	else
		holds(v, e, "it is the file {name}: mapped by the name with a slash ({slash}), not by that without ({none})");
}

/* ---- psem-mmap, psem-no-syscall ---- */

static void semaphore_and_word(void)
{
	struct stat st = one_semaphore();

	word_in_it = watched("futex", "futex:[%u:%u:%ju+0x0]", major(st.st_dev), minor(st.st_dev), (uintmax_t)st.st_ino);
	certain(word_in_it, SEND, OPS);
	certain(word_in_it, RECV, OPS);
}

static void wait_for_it(void)
{
	count(word_in_it, RECV, OPS, 1); /* the library's call */
	enter_call();
	CHECK(sem_wait(sem) == 0);
}

static void post(void)
{
	count(word_in_it, SEND, OPS, 1);
	CHECK(sem_post(sem) == 0);
}

/* "mmap:[0:25:1234]" and "futex:[0:25:1234+0x0]" */
static bool same_file(const char *mapped, const char *futex)
{
	size_t len = strcspn(mapped, "]");

	return !strncmp(mapped, "mmap:[", 6) && !strncmp(futex, "futex:[", 7) && mapped[len] &&
	       !strncmp(mapped + 6, futex + 7, len - 6) && futex[len + 1] == '+';
}

static void judge_mmap(const struct evidence *e, struct verdict *v)
{
	if (num(e, "mappings") == 2 && same_file(word(e, "file"), word(e, "word")) && num(e, "waits") == 1 && num(e, "wakes") == 1)
		holds(v, e, "{mappings} processes have the file mapped, {file}; what one waited on, and the other woke it by, is the word "
			    "{word}: in that file, at its beginning");
	else
		refuted(v, e, "{mappings} mappings of {file}; {waits} waits on {word}, {wakes} wakes");
}

static void post_many(void)
{
	for (int i = 0; i < UNCONTENDED; i++)
		CHECK(sem_post(sem) == 0);
}

static void take_many(void)
{
	for (int i = 0; i < UNCONTENDED; i++)
		CHECK(sem_wait(sem) == 0);
}

/* A wake of nobody has the kernel look at the word. */
static void look_at_word(void)
{
	CHECK(futex_wake_on(word_in_it, (uint32_t *)sem, FUTEX_WAKE, 1) == 0);
}

static void judge_no_syscall(const struct evidence *e, struct verdict *v)
{
	if (num(e, "contended") == 2 && !num(e, "posts") && num(e, "up") == UNCONTENDED && !num(e, "takes") && !num(e, "down"))
		holds(v, e, "with somebody asleep a wait and a post made {contended} calls. With nobody asleep the semaphore went up to {up} "
			    "with {posts} calls, and down to {down} with {takes}: the kernel was never entered");
	else
		refuted(v, e, "{contended} calls with somebody asleep; with nobody asleep the semaphore went up to {up} with {posts} calls, "
			      "and to {down} with {takes}");
}

/* The steps that both of the last two begin with. */
#define WAITED_FOR_AND_POSTED                                                                             \
	{"opens the semaphore", open_it, FIRST},                                                          \
	{"opens it", open_it, SECOND},                                                                    \
	{"waits for it, and sleeps", wait_for_it, FIRST, .sleeps_in = ASLEEP_IN(SYS_futex)},              \
	{"posts it", post, SECOND, .ends = ACTOR(FIRST)}

static const struct experiment experiments[] = {
	{
		.id = "psem-name",
		.claim = "a named POSIX semaphore begins with one slash, and has at most NAME_MAX characters",
		.said_by = "D5", .mechs = "mmap", .cast = {"first", "second"}, .set = short_and_long, .strike = unlink_all,
		.steps = {
			{"opens it by its name, with a slash", open_it, FIRST},
			{"opens it by the name without a slash", open_without_slash, SECOND},
			{"asks for one with a slash inside: EINVAL", open_with_slashes, FIRST},
			{"opens one with a name of 251 characters", open_long, FIRST},
			{"asks for one with 252: ENAMETOOLONG", open_too_long, FIRST},
		},
		.figures = {
			{"name", "the file that is mapped", "name"},
			{"slash", "mappings by the name with a slash", "open.ops", 1},
			{"none", "mappings by the name without", "open.ops", 2, 1},
			{"long", "mappings by the longest name", "open.ops", .object = 1},
		},
		.judge = judge_name,
	},
	{
		.id = "psem-mmap",
		.claim = "sem_open maps a file; its mapped address is the semaphore",
		.said_by = "D5", .mechs = "mmap,futex", .cast = {"first", "second"}, .set = semaphore_and_word, .strike = unlink_all,
		.steps = {
			WAITED_FOR_AND_POSTED,
		},
		.figures = {
			{"file", "the file that sem_open maps", "id", .object = 0},
			{"mappings", "mappings of it", "internals.mappings", 2, .object = 0},
			{"word", "the word that was waited on", "id", .object = 1},
			{"waits", "waits on it", "recv.waits", .object = 1},
			{"wakes", "wakeups by it", "send.wakes", .object = 1},
		},
		.judge = judge_mmap,
	},
	{
		.id = "psem-no-syscall",
		.claim = "uncontended operations never enter the kernel",
		.said_by = "D5", .mechs = "mmap,futex", .cast = {"first", "second"}, .set = semaphore_and_word, .strike = unlink_all,
		.steps = {
			WAITED_FOR_AND_POSTED,
			{"posts it 101 times, with nobody asleep", post_many, SECOND},
			{"has the kernel look at the word (FUTEX_WAKE)", look_at_word, SECOND},
			{"waits for it 101 times, and need not", take_many, FIRST},
			{"has the kernel look at the word (FUTEX_WAKE)", look_at_word, SECOND},
		},
		.figures = {
			{"contended", "futex calls with somebody asleep", "events.#", 4, .object = 1},
			{"posts", "futex calls of 101 posts", "events.#", 5, 4, .object = 1},
			{"up", "the semaphore after them", "internals.value", 6, .object = 1},
			{"takes", "futex calls of 101 waits", "events.#", 7, 6, .object = 1},
			{"down", "the semaphore after them", "internals.value", 8, .object = 1},
		},
		.judge = judge_no_syscall,
	},
};

const struct family family_psem = {"psem", "POSIX semaphores", experiments, sizeof(experiments) / sizeof(experiments[0])};
