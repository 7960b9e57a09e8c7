// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Signals: what was sent to a process, by whom, and what became of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mech/signal.h"
#include "model/model.h"

/* A real-time signal by its distance from the first that the C library leaves: as kill(1) has it. */
static void signal_name(unsigned sig, char *buf, size_t size)
{
	const char *name = sig < SIGNAL_REALTIME ? sigabbrev_np((int)sig) : NULL;

	if (!sig)
		snprintf(buf, size, "any");
	else if (name)
		snprintf(buf, size, "SIG%s", name);
	else if (sig == SIGNAL_RTMIN)
		snprintf(buf, size, "SIGRTMIN");
	else if (sig > SIGNAL_RTMIN)
		snprintf(buf, size, "SIGRTMIN+%u", sig - SIGNAL_RTMIN);
	else
		snprintf(buf, size, "%u", sig);
}

static unsigned signal_number(const char *name)
{
	char known[32], *end;
	unsigned long number = strtoul(name, &end, 10);

	if (*name && !*end && number <= SIGNAL_MAX)
		return number;
	for (unsigned sig = 1; sig <= SIGNAL_MAX; sig++) {
		signal_name(sig, known, sizeof(known));
		if (!strcmp(known, name) || !strcmp(known + 3, name))
			return sig;
	}
	return 0;
}

static void format_id(const struct ipc_object_id *id, char *buf, size_t size)
{
	char name[32];

	signal_name(id->domain, name, sizeof(name));
	snprintf(buf, size, "signal:[%u:%s]", (unsigned)id->id, name);
}

/* "signal:[PID:NAME]"; the process's start, the rest of the id, is not asked for. */
static int parse_id(const char *spec, struct ipc_object_id *id)
{
	unsigned pid, sig;
	char name[32];
	int end = 0;

	if (sscanf(spec, "signal:[%u:%31[^]]]%n", &pid, name, &end) != 2 || !end || spec[end] || !pid)
		return -EINVAL;
	sig = signal_number(name);
	if (!sig)
		return -EINVAL;
	*id = (struct ipc_object_id){ .id = pid, .domain = sig, .mech = MECH_SIGNAL };
	return 0;
}

/* The sequence number orders them: it is raised under the target's lock. */
static bool newer(const uint32_t *a, const uint32_t *b)
{
	if (!a[SIGNAL_WORD_SEQ] || !b[SIGNAL_WORD_SEQ])
		return a[SIGNAL_WORD_SEQ] > b[SIGNAL_WORD_SEQ];
	return (int32_t)(a[SIGNAL_WORD_SEQ] - b[SIGNAL_WORD_SEQ]) > 0;
}

static uint64_t pending_of(const struct object *o)
{
	const uint32_t *words = object_state(o);
	int32_t pending = words ? words[SIGNAL_WORD_QUEUED] - words[SIGNAL_WORD_TAKEN] : 0;

	return pending > 0 ? pending : 0;
}

static void room(const struct object *o, struct mech_room *room)
{
	const uint32_t *now = object_state(o);

	room->slots = 1;
	if (o->id.domain >= SIGNAL_REALTIME)
		room->slots = now && now[SIGNAL_WORD_LIMIT] != IPC_STATE_ABSENT ? now[SIGNAL_WORD_LIMIT] : ROOM_UNKNOWN;
	if (!o->can->profile)
		return;
	room->used_slots = o->raw.flags & OBJECT_DESTROYED ? 0 : pending_of(o);
	room->max_slots = o->max_depth > pending_of(o) ? o->max_depth : pending_of(o);
}

/* A counter of one side: the same number means another thing on the other. */
static bool side_counter(const struct object *o, enum ipc_op op, unsigned i, enum span span, double *value)
{
	struct side side;

	object_side(o, op, span, &side);
	*value = side.counters[i];
	return true;
}

#define COUNTER(name, op, i)                                                           \
	static bool name(const struct object *o, enum span span, double *value)        \
	{                                                                              \
		return side_counter(o, op, i, span, value);                            \
	}

COUNTER(coalesced, OP_SEND, SENT_COALESCED)
COUNTER(ignored, OP_SEND, SENT_IGNORED)
COUNTER(found_blocked, OP_SEND, SENT_BLOCKED)
COUNTER(info_lost, OP_SEND, SENT_INFO_LOST)
COUNTER(values, OP_SEND, SENT_VALUES)
COUNTER(to_thread, OP_SEND, SENT_TO_THREAD)
COUNTER(handled, OP_RECV, TAKEN_HANDLED)
COUNTER(killed, OP_RECV, TAKEN_KILLED)
COUNTER(stopped, OP_RECV, TAKEN_STOPPED)
COUNTER(discarded, OP_RECV, TAKEN_DISCARDED)
COUNTER(sigwait, OP_RECV, TAKEN_SIGWAIT)
COUNTER(signalfd, OP_RECV, TAKEN_SIGNALFD)

static bool generated(const struct object *o, enum span span, double *value)
{
	struct side side;

	object_side(o, OP_SEND, span, &side);
	*value = side.ops - side.failed;
	return true;
}

static bool by_default(const struct object *o, enum span span, double *value)
{
	struct side side;

	object_side(o, OP_RECV, span, &side);
	*value = side.counters[TAKEN_KILLED] + side.counters[TAKEN_STOPPED] + side.counters[TAKEN_DISCARDED];
	return true;
}

