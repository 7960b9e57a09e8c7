// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "compare/fate.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "model/error.h"

#define FILL_CPU_NS 2000000000ull /* what is not full by then is not known to be ever */
#define FILL_SENDS 2000000
#define LOSSY_SENDS 4096	 /* more than any receive buffer holds */
#define ASLEEP_POLLS 15		 /* a millisecond apart, all of them asleep */
#define SETTLE_NS 5000000000ull
#define START_NS 120000000000ull
#define REFUSALS 5
#define REFUSAL_PAUSE_US 4000
#define POLL_US 1000

static struct pair_control *shared; /* for the handler, in the two processes */

static void on_signal(int sig)
{
	if (sig == SIGPIPE)
		shared->sigpipes++;
}

/* Calls are interrupted, not begun again. */
static void catch_signals(struct pair *p)
{
	struct sigaction action = { .sa_handler = on_signal };

	shared = p->control;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGPIPE, &action, NULL);
}

/* ---- in the two processes ---- */

static void await_trial(const struct pair_control *ctl, unsigned trial)
{
	while (ctl->trial <= trial)
		pair_sleep_us(POLL_US / 10);
}

static void try_it(struct pair *p, ssize_t (*attempt)(struct pair *p))
{
	struct pair_control *ctl = p->control;

	for (unsigned i = 0; i < PAIR_TRIALS; i++) {
		await_trial(ctl, i);
		ctl->begun = i + 1;
		ctl->outcome[i] = attempt(p);
		ctl->tried = i + 1;
	}
	for (;;)
		pause();
}

