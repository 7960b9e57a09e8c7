/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which word a call works on and what it wants of it: from the registers of the
 * system call, alike for both backends and for a task found asleep. As
 * get_futex_key() has it: a private word is a process and an address, a shared one
 * a file and an offset. Follows kernel/futex.
 */
#ifndef FUTEX_BPF_H
#define FUTEX_BPF_H

/* Id of a word. domain: PID, or the device of its file. */
#define WORD_IN_FILE (1ull << 63)  /* then inode and offset / 4, as far as they fit */
#define WORD_MM_SHARED 1ull	   /* private memory, but not said to be: another key than with FUTEX_PRIVATE_FLAG */
#define WORD_INODE_BITS 33
#define WORD_OFFSET_BITS 30

/* Of an edge. */
#define FUTEX_EMPTY_WAKES 0  /* wakes that found nobody */
#define FUTEX_REQUEUED 1     /* sleepers moved away to another word */
#define FUTEX_PI 2	     /* operations of locks that pass on priority */
#define FUTEX_SLEPT 3	     /* calls that had to wait */
#define FUTEX_OWNER_DIED 4   /* those that got, or found free, a lock whose owner had died */
#define FUTEX_RECEIVED 5     /* sleepers that came from another word */

/* State words. */
enum {
	FUTEX_WORD_VALUE = 0,
	FUTEX_WORD_OWNER = 1,	   /* of a lock: the TID in it, 0: nobody */
	FUTEX_WORD_WAITED_FOR = 2, /* of one that had to be waited for: the TID that was in it before */
};

/* What the kernel makes of a lock's word: FUTEX_WAITERS, FUTEX_OWNER_DIED, FUTEX_TID_MASK. */
#define LOCK_WAITERS 0x80000000u
#define LOCK_OWNER_DIED 0x40000000u
#define LOCK_TID 0x3fffffffu

enum futex_kind_flags {
	KIND_KNOWN = 1 << 0,
	KIND_TWO = 1 << 1,   /* works on a second word too */
	KIND_MOVES = 1 << 2, /* what it returns beyond nr_wake was moved, not woken */
	KIND_WAKES = 1 << 3, /* returns how many */
	KIND_PI = 1 << 4,
	KIND_MANY = 1 << 5,  /* waits on a vector of words */
	KIND_LOCK = 1 << 6,  /* the word is a lock of the kernel's: it has its owner's TID */
};

struct futex_kind {
	__u8 op;
	__u8 op2; /* on the second word */
	__u8 flags;
};

#define FUTEX_CMDS 16 /* power of two */
#define FUTEX_CMD_WAIT 9
#define FUTEX_CMD_WAKE 10
#define FUTEX_CMD_REQUEUE 4
#define FUTEX_CMD_WAITV 15 /* none of the kernel's */

/* By command; futex_wait(), futex_wake() and futex_requeue() are commands with another way in. */
static const struct futex_kind futex_kinds[FUTEX_CMDS] = {
	[0] = {OP_RECV, 0, KIND_KNOWN},				     /* WAIT */
	[1] = {OP_SEND, 0, KIND_KNOWN | KIND_WAKES},		     /* WAKE */
	[3] = {OP_SEND, OP_CTL, KIND_KNOWN | KIND_WAKES | KIND_MOVES | KIND_TWO}, /* REQUEUE */
	[4] = {OP_SEND, OP_CTL, KIND_KNOWN | KIND_WAKES | KIND_MOVES | KIND_TWO}, /* CMP_REQUEUE */
	[5] = {OP_SEND, OP_SEND, KIND_KNOWN | KIND_WAKES | KIND_TWO},		  /* WAKE_OP */
	[6] = {OP_RECV, 0, KIND_KNOWN | KIND_PI | KIND_LOCK},   /* LOCK_PI */
	[7] = {OP_SEND, 0, KIND_KNOWN | KIND_PI | KIND_LOCK},   /* UNLOCK_PI */
	[8] = {OP_RECV, 0, KIND_KNOWN | KIND_PI | KIND_LOCK},   /* TRYLOCK_PI */
	[9] = {OP_RECV, 0, KIND_KNOWN},				     /* WAIT_BITSET */
	[10] = {OP_SEND, 0, KIND_KNOWN | KIND_WAKES},		     /* WAKE_BITSET */
	[11] = {OP_RECV, 0, KIND_KNOWN | KIND_PI},		     /* WAIT_REQUEUE_PI */
	[12] = {OP_SEND, OP_CTL, KIND_KNOWN | KIND_WAKES | KIND_MOVES | KIND_TWO | KIND_PI}, /* CMP_REQUEUE_PI */
	[13] = {OP_RECV, 0, KIND_KNOWN | KIND_PI | KIND_LOCK},  /* LOCK_PI2 */
	[15] = {OP_RECV, 0, KIND_KNOWN | KIND_MANY},		     /* futex_waitv() */
};

