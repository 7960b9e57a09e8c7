// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* System V message queues: msgget(2), msgsnd(2), msgrcv(2), msgctl(2); programs in bpf/msg*.bpf.[ch]. */
#include <asm/unistd.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#include "mech/sysv.h"
#include "model/model.h"
#include "syscall.h"

/* struct msg_internals of bpf/msg.bpf.h */
enum msg_word {
	MSG_MESSAGES = 0,
	MSG_BYTES = 1,
	MSG_LIMIT = 2,
	MSG_TYPE_SENT = 10, /* and the three that follow */
};

/* enum msg_counter of bpf/msg.bpf.h */
enum msg_counter {
	MSG_HANDOFFS = 0,
	MSG_SKIPPED = 1,
	MSG_SELECTIVE = 2,
	MSG_TOO_SMALL = 3,
	MSG_TRUNCATED = COUNTER_PACKETS,
	MSG_PEEKS = 5,
};

static const struct mech_field fields[] = {
	{ "messages", "in the queue", "msg_queue.q_qnum" },
	{ "bytes", "in the queue", "msg_queue.q_cbytes" },
	{ "msg_qbytes", "most bytes, and most messages, that the queue takes", "msg_queue.q_qbytes" },
	{ "last_sender", "process that sent last, ever", "msg_queue.q_lspid:pid" },
	{ "last_receiver", "process that received last, ever", "msg_queue.q_lrpid:pid" },
	{ "send_time", "of the last send, seconds since 1970", "msg_queue.q_stime" },
	{ "receive_time", "of the last receive, seconds since 1970", "msg_queue.q_rtime" },
	{ "change_time", "of the last change by msgctl, seconds since 1970", "msg_queue.q_ctime" },
	{ "key", "what it was made with; 0: IPC_PRIVATE", "msg_queue.q_perm.key" },
	{ "mode", "permissions", "msg_queue.q_perm.mode" },
	{ "type_sent", "of the message that was sent last", NULL },
	{ "type_asked", "of whoever received last: the number, without its sign", NULL },
	{ "type_asked_how", "0: any, 1: that type, 2: the lowest up to it, 3: all but it", NULL },
	{ "type_delivered", "of the message that was received last", NULL },
	{ NULL, NULL, NULL },
};

static bool counter(const struct object *o, unsigned i, enum span span, double *value)
{
	uint64_t count;
	bool known = (o->can->profile & PROFILE_WAITS) && object_counter(o, i, span, &count);

	*value = known ? count : 0;
	return known;
}

static bool handoffs(const struct object *o, enum span span, double *value)
{
	return counter(o, MSG_HANDOFFS, span, value);
}

static bool skipped(const struct object *o, enum span span, double *value)
{
	return counter(o, MSG_SKIPPED, span, value);
}

static bool selective(const struct object *o, enum span span, double *value)
{
	return counter(o, MSG_SELECTIVE, span, value);
}

static bool too_small(const struct object *o, enum span span, double *value)
{
	return counter(o, MSG_TOO_SMALL, span, value);
}

static bool truncated(const struct object *o, enum span span, double *value)
{
	return counter(o, MSG_TRUNCATED, span, value);
}

static bool peeks(const struct object *o, enum span span, double *value)
{
	return counter(o, MSG_PEEKS, span, value);
}

static const struct mech_derived derived[] = {
	{ "handoffs", "sends that gave their message to a sleeping receiver, past the queue", handoffs },
	{ "selective_receives", "receives that asked for a type", selective },
	{ "skipped", "messages that lay ahead of the ones received", skipped },
	{ "truncations", "messages cut to the receiver's size (MSG_NOERROR)", truncated },
	{ "too_small_receivers", "sleeping receivers that a message did not fit: woken with E2BIG", too_small },
	{ "peeks", "MSG_COPY: receives that took nothing", peeks },
	{ NULL, NULL, NULL },
};

