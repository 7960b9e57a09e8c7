// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* System V shared memory: shmget(2), shmat(2), shmdt(2), shmctl(2); programs in bpf/shm*.bpf.[ch]. */
#include <asm/unistd.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "mech/sysv.h"
#include "model/model.h"
#include "syscall.h"

#define SHM_DEST 01000 /* mode: goes with the last detachment */

/* struct shm_internals of bpf/shm.bpf.h */
enum shm_word {
	SHM_NATTCH = 0,
	SHM_SIZE_LOW = 1,
	SHM_SIZE_HIGH = 2,
	SHM_MODE = 9,
	SHM_PAGES = 10,
};

/* enum shm_counter of bpf/shm.bpf.h */
enum shm_counter {
	SHM_INHERITED = 0,
	SHM_TOUCHED = 1,
};

static const struct mech_field fields[] = {
	{ "nattch", "attachments now", "shmid_kernel.shm_nattch" },
	{ "size_low", "bytes, modulo 2^32", "shmid_kernel.shm_segsz" },
	{ "size_high", "bytes, in units of 2^32", "shmid_kernel.shm_segsz:high" },
	{ "creator", "process that made it", "shmid_kernel.shm_cprid:pid" },
	{ "last_user", "process that attached or detached last", "shmid_kernel.shm_lprid:pid" },
	{ "attach_time", "of the last attachment, seconds since 1970", "shmid_kernel.shm_atim" },
	{ "detach_time", "of the last detachment, seconds since 1970", "shmid_kernel.shm_dtim" },
	{ "change_time", "of the last change by shmctl, seconds since 1970", "shmid_kernel.shm_ctim" },
	{ "key", "what it was made with; 0: IPC_PRIVATE, or marked", "shmid_kernel.shm_perm.key" },
	{ "mode", "permissions; 01000: marked to go, 02000: locked into memory", "shmid_kernel.shm_perm.mode" },
	{ "pages", "in memory", NULL },
	{ NULL, NULL, NULL },
};

static bool counter(const struct object *o, unsigned i, enum span span, double *value)
{
	uint64_t count;
	bool known = (o->can->profile & PROFILE_WAITS) && object_counter(o, i, span, &count);

	*value = known ? count : 0;
	return known;
}

static bool inherited(const struct object *o, enum span span, double *value)
{
	return counter(o, SHM_INHERITED, span, value);
}

static bool pages_touched(const struct object *o, enum span span, double *value)
{
	return counter(o, SHM_TOUCHED, span, value);
}

static bool marked(const struct object *o, enum span span, double *value)
{
	const uint32_t *now = object_state(o);

	(void)span;
	*value = now && (now[SHM_MODE] & SHM_DEST);
	return now;
}

static bool left_behind(const struct object *o, enum span span, double *value)
{
	const uint32_t *now = object_state(o);
	bool destroyed, known = object_destroyed(o, &destroyed);

	(void)span;
	*value = !destroyed && now && !now[SHM_NATTCH];
	return known && now;
}

static const struct mech_derived derived[] = {
	{ "inherited", "attachments that a fork, or the split of a mapping, made without shmat", inherited },
	{ "pages_touched", "pages touched first, each process for itself: one fault each", pages_touched },
	{ "marked", "removed while attached: goes with the last detachment", marked },
	{ "left_behind", "there, and nobody has it attached", left_behind },
	{ NULL, NULL, NULL },
};

#define ENTRY (PROFILE_WAITS | PROFILE_LATENCY | PROFILE_DETAIL | PROFILE_EVENTS)

static const struct mech_hook hooks[] = {
	{"shm_attach_exit", "do_shmat", .op = OP_OPEN},
	{"shm_attach_entry", "do_shmat", ENTRY, .op = -1, .begins = BEGINS(OP_OPEN)},
	{"shm_detached", "shm_close", .op = OP_CLOSE},
	{"shm_inherited", "shm_open", PROFILE_ANY, .op = -1, .optional = true, .without = "attachments that a fork made"},
	{"shm_touched", "shm_fault", PROFILE_ANY, .op = -1, .optional = true, .without = "pages touched"},
	{"shm_control_exit", "shmctl_down", PROFILE_ANY, .op = OP_CTL},
	{"shm_control_entry", "shmctl_down", PROFILE_ANY, .op = -1, .begins = BEGINS(OP_CTL)},
	{"shm_lock_exit", "shmctl_do_lock", PROFILE_ANY, .op = OP_CTL, .optional = true, .without = "SHM_LOCK"},
	{"shm_stat_exit", "shmctl_stat", PROFILE_ANY, .op = OP_CTL, .optional = true, .without = "IPC_STAT"},
	{"shm_get_exit", "ipcget", PROFILE_ANY, .op = OP_CTL, .optional = true, .without = "shmget"},
	{"shm_created", "newseg", PROFILE_ANY, .op = -1, .optional = true, .without = "which segments are new", .tells = UNSEEN_CREATION},
	{"shm_destroyed", "shm_destroy", PROFILE_ANY, .op = -1, .optional = true, .without = "the end of segments", .tells = UNSEEN_DESTRUCTION},
	{.program = NULL},
};

#define CALL(call) #call, __NR_##call
#define SEGMENT_ID .fd_arg = 0, .fd2_arg = SYSV_SHM, .size_arg = -1

