/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the descriptors of all families of sockets share: figures of the two ends of a pair, the system calls. */
#ifndef MECH_SOCKET_H
#define MECH_SOCKET_H

#include "mech.h"
#include "socket_counter.h"

/* Counter i of one kind of operation (enum socket_counter); false: the backend cannot see it. */
bool socket_counter(const struct object *o, enum ipc_op op, unsigned i, enum span span, double *value);

/* struct mech_derived.get: bytes, by end of a pair */
bool socket_sent_by_first(const struct object *o, enum span span, double *value);
bool socket_sent_by_second(const struct object *o, enum span span, double *value);
bool socket_received_by_first(const struct object *o, enum span span, double *value);
bool socket_received_by_second(const struct object *o, enum span span, double *value);
/* connections made; messages cut off */
bool socket_connects(const struct object *o, enum span span, double *value);
bool socket_truncated(const struct object *o, enum span span, double *value);

/* The bytes inside, of struct mech_room. */
void socket_bytes(const struct object *o, struct mech_room *room);

extern const struct mech_syscall socket_syscalls[];

#endif
