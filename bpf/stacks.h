/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* PROFILE_STACKS, shared with user space: where waits began and from where they were ended. Included by ipctrace.h. */
#ifndef STACKS_H
#define STACKS_H

#define IPC_STACK_DEPTH 64 /* frames, the innermost ones; the kernel allows 127 */

/* A stack's number in the map `stacks`, or one of these. */
enum ipc_stack_id {
	STACK_NONE = -1, /* a kernel thread has none of user space, what nobody woke none of a waker */
	STACK_LOST = -2, /* there was no room; counted as a loss */
};

/* PROFILE_STACKS: waits of a process on an object that began and ended in the same places. */
struct ipc_stack_key {
	struct ipc_object_id obj;
	__u32 tgid;
	__u32 start;
	__u32 waker; /* tgid; 0: no task, or not seen */
	__s32 kernel; /* enum ipc_stack_id: these, too */
	__s32 user;
	__s32 waker_kernel;
	__s32 waker_user;
	__u32 waker_start;
	__u8 op;
	__u8 cause;
	__u8 waker_kind; /* WAKER_TASK or WAKER_INTERRUPT */
	__u8 pad[5]; /* always 0, it is hashed */
};
_Static_assert(sizeof(struct ipc_stack_key) == 56, "hashed as a whole");

/* A sleep under way: where it began, and, once somebody has woken it, from where. */
struct ipc_stack_sleep {
	__s32 kernel;
	__s32 user;
	__s32 waker_kernel;
	__s32 waker_user;
	__u32 waker;
	__u32 waker_start;
	__u32 waker_kind;
};

struct ipc_stack_sum {
	__u64 waits;
	__u64 wait_ns;
};

/* Return addresses from the innermost on; 0 after the last. */
struct ipc_stack {
	__u64 frames[IPC_STACK_DEPTH];
};

#endif
