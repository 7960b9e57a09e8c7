/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Random command lines, always the same ones: whatever they say, cli_parse()
 * comes back with one of its results, and what it accepts is within its limits.
 *
 * usage: cli_fuzz_test [ROUNDS [SEED]]
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"
#include "cli_stub.h"
#include "tap.h"

#define ROUNDS 200000
#define SEED 23
#define ARGS_MAX 12
#define ARG_SIZE 160

static const char *const fragments[] = {
	"pipe", "fifo", "all", "trace", "doctor", "list", "ring", "pip", "pipe,fifo", ",", "pipe:[81234]", "4711:3",
	"--", "-", "-p", "-t", "-u", "-c", "-O", "-d", "-i", "-n", "-S", "-o", "-e", "-H", "-x", "-j", "-v", "-1", "-Z",
	"--pid", "--tid=", "--comm", "--user=", "--cgroup", "--src", "--dst=", "--follow", "--object", "--duration",
	"--interval=", "--rows", "--sort=", "--columns", "--events", "--histograms", "--counts", "--failed", "--min-us",
	"--json", "--output", "--color=", "--ascii", "--backend", "--max-edges=", "--ring-buffer", "--include-self",
	"--once", "--verbose", "--evnts", "--co", "--json=1", "0", "1", "2", "8", "0.5", "64", "1,2,3", "1,,2", "-5",
	"4194304", "4194305", "4294967295", "4294967296", "18446744073709551616", "86400", "nan", "inf", "1e308", ".",
	"comm=", "pid=", "tid=1,2", "user=0", "cgroup=/", "=", "x=y", "object", "send-bytes", "+object", "-object",
	"auto", "function", "syscall", "always", "never", "bash", "", " ", "%s%n", "\xc3\xa9", "\xff", "\t\n",
	"a-name-of-more-than-fifteen-bytes",
};

static uint64_t state;

/* xorshift64*: the same numbers everywhere */
static uint32_t random_below(uint32_t limit)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1dull >> 32) % limit;
}

/* One to three fragments, at times with a byte changed; never --help and its like, which print a lot. */
static void make_arg(char *arg)
{
	uint32_t parts = random_below(4) ? 1 : 1 + random_below(3);
	size_t len;

	*arg = '\0';
	while (parts--)
		strcat(arg, fragments[random_below(sizeof(fragments) / sizeof(fragments[0]))]);
	len = strlen(arg);
	if (len && !random_below(8))
		arg[random_below(len)] = 1 + random_below(255);
}

static bool ids_are_sound(const uint32_t *ids, uint32_t cnt)
{
	bool sound = cnt <= IPC_FILTER_PIDS;

	for (uint32_t i = 0; sound && i < cnt; i++)
		sound = ids[i] >= 1 && ids[i] <= 4194304;
	return sound;
}

static bool filter_is_sound(const struct cli_filter *filter)
{
	return ids_are_sound(filter->pids, filter->pid_cnt) && ids_are_sound(filter->tids, filter->tid_cnt) &&
	       memchr(filter->comm, '\0', sizeof(filter->comm)) && (filter->uid_set || !filter->uid) &&
	       (!filter->cgroup || *filter->cgroup);
}

/* What cli.h promises of a command line that was accepted. */
static bool is_sound(const struct cli_options *o)
{
	return o->command <= CLI_CHAIN && (o->command == CLI_WHY) == !!o->pid && (o->command == CLI_TRACE) == (o->mechanism_mask || o->read) &&
	       !(o->read && (o->write || o->command_argv)) &&
	       (o->command == CLI_RING) == !!o->target && (o->command == CLI_TRACE || !o->command_argv) &&
	       (!o->command_argv || o->command_argv[0]) && o->interval_s >= 0.001 && o->interval_s <= 86400 &&
	       o->duration_s >= 0 && o->duration_s <= 31536000 && o->max_edges >= 64 && o->ring_buffer_mb >= 1 &&
	       o->ring_buffer_mb <= 2048 && !(o->ring_buffer_mb & (o->ring_buffer_mb - 1)) &&
	       !(o->counts && (o->events || o->histograms)) && !(o->events && o->histograms) &&
	       o->backend <= BACKEND_SYSCALL && o->color <= CLI_COLOR_NEVER &&
	       (!o->one_shot || o->command == CLI_RING) && filter_is_sound(&o->either) &&
	       filter_is_sound(&o->src) && filter_is_sound(&o->dst);
}

static void print_line(char **argv)
{
	for (; *argv; argv++) {
		printf(" '");
		for (const char *c = *argv; *c; c++)
			printf(isprint((unsigned char)*c) ? "%c" : "\\x%02x", (unsigned char)*c);
		printf("'");
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? atol(argv[1]) : ROUNDS, accepted = 0, refused = 0, wrong = 0;
	int tap = dup(STDOUT_FILENO), nowhere = open("/dev/null", O_WRONLY);
	static char args[ARGS_MAX][ARG_SIZE];

	state = argc > 2 ? strtoull(argv[2], NULL, 10) | 1 : SEED;
	dup2(nowhere, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	for (long i = 0; i < rounds && wrong < 10; i++) {
		char *line[ARGS_MAX + 2] = { "ipctrace" }, *before[ARGS_MAX + 2];
		int cnt = 1 + random_below(ARGS_MAX), status;
		struct cli_options o;

		for (int j = 0; j < cnt; j++) {
			make_arg(args[j]);
			line[j + 1] = args[j];
		}
		/* else nearly every line would fail at its first word */
		if (random_below(2))
			strcpy(args[0], "pipe");
		memcpy(before, line, sizeof(line));
		status = cli_parse(&o, cnt + 1, line);
		accepted += status == -1;
		refused += status == CLI_EXIT_USAGE;
		if ((status == -1 && !is_sound(&o)) || (status != -1 && status != 0 && status != CLI_EXIT_USAGE) ||
		    memcmp(before, line, sizeof(line)) != 0) {
			wrong++;
			fflush(stdout);
			dup2(tap, STDOUT_FILENO);
			printf("# status %d:", status);
			print_line(line);
			fflush(stdout);
			dup2(nowhere, STDOUT_FILENO);
		}
		cli_free(&o);
	}
	fflush(stdout);
	dup2(tap, STDOUT_FILENO);
	is_int(wrong, 0, "%ld random command lines", rounds);
	ok(rounds < 1000 || (accepted > rounds / 100 && refused > rounds / 100),
	   "of which %ld were accepted, %ld refused", accepted, refused);
	return done_testing();
}
