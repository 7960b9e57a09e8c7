// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* POSIX message queues: mq_open(3) and what belongs to it. */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "mech.h"
#include "model/model.h"
#include "syscall.h"

#define MQUEUE_MAGIC 0x19800202

/* struct mq_internals of bpf/mq.bpf.h */
enum mq_word { MQ_CURMSGS, MQ_MAXMSG, MQ_MSGSIZE, MQ_QSIZE, MQ_NOTIFY, MQ_TOP_PRIORITY };

/* ipc_edge.counters and ipc_object.counters of bpf/mq.bpf.h */
enum mq_counter { MQ_HANDED = 0, MQ_INSERTED = 1, MQ_ADOPTED = 2, MQ_NOTIFIED = 5 };
enum mq_object_counter { MQ_MAX_SENDERS = 0, MQ_MAX_RECEIVERS = 1, MQ_UNLINKED = 2 };

static const struct mech_field fields[] = {
	{ "curmsgs", "messages in the queue", "mqueue_inode_info.attr.mq_curmsgs" },
	{ "maxmsg", "messages that it may hold", "mqueue_inode_info.attr.mq_maxmsg" },
	{ "msgsize", "bytes that a message may have", "mqueue_inode_info.attr.mq_msgsize" },
	{ "qsize", "bytes in the queue", "mqueue_inode_info.qsize" },
	{ "notify", "a process is registered for a notification", "mqueue_inode_info.notify_owner" },
	{ "top_priority", "of the message that goes next", NULL },
	{ NULL, NULL, NULL },
};

static bool counter(const struct object *o, enum mq_counter i, enum span span, double *value)
{
	uint64_t count;
	bool known = object_counter(o, i, span, &count);

	*value = count;
	return known;
}

static bool handoffs(const struct object *o, enum span span, double *value)
{
	return counter(o, MQ_HANDED, span, value);
}

static bool inserts(const struct object *o, enum span span, double *value)
{
	return counter(o, MQ_INSERTED, span, value);
}

static bool late_inserts(const struct object *o, enum span span, double *value)
{
	return counter(o, MQ_ADOPTED, span, value);
}

static bool notifications(const struct object *o, enum span span, double *value)
{
	return counter(o, MQ_NOTIFIED, span, value);
}

static bool timeouts(const struct object *o, enum span span, double *value)
{
	struct error_sum sum;

	*value = 0;
	for (int op = OP_SEND; op <= OP_RECV; op++) {
		object_errors(o, op, span, &sum);
		for (unsigned i = 0; i < sum.cnt; i++)
			if (sum.rows[i].error == ETIMEDOUT)
				*value += sum.rows[i].count;
	}
	return true;
}

/* How long one of its two lists of sleepers is now. */
static bool waiting(const struct object *o, enum ipc_op op, double *value)
{
	*value = 0;
	for (const struct endpoint *e = o->endpoints; e; e = e->next)
		for (const struct wait *w = e->edges[op] ? e->edges[op]->waits : NULL; w; w = w->next)
			*value += w->open;
	return can_waits(o->can);
}

static bool waiting_senders(const struct object *o, enum span span, double *value)
{
	(void)span;
	return waiting(o, OP_SEND, value);
}

static bool waiting_receivers(const struct object *o, enum span span, double *value)
{
	(void)span;
	return waiting(o, OP_RECV, value);
}

/* Counted as the list grows: only the function hooks see that. */
static bool most_waiting(const struct object *o, enum mq_object_counter i, enum span span, double *value)
{
	*value = o->raw.counters[i];
	return span == SPAN_TOTAL && o->can->backend == BACKEND_FUNCTION && (o->can->profile & PROFILE_DETAIL);
}

static bool max_senders(const struct object *o, enum span span, double *value)
{
	return most_waiting(o, MQ_MAX_SENDERS, span, value);
}

static bool max_receivers(const struct object *o, enum span span, double *value)
{
	return most_waiting(o, MQ_MAX_RECEIVERS, span, value);
}

static bool unlinked(const struct object *o, enum span span, double *value)
{
	(void)span;
	*value = o->raw.counters[MQ_UNLINKED];
	return *value || o->can->backend == BACKEND_FUNCTION;
}

static const struct mech_derived derived[] = {
	{ "handoffs", "messages given to a receiver that waited", handoffs },
	{ "inserts", "messages put into the tree by their sender", inserts },
	{ "late_inserts", "messages put into the tree for a sender that waited", late_inserts },
	{ "timeouts", "sends and receives that gave up waiting", timeouts },
	{ "notifications", "times the registered process was told", notifications },
	{ "waiting_senders", "senders asleep now", waiting_senders },
	{ "waiting_receivers", "receivers asleep now", waiting_receivers },
	{ "max_waiting_senders", "most senders asleep at a time", max_senders },
	{ "max_waiting_receivers", "most receivers asleep at a time", max_receivers },
	{ "unlinked", "its name is gone", unlinked },
	{ NULL, NULL, NULL },
};

