/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What message queues, semaphore sets and segments of System V share: ids, keys, namespaces. */
#ifndef MECH_SYSV_H
#define MECH_SYSV_H

#include "mech.h"

/* "msg:[NAMESPACE:ID]": the inode number of the IPC namespace, and the host's id */
void sysv_format_id(const char *mech, const struct ipc_object_id *id, char *buf, size_t size);

/*
 * That, or "msg:ID" and "msg:0xKEY" in our own namespace. find: the id that a key has, as
 * msgget(key, 0) tells it. Returns 0, -EINVAL (something else), or -errno.
 */
int sysv_parse_id(const char *mech, unsigned mech_id, const char *spec, int (*find)(int key), struct ipc_object_id *id);

#endif
