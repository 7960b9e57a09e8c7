// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The syscall backend of all mechanisms whose objects are files: sys_enter and
 * sys_exit, driven by tables (bpf/syscall.h). The object is found through the
 * task's file table, its state read before and after.
 *
 * Cannot see: what happens between entry and exit (pages reused, who holds the
 * lock); the last close of an object, which has no system call of its own when a
 * process exits; io_uring; system calls of 32-bit processes; an open that failed,
 * since only a descriptor tells what was opened.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define IPC_START_VERIFIED_ONCE

#include "ipctrace.h"
#include "syscall.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "op.bpf.h"
#include "residency.bpf.h"
#include "resolve_sysv.bpf.h"
#include "maker.bpf.h"
#include "fd.bpf.h"

const volatile struct ipc_config cfg = {};
const volatile struct ipc_file_class file_classes[IPC_FILE_CLASSES] = {};
const volatile __u32 file_classes_cnt = 0;
const volatile __u8 class_of_mech[MECH_MAX] = {};

/*
 * A bit per enum ipc_syscall_kind that some followed call has: what nobody asked for
 * is dead code to the verifier, which takes most of the time until the first figure.
 */
const volatile __u32 call_kinds = 0;

#define HAS_KIND(kind) (call_kinds & (1u << (kind)))

static __always_inline bool is_kind(const struct ipc_syscall *call, __u32 kind)
{
	return HAS_KIND(kind) && call->kind == kind;
}

IPC_MAP(syscalls, BPF_MAP_TYPE_ARRAY, __u32, struct ipc_syscall_alts, IPC_SYSCALLS);

/* What a control operation is about to do to the capacity. */
enum resizes {
	RESIZES_NOTHING = 0,
	RESIZES = 1,
	RESIZES_RING = 2, /* kobj2: head before in the low half, tail in the high one */
};

#include "sem.bpf.h"
#include "syscall_words.bpf.h"
#include "syscall_file.bpf.h"
#include "syscall_sysv.bpf.h"
#include "syscall_sem.bpf.h"
#include "syscall_side.bpf.h"

static __always_inline __u64 arg(struct pt_regs *regs, __s8 index)
{
	switch (index) {
	case 0:
		return PT_REGS_PARM1_SYSCALL(regs);
	case 1:
		return PT_REGS_PARM2_SYSCALL(regs);
	case 2:
		return PT_REGS_PARM3_SYSCALL(regs);
	case 3:
		return PT_REGS_PARM4_SYSCALL(regs);
	case 4:
		return PT_REGS_PARM5_SYSCALL(regs);
	}
	return 0;
}

static __always_inline bool command_counts(const struct ipc_syscall *call, __u32 cmd)
{
	for (int i = 0; i < 4; i++) {
		if (!call->cmds[i])
			return false;
		if (call->cmds[i] == cmd || (!cmd && call->cmds[i] == SYSCALL_CMD_0))
			return true;
	}
	return false;
}

#define NO_MEANING IPC_SYSCALL_ALTS

/* Which of its meanings this call has, or NO_MEANING: it is nothing to us. */
static __always_inline __u32 meaning_of(const struct ipc_syscall_alts *alts, struct pt_regs *regs)
{
	for (__u32 i = 0; i < IPC_SYSCALL_ALTS; i++) {
		const struct ipc_syscall *call = &alts->alt[i];

		if (!call->kind)
			break;
		if (call->cmd_arg < 0 || !call->cmds[0] || command_counts(call, arg(regs, call->cmd_arg)))
			return i;
	}
	return NO_MEANING;
}

/* The object that an argument of the call names: a resolver for each kind of name. */
static __always_inline bool resolve(const struct ipc_syscall *call, struct pt_regs *regs, struct call_target *t)
{
	bool found;

	t->op = call->op;
	if (is_kind(call, SYSCALL_SYSV) || is_kind(call, SYSCALL_SEMOP))
		found = resolve_sysv(call, arg(regs, call->fd_arg), t);
	else
		found = resolve_file(arg(regs, call->fd_arg), t);
	return found && (call->mechs & (1u << (t->obj.mech & 31))) && op_wanted(&t->obj);
}

