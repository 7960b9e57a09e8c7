/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Help, manual page and completions: that they are whole, that the tools they are
 * for accept them, and that completing works. Links user/cli*.c.
 */
#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"
#include "cli_run.h"
#include "cli_stub.h"
#include "cli_table.h"
#include "tap.h"

static bool is_narrow(const char *text, size_t width)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (strcspn(text, "\n") > width)
			return printf("# too wide: %.*s\n", (int)strcspn(text, "\n"), text), false;
	return true;
}

static void test_help(void)
{
	bool all = true;

	is_int(run("--help"), 0, "--help is no error");
	ok(!*last.err && is_narrow(last.out, 80), "80 columns on standard output");
	for (size_t i = 0; i < cli_option_cnt; i++)
		all = all && strstr(last.out, cli_option_table[i].name);
	ok(all && strstr(last.out, "fifo") && strstr(last.out, "(default 65536)"), "it names every option");
	is_int(run("pipe -h --bogus"), 0, "help comes before later errors");
	ok(run("help") == 0 && strstr(last.out, "Examples:"), "help is a command");
	ok(run("help ring") == 0 && strstr(last.out, "--once") && !strstr(last.out, "--events"),
	   "help of a command: its options only");
	ok(run("ring --help") == 0 && strstr(last.out, "--once") && !strstr(last.out, "--events"), "and so does --help after it");
	ok(run("help pipe") == 0 && strstr(last.out, "A pipe is a ring. It has slots;") &&
		   strstr(last.out, "Not seen:"),
	   "help of a mechanism");
	is_int(cli_print_topic(stdout, "nothing"), -1, "and of nothing else");
	ok(run("-V") == 0 && strcmp(last.out, "ipctrace " IPCTRACE_VERSION "\n") == 0, "--version");
}

/* Style that messages and generated text rely on. */
static void test_table(void)
{
	for (size_t i = 0; i < cli_option_cnt; i++) {
		const struct cli_option *opt = &cli_option_table[i];
		bool fine = opt->help && !ends_with(opt->help, ".") && opt->parse &&
			    cli_option_by_name(opt->name) == opt &&
			    (opt->completion == COMPLETE_WORDS) == !!opt->words && opt->min <= opt->max;

		for (size_t j = 0; j < i; j++)
			fine = fine && (!opt->letter || opt->letter != cli_option_table[j].letter);
		for (const char *c = opt->name; *c; c++)
			fine = fine && (islower((unsigned char)*c) || *c == '-');
		ok(fine, "--%s is a sound row", opt->name);
	}
}

/* What `ipctrace LINE` prints, in a new file; the caller unlinks it. */
static void write_file(const char *path, const char *line)
{
	FILE *file = fopen(path, "w");

	run(line);
	fputs(last.out, file);
	fclose(file);
}

/* Runs a shell command that is to succeed and to print exactly what is wanted; skips without its tool. */
static void check_shell(const char *tool, const char *wanted, const char *name, const char *format, ...)
{
	char command[1024], got[1024] = "";
	va_list args;
	FILE *pipe;
	int status;

	snprintf(command, sizeof(command), "command -v %s >/dev/null", tool);
	if (system(command) != 0) {
		snprintf(command, sizeof(command), "%s is not installed", tool);
		skip(command);
		return;
	}
	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	pipe = popen(command, "r");
	got[fread(got, 1, sizeof(got) - 1, pipe)] = '\0';
	status = pclose(pipe);
	is_str(status == 0 ? got : "it failed", wanted, "%s", name);
}

static void test_man(const char *directory)
{
	char path[256];
	bool ascii = true, all = true;

	snprintf(path, sizeof(path), "%s/ipctrace.8", directory);
	write_file(path, "--man");
	for (const char *c = last.out; *c; c++)
		ascii = ascii && (*c == '\n' || (*c >= ' ' && *c <= '~'));
	ok(ascii, "the manual page is ASCII");
	for (size_t i = 0; i < cli_option_cnt; i++) {
		char label[64] = "\\-\\-";

		for (const char *c = cli_option_table[i].name; *c; c++)
			snprintf(label + strlen(label), sizeof(label) - strlen(label), *c == '-' ? "\\%c" : "%c", *c);
		all = all && strstr(last.out, label);
	}
	ok(all, "it has every option");
	ok(strstr(last.out, "caf\\[u00E9] \\[u2013] and \\[u1F427]") && strstr(last.out, "\n\\&.Second"),
	   "other characters are written as roff names");
	check_shell("mandoc", "", "mandoc finds nothing to complain of", "mandoc -T lint '%s' 2>&1", path);
	check_shell("man", "", "nor does man", "man --warnings -E UTF-8 -l -Tutf8 -Z '%s' 2>&1 >/dev/null", path);
	unlink(path);
}

/* Sources the script in bash and completes the words. */
static void complete(const char *path, const char *words, int cursor, const char *wanted, const char *name)
{
	check_shell("bash", wanted, name,
		    "LC_ALL=C bash --norc -c 'source %s; COMP_WORDS=(%s); COMP_CWORD=%d; _ipctrace; "
		    "echo \"${COMPREPLY[*]}\"'",
		    path, words, cursor);
}