static const struct mech_syscall syscalls[] = {
	{CALL(shmat), SYSCALL_SYSV, OP_OPEN, SEGMENT_ID, .cmd_arg = -1},
	{CALL(shmctl), SYSCALL_SYSV, OP_CTL, SEGMENT_ID, .cmd_arg = 1, .cmds = {SYSCALL_CMD_0 /* IPC_RMID */}, .destroys = true},
	{CALL(shmctl), SYSCALL_SYSV, OP_CTL, SEGMENT_ID, .cmd_arg = 1, .cmds = {IPC_SET, IPC_STAT, SHM_LOCK, SHM_UNLOCK}},
	{CALL(shmget), SYSCALL_SYSV_GET, OP_CTL, SEGMENT_ID, .cmd_arg = 2},
	MECH_SYSCALLS_END,
};

static void format_id(const struct ipc_object_id *id, char *buf, size_t size)
{
	sysv_format_id("shm", id, buf, size);
}

static int find_key(int key)
{
	return shmget(key, 0, 0);
}

static int parse_id(const char *spec, struct ipc_object_id *id)
{
	return sysv_parse_id("shm", MECH_SHM, spec, find_key, id);
}

static void room(const struct object *o, struct mech_room *room)
{
	const uint32_t *now = object_state(o), *base = object_base_state(o, SPAN_TOTAL);
	bool gone = o->raw.flags & OBJECT_DESTROYED;

	if (!now)
		return;
	room->bytes = (uint64_t)now[SHM_SIZE_HIGH] << 32 | now[SHM_SIZE_LOW];
	room->used_slots = gone ? 0 : now[SHM_NATTCH];
	room->max_slots = o->max_depth > now[SHM_NATTCH] ? o->max_depth : now[SHM_NATTCH];
	if (base && base[SHM_NATTCH] > room->max_slots)
		room->max_slots = base[SHM_NATTCH];
	if (now[SHM_PAGES] != IPC_STATE_ABSENT)
		room->used_bytes = gone ? 0 : (uint64_t)now[SHM_PAGES] * o->model->config.page_size;
}

/* Of two states within one unit of the stamp: a mark never goes, so the marked one. */
static bool newer(const uint32_t *a, const uint32_t *b)
{
	int32_t later = a[IPC_STATE_STAMP] - b[IPC_STATE_STAMP];

	if (!a[IPC_STATE_STAMP] || !b[IPC_STATE_STAMP])
		return a[IPC_STATE_STAMP];
	if (!later && ((a[SHM_MODE] ^ b[SHM_MODE]) & SHM_DEST))
		return a[SHM_MODE] & SHM_DEST;
	return later ? later > 0 : a[IPC_STATE_FINE] >= b[IPC_STATE_FINE];
}

static const char *const blind[] = {
	"what is written and read: data passes through shared memory without any operation; pages touched again",
	"shmget that fails: it names no segment; calls on an id that no segment has; shmdt of an address where none is attached",
	"IPC_INFO, SHM_INFO, SHM_STAT and SHM_STAT_ANY, which look through the table of segments",
	"which process a fork's attachment is for, until that process does something; who had a segment attached before the start, "
	"on a kernel before 5.12",
	"with the syscall backend: detachments (exit makes no system call for them), attachments by fork, pages touched, when a "
	"marked segment goes; 32-bit processes",
	"segments that a kernel under lockdown=confidentiality had before the start",
	NULL,
};

const struct mechanism mech_shm = {
	.id = MECH_SHM,
	.name = "shm",
	.summary = "System V shared memory: who has it attached, what is touched, what is left behind",
	.man = "A System V shared memory segment is made by shmget, attached by shmat and by every fork of a process that has it "
	       "attached, and detached by shmdt, exec and exit. Data passes without any operation, so sends and receives are "
	       "unknown; the first touch of each page by a process is a fault and is counted. Attaching counts as open, "
	       "detaching as close, shmget and shmctl as control operations; the depth is the number of attachments.\n\n"
	       "IPC_RMID marks a segment that is attached, and it really goes with its last detachment. One that nobody has "
	       "attached and nobody removed is left behind.\n\n"
	       "The id of a segment is shm:[NAMESPACE:ID], the inode number of its IPC namespace and the number that shmget "
	       "returned; its name is its key. -O also takes shm:ID and shm:0xKEY of the own namespace.",
	.blind = blind,
	.object = "shm",
	.hooks = hooks,
	.syscalls = syscalls,
	.state_needs = PROFILE_ANY,
	.lasting = 1 << SHM_SIZE_LOW | 1 << SHM_SIZE_HIGH,
	.fields = fields,
	.derived = derived,
	.depth = DEPTH_LEVEL,
	.causes = {
		[OP_OPEN] = CAUSE_LOCK,
		[OP_CLOSE] = CAUSE_LOCK,
		[OP_CTL] = CAUSE_LOCK,
	},
	.found_idle = true,
	.format_id = format_id,
	.parse_id = parse_id,
	.room = room,
	.newer = newer,
	.unseen = {
		[BACKEND_FUNCTION] = UNSEEN_DATA | UNSEEN_RESIDENCY,
		[BACKEND_SYSCALL] = UNSEEN_DATA | UNSEEN_RESIDENCY | UNSEEN_CLOSE | UNSEEN_DESTRUCTION |
				    UNSEEN_COUNTER(SHM_INHERITED) | UNSEEN_COUNTER(SHM_TOUCHED),
	},
};