static const struct mech_parts parts[] = {
	{ "priorities", "messages by priority", .last = UINT32_MAX, .backends = SEEN_BY(BACKEND_FUNCTION), .counts = true },
	{ .name = NULL },
};

#define ENTRY (PROFILE_WAITS | PROFILE_LATENCY | PROFILE_DETAIL | PROFILE_EVENTS)

/* Exit hooks first: an operation without its beginning is still counted. */
static const struct mech_hook hooks[] = {
	{ "mq_send_exit", "do_mq_timedsend", .op = OP_SEND },
	{ "mq_receive_exit", "do_mq_timedreceive", .op = OP_RECV },
	{ "mq_send_entry", "do_mq_timedsend", ENTRY, .op = -1, .begins = BEGINS(OP_SEND) },
	{ "mq_receive_entry", "do_mq_timedreceive", ENTRY, .op = -1, .begins = BEGINS(OP_RECV) },
	{ "mq_sleep", "wq_sleep", ENTRY, .op = -1 },
	{ "mq_insert", "msg_insert", ENTRY, .op = -1 },
	{ "mq_freed", "free_msg", ENTRY, .op = -1 },
	{ "mq_loaded", "load_msg", PROFILE_RESIDENCY, .op = -1 },
	{ "mq_created", "mqueue_create_attr", PROFILE_ANY, .op = -1, .tells = UNSEEN_CREATION },
	{ "mq_evicted", "mqueue_evict_inode", PROFILE_ANY, .op = -1, .tells = UNSEEN_DESTRUCTION },
	{ "mq_open_exit", "do_mq_open", PROFILE_ANY, .op = OP_OPEN },
	{ "mq_close_exit", "mqueue_flush_file", PROFILE_ANY, .op = OP_CLOSE },
	{ "mq_notify_exit", "do_mq_notify", PROFILE_ANY, .op = OP_CTL, .optional = true, .without = "mq_notify" },
	{ "mq_attr_exit", "do_mq_getsetattr", PROFILE_ANY, .op = OP_CTL, .optional = true, .without = "mq_getattr, mq_setattr" },
	{ "mq_unlink_exit", "mqueue_unlink", PROFILE_ANY, .op = -1, .optional = true, .without = "mq_unlink" },
	{ .program = NULL },
};

#define CALL(call) #call, __NR_##call
#define NO_CMD .cmd_arg = -1
#define ONE_FD .fd2_arg = -1

static const struct mech_syscall syscalls[] = {
	{ CALL(mq_timedsend), SYSCALL_FD, OP_SEND, 0, ONE_FD, 2, NO_CMD, .whole = true },
	{ CALL(mq_timedreceive), SYSCALL_FD, OP_RECV, 0, ONE_FD, 2, NO_CMD },
	{ CALL(mq_notify), SYSCALL_FD, OP_CTL, 0, ONE_FD, -1, NO_CMD },
	{ CALL(mq_getsetattr), SYSCALL_FD, OP_CTL, 0, ONE_FD, -1, NO_CMD },
	{ CALL(mq_open), SYSCALL_OPEN_NAME, OP_OPEN, 0, ONE_FD, -1, NO_CMD },
	MECH_SYSCALLS_END,
};

static void format_id(const struct ipc_object_id *id, char *buf, size_t size)
{
	snprintf(buf, size, "mq:[%u:%u:%llu]", id->domain >> 20, id->domain & 0xfffff, (unsigned long long)id->id);
}

/*
 * "mq:[MAJOR:MINOR:INODE]", or a name, "/name", in our own IPC namespace. Looking
 * a queue up opens it: that changes nothing about it. -EINVAL: neither.
 */
static int parse_id(const char *spec, struct ipc_object_id *id)
{
	unsigned long long inode;
	unsigned int major, minor;
	struct stat st;
	int end = 0, err;
	mqd_t mq;

	if (sscanf(spec, "mq:[%u:%u:%llu]%n", &major, &minor, &inode, &end) == 3 && end && !spec[end]) {
		*id = (struct ipc_object_id){ .id = inode, .domain = major << 20 | minor, .mech = MECH_MQ };
		return 0;
	}
	if (*spec != '/' || strchr(spec + 1, '/'))
		return -EINVAL;
	mq = mq_open(spec, O_RDONLY | O_CLOEXEC);
	if (mq == (mqd_t)-1 && errno == EACCES)
		mq = mq_open(spec, O_WRONLY | O_CLOEXEC);
	if (mq == (mqd_t)-1)
		return -errno;
	err = fstat(mq, &st) ? -errno : 0;
	mq_close(mq);
	if (err)
		return err;
	*id = (struct ipc_object_id){ .id = st.st_ino,
				      .domain = major(st.st_dev) << 20 | minor(st.st_dev),
				      .mech = MECH_MQ };
	return 0;
}