#define ENTRY (PROFILE_WAITS | PROFILE_LATENCY | PROFILE_DETAIL | PROFILE_EVENTS)

static const struct mech_hook hooks[] = {
	{"msg_send_exit", "do_msgsnd", .op = OP_SEND},
	{"msg_receive_exit", "do_msgrcv", .op = OP_RECV},
	{"msg_send_entry", "do_msgsnd", ENTRY, .op = -1, .begins = BEGINS(OP_SEND)},
	{"msg_receive_entry", "do_msgrcv", ENTRY, .op = -1, .begins = BEGINS(OP_RECV)},
	{"msg_control_exit", "msgctl_down", PROFILE_ANY, .op = OP_CTL},
	{"msg_control_entry", "msgctl_down", PROFILE_ANY, .op = -1, .begins = BEGINS(OP_CTL)},
	{"msg_stat_exit", "msgctl_stat", PROFILE_ANY, .op = OP_CTL, .optional = true, .without = "IPC_STAT"},
	{"msg_get_exit", "ipcget", PROFILE_ANY, .op = OP_OPEN, .optional = true, .without = "msgget"},
	{"msg_created", "newque", PROFILE_ANY, .op = -1, .optional = true, .without = "which queues are new", .tells = UNSEEN_CREATION},
	{"msg_destroyed", "freeque", PROFILE_ANY, .op = -1, .optional = true, .without = "the end of queues", .tells = UNSEEN_DESTRUCTION},
	{"msg_send_checked", "security_msg_queue_msgsnd", ENTRY, .op = -1, .optional = true, .without = "depth, handoffs"},
	{"msg_receive_checked", "security_msg_queue_msgrcv", ENTRY, .op = -1, .optional = true,
	 .without = "handoffs, messages skipped"},
	{"msg_taken", "ss_wakeup", ENTRY, .op = -1, .optional = true, .without = "depth after a receive"},
	{"msg_freed", "free_msg", ENTRY, .op = -1, .optional = true, .without = "types delivered, truncations, residency"},
	{.program = NULL},
};

#define CALL(call) #call, __NR_##call
#define QUEUE_ID .fd_arg = 0, .fd2_arg = SYSV_MSG
#define NO_SIZE .size_arg = -1

static const struct mech_syscall syscalls[] = {
	{CALL(msgsnd), SYSCALL_SYSV, OP_SEND, QUEUE_ID, .size_arg = 2, .cmd_arg = -1, .whole = true},
	{CALL(msgrcv), SYSCALL_SYSV, OP_RECV, QUEUE_ID, .size_arg = 2, .cmd_arg = -1, .flags_arg = 4,
	 .peek_mask = 040000 /* MSG_COPY */, .cut_mask = MSG_NOERROR},
	{CALL(msgctl), SYSCALL_SYSV, OP_CTL, QUEUE_ID, NO_SIZE, .cmd_arg = 1, .cmds = {SYSCALL_CMD_0 /* IPC_RMID */},
	 .destroys = true},
	{CALL(msgctl), SYSCALL_SYSV, OP_CTL, QUEUE_ID, NO_SIZE, .cmd_arg = 1, .cmds = {IPC_SET, IPC_STAT}},
	{CALL(msgget), SYSCALL_SYSV_GET, OP_OPEN, QUEUE_ID, NO_SIZE, .cmd_arg = 1},
	MECH_SYSCALLS_END,
};

static void format_id(const struct ipc_object_id *id, char *buf, size_t size)
{
	sysv_format_id("msg", id, buf, size);
}

static int find_key(int key)
{
	return msgget(key, 0);
}

static int parse_id(const char *spec, struct ipc_object_id *id)
{
	return sysv_parse_id("msg", MECH_MSG, spec, find_key, id);
}

