// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Futexes: words of memory that tasks wait on until they change. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "mech.h"
#include "model/model.h"

#define ENTRY (PROFILE_WAITS | PROFILE_LATENCY | PROFILE_DETAIL | PROFILE_EVENTS)

/* As bpf/futex.bpf.h makes them. */
#define WORD_IN_FILE (1ull << 63)
#define WORD_MM_SHARED 1ull
#define WORD_INODE_BITS 33
#define WORD_OFFSET_BITS 30
#define WORD_INODE_MASK ((1ull << WORD_INODE_BITS) - 1)
#define WORD_OFFSET_MASK ((1ull << WORD_OFFSET_BITS) - 1)

enum futex_counter {
	FUTEX_EMPTY_WAKES = 0,
	FUTEX_REQUEUED = 1,
	FUTEX_PI = 2,
	FUTEX_SLEPT = 3,
	FUTEX_OWNER_DIED = 4,
	FUTEX_RECEIVED = 5,
};

#define SYSCALL(name) "__x64_sys_" name "|__arm64_sys_" name

#define YOUNGER(program, call, kind, why)                                                                              \
	{ program "_exit", SYSCALL(call), .op = kind, .optional = true, .without = why },                              \
	{ program "_entry", SYSCALL(call), ENTRY, .op = -1, .begins = BEGINS(kind), .optional = true, .without = why }

/* One hook counts operations of all kinds: its misses are told as those of sends, of which there are more. */
static const struct mech_hook hooks[] = {
	{ "futex_exit", SYSCALL("futex"), .op = OP_EITHER },
	{ "futex_entry", SYSCALL("futex"), ENTRY, .op = -1, .begins = BEGINS(OP_EITHER) },
	YOUNGER("futex_wait", "futex_wait", OP_RECV, "futex_wait()"),
	YOUNGER("futex_wake", "futex_wake", OP_SEND, "futex_wake()"),
	YOUNGER("futex_requeue", "futex_requeue", OP_SEND, "futex_requeue()"),
	YOUNGER("futex_waitv", "futex_waitv", OP_RECV, "futex_waitv()"),
	{ "futex_sys_exit", "sys_exit", .tracepoint = true, .only = BACKEND_SYSCALL, .op = -1 },
	{ "futex_sys_enter", "sys_enter", ENTRY, .tracepoint = true, .only = BACKEND_SYSCALL, .op = -1 },
	{ .program = NULL },
};

static const struct mech_field fields[] = {
	{ "value", "the word, as the last operation left it", NULL },
	{ "owner", "of a priority-inheriting or robust lock: the TID in the word, who holds it; 0: nobody", NULL },
	{ "waited_for", "of a lock that the last call had to wait for: the TID that was in the word then", NULL },
	{ NULL, NULL, NULL },
};

static bool counter(const struct object *o, unsigned i, enum span span, double *value)
{
	uint64_t count;
	bool known = object_counter(o, i, span, &count);

	*value = count;
	return known;
}

static bool empty_wakes(const struct object *o, enum span span, double *value)
{
	return counter(o, FUTEX_EMPTY_WAKES, span, value);
}

static bool requeued(const struct object *o, enum span span, double *value)
{
	return counter(o, FUTEX_REQUEUED, span, value);
}

static bool received(const struct object *o, enum span span, double *value)
{
	return counter(o, FUTEX_RECEIVED, span, value);
}

static bool pi_ops(const struct object *o, enum span span, double *value)
{
	return counter(o, FUTEX_PI, span, value);
}

static bool waits_failed(const struct object *o, enum span span, uint32_t error, double *value)
{
	struct error_sum sum = { .cnt = 0 };

	object_errors(o, OP_RECV, span, &sum);
	*value = 0;
	for (unsigned i = 0; i < sum.cnt; i++)
		if (sum.rows[i].error == error)
			*value += sum.rows[i].count;
	return true;
}

static bool timeouts(const struct object *o, enum span span, double *value)
{
	return waits_failed(o, span, ETIMEDOUT, value);
}

/* It had changed between the look of user space and that of the kernel. */
static bool changed(const struct object *o, enum span span, double *value)
{
	return waits_failed(o, span, EAGAIN, value);
}

/* Looked for in the word, which --counts does not read. */
static bool owner_died(const struct object *o, enum span span, double *value)
{
	return counter(o, FUTEX_OWNER_DIED, span, value) && (o->can->profile & (PROFILE_DETAIL | PROFILE_EVENTS));
}

