// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "lab/task.h"
#include "lab/truth_store.h"

#include "experiment/stage.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CURTAIN UINT32_MAX /* the step after which an actor goes */
#define LOOK_MS 50	   /* how often who waits looks whether those it waits for still live */

struct part {
	atomic_uint asked, done; /* steps of this actor */
	unsigned step;		 /* the one asked for last; 0: to come in */
	unsigned calls;		 /* of its own before it */
	bool gone;
	atomic_int pid;
};

static struct {
	atomic_uint news;	 /* raised at every change */
	atomic_uint begun, ended; /* experiments */
	atomic_uint go, done;	 /* steps of the director; the first is to set the scene */
	const struct experiment *experiment; /* forked, not exec'ed: addresses are the same in all */
	unsigned again; /* how often it was begun before */
	atomic_bool over; /* no experiment follows */
	atomic_int outcome;
	char why[256];
	struct part parts[CAST_MAX];
} *board;

static struct task *cast[CAST_MAX];
static unsigned cast_cnt;
static pid_t stagehand, director;

/* ---- meeting ---- */

static void tell(void)
{
	atomic_fetch_add(&board->news, 1);
	syscall(SYS_futex, &board->news, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/* Until there is news or it is time to look around. */
static void listen_for(unsigned seen)
{
	const struct timespec look = {.tv_nsec = LOOK_MS * 1000000};

	syscall(SYS_futex, &board->news, FUTEX_WAIT, seen, &look, NULL, 0);
}

static unsigned now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Who fails says why once; the first one is right, others fail of it. */
static void leave_word(enum outcome outcome, const char *format, va_list args)
{
	int none = STAGE_OK;

	if (atomic_compare_exchange_strong(&board->outcome, &none, outcome))
		vsnprintf(board->why, sizeof(board->why), format, args);
}

static void clear_stage(void)
{
	const struct experiment *x = board->experiment;

	if (getpid() != director)
		return;
	for (unsigned i = 0; i < cast_cnt; i++)
		kill(task_pid(cast[i]), SIGKILL);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	if (x->strike)
		x->strike();
}

void give_up(enum outcome outcome, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	leave_word(outcome, format, args);
	va_end(args);
	clear_stage();
	_exit(outcome);
}

void absent(const char *format, ...)
{
	char needs[sizeof(board->why)];
	va_list args;

	snprintf(needs, sizeof(needs), "needs %s", format);
	va_start(args, format);
	leave_word(OUTCOME_UNSUPPORTED, needs, args);
	va_end(args);
	clear_stage();
	_exit(OUTCOME_UNSUPPORTED);
}

int cast_pid(unsigned who)
{
	return board->parts[who].pid;
}

const char *stage_name(void)
{
	static char name[32];

	if (board->again)
		snprintf(name, sizeof(name), "%s-%u", board->experiment->id, board->again + 1);
	else
		snprintf(name, sizeof(name), "%s", board->experiment->id);
	return name;
}

struct object *watched(const char *mech, const char *key_format, ...)
{
	char key[sizeof(((struct object *)0)->key)];
	struct object *o;
	va_list args;

	va_start(args, key_format);
	vsnprintf(key, sizeof(key), key_format, args);
	va_end(args);
	o = object_new(mech, "%s", key);
	for (int side = SEND; side < SIDE_CNT; side++)
		for (int k = OPS; k < KEY_CNT; k++)
			uncertain(o, side, k);
	return o;
}

/* What the calls of a mechanism say for the tests of its scenarios is nobody's concern here. */
void blind_register(const struct blind *table, size_t cnt, const char *scenario)
{
	(void)table;
	(void)cnt;
	(void)scenario;
}

/* ---- the cast ---- */

static void act(void *arg)
{
	const struct experiment *x = board->experiment;
	struct part *part = arg;

	part->pid = getpid();
	if (x->enter)
		x->enter(part - board->parts);
	for (;;) {
		part->done = part->done + 1;
		tell();
		while (part->asked == part->done) {
			unsigned seen = board->news;

			if (part->asked == part->done)
				listen_for(seen);
		}
		if (part->step == CURTAIN)
			return;
		x->steps[part->step - 1].run();
	}
}

/* ---- the director ---- */

/* An actor that is no more: as its step has it, or something went wrong. */
static void check_alive(unsigned i)
{
	const struct experiment *x = board->experiment;
	struct part *part = &board->parts[i];
	int status;

	if (part->gone || waitpid(task_pid(cast[i]), &status, WNOHANG) != task_pid(cast[i]))
		return;
	part->gone = true;
	if (WIFSIGNALED(status) && part->step && part->step != CURTAIN && x->steps[part->step - 1].kills)
		return;
	if (WIFSIGNALED(status))
		FAIL("%s was killed by signal %d", x->cast[i], WTERMSIG(status));
	give_up(WEXITSTATUS(status) ? WEXITSTATUS(status) : OUTCOME_FAILED, "%s left", x->cast[i]);
}

static bool is_asleep_as_meant(unsigned i)
{
	const struct part *part = &board->parts[i];
	long nr = part->step ? board->experiment->steps[part->step - 1].sleeps_in : 0;

	return nr && calls_of(cast[i]) > part->calls && is_asleep(cast[i], nr - 1) && part->asked != part->done;
}

/* Until the actor has returned from its step, or, unless it must, sleeps where the step says. */
static void settle(unsigned i, bool must_return)
{
	struct part *part = &board->parts[i];
	unsigned begin_s = now_s();

	for (;;) {
		unsigned seen = board->news;

		if (part->gone || part->asked == part->done || (!must_return && is_asleep_as_meant(i)))
			return;
		check_alive(i);
		if (now_s() - begin_s > PATIENCE_S)
			give_up(OUTCOME_UNESTABLISHED, "%s did not come to the end of step %u in %d s",
				board->experiment->cast[i], part->step, PATIENCE_S);
		if (!must_return && part->step && board->experiment->steps[part->step - 1].sleeps_in)
			sched_yield(); /* its sleep makes no news */
		else if (part->asked != part->done)
			listen_for(seen);
	}
}

static void ask(unsigned i, unsigned step)
{
	struct part *part = &board->parts[i];

	if (part->gone)
		FAIL("%s is gone, and step %u is its", board->experiment->cast[i], step);
	settle(i, true);
	part->step = step;
	part->calls = calls_of(cast[i]);
	part->asked = part->asked + 1;
	tell();
}

static void set_scene(void)
{
	const struct experiment *x = board->experiment;

	x->set();
	for (; cast_cnt < CAST_MAX && x->cast[cast_cnt]; cast_cnt++) {
		board->parts[cast_cnt].asked = 1;
		cast[cast_cnt] = spawn(x->cast[cast_cnt], act, &board->parts[cast_cnt]);
	}
	if (x->enter)
		x->enter(DIRECTOR);
	for (unsigned i = 0; i < cast_cnt; i++)
		settle(i, true);
}

static void take_step(unsigned n)
{
	const struct step *step = &board->experiment->steps[n - 1];

	if (step->by == DIRECTOR)
		step->run();
	else
		ask(step->by, n);
	for (unsigned i = 0; i < cast_cnt; i++)
		settle(i, step->ends & ACTOR(i));
}

_Noreturn static void direct(void)
{
	pid_t parent = getppid();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(OUTCOME_FAILED);
	director = getpid();
	prctl(PR_SET_NAME, "director");
	self();
	for (unsigned n = 0;; n++) {
		for (unsigned seen = board->news; board->go == n; seen = board->news)
			if (board->go == n)
				listen_for(seen);
		if (board->go == CURTAIN)
			break;
		if (n)
			take_step(n);
		else
			set_scene();
		board->done = n + 1;
		tell();
	}
	clear_stage();
	_exit(OUTCOME_OK);
}

/* ---- the process that all descend from ---- */

_Noreturn static void mind_stage(void)
{
	unsigned experiments = 0;

	/* One directory for all: an inode number that comes again would be the same object to who looks on. */
	scratch_path("");
	sysv_init();
	for (;;) {
		int status;
		pid_t pid;

		for (unsigned seen = board->news; board->begun == experiments && !board->over; seen = board->news)
			listen_for(seen);
		if (board->over)
			break;
		experiments = board->begun;
		pid = fork();
		if (!pid)
			direct();
		while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (pid < 0 || (WIFSIGNALED(status) && !board->outcome)) {
			board->outcome = OUTCOME_FAILED;
			snprintf(board->why, sizeof(board->why), pid < 0 ? "cannot fork" : "the director was killed");
		}
		if (board->outcome)
			sysv_remove_left();
		sysv_forget();
		board->ended = experiments;
		tell();
	}
	scratch_remove();
	_exit(0);
}

pid_t stage_open(void)
{
	pid_t parent = getpid();

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		return -errno;
	truth_init();
	stagehand = fork();
	if (stagehand < 0)
		return -errno;
	if (stagehand)
		return stagehand;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(OUTCOME_FAILED);
	setpgid(0, 0); /* the terminal's Ctrl-C is for ipctrace, which ends this in order */
	signal(SIGPIPE, SIG_DFL);
	/* a shell has what it starts in the background ignore them */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	prctl(PR_SET_NAME, "stage");
	mind_stage();
}

void stage_close(void)
{
	if (stagehand > 0) {
		board->over = true;
		tell();
		waitpid(stagehand, NULL, 0);
	}
	stagehand = 0;
}

static bool await_done(unsigned n)
{
	for (unsigned seen = board->news; board->done < n && board->ended != board->begun; seen = board->news)
		listen_for(seen);
	return board->done >= n;
}

/* How often, until now; from here on once more. */
static unsigned begun_before(const struct experiment *x)
{
	static const struct experiment **begun;
	static size_t cnt;
	unsigned before = 0;

	for (size_t i = 0; i < cnt; i++)
		before += begun[i] == x;
	begun = realloc(begun, (cnt + 1) * sizeof(*begun));
	if (!begun)
		abort();
	begun[cnt++] = x;
	return before;
}

bool stage_begin(const struct experiment *x)
{
	memset(truth, 0, sizeof(*truth));
	memset(board->parts, 0, sizeof(board->parts));
	board->again = begun_before(x);
	board->experiment = x;
	board->outcome = STAGE_OK;
	board->why[0] = '\0';
	board->done = 0;
	board->go = 1;
	board->begun = board->begun + 1;
	tell();
	return await_done(1);
}

bool stage_step(unsigned n)
{
	board->go = n + 1;
	tell();
	return await_done(n + 1);
}

enum stage_outcome stage_end(const char **why)
{
	board->go = CURTAIN;
	tell();
	for (unsigned seen = board->news; board->ended != board->begun; seen = board->news)
		listen_for(seen);
	*why = board->why;
	return (enum stage_outcome)board->outcome;
}
