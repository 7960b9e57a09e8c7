// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Runs a command with the hooks of tests/bench/peers.bpf.c attached.
 *   ipc-peer OBJECT PROGRAM[,PROGRAM] FUNCTION[|OTHER][,FUNCTION…] COMMAND…
 * Each program goes to each function; of alternatives, the first that the kernel has.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

static void die(const char *what, const char *of)
{
	fprintf(stderr, "ipc-peer: %s: %s\n", what, of);
	exit(1);
}

static const char *first_there(const struct btf *btf, char *alternatives)
{
	char *rest = NULL;

	for (char *name = strtok_r(alternatives, "|", &rest); name; name = strtok_r(NULL, "|", &rest))
		if (btf__find_by_name_kind(btf, name, BTF_KIND_FUNC) > 0)
			return name;
	die("not in this kernel", alternatives);
	return NULL;
}

/* One object for each pair of program and function: a program has one target. */
static void hook(const char *path, const char *program, const char *function)
{
	struct bpf_object *obj = bpf_object__open(path);
	struct bpf_program *prog = obj ? bpf_object__find_program_by_name(obj, program) : NULL;
	struct bpf_link *link;
	const char *section;

	if (!prog)
		die("no such program", program);
	bpf_program__set_autoload(prog, true);
	section = bpf_program__section_name(prog);
	if (section[1] == 'f' && bpf_program__set_attach_target(prog, 0, function))
		die("no such target", function);
	if (bpf_object__load(obj))
		die("does not load", program);
	if (section[1] == 'f')
		link = bpf_program__attach(prog);
	else
		link = bpf_program__attach_kprobe(prog, !strncmp(section, "?kret", 5), function);
	if (!link)
		die("does not attach", function);
}

int main(int argc, char **argv)
{
	struct btf *btf = btf__load_vmlinux_btf();
	char *rest_f = NULL, *rest_p = NULL;
	int status;
	pid_t pid;

	if (argc < 5 || !btf)
		die("usage", "ipc-peer OBJECT PROGRAM[,…] FUNCTION[|…][,…] COMMAND…");
	for (char *f = strtok_r(argv[3], ",", &rest_f); f; f = strtok_r(NULL, ",", &rest_f)) {
		const char *function = first_there(btf, f);
		char *programs = strdup(argv[2]);

		for (char *p = strtok_r(programs, ",", &rest_p); p; p = strtok_r(NULL, ",", &rest_p))
			hook(argv[1], p, function);
		free(programs);
	}
	pid = fork();
	if (!pid) {
		execvp(argv[4], argv + 4);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
