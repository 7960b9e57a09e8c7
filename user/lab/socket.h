/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls on sockets of any family that count themselves. */
#ifndef LAB_SOCKET_H
#define LAB_SOCKET_H

#include "lab/scenario.h"

#include <sys/socket.h>

ssize_t op_send(struct object *o, int fd, size_t n, int flags);
ssize_t op_recv(struct object *o, int fd, size_t size, int flags); /* MSG_PEEK: a control operation */
ssize_t op_sendmmsg(struct object *o, int fd, unsigned cnt, size_t n);
ssize_t op_recvmmsg(struct object *o, int fd, unsigned cnt, size_t size);
int op_accept(struct object *o, int fd);
int op_shutdown(struct object *o, int fd, int how);
void must_sock_send(struct object *o, int fd, size_t n);
void must_sock_recv(struct object *o, int fd, size_t size, size_t ret);

/* What a call of these kinds has come to is counted on o; data: a result is a number of payload bytes. Returns ret. */
ssize_t sock_ended(struct object *o, enum side side, ssize_t ret, bool data);

#endif
