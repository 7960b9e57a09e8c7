/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a descriptor to the object behind it, through the task's file table.
 * Included by syscall.bpf.c.
 */
#ifndef SYSCALL_FILE_BPF_H
#define SYSCALL_FILE_BPF_H

#include "fd.bpf.h"

/* What a system call works on, resolved. */
struct call_target {
	struct ipc_object_id obj;
	__u64 kobj;
	__u32 class; /* index into file_classes */
	__u32 mode;  /* FMODE_* */
	__u32 flags; /* O_* */
	__u8 op;     /* what is about to be done, before it is resolved */
};

static __always_inline __u64 kobj_of(__u32 class, struct file *file, struct inode *inode)
{
	const volatile struct ipc_file_class *c = &file_classes[class & (IPC_FILE_CLASSES - 1)];
	__u64 kobj = 0;

	if (c->kobj_at == KOBJ_AROUND_INODE)
		return (__u64)inode - c->kobj_offset;
	bpf_probe_read_kernel(&kobj, sizeof(kobj),
			      (c->kobj_at == KOBJ_OF_FILE ? (void *)file : (void *)inode) + c->kobj_offset);
	return kobj;
}

/* Inodes without a file type, or made regular files since 6.16: all of one inode, told apart by name. */
static __always_inline bool is_named(const volatile struct ipc_file_class *c, struct file *file)
{
	__u64 start = 0;

	bpf_probe_read_kernel(&start, sizeof(start), BPF_CORE_READ(file, f_path.dentry, d_name.name));
	return start == c->dname;
}

static __always_inline bool mode_fits(const volatile struct ipc_file_class *c, __u32 mode)
{
	return c->dname ? !mode || mode == S_IFREG : mode && c->mode == mode;
}

static __always_inline void identify_file(struct call_target *t, __u32 class, struct inode *inode, struct super_block *sb)
{
	const volatile struct ipc_file_class *c = &file_classes[class & (IPC_FILE_CLASSES - 1)];
	__u32 number = 0;

	t->obj.mech = c->mech;
	t->obj.pad = 0;
	if (c->numbered) {
		bpf_probe_read_kernel(&number, sizeof(number), (void *)t->kobj + c->id_offset);
		t->obj.id = number;
		t->obj.domain = maker_of(c->mech, number);
		return;
	}
	t->obj.id = BPF_CORE_READ(inode, i_ino);
	t->obj.domain = BPF_CORE_READ(sb, s_dev);
}

#include "resolve_socket.bpf.h"

static __always_inline bool classify_file(struct file *file, struct call_target *t)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u32 mode = BPF_CORE_READ(inode, i_mode) & S_IFMT, magic = 0;
	struct super_block *sb = NULL;

	if (mode == S_IFSOCK)
		return classify_socket(file, t);
	for (__u32 i = 0; i < IPC_FILE_CLASSES; i++) {
		if (i >= file_classes_cnt)
			break;
		if (!mode_fits(&file_classes[i], mode))
			continue;
		if (!sb) {
			sb = BPF_CORE_READ(inode, i_sb);
			magic = BPF_CORE_READ(sb, s_magic);
		}
		if (file_classes[i].magic && file_classes[i].magic != magic)
			continue;
		if (file_classes[i].dname && !is_named(&file_classes[i], file))
			continue;
		t->class = i;
		t->mode = BPF_CORE_READ(file, f_mode);
		t->flags = BPF_CORE_READ(file, f_flags);
		t->kobj = kobj_of(i, file, inode);
		identify_file(t, i, inode, sb);
		return true;
	}
	return false;
}

static __always_inline bool resolve_file(__u32 fd, struct call_target *t)
{
	struct file *file = file_of(fd);

	return file && classify_file(file, t);
}

#endif
