/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* OVERHEAD and LIMITS of the manual page. */
#include "cli_limits.h"

#include "cli_roff.h"
#include "ipctrace.h"
#include "mech.h"

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

static const char *const overhead[] = {
	"Nothing is hooked until a trace starts, and nothing is left hooked when it ends, however it ends: the kernel "
	"detaches the programs with their last descriptor. What a traced operation costs depends on what is asked for, "
	"since only that is collected; from cheap to dear:",
};

static const struct cli_term overhead_terms[] = {
	{ "--counts", "operations, bytes and errors. The scheduler is not hooked. With function hooks, and of sockets with both "
		      "backends, an operation does not look at what is inside: that is not known until the end, or the next "
		      "look at all descriptors" },
	{ "the default", "waits, causes and wakeups as well: every switch and every wakeup of the machine is looked at, "
			 "those of tasks inside no operation briefly" },
	{ "--json, --histograms, --min-us", "two clock readings an operation, histograms, and with most mechanisms a time "
					    "stamp for each slot or message; --json --brief costs what the default does" },
	{ "--events", "a record for each operation, copied to user space" },
	{ "--backend syscall", "every system call of the machine passes a filter, whatever it does" },
};

static const char *const overhead_after[] = {
	"Measured on Linux 6.1, function hooks, a write and a read of 64 bytes through a pipe, which take 1250 instructions each "
	"by themselves: --counts adds 335 instructions to each, the default 570; an operation that a filter leaves out costs 230 "
	"with --counts and 400 otherwise. Empty programs at exit alone add 180, at entry and exit 290; kprobes and a hash for the "
	"same figures 2645. Where every read waits and every write wakes, an operation of 2715 instructions has 930 more.",
	"Other mechanisms, --counts, the default, left out by a filter, and empty programs in the places of the default: eventfd 390, "
	"740, 425, 295; UNIX streams 360, 735, 410, 290; UNIX datagrams 535, 845, 415, 280; TCP on loopback 515, 845, 430, 300; "
	"POSIX queues 625, 1140, 575, 415; System V queues 410, 1190, 755, 545; semaphores 800, 1150, 760, 590; futexes 400, 710, 405, "
	"290; attaching shared memory 470, 1050, 480, 220; signals 1355, 1000, 955, 360; locks 1065, 2135, 650, 435. "
	"With other objects of the mechanism to be followed, what is left out costs up to 310 more, of UNIX datagrams 385, of queues 830, of locks 2215.",
	"On 7.3: pipes --counts 305, the default 525, left out 220 and 380, --histograms 1615, --json 2285, --events 4095 with reading "
	"and printing; empty programs 170 and 270, kprobes and a hash 2655; where every read waits 1110 (to 4020). Others by default: "
	"eventfd 625, UNIX streams 715 and datagrams 820, TCP on loopback 825, POSIX queues 940, System V queues 1140, semaphores 1100, "
	"futexes 690, attaching shared memory 690, signals 940, locks 1615.",
	"With many objects, used in turn, on 6.1: of 1, 1009 and 10,007 pipes an operation takes 1245, 1365 and 1400 instructions by itself, "
	"325, 375 and 335 more with --counts, 575, 635 and 625 more by default. Measured earlier, before the default got the 15 to 400 "
	"instructions cheaper that are in the figures above: of 100,003, with --max-edges 524288, 1395, 385 and 710. As many eventfds as the first three add 395, 400 "
	"and 455, by default 740, 755 and 830; UNIX streams 355, 365 and 390, 780, 780 and 805; datagrams 565, 560 and 610, 910, 905 and 930; TCP connections 510, 535 and 640, 1275, 1290 and 1525.",
	"Counting per process and pipe cannot be had for less than 250 on 6.1: the empty program takes 176, and the seven reads of "
	"kernel memory that tell which process and which pipe it is take 11 each.",
	"In the same guests, of 6.1 and 7.3, a bpftrace script that keeps counts, bytes and latency of each process adds 4635 and 5100, "
	"perf trace -s 11,020 and 10,850, strace -c 23,120 and 36,575. On 6.1, --events takes 4725 with reading and printing, "
	"--backend syscall 3490 (measured earlier).",
	"In time, with system call hooks on Linux 6.18, two CPUs of which the work had one: perf bench sched pipe, a switch for every two "
	"calls, took 1.9 times as long with --counts, 1.8 with the default view, 2.5 with --histograms, 2.3 with --json, 2.6 with --events and "
	"1.6 with a filter that leaves it out; with the bpftrace script 2.2, with perf trace -s and with strace -c 10. perf bench sched messaging "
	"-p: 2.9, 3.0, 3.3, 3.6, 3.3 and 2.2; 3.2; 15. Medians of five pairs of runs, which differ by up to a third; tests/bench/wall, in the source, "
	"repeats it.",
	"--self shows what ipctrace costs right now, in any view.",
	"A filter by process, command, user, cgroup or object makes operations that do not match cheaper, not free. "
	"ipctrace compare measures on this machine what tracing adds to a message, mechanism by mechanism; make bench, "
	"in the source, what it adds to an operation in instructions.",
	"Kernel memory is taken when a trace starts, by the room that --max-edges and --ring-buffer ask for and by what is "
	"collected: ipctrace doctor tells what each map takes that all mechanisms share, here and on a large machine. User space reads "
	"the figures once an interval, which costs it time in proportion to the objects that exist.",
};