static bool last_value(const struct object *o, enum span span, double *value)
{
	const uint32_t *words = object_state(o);

	(void)span;
	*value = words ? (int64_t)(words[SIGNAL_WORD_VALUE] | (uint64_t)words[SIGNAL_WORD_VALUE_HIGH] << 32) : 0;
	return words;
}

static bool last_code(const struct object *o, enum span span, double *value)
{
	const uint32_t *words = object_state(o);

	(void)span;
	*value = words ? (int32_t)words[SIGNAL_WORD_CODE] : 0;
	return words;
}

static const struct mech_derived derived[] = {
	{ "generated", "sent and not refused", generated },
	{ "coalesced", "found one pending already, and were lost in it", coalesced },
	{ "ignored", "ignored by the target when they were sent", ignored },
	{ "found_blocked", "found the signal blocked, and stayed pending", found_blocked },
	{ "info_lost", "arrived without who sent them, the queue being full", info_lost },
	{ "to_thread", "for one thread, not for the process", to_thread },
	{ "values", "sent with a value", values },
	{ "last_value", "the last of these", last_value },
	{ "last_code", "si_code of the last one sent", last_code },
	{ "handled", "taken by a handler", handled },
	{ "by_default", "taken by the default action: killed, stopped or discarded", by_default },
	{ "killed", "the process died of it", killed },
	{ "stopped", "stopped the process", stopped },
	{ "discarded", "taken, and nothing was done", discarded },
	{ "sigwait", "taken by sigwait, sigwaitinfo or sigtimedwait", sigwait },
	{ "signalfd", "read from a signalfd", signalfd },
	{ NULL, NULL, NULL },
};

static const struct mech_field fields[] = {
	{ "seq", "orders what was seen", NULL },
	{ "pending", "instances pending", NULL },
	{ "blocked", "1: the target's main thread blocks it", NULL },
	{ "action", "0: by default, 1: ignored, 2: a handler", NULL },
	{ "limit", "most signals that may be queued for the target's user (RLIMIT_SIGPENDING)", NULL },
	{ "seen_pid", "the sender's PID as the target sees it; 0: of another PID namespace, or no process", NULL },
	{ "value", "the value sent last, its low 32 bits", NULL },
	{ "cpu", "that the last operation was on: where it was sent, or taken", NULL },
	{ NULL, NULL, NULL },
};

static const char *const blind[] = {
	"which wait of several threads a signal was meant for: whichever takes it has received it",
	"pending signals dropped without delivery, because their action is set to ignore, until that signal is sent again or the end",
	"blocked, of a process with many threads: it is said of the main thread",
	"signals for a thread and for the process are told as one queue: where both are pending, their delays may be exchanged",
	"a refusal (EPERM) of a whole process group or through a pidfd; system calls of 32-bit processes that wait or are refused",
	"processes that share the memory of a victim of the OOM killer: their SIGKILL is said to come from the kernel",
	"under lockdown=confidentiality, unless it is the default view: the codes of signals, and so timers, faults and descriptors apart from processes",
	"with the syscall backend: a signalfd read through io_uring or readv, and the signals beyond 16 of one read",
	NULL,
};

const struct mechanism mech_signal = {
	.id = MECH_SIGNAL,
	.name = "signal",
	.summary = "signals: who sent what to whom, and what became of it",
	.man = "A send is a signal generated for a process: by a system call of another (or its own), by a child that ends, or "
	       "by what is no process: the kernel, a fault of the process itself, a terminal, a timer, a descriptor that is "
	       "ready, the OOM killer. It may be ignored there and then, or coalesced with one that is pending already; both "
	       "are sends. A receive is a signal taken: by a handler, by its default action (the process is killed or "
	       "stopped, or nothing is done), by sigwait or through a signalfd. Waits for signals (pause, sigsuspend, "
	       "sigwait, signalfd) are waits of receives, with cause empty; one that ends without a signal is a receive that "
	       "failed. No bytes are counted.\n\n"
	       "An object is a target process and a signal, signal:[PID:NAME]; signal:[PID:any] stands for a wait for several. "
	       "Its depth is the number of instances pending; its capacity is 1, or RLIMIT_SIGPENDING of the target for a "
	       "real-time signal. Residency is the time from generation to delivery. ended_by, in the JSON, says who sent the "
	       "signal that the process died of.",
	.blind = blind,
	.object = "signal",
	.hooks = signal_hooks,
	.fields = fields,
	.detailed = 1u << SIGNAL_WORD_ACTION,
	.shared_words = true,
	.derived = derived,
	.causes = { [OP_SEND] = CAUSE_LOCK, [OP_RECV] = CAUSE_EMPTY },
	.follows_calls = true,
	.format_id = format_id,
	.parse_id = parse_id,
	.id_mask = UINT32_MAX, /* the PID; not since when it runs */
	.room = room,
	.newer = newer,
	.unseen = {
		[BACKEND_FUNCTION] = UNSEEN_OPEN | UNSEEN_CLOSE | UNSEEN_CTL | UNSEEN_CREATION,
		[BACKEND_SYSCALL] = UNSEEN_OPEN | UNSEEN_CLOSE | UNSEEN_CTL | UNSEEN_CREATION,
	},
};