static ssize_t send_one(struct pair *p)
{
	return message_try(p, 0, true);
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/*
 * Until it is full, which is known from sends that were told not to wait, and which
 * went on being refused: a stream may be about to carry on what it has taken.
 */
static void fill(struct pair *p)
{
	struct end_report *report = &p->control->end[SENDER];
	uint64_t end_ns = cpu_ns() + FILL_CPU_NS, sends = 0;
	uint64_t most = p->transport->loses ? LOSSY_SENDS : FILL_SENDS;
	unsigned refused = 0;

	while (sends++ < most && cpu_ns() < end_ns && refused < REFUSALS) {
		ssize_t n = message_try(p, report->messages, false);

		if (n < 0) {
			refused++;
			pair_sleep_us(REFUSAL_PAUSE_US);
			continue;
		}
		refused = 0;
		report->messages++;
		report->bytes += n;
	}
	report->refused = refused == REFUSALS;
	p->control->filled = report->refused || p->transport->loses;
}

static void fill_and_try(struct pair *p)
{
	catch_signals(p);
	fill(p);
	p->control->finished[SENDER] = 1;
	try_it(p, send_one);
}

/* What a lossy one has kept is counted by who takes it out. */
static void count_and_idle(struct pair *p)
{
	struct pair_control *ctl = p->control;
	struct timeval soon = { .tv_usec = POLL_US };
	ssize_t n;

	catch_signals(p);
	while (p->transport->loses && !ctl->finished[SENDER])
		pair_sleep_us(POLL_US);
	if (p->transport->loses)
		setsockopt(p->channel.fd[RECEIVER], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	while (p->transport->loses && (n = message_take(p)) > 0) {
		ctl->end[RECEIVER].messages++;
		ctl->end[RECEIVER].bytes += n;
	}
	ctl->finished[RECEIVER] = 1;
	for (;;)
		pause();
}

static void idle(struct pair *p)
{
	catch_signals(p);
	p->control->finished[SENDER] = 1;
	for (;;)
		pause();
}

static void receive_and_try(struct pair *p)
{
	catch_signals(p);
	p->control->finished[RECEIVER] = 1;
	try_it(p, message_take);
}

/* ---- in their parent ---- */

static char state_of(pid_t pid)
{
	char path[32], line[512], *at, state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 'Z';
	if (fgets(line, sizeof(line), file) && (at = strrchr(line, ')')) && at[1] == ' ')
		state = at[2];
	fclose(file);
	return state;
}

/* Has trial nr returned? Else it sleeps, and nothing will change that. */
static bool settle(const struct pair *p, enum end end, unsigned nr)
{
	uint64_t end_ns = pair_now_ns() + SETTLE_NS;
	unsigned asleep = 0;

	while (p->control->tried < nr && asleep < ASLEEP_POLLS && pair_now_ns() < end_ns) {
		asleep = p->control->begun >= nr && state_of(p->pid[end]) == 'S' ? asleep + 1 : 0;
		pair_sleep_us(POLL_US);
	}
	return p->control->tried >= nr;
}

static void tell(const struct pair *p, unsigned nr, struct fate *fate)
{
	int64_t outcome = p->control->outcome[nr - 1];

	fate->result = outcome;
	fate->kind = outcome < 0 ? FATE_ERROR : outcome ? FATE_DONE : FATE_END;
	fate->error = outcome < 0 ? -outcome : 0;
	fate->sigpipe = p->control->sigpipes;
}

/*
 * The end tries once, and is interrupted if it sleeps; it tries again, and the
 * other end dies: while it sleeps, or before, if it does not.
 */
static void provoke(struct pair *p, enum end end, struct fate *first, struct fate *interrupted, struct fate *alone,
		    fate_cause *cause, void *arg)
{
	struct pair_control *ctl = p->control;
	unsigned nr = 1;
	bool slept;

	ctl->trial = nr;
	slept = !settle(p, end, nr);
	if (slept) {
		first->kind = FATE_SLEEPS;
		interrupted->kind = FATE_SLEEPS_ON;
		first->cause = cause ? cause(arg, p->pid[end], end) : NULL;
		kill(p->pid[end], SIGUSR1);
		if (settle(p, end, nr)) {
			tell(p, nr, interrupted);
			ctl->trial = ++nr;
			settle(p, end, nr);
		}
	} else {
		tell(p, nr, first);
	}
	pair_kill(p, !end);
	if (!slept)
		ctl->trial = ++nr;
	alone->kind = FATE_SLEEPS_ON;
	while (settle(p, end, nr)) {
		tell(p, nr, alone);
		if (alone->kind != FATE_DONE || nr == PAIR_TRIALS)
			break;
		ctl->trial = ++nr; /* what was taken in part, or before the news came */
	}
}

static int start(struct pair *p, const struct transport *t, size_t size, pair_body *const bodies[2])
{
	int err = pair_open(p, t, size);

	if (!err)
		err = pair_start(p, bodies);
	if (err)
		return err;
	pair_go(p);
	return pair_await(p, START_NS);
}

/* Of who sends. */
static int try_full(const struct transport *t, size_t size, fate_cause *cause, void *arg, struct fates *f)
{
	static pair_body *const bodies[2] = { fill_and_try, count_and_idle };
	const struct end_report *taken;
	struct pair p;
	int err = start(&p, t, size, bodies);

	if (!err) {
		taken = &p.control->end[t->loses ? RECEIVER : SENDER];
		f->capacity_bytes = taken->bytes;
		f->capacity_sends = taken->messages;
		f->full_known = p.control->filled;
		f->never_full = t->loses && !p.control->end[SENDER].refused;
		provoke(&p, SENDER, &f->full, &f->send_interrupted, &f->receiver_died, cause, arg);
		if (!f->full_known)
			f->full.kind = FATE_UNKNOWN;
	}
	pair_close(&p);
	return err;
}

/* Of who receives. */
static int try_empty(const struct transport *t, size_t size, fate_cause *cause, void *arg, struct fates *f)
{
	static pair_body *const bodies[2] = { idle, receive_and_try };
	struct fate empty = { 0 };
	struct pair p;
	int err = start(&p, t, size, bodies);

	if (!err)
		provoke(&p, RECEIVER, &empty, &f->receive_interrupted, &f->sender_died, cause, arg);
	pair_close(&p);
	return err;
}

void fate_try(const struct transport *t, size_t size, fate_cause *cause, void *arg, struct fates *f)
{
	int err;

	*f = (struct fates){ .tried = true };
	err = try_full(t, size, cause, arg, f);
	if (!err)
		err = try_empty(t, size, cause, arg, f);
	f->error = -err;
}

void fate_text(const struct fate *fate, char *buf, size_t size)
{
	char name[ERROR_NAME_LEN];

	switch (fate->kind) {
	case FATE_ERROR:
		snprintf(buf, size, "%s%s", error_name(fate->error, name), fate->sigpipe ? ", SIGPIPE" : "");
		break;
	case FATE_SLEEPS:
		snprintf(buf, size, fate->cause ? "sleeps (%s)" : "sleeps", fate->cause);
		break;
	case FATE_SLEEPS_ON:
		snprintf(buf, size, "sleeps on");
		break;
	case FATE_DONE:
		snprintf(buf, size, "goes through");
		break;
	case FATE_END:
		snprintf(buf, size, "end");
		break;
	default:
		*buf = '\0';
	}
}
