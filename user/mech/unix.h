/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the parts of the description of UNIX sockets share; numbers as in bpf/unix.bpf.h. */
#ifndef MECH_UNIX_H
#define MECH_UNIX_H

#include "mech/socket.h"

/* struct unix_internals: those that are computed with */
enum unix_word {
	UNIX_TYPE = 0,
	UNIX_STATE = 1,
	UNIX_SECOND_INODE = 2,
	UNIX_FIRST_BUFFERS = 3,
	UNIX_SECOND_BUFFERS = 4,
	UNIX_SHUTDOWN = 9,
	UNIX_QUEUE_LIMIT = 10,
	UNIX_FDS_IN_FLIGHT = 11,
	UNIX_WHEN = 14,
};

#define UNIX_FIRST_CLOSED 16
#define UNIX_SECOND_CLOSED 32

#define UNIX_LISTENING 10

#define UNIX_CREDENTIALS SOCKET_CONNECTS /* of sends and receives: messages with SCM_CREDENTIALS */

enum unix_object_counter {
	UNIX_KIND_PIPE = 0,
	UNIX_KIND_SOCKET,
	UNIX_KIND_REGULAR,
	UNIX_KIND_DIRECTORY,
	UNIX_KIND_OTHER,
};

extern const struct mech_hook unix_hooks[];

#endif
