/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls on UNIX sockets that count themselves, and the objects that they are on. */
#ifndef LAB_UNIX_H
#define LAB_UNIX_H

#include "lab/socket.h"

/* socketpair(2); the object is the pair. */
struct object *object_pair(int fds[2], int type);
/* The pair that a socket is an end of which connected. */
struct object *object_connected(int fd);
/* A socket of this type with a name that is an object of its own: bound, and listening when backlog >= 0. */
struct object *object_bound(int *fd, int type, const char *name, int backlog);
uint64_t inode_of(int fd);
/* "first" or "second": which end of the pair a socket is. */
const char *end_of(const struct object *o, int fd);

ssize_t op_sendto(struct object *o, int fd, size_t n, int flags, const char *name);
ssize_t op_sendfds(struct object *o, int fd, const int *fds, unsigned cnt); /* with one byte */
ssize_t op_recvfds(struct object *o, int fd, int *fds, unsigned cnt);
ssize_t op_sendcred(struct object *o, int fd, size_t n); /* with this process's credentials */
ssize_t op_recvcred(struct object *o, int fd, size_t size);
int op_connect(struct object *o, int fd, const char *name);

#endif
