// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * UNIX domain sockets. The object of two sockets that are connected to each other
 * is the pair; listeners and named datagram sockets are objects of their own.
 * Programs in bpf/unix*.bpf.[ch], where the words and counters are filled.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "mech/unix.h"
#include "model/model.h"
#include "syscall.h"

static void format_id(const struct ipc_object_id *id, char *buf, size_t size)
{
	snprintf(buf, size, "unix:[%llu]", (unsigned long long)id->id);
}

/* From the kernel's own list: the listener or receiver of this name, or, without one, the socket of this inode. */
static int find(const char *name, unsigned long long *inode)
{
	FILE *f = fopen("/proc/net/unix", "re");
	char line[512], path[256];
	int err = -ENOENT;

	if (!f)
		return -errno;
	while (err && fgets(line, sizeof(line), f)) {
		unsigned int type, state;
		unsigned long long found;
		int got = sscanf(line, "%*s %*s %*s %*s %x %x %llu %255s", &type, &state, &found, path);

		if (!name) {
			err = got >= 3 && found == *inode ? 0 : err;
		} else if (got == 4 && !strcmp(path, name) && state == 1 /* unconnected: it listens, or receives datagrams */) {
			*inode = found;
			err = 0;
		}
	}
	fclose(f);
	return err;
}

/*
 * "unix:[INODE]", of either end; "socket:[INODE]" as readlink(2) in the fd directory of proc gives it, which
 * another mechanism may know better when our network namespace has no such socket; a path, or @NAME.
 */
static int parse_id(const char *spec, struct ipc_object_id *id)
{
	unsigned long long inode;
	struct stat st;
	int end = 0, err;

	*id = (struct ipc_object_id){ .mech = MECH_UNIX };
	if (sscanf(spec, "unix:[%llu]%n", &inode, &end) == 1 && end && !spec[end]) {
		id->id = inode;
		return 0;
	}
	if (sscanf(spec, "socket:[%llu]%n", &inode, &end) == 1 && end && !spec[end]) {
		id->id = inode;
		return find(NULL, &inode) ? PARSED_PERHAPS : 0;
	}
	if (spec[0] != '@' && (stat(spec, &st) || !S_ISSOCK(st.st_mode)))
		return -EINVAL;
	err = find(spec, &inode);
	id->id = err ? 0 : inode;
	return err;
}

static const struct mech_field fields[] = {
	{ "type", "1 stream, 2 datagram, 5 sequenced packets", NULL },
	{ "state", "1 connected, 7 not, 10 listening", NULL },
	{ "second_inode", "inode of the other end of a pair; the first one's is in the id", NULL },
	{ "first_buffers", "buffers that wait to be received at the first end; a listener's connections to accept", NULL },
	{ "second_buffers", "buffers that wait to be received at the second end", NULL },
	{ "first_charged", "memory charged to the first end's send buffer", NULL },
	{ "first_sndbuf", "limit of that (SO_SNDBUF)", NULL },
	{ "second_charged", "memory charged to the second end's send buffer", NULL },
	{ "second_sndbuf", "limit of that", NULL },
	{ "shutdown", "1, 2: the first end receives, sends no more; 4, 8: the second; 16, 32: it is closed", NULL },
	{ "queue_limit", "messages, or connections, that may wait (not for streams)", NULL },
	{ "fds_in_flight", "descriptors sent and not received", NULL },
	{ "first_pid", "credential of the first end, taken when it was connected", NULL },
	{ "second_pid", "that of the second end; of a listener, who listens", NULL },
	{ "when", "ns when this was read, modulo 2^32; not with --brief", NULL },
	{ NULL, NULL, NULL },
};

static bool fds_sent(const struct object *o, enum span span, double *value)
{
	return socket_counter(o, OP_SEND, SOCKET_NOTED, span, value);
}

static bool fds_received(const struct object *o, enum span span, double *value)
{
	return socket_counter(o, OP_RECV, SOCKET_NOTED, span, value);
}

static bool credentials_sent(const struct object *o, enum span span, double *value)
{
	return socket_counter(o, OP_SEND, UNIX_CREDENTIALS, span, value);
}

static bool credentials_received(const struct object *o, enum span span, double *value)
{
	return socket_counter(o, OP_RECV, UNIX_CREDENTIALS, span, value);
}

/* Of the whole time: what kinds of files went through is kept with the object. */
static bool kind(const struct object *o, enum unix_object_counter i, double *value)
{
	*value = o->raw.counters[i];
	return can_see(o->can, UNSEEN_COUNTER(SOCKET_NOTED));
}

