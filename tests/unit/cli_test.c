/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The command line: what is taken, what is refused and how it says so.
 * Links user/cli*.c.
 */
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"
#include "cli_run.h"
#include "cli_stub.h"
#include "tap.h"

static const struct {
	const char *line, *says;
} refusals[] = {
	/* options */
	{ "pipe --evnts", "ipctrace: unknown option '--evnts', did you mean '--events'?\n" },
	{ "pipe --evnts=1", "unknown option '--evnts', did you mean '--events'?" },
	{ "pipe --ev", "unknown option '--ev', did you mean '--events'?" },
	{ "pipe --count 5", "--count does not go with 'trace', only with: compare\n" },
	{ "pipe --com", "unknown option '--com'" },
	{ "pipe --quite-another", "unknown option '--quite-another'\n" },
	{ "pipe --pi 3", "unknown option '--pi', did you mean '--pid'?" },
	{ "pipe -Z", "unknown option '-Z'\n" },
	{ "pipe -jZe", "unknown option '-Z'\n" },
	{ "-json pipe", "unknown option '-s' in '-json', did you mean '--json'?" },
	{ "pipe -\xc3\xa9", "unknown option '-\xc3\xa9'" },
	{ "pipe 1 -3", "unknown option '-3', and no number here is negative" },
	{ "pipe --json=5", "--json takes no value, but '--json=5' gives one" },
	{ "pipe -p", "--pid needs a value: PID[,...]" },
	{ "pipe --color", "--color needs a value: auto|always|never" },
	{ "pipe -o -- ls", "--columns needs a value" },
	{ "pipe --output --", "--output needs a value" },
	/* mechanisms and commands */
	{ "pip", "ipctrace: unknown mechanism 'pip', did you mean 'pipe'?\nmechanisms: pipe fifo\n"
		 "commands: trace all top graph export convert doctor list ring compare lab why chain help\n" },
	{ "PIPE", "did you mean 'pipe'?" },
	{ "pipe,fofi", "unknown mechanism 'fofi', did you mean 'fifo'?" },
	{ "dcotor", "unknown command 'dcotor', did you mean 'doctor'?" },
	{ "xyzzy", "unknown mechanism or command 'xyzzy'\nmechanisms: pipe fifo" },
	{ "-", "unknown mechanism or command '-'" },
	{ "''", "empty element in ''" },
	{ "pipe, fifo", "empty element in 'pipe,': a comma too many, or a blank after one" },
	{ ",pipe", "empty element" },
	{ "pipe,,fifo", "empty element" },
	{ "pipe fifo", "'fifo' is one mechanism too many, join them with a comma: 'pipe,fifo'" },
	{ "pipe 1 5 fifo", "join them with a comma" },
	{ "pipe 1 5 9", "unexpected '9' after 'pipe'" },
	{ "all 1 5 9", "unexpected '9'" },
	{ "doctor now", "unexpected 'now' after 'doctor'" },
	{ "trace", "'trace' needs MECHANISM[,...]" },
	{ "ring", "'ring' needs TARGET: PID:FD, pipe:[INODE] or a path" },
	{ "ring ''", "target: the value is empty" },
	{ "help pyp", "unknown mechanism" },
	{ "-j", "no mechanism and no command given\nmechanisms: pipe fifo\n" },
	{ "-- ls", "no mechanism and no command given" },
	/* options that do not go with the command or with each other */
	{ "pipe -1", "--once does not go with 'trace', only with: ring\n" },
	{ "doctor -e", "--events does not go with 'doctor', only with: trace, all, top\n" },
	{ "-p 1 ring 3", "--pid does not go with 'ring'" },
	{ "list --backend syscall", "--backend does not go with 'list'" },
	{ "pipe --counts -e", "--counts and --events exclude each other" },
	{ "pipe --counts -H", "--counts and --histograms exclude each other" },
	{ "pipe --min-us 5 --counts", "--counts and --min-us exclude each other" },
	{ "all -He", "--events and --histograms exclude each other" },
	{ "pipe --", "nothing after '--'" },
	{ "doctor -- ls", "'doctor' starts no command" },
	{ "compare pip", "unknown transport 'pip', did you mean 'pipe'?\ntransports: pipe pipe-vmsplice fifo " },
	{ "compare pipe,", "transports: empty element in 'pipe,'" },
	{ "compare --size 7", "--size: '7' is not a number of bytes from 8 to 67108864" },
	{ "compare --size 1,2", "--size: '1' is not a number" },
	{ "compare --size 8,16,24,32,40,48,56,64,72", "--size: more than 8 sizes" },
	{ "compare --limit 0", "--limit: '0' is not a number of seconds from 0.001 to 3600" },
	{ "pipe --size 64", "--size does not go with 'trace', only with: compare\n" },
	{ "ring 3 -- ls", "'ring' starts no command" },
	/* numbers */
	{ "pipe 0", "ipctrace: interval: '0' is not a number of seconds from 0.001 to 86400\n" },
	{ "pipe 0.0009", "interval: '0.0009' is not" },
	{ "pipe nan", "interval: 'nan' is not" },
	{ "pipe inf", "interval: 'inf' is not" },
	{ "pipe 86400.001", "interval: '86400.001' is not" },
	{ "pipe 1e3", "interval: '1e3' is not" },
	{ "pipe 0x1", "interval: '0x1' is not" },
	{ "pipe 1s", "interval: '1s' is not" },
	{ "pipe 1,5", "interval: '1,5' is not" },
	{ "pipe 1.5.2", "interval: '1.5.2' is not" },
	{ "pipe .", "interval: '.' is not" },
	{ "pipe +1", "interval: '+1' is not" },
	{ "pipe -i -1", "--interval: '-1' is not" },
	{ "pipe -i ''", "--interval: '' is not" },
	{ "pipe 1 1.5", "count: '1.5' is not a whole number from 0 to 4294967295" },
	{ "pipe 1 4294967296", "count: '4294967296' is not" },
	{ "pipe -d 31536001", "--duration: '31536001' is not" },
	{ "pipe -n 0", "--rows: '0' is not a whole number from 1 to 1000000" },
	{ "pipe --min-us -1", "--min-us: '-1' is not" },
	{ "pipe --max-edges 63", "--max-edges: '63' is not" },
	{ "pipe --ring-buffer 3", "--ring-buffer: '3' is not a power of two from 1 to 2048" },
	{ "pipe --ring-buffer 0", "--ring-buffer: '0' is not a power of two" },
	{ "pipe --ring-buffer 4096", "--ring-buffer: '4096' is not a power of two" },
	/* filters */
	{ "pipe -p 0", "ipctrace: --pid: '0' is not a PID (1 to 4194304)\n" },
	{ "pipe -p -7", "'-7' is not a PID" },
	{ "pipe -p +7", "'+7' is not a PID" },
	{ "pipe -p 4194305", "'4194305' is not a PID" },
	{ "pipe -p 18446744073709551617", "'18446744073709551617' is not a PID" },
	{ "pipe -p 12x", "'12x' is not a PID" },
	{ "pipe -p 1,,2", "--pid: empty element in '1,,2'" },
	{ "pipe -p 1,", "--pid: empty element in '1,'" },
	{ "pipe -p ''", "--pid: empty element" },
	{ "pipe -p --follow", "'--follow' is not a PID" },
	{ "pipe -p 0000000000000000000000000000000000000000000000000000000000000000001", "is too long" },
	{ "pipe -t 1,x", "--tid: 'x' is not a TID" },
	{ "pipe --comm ''", "--comm: the name is empty" },
	{ "pipe --comm sixteen-letters-", "15 bytes the kernel keeps of a name, try 'sixteen-letters'\n" },
	{ "pipe --comm a --comm b", "both 'a' and 'b', but only one name can be matched" },
	{ "pipe -u no-such-user", "--user: no user 'no-such-user', give a name of this system or a number" },
	{ "pipe -u 4294967295", "no user '4294967295'" },
	{ "pipe -u ''", "no user ''" },
	{ "pipe -u 1 -u 2", "users 1 and 2, but only one can be matched" },
	{ "pipe -c ''", "--cgroup: the path is empty" },
	{ "pipe --container a --unit ''", "--unit: the name is empty" },
	{ "pipe --src container=a --src container=b", "both 'a' and 'b', but only one can be matched" },
	{ "pipe -c a -c b", "only one cgroup can be matched" },
	{ "pipe --src ''", "--src: empty element" },
	{ "pipe --src -5", "--src: '-5' is not a PID" },
	{ "pipe --src pid=x", "--src: 'x' is not a PID" },
	{ "pipe --src pid=", "--src: empty element" },
	{ "pipe --dst foo=1", "--dst: unknown 'foo=' in 'foo=1', use pid=, tid=, comm=, user=, cgroup=, container= or unit=" },
	{ "pipe --dst =1", "--dst: unknown '=' in '=1'" },
	{ "pipe --dst user=no-such-user", "--dst: no user 'no-such-user'" },
	{ "pipe --dst src=1", "--dst: unknown 'src='" },
	{ "pipe -O ''", "--object: the value is empty" },
	/* words and columns */
	{ "pipe --backend kprobe", "--backend: 'kprobe' is none of auto|function|syscall" },
	{ "pipe --color ''", "--color: '' is none of" },
	{ "--completion tcsh", "--completion: 'tcsh' is none of bash|zsh|fish" },
	{ "pipe -S send-byte", "--sort: unknown column 'send-byte', did you mean 'send-bytes'?" },
	{ "pipe -o +merge_writes", "--columns: unknown column 'merge_writes', did you mean 'merged_writes'?" },
	{ "pipe -S -", "--sort: unknown column '', 'ipctrace list' shows them" },
	{ "pipe -S object,send-bytes", "--sort: unknown column" },
	{ "pipe -o object,,send-bytes", "--columns: empty element" },
	{ "pipe -o +", "--columns: unknown column ''" },
	{ "pipe -o object,nothing", "--columns: unknown column 'nothing'" },
	{ "pipe -o -object", "--columns: unknown column '-object'" },
};

