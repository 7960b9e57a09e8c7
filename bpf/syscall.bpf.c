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

#include "ipctrace.h"
#include "syscall.h"
#include "maps.bpf.h"
#include "compat.bpf.h"
#include "op.bpf.h"
#include "residency.bpf.h"

const volatile struct ipc_config cfg = {};
const volatile struct ipc_file_class file_classes[IPC_FILE_CLASSES] = {};
const volatile __u32 file_classes_cnt = 0;

IPC_MAP(syscalls, BPF_MAP_TYPE_ARRAY, __u32, struct ipc_syscall, IPC_SYSCALLS);

/*
 * Where an object's bytes are read to and its words picked from them: one each
 * for the two programs, of which one may be preempted while the other runs. The
 * same program does not run twice on a CPU: the recursion guard sees to that.
 */
enum scratch {
	SCRATCH_ENTER = 0,
	SCRATCH_EXIT = 1,
	SCRATCHES = 2,
};
struct kobj_scratch {
	__u32 words[IPC_STATE_WORDS];
	__u8 bytes[2 * IPC_KOBJ_SPAN + 8]; /* for the verifier, which sees only the masks below */
};
IPC_MAP(kobj_scratches, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct kobj_scratch, SCRATCHES);

/* A descriptor, resolved. */
struct target {
	struct ipc_object_id obj;
	__u64 kobj;
	__u32 class; /* index into file_classes */
	__u32 mode;  /* FMODE_* */
	__u32 flags; /* O_* */
};

static __always_inline struct file *file_of(__u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file *file = NULL;
	struct file **slots;

	if (fd >= BPF_CORE_READ(fdt, max_fds))
		return NULL;
	slots = BPF_CORE_READ(fdt, fd);
	bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
	return file;
}

static __always_inline bool classify_file(struct file *file, struct target *t)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u32 mode = BPF_CORE_READ(inode, i_mode) & S_IFMT, magic = 0;
	struct super_block *sb = NULL;

	for (__u32 i = 0; i < IPC_FILE_CLASSES; i++) {
		if (i >= file_classes_cnt)
			break;
		if (file_classes[i].mode != mode)
			continue;
		if (!sb) {
			sb = BPF_CORE_READ(inode, i_sb);
			magic = BPF_CORE_READ(sb, s_magic);
		}
		if (file_classes[i].magic && file_classes[i].magic != magic)
			continue;
		t->obj.id = BPF_CORE_READ(inode, i_ino);
		t->obj.domain = BPF_CORE_READ(sb, s_dev);
		t->obj.mech = file_classes[i].mech;
		t->obj.pad = 0;
		t->class = i;
		t->mode = BPF_CORE_READ(file, f_mode);
		t->flags = BPF_CORE_READ(file, f_flags);
		t->kobj = 0;
		bpf_probe_read_kernel(&t->kobj, sizeof(t->kobj),
				      (file_classes[i].kobj_in_file ? (void *)file : (void *)inode) +
					      file_classes[i].kobj_offset);
		return true;
	}
	return false;
}

static __always_inline bool resolve(__u32 fd, struct target *t)
{
	struct file *file = file_of(fd);

	return file && classify_file(file, t);
}

static __always_inline __u64 word_at(const struct kobj_scratch *k, __u32 offset, __u32 size)
{
	offset &= IPC_KOBJ_SPAN - 1;
	switch (size) {
	case 1:
		return k->bytes[offset];
	case 2:
		return *(__u16 *)&k->bytes[offset];
	case 4:
		return *(__u32 *)&k->bytes[offset];
	case 8:
		return *(__u64 *)&k->bytes[offset];
	}
	return 0;
}

/*
 * The state words of an object of this class, into the scratch: one read, then
 * picked apart. Global, so that the verifier walks the loops once. 0, or -1.
 */