static void test_bash(const char *directory)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/ipctrace.bash", directory);
	write_file(path, "--completion bash");
	check_shell("bash", "", "bash can read its script", "bash -n '%s' 2>&1", path);
	complete(path, "ipctrace --ba", 1, "--backend\n", "an option");
	complete(path, "ipctrace \"\"", 1, "pipe fifo trace all top graph export convert doctor list ring compare lab why chain help\n", "a first word");
	complete(path, "ipctrace pi", 1, "pipe\n", "a mechanism");
	complete(path, "ipctrace pipe,f", 1, "pipe,fifo\n", "one more mechanism");
	complete(path, "ipctrace -j trace f", 3, "fifo\n", "a mechanism after trace");
	complete(path, "ipctrace help d", 2, "doctor\n", "a topic");
	complete(path, "ipctrace pipe \"\"", 2, "\n", "nothing for an interval");
	complete(path, "ipctrace pipe --backend \"\"", 3, "auto function syscall\n", "a word");
	complete(path, "ipctrace pipe --backend = s", 4, "syscall\n", "a word after '='");
	complete(path, "ipctrace pipe --backend =", 3, "auto function syscall\n", "a word right after '='");
	complete(path, "ipctrace pipe -S -s", 3, "-send-bytes\n", "a column with a sign");
	complete(path, "ipctrace pipe -o object,+re", 3, "object,+recv-bytes\n", "a column in a list");
	complete(path, "ipctrace pipe -p 7,x", 3, "\n", "no PID begins like this");
	check_shell("bash", "", "a PID in a list",
		    "bash --norc -c 'source %s; COMP_WORDS=(ipctrace -p 7,$$); COMP_CWORD=2; _ipctrace; "
		    "[[ \" ${COMPREPLY[*]} \" == *\" 7,$$ \"* ]]'",
		    path);
	check_shell("bash", "", "a PID after why",
		    "bash --norc -c 'source %s; COMP_WORDS=(ipctrace why $$); COMP_CWORD=2; _ipctrace; "
		    "[[ \" ${COMPREPLY[*]} \" == *\" $$ \"* ]]'",
		    path);
	complete(path, "ipctrace -u roo", 2, "root\n", "a user");
	complete(path, "ipctrace -c /pro", 2, "/proc\n", "a directory");
	complete(path, "ipctrace --min-us 5 doctor --e", 4, "\n", "no option that does not go with the command");
	complete(path, "ipctrace ring 1:2 --on", 3, "--once\n", "an option of one command");
	complete(path, "ipctrace compare pipe,eve", 2, "pipe,eventfd\n", "one more transport");
	complete(path, "ipctrace compare --siz", 2, "--size\n", "an option of compare");
	complete(path, "ipctrace pipe -- compop", 3, "compopt\n", "a command after '--'");
	complete(path, "ipctrace pipe -- ls --b", 4, "\n", "not our options there");
	unlink(path);
}

static void test_other_shells(const char *directory)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/_ipctrace", directory);
	write_file(path, "--completion zsh");
	check_shell("zsh", "", "zsh can read its script", "zsh -n '%s' 2>&1", path);
	unlink(path);

	snprintf(path, sizeof(path), "%s/ipctrace.fish", directory);
	write_file(path, "--completion fish");
	check_shell("fish", "", "fish can read its script", "fish -n '%s' 2>&1", path);
	check_shell("fish", "--backend\n", "fish: an option",
		    "HOME=%s fish -N -c 'source %s; complete -C \"ipctrace --ba\"' | cut -f1", directory, path);
	check_shell("fish", "pipe\n", "fish: a mechanism",
		    "HOME=%s fish -N -c 'source %s; complete -C \"ipctrace pi\"' | cut -f1", directory, path);
	check_shell("fish", "pipe,eventfd\n", "fish: a transport",
		    "HOME=%s fish -N -c 'source %s; complete -C \"ipctrace compare pipe,event\"' | cut -f1", directory, path);
	check_shell("fish", "+send-bytes\n", "fish: a column",
		    "HOME=%s fish -N -c 'source %s; complete -C \"ipctrace pipe -S +s\"' | cut -f1", directory, path);
	check_shell("fish", "doctor\n", "fish: a topic",
		    "HOME=%s fish -N -c 'source %s; complete -C \"ipctrace help doc\"' | cut -f1", directory, path);
	check_shell("fish", "pipe,fifo\n", "fish: one more mechanism",
		    "HOME=%s fish -N -c 'source %s; complete -C \"ipctrace top pipe,fif\"' | cut -f1", directory, path);
	check_shell("fish", "", "fish: a PID after why",
		    "HOME=%s fish -N -c 'source %s; complete -C \"ipctrace why 1\"' | grep -qw ^1", directory, path);
	unlink(path);
	is_int(cli_print_completion(stdout, "tcsh"), -1, "no script for other shells");
}

int main(void)
{
	char directory[] = "/tmp/cli_text_test.XXXXXX", command[64];

	test_table();
	test_help();
	if (!mkdtemp(directory)) {
		skip("no temporary directory");
		return done_testing();
	}
	test_man(directory);
	test_bash(directory);
	test_other_shells(directory);
	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	ok(system(command) == 0, "tidied up");
	return done_testing();
}
