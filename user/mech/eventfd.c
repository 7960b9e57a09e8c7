// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* eventfd(2): a counter behind a descriptor. */
#include <asm/unistd.h>
#include <errno.h>
#include <stdio.h>

#include "mech.h"
#include "model/model.h"
#include "syscall.h"

#define ANON_INODE_FS_MAGIC 0x09041934

/* struct eventfd_internals and the counters of bpf/eventfd.bpf.c */
enum eventfd_word { EVENTFD_COUNT, EVENTFD_FLAGS };
enum eventfd_counter { EVENTFD_ADDED = 5 };
enum eventfd_object_counter { EVENTFD_SIGNALS, EVENTFD_SIGNALLED, EVENTFD_INITIAL, EVENTFD_LEFT };

static const struct mech_field fields[] = {
	{ "count", "the counter, modulo 2^32", "eventfd_ctx.count" },
	{ "flags", "1: a read takes one (EFD_SEMAPHORE)", "eventfd_ctx.flags" },
	{ NULL, NULL, NULL },
};

static bool semaphore(const struct object *o, enum span span, double *value)
{
	uint32_t flags;
	bool known = object_word(o, EVENTFD_FLAGS, &flags);

	(void)span;
	*value = flags & 1;
	return known;
}

static bool added(const struct object *o, enum span span, double *value)
{
	uint64_t count;
	bool known = object_counter(o, EVENTFD_ADDED, span, &count);

	*value = count;
	return known;
}

/* Kept with the object, whole: of an interval nothing is known. */
static bool object_count(const struct object *o, enum eventfd_object_counter i, enum span span, double *value)
{
	*value = o->raw.counters[i];
	return span == SPAN_TOTAL && o->can->backend == BACKEND_FUNCTION;
}

static bool signals(const struct object *o, enum span span, double *value)
{
	return object_count(o, EVENTFD_SIGNALS, span, value);
}

static bool signalled(const struct object *o, enum span span, double *value)
{
	return object_count(o, EVENTFD_SIGNALLED, span, value);
}

/* What is no longer there has been read. */
static bool taken(const struct object *o, enum span span, double *value)
{
	const uint32_t *now = object_state(o), *base = object_base_state(o, SPAN_TOTAL);
	double writes, kernel;

	if (!now || !base || !added(o, span, &writes) || !signalled(o, span, &kernel) || !object_exact(o))
		return false;
	*value = base[EVENTFD_COUNT] + o->raw.counters[EVENTFD_INITIAL] + writes + kernel - o->raw.counters[EVENTFD_LEFT];
	if (!(o->raw.flags & OBJECT_DESTROYED))
		*value -= now[EVENTFD_COUNT];
	return *value >= 0;
}

static const struct mech_derived derived[] = {
	{ "semaphore", "a read takes one and not all", semaphore },
	{ "added", "what writes added, together", added },
	{ "taken", "what reads took, together", taken },
	{ "signals", "times that the kernel itself added to it", signals },
	{ "signalled", "what the kernel added, together", signalled },
	{ NULL, NULL, NULL },
};

#define ENTRY (PROFILE_WAITS | PROFILE_LATENCY | PROFILE_DETAIL | PROFILE_EVENTS)

static const struct mech_hook hooks[] = {
	{ "eventfd_write_exit", "eventfd_write", .op = OP_SEND },
	{ "eventfd_read_exit", "eventfd_read", .op = OP_RECV },
	{ "eventfd_gone", "eventfd_release", .op = OP_CLOSE },
	{ "eventfd_made", "do_eventfd", .op = OP_OPEN },
	{ "eventfd_write_entry", "eventfd_write", ENTRY, .op = -1, .begins = BEGINS(OP_SEND) },
	{ "eventfd_read_entry", "eventfd_read", ENTRY, .op = -1, .begins = BEGINS(OP_RECV) },
	{ "eventfd_signal_n", "eventfd_signal", PROFILE_ANY, .op = -1, .optional = true },
	{ "eventfd_signal_one", "eventfd_signal_mask", PROFILE_ANY, .op = -1, .optional = true, .without = "the kernel's own signals" },
	{ .program = NULL },
};

#define CALL(call) #call, __NR_##call
#define NO_CMD .cmd_arg = -1
#define ONE_FD .fd2_arg = -1

static const struct mech_syscall syscalls[] = {
	{ CALL(write), SYSCALL_FD, OP_SEND, 0, ONE_FD, 2, NO_CMD },
	{ CALL(read), SYSCALL_FD, OP_RECV, 0, ONE_FD, 2, NO_CMD },
	{ CALL(readv), SYSCALL_FD, OP_RECV, 0, ONE_FD, -1, NO_CMD },
	{ CALL(eventfd2), SYSCALL_MAKE, OP_OPEN, 0, ONE_FD, -1, NO_CMD },
#ifdef __NR_eventfd /* newer architectures have only the one above */
	{ CALL(eventfd), SYSCALL_MAKE, OP_OPEN, 0, ONE_FD, -1, NO_CMD },
#endif
	MECH_SYSCALLS_END,
};

