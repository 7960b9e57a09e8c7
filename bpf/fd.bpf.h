/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a descriptor of the current task to its file. Nothing is locked: for comparing and for reading by address. */
#ifndef FD_BPF_H
#define FD_BPF_H

/* Typed reads are cheaper, but for large programs: see START_FUNCTION. */
#ifdef IPC_START_VERIFIED_ONCE
#define TYPED_FILES false
#else
#define TYPED_FILES has_current_task_btf()
#endif

/* NULL: it is not open, or memory may not be read by address. */
static __always_inline struct file *file_of(__u32 fd)
{
	struct file *file = NULL;
	struct file **slots;
	__u32 max;

	if (TYPED_FILES) {
		struct fdtable *fdt = bpf_get_current_task_btf()->files->fdt;

		max = fdt->max_fds;
		slots = fdt->fd;
	} else {
		struct task_struct *task = (void *)bpf_get_current_task();
		struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);

		max = BPF_CORE_READ(fdt, max_fds);
		slots = BPF_CORE_READ(fdt, fd);
	}
	if (fd >= max)
		return NULL;
	if (is_at())
		return (struct file *)word_there(slots + fd);
	bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
	return file;
}

#endif
