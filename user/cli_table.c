/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The command line, as data. A new option or command is a row here; parsing,
 * --help, the manual page and the completions follow.
 */

#include "cli_table.h"
#include "export/server.h"
#include "view/view.h"

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))
#define INTO(field) .offset = offsetof(struct cli_options, field)
#define INTERVAL_LIMITS .min = 0.001, .max = 86400

const struct cli_group_info cli_group_table[GROUP_CNT] = {
	[GROUP_FILTER] = { "Filters", "on either end of an object; criteria of different kinds must all hold" },
	[GROUP_TIME] = { "Time", NULL },
	[GROUP_SHOW] = { "What is shown", NULL },
	[GROUP_PRINT] = { "How it is printed", NULL },
	[GROUP_RECORD] = { "Recording", NULL },
	[GROUP_READ] = { "Reading a recording", NULL },
	[GROUP_PROBE] = { "How it is measured", NULL },
	[GROUP_BY] = { "Grouping", NULL },
	[GROUP_GRAPH] = { "The graph", NULL },
	[GROUP_EXPORT] = { "The export", NULL },
	[GROUP_CONVERT] = { "The conversion", NULL },
	[GROUP_RING] = { "The live ring", NULL },
	[GROUP_COMPARE] = { "The comparison", NULL },
	[GROUP_LAB] = { "The laboratory", NULL },
	[GROUP_GENERAL] = { "General", NULL },
};

/* words of an enum stand in its order: enum backend, enum cli_color */
static const char *const backends[] = { "auto", "function", "syscall", NULL };
static const char *const colors[] = { "auto", "always", "never", NULL };
/* enum actor_kind, enum graph_weight, enum graph_format */
static const char *const actors[] = { "process", "command", "cgroup", "container", "unit", NULL };
static const char *const weights[] = { "bytes", "waits", "wakes", "ops", NULL };
static const char *const conversions[] = { "chrome", "folded", "folded-waits", NULL };
static const char *const formats[] = { "dot", "svg", "json", NULL };
static const char *const shells[] = { "bash", "zsh", "fish", NULL };