static void format_id(const struct ipc_object_id *id, char *buf, size_t size)
{
	if (id->domain)
		snprintf(buf, size, "eventfd:[%u:%llu]", id->domain, (unsigned long long)id->id);
	else
		snprintf(buf, size, "eventfd:[%llu]", (unsigned long long)id->id);
}

/* "eventfd:[NUMBER]" of one that was there before the start, or "eventfd:[PID:NUMBER]". -EINVAL: something else. */
static int parse_id(const char *spec, struct ipc_object_id *id)
{
	unsigned long long number;
	unsigned int maker = 0;
	int end = 0;

	if (sscanf(spec, "eventfd:[%u:%llu]%n", &maker, &number, &end) != 2 || !end || spec[end]) {
		maker = 0;
		end = 0;
		if (sscanf(spec, "eventfd:[%llu]%n", &number, &end) != 1 || !end || spec[end])
			return -EINVAL;
	}
	*id = (struct ipc_object_id){ .id = number, .domain = maker, .mech = MECH_EVENTFD };
	return 0;
}

static void room(const struct object *o, struct mech_room *room)
{
	const uint32_t *now = object_state(o), *base = object_base_state(o, SPAN_TOTAL);

	if (!now)
		return;
	room->used_slots = o->raw.flags & OBJECT_DESTROYED ? 0 : now[EVENTFD_COUNT];
	room->max_slots = o->max_depth > room->used_slots ? o->max_depth : room->used_slots;
	if (base && base[EVENTFD_COUNT] > room->max_slots)
		room->max_slots = base[EVENTFD_COUNT];
}

static bool newer(const uint32_t *a, const uint32_t *b)
{
	int32_t later = a[IPC_STATE_STAMP] - b[IPC_STATE_STAMP];

	if (!a[IPC_STATE_STAMP] || !b[IPC_STATE_STAMP])
		return a[IPC_STATE_STAMP] > b[IPC_STATE_STAMP]; /* 0: never read */
	return later ? later > 0 : a[IPC_STATE_FINE] > b[IPC_STATE_FINE];
}

static const char *const blind[] = {
	"a balance of bytes: every operation moves 8 of them, and what goes in adds up",
	"who made it signal, when the kernel did; poll and epoll, which only look",
	"what a call that was inside the kernel when tracing began did, with the function backend: its wait is shown and counted, "
	"and each such call is one missed",
	"with the syscall backend: closes, and so when it went; what was added, taken, and signalled by the kernel; io_uring, "
	"writev and 32-bit processes; vain wakeups",
	"under lockdown=confidentiality all of it: the counter is found by reading memory by address",
	NULL,
};

static const char *const maps[] = { "known_objects", NULL };

const struct mechanism mech_eventfd = {
	.id = MECH_EVENTFD,
	.name = "eventfd",
	.summary = "eventfd counters: who adds, who takes, who waits, when the kernel signals",
	.man = "An eventfd is a counter of 64 bits behind a descriptor. A write adds to it, a read takes all of it, or "
	       "one of it in semaphore mode. A reader sleeps while it is 0, a writer while it has no room for what is "
	       "to be added. The kernel adds one when it has something to tell: AIO, io_uring, KVM and vhost do.\n\n"
	       "The kernel numbers eventfds, as the fdinfo of proc shows them, and gives a number to the next one as "
	       "soon as it is free. So the id is eventfd:[PID:NUMBER], with the process that made it, or "
	       "eventfd:[NUMBER] when it was there before the start.",
	.blind = blind,
	.object = "eventfd",
	.maps = maps,
	.hooks = hooks,
	.syscalls = syscalls,
	.state_needs = PROFILE_ANY,
	.lasting = 1 << EVENTFD_FLAGS,
	.fields = fields,
	.derived = derived,
	.kobj = "file.private_data",
	.kobj_id = "eventfd_ctx.id",
	.file_name = "[eventfd",
	.depth = DEPTH_COUNT,
	.causes = { [OP_SEND] = CAUSE_FULL,
		    [OP_RECV] = CAUSE_EMPTY,
		    [OP_OPEN] = CAUSE_LOCK,
		    [OP_CLOSE] = CAUSE_LOCK,
		    [OP_CTL] = CAUSE_LOCK },
	.file_magic = ANON_INODE_FS_MAGIC,
	.found_idle = true,
	.format_id = format_id,
	.parse_id = parse_id,
	.room = room,
	.newer = newer,
	/* it has no balance: as when operations are missing */
	.unseen = { [BACKEND_FUNCTION] = UNSEEN_RESIDENCY | UNSEEN_SOME_OPS,
		    [BACKEND_SYSCALL] = UNSEEN_CLOSE | UNSEEN_DESTRUCTION | UNSEEN_RESIDENCY | UNSEEN_SOME_OPS |
					UNSEEN_SPURIOUS | UNSEEN_COUNTER(EVENTFD_ADDED) },
};