__attribute__((noinline)) int ipc_read_words(__u32 which, __u32 class, __u64 kobj)
{
	const volatile struct ipc_file_class *c;
	struct kobj_scratch *k;

	k = bpf_map_lookup_elem(&kobj_scratches, &which);
	if (!k || !kobj || class >= IPC_FILE_CLASSES)
		return -1;
	c = &file_classes[class];
	if (c->span > IPC_KOBJ_SPAN ||
	    bpf_probe_read_kernel(k->bytes, c->span & (2 * IPC_KOBJ_SPAN - 1), (void *)kobj + c->base))
		return -1;
	for (int i = 0; i < IPC_STATE_WORDS; i++) {
		const volatile struct ipc_word *w = &c->words[i];
		__u32 value = 0;

		if (!w->size) {
			value = IPC_STATE_ABSENT;
		} else if (!w->pointers) {
			value = word_at(k, w->offset, w->size);
		} else {
			for (__u32 p = 0; p < 4; p++)
				if (p < w->pointers && word_at(k, w->offset + p * 8, 8))
					value++;
		}
		k->words[i] = value;
	}
	return 0;
}

static __always_inline const __u32 *read_words(__u32 which, __u32 class, __u64 kobj)
{
	struct kobj_scratch *k = bpf_map_lookup_elem(&kobj_scratches, &which);

	return k && !ipc_read_words(which, class, kobj) ? k->words : NULL;
}

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
	}
	return 0;
}

static __always_inline bool command_counts(const struct ipc_syscall *call, __u32 cmd)
{
	for (int i = 0; i < 4; i++) {
		if (!call->cmds[i])
			return false;
		if (call->cmds[i] == cmd)
			return true;
	}
	return false;
}

/*
 * aux[0]: class of the object; aux[1]: class of the second one; aux[2]: system
 * call number; aux[3]: head of the target before, or the open flags.
 */
static __always_inline struct ipc_run *begin(const struct target *t, __u8 op, __u32 nr)
{
	__u32 class = t->class & (IPC_FILE_CLASSES - 1), kind = op & 7;
	__u8 cause = file_classes[class].causes[kind];
	struct ipc_run *run = op_begin(&t->obj, op, cause, t->kobj);

	if (!run)
		return NULL;
	run->flags = RUN_SYSCALL | RUN_OUTER;
	run->aux[0] = t->class;
	run->aux[2] = nr;
	run->aux[3] = t->flags;
	return run;
}