const struct cli_option cli_option_table[] = {
	{ .name = "pid", .letter = 'p', .metavar = "PID[,...]", .group = GROUP_FILTER,
	  .help = "only these processes",
	  .more = "At most 64. May be repeated, which adds to the list.",
	  .parse = cli_set_pids, INTO(either), .completion = COMPLETE_PIDS },
	{ .name = "tid", .letter = 't', .metavar = "TID[,...]", .group = GROUP_FILTER,
	  .help = "only these threads",
	  .more = "At most 64. May be repeated, which adds to the list.",
	  .parse = cli_set_tids, INTO(either) },
	{ .name = "comm", .metavar = "NAME", .group = GROUP_FILTER,
	  .help = "only processes of this name",
	  .more = "The kernel keeps 15 bytes of a name.",
	  .parse = cli_set_comm, INTO(either) },
	{ .name = "user", .letter = 'u', .metavar = "USER", .group = GROUP_FILTER,
	  .help = "only processes of this user, a name or a number",
	  .parse = cli_set_user, INTO(either), .completion = COMPLETE_USER },
	{ .name = "cgroup", .letter = 'c', .metavar = "CGROUP", .group = GROUP_FILTER,
	  .help = "only processes in this cgroup or below it",
	  .more = "A path, absolute or from where the version 2 hierarchy is mounted.",
	  .parse = cli_set_cgroup, INTO(either), .completion = COMPLETE_DIRECTORY },
	{ .name = "container", .metavar = "ID", .group = GROUP_FILTER,
	  .help = "only processes in this container: how its id begins, or its name",
	  .more = "As the paths of cgroups say: Docker, Podman, containerd, CRI-O, LXC, systemd-nspawn.",
	  .parse = cli_set_container, INTO(either) },
	{ .name = "unit", .metavar = "UNIT", .group = GROUP_FILTER,
	  .help = "only processes of this systemd unit, as ps -o unit tells it",
	  .parse = cli_set_unit, INTO(either) },
	{ .name = "src", .metavar = "SPEC", .group = GROUP_FILTER,
	  .help = "the sending side only: PID[,...], NAME, or one of pid= tid= comm= user= cgroup= container= unit= and a value",
	  .more = "The values are those of the options of the same names. May be repeated to add criteria.",
	  .parse = cli_set_side, INTO(src) },
	{ .name = "dst", .metavar = "SPEC", .group = GROUP_FILTER,
	  .help = "the receiving side only, in the same way",
	  .parse = cli_set_side, INTO(dst) },
	{ .name = "follow", .group = GROUP_FILTER,
	  .help = "descendants of the processes that match, too",
	  .parse = cli_set_flag, INTO(follow) },
	{ .name = "object", .letter = 'O', .metavar = "OBJECT", .group = GROUP_FILTER,
	  .help = "only this object: pipe:[123], a path, a queue name, a System V id",
	  .parse = cli_set_string, INTO(object), .completion = COMPLETE_FILE },
	{ .name = "include-self", .group = GROUP_FILTER,
	  .help = "count what ipctrace itself does, too",
	  .parse = cli_set_flag, INTO(include_self) },

	{ .name = "interval", .letter = 'i', .metavar = "SECONDS", .group = GROUP_TIME, .initial = "1",
	  .help = "time between two reports",
	  .parse = cli_set_seconds, INTO(interval_s), INTERVAL_LIMITS },
	{ .name = "duration", .letter = 'd', .metavar = "SECONDS", .group = GROUP_TIME,
	  .help = "stop after this long; 0, as without it: no limit",
	  .more = "Ctrl-C, the last of count intervals and the end of COMMAND stop it, too. A summary always follows.",
	  .parse = cli_set_seconds, INTO(duration_s), .min = 0, .max = 31536000 },

	{ .name = "events", .letter = 'e', .group = GROUP_SHOW,
	  .help = "every operation, a line each",
	  .parse = cli_set_flag, INTO(events) },
	{ .name = "histograms", .letter = 'H', .group = GROUP_SHOW,
	  .help = "distributions of size, latency, wait and residency",
	  .parse = cli_set_flag, INTO(histograms) },
	{ .name = "counts", .group = GROUP_SHOW,
	  .help = "operations, bytes and errors only: the cheapest",
	  .parse = cli_set_flag, INTO(counts) },
	{ .name = "brief", .group = GROUP_SHOW,
	  .help = "with -j and -w: collect what the default view does, no more",
	  .more = "Otherwise JSON and recordings have all there is to know, at three to four times the cost of the default view: what "
		  "it does not ask for, such as latencies, residency, the most bytes and parts of objects, is null then.",
	  .parse = cli_set_flag, INTO(brief) },
	{ .name = "failed", .letter = 'x', .group = GROUP_SHOW,
	  .help = "failed operations only",
	  .parse = cli_set_flag, INTO(failed_only) },
	{ .name = "min-us", .metavar = "N", .group = GROUP_SHOW,
	  .help = "only operations that took at least N microseconds",
	  .parse = cli_set_number, INTO(min_us), .min = 0, .max = 3600000000 },
	{ .name = "rows", .letter = 'n', .metavar = "ROWS", .group = GROUP_SHOW,
	  .help = "at most this many objects in a report",
	  .parse = cli_set_number, INTO(rows), .min = 1, .max = 1000000 },
	{ .name = "sort", .letter = 'S', .metavar = "COLUMN", .group = GROUP_SHOW,
	  .help = "order by this column; +COLUMN rising, -COLUMN falling",
	  .parse = cli_set_sort, INTO(sort), .completion = COMPLETE_COLUMN },
	{ .name = "columns", .letter = 'o', .metavar = "COLUMN[,...]", .group = GROUP_SHOW,
	  .help = "show these columns; +COLUMN adds to the usual ones",
	  .parse = cli_set_columns, INTO(columns), .completion = COMPLETE_COLUMNS },

	{ .name = "self", .group = GROUP_PRINT,
	  .help = "what ipctrace itself costs, with every report",
	  .more = "Runs of its programs in the kernel and the time in them, CPU time and memory of its process, memory of its "
		  "maps. Meanwhile the kernel measures every BPF program of the machine, which reads the clock twice a run; "
		  "without CAP_SYS_ADMIN, and before 5.8, runs and their time are unknown.",
	  .parse = cli_set_flag, INTO(self) },
	{ .name = "json", .letter = 'j', .group = GROUP_PRINT,
	  .help = "JSON, an object a line",
	  .parse = cli_set_flag, INTO(json) },
	{ .name = "output", .metavar = "FILE", .group = GROUP_PRINT,
	  .help = "write reports to this file, or UNIX stream socket, not to standard output",
	  .more = "What COMMAND writes stays apart from them.",
	  .parse = cli_set_string, INTO(output), .completion = COMPLETE_FILE },
	{ .name = "color", .words = colors, .group = GROUP_PRINT, .initial = "auto",
	  .help = "colours; auto: on a terminal",
	  .more = "With auto, a NO_COLOR in the environment that is not empty means never.",
	  .parse = cli_set_word, INTO(color), .completion = COMPLETE_WORDS },
	{ .name = "ascii", .group = GROUP_PRINT,
	  .help = "draw with ASCII characters only",
	  .parse = cli_set_flag, INTO(ascii) },

	{ .name = "write", .letter = 'w', .metavar = "FILE", .group = GROUP_RECORD,
	  .help = "record into this file instead of reporting",
	  .more = "What changes in an interval, compressed; with --events every operation too. Read it with --read.",
	  .parse = cli_set_string, INTO(write), .completion = COMPLETE_FILE },
	{ .name = "write-max", .metavar = "MB", .group = GROUP_RECORD,
	  .help = "go on in a new recording when it is longer than this; 0, as without it: no limit",
	  .more = "In MiB. The one before is kept as FILE.1. Each can be read by itself: it begins with all figures "
		  "since the start.",
	  .parse = cli_set_number, INTO(write_max_mb), .min = 0, .max = 1048576 },
	{ .name = "stacks", .group = GROUP_RECORD,
	  .help = "record where waits began and who ended them from where, as stacks, too",
	  .more = "Of the kernel and of programs that keep frame pointers, 64 frames at most; for ipctrace convert --to folded. Names are "
		  "looked for at every report: of a process that ends before the first one after its wait, addresses remain. "
		  "Takes two stacks and two or three map updates a wait more.",
	  .parse = cli_set_flag, INTO(stacks) },
	{ .name = "read", .letter = 'r', .metavar = "FILE", .group = GROUP_READ,
	  .help = "report from this recording: no privileges, any machine",
	  .more = "Mechanisms may be left out: all that it has. Filters by process, user, name and object apply again; "
		  "intervals are those of the recording. What is whole of a file that was cut off is shown, and the "
		  "exit status is then 1.",
	  .parse = cli_set_string, INTO(read), .completion = COMPLETE_FILE },

	{ .name = "backend", .words = backends, .group = GROUP_PROBE, .initial = "auto",
	  .help = "what to hook; auto: what attaches best",
	  .more = "function: the kernel's own functions, which shows everything. syscall: system calls, which works "
		  "where the kernel refuses function hooks and shows less.",
	  .parse = cli_set_word, INTO(backend), .completion = COMPLETE_WORDS },
	{ .name = "max-edges", .metavar = "N", .group = GROUP_PROBE, .initial = "65536",
	  .help = "room for N process-object pairs",
	  .more = "A pipe takes three: who made it, who writes, who reads. There is room for half as many objects, a quarter as many "
		  "processes, wakeups, errors and histograms (-H, -j), a sixteenth as many names and residencies. What "
		  "finds no room is counted as loss.",
	  .parse = cli_set_number, INTO(max_edges), .min = 64, .max = 16777216 },
	{ .name = "ring-buffer", .metavar = "MB", .group = GROUP_PROBE, .initial = "8",
	  .help = "room for events, a power of two",
	  .more = "In MiB. Events that come faster than they are read are counted as loss when it is full.",
	  .parse = cli_set_power_of_two, INTO(ring_buffer_mb), .min = 1, .max = 2048 },

	{ .name = "by", .words = actors, .group = GROUP_BY, .initial = "process",
	  .help = "take processes together that have the same command, cgroup, container or systemd unit",
	  .parse = cli_set_word, INTO(by), .completion = COMPLETE_WORDS },

	{ .name = "format", .words = formats, .group = GROUP_GRAPH, .initial = "dot",
	  .help = "language of the graph; svg is drawn by the program dot of Graphviz",
	  .more = "--json is --format json: one line of JSON.",
	  .parse = cli_set_word, INTO(graph_format), .completion = COMPLETE_WORDS },
	{ .name = "weight", .words = weights, .group = GROUP_GRAPH, .initial = "bytes",
	  .help = "what makes an edge wide, and what is kept: bytes, time waited, wakeups given, operations",
	  .more = "With wakes there are arcs from who woke to who was woken, too.",
	  .parse = cli_set_word, INTO(graph_weight), .completion = COMPLETE_WORDS },
	{ .name = "nodes", .metavar = "N", .group = GROUP_GRAPH, .initial = "24",
	  .help = "at most N processes (or groups) and N objects; the others are taken together; 0: all of them",
	  .more = "Kept are those with the largest shares of the weight and of bytes, waits, wakeups and operations. "
		  "Objects that the same processes use in the same way are taken together first. No figure is left out.",
	  .parse = cli_set_number, INTO(graph_nodes), .min = 0, .max = 100000 },
	{ .name = "idle", .group = GROUP_GRAPH,
	  .help = "objects that nobody used meanwhile, too",
	  .parse = cli_set_flag, INTO(graph_idle) },

	{ .name = "to", .words = conversions, .group = GROUP_CONVERT, .initial = "chrome",
	  .help = "chrome: a trace for the Perfetto UI; folded: waits as stacks, for flame graphs; folded-waits: their number",
	  .parse = cli_set_conversion, INTO(convert_to), .completion = COMPLETE_WORDS },

	{ .name = "listen", .metavar = "ADDR:PORT", .group = GROUP_EXPORT, .initial = SERVER_LISTEN,
	  .help = "serve HTTP here: /metrics and /json",
	  .more = "ADDR is a number, that of IPv6 in brackets; without one every address of the machine, which anybody "
		  "may then read. Port 0 is one that is free; where it listens is said on standard error. A port below "
		  "1024 needs CAP_NET_BIND_SERVICE, at the start only.",
	  .parse = cli_set_string, INTO(listen) },
	{ .name = "host", .metavar = "NAME[,...]", .group = GROUP_EXPORT,
	  .help = "on a loopback address, answer who asks for these names, too",
	  .more = "Else only addresses and localhost are answered there, lest a web page on this machine reads it by a name "
		  "that it has resolve to 127.0.0.1. It is for a proxy that passes a name on.",
	  .parse = cli_set_string, INTO(hosts) },
	{ .name = "top", .metavar = "N", .group = GROUP_EXPORT, .initial = "20",
	  .help = "tell of the N busiest objects one by one, and of all the others together; 0: together only",
	  .parse = cli_set_number, INTO(top), .min = 0, .max = 1000 },

	{ .name = "deadlocks", .group = GROUP_EXPORT,
	  .help = "look for deadlocks before every report, as ipctrace chain does",
	  .more = "Among what is traced. It reads all tasks in /proc twice and all descriptors once, each time.",
	  .parse = cli_set_flag, INTO(deadlocks) },

	{ .name = "once", .letter = '1', .group = GROUP_RING,
	  .help = "show the ring once and end",
	  .parse = cli_set_flag, INTO(one_shot) },

	{ .name = "size", .metavar = "BYTES[,...]", .group = GROUP_COMPARE, .initial = "4096",
	  .help = "bytes of a message; of several, each",
	  .more = "From 8 to 67108864, at most 8 of them.",
	  .parse = cli_set_sizes, INTO(sizes) },
	{ .name = "count", .metavar = "N", .group = GROUP_COMPARE,
	  .help = "at most N messages a run; 0, as without it: no limit",
	  .parse = cli_set_number, INTO(messages), .min = 0, .max = UINT32_MAX },
	{ .name = "limit", .metavar = "SECONDS", .group = GROUP_COMPARE, .initial = "0.1",
	  .help = "begin no message after this time of a run",
	  .more = "A run has two messages at least, however long they take.",
	  .parse = cli_set_seconds, INTO(limit_s), .min = 0.001, .max = 3600 },

	{ .name = "list", .group = GROUP_LAB,
	  .help = "list the experiments: id, claim, what each needs",
	  .parse = cli_set_flag, INTO(list_only) },
	{ .name = "step", .group = GROUP_LAB,
	  .help = "wait for the Enter key between two steps",
	  .parse = cli_set_flag, INTO(step) },
	{ .name = "break", .metavar = "FIGURE", .group = GROUP_LAB,
	  .help = "spoil this figure of the evidence, to see that the verdict follows it",
	  .more = "The figure's name, as the evidence lists it: it becomes 0, or 1 where it was 0, or a word of no meaning."
		  " The same is done for each in the JSON, which has the verdict that follows as spoilt.",
	  .parse = cli_set_string, INTO(break_figure) },

	{ .name = "verbose", .letter = 'v', .group = GROUP_GENERAL,
	  .help = "say more; twice: libbpf's log, too",
	  .parse = cli_set_louder, INTO(verbose) },
	{ .name = "help", .letter = 'h', .group = GROUP_GENERAL,
	  .help = "show this help and end; after a command that of the command",
	  .parse = cli_show_help },
	{ .name = "version", .letter = 'V', .group = GROUP_GENERAL,
	  .help = "show the version and end",
	  .parse = cli_show_version },
	{ .name = "man", .group = GROUP_GENERAL,
	  .help = "print the manual page as roff and end",
	  .more = "To read it: ipctrace --man | man -l -",
	  .parse = cli_show_man },
	{ .name = "completion", .words = shells, .group = GROUP_GENERAL,
	  .help = "print the completion script of a shell and end",
	  .parse = cli_show_completion, .completion = COMPLETE_WORDS },
};
const size_t cli_option_cnt = COUNT_OF(cli_option_table);
_Static_assert(COUNT_OF(cli_option_table) <= CLI_OPTIONS_MAX, "a bit and an array slot for each");

