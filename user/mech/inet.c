// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Loopback TCP and UDP. The object of two sockets that are connected to each other is
 * the pair; listeners and UDP receivers are objects of their own. Programs in
 * bpf/inet*.bpf.[ch], where the words and counters are filled.
 */
#include <sys/stat.h>

#include "mech/inet.h"
#include "model/model.h"
#include "syscall.h"

/* struct inet_internals: those that are computed with */
enum inet_word {
	WORD_PROTOCOL = 0,
	WORD_STATE = 1,
	WORD_SECOND_STATE = 2,
	WORD_WAITING = 12,
	WORD_QUEUE_LIMIT = 13,
	WORD_WHEN = 14,
};

static const struct mech_field fields[] = {
	{ "protocol", "6 TCP, 17 UDP", NULL },
	{ "first_state", "of the first end: 1 established, 7 closed, 10 listening, and as in netinet/tcp.h", NULL },
	{ "second_state", "of the second end of a pair", NULL },
	{ "first_queued", "TCP: bytes that the first end's kernel has and no process has received", NULL },
	{ "second_queued", "the same at the second end", NULL },
	{ "first_charged", "memory charged to the first end's receive buffer", NULL },
	{ "first_rcvbuf", "limit of that (SO_RCVBUF)", NULL },
	{ "second_charged", "memory charged to the second end's receive buffer", NULL },
	{ "second_rcvbuf", "limit of that", NULL },
	{ "first_unacked", "TCP: bytes written at the first end and not acknowledged: sent, or kept until the window opens", NULL },
	{ "second_unacked", "the same of the second end", NULL },
	{ "drops", "datagrams thrown away before their receiver, since the socket was made", NULL },
	{ "waiting", "datagrams that wait to be received; a listener's connections to accept", NULL },
	{ "queue_limit", "connections that may wait", NULL },
	{ "when", "ns when this was read, modulo 2^32; not with --brief", NULL },
	{ NULL, NULL, NULL },
};

static bool window_waits(const struct object *o, enum span span, double *value)
{
	return socket_counter(o, OP_SEND, SOCKET_NOTED, span, value);
}

static bool netns(const struct object *o, enum span span, double *value)
{
	(void)span;
	*value = o->id.domain;
	return true;
}

static const struct mech_derived derived[] = {
	{ "netns", "inode number of the network namespace", netns },
	{ "sent_by_first", "bytes sent at the first end, of a pair that with the lower port", socket_sent_by_first },
	{ "sent_by_second", "bytes sent at the second end, or by all senders to a receiver", socket_sent_by_second },
	{ "received_by_first", "bytes received at the first end", socket_received_by_first },
	{ "received_by_second", "bytes received at the second end", socket_received_by_second },
	{ "window_waits", "sleeps of TCP senders with bytes that the peer's window had no room for", window_waits },
	{ "connects", "connections made to a listener or a receiver", socket_connects },
	{ "truncated", "datagrams cut off by a receive that was too short", socket_truncated },
	{ NULL, NULL, NULL },
};

static void room(const struct object *o, struct mech_room *room)
{
	const uint32_t *now = object_state(o);

	socket_bytes(o, room);
	if (!now || (now[WORD_PROTOCOL] == INET_TCP && !now[WORD_QUEUE_LIMIT]))
		return;
	if (now[WORD_QUEUE_LIMIT])
		room->slots = now[WORD_QUEUE_LIMIT];
	room->used_slots = o->raw.flags & OBJECT_DESTROYED ? 0 : now[WORD_WAITING];
	room->max_slots = o->max_depth > room->used_slots ? o->max_depth : room->used_slots;
}

/* One that knows the object's sockets; the later stamp; within its unit, the finer clock. */
static bool newer(const uint32_t *a, const uint32_t *b)
{
	if (!a[WORD_PROTOCOL] || !b[WORD_PROTOCOL])
		return a[WORD_PROTOCOL] > b[WORD_PROTOCOL]; /* 0: never read */
	if ((a[WORD_STATE] == IPC_STATE_ABSENT) != (b[WORD_STATE] == IPC_STATE_ABSENT))
		return b[WORD_STATE] == IPC_STATE_ABSENT;
	if (a[IPC_STATE_STAMP] != b[IPC_STATE_STAMP])
		return (int32_t)(a[IPC_STATE_STAMP] - b[IPC_STATE_STAMP]) > 0;
	return (int32_t)(a[WORD_WHEN] - b[WORD_WHEN]) > 0;
}