/*
 * aux[0]: class of the object; aux[1]: class of the second one, or enum resizes,
 * or whether what does not fit is cut; aux[2]: system call number, and above
 * NR_BITS which of its meanings; aux[3]: head of the target before, or the open
 * flags.
 */
#define NR_BITS 16
#define NR_MASK ((1u << NR_BITS) - 1)

/* How often a ring was resized so far: 0 as long as none was. */
static __always_inline __u32 resizes_of(const struct ipc_object_id *obj, __u32 class)
{
	struct ipc_object *o;

	if (!*(volatile __u32 *)&ring_restarts || file_classes[class & (IPC_FILE_CLASSES - 1)].depth != DEPTH_RING)
		return 0;
	o = bpf_map_lookup_elem(&objects, obj);
	return o ? o->counters[RING_RESIZES_ENDED] : 0;
}

static __always_inline struct ipc_run *begin(const struct call_target *t, __u8 op, __u32 nr)
{
	__u32 class = t->class & (IPC_FILE_CLASSES - 1), kind = op & 7;
	__u8 cause = file_classes[class].causes[kind];
	struct ipc_run *run = op_begin(&t->obj, op, cause, t->kobj);

	if (!run)
		return NULL;
	run->flags = RUN_SYSCALL | RUN_OUTER | socket_run_flags(t->class);
	run->progress = 0;
	run->resizes = resizes_of(&t->obj, class);
	run->aux[0] = t->class;
	run->aux[2] = nr;
	run->aux[3] = t->flags;
	return run;
}

static __always_inline void begin_unresolved(__u8 op, __u32 nr, __u64 address)
{
	struct call_target t = {};
	struct ipc_run *run = begin(&t, op, nr);

	if (!run)
		return;
	run->own_cause = CAUSE_PARTNER;
	run->flags |= RUN_UNRESOLVED;
	run->iter = 0;
	run->kobj2 = address;
}

static __always_inline __u32 head_of(__u32 class, __u64 kobj)
{
	const __u32 *words = read_words(SCRATCH_ENTER, class, kobj);

	return words ? words[0] : 0;
}

static __always_inline void begin_splice(const struct ipc_syscall *call, struct pt_regs *regs, __u32 nr)
{
	struct call_target in = {}, out = {.op = OP_SEND};
	bool reads = resolve(call, regs, &in);
	bool writes = resolve_file(arg(regs, call->fd2_arg), &out) && op_wanted(&out.obj);
	struct ipc_run *run;

	if (!reads && !writes)
		return;
	run = begin(reads ? &in : &out, reads ? OP_RECV : OP_SEND, nr);
	if (!run)
		return;
	if (writes)
		run->aux[3] = head_of(out.class, out.kobj);
	if (!reads || !writes)
		return;
	run->obj2 = out.obj;
	run->resizes2 = resizes_of(&out.obj, out.class);
	run->kobj2 = out.kobj;
	run->op2 = OP_SEND;
	run->aux[1] = out.class;
	if (in.kobj && in.class < IPC_FILE_CLASSES && file_classes[in.class].depth == DEPTH_RING) {
		const __u32 *words = read_words(SCRATCH_ENTER, in.class, in.kobj);

		/* which of the two it will sleep on, if it does: the source when that is empty */
		if (words && words[0] != words[1]) {
			run->flags |= RUN_SECOND;
			run->own_cause = CAUSE_FULL;
		}
	}
}

