/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Operations through io_uring that count themselves, by its system calls alone. */
#ifndef LAB_URING_H
#define LAB_URING_H

#include "lab/scenario.h"

#include <linux/io_uring.h>
#include <sys/socket.h>

/* Makes the calling process's ring, or gives the scenario up where that is refused. */
void uring_new(void);
/* Is what a file without FMODE_NOWAIT is asked for done by a thread of ours? Before 5.12 it is a process of the kernel's. */
bool uring_workers_are_ours(void);
/* Does a read of it fail instead of waiting, if asked to (RWF_NOWAIT)? Then the ring tries before it waits. */
bool has_nowait(int fd);

/* opcode: IORING_OP_READ, WRITE, RECV, SEND. Only submits: it may wait. */
void uring_submit(unsigned char opcode, int fd, size_t n);
void uring_accept(int fd);
void uring_connect(int fd, const struct sockaddr *to, socklen_t len); /* to: until it has ended */
int uring_await(void); /* what the one in progress came to: bytes or a descriptor, or -errno */

/* What the ring did on o; by_us: it was this process. No system call tells of it. */
void uring_ended(struct object *o, enum side side, int res, bool by_us);

#endif