static void room(const struct object *o, struct mech_room *room)
{
	const uint32_t *now = object_state(o), *base = object_base_state(o, SPAN_TOTAL);
	bool destroyed = o->raw.flags & OBJECT_DESTROYED;
	uint64_t bytes;

	if (!now)
		return;
	room->slots = now[MQ_MAXMSG];
	room->bytes = (uint64_t)now[MQ_MAXMSG] * now[MQ_MSGSIZE];
	room->used_slots = destroyed ? 0 : now[MQ_CURMSGS];
	room->used_bytes = destroyed ? 0 : now[MQ_QSIZE];
	room->max_slots = o->max_depth > room->used_slots ? o->max_depth : room->used_slots;
	if (base && base[MQ_CURMSGS] > room->max_slots)
		room->max_slots = base[MQ_CURMSGS];
	if (o->can->backend == BACKEND_FUNCTION && (o->can->profile & PROFILE_DETAIL) && object_base_bytes(o, &bytes))
		room->max_bytes = o->raw.max_bytes;
}

/* Nothing in a queue only grows: the stamps tell. */
static bool newer(const uint32_t *a, const uint32_t *b)
{
	int32_t later;

	if (!a[MQ_MAXMSG] || !b[MQ_MAXMSG])
		return a[MQ_MAXMSG] > b[MQ_MAXMSG]; /* 0: never read */
	later = a[IPC_STATE_STAMP] - b[IPC_STATE_STAMP];
	return later ? later > 0 : a[IPC_STATE_FINE] > b[IPC_STATE_FINE];
}

static const char *const blind[] = {
	"opens that fail, since only a descriptor tells what was opened, and opens of a file below /dev/mqueue with open(2)",
	"calls on a descriptor that is no queue's (EBADF)",
	"a queue that existed before the start and that nobody has open, until somebody opens it",
	"what a call that was inside the kernel when tracing began did, with the function backend: its wait is shown and counted, "
	"its bytes are not, and each such call is one missed",
	"messages from before the start: their residency",
	"with the syscall backend: closes and unlinking, and so when a queue was made, when it went and what was left in it; the way "
	"a message went (handoffs, inserts, notifications) and its residency; priorities; how many waited at most; "
	"32-bit processes",
	"under lockdown=confidentiality all of it: the queue behind a descriptor is found by reading memory by address",
	NULL,
};

static const char *const maps[] = { "known_objects", NULL };

const struct mechanism mech_mq = {
	.id = MECH_MQ,
	.name = "mq",
	.summary = "POSIX message queues: by name; how full, who waits, how messages go",
	.man = "A POSIX message queue keeps whole messages, by priority and then by age, in a tree. A sender sleeps while "
	       "the queue is full, a receiver while it is empty. A message goes one of three ways: to a receiver that "
	       "waits (a handoff, which never touches the tree), into the tree, or, when the queue is full, with its "
	       "sleeping sender until a receiver has made room and puts it into the tree.\n\n"
	       "The id of a queue is mq:[MAJOR:MINOR:INODE], device and inode number; each IPC namespace has a device "
	       "of its own. Its name is shown where it is known. Each descriptor that is closed is one close; the queue "
	       "goes when it has been unlinked and the last descriptor is closed.",
	.blind = blind,
	.object = "mq",
	.maps = maps,
	.hooks = hooks,
	.syscalls = syscalls,
	.state_needs = PROFILE_ANY,
	.lasting = 1 << MQ_MAXMSG | 1 << MQ_MSGSIZE,
	.fields = fields,
	.derived = derived,
	.parts = parts,
	.found_idle = true,
	.file_mode = S_IFREG,
	.kobj = "mqueue_inode_info.vfs_inode",
	.depth = DEPTH_LEVEL,
	.limit_word = MQ_MAXMSG,
	.causes = { [OP_SEND] = CAUSE_FULL,
		    [OP_RECV] = CAUSE_EMPTY,
		    [OP_OPEN] = CAUSE_LOCK,
		    [OP_CLOSE] = CAUSE_LOCK,
		    [OP_CTL] = CAUSE_LOCK },
	.file_magic = MQUEUE_MAGIC,
	.format_id = format_id,
	.parse_id = parse_id,
	.room = room,
	.newer = newer,
	.unseen = { [BACKEND_SYSCALL] = UNSEEN_CLOSE | UNSEEN_CREATION | UNSEEN_DESTRUCTION | UNSEEN_RESIDENCY |
					UNSEEN_COUNTER(MQ_HANDED) | UNSEEN_COUNTER(MQ_INSERTED) |
					UNSEEN_COUNTER(MQ_ADOPTED) | UNSEEN_COUNTER(MQ_NOTIFIED) },
};