const struct cli_option cli_word_table[WORD_CNT] = {
	[WORD_MECHANISMS] = { .name = "mechanisms", .positional = true, .metavar = "MECHANISM[,...]",
			      .parse = cli_set_mechanisms, INTO(mechanism_mask) },
	[WORD_TARGET] = { .name = "target", .positional = true, .metavar = "TARGET",
			  .help = "PID:FD, pipe:[INODE] or a path",
			  .parse = cli_set_string, INTO(target) },
	[WORD_TRANSPORTS] = { .name = "transports", .positional = true, .metavar = "TRANSPORT[,...]",
			      .parse = cli_set_transports, INTO(transports) },
	[WORD_PID] = { .name = "pid", .positional = true, .metavar = "PID", .help = "a process",
		       .parse = cli_set_number, INTO(pid), .min = 1, .max = 4194304, .completion = COMPLETE_PIDS },
	[WORD_TOPIC] = { .name = "topic", .positional = true, .metavar = "TOPIC",
			 .parse = cli_set_topic, INTO(target) },
	[WORD_EXPERIMENT] = { .name = "experiment", .positional = true, .metavar = "EXPERIMENT...",
			      .parse = cli_add_experiment },
	[WORD_INTERVAL] = { .name = "interval", .positional = true, .metavar = "interval",
			    .parse = cli_set_seconds, INTO(interval_s), INTERVAL_LIMITS },
	[WORD_COUNT] = { .name = "count", .positional = true, .metavar = "count",
			 .parse = cli_set_number, INTO(count), .min = 0, .max = UINT32_MAX },
};