static __always_inline void begin_resize(struct ipc_run *run, const struct call_target *t)
{
	struct ipc_object *o = bpf_map_lookup_elem(&objects, &t->obj);
	__u64 moves = o ? *(volatile __u64 *)&o->counters[RING_MOVES] : 0;
	const __u32 *words;

	run->aux[1] = RESIZES;
	if (t->class >= IPC_FILE_CLASSES || file_classes[t->class].depth != DEPTH_RING)
		return;
	words = read_words(SCRATCH_ENTER, t->class, t->kobj);
	if (!words)
		return;
	run->kobj2 = words[0] | (__u64)words[1] << 32;
	run->aux[1] = RESIZES_RING;
	run->progress = moves;
}

static __always_inline void begin_one(const struct ipc_syscall *call, struct pt_regs *regs, __u32 nr)
{
	struct call_target t = {};
	struct ipc_run *run;
	__u8 op = call->op;
	__u32 flags;

	if (!resolve(call, regs, &t))
		return;
	flags = call->flags_arg >= 0 ? arg(regs, call->flags_arg) : 0;
	if (call->kind == SYSCALL_BY_MODE)
		op = t.mode & FMODE_WRITE ? OP_SEND : OP_RECV;
	else if (flags & call->peek_mask)
		op = OP_CTL;
	run = begin(&t, op, nr);
	if (!run)
		return;
	if (call->size_arg >= 0)
		run->size = arg(regs, call->size_arg);
	if (call->whole)
		run->flags |= RUN_WHOLE;
	run->aux[1] = !!(flags & call->cut_mask);
	if (is_kind(call, SYSCALL_SEMOP))
		begin_semop(run, arg(regs, 1), arg(regs, 2));
	if (HAS_KIND(SYSCALL_SYSV) && call->destroys) {
		note_last_state(&t);
		run->flags |= RUN_REMOVES;
	}
	if (is_kind(call, SYSCALL_BY_MODE) || is_kind(call, SYSCALL_SENDFILE))
		run->aux[3] = head_of(t.class, t.kobj);
	if (call->cmd_arg >= 0 && call->resizes && call->cmds[0] == (__u32)arg(regs, call->cmd_arg))
		begin_resize(run, &t);
}

/* Whom a call on a socket names, in user space; 0: nobody. */
static __always_inline __u64 named_in_call(const struct ipc_syscall *call, struct pt_regs *regs, __u32 *len)
{
	*len = 0;
	if (call->kind == SYSCALL_CONNECT) {
		*len = arg(regs, 2);
		return arg(regs, 1);
	}
	if (call->kind == SYSCALL_SEND_TO) {
		*len = arg6(regs);
		return arg(regs, 4);
	}
	if (call->kind != SYSCALL_MSG || call->op != OP_SEND)
		return 0;
	*len = user_word(arg(regs, 1) + MSG_NAMELEN);
	return user_word(arg(regs, 1) + MSG_NAME);
}

/*
 * Sockets, where more than the descriptor counts: an address may name the object,
 * and flags say that a receive is a peek. aux[1]: it peeks; kobj2: the message, or
 * where its sender's address goes.
 */
static __always_inline void begin_socket(const struct ipc_syscall *call, struct pt_regs *regs, __u32 nr)
{
	bool is_connect = call->kind == SYSCALL_CONNECT;
	struct call_target t = {};
	struct ipc_run *run;
	__u64 name;
	__u32 len;

	name = named_in_call(call, regs, &len);
	set_named(name);
	if (!resolve(call, regs, &t)) {
		set_named(0);
		return;
	}
	set_named(0);
	run = begin(&t, call->op, nr);
	if (!run)
		return;
	run->kobj2 = call->kind == SYSCALL_SEND_TO || is_connect ? 0 : arg(regs, call->kind == SYSCALL_RECV_FROM ? 4 : 1);
	if (call->size_arg >= 0)
		run->size = arg(regs, call->size_arg);
	if (call->op == OP_RECV && (arg(regs, call->fd2_arg) & MSG_PEEK))
		run->aux[1] = 1;
	begin_on_socket(run, is_connect, name, len);
}