static void test_refusals(void)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		int status = run(refusals[i].line);

		if (!ok(status == CLI_EXIT_USAGE && strstr(last.err, refusals[i].says) &&
				strncmp(last.err, "ipctrace: ", 10) == 0 && !*last.out &&
				ends_with(last.err, "\ntry 'ipctrace --help'\n"),
			"refused: ipctrace %s", refusals[i].line))
			printf("# status %d: %s\n# wanted: %s\n", status, last.err, refusals[i].says);
		cli_free(&last.o);
	}
}

static void test_nothing(void)
{
	is_int(run(""), CLI_EXIT_USAGE, "no arguments are a wrong usage");
	ok(strncmp(last.err, "Usage:\n", 7) == 0 && strstr(last.err, "pipe") && !*last.out,
	   "and the usage goes to standard error");
}

static void test_defaults(void)
{
	is_int(run("pipe"), -1, "a mechanism alone");
	is_int(last.o.command, CLI_TRACE, "is traced");
	is_int(last.o.mechanism_mask, 1 << 1, "and only it");
	ok(last.o.interval_s == 1 && last.o.count == 0 && last.o.duration_s == 0, "each second, without end");
	ok(filter_is_empty(&last.o.either) && filter_is_empty(&last.o.src) && filter_is_empty(&last.o.dst) &&
		   !last.o.object,
	   "without a filter");
	ok(last.o.backend == BACKEND_NONE && last.o.max_edges == 65536 && last.o.ring_buffer_mb == 8,
	   "with the usual backend and sizes");
	ok(!last.o.command_argv && !last.o.columns && !last.o.sort.column && !last.o.rows && !last.o.output,
	   "and the usual output");
	cli_free(&last.o);
	is_int(last.o.mechanism_mask, 0, "cli_free() forgets");
}

