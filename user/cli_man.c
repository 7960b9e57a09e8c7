/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ipctrace(8), in the man macros that groff and mandoc both know. Options,
 * commands, mechanisms and columns come from their tables; the rest is below.
 */
#include <string.h>

#include "cli_limits.h"
#include "cli_roff.h"
#include "cli_table.h"
#include "column.h"
#include "compare/transport.h"
#include "experiment/lab.h"
#include "export/families.h"

#define DATE "2026-11-22"
#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

static const char *const description[] = {
	"ipctrace watches the interprocess communication of a running Linux system from inside the kernel. For every "
	"object of the mechanisms named (every pipe, say) that moves data it answers: who sends and who receives, how "
	"fast, how full the object is, how often and how long each side waits and why, who wakes whom, how often each "
	"byte is copied, and so which side is the bottleneck.",
	"Counting is done in the kernel. What could not be seen or kept is counted as loss and always printed. A "
	"figure that the backend in use cannot see is shown as a dash, never as zero. ipctrace does not count its own "
	"operations unless asked to. Its reports use these words:",
};

static const struct cli_term words[] = {
	{ "object", "one instance of a mechanism: a pipe, a queue, a pair of connected sockets" },
	{ "endpoint", "a process that holds or uses the object, and its role: it sends, it receives" },
	{ "operation", "one call on an object by one task: send, recv, open, close or ctl. It ends in a result or an "
		       "error" },
	{ "copy", "payload copied by the kernel: in (from user space) or out (to it). Bytes that changed hands without "
		  "a copy, as with splice, are moved" },
	{ "wait", "time asleep inside an operation until woken, with its cause: full, empty, partner, value, zero, "
		  "lock, backlog, held" },
	{ "scheduling delay", "from woken to running. Never part of a wait" },
	{ "wakeup", "a task made another one runnable out of its wait on the object. It is spurious when the wait went "
		    "on" },
	{ "residency", "how long data stayed in the object, from its send to its receive" },
	{ "loss", "anything that could not be seen or kept, by reason" },
};

static const char *const output[] = {
	"By default a table every interval, with totals per mechanism and a row per object, and a summary at the end.",
	"With --json, one JSON object a line. Every key is always present, null stands where the backend cannot see "
	"the value, and names end in their unit. The member \"type\" tells them apart:",
};

static const struct cli_term json_types[] = {
	{ "start", "first: schema number, version, kernel, time; mechanisms with backend and hooks; filters" },
	{ "interval", "totals by mechanism and the objects that were active, since the last interval; loss" },
	{ "event", "one operation (with --events)" },
	{ "summary", "last: as interval, since the start" },
};

static const struct cli_term exit_status[] = {
	{ "0", "success" },
	{ "1", "something failed; the reason is on standard error" },
	{ "2", "the command line is wrong" },
	{ "77", "this kernel or these privileges cannot; the reason and the next step are on standard error" },
	{ "126", "COMMAND was found but could not be started" },
	{ "127", "COMMAND was not found" },
	{ "N", "with COMMAND otherwise: its own status, or 128 and the number of the signal that ended it" },
};

static const struct cli_term signals[] = {
	{ "SIGINT, SIGTERM, SIGHUP, SIGQUIT", "stop and print the summary; with COMMAND they are for COMMAND, and the summary follows its end" },
	{ "SIGUSR1", "report now what is new since the last report, without waiting for the interval's end" },
};

static const char *const capabilities[] = {
	"Root is not needed. CAP_BPF and CAP_PERFMON suffice for every backend. What each one is for:",
};

static const struct cli_term capability_terms[] = {
	{ "CAP_BPF", "to create maps and load programs. Without it: exit status 77" },
	{ "CAP_PERFMON", "to load and attach tracing programs. Without it: exit status 77" },
	{ "CAP_SYS_PTRACE", "to look up descriptors of other users' processes in /proc. Without it, such an object can "
			    "be named by its inode but not by PID:FD" },
	{ "CAP_SYS_RESOURCE", "to lift the limit on locked memory, before Linux 5.11 only. Without it there: exit "
			      "status 77 when the limit is too low" },
};

static const struct cli_term see_also[] = {
	{ "lsipc", "1" }, { "strace", "1" }, { "bpf", "2" }, { "capabilities", "7" }, { "fifo", "7" },
	{ "futex", "7" }, { "mq_overview", "7" }, { "pipe", "7" }, { "signal", "7" }, { "sysvipc", "7" },
	{ "unix", "7" }, { "ip", "7" }, { "lsof", "8" },
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

static void print_paragraphs(FILE *out, const char *const *paragraphs, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		fputs(i ? ".PP\n" : "", out);
		roff_prose(out, paragraphs[i]);
	}
}

