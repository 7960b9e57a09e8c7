/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System V objects of system calls: found by id, made by xxxget(), removed by
 * IPC_RMID. Included by syscall.bpf.c.
 */
#ifndef SYSCALL_SYSV_BPF_H
#define SYSCALL_SYSV_BPF_H

#define IPC_CREAT_EXCL 03000u /* IPC_CREAT | IPC_EXCL: whoever succeeds has made it */

static __always_inline bool resolve_sysv(const struct ipc_syscall *call, __s32 id, struct call_target *t)
{
	__u64 ns = sysv_namespace();

	t->kobj = sysv_find(ns, call->fd2_arg, id);
	if (!t->kobj)
		return false;
	t->obj.id = id;
	t->obj.domain = sysv_namespace_inode(ns);
	t->obj.mech = call->mech;
	t->obj.pad = 0;
	t->class = class_of_mech[call->mech & (MECH_MAX - 1)];
	return true;
}

/* xxxget(key, flags): certainly a new object, if it succeeds? */
static __always_inline __u64 sysv_get_is_new(__u32 key, __u32 flags)
{
	return !key || (flags & IPC_CREAT_EXCL) == IPC_CREAT_EXCL;
}

/* What existed before us is known from the first pass, which leaves out nothing. */
static __always_inline bool sysv_was_made(const struct call_target *t, bool certainly)
{
	return certainly || !bpf_map_lookup_elem(&objects, &t->obj);
}

static __always_inline void name_sysv(const struct call_target *t)
{
	struct kern_ipc_perm *perm = (void *)t->kobj;

	sysv_name(&t->obj, BPF_CORE_READ(perm, key));
}

/* Before it is removed: what is in it is read while it is there. */
static __always_inline void note_last_state(const struct call_target *t)
{
	struct ipc_object *o = bpf_map_lookup_elem(&objects, &t->obj);
	const __u32 *words;

	if (!o)
		return;
	words = read_words(SCRATCH_ENTER, t->class, t->kobj);
	if (!words)
		return;
	__builtin_memcpy(o->state, words, sizeof(o->state));
	stamp_state(o->state);
}

static __always_inline void note_destroyed(struct ipc_object *o, __u32 class)
{
	__u32 bytes_word = file_classes[class & (IPC_FILE_CLASSES - 1)].bytes_word;

	o->flags |= OBJECT_DESTROYED;
	o->destructions++;
	o->last_ns = bpf_ktime_get_ns();
	o->inside_bytes = 0;
	if (bytes_word)
		add(&o->discarded_bytes, o->state[bytes_word & (IPC_STATE_WORDS - 1)]);
}

#endif
