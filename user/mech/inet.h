/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the parts of the description of loopback sockets share. */
#ifndef MECH_INET_H
#define MECH_INET_H

#include <stdbool.h>
#include <stddef.h>

#include "mech/socket.h"
#include "inet_key.h"

extern const struct mech_hook inet_hooks[];

/* "tcp:127.0.0.1:80-127.0.0.1:4000", "udp:[::1]:53": a pair, a listener or receiver; "…@net:[4026532208]" in another
 * network namespace than ours. raw: struct inet_name. */
void inet_format_name(const struct ipc_object_id *id, const char *raw, char *buf, size_t size);
/* "inet:[NETNS:HASH]" */
void inet_format_id(const struct ipc_object_id *id, char *buf, size_t size);
/* "socket:[INODE]", of our own network namespace: the object that operations on it are on. id->domain is that of the
 * namespace. 0 or -ENOENT. */
int inet_find(unsigned long long inode, struct ipc_object_id *id);
/* Any of them; -EINVAL: none. */
int inet_parse_id(const char *spec, struct ipc_object_id *id);

#endif