static void test_commands(void)
{
	is_int(run("pipe,fifo,pipe"), -1, "a mechanism may be named twice");
	is_int(last.o.mechanism_mask, 1u << 1 | 1u << 31, "both bits");
	is_int(run("trace fifo 2 3"), -1, "trace may be said");
	ok(last.o.mechanism_mask == 1u << 31 && last.o.interval_s == 2 && last.o.count == 3, "as if it was not");
	is_int(run("all 0.5"), -1, "all");
	ok(last.o.command == CLI_TRACE && last.o.mechanism_mask == (1u << 1 | 1u << 31) && last.o.interval_s == 0.5,
	   "is a trace of every mechanism");
	is_int(run("pipe,all"), -1, "all in a list");
	is_int(last.o.mechanism_mask, 1u << 1 | 1u << 31, "is every mechanism, too");
	ok(run("doctor -jv") == -1 && last.o.command == CLI_DOCTOR && last.o.json && last.o.verbose == 1, "doctor");
	ok(run("list") == -1 && last.o.command == CLI_LIST && last.o.mechanism_mask == 0, "list");
	is_int(run("ring pipe:[81234] -1 0.1 7"), -1, "ring");
	is_str(last.o.target, "pipe:[81234]", "its target");
	ok(last.o.command == CLI_RING && last.o.one_shot && last.o.interval_s == 0.1 && last.o.count == 7,
	   "its options and intervals");
	ok(run("ring fifo") == -1 && strcmp(last.o.target, "fifo") == 0, "a target may look like a mechanism");
}