/* Of the calls of this word that wait, those that slept: of what reaches the kernel at all. */
static bool contended_share(const struct object *o, enum span span, double *value)
{
	struct side own;
	double slept;

	if (!can_waits(o->can) || !counter(o, FUTEX_SLEPT, span, &slept))
		return false;
	object_side(o, OP_RECV, span, &own);
	*value = own.ops ? slept / own.ops : 0;
	return own.ops;
}

/* Of all the time that was waited on words, this one's part. */
static bool contention_share(const struct object *o, enum span span, double *value)
{
	struct side own, all;

	if (!can_waits(o->can))
		return false;
	object_side(o, OP_RECV, span, &own);
	total_side(o->model, o->id.mech, OP_RECV, span, &all);
	*value = all.wait_ns ? (double)own.wait_ns / all.wait_ns : 0;
	return all.wait_ns;
}

static const struct mech_derived derived[] = {
	{ "empty_wakes", "wakes that found nobody asleep", empty_wakes },
	{ "requeued", "sleepers moved from here to another word", requeued },
	{ "received", "sleepers moved here from another word", received },
	{ "pi_ops", "operations of priority-inheriting locks", pi_ops },
	{ "timeouts", "waits that ended by the clock", timeouts },
	{ "changed", "waits that found another value and returned at once", changed },
	{ "owner_died", "calls that got, or found free, a robust or priority-inheriting lock whose owner had died", owner_died },
	{ "contended_share", "part of the calls that wait for the word that had to sleep", contended_share },
	{ "contention_share", "part of all time that was waited on any word", contention_share },
	{ NULL, NULL, NULL },
};

static void format_id(const struct ipc_object_id *id, char *buf, size_t size)
{
	unsigned long long word = id->id;

	if (word & WORD_IN_FILE)
		snprintf(buf, size, "futex:[%u:%u:%llu+0x%llx]", id->domain >> 20, id->domain & 0xfffff,
			 word >> WORD_OFFSET_BITS & WORD_INODE_MASK, (word & WORD_OFFSET_MASK) << 2);
	else
		snprintf(buf, size, "futex:[%u:0x%llx%s]", id->domain, word & ~3ull, word & WORD_MM_SHARED ? ":shared" : "");
}

static void in_file(struct ipc_object_id *id, unsigned long long inode, unsigned long long offset, uint32_t device)
{
	id->id = WORD_IN_FILE | (inode & WORD_INODE_MASK) << WORD_OFFSET_BITS | (offset >> 2 & WORD_OFFSET_MASK);
	id->domain = device;
}

/* PATH+0xOFFSET, the file as stat(2) has it. */
static int parse_path(const char *spec, struct ipc_object_id *id)
{
	const char *plus = strrchr(spec, '+');
	unsigned long long offset;
	char path[4096];
	struct stat st;
	int end = 0;

	if (spec[0] != '/' || !plus || sscanf(plus, "+0x%llx%n", &offset, &end) != 1 || plus[end] ||
	    (size_t)(plus - spec) >= sizeof(path))
		return -EINVAL;
	snprintf(path, sizeof(path), "%.*s", (int)(plus - spec), spec);
	if (stat(path, &st))
		return -errno;
	in_file(id, st.st_ino, offset, major(st.st_dev) << 20 | minor(st.st_dev));
	return 0;
}

/* "futex:[PID:0xADDRESS]", with ":shared" when the callers do not say that the word is private;
 * "futex:[MAJOR:MINOR:INODE+0xOFFSET]"; or PATH+0xOFFSET. -EINVAL: something else. */
static int parse_id(const char *spec, struct ipc_object_id *id)
{
	unsigned long long inode, offset, address;
	unsigned int major, minor, pid;
	int end = 0;

	*id = (struct ipc_object_id){ .mech = MECH_FUTEX };
	if (sscanf(spec, "futex:[%u:%u:%llu+0x%llx]%n", &major, &minor, &inode, &offset, &end) == 4 && end && !spec[end]) {
		in_file(id, inode, offset, major << 20 | minor);
		return 0;
	}
	if (sscanf(spec, "futex:[%u:0x%llx%n", &pid, &address, &end) != 2 || !end)
		return parse_path(spec, id);
	id->id = address & ~(WORD_IN_FILE | 3);
	id->domain = pid;
	if (!strcmp(spec + end, ":shared]"))
		id->id |= WORD_MM_SHARED;
	else if (strcmp(spec + end, "]"))
		return -EINVAL;
	return 0;
}