/* A call, as its registers have it. */
struct futex_call {
	__u64 uaddr;
	__u64 uaddr2;
	__u64 vector;  /* KIND_MANY: address of the first futex_waitv */
	__s32 val;     /* of futex(2): how many to wake at most, or the value that was seen */
	__u8 cmd;
	bool shared;
	bool shared2;
};

/* Masked in sight of the verifier: the compiler knows better and would leave it out. */
static __always_inline const struct futex_kind *kind_of_command(__u32 cmd)
{
	barrier_var(cmd);
	return &futex_kinds[cmd & (FUTEX_CMDS - 1)];
}

static __always_inline const struct futex_kind *kind_of(const struct futex_call *c)
{
	return kind_of_command(c->cmd);
}

#define FUTEX_CMD_MASK (~(128u | 256u)) /* FUTEX_PRIVATE_FLAG, FUTEX_CLOCK_REALTIME */
#define FUTEX2_PRIVATE 128u

/* futex(uaddr, op, val, timeout or val2, uaddr2, val3). false: a command that no kernel has. */
static __always_inline bool decode_futex(struct pt_regs *regs, struct futex_call *c)
{
	__u32 op = PT_REGS_PARM2_SYSCALL(regs), cmd = op & FUTEX_CMD_MASK;

	if (cmd >= FUTEX_CMD_WAITV || !(kind_of_command(cmd)->flags & KIND_KNOWN))
		return false;
	c->cmd = cmd;
	c->uaddr = PT_REGS_PARM1_SYSCALL(regs);
	c->uaddr2 = PT_REGS_PARM5_SYSCALL(regs);
	c->val = PT_REGS_PARM3_SYSCALL(regs);
	c->shared = !(op & FUTEX2_PRIVATE);
	c->shared2 = c->shared;
	return true;
}

/* struct futex_waitv of the ABI, not the kernel's: 5.10 has none, yet the programs are to load. */
struct futex_entry {
	__u64 value;
	__u64 uaddr;
	__u32 flags;
	__u32 reserved;
};

/* One of several words: of a vector that the caller hands over. */
static __always_inline bool decode_entry(__u64 entry, __u64 *uaddr, bool *shared)
{
	struct futex_entry w;

	if (cfg.no_probe_read || bpf_probe_read_user(&w, sizeof(w), (void *)entry))
		return false;
	*uaddr = w.uaddr;
	*shared = !(w.flags & FUTEX2_PRIVATE);
	return true;
}

/* futex_wait(uaddr, val, mask, flags, …), futex_wake(uaddr, mask, nr, flags) */
static __always_inline void decode_futex2(struct pt_regs *regs, __u8 cmd, struct futex_call *c)
{
	c->cmd = cmd;
	c->uaddr = PT_REGS_PARM1_SYSCALL(regs);
	c->val = PT_REGS_PARM2_SYSCALL(regs); /* of a wait */
	c->shared = !((__u32)PT_REGS_PARM4_SYSCALL(regs) & FUTEX2_PRIVATE);
}

/* futex_requeue(waiters, flags, nr_wake, nr_requeue) */
static __always_inline bool decode_requeue(struct pt_regs *regs, struct futex_call *c)
{
	__u64 from = PT_REGS_PARM1_SYSCALL(regs);

	c->cmd = FUTEX_CMD_REQUEUE;
	c->val = PT_REGS_PARM3_SYSCALL(regs);
	return decode_entry(from, &c->uaddr, &c->shared) &&
	       decode_entry(from + sizeof(struct futex_entry), &c->uaddr2, &c->shared2);
}

