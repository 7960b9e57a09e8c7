/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a filter leaves out, at the least cost: with a filter most operations are. An object is wanted from the moment
 * that a task of class IN uses or holds it. So what a task of class OUT does is left out as long as no object of
 * these programs is wanted, and after that when its own object is not. The questions come in the order of what they
 * cost, before anything is read; what they do not decide is identified and asked of op_wanted() as ever.
 *
 * An operation is asked about at its end as at its beginning, and what was begun is not left out then: its
 * object is wanted for good, or its task is not OUT.
 */
#ifndef LEFT_OUT_BPF_H
#define LEFT_OUT_BPF_H

/* May the current task not make any object wanted? */
static __always_inline bool task_is_out(void)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	__u32 tid = pid_tgid;
	__u8 *class = bpf_map_lookup_elem(&classes, &tid);

	if (!class)
		return true; /* as slot_left_out() has it */
	return (*class ?: task_classify(pid_tgid >> 32, tid)) == CLASS_OUT;
}

static __always_inline bool none_wanted(void)
{
	return !*(volatile __u64 *)&wants;
}

/* Is all left out that the current task does to objects of these programs? */
static __always_inline bool all_left_out(void)
{
	return cfg.filtered && none_wanted() && task_is_out();
}

static __always_inline bool slot_wanted(__u32 slot)
{
	__u32 *want = bpf_map_lookup_elem(&wanted, &slot);

	return want && *want;
}

/* Is what it does to this object? */
static __always_inline bool left_out(const struct ipc_object_id *obj)
{
	return cfg.filtered && !slot_wanted(object_hash(obj)) && task_is_out();
}

/*
 * Where it costs much to tell which object it is: the places in `wanted` of objects that were identified before, by
 * the address of something in the kernel that belongs to one object from handle_forget() to handle_forget(). In one
 * word, so that nobody reads half of it: the address below, in units of 8, then the place.
 */
_Static_assert(IPC_CLASS_BITS == 16, "a word has 48 bits of an address and a place");

static __always_inline __u64 handle_of(const void *object)
{
	return number_from(known_slots, object) << 13;
}

static __always_inline volatile __u64 *handle_place(__u64 handle)
{
	return &known_slots[known_index(handle)];
}

static __always_inline bool handle_left_out(const void *object)
{
	__u64 handle, known;

	if (!cfg.filtered || !task_is_out())
		return false;
	if (none_wanted())
		return true;
	handle = handle_of(object);
	known = *handle_place(handle >> 16);
	return !((known ^ handle) >> 16) && !slot_wanted(known & 0xffff);
}

/* It belongs to this object. */
static __always_inline void handle_known(const void *object, const struct ipc_object_id *obj)
{
	__u64 handle;

	if (!cfg.filtered)
		return;
	handle = handle_of(object);
	*handle_place(handle >> 16) = (handle & ~0xffffull) | object_hash(obj);
}

static __always_inline void forget_handle(__u64 handle)
{
	volatile __u64 *place = handle_place(handle >> 16);
	__u64 known = *place;

	if (!((known ^ handle) >> 16))
		*place = 0;
}

/* It comes, goes, or belongs to another object from now on. */
static __always_inline void handle_forget(const void *object)
{
	if (cfg.filtered)
		forget_handle(handle_of(object));
}

/* The same where its address is a number, from which nothing that has a type is subtracted. */
static __always_inline void handle_forget_at(__u64 address)
{
	if (cfg.filtered && has_current_task_btf())
		forget_handle(((address - bpf_get_current_task()) << 13) + handle_of(bpf_get_current_task_btf()));
}

#endif
