// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "syscall_tables.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "mech.h"
#include "syscall.h"

static void locate_kobj(struct ipc_file_class *c, const struct kernel *k, const char *path)
{
	uint32_t offset = 0, size, pointers;

	c->kobj_in_file = !strncmp(path, "file.", strlen("file."));
	kernel_member(k, path, &offset, &size, &pointers);
	c->kobj_offset = offset;
}

/* The words of one mechanism, relative to the first byte that any of them needs. */
static void locate_words(struct ipc_file_class *c, const struct kernel *k, const struct mech_field *fields)
{
	uint32_t offset[IPC_STATE_WORDS], size[IPC_STATE_WORDS], pointers[IPC_STATE_WORDS], first = ~0u, end = 0;
	unsigned cnt = 0;

	for (; fields[cnt].name && cnt < IPC_STATE_WORDS; cnt++) {
		size[cnt] = 0;
		if (!fields[cnt].path || kernel_member(k, fields[cnt].path, &offset[cnt], &size[cnt], &pointers[cnt]))
			continue;
		first = offset[cnt] < first ? offset[cnt] : first;
		end = offset[cnt] + size[cnt] > end ? offset[cnt] + size[cnt] : end;
	}
	if (end <= first || end - first > IPC_KOBJ_SPAN)
		return;
	c->base = first;
	c->span = end - first;
	for (unsigned i = 0; i < cnt; i++) {
		if (!size[i])
			continue;
		c->words[i].offset = offset[i] - first;
		c->words[i].size = pointers[i] ? 8 : size[i];
		c->words[i].pointers = pointers[i];
	}
}

/* A class with a magic number is more special than one without: it is tried first. */
static void add_class(struct ipc_file_class *classes, uint32_t *cnt, const struct kernel *k, const struct mechanism *m)
{
	struct ipc_file_class *c = &classes[*cnt];

	memset(c, 0, sizeof(*c));
	c->mode = m->file_mode;
	c->magic = m->file_magic;
	c->mech = m->id;
	c->depth = m->depth;
	c->limit_word = m->limit_word;
	memcpy(c->causes, m->causes, sizeof(m->causes));
	locate_kobj(c, k, m->kobj);
	locate_words(c, k, m->fields);
	*cnt += 1;
}

/*
 * Mechanisms that are not traced keep their classes too: without pipe's, every
 * pipe would pass for a FIFO. What is not wanted is dropped by config.mechs.
 */
int syscall_tables_classes(struct loaded *l, const struct kernel *k, uint32_t mechs)
{
	struct ipc_file_class classes[IPC_FILE_CLASSES] = {};
	uint32_t cnt = 0;
	int err;

	(void)mechs;
	for (int special = 1; special >= 0; special--)
		for (size_t i = 0; i < mechanism_cnt; i++)
			if (mechanisms[i]->file_mode && !!mechanisms[i]->file_magic == special && cnt < IPC_FILE_CLASSES)
				add_class(classes, &cnt, k, mechanisms[i]);
	err = loader_rodata(l, "file_classes", classes, sizeof(classes));
	return err ? err : loader_rodata(l, "file_classes_cnt", &cnt, sizeof(cnt));
}

static int add_call(int fd, const struct mech_syscall *s)
{
	struct ipc_syscall call = {
		.kind = s->kind,
		.op = s->op,
		.fd_arg = s->fd_arg,
		.fd2_arg = s->fd2_arg,
		.size_arg = s->size_arg,
		.cmd_arg = s->cmd_arg,
		.resizes = s->resizes,
	};
	uint32_t nr = s->nr;

	if (s->nr < 0 || s->nr >= IPC_SYSCALLS)
		return 0;
	memcpy(call.cmds, s->cmds, sizeof(call.cmds));
	return bpf_map_update_elem(fd, &nr, &call, BPF_ANY);
}

int syscall_tables_calls(struct loaded *l, uint32_t mechs)
{
	int fd = bpf_object__find_map_fd_by_name(l->obj, "syscalls"), err = 0;

	if (fd < 0)
		return fd;
	for (size_t i = 0; i < mechanism_cnt; i++) {
		const struct mech_syscall *s = mechanisms[i]->syscalls;

		if (!(mechs & (1u << mechanisms[i]->id)))
			continue;
		for (; s && s->name && !err; s++)
			err = add_call(fd, s);
	}
	return err;
}
