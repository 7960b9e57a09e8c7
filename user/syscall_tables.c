// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "syscall_tables.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "mech.h"
#include "syscall.h"

static void locate_kobj(struct ipc_file_class *c, const struct kernel *k, const char *path)
{
	uint32_t offset = 0, size, pointers;

	if (!path)
		return;
	if (!strncmp(path, "file.", strlen("file.")))
		c->kobj_at = KOBJ_OF_FILE;
	else if (!strncmp(path, "inode.", strlen("inode.")))
		c->kobj_at = KOBJ_OF_INODE;
	else
		c->kobj_at = KOBJ_AROUND_INODE;
	kernel_member(k, path, &offset, &size, &pointers);
	c->kobj_offset = offset;
}

/* "struct.member:pid" is a pointer to a struct pid, of which the process number is wanted; ":high" the upper 32 bits. */
static int locate_word(const struct kernel *k, const char *path, uint32_t *offset, uint32_t *size, uint32_t *pointers)
{
	size_t len = path ? strcspn(path, ":") : 0;
	char member[128];
	int err;

	if (!path)
		return -ENOENT;
	snprintf(member, sizeof(member), "%.*s", (int)len, path);
	err = kernel_member(k, member, offset, size, pointers);
	if (!err && path[len])
		*pointers = strcmp(path + len, ":high") ? WORD_PID : WORD_HIGH;
	return err;
}

/* The words of one mechanism, relative to the first byte that any of them needs. */
static void locate_words(struct ipc_file_class *c, const struct kernel *k, const struct mech_field *fields)
{
	uint32_t offset[IPC_STATE_WORDS], size[IPC_STATE_WORDS], pointers[IPC_STATE_WORDS], first = ~0u, end = 0;
	unsigned cnt = 0;

	for (; fields && fields[cnt].name && cnt < IPC_STATE_WORDS; cnt++) {
		size[cnt] = 0;
		if (locate_word(k, fields[cnt].path, &offset[cnt], &size[cnt], &pointers[cnt])) {
			size[cnt] = 0;
			continue;
		}
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

static void locate_id(struct ipc_file_class *c, const struct kernel *k, const char *path)
{
	uint32_t offset, size, pointers;

	if (!path || kernel_member(k, path, &offset, &size, &pointers))
		return;
	c->id_offset = offset;
	c->numbered = 1;
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
	c->bytes_word = m->bytes_word;
	memcpy(&c->dname, m->file_name, strnlen(m->file_name, sizeof(c->dname)));
	locate_id(c, k, m->kobj_id);
	memcpy(c->causes, m->causes, sizeof(m->causes));
	locate_kobj(c, k, m->kobj);
	locate_words(c, k, m->fields);
	*cnt += 1;
}

/* Would this mechanism's files pass for those of a wanted one, but for its own class? */
static bool shields_others(const struct mechanism *m, uint32_t mechs)
{
	for (size_t i = 0; i < mechanism_cnt; i++)
		if ((mechs & (1u << mechanisms[i]->id)) && !mechanisms[i]->file_magic && m->file_mode &&
		    mechanisms[i]->file_mode == m->file_mode)
			return true;
	return false;
}

/* Each class costs every system call on a descriptor: only those that are needed. */
static bool needs_class(const struct mechanism *m, uint32_t mechs)
{
	if (mechs & (1u << m->id))
		return m->file_mode || m->syscalls;
	return shields_others(m, mechs);
}

/* A bit per kind of call that any of these mechanisms has. */
static uint32_t call_kinds(uint32_t mechs)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < mechanism_cnt; i++) {
		const struct mech_syscall *s = mechanisms[i]->syscalls;

		for (; (mechs & (1u << mechanisms[i]->id)) && s && s->name; s++)
			kinds |= 1u << s->kind;
	}
	return kinds;
}

/*
 * Mechanisms that are not traced may have a class, too: without that of pipes, every
 * pipe would pass for a FIFO. What is not wanted is dropped by config.mechs.
 */
