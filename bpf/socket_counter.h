/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What sockets of every family have in common, for both sides. */
#ifndef IPC_SOCKET_H
#define IPC_SOCKET_H

#ifdef __VMLINUX_H__ /* user space has its own headers for these */
#define SOCKET_STREAM 1
#define SOCKET_DGRAM 2
#define SOCKET_SEQPACKET 5
#define MSG_PEEK 2
#define MSG_TRUNC 0x20
#define MSG_SPLICE_PAGES 0x8000000
#endif

/* ipc_edge.counters, by operation */
enum socket_counter {
	SOCKET_FIRST_BYTES = 0, /* sent or received at the first end of a pair */
	SOCKET_NOTED = 1,	/* what the mechanism counted in ipc_run.aux[1] */
	SOCKET_CONNECTS = 2,	/* opens: connections made */
	SOCKET_TRUNCATED = 4,	/* messages cut off by a short receive: COUNTER_PACKETS */
	SOCKET_FIRST_OPS = 5,	/* at the first end of a pair; not of opens */
};

#endif