/* A socket that may be an object when the call is over. */
static __always_inline void begin_names(const struct ipc_syscall *call, struct pt_regs *regs, __u32 nr)
{
	struct file *file = file_of(arg(regs, call->fd_arg));
	struct call_target t = {};
	struct ipc_run *run;

	if (!file || !classify_socket_file(file, &t))
		return;
	run = begin(&t, call->op, nr);
	if (run)
		run->flags |= RUN_UNRESOLVED;
}

static __always_inline bool is_socket_call(const struct ipc_syscall *call)
{
	return is_kind(call, SYSCALL_CONNECT) || is_kind(call, SYSCALL_SEND_TO) || is_kind(call, SYSCALL_RECV_FROM) ||
	       is_kind(call, SYSCALL_MSG) || is_kind(call, SYSCALL_MMSG);
}

SEC("?tp_btf/sys_enter")
int BPF_PROG(syscall_enter, struct pt_regs *regs, long id)
{
	struct ipc_syscall_alts *alts;
	struct ipc_syscall *call;
	__u32 nr = id, meaning;

	alts = bpf_map_lookup_elem(&syscalls, &nr);
	if (!alts || !alts->alt[0].kind || is_compat_task())
		return 0;
	if ((__u32)(bpf_get_current_pid_tgid() >> 32) == cfg.self_tgid)
		return 0;
	meaning = meaning_of(alts, regs);
	if (meaning >= NO_MEANING)
		return 0;
	call = &alts->alt[meaning];
	nr |= meaning << NR_BITS;
	/* an exit that was missed left its slot behind: this task begins anew */
	op_forget();
	if (is_open(call))
		begin_unresolved(call->op, nr, arg(regs, call->fd_arg)); /* a path, or where the pair goes */
	else if (is_kind(call, SYSCALL_NAMES))
		begin_names(call, regs, nr);
	else if (is_kind(call, SYSCALL_SPLICE) || is_kind(call, SYSCALL_TEE))
		begin_splice(call, regs, nr);
	else if (is_kind(call, SYSCALL_SYSV_GET))
		begin_unresolved(call->op, nr, sysv_get_is_new(arg(regs, call->fd_arg), arg(regs, call->cmd_arg)));
	else if (is_socket_call(call))
		begin_socket(call, regs, nr);
	else
		begin_one(call, regs, nr);
	return 0;
}

/* What the iterator could not know of an operation that it found asleep. */
static __always_inline void adopt(struct ipc_run *run, struct pt_regs *regs)
{
	__u32 nr = syscall_nr(regs);
	struct ipc_syscall_alts *alts = bpf_map_lookup_elem(&syscalls, &nr);
	__u32 meaning = alts ? meaning_of(alts, regs) : 0;

	run->aux[0] = class_of_mech[run->obj.mech & (MECH_MAX - 1)];
	run->aux[2] = nr | meaning << NR_BITS;
	if (alts && meaning < NO_MEANING && alts->alt[meaning].size_arg >= 0)
		run->size = arg(regs, alts->alt[meaning].size_arg);
	if (alts && meaning < NO_MEANING && is_kind(&alts->alt[meaning], SYSCALL_SEMOP))
		begin_semop(run, arg(regs, 1), arg(regs, 2));
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(syscall_exit, struct pt_regs *regs, long ret)
{
	struct ipc_run *run = run_mine();
	struct ipc_syscall_alts *alts;
	__u32 nr;

	if (!run || !(run->flags & RUN_SYSCALL))
		return 0;
	if (run->obj.mech && class_of_mech[run->obj.mech & (MECH_MAX - 1)] == IPC_NO_CLASS)
		return 0; /* it ends in a tracepoint of its mechanism; an open has none yet */
	if (run->flags & RUN_PREEXISTING)
		adopt(run, regs);
	nr = run->aux[2] & NR_MASK;
	alts = bpf_map_lookup_elem(&syscalls, &nr);
	if (alts && nr == syscall_nr(regs))
		end_call(run, &alts->alt[(run->aux[2] >> NR_BITS) & (IPC_SYSCALL_ALTS - 1)], ret);
	op_done(run);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
