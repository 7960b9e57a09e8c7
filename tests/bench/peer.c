// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Hooks of tests/bench/peers.bpf.c, and which hooks there are.
 *   ipc-peer OBJECT HOOK[,HOOK…] COMMAND…   runs a command with these attached
 *   ipc-peer --attached                     the hooks that somebody has attached now, as such a list
 * A hook is PROGRAM:FUNCTION[|OTHER]: of alternatives, the first that the kernel has.
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

static struct bpf_object *loaded(const char *path, const char *program, const char *target)
{
	struct bpf_object *obj = bpf_object__open(path);
	struct bpf_program *prog = obj ? bpf_object__find_program_by_name(obj, program) : NULL;

	if (!prog)
		die("no such program", program);
	bpf_program__set_autoload(prog, true);
	if (target && bpf_program__set_attach_target(prog, 0, target))
		die("no such target", target);
	if (bpf_object__load(obj))
		die("does not load", program);
	return obj;
}

/* A tracing program has one target, so each of those comes from an object of its own; what shares maps does not. */
static void hook(const struct btf *btf, const char *path, char *spec)
{
	static struct bpf_object *twin;
	char *function = strchr(spec, ':');
	const char *target;
	struct bpf_program *prog;
	struct bpf_link *link;

	if (!function)
		die("a hook is PROGRAM:FUNCTION", spec);
	*function++ = 0;
	if (!strncmp(spec, "twin_", 5)) {
		if (!twin) {
			twin = bpf_object__open(path);
			bpf_program__set_autoload(bpf_object__find_program_by_name(twin, "twin_entry"), true);
			bpf_program__set_autoload(bpf_object__find_program_by_name(twin, "twin_exit"), true);
			if (bpf_object__load(twin))
				die("does not load", "twin");
		}
		prog = bpf_object__find_program_by_name(twin, spec);
		link = bpf_program__attach_kprobe(prog, !strcmp(spec, "twin_exit"), first_there(btf, function));
	} else if (!strcmp(spec, "empty_tracepoint")) {
		prog = bpf_object__find_program_by_name(loaded(path, spec, NULL), spec);
		link = bpf_program__attach_raw_tracepoint(prog, function);
	} else {
		target = first_there(btf, function);
		prog = bpf_object__find_program_by_name(loaded(path, spec, target), spec);
		link = bpf_program__attach(prog);
	}
	if (!link)
		die("does not attach", function);
}

/* tp_btf programs have links of raw tracepoints; an empty one stands for it. */
static int list_attached(const struct btf *btf)
{
	char name[128], separator[2] = "";
	__u32 id = 0;

	while (!bpf_link_get_next_id(id, &id)) {
		struct bpf_link_info info = {};
		__u32 size = sizeof(info);
		const char *kind = "empty_tracepoint", *target = name;
		int fd = bpf_link_get_fd_by_id(id);

		info.raw_tracepoint.tp_name = (uintptr_t)name;
		info.raw_tracepoint.tp_name_len = sizeof(name);
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
			continue;
		if (info.type == BPF_LINK_TYPE_TRACING) {
			kind = info.tracing.attach_type == BPF_TRACE_FENTRY ? "empty_entry" : "empty_exit";
			target = btf__name_by_offset(btf, btf__type_by_id(btf, info.tracing.target_btf_id)->name_off);
		}
		if (info.type == BPF_LINK_TYPE_TRACING || info.type == BPF_LINK_TYPE_RAW_TRACEPOINT)
			printf("%s%s:%s", separator, kind, target);
		separator[0] = ',';
		close(fd);
	}
	putchar('\n');
	return 0;
}

int main(int argc, char **argv)
{
	struct btf *btf = btf__load_vmlinux_btf();
	char *rest = NULL;
	int status;
	pid_t pid;

	if (btf && argc == 2 && !strcmp(argv[1], "--attached"))
		return list_attached(btf);
	if (argc < 4 || !btf)
		die("usage", "ipc-peer --attached | OBJECT PROGRAM:FUNCTION[|…][,…] COMMAND…");
	for (char *h = strtok_r(argv[2], ",", &rest); h; h = strtok_r(NULL, ",", &rest))
		hook(btf, argv[1], h);
	pid = fork();
	if (!pid) {
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
