/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System calls on mappings that are there: msync, mremap, mprotect and munmap are told
 * an address, ftruncate a descriptor. From their registers, alike for both backends
 * (the function backend sees unmapping and mprotect for what they are). Of an address
 * range, its first mapping counts. Included by mmap.bpf.c.
 */

struct mmap_call {
	__u64 address; /* or the descriptor */
	__u64 size;
	__u64 flags;   /* of mmap */
	__u64 prot;
	__u32 nr;
};

static __always_inline bool decode_call(struct pt_regs *regs, __u32 nr, struct mmap_call *c)
{
	c->nr = nr;
	c->address = PT_REGS_PARM1_SYSCALL(regs);
	c->size = PT_REGS_PARM2_SYSCALL(regs);
	if (nr == NR_MMAP) {
		c->prot = PT_REGS_PARM3_SYSCALL(regs);
		c->flags = PT_REGS_PARM4_SYSCALL(regs);
		c->address = c->flags & MAP_ANONYMOUS ? -1ull : PT_REGS_PARM5_SYSCALL(regs);
		return c->flags & MAP_SHARED_BIT;
	}
	return nr == NR_MPROTECT || nr == NR_MUNMAP || nr == NR_MREMAP || nr == NR_MSYNC || nr == NR_FTRUNCATE;
}

/* A copy of the registers, as futexes take theirs. Not inlined, for the stack. */
static __attribute__((noinline)) int decode_own(__u32 nr, struct mmap_call *c)
{
	__u64 address = task_user_regs((void *)bpf_get_current_task());
	REGS_COPY(regs);

	return c && address && probe_read(regs, address) && decode_call(regs, nr, c);
}

static __always_inline bool decode_current(__u32 nr, struct mmap_call *c)
{
	if (has_task_pt_regs())
		return decode_call((void *)bpf_task_pt_regs(bpf_get_current_task_btf()), nr, c);
	return decode_own(nr, c);
}

static __always_inline bool target_of_fd(__s32 fd, struct mmap_target *t)
{
	t->file = (__u64)file_of(fd);
	return t->file && object_of_address(t->file, &t->obj, &t->inode);
}

static __attribute__((noinline)) int call_begins(const struct mmap_call *c)
{
	struct mmap_target t = {};
	struct ipc_run *run;

	if (!c)
		return 0;
	/* a file that nobody mapped yet is a file like any other */
	if (c->nr == NR_FTRUNCATE ? !target_of_fd(c->address, &t) || !bpf_map_lookup_elem(&objects, &t.obj) :
				    !target_at(c->address, &t))
		return 0;
	if (!op_wanted(&t.obj))
		return 0;
	mmap_seen(&t.obj, t.inode, t.file, 0);
	run = op_begin(&t.obj, c->nr == NR_MUNMAP ? OP_CLOSE : OP_CTL, CAUSE_LOCK, t.inode);
	if (!run)
		return 0;
	run->size = c->size;
	run->aux[2] = c->nr;
	return 0;
}

static __always_inline int call_ended(__u32 nr, __s64 ret)
{
	struct ipc_run *run = run_mine();
	struct ipc_object_id obj;

	if (!run || run->obj.mech != MECH_MMAP || run->aux[2] != nr)
		return 0;
	obj = run->obj;
	mmap_op(&obj, run->op, run, is_failure(ret) ? ret : 0, run->kobj);
	op_done(run);
	return 0;
}

#define CALL_HOOKS(name, nr)                                              \
	SEC("?fentry/__x64_sys_" #name)                                   \
	int BPF_PROG(mmap_##name##_entry)                                 \
	{                                                                 \
		struct mmap_call c = {};                                  \
                                                                          \
		return decode_current(nr, &c) ? call_begins(&c) : 0;      \
	}                                                                 \
                                                                          \
	SEC("?fexit/__x64_sys_" #name)                                    \
	int BPF_PROG(mmap_##name##_exit, void *regs, long ret)            \
	{                                                                 \
		return call_ended(nr, ret);                               \
	}

CALL_HOOKS(msync, NR_MSYNC)
CALL_HOOKS(mremap, NR_MREMAP)
CALL_HOOKS(ftruncate, NR_FTRUNCATE)

/* Not by its address: that would cost every mprotect a search. */
SEC("?fentry/security_file_mprotect")
int BPF_PROG(mmap_mprotect_entry, struct vm_area_struct *vma)
{
	struct ipc_run *run = run_mine();
	struct ipc_object_id obj;
	__u64 inode;

	if (run && run->obj.mech == MECH_MMAP && run->aux[2] == NR_MPROTECT)
		return 0; /* the next mapping of the same call */
	if (!mapped_object(vma, &obj, &inode) || !op_wanted(&obj))
		return 0;
	run = op_begin(&obj, OP_CTL, CAUSE_LOCK, inode);
	if (run)
		run->aux[2] = NR_MPROTECT;
	return 0;
}

SEC("?fexit/do_mprotect_pkey")
int BPF_PROG(mmap_mprotect_exit, unsigned long start, size_t len, unsigned long prot, int pkey, int ret)
{
	return call_ended(NR_MPROTECT, ret);
}

/* ---- the syscall backend ---- */

SEC("?tp_btf/sys_enter")
int BPF_PROG(mmap_sys_enter, struct pt_regs *regs, long id)
{
	struct mmap_call c = {};

	if (!decode_call(regs, id, &c) || is_compat_task())
		return 0;
	if ((__u32)(bpf_get_current_pid_tgid() >> 32) == cfg.self_tgid)
		return 0;
	if (id != NR_MMAP)
		return call_begins(&c);
	mmap_begin(c.size);
	return 0;
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(mmap_sys_exit, struct pt_regs *regs, long ret)
{
	__u32 nr = syscall_nr(regs);
	struct mmap_target t = {};
	struct mmap_call c = {};
	bool known;

	if (!decode_call(regs, nr, &c) || is_compat_task())
		return 0;
	if ((__u32)(bpf_get_current_pid_tgid() >> 32) == cfg.self_tgid)
		return 0;
	if (nr != NR_MMAP)
		return call_ended(nr, ret);
	known = (__s32)c.address >= 0 && target_of_fd(c.address, &t);
	mmap_end(&t, known, c.prot & PROT_WRITE, ret);
	return 0;
}