static void print_name(FILE *out)
{
	fputs("ipctrace \\- show who talks to whom by IPC, how fast, and who waits\n", out);
}

static void print_command_line(FILE *out, const struct cli_command *command)
{
	char synopsis[128];
	const char *rest = synopsis;

	cli_synopsis(command, synopsis, sizeof(synopsis));
	roff_bold(out, "ipctrace");
	fputc(' ', out);
	if (!command->implied) {
		roff_bold(out, command->name);
		rest += strlen(command->name);
	}
	roff_placeholder(out, rest);
	fputc('\n', out);
}

static void print_synopsis(FILE *out)
{
	fputs(".nf\n", out);
	for (size_t i = 0; i < cli_command_cnt; i++)
		print_command_line(out, &cli_command_table[i]);
	fputs(".fi\n", out);
}

static void print_description(FILE *out)
{
	print_paragraphs(out, description, COUNT_OF(description));
	print_terms(out, words, COUNT_OF(words));
}

static void print_commands(FILE *out)
{
	for (size_t i = 0; i < cli_command_cnt; i++) {
		const struct cli_command *command = &cli_command_table[i];

		fputs(".TP\n", out);
		if (command->implied)
			roff_placeholder(out, cli_word_table[command->words[0]].metavar);
		else
			roff_bold(out, command->name);
		fputc('\n', out);
		roff_sentence(out, command->help);
		if (command->more)
			roff_prose(out, command->more);
	}
}

static void print_option(FILE *out, const struct cli_option *opt)
{
	char text[96];

	fputs(".TP\n", out);
	if (opt->letter) {
		snprintf(text, sizeof(text), "-%c", opt->letter);
		roff_bold(out, text);
		fputs(", ", out);
	}
	snprintf(text, sizeof(text), "--%s", opt->name);
	roff_bold(out, text);
	fputs(cli_takes_value(opt) ? " " : "", out);
	if (opt->metavar)
		roff_placeholder(out, opt->metavar);
	for (size_t i = 0; opt->words && opt->words[i]; i++) {
		fputs(i ? " | " : "", out);
		roff_bold(out, opt->words[i]);
	}
	fputc('\n', out);

	roff_sentence(out, opt->help);
	if (opt->max > 0) {
		snprintf(text, sizeof(text), "From %.15g to %.15g.", opt->min, opt->max);
		roff_prose(out, text);
	}
	if (opt->initial) {
		snprintf(text, sizeof(text), "The default is %s.", opt->initial);
		roff_prose(out, text);
	}
	if (opt->more)
		roff_prose(out, opt->more);
}

static void print_options(FILE *out)
{
	roff_prose(out, "Options may stand before and after the other words, but not after --. They cannot be "
			"abbreviated.");
	for (enum cli_group group = 0; group < GROUP_CNT; group++) {
		fprintf(out, ".SS \"%s\"\n", cli_group_table[group].title);
		if (cli_group_table[group].help)
			roff_sentence(out, cli_group_table[group].help);
		for (size_t i = 0; i < cli_option_cnt; i++)
			if (cli_option_table[i].group == group)
				print_option(out, &cli_option_table[i]);
	}
}

static void print_mechanism(FILE *out, const struct mechanism *mechanism)
{
	const char *text = mechanism->man, *end;

	fputs(".SS \"", out);
	roff_literal(out, mechanism->name, strlen(mechanism->name));
	fputs("\"\n", out);
	roff_sentence(out, mechanism->summary);
	while (cli_next_paragraph(&text, &end)) {
		fputs(".PP\n", out);
		roff_fill(out, text, end);
		text = end;
	}
	if (mechanism->blind && mechanism->blind[0])
		fputs(".PP\nNot seen:\n", out);
	for (size_t i = 0; mechanism->blind && mechanism->blind[i]; i++) {
		fputs(".IP \\(bu 2\n", out);
		roff_prose(out, mechanism->blind[i]);
	}
}

static void print_mechanisms(FILE *out)
{
	for (size_t i = 0; i < mechanism_cnt; i++)
		print_mechanism(out, mechanisms[i]);
}

static void print_columns(FILE *out)
{
	roff_prose(out, "For --columns and --sort. Case does not matter. The state words and internals "
			"of a mechanism, which ipctrace list shows, are columns too.");
	for (size_t i = 0; i < column_cnt; i++)
		print_terms(out, &(struct cli_term){ columns[i].name, columns[i].help }, 1);
}