/* futex_waitv(waiters, nr, …): until it ends, all that is known of it is said of its first word. */
static __always_inline bool decode_waitv(struct pt_regs *regs, struct futex_call *c)
{
	c->cmd = FUTEX_CMD_WAITV;
	c->vector = PT_REGS_PARM1_SYSCALL(regs);
	return decode_entry(c->vector, &c->uaddr, &c->shared);
}

#define NR_FUTEX_WAITV 449 /* the same on all architectures */
#define NR_FUTEX_WAKE 454
#define NR_FUTEX_WAIT 455
#define NR_FUTEX_REQUEUE 456

/* Any of them, by system call number. */
static __always_inline bool decode_call(struct pt_regs *regs, __u32 nr, struct futex_call *c)
{
	if (nr == NR_FUTEX)
		return decode_futex(regs, c);
	if (nr == NR_FUTEX_WAKE)
		decode_futex2(regs, FUTEX_CMD_WAKE, c);
	else if (nr == NR_FUTEX_WAIT)
		decode_futex2(regs, FUTEX_CMD_WAIT, c);
	else if (nr == NR_FUTEX_REQUEUE)
		return decode_requeue(regs, c);
	else if (nr == NR_FUTEX_WAITV)
		return decode_waitv(regs, c);
	else
		return false;
	return true;
}

/* Not inlined, for the stack: the copy is gone before the walks begin. */
static __attribute__((noinline)) int decode_copy(__u64 address, __u32 nr, struct futex_call *c)
{
	REGS_COPY(regs);

	return c && address && probe_read(regs, address) && decode_call(regs, nr, c);
}

/*
 * The call that the current task is in. Its registers are not taken from the function's
 * argument: where sys_ni.c gave the function its type, BTF knows pt_regs by name only (5.10).
 */
static __always_inline bool decode_current(__u32 nr, struct futex_call *c)
{
	if (has_task_pt_regs())
		return decode_call((void *)bpf_task_pt_regs(bpf_get_current_task_btf()), nr, c);
	return decode_copy(task_user_regs((void *)bpf_get_current_task()), nr, c);
}

static __always_inline bool is_futex_call(__u32 nr)
{
	return nr == NR_FUTEX || nr == NR_FUTEX_WAITV || (nr >= NR_FUTEX_WAKE && nr <= NR_FUTEX_REQUEUE);
}

/*
 * Memory that is mapped shared, or that the process itself may not change, is its
 * file's; all else is the process's. Not inlined: the walk is long.
 */
static __attribute__((noinline)) int identify_shared(struct ipc_object_id *obj, __u64 mm, __u64 uaddr)
{
	struct mapping m = {};
	struct inode *inode;
	__u64 word;

	if (!obj || !mapping_at(mm, uaddr, &m) || !m.file || !((m.flags & VM_MAYSHARE) || !(m.flags & VM_WRITE)))
		return 0;
	inode = mapping_inode(&m);
	word = BPF_CORE_READ(inode, i_ino) & ((1ull << WORD_INODE_BITS) - 1);
	obj->id = WORD_IN_FILE | word << WORD_OFFSET_BITS | ((m.offset >> 2) & ((1ull << WORD_OFFSET_BITS) - 1));
	obj->domain = BPF_CORE_READ(inode, i_sb, s_dev);
	return 0;
}

static __always_inline __u64 current_mm(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 mm = 0;

	probe_read(&mm, &task->mm);
	return mm;
}

static __always_inline void identify_word(struct ipc_object_id *obj, __u64 mm, __u32 tgid, __u64 uaddr, bool shared)
{
	obj->id = (uaddr & ~(WORD_IN_FILE | 3)) | (shared ? WORD_MM_SHARED : 0);
	obj->domain = tgid;
	obj->mech = MECH_FUTEX;
	obj->pad = 0;
	if (shared)
		identify_shared(obj, mm, uaddr);
}

static __always_inline void identify(struct ipc_object_id *obj, __u64 uaddr, bool shared)
{
	identify_word(obj, shared ? current_mm() : 0, bpf_get_current_pid_tgid() >> 32, uaddr, shared);
}

#endif
