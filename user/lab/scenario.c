/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ipc-scenario: runs one scenario and prints its truth.
 *
 *   ipc-scenario --list                  id, mechanisms to trace for it, what it does
 *   ipc-scenario ID [N] [--truth FILE] [--ready FILE]
 *
 * --truth: where the truth goes at the end (default: standard output).
 * --ready: a scenario that holds a state writes what it holds there, then waits
 * for SIGUSR1 (go on, and count from here) or SIGTERM (end).
 * Exit status: see enum outcome.
 */
#include "lab/truth_store.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FAMILIES 64
#define MAX_BLIND 256

static struct {
	const struct scenario *table;
	size_t cnt;
	const char *mechs;
} families[MAX_FAMILIES];
static size_t family_cnt;
static struct {
	const struct blind *blind;
	const char *scenario;
} blinds[MAX_BLIND];
static size_t blind_cnt;

static const struct scenario *current;
static const char *truth_path, *ready_path;

void scenario_register(const struct scenario *table, size_t cnt, const char *mechs)
{
	if (family_cnt == MAX_FAMILIES)
		abort();
	families[family_cnt].table = table;
	families[family_cnt].mechs = mechs;
	families[family_cnt++].cnt = cnt;
}

void blind_register(const struct blind *table, size_t cnt, const char *scenario)
{
	if (blind_cnt + cnt > MAX_BLIND)
		abort();
	for (size_t i = 0; i < cnt; i++) {
		blinds[blind_cnt].blind = &table[i];
		blinds[blind_cnt++].scenario = scenario;
	}
}

const struct blind *blind_nth(unsigned n, const char *scenario)
{
	for (size_t i = 0; i < blind_cnt; i++)
		if ((!blinds[i].scenario || !strcmp(blinds[i].scenario, scenario)) && !n--)
			return blinds[i].blind;
	return NULL;
}

static const struct scenario *scenario_find(const char *id)
{
	for (size_t f = 0; f < family_cnt; f++)
		for (size_t i = 0; i < families[f].cnt; i++)
			if (!strcmp(families[f].table[i].id, id))
				return &families[f].table[i];
	return NULL;
}

static void scenario_list(void)
{
	for (size_t f = 0; f < family_cnt; f++)
		for (size_t i = 0; i < families[f].cnt; i++) {
			const struct scenario *s = &families[f].table[i];

			printf("%-20s %-12s %s", s->id, families[f].mechs, s->what);
			printf(s->n ? " (N = %u)\n" : "\n", s->n);
		}
}

void give_up(enum outcome outcome, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "ipc-scenario: %s: ", current ? current->id : "?");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	fflush(stderr);
	scratch_remove();
	sysv_remove_left();
	_exit(outcome);
}

bool hold(void)
{
	sigset_t set;
	int signal, err;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	/* Children hold whatever mask they need; only the first process is spoken to. */
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	err = ready_path ? truth_write(ready_path, current->id, true) : 0;
	if (err)
		FAIL("%s: %s", ready_path, strerror(-err));
	CHECK(sigwait(&set, &signal) == 0);
	if (signal == SIGTERM)
		sysv_interrupted();
	return signal == SIGUSR1;
}

static int usage(const char *why, const char *what)
{
	fprintf(stderr, "ipc-scenario: %s%s\n", why, what);
	fputs("usage: ipc-scenario --list | ID [N] [--truth FILE] [--ready FILE]\n", stderr);
	return 2;
}

static int run(unsigned n)
{
	int err;

	truth_init();
	sysv_init();
	self();
	current->run(n);
	err = truth_write(truth_path, current->id, false);
	if (err)
		FAIL("%s: %s", truth_path ? truth_path : "standard output", strerror(-err));
	return OUTCOME_OK;
}

int main(int argc, char **argv)
{
	unsigned long n = 0;
	char *end;

	/* a shell has what it starts in the background ignore the first two, nohup the third */
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--list")) {
			scenario_list();
			return 0;
		} else if (!strcmp(argv[i], "--truth") && i + 1 < argc) {
			truth_path = argv[++i];
		} else if (!strcmp(argv[i], "--ready") && i + 1 < argc) {
			ready_path = argv[++i];
		} else if (!current) {
			current = scenario_find(argv[i]);
			if (!current)
				return usage("no such scenario: ", argv[i]);
		} else {
			n = strtoul(argv[i], &end, 10);
			if (*end || !n || n > 1000000 || !current->n)
				return usage("not a count here: ", argv[i]);
		}
	}
	if (!current)
		return usage("which scenario? --list names them", "");
	return run(n ? (unsigned)n : current->n);
}