static const char *const comparison[] = {
	"ipctrace compare sends the same messages from one process to another through every transport below, or those "
	"that are named. Every byte of every message is made anew, and checked by the receiver. First nothing is "
	"traced: throughput (the median of three runs), CPU time of both processes a message, and one-way latency, from before the send until a receiver "
	"that slept has the last byte. Then all mechanisms of these transports are traced together, as by an ordinary "
	"trace of these processes, and all is done again: what the kernel copied, who waited and who was woken, context switches of "
	"both processes, and the CPU time that being traced adds to a message. Last come the limits, with messages of the first "
	"size: how much is taken before it is full, what a send does then, what a signal does to a sleeping send and "
	"receive, and what a process is told whose partner was killed.",
	"A message longer than a transport takes at once is sent in parts, which is said. Where nothing can be traced the "
	"columns of the probes are dashes. The exit status is 1 when a payload was corrupted, or a message lost by what "
	"may lose none. With --json there is a line \"compare_start\", a line \"compare\" for each transport "
	"and size, and a line \"compare_claim\" for each thing that is said of these mechanisms, with the "
	"verdict. Of two rates whose runs overlap neither is called the higher.",
};

static void print_comparison(FILE *out)
{
	print_paragraphs(out, comparison, COUNT_OF(comparison));
	for (size_t i = 0; i < transport_cnt; i++)
		print_terms(out, &(struct cli_term){ transports[i]->name, transports[i]->how }, 1);
}

static void print_output(FILE *out)
{
	print_paragraphs(out, output, COUNT_OF(output));
	print_terms(out, json_types, COUNT_OF(json_types));
}

static void print_metrics(FILE *out)
{
	roff_prose(out, "Of ipctrace export. Every name begins with ipctrace_ and ends with its unit, that of a counter "
			"with _total after it. Counters begin at the start of ipctrace; those of single objects and groups "
			"when they become one of the busiest: what they do before and after goes to the series named "
			"other, so that rates add up to the whole.");
	for (size_t i = 0; i < METRIC_IDS; i++) {
		const struct metric *m = &metric_families[i];
		char name[96];

		snprintf(name, sizeof(name), "ipctrace_%s%s", m->name, m->type == METRIC_COUNTER ? "_total" : "");
		fputs(".TP\n", out);
		roff_bold(out, name);
		for (size_t l = 0; l < METRICS_LABELS && m->labels[l]; l++) {
			fputs(l ? ", " : " ", out);
			roff_placeholder(out, m->labels[l]);
		}
		fputc('\n', out);
		roff_sentence(out, m->help);
	}
}

static void print_exit_status(FILE *out)
{
	print_terms(out, exit_status, COUNT_OF(exit_status));
}

static void print_signals(FILE *out)
{
	print_terms(out, signals, COUNT_OF(signals));
}

static void print_capabilities(FILE *out)
{
	print_paragraphs(out, capabilities, COUNT_OF(capabilities));
	print_terms(out, capability_terms, COUNT_OF(capability_terms));
}

static void print_examples(FILE *out)
{
	print_terms(out, cli_example_table, cli_example_cnt);
}

static void print_see_also(FILE *out)
{
	for (size_t i = 0; i < COUNT_OF(see_also); i++)
		fprintf(out, ".BR %s (%s)%s\n", see_also[i].word, see_also[i].meaning,
			i + 1 < COUNT_OF(see_also) ? "," : "");
}

static const struct {
	const char *title;
	void (*print)(FILE *out);
} sections[] = {
	{ "NAME", print_name },
	{ "SYNOPSIS", print_synopsis },
	{ "DESCRIPTION", print_description },
	{ "COMMANDS", print_commands },
	{ "OPTIONS", print_options },
	{ "MECHANISMS", print_mechanisms },
	{ "COLUMNS", print_columns },
	{ "COMPARISON", print_comparison },
	{ "LAB", lab_man },
	{ "OUTPUT", print_output },
	{ "METRICS", print_metrics },
	{ "EXIT STATUS", print_exit_status },
	{ "SIGNALS", print_signals },
	{ "CAPABILITIES", print_capabilities },
	{ "OVERHEAD", cli_print_overhead },
	{ "LIMITS", cli_print_limits },
	{ "EXAMPLES", print_examples },
	{ "SEE ALSO", print_see_also },
};

void cli_print_man(FILE *out)
{
	fputs(".\\\" made by: ipctrace --man\n"
	      ".TH IPCTRACE 8 \"" DATE "\" \"ipctrace " IPCTRACE_VERSION "\" \"System Administration\"\n", out);
	for (size_t i = 0; i < COUNT_OF(sections); i++) {
		fprintf(out, ".SH \"%s\"\n", sections[i].title);
		sections[i].print(out);
	}
}

int cli_show_man(const struct cli_option *opt, const char *text, void *dst)
{
	(void)opt, (void)text, (void)dst;
	cli_print_man(stdout);
	return 1;
}