#define KIND(name, counter)                                                             \
	static bool name(const struct object *o, enum span span, double *value)         \
	{                                                                               \
		(void)span;                                                             \
		return kind(o, counter, value);                                         \
	}
KIND(fds_pipes, UNIX_KIND_PIPE)
KIND(fds_sockets, UNIX_KIND_SOCKET)
KIND(fds_regular, UNIX_KIND_REGULAR)
KIND(fds_directories, UNIX_KIND_DIRECTORY)
KIND(fds_others, UNIX_KIND_OTHER)

/* 2 of a pair, 1 of one whose peer is gone. */
static bool open_ends(const struct object *o, enum span span, double *value)
{
	const uint32_t *now = object_state(o);

	(void)span;
	if (!now)
		return false;
	*value = !(now[UNIX_SHUTDOWN] & UNIX_FIRST_CLOSED) + (now[UNIX_SECOND_INODE] && !(now[UNIX_SHUTDOWN] & UNIX_SECOND_CLOSED));
	return true;
}

static const struct mech_derived derived[] = {
	{ "open_ends", "ends that are not closed", open_ends },
	{ "sent_by_first", "bytes sent at the first end", socket_sent_by_first },
	{ "sent_by_second", "bytes sent at the second end, or by all senders of a receiver", socket_sent_by_second },
	{ "received_by_first", "bytes received at the first end", socket_received_by_first },
	{ "received_by_second", "bytes received at the second end", socket_received_by_second },
	{ "connects", "connections made to a listener or a receiver", socket_connects },
	{ "truncated", "messages cut off by a receive that was too short", socket_truncated },
	{ "fds_sent", "descriptors passed (SCM_RIGHTS)", fds_sent },
	{ "fds_received", "descriptors received", fds_received },
	{ "fds_pipes", "of those passed: pipes and FIFOs", fds_pipes },
	{ "fds_sockets", "sockets", fds_sockets },
	{ "fds_regular", "regular files and shared memory", fds_regular },
	{ "fds_directories", "directories", fds_directories },
	{ "fds_others", "devices, event descriptors and others", fds_others },
	{ "credentials_sent", "messages with credentials of their sender's own (SCM_CREDENTIALS)", credentials_sent },
	{ "credentials_received", "messages whose credentials their receiver asked for (SO_PASSCRED)", credentials_received },
	{ NULL, NULL, NULL },
};

#define ANY_BACKEND (SEEN_BY(BACKEND_FUNCTION) | SEEN_BY(BACKEND_SYSCALL))
static const char *const end_labels[] = { "first", "second", "listener" };

/* numbers as in bpf/unix.bpf.h */
static const struct mech_parts parts[] = {
	{ "ends", "whose each end is (SO_PEERCRED of the other one): who connected and who took it, as they were then; who listens",
	  .last = 2, .backends = ANY_BACKEND, .words = { "pid", "uid", "gid" }, .labels = end_labels },
	{ "credentials", "by PID, those that messages came with: sent by whom, as a receiver was told",
	  .first = 1ull << 32, .last = ~0ull, .backends = ANY_BACKEND, .counts = true, .words = { "uid", "gid" } },
	{ .name = NULL },
};

/* A connection, or two datagram sockets of which each is the other's. */
static bool has_ends(const struct object *o)
{
	const uint32_t *now = object_nature(o);

	if (!now || now[UNIX_STATE] == UNIX_LISTENING)
		return false;
	return now[UNIX_TYPE] != SOCK_DGRAM || now[UNIX_SECOND_INODE] || o->raw.state[UNIX_SECOND_INODE];
}

static void room(const struct object *o, struct mech_room *room)
{
	const uint32_t *now = object_state(o);

	socket_bytes(o, room);
	if (!now)
		return;
	if (now[UNIX_TYPE] == SOCK_DGRAM || now[UNIX_STATE] == UNIX_LISTENING)
		room->slots = now[UNIX_QUEUE_LIMIT];
	room->used_slots = o->raw.flags & OBJECT_DESTROYED ? 0 : now[UNIX_FIRST_BUFFERS] + now[UNIX_SECOND_BUFFERS];
	room->max_slots = o->max_depth > room->used_slots ? o->max_depth : room->used_slots;
}

/* The kernel counts them down when they are received, and not when they go with a closed end's queue. */
static bool descriptors(const struct object *o, uint32_t *cnt)
{
	const uint32_t *now = object_state(o);

	if (!now || now[UNIX_STATE] == UNIX_LISTENING)
		return false;
	*cnt = now[UNIX_FIRST_BUFFERS] + now[UNIX_SECOND_BUFFERS] ? now[UNIX_FDS_IN_FLIGHT] : 0;
	return true;
}