int syscall_tables_classes(struct loaded *l, const struct kernel *k, uint32_t mechs)
{
	struct ipc_file_class classes[IPC_FILE_CLASSES] = {};
	uint8_t class_of_mech[MECH_MAX];
	uint32_t cnt = 0, kinds = call_kinds(mechs);
	int err;

	memset(class_of_mech, IPC_NO_CLASS, sizeof(class_of_mech));
	for (int special = 1; special >= 0; special--)
		for (size_t i = 0; i < mechanism_cnt; i++) {
			const struct mechanism *m = mechanisms[i];

			if (!needs_class(m, mechs) || !!m->file_magic != special)
				continue;
			if (cnt == IPC_FILE_CLASSES)
				return -ENOSPC;
			class_of_mech[m->id] = cnt;
			add_class(classes, &cnt, k, m);
		}
	if ((err = loader_rodata(l, "file_classes", classes, sizeof(classes))) ||
	    (err = loader_rodata(l, "class_of_mech", class_of_mech, sizeof(class_of_mech))) ||
	    (err = loader_rodata(l, "call_kinds", &kinds, sizeof(kinds))))
		return err;
	return loader_rodata(l, "file_classes_cnt", &cnt, sizeof(cnt));
}

static bool same_meaning(const struct ipc_syscall *a, const struct ipc_syscall *b)
{
	struct ipc_syscall x = *a, y = *b;

	x.mechs = y.mechs = x.mech = y.mech = 0;
	return !memcmp(&x, &y, sizeof(x));
}

static int alts_add(struct ipc_syscall_alts *alts, const struct ipc_syscall *call)
{
	for (unsigned i = 0; i < IPC_SYSCALL_ALTS; i++) {
		struct ipc_syscall *alt = &alts->alt[i];

		if (!alt->kind) {
			*alt = *call;
			return 0;
		}
		if (same_meaning(alt, call)) {
			alt->mechs |= call->mechs;
			return 0;
		}
		if (alt->cmd_arg < 0 || call->cmd_arg < 0)
			return -EEXIST;
	}
	return -ENOSPC;
}

static int add_call(struct ipc_syscall_alts *table, const struct mech_syscall *s, unsigned mech)
{
	struct ipc_syscall call = {
		.kind = s->kind,
		.op = s->op,
		.fd_arg = s->fd_arg,
		.fd2_arg = s->fd2_arg,
		.size_arg = s->size_arg,
		.cmd_arg = s->cmd_arg,
		.resizes = s->resizes,
		.whole = s->whole,
		.destroys = s->destroys,
		.flags_arg = s->peek_mask | s->cut_mask ? s->flags_arg : -1,
		.peek_mask = s->peek_mask,
		.cut_mask = s->cut_mask,
		.mechs = 1u << mech,
		.mech = mech,
	};

	if (s->nr < 0 || s->nr >= IPC_SYSCALLS)
		return 0;
	memcpy(call.cmds, s->cmds, sizeof(call.cmds));
	return alts_add(&table[s->nr], &call);
}

int syscall_tables_fill(struct ipc_syscall_alts table[IPC_SYSCALLS], uint32_t mechs)
{
	int err = 0;

	memset(table, 0, IPC_SYSCALLS * sizeof(*table));
	for (size_t i = 0; i < mechanism_cnt; i++) {
		const struct mech_syscall *s = mechanisms[i]->syscalls;
		uint32_t bit = 1u << mechanisms[i]->id;

		for (; (mechs & bit) && s && s->name && !err; s++)
			err = add_call(table, s, mechanisms[i]->id);
	}
	return err;
}

int syscall_tables_calls(struct loaded *l, uint32_t mechs)
{
	static struct ipc_syscall_alts table[IPC_SYSCALLS];
	int fd = bpf_object__find_map_fd_by_name(l->obj, "syscalls"), err;

	if (fd < 0)
		return fd;
	err = syscall_tables_fill(table, mechs);
	for (uint32_t nr = 0; nr < IPC_SYSCALLS && !err; nr++)
		if (table[nr].alt[0].kind)
			err = bpf_map_update_elem(fd, &nr, &table[nr], BPF_ANY);
	return err;
}