static void room(const struct object *o, struct mech_room *room)
{
	const uint32_t *now = object_state(o);
	bool gone = o->raw.flags & OBJECT_DESTROYED;
	const uint32_t *base = object_base_state(o, SPAN_TOTAL);

	if (!now)
		return;
	room->bytes = now[MSG_LIMIT];
	room->slots = now[MSG_LIMIT];
	room->used_slots = gone ? 0 : now[MSG_MESSAGES];
	room->used_bytes = gone ? 0 : now[MSG_BYTES];
	room->max_slots = o->max_depth > now[MSG_MESSAGES] ? o->max_depth : now[MSG_MESSAGES];
	if (base && base[MSG_MESSAGES] > room->max_slots)
		room->max_slots = base[MSG_MESSAGES];
	if (o->can->backend == BACKEND_FUNCTION && (o->can->profile & (PROFILE_DETAIL | PROFILE_EVENTS)))
		room->max_bytes = o->raw.max_bytes;
}

static const struct mech_parts parts[] = {
	{ "types", "messages by type; of 4294967295 and beyond under that number", .last = UINT32_MAX,
	  .backends = SEEN_BY(BACKEND_FUNCTION), .counts = true },
	{ .name = NULL },
};

static const char *const blind[] = {
	"msgget that fails: it names no queue; calls on an id that no queue has",
	"IPC_INFO, MSG_INFO, MSG_STAT and MSG_STAT_ANY, which look through the table of queues",
	"with the function backend, what a call that was inside the kernel when tracing began did: its wait is shown and counted, "
	"its bytes are not, and each such call is one missed",
	"with the syscall backend: handoffs, messages skipped, types, truncations (and so the balance of bytes of a queue that has "
	"any), peeks, residency; a queue that goes with its namespace; 32-bit processes",
	"messages beyond the first 1024 that a receiver skips; queues that a kernel under lockdown=confidentiality had before the start",
	NULL,
};

const struct mechanism mech_msg = {
	.id = MECH_MSG,
	.name = "msg",
	.summary = "System V message queues: types, handoffs, who waits for what",
	.man = "A System V message queue holds typed messages up to msg_qbytes bytes. A sender sleeps while its message does "
	       "not fit; a receiver asks for any message, one of a type, or the lowest up to a type, and sleeps until there "
	       "is one. When a receiver sleeps that asked for just such a message, the sender hands it over without the queue "
	       "(a handoff).\n\n"
	       "The id of a queue is msg:[NAMESPACE:ID], the inode number of its IPC namespace and the number that msgget "
	       "returned; its name is its key. -O also takes msg:ID and msg:0xKEY of the own namespace. IPC_RMID counts as a "
	       "control operation and wakes who sleeps on the queue, with EIDRM.",
	.blind = blind,
	.object = "msg",
	.hooks = hooks,
	.syscalls = syscalls,
	.fields = fields,
	.detailed = 0xf << MSG_TYPE_SENT,
	.derived = derived,
	.parts = parts,
	.depth = DEPTH_LEVEL,
	.bytes_word = MSG_BYTES,
	.causes = {
		[OP_SEND] = CAUSE_FULL,
		[OP_RECV] = CAUSE_EMPTY,
		[OP_OPEN] = CAUSE_LOCK,
		[OP_CTL] = CAUSE_LOCK,
	},
	.found_idle = true,
	.format_id = format_id,
	.parse_id = parse_id,
	.room = room,
	.newer = mech_stamped_later,
	.unseen = {
		[BACKEND_SYSCALL] = UNSEEN_RESIDENCY | UNSEEN_DESTRUCTION | UNSEEN_COUNTER(MSG_HANDOFFS) |
				    UNSEEN_COUNTER(MSG_SKIPPED) | UNSEEN_COUNTER(MSG_SELECTIVE) |
				    UNSEEN_COUNTER(MSG_TOO_SMALL) | UNSEEN_COUNTER(MSG_TRUNCATED) | UNSEEN_COUNTER(MSG_PEEKS),
	},
};
