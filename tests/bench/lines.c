// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Where the kernel has put the programs that are loaded, for tests/bench/where:
 *   F ADDRESS BYTES PROGRAM     a function of a program
 *   L ADDRESS FILE:LINE TEXT    where the code of a line begins
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

static void *room(size_t cnt, size_t size)
{
	void *p = calloc(cnt + 1, size);

	if (!p)
		exit(1);
	return p;
}

static void print_line(const struct btf *btf, uint64_t address, const struct bpf_line_info *line)
{
	const char *text = btf__str_by_offset(btf, line->line_off), *file = btf__str_by_offset(btf, line->file_name_off);
	const char *name = strrchr(file, '/');

	printf("L %llx %s:%u %s\n", (unsigned long long)address, name ? name + 1 : file, BPF_LINE_INFO_LINE_NUM(line->line_col),
	       text + strspn(text, " \t"));
}

static int print_program(int fd)
{
	struct bpf_prog_info sizes = {}, info = {};
	uint32_t len = sizeof(sizes);
	struct bpf_line_info *lines;
	uint64_t *at, *functions;
	uint32_t *bytes;
	struct btf *btf;

	if (bpf_obj_get_info_by_fd(fd, &sizes, &len))
		return -errno;
	lines = room(sizes.nr_line_info, sizeof(*lines));
	at = room(sizes.nr_jited_line_info, sizeof(*at));
	functions = room(sizes.nr_jited_ksyms, sizeof(*functions));
	bytes = room(sizes.nr_jited_func_lens, sizeof(*bytes));
	info.nr_line_info = sizes.nr_line_info;
	info.line_info_rec_size = sizeof(*lines);
	info.line_info = (uintptr_t)lines;
	info.nr_jited_line_info = sizes.nr_jited_line_info;
	info.jited_line_info_rec_size = sizeof(*at);
	info.jited_line_info = (uintptr_t)at;
	info.nr_jited_ksyms = sizes.nr_jited_ksyms;
	info.jited_ksyms = (uintptr_t)functions;
	info.nr_jited_func_lens = sizes.nr_jited_func_lens;
	info.jited_func_lens = (uintptr_t)bytes;
	len = sizeof(info);
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	for (uint32_t i = 0; i < info.nr_jited_ksyms; i++)
		printf("F %llx %u %s\n", (unsigned long long)functions[i], bytes[i], info.name);
	btf = btf__load_from_kernel_by_id(info.btf_id);
	for (uint32_t i = 0; btf && i < info.nr_jited_line_info; i++)
		print_line(btf, at[i], &lines[i]);
	btf__free(btf);
	free(lines);
	free(at);
	free(functions);
	free(bytes);
	return 0;
}

int main(void)
{
	uint32_t id = 0;

	while (!bpf_prog_get_next_id(id, &id)) {
		int fd = bpf_prog_get_fd_by_id(id), err = fd < 0 ? -errno : print_program(fd);

		if (fd >= 0)
			close(fd);
		if (err && err != -ENOENT)
			fprintf(stderr, "ipc-lines: program %u: %s\n", id, strerror(-err));
	}
	return 0;
}