static const char *const limits[] = {
	"What each mechanism cannot show is said under MECHANISMS. Beyond that:",
};

static const struct cli_term limit_terms[] = {
	{ "recursion", "the kernel skips a program while another task is inside it on the same CPU, as happens on preemptible "
		       "kernels. It counts what it skips, and so do the reports: with function hooks, counted and missed make "
		       "up the truth for each kind of operation; with the syscall backend the misses are those of all system "
		       "calls" },
	{ "before the start", "an operation under way when tracing begins: its wait is shown, its bytes are not counted with "
			      "function hooks, and it is one that was missed" },
	{ "room", "process-object pairs beyond --max-edges and events beyond --ring-buffer are lost, and counted as lost. Once "
		"half of the room is used, objects and processes that have been gone for a second give theirs back at the next two "
		"reports: their figures stay in the totals, and of the last 1024 objects in the summary. So what comes and goes finds "
		"room as long as fewer than half of --max-edges come in the time of two reports. The end of some objects is seen by "
		"nobody (with --counts or the syscall backend: pipes, sockets; always: futexes, file locks): there a pass over all "
		"descriptors finds out, for a tenth of the time at most, or a third once the room is nearly used up, more rarely while it finds "
		"nothing gone, or the exit of all who used it. Of an object that many "
		"processes have used, those that are gone are told of as one, \"exited\"" },
	{ "names", "at most 255 bytes of a path, 15 of a command" },
	{ "io_uring", "with function hooks each attempt of the ring is an operation: one that would have had to wait ends with EAGAIN and "
		      "is made again later, and the ring's own wait is none on the object. Where a file cannot be asked not to wait (pipes "
		      "before 6.4), a worker does it once there is something to do, before 5.12 one that is a process of the kernel's. The "
		      "syscall backend sees none of it; what went that way lacks in the balance of a pipe" },
	{ "32-bit programs", "the syscall backend does not see their system calls on a 64-bit kernel" },
	{ "kernel", "Linux 5.10 or later (on arm64 5.18), with BTF (CONFIG_DEBUG_INFO_BTF). ipctrace doctor tells what this one allows" },
};

static void print_terms(FILE *out, const struct cli_term *terms, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		fputs(".TP\n", out);
		roff_bold(out, terms[i].word);
		fputc('\n', out);
		roff_sentence(out, terms[i].meaning);
	}
}

static void print_paragraphs(FILE *out, const char *const *paragraphs, size_t cnt, bool follows)
{
	for (size_t i = 0; i < cnt; i++) {
		fputs(follows || i ? ".PP\n" : "", out);
		roff_prose(out, paragraphs[i]);
	}
}

void cli_print_overhead(FILE *out)
{
	char text[96];

	print_paragraphs(out, overhead, COUNT_OF(overhead), false);
	print_terms(out, overhead_terms, COUNT_OF(overhead_terms));
	print_paragraphs(out, overhead_after, COUNT_OF(overhead_after), true);
	snprintf(text, sizeof(text), "A process-object pair takes %zu bytes and an event %zu.",
		 sizeof(struct ipc_edge_key) + sizeof(struct ipc_row), sizeof(struct ipc_event));
	roff_prose(out, text);
}

void cli_print_limits(FILE *out)
{
	print_paragraphs(out, limits, COUNT_OF(limits), false);
	print_terms(out, limit_terms, COUNT_OF(limit_terms));
}