/* The later stamp; within its unit, the finer clock. */
static bool newer(const uint32_t *a, const uint32_t *b)
{
	if (!a[UNIX_TYPE] || !b[UNIX_TYPE])
		return a[UNIX_TYPE] > b[UNIX_TYPE]; /* 0: never read */
	if (a[IPC_STATE_STAMP] != b[IPC_STATE_STAMP])
		return (int32_t)(a[IPC_STATE_STAMP] - b[IPC_STATE_STAMP]) > 0;
	return (int32_t)(a[UNIX_WHEN] - b[UNIX_WHEN]) > 0;
}

/*
 * Operations read again what closes and shutdowns change when one of those has said so (bpf/unix_near.bpf.h): of two
 * states of one unit, one may know of more of them. None is ever taken back.
 */
static void join(uint32_t *state, const uint32_t *other)
{
	if (other[UNIX_TYPE] && other[IPC_STATE_STAMP] == state[IPC_STATE_STAMP])
		state[UNIX_SHUTDOWN] |= other[UNIX_SHUTDOWN];
}

static const char *const blind[] = {
	"which of several senders' bytes a receiver of a stream got",
	"what a call that was inside the kernel when tracing began did: its wait is shown and counted, its bytes are not",
	"under lockdown=confidentiality: everything, for the far end of a socket is reached by address",
	"a datagram sent to an address that leads nowhere, and a connect that fails before it finds its listener: they are told of the "
	"sender's own socket",
	"of a splice or sendfile into a stream how many calls it was, with the function backend before 6.4: each page is a send",
	"waits of a splice between a pipe and a socket when pipes are traced too: they are told of the pipe",
	"messages of sendmmsg and recvmmsg count one by one, with the syscall backend those that succeeded",
	"with the syscall backend: what is sent, received, connected or accepted through io_uring; 32-bit processes",
	"a new SO_SNDBUF until an operation 256 ticks of the kernel, a second or some, later: nothing says so, and it is not read each time",
	"of a sender and a receiver that slept on one and the same end before the start, which is which",
	NULL,
};

static const char *const maps[] = { "known_pairs", NULL };

const struct mechanism mech_unix = {
	.id = MECH_UNIX,
	.name = "unix",
	.summary = "UNIX domain sockets: both directions, who waits, what descriptors are passed",
	.man = "Two sockets that are connected to each other are one object, whichever end works: each end sends and "
	       "receives. A listener is an object of its own, on which connect and accept are counted as opens: the "
	       "first waits while its backlog is full, the second for a partner. What is sent to a datagram socket "
	       "that is not connected back is counted on that socket, whoever sends.\n\n"
	       "The id is the inode number of a socket, unix:[INODE]: of a pair, that of its first end, the other one is "
	       "among its internals. -O takes the inode number of either end, which is the first one then. A path, or @NAME of the abstract name space, is shown where one of the two has "
	       "one. The columns first and second say who is at which end, as does \"end\" of the JSON's endpoints.\n\n"
	       "A receive with MSG_PEEK leaves the data where it is: it is counted as a control operation.",
	.blind = blind,
	.object = "unix",
	.maps = maps,
	.hooks = unix_hooks,
	.syscalls = socket_syscalls,
	.fields = fields,
	.detailed = 1u << UNIX_WHEN, /* see state_moment() */
	.derived = derived,
	.parts = parts,
	.has_ends = has_ends,
	.first_ops = SOCKET_FIRST_OPS,
	.state_needs = PROFILE_ANY,
	.lasting = 1 << UNIX_TYPE,
	.found_idle = true,
	.file_mode = S_IFSOCK,
	.file_magic = AF_UNIX, /* sockets: their address family */
	.causes = { [OP_SEND] = CAUSE_FULL, [OP_RECV] = CAUSE_EMPTY, [OP_OPEN] = CAUSE_PARTNER, [OP_CLOSE] = CAUSE_LOCK,
		    [OP_CTL] = CAUSE_LOCK },
	.follows_calls = true,
	.format_id = format_id,
	.parse_id = parse_id,
	.room = room,
	.descriptors = descriptors,
	.newer = newer,
	.join = join,
	.unseen = { [BACKEND_SYSCALL] = UNSEEN_CLOSE | UNSEEN_DESTRUCTION | UNSEEN_SPURIOUS | UNSEEN_RESIDENCY |
					UNSEEN_COUNTER(SOCKET_TRUNCATED) },
};