#define TRACE_GROUPS                                                                                           \
	(1 << GROUP_FILTER | 1 << GROUP_TIME | 1 << GROUP_SHOW | 1 << GROUP_PRINT | 1 << GROUP_RECORD |        \
	 1 << GROUP_READ | 1 << GROUP_PROBE)

const struct cli_command cli_command_table[] = {
	{ .id = CLI_TRACE, .name = "trace", .implied = true, .takes_command = true,
	  .words = { WORD_MECHANISMS, WORD_INTERVAL, WORD_COUNT }, .word_cnt = 3, .required = 1,
	  .groups = TRACE_GROUPS,
	  .help = "trace these mechanisms",
	  .more = "A report every interval (as --interval), count times or without end; then a summary. With "
		  "COMMAND, that command and its descendants are traced until it ends." },
	{ .id = CLI_TRACE, .name = "all", .all = true, .takes_command = true,
	  .words = { WORD_INTERVAL, WORD_COUNT }, .word_cnt = 2,
	  .groups = TRACE_GROUPS,
	  .help = "trace every mechanism" },
	{ .id = CLI_TOP, .name = "top", .all_unless = true, .report = REPORT_TOP,
	  .words = { WORD_MECHANISMS, WORD_INTERVAL, WORD_COUNT }, .word_cnt = 3,
	  .groups = 1 << GROUP_FILTER | 1 << GROUP_TIME | 1 << GROUP_SHOW | 1 << GROUP_PRINT | 1 << GROUP_PROBE | 1 << GROUP_BY,
	  .help = "a full-screen view of all of it: objects, processes, who sends to whom; h is help",
	  .more = "Lists are sorted with < and >, filtered after /, digits alone by PID; Enter shows what is marked in detail: endpoints, waits by "
		  "cause, who woke whom, the ring as it stands, with --histograms distributions. Space is a pause. Without "
		  "MECHANISM all of them." },
	{ .id = CLI_GRAPH, .name = "graph", .takes_command = true, .all_unless = true, .report = REPORT_GRAPH,
	  .words = { WORD_MECHANISMS }, .word_cnt = 1,
	  .groups = 1 << GROUP_FILTER | 1 << GROUP_TIME | 1 << GROUP_PRINT | 1 << GROUP_READ | 1 << GROUP_PROBE |
		    1 << GROUP_BY | 1 << GROUP_GRAPH,
	  .help = "a picture of who talks to whom through what, over the time of the trace or a recording",
	  .more = "Processes are boxes, objects ellipses, and an edge is as wide as what went along it, orange or red where "
		  "one process, its threads together, waited for more than a tenth or half of the time. A dashed edge: who holds an end that nobody used; a dotted one: who opened it, closed it or set it up. Without "
		  "MECHANISM all of them; it is drawn when the trace ends." },
	{ .id = CLI_EXPORT, .name = "export", .takes_command = true, .all_unless = true, .report = REPORT_EXPORT,
	  .words = { WORD_MECHANISMS }, .word_cnt = 1,
	  .groups = 1 << GROUP_FILTER | 1 << GROUP_TIME | 1 << GROUP_PRINT | 1 << GROUP_PROBE | 1 << GROUP_BY |
		    1 << GROUP_EXPORT,
	  .help = "metrics for Prometheus, over HTTP",
	  .more = "OpenMetrics at /metrics, the last interval as JSON at /json; see METRICS. Without MECHANISM all of them, "
		  "with an interval of 5 seconds and groups by cgroup unless others are asked for. What is served is what "
		  "the last report had. JSON that is pushed: ipctrace all --json --output SOCKET." },
	{ .id = CLI_CONVERT, .name = "convert",
	  .words = { WORD_MECHANISMS }, .word_cnt = 1, .all_unless = true,
	  .groups = 1 << GROUP_FILTER | 1 << GROUP_PRINT | 1 << GROUP_READ | 1 << GROUP_CONVERT,
	  .help = "a recording with events as a timeline or as stacks of waits, for other programs",
	  .more = "It is made by --write with --events and read by --read. A timeline has one track a task, a slice for "
		  "every operation and for the last wait in it, and an arrow from the operation that woke to the one "
		  "that was woken; waits that were not over at the end are there, too. A line of stacks has the task's "
		  "command, the operation and mechanism, the cause, the object, who woke, and microseconds, with folded-waits how many waits (of events: operations that waited); of a recording made with "
		  "--stacks, events or none, the functions that waited, too, and behind two dashes those that woke, with _[k] "
		  "those of the kernel." },
	{ .id = CLI_DOCTOR, .name = "doctor",
	  .groups = 1 << GROUP_PRINT | 1 << GROUP_PROBE,
	  .help = "what this kernel allows, what is used, what to change" },
	{ .id = CLI_LIST, .name = "list",
	  .groups = 1 << GROUP_PRINT,
	  .help = "mechanisms, hooks and columns" },
	{ .id = CLI_RING, .name = "ring",
	  .words = { WORD_TARGET, WORD_INTERVAL, WORD_COUNT }, .word_cnt = 3, .required = 1,
	  .groups = 1 << GROUP_TIME | 1 << GROUP_PRINT | 1 << GROUP_PROBE | 1 << GROUP_RING,
	  .help = "the ring of a pipe or FIFO, slot by slot, live",
	  .more = "TARGET is PID:FD, pipe:[INODE] or a path." },
	{ .id = CLI_COMPARE, .name = "compare",
	  .words = { WORD_TRANSPORTS }, .word_cnt = 1,
	  .groups = 1 << GROUP_PRINT | 1 << GROUP_PROBE | 1 << GROUP_COMPARE,
	  .help = "one payload through every mechanism: speed, copies, waits, limits" },
	{ .id = CLI_LAB, .name = "lab", .repeats = true,
	  .words = { WORD_EXPERIMENT }, .word_cnt = 1,
	  .groups = 1 << GROUP_PRINT | 1 << GROUP_PROBE | 1 << GROUP_LAB,
	  .help = "experiments: claims about IPC, settled by the kernel",
	  .more = "EXPERIMENT is an id, a family or all; --list shows them." },
	{ .id = CLI_WHY, .name = "why",
	  .words = { WORD_PID }, .word_cnt = 1, .required = 1,
	  .groups = 1 << GROUP_PRINT,
	  .help = "what a process waits for, who could end that, and what that one waits for",
	  .more = "One look, nothing is hooked: it works for waits that began long before. A wait counts when its task "
		  "slept through the whole look, so that all of what is told was true at one moment. Known are waits on "
		  "what is held by descriptors and for the exit of a child; descriptors on their way through a socket "
		  "are not looked for, and a signal or a timeout may always end a wait." },
	{ .id = CLI_CHAIN, .name = "chain", .takes_command = true,
	  .groups = 1 << GROUP_PRINT | 1 << GROUP_READ | 1 << GROUP_PROBE,
	  .help = "every deadlock with each of its waits, and for whom most processes wait; of a COMMAND the critical path",
	  .more = "The same look at all processes. A deadlock is told when nobody who could end any of its waits is "
		  "outside of it.\n\n"
		  "With COMMAND, or --read of a recording of one that was made with --events, its critical path over time: from "
		  "its end back, always by the task that woke or made the one that went on. A part of it is a task that "
		  "runs, or is kept from its CPU, until it wakes or makes the next one, or a sleep that nobody of the command "
		  "ended: a timer, a disk, or who is said to have woken it. What was waited in is told by operation and object, else by system "
		  "call. The parts add up to the whole; AT is when the first of those that are alike began, in seconds. More than 20 "
		  "are told by command, the longest first; --json has each. A program that has nothing to do with the path "
		  "can be made faster to no avail." },
	{ .id = CLI_HELP, .name = "help",
	  .words = { WORD_TOPIC }, .word_cnt = 1,
	  .help = "this help, or that of one command or mechanism" },
};
const size_t cli_command_cnt = COUNT_OF(cli_command_table);

