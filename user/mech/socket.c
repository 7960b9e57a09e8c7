// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "mech/socket.h"

#include <asm/unistd.h>

#include "model/model.h"
#include "syscall.h"

bool socket_counter(const struct object *o, enum ipc_op op, unsigned i, enum span span, double *value)
{
	struct side side;

	object_side(o, op, span, &side);
	*value = side.counters[i];
	return can_see(o->can, UNSEEN_COUNTER(i));
}

bool socket_sent_by_first(const struct object *o, enum span span, double *value)
{
	return socket_counter(o, OP_SEND, SOCKET_FIRST_BYTES, span, value);
}

bool socket_sent_by_second(const struct object *o, enum span span, double *value)
{
	struct side side;
	bool known = socket_sent_by_first(o, span, value);

	object_side(o, OP_SEND, span, &side);
	*value = side.bytes - *value;
	return known;
}

bool socket_received_by_first(const struct object *o, enum span span, double *value)
{
	return socket_counter(o, OP_RECV, SOCKET_FIRST_BYTES, span, value);
}

bool socket_received_by_second(const struct object *o, enum span span, double *value)
{
	struct side side;
	bool known = socket_received_by_first(o, span, value);

	object_side(o, OP_RECV, span, &side);
	*value = side.bytes - *value;
	return known;
}

bool socket_connects(const struct object *o, enum span span, double *value)
{
	return socket_counter(o, OP_OPEN, SOCKET_CONNECTS, span, value);
}

bool socket_truncated(const struct object *o, enum span span, double *value)
{
	return socket_counter(o, OP_RECV, SOCKET_TRUNCATED, span, value);
}

void socket_bytes(const struct object *o, struct mech_room *room)
{
	uint64_t bytes;

	/* of what was thrown away only a look at the queue knows */
	if (o->raw.flags & OBJECT_DISCARDED_UNKNOWN ? object_inside_bytes(o, &bytes) : object_depth_bytes(o, &bytes))
		room->used_bytes = bytes;
	if (!(o->raw.flags & OBJECT_DISCARDED_UNKNOWN) && (o->can->profile & PROFILE_DETAIL) && object_base_bytes(o, &bytes))
		room->max_bytes = o->raw.max_bytes;
	if (room->max_bytes != ROOM_UNKNOWN && room->used_bytes != ROOM_UNKNOWN && room->max_bytes < room->used_bytes)
		room->max_bytes = room->used_bytes;
}

#define CALL(call) #call, __NR_##call
#define NO_CMD .cmd_arg = -1
#define ONE_FD .fd2_arg = -1

const struct mech_syscall socket_syscalls[] = {
	{CALL(write), SYSCALL_FD, OP_SEND, 0, ONE_FD, 2, NO_CMD},
	{CALL(read), SYSCALL_FD, OP_RECV, 0, ONE_FD, 2, NO_CMD},
	{CALL(writev), SYSCALL_FD, OP_SEND, 0, ONE_FD, -1, NO_CMD},
	{CALL(readv), SYSCALL_FD, OP_RECV, 0, ONE_FD, -1, NO_CMD},
	{CALL(pwritev2), SYSCALL_FD, OP_SEND, 0, ONE_FD, -1, NO_CMD},
	{CALL(preadv2), SYSCALL_FD, OP_RECV, 0, ONE_FD, -1, NO_CMD},
	{CALL(splice), SYSCALL_SPLICE, OP_RECV, 0, 2, 4, NO_CMD},
	{CALL(sendfile), SYSCALL_SENDFILE, OP_SEND, 0, ONE_FD, 3, NO_CMD},
	{CALL(sendto), SYSCALL_SEND_TO, OP_SEND, 0, ONE_FD, 2, NO_CMD},
	{CALL(recvfrom), SYSCALL_RECV_FROM, OP_RECV, 0, 3, 2, NO_CMD},
	{CALL(sendmsg), SYSCALL_MSG, OP_SEND, 0, ONE_FD, -1, NO_CMD},
	{CALL(recvmsg), SYSCALL_MSG, OP_RECV, 0, 2, -1, NO_CMD},
	{CALL(sendmmsg), SYSCALL_MMSG, OP_SEND, 0, ONE_FD, -1, NO_CMD},
	{CALL(recvmmsg), SYSCALL_MMSG, OP_RECV, 0, 3, -1, NO_CMD},
	{CALL(connect), SYSCALL_CONNECT, OP_OPEN, 0, ONE_FD, -1, NO_CMD},
	{CALL(accept), SYSCALL_FD, OP_OPEN, 0, ONE_FD, -1, NO_CMD},
	{CALL(accept4), SYSCALL_FD, OP_OPEN, 0, ONE_FD, -1, NO_CMD},
	{CALL(socketpair), SYSCALL_PAIR, OP_OPEN, 3, ONE_FD, -1, NO_CMD},
	{CALL(bind), SYSCALL_NAMES, OP_CTL, 0, ONE_FD, -1, NO_CMD},
	{CALL(listen), SYSCALL_NAMES, OP_CTL, 0, ONE_FD, -1, NO_CMD},
	{CALL(shutdown), SYSCALL_FD, OP_CTL, 0, ONE_FD, -1, NO_CMD},
	MECH_SYSCALLS_END,
};