static __always_inline void begin_unresolved(__u8 op, __u32 nr, __u64 address)
{
	struct target t = {};
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
	struct target in = {}, out = {};
	bool reads = resolve(arg(regs, call->fd_arg), &in) && op_wanted(&in.obj);
	bool writes = resolve(arg(regs, call->fd2_arg), &out) && op_wanted(&out.obj);
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

static __always_inline void begin_fd(const struct ipc_syscall *call, struct pt_regs *regs, __u32 nr)
{
	struct target t = {};
	struct ipc_run *run;
	__u8 op = call->op;

	if (!resolve(arg(regs, call->fd_arg), &t) || !op_wanted(&t.obj))
		return;
	if (call->kind == SYSCALL_BY_MODE)
		op = t.mode & FMODE_WRITE ? OP_SEND : OP_RECV;
	run = begin(&t, op, nr);
	if (!run)
		return;
	if (call->size_arg >= 0)
		run->size = arg(regs, call->size_arg);
	if (call->kind != SYSCALL_FD)
		run->aux[3] = head_of(t.class, t.kobj);
	if (call->cmd_arg >= 0)
		run->aux[1] = call->resizes && call->cmds[0] == (__u32)arg(regs, call->cmd_arg);
}

SEC("?tp_btf/sys_enter")
int BPF_PROG(syscall_enter, struct pt_regs *regs, long id)
{
	struct ipc_syscall *call;
	__u32 nr = id;

	call = bpf_map_lookup_elem(&syscalls, &nr);
	if (!call || !call->kind || is_compat_task())
		return 0;
	if ((__u32)(bpf_get_current_pid_tgid() >> 32) == cfg.self_tgid)
		return 0;
	if (call->cmd_arg >= 0 && !command_counts(call, arg(regs, call->cmd_arg)))
		return 0;
	/* an exit that was missed left its slot behind: this task begins anew */
	op_forget();
	switch (call->kind) {
	case SYSCALL_OPEN:
	case SYSCALL_PAIR:
		begin_unresolved(OP_OPEN, nr, arg(regs, call->fd_arg)); /* a path, or where the pair goes */
		break;
	case SYSCALL_SPLICE:
	case SYSCALL_TEE:
		begin_splice(call, regs, nr);
		break;
	default:
		begin_fd(call, regs, nr);
	}
	return 0;
}

/* The path that an object was opened by, when it is absolute; user space finds the others. */
static __attribute__((noinline)) int note_path(const struct ipc_object_id *obj, __u64 address)
{
	struct ipc_name name = {};

	if (!obj || bpf_map_lookup_elem(&names, obj))
		return 0;
	if (bpf_probe_read_user_str(name.path, sizeof(name.path), (void *)address) > 0 && name.path[0] == '/')
		map_create(&names, obj, &name);
	return 0;
}

/* One object of a call that ended: what happened to it. */
struct side {
	struct ipc_object_id obj;
	__u64 kobj;
	__u64 before; /* head, where slots are added without a copy; ~0: they are not */
	__s64 ret;
	__u64 moved;
	__u32 class;
	__u8 op;
	bool payload;
	bool waited; /* the waits of the call were on this object */
	bool packet;
	bool resized;
	bool created;
};

#define NO_SLOTS (~0ull)

static __always_inline void note_counters(struct ipc_edge *edge, const struct side *side)
{
	if (side->op == OP_SEND && side->ret > 0 && !side->moved)
		add(&edge->counters[COUNTER_PAGE_CHUNKS], ((side->ret - 1) >> cfg.page_shift) + 1);
	if (side->before != NO_SLOTS)
		add(&edge->counters[COUNTER_SPLICED_SLOTS], edge->state[0] - (__u32)side->before);
	if (side->packet)
		add(&edge->counters[COUNTER_PACKETS], 1);
	if (side->resized)
		add(&edge->counters[COUNTER_RESIZES], 1);
}

static __always_inline void note_state(struct ipc_edge *edge, const struct side *side, const struct ipc_run *run)
{
	const __u32 *words = read_words(SCRATCH_EXIT, side->class, side->kobj);
	__u32 class = side->class & (IPC_FILE_CLASSES - 1);

	if (!words)
		return;
	__builtin_memcpy(edge->state, words, sizeof(edge->state));
	stamp_state(edge->state);
	if (file_classes[class].depth != DEPTH_RING)
		return;
	depth_note(edge, words[0] - words[1]);
	if (side->op == OP_SEND && side->waited && run->own_waits)
		depth_was_full(edge, words[file_classes[class].limit_word & (IPC_STATE_WORDS - 1)]);
	if (PROFILE(PROFILE_RESIDENCY) && side->payload)
		residency_note(&side->obj, words[0], words[1]);
}

/* Counts a side on its edge, with what its object looks like now. */
static __attribute__((noinline)) int end_side(const struct side *side, struct ipc_run *run)
{
	struct op_result res;
	struct ipc_edge *edge;
	struct ipc_object *o;

	if (!side || !run)
		return 0;
	res.ret = side->ret;
	res.moved = side->moved;
	res.payload = side->payload;
	edge = op_end(&side->obj, side->op, side->waited ? run : NULL, &res);
	if (!edge)
		return 0;
	if ((run->flags & RUN_UNRESOLVED) && (run->flags & RUN_WOKEN) && run->cause == run->own_cause)
		count_wake(run, &side->obj); /* who ended the wait of an open: only now is it known of what */
	if (PROFILE(~0u))
		note_state(edge, side, run);
	note_counters(edge, side);
	if (side->created) {
		o = bpf_map_lookup_elem(&objects, &side->obj);
		if (o)
			o->creations++;
	}
	if (PROFILE(PROFILE_DETAIL) && side->payload && side->ret > 0)
		object_bytes(&side->obj, side->op == OP_SEND ? side->ret : -side->ret);
	if (PROFILE(PROFILE_EVENTS))
		op_emit(&side->obj, side->op, run, &res, edge, run->size);
	return 0;
}

/* The descriptor that a call made. false: it is none of ours. */
static __always_inline bool opened_side(struct side *side, const struct ipc_run *run, const struct ipc_syscall *call,
					__s64 ret)
{
	struct target t = {};
	__u32 fds[2] = {};

	if (ret < 0)
		return false;
	if (call->kind == SYSCALL_PAIR && bpf_probe_read_user(fds, sizeof(fds), (void *)run->kobj2))
		return false;
	if (!resolve(call->kind == SYSCALL_PAIR ? fds[0] : (__u32)ret, &t) || !t.kobj || !op_wanted(&t.obj))
		return false;
	side->obj = t.obj;
	side->kobj = t.kobj;
	side->class = t.class;
	side->op = OP_OPEN;
	side->ret = 0;
	side->waited = true;
	side->created = call->kind == SYSCALL_PAIR;
	if (call->kind == SYSCALL_OPEN)
		note_path(&t.obj, run->kobj2);
	return true;
}

/* The object that was known from the beginning. */
static __always_inline void first_side(struct side *side, const struct ipc_run *run, __u32 kind, __s64 ret)
{
	bool spliced = kind == SYSCALL_SPLICE || kind == SYSCALL_TEE;
	bool moves = spliced || kind == SYSCALL_SENDFILE || (kind == SYSCALL_BY_MODE && run->op == OP_SEND);

	side->obj = run->obj;
	side->kobj = run->kobj;
	side->class = run->aux[0];
	side->op = run->op;
	side->ret = ret;
	side->payload = run->op == OP_SEND || run->op == OP_RECV;
	side->waited = !(run->flags & RUN_SECOND);
	side->moved = moves && ret > 0 ? ret : 0;
	if (moves && run->op == OP_SEND && !(run->flags & RUN_PREEXISTING))
		side->before = run->aux[3];
	side->packet = !moves && run->op == OP_SEND && ret > 0 && (run->aux[3] & 00040000 /* O_DIRECT */);
	side->resized = run->op == OP_CTL && run->aux[1] && ret >= 0;
	if (kind == SYSCALL_TEE && run->op == OP_RECV) {
		/* it leaves its source as it was: no payload there */
		side->op = OP_CTL;
		side->payload = false;
		side->moved = 0;
		side->ret = ret < 0 ? ret : 0;
	}
}

static __always_inline void end_call(struct ipc_run *run, const struct ipc_syscall *call, __s64 ret)
{
	struct side side = {.before = NO_SLOTS};

	if (call->kind == SYSCALL_PAIR || call->kind == SYSCALL_OPEN) {
		if (!opened_side(&side, run, call, ret))
			return;
	} else {
		first_side(&side, run, call->kind, ret);
	}
	for (int i = 0; i < 2; i++) {
		end_side(&side, run);
		if (!run->obj2.mech || i)
			break;
		side.obj = run->obj2;
		side.kobj = run->kobj2;
		side.class = run->aux[1];
		side.op = OP_SEND;
		side.ret = ret;
		side.moved = ret > 0 ? ret : 0;
		side.payload = true;
		side.waited = run->flags & RUN_SECOND;
		side.before = run->aux[3];
	}
}

/* What the iterator could not know of an operation that it found asleep. */
static __always_inline void adopt(struct ipc_run *run, __u32 nr)
{
	run->aux[2] = nr;
	for (__u32 i = 0; i < IPC_FILE_CLASSES; i++)
		if (i < file_classes_cnt && file_classes[i].mech == run->obj.mech)
			run->aux[0] = i;
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(syscall_exit, struct pt_regs *regs, long ret)
{
	struct ipc_run *run = run_mine();
	struct ipc_syscall *call;
	__u32 nr;

	if (!run || !(run->flags & RUN_SYSCALL))
		return 0;
	if (run->flags & RUN_PREEXISTING)
		adopt(run, syscall_nr(regs));
	nr = run->aux[2];
	call = bpf_map_lookup_elem(&syscalls, &nr);
	if (call && nr == syscall_nr(regs))
		end_call(run, call, ret);
	op_done(run);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
