/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What `ipctrace ring` reads from the pipe_ring iterator: a stream of records,
 * each with its kind and size first. A pass may deliver a pipe more than once;
 * the last one counts.
 */
#ifndef IPC_RING_H
#define IPC_RING_H

enum ipc_ring_kind {
	RING_HEAD = 1,	  /* struct ipc_ring_head: begins a pipe, the slots and sleepers follow */
	RING_SLOT = 2,	  /* struct ipc_ring_slot, from tail to head */
	RING_SLEEPER = 3, /* struct ipc_ring_sleeper */
	RING_HOLDER = 4,  /* struct ipc_ring_holder: one open descriptor */
	RING_MORE = 5,	  /* struct ipc_ring_more: there was no room for all sleepers of a side */
};

struct ipc_ring_any {
	__u32 kind;
	__u32 size; /* of the whole record */
};

struct ipc_ring_head {
	struct ipc_ring_any any;
	__u64 now_ns; /* CLOCK_MONOTONIC */
	struct ipc_object_id obj;
	__u32 state[IPC_STATE_WORDS]; /* as the mechanism's fields */
	__u32 slots;		      /* that follow */
	__u32 truncated;	      /* more are in use than can be shown */
};

struct ipc_ring_slot {
	struct ipc_ring_any any;
	__u32 index;  /* in the array: position & (ring_size - 1) */
	__u32 offset; /* of the first unread byte in its page */
	__u32 len;
	__u32 flags;  /* PIPE_BUF_FLAG_* */
	__u32 refs;   /* of the page */
	__u32 domain; /* device of the file that owns the page; 0: no file's */
	__u64 inode;
	__u64 page;   /* address */
	__u64 ops;    /* address of its pipe_buf_operations: tells where the page came from */
};

struct ipc_ring_sleeper {
	struct ipc_ring_any any;
	__u32 tid;
	__u32 tgid;
	__u64 since_ns; /* CLOCK_MONOTONIC, good to a tick */
	__u32 op;	/* OP_RECV: waits for data, OP_SEND: for room */
	__u32 polls;	/* 1: in poll, epoll or io_uring, not in a read or write of its own */
	char comm[IPC_COMM_LEN];
};

#define RING_MORE_MAX 1024 /* so many are counted: there may be more */

struct ipc_ring_more {
	struct ipc_ring_any any;
	__u32 op;  /* as a sleeper's */
	__u32 cnt; /* sleepers and pollers that follow those told one by one */
};

struct ipc_ring_holder {
	struct ipc_ring_any any;
	__u32 tgid;
	__u32 fd;
	__u32 mode;  /* FMODE_READ 1, FMODE_WRITE 2 */
	__u32 flags; /* O_* */
	char comm[IPC_COMM_LEN];
};

#endif