static bool has_ends(const struct object *o)
{
	const uint32_t *now = object_nature(o);

	return now && now[WORD_SECOND_STATE] != IPC_STATE_ABSENT;
}

static const char *const blind[] = {
	"whatever leaves the machine, or goes from one network namespace to another: both ends of an object are on one loopback device",
	"raw sockets, multicast, MPTCP, what sockmap moves, and bytes received by TCP_ZEROCOPY_RECEIVE",
	"which of several senders' bytes a receiver got, and which of several sockets with one address and port (SO_REUSEPORT)",
	"who wakes a sleeper when a packet is delivered by a timer, by ksoftirqd or on top of a process that does something else: then "
	"it is an interrupt. On top of an operation on the same object it is the task that is in that operation",
	"what a call that was inside the kernel when tracing began did: its wait is shown and counted, its bytes are not",
	"residency",
	"that an end broke which neither end's calls did (ss --kill), until one works, or 256 ticks of the kernel have passed",
	"an end that was not accepted yet: what it has queued",
	"under lockdown=confidentiality: everything, for what a socket is is read by address",
	"a connect or an unconnected send to an address of this machine that is not a loopback one, while nobody is bound to exactly that",
	"with the syscall backend, what a UDP socket that is bound to more than loopback receives from elsewhere is told of it, too",
	"waits of a splice between a pipe and a socket when pipes are traced too: they are told of the pipe",
	"messages of sendmmsg and recvmmsg count one by one, with the syscall backend those that succeeded",
	"with the syscall backend: what is sent, received, connected or accepted through io_uring; 32-bit processes",
	"of a sender and a receiver that slept on one and the same end before the start, which is which",
	NULL,
};

static const char *const maps[] = { "known_ends", "displaced_ends", NULL };

const struct mechanism mech_inet = {
	.id = MECH_INET,
	.name = "inet",
	.summary = "loopback TCP and UDP, IPv4 and IPv6: both directions, who waits, drops",
	.man = "Two sockets that are connected to each other over loopback are one object, whichever end works: each end "
	       "sends and receives. A listener is an object of its own, on which connect and accept are counted as opens: "
	       "the first waits while its backlog is full, the second for a partner. What is sent to a UDP socket that is "
	       "not connected back is counted on that socket, whoever sends; so is what is sent, or refused, where nobody "
	       "is.\n\n"
	       "An object is known by its addresses and ports: tcp:127.0.0.1:80-127.0.0.1:40000 is a pair, udp:[::1]:53 a "
	       "receiver. Of a pair the end with the lower port is the first one. A later connection with the same "
	       "addresses and ports is the same object, made again. In another network namespace than ipctrace's, "
	       "@net:[INODE] follows; equal addresses in two of them are two objects.\n\n"
	       "A receive with MSG_PEEK leaves the data where it is: it is counted as a control operation.",
	.blind = blind,
	.object = "inet",
	.maps = maps,
	.hooks = inet_hooks,
	.syscalls = socket_syscalls,
	.state_needs = PROFILE_ANY,
	.lasting = 1 << WORD_PROTOCOL,
	.fields = fields,
	.detailed = 1u << WORD_WHEN, /* see state_moment() */
	.derived = derived,
	.has_ends = has_ends,
	.first_ops = SOCKET_FIRST_OPS,
	.file_mode = S_IFSOCK,
	.file_magic = 2, /* sockets: their address family; AF_INET stands for AF_INET6, too */
	.follows_calls = true,
	.causes = { [OP_SEND] = CAUSE_FULL, [OP_RECV] = CAUSE_EMPTY, [OP_OPEN] = CAUSE_PARTNER, [OP_CLOSE] = CAUSE_PARTNER,
		    [OP_CTL] = CAUSE_LOCK },
	.format_id = inet_format_id,
	.format_name = inet_format_name,
	.parse_id = inet_parse_id,
	.room = room,
	.newer = newer,
	.unseen = { [BACKEND_FUNCTION] = UNSEEN_RESIDENCY,
		    [BACKEND_SYSCALL] = UNSEEN_CLOSE | UNSEEN_DESTRUCTION | UNSEEN_SPURIOUS | UNSEEN_RESIDENCY |
					UNSEEN_COUNTER(SOCKET_NOTED) | UNSEEN_COUNTER(SOCKET_TRUNCATED) },
};
