/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which object it is, of those that it costs much to tell: by the address of something in the kernel that belongs to
 * one object from forget_known() to forget_known(). Number and domain in one word; the other one tells whether it is of
 * this address, and whether both were written together.
 */
#ifndef KNOWN_BPF_H
#define KNOWN_BPF_H

static __always_inline __u64 number_of(const void *pointer)
{
	return number_from(known_objects, pointer);
}

static __always_inline volatile struct ipc_known *known_at(__u64 number)
{
	return &known_objects[known_index(number)];
}

/* What two mechanisms call alike is not the same. */
static __always_inline __u64 known_check(__u64 what, __u64 number, __u16 mech)
{
	return what ^ (number + mech);
}

/* number: an address, or number_of() one. In keys an object is `id` and `where`. */
static __always_inline bool object_known(__u64 number, __u16 mech, __u64 *id, __u64 *where)
{
	volatile struct ipc_known *known = known_at(number);
	__u64 what = known->what;

	*id = (__u32)what;
	*where = what >> 32 | (__u64)mech << 32;
	return known->check == known_check(what, number, mech);
}

static __always_inline void becomes_known(__u64 number, const struct ipc_object_id *obj)
{
	volatile struct ipc_known *known = known_at(number);
	__u64 what = obj->id | (__u64)obj->domain << 32;

	if (obj->id >> 32)
		return;
	known->what = what;
	known->check = known_check(what, number, obj->mech);
}

/* It comes or goes. */
static __always_inline void forget_known(__u64 number, __u16 mech)
{
	volatile struct ipc_known *known = known_at(number);

	if (known->check == known_check(known->what, number, mech))
		known->check = 0;
}

#endif
