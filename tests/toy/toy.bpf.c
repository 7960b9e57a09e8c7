// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A toy mechanism: what is written to /dev/null. tests/live/toy.t adds it as the README says. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "ipctrace.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "op.bpf.h"

const volatile struct ipc_config cfg = {};

static __always_inline void identify(struct file *file, struct ipc_object_id *obj)
{
	obj->id = file->f_inode->i_ino;
	obj->domain = file->f_inode->i_sb->s_dev;
	obj->mech = MECH_TOY;
	obj->pad = 0;
}

SEC("?fentry/write_null")
int BPF_PROG(toy_write_entry, struct file *file)
{
	struct ipc_object_id obj;

	identify(file, &obj);
	if (op_wanted(&obj))
		op_begin(&obj, OP_SEND, CAUSE_IO, 0);
	return 0;
}

SEC("?fexit/write_null")
int BPF_PROG(toy_write_exit, struct file *file, const char *buf, size_t count, loff_t *pos, ssize_t ret)
{
	struct op_result res = {.ret = ret, .payload = true};
	struct ipc_object_id obj;
	struct ipc_run *run;
	struct ipc_edge *edge;

	identify(file, &obj);
	if (!op_wanted(&obj))
		return 0;
	run = run_of(&obj, OP_SEND);
	edge = op_end(&obj, OP_SEND, run, &res);
	if (edge && PROFILE(PROFILE_EVENTS))
		op_emit(&obj, OP_SEND, run, &res, edge, count);
	op_done(run);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