const struct cli_term cli_example_table[] = {
	{ "ipctrace pipe", "every pipe that moves data, each second" },
	{ "ipctrace top", "all of it, on the whole screen" },
	{ "ipctrace pipe,fifo 5 12", "a minute of pipes and FIFOs, in reports of 5 seconds" },
	{ "ipctrace pipe -p 4711 --follow", "one process and its descendants" },
	{ "ipctrace pipe --src comm=tar --dst comm=gzip", "what one program sends to another" },
	{ "ipctrace all -- make -j8", "all IPC of a command; its exit status is ours" },
	{ "ipctrace pipe -e -x", "every failed operation, a line each" },
	{ "ipctrace lab pipe-ring", "one claim about pipes, tried step by step" },
	{ "ipctrace all -j -d 10 --output ipc.json", "ten seconds, for a program to read" },
	{ "ipctrace graph -d 10 --format svg --output ipc.svg", "who talked to whom in ten seconds, as a picture" },
	{ "ipctrace export --listen 127.0.0.1:9856", "metrics of all mechanisms for a Prometheus server" },
	{ "ipctrace why 4711", "what process 4711 waits for, and for whom in the end" },
	{ "ipctrace all -w ipc.rec -d 60", "a minute, to be looked at later" },
	{ "ipctrace convert -r ipc.rec --output ipc.json", "a recording of events for ui.perfetto.dev" },
	{ "ipctrace -r ipc.rec pipe -H", "its pipes as histograms, without privileges" },
};
const size_t cli_example_cnt = COUNT_OF(cli_example_table);