static void test_filters(void)
{
	const struct cli_filter *either = &last.o.either, *src = &last.o.src, *dst = &last.o.dst;

	is_int(run("pipe -p 7,3 -p 4194304,7 -t 9 --comm a=b -u 4242424 -c /sys/fs/cgroup/x -O pipe:[5] --follow"), -1,
	       "every filter");
	ok(either->pid_cnt == 3 && either->pids[0] == 7 && either->pids[1] == 3 && either->pids[2] == 4194304,
	   "PIDs add up, without doubles");
	ok(either->tid_cnt == 1 && either->tids[0] == 9, "a TID");
	is_str(either->comm, "a=b", "a name");
	ok(either->uid_set && either->uid == 4242424, "a user by number");
	is_str(either->cgroup, "/sys/fs/cgroup/x", "a cgroup");
	is_str(last.o.object, "pipe:[5]", "an object");
	ok(last.o.follow && filter_is_empty(src) && filter_is_empty(dst), "descendants; no side");

	is_int(run("pipe --src 1,2 --src comm=fifteen-letters --dst tid=5,6 --dst cgroup=a/b --dst user=0"), -1,
	       "filters of one side");
	ok(filter_is_empty(either) && src->pid_cnt == 2 && src->pids[1] == 2, "PIDs that send");
	is_str(src->comm, "fifteen-letters", "a name that sends");
	ok(dst->tid_cnt == 2 && dst->tids[1] == 6 && dst->uid_set && dst->uid == 0, "TIDs and a user that receive");
	is_str(dst->cgroup, "a/b", "a cgroup that receives");
	is_int(run("pipe --src -bash --dst 12ab"), -1, "what is no number is a name");
	ok(strcmp(src->comm, "-bash") == 0 && strcmp(dst->comm, "12ab") == 0, "as it stands");
	ok(run("pipe --src comm=x=y --src pid=9 --src x=y") == CLI_EXIT_USAGE, "a name with '=' needs its key");
	ok(run("pipe --comm a --comm a -c x -c x -u 1 -u 1") == -1, "the same twice is no contradiction");
}

static void test_user_name(void)
{
	const struct passwd *me = getpwuid(getuid());
	char line[256];

	if (!me || strchr(me->pw_name, ' ')) {
		skip("the user who runs this has no name");
		return;
	}
	snprintf(line, sizeof(line), "pipe -u %s --src user=%s", me->pw_name, me->pw_name);
	ok(run(line) == -1 && last.o.either.uid == getuid() && last.o.src.uid == getuid(), "a user by name");
}

static void test_pid_limit(void)
{
	char line[1024] = "pipe -p 1";

	for (int pid = 2; pid <= IPC_FILTER_PIDS; pid++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), ",%d", pid);
	ok(run(line) == -1 && last.o.either.pid_cnt == IPC_FILTER_PIDS, "%d PIDs", IPC_FILTER_PIDS);
	strcat(line, ",64,1");
	ok(run(line) == -1, "doubles are not counted");
	strcat(line, ",65");
	ok(run(line) == CLI_EXIT_USAGE && strstr(last.err, "more than 64 PIDs, filter by"), "one more is refused");
}

