// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Many live pipes with traffic: on each of N pipes, RATE times a second, one process
 * writes 61 bytes and another reads them, spread over the second. A pair of processes
 * for every 5000 pipes: descriptors are limited.
 *   ipc-objects N RATE SECONDS
 * Prints "ready" when all pipes have been used once, and at the end the number of writes.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE 61
#define GROUP 5000u /* pipes */
#define GROUPS_MAX 256u
#define SLICES 50u /* of a second */

struct group {
	unsigned cnt;
	int (*pipes)[2];
	volatile unsigned ready;
	volatile unsigned long long done; /* writes */
};

static unsigned rate, seconds;

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "ipc-objects: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void read_all(const struct group *g)
{
	char buf[MESSAGE];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned i = 0;; i = (i + 1) % g->cnt)
		must(read(g->pipes[i][0], buf, sizeof(buf)) == MESSAGE, "read");
}

static void write_until(struct group *g, unsigned long long until)
{
	static const char buf[MESSAGE];

	for (; g->done < until; g->done++)
		must(write(g->pipes[g->done % g->cnt][1], buf, sizeof(buf)) == MESSAGE, "write");
}

static void sleep_slice(struct timespec *next)
{
	next->tv_nsec += 1000000000 / SLICES;
	if (next->tv_nsec >= 1000000000) {
		next->tv_nsec -= 1000000000;
		next->tv_sec++;
	}
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL);
}

static void run_group(struct group *g)
{
	struct timespec next;
	pid_t reader;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	g->pipes = calloc(g->cnt, sizeof(*g->pipes));
	must(g->pipes != NULL, "memory");
	for (unsigned i = 0; i < g->cnt; i++)
		must(!pipe(g->pipes[i]), "pipe");
	reader = fork();
	must(reader >= 0, "fork");
	if (!reader)
		read_all(g);
	write_until(g, g->cnt);
	g->ready = 1;
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (unsigned i = 1; i <= seconds * SLICES; i++) {
		sleep_slice(&next);
		write_until(g, g->cnt + (unsigned long long)g->cnt * rate * i / SLICES);
	}
	kill(reader, SIGKILL);
	waitpid(reader, NULL, 0);
	exit(0);
}

int main(int argc, char **argv)
{
	unsigned cnt = argc == 4 ? atoi(argv[1]) : 0, groups = (cnt + GROUP - 1) / GROUP;
	struct rlimit limit;
	unsigned long long done = 0;
	struct group *all;

	if (!cnt || groups > GROUPS_MAX)
		return fprintf(stderr, "usage: ipc-objects N RATE SECONDS\n"), 2;
	rate = atoi(argv[2]);
	seconds = atoi(argv[3]);
	must(!getrlimit(RLIMIT_NOFILE, &limit), "RLIMIT_NOFILE");
	limit.rlim_cur = limit.rlim_max;
	must(!setrlimit(RLIMIT_NOFILE, &limit), "RLIMIT_NOFILE");
	all = mmap(NULL, groups * sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(all != MAP_FAILED, "memory");
	for (unsigned i = 0; i < groups; i++) {
		pid_t pid;

		all[i].cnt = cnt - i * GROUP < GROUP ? cnt - i * GROUP : GROUP;
		pid = fork();
		must(pid >= 0, "fork");
		if (!pid)
			run_group(&all[i]);
	}
	for (unsigned i = 0; i < groups; i++)
		while (!all[i].ready)
			usleep(10000);
	puts("ready");
	fflush(stdout);
	while (wait(NULL) > 0)
		;
	for (unsigned i = 0; i < groups; i++)
		done += all[i].done;
	printf("%llu\n", done);
	return 0;
}
