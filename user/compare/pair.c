// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "compare/pair.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_LIMIT_NS 20000000000ull
#define POLL_US 50

volatile int pair_interrupted;
uint64_t pair_grace_ns = 10000000000ull;

uint64_t pair_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

void pair_sleep_us(unsigned us)
{
	struct timespec ts = { .tv_nsec = us * 1000 };

	nanosleep(&ts, NULL);
}

int pair_open(struct pair *p, const struct transport *t, size_t size)
{
	*p = (struct pair){ .transport = t,
			    .channel = { .size = size, .fd = { -1, -1 }, .id = { -1, -1 } } };
	p->control = mmap(NULL, sizeof(*p->control), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p->control == MAP_FAILED) {
		p->control = NULL;
		return -errno;
	}
	return t->open(&p->channel);
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static uint64_t switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

/* Page-aligned, so that every transport gets the same. */
static int make_buffer(struct pair *p)
{
	size_t page = sysconf(_SC_PAGESIZE), size = page + p->channel.size + p->channel.part + page;

	if (posix_memalign((void **)&p->buffer, page, size))
		return -ENOMEM;
	memset(p->buffer, 0, size); /* resident */
	p->buffer += page;
	return 0;
}

static void work(struct pair *p, enum end end, pair_body *body, pid_t parent)
{
	struct pair_control *ctl = p->control;
	struct end_report *report = &ctl->end[end];
	const struct transport *t = p->transport;
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGINT, SIG_IGN); /* the parent ends us */
	sigemptyset(&none);
	sigaddset(&none, SIGUSR1);
	sigprocmask(SIG_UNBLOCK, &none, NULL);
	report->error = make_buffer(p);
	if (!report->error && t->join)
		report->error = t->join(&p->channel, end);
	ctl->ready[end] = 1;
	while (!ctl->go)
		pair_sleep_us(POLL_US);
	if (!report->error) {
		uint64_t before = switches(), before_ns = cpu_ns();

		body(p);
		report->cpu_ns = cpu_ns() - before_ns;
		report->switches = switches() - before;
		report->calls = p->channel.calls;
	}
	ctl->finished[end] = 1;
	while (!ctl->leave) /* signals of its end would be among those that are counted */
		pair_sleep_us(POLL_US);
	_exit(0);
}

static pid_t spawn(struct pair *p, enum end end, pair_body *body)
{
	pid_t parent = getpid(), pid = fork();

	if (!pid)
		work(p, end, body, parent);
	return pid;
}

/* Has a process ended that should not have? */
static bool died(struct pair *p)
{
	for (int end = 0; end < 2; end++)
		if (p->pid[end] && waitpid(p->pid[end], NULL, WNOHANG) == p->pid[end]) {
			p->pid[end] = 0;
			return true;
		}
	return false;
}

static int await(struct pair *p, _Atomic uint32_t flags[2], uint64_t limit_ns)
{
	uint64_t end_ns = pair_now_ns() + limit_ns, one_ns = 0;

	while (!flags[0] || !flags[1]) {
		if (pair_interrupted)
			return -EINTR;
		if (!one_ns && flags[SENDER])
			one_ns = pair_now_ns();
		if (pair_now_ns() > end_ns || (one_ns && pair_now_ns() - one_ns > pair_grace_ns))
			return -ETIMEDOUT;
		if (died(p))
			return -ECHILD;
		pair_sleep_us(POLL_US);
		for (int end = 0; end < 2; end++)
			if (p->control->end[end].error)
				return p->control->end[end].error;
	}
	return 0;
}

int pair_start(struct pair *p, pair_body *const body[2])
{
	for (int end = RECEIVER; end >= SENDER; end--) {
		pid_t pid = spawn(p, end, body[end]);

		if (pid < 0)
			return -errno;
		p->pid[end] = pid;
		if (end == RECEIVER)
			p->channel.receiver = pid;
	}
	/* an end that we held too would never be seen closed */
	transport_close_fds(&p->channel);
	return await(p, p->control->ready, START_LIMIT_NS);
}

void pair_go(struct pair *p)
{
	p->control->go = 1;
}

int pair_await(struct pair *p, uint64_t limit_ns)
{
	int err = await(p, p->control->finished, limit_ns);

	for (int end = 0; end < 2 && !err; end++)
		err = p->control->end[end].error;
	return err;
}

void pair_kill(struct pair *p, enum end end)
{
	if (!p->pid[end])
		return;
	kill(p->pid[end], SIGKILL);
	waitpid(p->pid[end], NULL, 0);
	p->pid[end] = 0;
}

void pair_close(struct pair *p)
{
	pair_kill(p, SENDER);
	pair_kill(p, RECEIVER);
	if (p->transport->close)
		p->transport->close(&p->channel);
	transport_close_fds(&p->channel);
	if (p->control)
		munmap(p->control, sizeof(*p->control));
	p->control = NULL;
}