static void test_views(void)
{
	ok(run("pipe -exj --min-us 3600000000 -n 23 --output /tmp/x --ascii --include-self") == -1 && last.o.events &&
		   last.o.failed_only && last.o.json && last.o.min_us == 3600000000 && last.o.rows == 23 &&
		   last.o.ascii && last.o.include_self && strcmp(last.o.output, "/tmp/x") == 0,
	   "flags, clusters and numbers");
	ok(run("pipe -H") == -1 && last.o.histograms && run("pipe --counts") == -1 && last.o.counts, "profiles");
	ok(run("pipe -S object") == -1 && last.o.sort.direction == 0, "the column's own order");
	ok(run("pipe -S -Send-Bytes") == -1 && last.o.sort.direction == -1, "falling");
	is_str(last.o.sort.column, "Send-Bytes", "the sign is no part of the name");
	ok(run("pipe --sort=+object") == -1 && last.o.sort.direction == 1, "rising");
	ok(run("pipe -o object,+SEND-BYTES") == -1 && strcmp(last.o.columns, "object,+SEND-BYTES") == 0, "columns");
	ok(run("pipe -o +merged_writes -S Merged_Writes") == -1 && strcmp(last.o.columns, "+merged_writes") == 0,
	   "a mechanism's internals are columns");
	ok(run("pipe --backend syscall") == -1 && last.o.backend == BACKEND_SYSCALL, "a backend");
	ok(run("pipe --backend=function --backend auto") == -1 && last.o.backend == BACKEND_NONE, "the last one wins");
	ok(run("pipe --max-edges 64 --ring-buffer 2048") == -1 && last.o.max_edges == 64 &&
		   last.o.ring_buffer_mb == 2048,
	   "sizes");
	ok(run("pipe -vv -v") == -1 && last.o.verbose == 3, "louder and louder");
}

static void test_times(void)
{
	ok(run("pipe -i .25 -d 0.001") == -1 && last.o.interval_s == 0.25 && last.o.duration_s == 0.001, "fractions");
	ok(run("pipe 86400 4294967295") == -1 && last.o.interval_s == 86400 && last.o.count == UINT32_MAX,
	   "the greatest");
	ok(run("pipe 0.001 0") == -1 && last.o.interval_s == 0.001 && last.o.count == 0, "the least");
	ok(run("-i 5 pipe 2") == -1 && last.o.interval_s == 2, "of two intervals the last");
	ok(run("pipe 000000000000000000000000000000001.10") == -1 && last.o.interval_s == 1.1, "many digits");
}

static void test_color(void)
{
	setenv("NO_COLOR", "1", 1);
	ok(run("pipe") == -1 && last.o.color == CLI_COLOR_NEVER, "NO_COLOR is heeded");
	ok(run("pipe --color always") == -1 && last.o.color == CLI_COLOR_ALWAYS, "unless colours are asked for");
	setenv("NO_COLOR", "", 1);
	ok(run("pipe") == -1 && last.o.color == CLI_COLOR_AUTO, "an empty one means nothing");
	unsetenv("NO_COLOR");
	ok(run("pipe --color=never") == -1 && last.o.color == CLI_COLOR_NEVER, "no colours");
}

static void test_command_argv(void)
{
	is_int(run("pipe -j -- ls --json -Z -- x"), -1, "a command");
	ok(last.o.command_argv == last.argv + 4, "begins after the first '--'");
	is_str(last.o.command_argv[1], "--json", "its options are its own");
	is_str(last.o.command_argv[3], "--", "and so is its '--'");
	ok(last.o.json && !last.o.command_argv[5], "ours stand before; it ends in NULL");

	setenv("POSIXLY_CORRECT", "1", 1);
	ok(run("pipe 2 -j 3 -x -- ls") == -1 && last.o.json && last.o.failed_only && last.o.count == 3,
	   "options may follow other words, whatever POSIXLY_CORRECT says");
	unsetenv("POSIXLY_CORRECT");
	ok(strcmp(last.argv[2], "2") == 0 && strcmp(last.argv[3], "-j") == 0 && strcmp(last.argv[4], "3") == 0,
	   "argv is not reordered");
}

int main(void)
{
	unsetenv("NO_COLOR");
	unsetenv("POSIXLY_CORRECT");
	test_nothing();
	test_defaults();
	test_commands();
	test_refusals();
	test_filters();
	test_user_name();
	test_pid_limit();
	test_views();
	test_times();
	test_color();
	test_command_argv();
	return done_testing();
}