static bool newer(const uint32_t *a, const uint32_t *b)
{
	int32_t later = a[IPC_STATE_STAMP] - b[IPC_STATE_STAMP];

	if (!a[IPC_STATE_STAMP] || !b[IPC_STATE_STAMP])
		return a[IPC_STATE_STAMP] > b[IPC_STATE_STAMP];
	if (!later && a[IPC_STATE_FINE] && b[IPC_STATE_FINE])
		later = a[IPC_STATE_FINE] - b[IPC_STATE_FINE]; /* ns; 0: a look at a sleeper has none */
	return later > 0;
}

static const char *const blind[] = {
	"what user space does without the kernel: locks taken and released that nobody else wanted; the share of contended ones is one "
	"of the calls that reached the kernel",
	"wakes that the kernel does itself for a thread that ends (pthread_join, robust mutexes): the sleeper and who woke it are shown, "
	"no operation is",
	"the owner of a robust mutex that is not priority-inheriting, but while a call waits for it; EOWNERDEAD is the C library's answer: "
	"what is seen is the bit in the word that it comes from",
	"who owns a lock is told by the TID in its word: that of the PID namespace of those who use it, which need not be the host's",
	"a timed wait that goes on after a stop signal (restart_syscall); futex operations of io_uring; 32-bit processes",
	"which of the words a futex_waitv() sleeps on, until it ends: it is shown on the first; one that slept before the start is not",
	"processes that share their memory but not their PID (vfork): each has private words of its own for us",
	"PIDs that were used twice: private words of both at one address are one",
	"words beyond 4 GiB in a file, and inode numbers beyond 2^33, are shown modulo these",
	"under lockdown=confidentiality: words in shared memory, which pass for the process's own; who slept before the "
	"start; before 5.15, with function hooks, all calls",
	NULL,
};

#define LIFELESS (UNSEEN_OPEN | UNSEEN_CLOSE | UNSEEN_CREATION | UNSEEN_DESTRUCTION)

const struct mechanism mech_futex = {
	.id = MECH_FUTEX,
	.name = "futex",
	.summary = "futexes: who waits for which word, who wakes, how often in vain",
	.man = "A futex is a 32-bit word that user space changes by itself; the kernel is called only to sleep until it changes "
	       "and to wake those who sleep. Mutexes, condition variables, semaphores and barriers of POSIX threads are made of "
	       "them. A receive is a call that waits (FUTEX_WAIT, FUTEX_LOCK_PI, futex_waitv and their like), a send one that wakes "
	       "(FUTEX_WAKE, FUTEX_REQUEUE, FUTEX_UNLOCK_PI). A requeue is a send on the word it takes sleepers from and a control "
	       "operation on the word it moves them to; FUTEX_WAKE_OP is a send on both its words. No bytes go through a futex. A "
	       "wait's cause is `value': it waits for the word to change. A receive that fails with EAGAIN found it changed "
	       "already. A sleeper that was requeued is woken on the word where it was moved to; its wait counts where it began.\n\n"
	       "The word of a priority-inheriting lock (FUTEX_LOCK_PI), and that of a robust mutex that is waited for, says who holds it: "
	       "that is `owner', and `waited_for' the one whose lock it was when the last wait began. An owner that dies with such a lock "
	       "leaves a bit in the word (FUTEX_OWNER_DIED); who then finds it is counted as `owner_died'. Of a process that slept for a "
	       "priority-inheriting lock before the start, the owner is found with it, as who can send.\n\n"
	       "The id of a word in private memory is futex:[PID:0xADDRESS], with :shared behind the address when the callers do "
	       "not pass FUTEX_PRIVATE_FLAG, which makes it another word to the kernel. In shared memory it is "
	       "futex:[MAJOR:MINOR:INODE+0xOFFSET], device and inode number of the file and the offset in it; there, its name is "
	       "the file's path and the offset, after the word `semaphore' for POSIX semaphores and `mutex' for process-shared "
	       "mutexes of the GNU C library.",
	.blind = blind,
	.object = "futex",
	.hooks = hooks,
	.state_needs = PROFILE_DETAIL | PROFILE_EVENTS,
	.fields = fields,
	.derived = derived,
	.causes = { [OP_SEND] = CAUSE_VALUE, [OP_RECV] = CAUSE_VALUE, [OP_CTL] = CAUSE_VALUE },
	.format_id = format_id,
	.parse_id = parse_id,
	.newer = newer,
	.unseen = { [BACKEND_FUNCTION] = LIFELESS, [BACKEND_SYSCALL] = LIFELESS },
};
